"""Jobs that the jobs page knows by name. A room registers its own from its app config's `ready()`:

    from territory.jobs import registry

    registry.add(registry.Job(name="nightly", label=_("Nightly run"), task="planning.tasks.nightly", run=...))
    registry.add_gauge(registry.Gauge(name="stale_mark", label=_("Oldest change not yet computed"), oldest=...))

`name` is that of its rows (`run_job`, `run_tick`). A job without `run` cannot be run by hand: it is named, no more.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field


class Job(Struct, frozen=True, kw_only=True):
    """A kind of job.

    task:   the Celery task that the schedule ticks; "" where none does.
    run:    what "run now" does: gets a Progress, answers what fits JSON; safe to run beside the scheduled one.
    daily:  once per local day of the company, however often it ticks.
    again:  what "try again" does with a failed run of a job that has no `run` (an import: that very file).
    words:  what each number of its answer says, as ngettext_lazy over "n" that prints %(shown)s; a number without is not shown.
    """

    name: str
    label: Any
    help: Any = ""
    task: str = ""
    run: Callable[[Any], Any] | None = None
    daily: bool = False
    again: Callable[[Any], None] | None = None
    words: Mapping[str, Any] = field(default_factory=dict)


class Gauge(Struct, frozen=True, kw_only=True):
    """How long the oldest thing waits: `oldest` answers since when, or None where nothing waits; one query. Monitors read `name`."""

    name: str
    label: Any
    oldest: Callable[[], dt.datetime | None]


_jobs: dict[str, Job] = {}
_gauges: list[Gauge] = []


def add(job: Job) -> None:
    """Register a job, once; names are unique."""
    if _jobs.setdefault(job.name, job) is not job:
        raise ValueError(f"there is a job “{job.name}” already")


def add_gauge(gauge: Gauge) -> None:
    """Show this on the jobs page."""
    _gauges.append(gauge)


def get(name: str) -> Job | None:
    """The job of this name, if it was registered."""
    return _jobs.get(name)


def jobs() -> list[Job]:
    """All of them, in the order of their registration."""
    return list(_jobs.values())


def gauges() -> list[Gauge]:
    return list(_gauges)


def label_of(name: str) -> str:
    """What people call it; its name where nobody registered it."""
    return str(_jobs[name].label) if name in _jobs else name
