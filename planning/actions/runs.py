"""The runs that jobs and `manage.py recompute` share, each written down as a job."""

import datetime as dt
from collections.abc import Collection
from functools import partial
from typing import Any

from customers.actions.imports import remove_old_files
from customers.actions.lifecycle import refresh_due_lifecycles
from customers.models import Order
from planning.actions.effects import run_waiting_effects
from planning.actions.evidence import compute_evidence
from planning.actions.recompute import recompute_stale
from planning.actions.rhythm import compute_rhythm
from planning.situations.large_order import find_large_orders
from planning.staleness import stale_customers
from planning.value_mails import tell_approvers
from territory import clock
from territory.again import again
from territory.audit.denials import remove_old_denials
from territory.jobs.models import JobRun
from territory.jobs.runner import Progress, forget_old_jobs, run_job
from territory.mail.sending import forget_old_mails

# A worker kills a task after 240 s.
NIGHT_SECONDS = 150

# A sweep stops taking up work well before that; the next tick goes on where it stopped.
SWEEP_SECONDS = 120

EVIDENCE = "touch evidence"
RHYTHM = "rhythm"

# An order written within this time is looked at without waiting for the next tick.
LATELY = dt.timedelta(minutes=2)


def run_nightly(*, now: dt.datetime) -> JobRun | None:
    """Everything once per local day of the company; None where that day's run is done or under way."""
    day = clock.day_of(now, clock.company_zone())
    return run_job("nightly", lambda progress: run_everything(now, progress), key=f"nightly {day.isoformat()}")


def run_everything(now: dt.datetime, progress: Progress) -> dict[str, Any]:
    """After midnight all figures are stale. What is not done in time is left to the sweeps, which go on every minute."""
    return {
        "lifecycles": refresh_due_lifecycles(now=now),
        "situations": find_all_situations(now=now),
        "jobs_forgotten": forget_old_jobs(now),
        "mails_forgotten": forget_old_mails(now),
        "import_files_removed": remove_old_files(now),
        "denials_removed": remove_old_denials(now),
        "customers": recompute_stale(
            now=now, until=now + dt.timedelta(seconds=NIGHT_SECONDS), progress=progress
        ).customers,
        "left_to_sweeps": stale_customers(clock.day_of(now, clock.company_zone())).count(),
    }


def run_evidence(*, now: dt.datetime) -> JobRun | None:
    """What touches brought, once per local day of the company; None where that day's run is done or under way."""
    day = clock.day_of(now, clock.company_zone())
    return run_job(EVIDENCE, lambda progress: renew_evidence(now, progress), key=f"{EVIDENCE} {day.isoformat()}")


def renew_evidence(now: dt.datetime, progress: Progress) -> dict[str, Any]:
    """What touches brought; who approves is told, once a month, of official values that lie outside."""
    return compute_evidence(now=now, progress=progress) | {"outside": tell_approvers(now=now)}


def run_rhythm(*, now: dt.datetime) -> JobRun | None:
    """How far rules are kept, once per local day of the company; None where that day's run is done or under way."""
    day = clock.day_of(now, clock.company_zone())
    return run_job(
        RHYTHM, lambda progress: compute_rhythm(now=now, progress=progress), key=f"{RHYTHM} {day.isoformat()}"
    )


def sweep_stale(progress: Progress) -> dict[str, int]:
    """Bring up to date what no message announced; returns how many lifecycles moved and customers were computed."""
    started = clock.now()
    moved = refresh_due_lifecycles(now=started)
    until = started + dt.timedelta(seconds=SWEEP_SECONDS)
    computed = recompute_stale(now=started, until=until, progress=progress).customers
    run_waiting_effects(now=clock.now(), until=until)
    return {"lifecycles": moved, "customers": computed}


def find_situations_of_new_orders(customer_ids: Collection[int], *, now: dt.datetime) -> bool:
    """Look for situations at once where an order of these customers was written lately; returns whether one was."""
    lately = Order.history.filter(customer_id__in=customer_ids, history_date__gte=now - LATELY)
    if not lately.exists():
        return False
    find_all_situations(now=now)
    return True


def find_all_situations(*, now: dt.datetime) -> dict[str, int]:
    """Find situations of every kind; returns how many were opened, updated and resolved."""
    done = again(partial(find_large_orders, now=now))
    return {"opened": done.opened, "updated": done.updated, "resolved": done.resolved}
