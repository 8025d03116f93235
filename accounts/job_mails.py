"""Tells administrators when a job failed."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership, User
from accounts.permissions import Act, Area, Reach, may_all
from territory import clock
from territory.jobs import registry
from territory.jobs.models import JobRun
from territory.jobs.signals import job_failed
from territory.mail import kinds, outbox
from territory.mail.kinds import Kind, Message
from territory.rows import on_day

JOB_FAILED = "job_failed"


def register() -> None:
    kinds.add(Kind(key=JOB_FAILED, label=gettext_lazy("A job failed"), compose=_compose, offered=_sees_jobs))
    job_failed.connect(_tell, dispatch_uid="accounts mails failed jobs")


def _sees_jobs(user: User) -> bool:
    return may_all(user, Area.AUDIT, Act.SEE)


def _tell(sender: type, run: JobRun, **_signal: Any) -> None:
    """Once a job and day, however often it fails."""
    now = clock.now()
    seats = Membership.objects.filter(on_day(clock.company_today()), user__is_active=True).select_related(
        "role", "user"
    )
    people = {
        seat.user_id: seat.user
        for seat in seats
        if seat.role.access.get(str(Area.AUDIT), {}).get(str(Act.SEE)) == Reach.ALL
    }
    key = f"job-failed:{run.name}:{clock.company_today().isoformat()}"[:150]
    outbox.post(kind=JOB_FAILED, to=people.values(), key=key, now=now, facts={"run": run.pk})


def _compose(user: User, facts: dict[str, Any]) -> Message | None:
    run = JobRun.objects.filter(pk=facts["run"]).first()
    if run is None or not _sees_jobs(user):
        return None
    words = {"job": registry.label_of(run.name), "error": run.error, "link": outbox.link(reverse("job_list"))}
    text = _("The job “%(job)s” failed:\n\n%(error)s\n\nWhat runs and what failed: %(link)s\n")
    return Message(_("Job failed: %(job)s") % words, text % words)
