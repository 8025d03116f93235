"""What the jobs page knows of mails."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy as many

from territory import clock
from territory.jobs import registry
from territory.jobs.registry import Gauge, Job
from territory.mail.digest import post_digests
from territory.mail.models import Mail
from territory.mail.sending import deliver_waiting

MAILS = "mails"


def register() -> None:
    registry.add(
        Job(
            name=MAILS,
            label=_("Send mails"),
            help=_("What waits in the outbox, and the digests of those whose morning has come."),
            task="territory.mail.tasks.deliver",
            run=send_mails,
            words={
                "digests": many("%(shown)s digest written", "%(shown)s digests written", "n"),
                "sent": many("%(shown)s mail sent", "%(shown)s mails sent", "n"),
                "dropped": many("%(shown)s no longer of use", "%(shown)s no longer of use", "n"),
                "not_sent": many("%(shown)s not sent", "%(shown)s not sent", "n"),
            },
        )
    )
    registry.add_gauge(Gauge(name="mail", label=_("Oldest mail not sent yet"), oldest=_oldest))


def send_mails(progress: Any) -> dict[str, int]:
    """Post digests, send what is due; returns how many."""
    digests = post_digests(now=clock.now())
    done = deliver_waiting()
    return {"digests": digests, "sent": done.sent, "dropped": done.dropped, "not_sent": done.not_sent}


def _oldest() -> dt.datetime | None:
    """Since when the oldest mail waits, those after a failed attempt among them."""
    return Mail.objects.waiting().order_by("created_at").values_list("created_at", flat=True).first()
