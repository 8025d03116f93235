"""What the jobs page reads: the schedule in words, what ran, and how long the oldest thing waits."""

import datetime as dt
from typing import Any

from celery import current_app
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from territory import clock
from territory.jobs import registry
from territory.jobs.models import JobRun, JobState
from territory.jobs.registry import Job
from territory.jobs.runner import ASKED

# A worker ticks every minute; silent for longer, something is wrong.
LATE = dt.timedelta(minutes=3)


class Line(Struct, frozen=True):
    """A job of the schedule: how often, when it ran last and will next, and the run that a person asked for, if any."""

    job: Job
    rhythm: str
    last: dt.datetime | None
    next: dt.datetime | None
    asked: JobRun | None

    @property
    def can_be_run(self) -> bool:
        """Whether a person may ask for it: it says how, and nobody did already."""
        return self.job.run is not None and self.asked is None


class Wait(Struct, frozen=True):
    """How long the oldest of something waits."""

    label: Any
    since: dt.datetime | None
    late: bool


def schedule(now: dt.datetime) -> tuple[list[Line], dt.datetime | None]:
    """The jobs that tick, and when a worker was last heard; two queries."""
    names = [job.name for job in registry.jobs() if job.task]
    times = JobRun.objects.filter(name__in=names).order_by().values("name")
    seen = {row["name"]: row for row in times.annotate(last=Max("started_at"), heard=Max("heard_at"))}
    asked = {run.name: run for run in JobRun.objects.filter(key__startswith=ASKED)}
    seconds = {entry["task"]: entry["schedule"] for entry in current_app.conf.beat_schedule.values()}
    lines = []
    for job in registry.jobs():
        if job.task:
            every, last = seconds.get(job.task), seen.get(job.name, {}).get("last")
            lines.append(Line(job, _rhythm(job, every), last, _next(job, every, last, now), asked.get(job.name)))
    return lines, max((row["heard"] for row in seen.values() if row["heard"]), default=None)


def _rhythm(job: Job, seconds: float | None) -> str:
    """How often, in words."""
    if seconds is None:
        return _("when asked for")
    if job.daily:
        return _("once a day, after midnight")
    minutes = round(seconds / 60)
    return ngettext("every minute", "every %(n)s minutes", minutes) % {"n": minutes}


def _next(job: Job, seconds: float | None, last: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    """When it is due next, as far as one can tell; None: now."""
    if seconds is None or last is None:
        return None
    if job.daily:
        zone = clock.company_zone()
        today = clock.day_of(now, zone)
        return clock.end_of_day(today, zone) if clock.day_of(last, zone) == today else None
    due = last + dt.timedelta(seconds=seconds)
    return due if due > now else None


def waits(now: dt.datetime) -> list[Wait]:
    """How long the oldest of each kind of thing waits; one query a kind."""
    found = []
    for gauge in registry.gauges():
        since = gauge.oldest()
        found.append(Wait(gauge.label, since, since is not None and now - since > LATE))
    return found


def runs(*, name: str = "", state: str = "") -> QuerySet[JobRun]:
    """What ran and runs, latest first; what ticks stands once, with how it went last."""
    rows = JobRun.objects.select_related("requested_by").order_by("-queued_at", "-pk")
    if name:
        rows = rows.filter(name=name)
    if state in JobState.values:
        rows = rows.filter(state=state)
    return rows


def names() -> list[tuple[str, str]]:
    """Jobs to choose from, by their words."""
    known = {job.name: str(job.label) for job in registry.jobs()}
    return sorted(known.items(), key=lambda pair: pair[1].lower())
