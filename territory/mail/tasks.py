"""Tasks of the outbox: what they do stands in the database; the queue is a doorbell."""

from celery import shared_task

from territory.jobs.runner import run_tick
from territory.mail.jobs import MAILS, send_mails


@shared_task
def deliver() -> None:
    """Send what waits, and the digests whose morning has come."""
    run_tick(MAILS, send_mails)
