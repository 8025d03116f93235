"""The jobs page: what ran, what waits, what failed; run now and try again."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from territory.jobs import tasks
from territory.jobs.models import JobRun, JobState
from territory.jobs.runner import run_job, run_tick, write_down
from territory.mail.models import Mail, MailState
from territory.mail.sending import deliver_waiting
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def client(cast, time_machine, monkeypatch):
    time_machine.move_to(NOW, tick=False)
    monkeypatch.setattr(tasks.run_asked, "apply_async", lambda args, **options: None)
    return client_of(cast.admin)


def fail(progress):
    raise ValueError("no such thing")


def failed_mail(person, **fields):
    values = {"kind": "large_order", "key": f"x{Mail.objects.count()}", "state": MailState.FAILED, "attempts": 5}
    return Mail.objects.create(recipient=person, created_at=NOW, due_at=NOW, **{**values, **fields})


def page(client, question=""):
    return client.get(reverse("job_list") + question).content.decode()


def test_the_schedule_in_words_with_the_last_and_the_next_run(client):
    run_tick("sweep", lambda progress: {"customers": 3})
    text = " ".join(page(client).split())

    assert "<b>Compute what changed</b>, every minute" in text
    assert "<b>Find special situations</b>, every 10 minutes" in text
    assert "<b>Nightly run</b>, once a day, after midnight" in text
    assert "3 customers computed" in text
    assert "Run now: Compute what changed" in text


def test_what_a_run_did_stands_in_words(client):
    run_job(
        "nightly", lambda progress: {"lifecycles": 1, "situations": {"opened": 0, "resolved": 2}, "customers": 20_000}
    )
    run_job("find situations", lambda progress: {"opened": 0})
    run_job("effect of a change of rules", lambda progress: {"refused": "Two tiers would have the same bound."})
    run_job("import", lambda progress: {"import": 7, "more": False})
    shown = {run.name: run.outcome for run in JobRun.objects.all()}

    assert shown == {
        "nightly": ["stage and tier of 1 customer renewed", "20,000 customers computed", "2 situations resolved"],
        "find situations": ["nothing to do"],
        "effect of a change of rules": ["Two tiers would have the same bound."],
        "import": [],
    }


def test_a_backup_of_the_command_line_was_not_asked_for_by_the_schedule(client):
    write_down("backup", started_at=NOW, result={"tables": 60, "rows": 1})
    text = page(client)

    assert "60 tables, 1 row" in text
    assert "the command line" in text
    assert "the schedule" not in text


def test_a_failed_run_says_why_and_is_told_to_administrators(client, cast, mailoutbox):
    run_job("nightly", fail)
    deliver_waiting()

    assert "ValueError: no such thing" in page(client)
    assert [mail.to for mail in mailoutbox] == [[cast.admin.email]]


def test_a_job_that_fails_all_day_is_mailed_once(client, mailoutbox):
    for _ in range(3):
        run_tick("sweep", fail)
        deliver_waiting()

    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("question", "shown"), [("?job=nightly", ["nightly"]), ("?state=failed", ["nightly"]), ("?state=done", ["sweep"])]
)
def test_filters(client, question, shown):
    run_job("nightly", fail)
    run_tick("sweep", lambda progress: None)
    response = client.get(reverse("job_list") + question)

    assert [run.name for run in response.context["page"]] == shown


def test_run_now_twice_is_one_run_and_shows_progress(client):
    for _ in range(2):
        assert client.post(reverse("job_run", args=["find-situations"])).status_code == 302

    run = JobRun.objects.get()
    assert (run.name, run.state) == ("find situations", JobState.QUEUED)
    assert reverse("job_progress", args=[run.pk]) in page(client)


@pytest.mark.parametrize(("state", "asks_again"), [("queued", True), ("running", True), ("done", False)])
def test_progress_is_asked_for_until_it_is_over(client, state, asks_again):
    run = JobRun.objects.create(name="sweep", state=state, queued_at=NOW, progress=3, total=10)

    assert (b"hx-get" in client.get(reverse("job_progress", args=[run.pk])).content) is asks_again


def test_an_unknown_job_is_not_run(client):
    assert client.post(reverse("job_run", args=["no-such"])).status_code == 404


def test_a_failed_run_can_be_tried_again(client):
    run = run_job("nightly", fail)
    client.post(reverse("job_again", args=[run.pk]))

    assert JobRun.objects.get(state=JobState.QUEUED).name == "nightly"


def test_failed_mails_are_shown_without_their_text_and_tried_again(client, cast):
    failed_mail(cast.rep, error="ConnectionRefusedError: nobody there", text="for your eyes only")
    text = page(client)
    assert "ConnectionRefusedError: nobody there" in text
    assert "for your eyes only" not in text
    client.post(reverse("mails_again"))

    assert Mail.objects.get().state == MailState.WAITING


def test_without_a_mail_server_it_says_so(client, settings):
    settings.MAIL_SERVER = ""
    assert "No mail server is set up" in page(client)


def test_with_one_it_does_not(client):
    assert "No mail server is set up" not in page(client)


def test_the_oldest_waiting_mail_and_a_silent_worker(client, cast, time_machine):
    run_tick("sweep", lambda progress: None)
    failed_mail(cast.rep, state=MailState.WAITING)
    time_machine.move_to(NOW + dt.timedelta(minutes=7), tick=False)
    response = client.get(reverse("job_list"))

    assert response.context["heard_late"] is True
    assert next((str(wait.label), wait.late) for wait in response.context["waits"]) == (
        "Oldest mail not sent yet",
        True,
    )


def queries(client):
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(reverse("job_list")).status_code == 200
    return len(found)


def test_as_many_queries_with_many_rows_as_with_one(client, cast):
    def fill(number):
        for _ in range(number):
            JobRun.objects.create(name="import", state="done", queued_at=NOW, requested_by=factories.person())
            failed_mail(factories.person())
        JobRun.objects.create(name="sweep", key="asked sweep", queued_at=NOW)

    fill(1)
    one = queries(client)
    JobRun.objects.filter(key="asked sweep").delete()
    fill(8)

    assert queries(client) == one <= 12
