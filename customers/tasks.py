"""Tasks of this room: an id in, one action called. What is to be done stands in the database; the queue is a doorbell."""

from celery import shared_task
from django.db import transaction

from accounts.models import User
from customers import data_files
from customers.imports import jobs
from customers.models import DataFile, Import
from territory import clock
from territory.jobs.bell import publish
from territory.jobs.models import JobState
from territory.jobs.runner import run_job


@shared_task
def go_on_with_import(pk: int) -> None:
    """Work on an import for a while, written down as a job; what is left is announced again."""
    if pk not in jobs.waiting(clock.now()):
        return
    author = User.objects.filter(imports=pk).first()
    run = run_job("import", lambda progress: {"import": pk, "more": jobs.go_on(pk)}, requested_by=author)
    if run is not None and run.result and run.result["more"]:
        go_on_with_import.delay(pk)


@shared_task
def go_on_with_imports() -> None:
    """Take up imports and files that no message announced, or whose worker died."""
    for pk in jobs.waiting(clock.now())[:5]:
        go_on_with_import.delay(pk)
    for pk in data_files.waiting(clock.now())[:5]:
        store_data_file.delay(pk)


@shared_task
def store_data_file(pk: int) -> None:
    """Store a file that was brought in as a whole, written down as a job."""
    author = User.objects.filter(pk__in=DataFile.objects.filter(pk=pk).values("author")).first()
    run = run_job(
        "data file",
        lambda progress: {"file": pk, "rows": data_files.store(pk, progress)},
        key=f"data file {pk}",
        requested_by=author,
    )
    if run is not None and run.state == JobState.FAILED:
        data_files.give_up(pk)


def announce_file(row: DataFile) -> None:
    """After the commit, ask a worker to store this file."""

    transaction.on_commit(lambda: publish(store_data_file, row.pk), robust=True)


def announce(row: Import) -> None:
    """After the commit, ask a worker to go on with this import. A bell that nobody hears loses nothing but a minute."""

    transaction.on_commit(lambda: publish(go_on_with_import, row.pk), robust=True)
