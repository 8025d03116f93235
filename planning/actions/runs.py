"""The runs that jobs and `manage.py recompute` share, each written down as a job."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from customers.actions.imports import remove_old_files
from customers.actions.lifecycle import refresh_due_lifecycles
from customers.models import Order
from planning.actions.alignment import forget_old_alignments, run_waiting_alignments
from planning.actions.answers import forget_old_answers, renew_wanted_answers, run_waiting_answers
from planning.actions.call_plans import run_waiting_plans
from planning.actions.conditions import compute_conditions
from planning.actions.effects import run_waiting_effects
from planning.actions.evidence import compute_evidence
from planning.actions.involvement import compute_involvement
from planning.actions.rebalancing import find_rebalancings
from planning.actions.recompute import recompute_stale
from planning.actions.rhythm import compute_rhythm
from planning.actions.sales import compute_sales
from planning.actions.standing import renew_standing
from planning.actions.travel import forget_old_journeys
from planning.actions.visit_plans import run_waiting_visit_plans
from planning.situations.runner import find_of_orders, find_situations
from planning.staleness import stale_customers
from planning.value_mails import tell_approvers
from territory import clock
from territory.audit.denials import remove_old_denials
from territory.jobs.models import JobRun
from territory.jobs.runner import Progress, forget_old_jobs, run_job
from territory.mail.sending import forget_old_mails

# A worker kills a task after 240 s.
NIGHT_SECONDS = 150

# What months still need of the night is little: what is left goes to the sweeps too.
STANDING_SECONDS = 40

# A sweep stops taking up work well before that; the next tick goes on where it stopped.
SWEEP_SECONDS = 120

EVIDENCE = "touch evidence"
RHYTHM = "rhythm"
SALES = "sales"
INVOLVEMENT = "involvement"

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
        "answers_forgotten": forget_old_answers(now),
        "alignments_forgotten": forget_old_alignments(now),
        "journeys_forgotten": forget_old_journeys(now),
        "customers": recompute_stale(
            now=now, until=now + dt.timedelta(seconds=NIGHT_SECONDS), progress=progress
        ).customers,
        **find_rebalancings(now=now),
        "stood": renew_standing(now=now, until=clock.now() + dt.timedelta(seconds=STANDING_SECONDS)),
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


def run_sales(*, now: dt.datetime) -> JobRun | None:
    """What sales took and cost, once per local day of the company; None where that day's run is done or under way."""
    day = clock.day_of(now, clock.company_zone())
    return run_job(SALES, lambda progress: renew_sales(now, progress), key=f"{SALES} {day.isoformat()}")


def renew_sales(now: dt.datetime, progress: Progress | None = None) -> dict[str, Any]:
    """What sales took and cost, then what moves them, which rests on it."""
    return compute_sales(now=now, progress=progress) | compute_conditions(now=now)


def run_involvement(*, now: dt.datetime) -> JobRun | None:
    """Who is involved with customers, once per local day of the company; None where that day's run is done or under way."""
    day = clock.day_of(now, clock.company_zone())
    return run_job(
        INVOLVEMENT,
        lambda progress: compute_involvement(now=now, progress=progress),
        key=f"{INVOLVEMENT} {day.isoformat()}",
    )


def sweep_stale(progress: Progress) -> dict[str, int]:
    """Bring up to date what no message announced; returns how many lifecycles moved and customers were computed."""
    started = clock.now()
    moved = refresh_due_lifecycles(now=started)
    until = started + dt.timedelta(seconds=SWEEP_SECONDS)
    computed = recompute_stale(now=started, until=until, progress=progress).customers
    stood = renew_standing(now=started, until=until)
    run_waiting_effects(now=clock.now(), until=until)
    run_waiting_alignments(now=clock.now(), until=until)
    run_waiting_answers(now=clock.now(), until=until)
    run_waiting_visit_plans(now=clock.now(), until=until)
    run_waiting_plans(now=clock.now(), until=until)
    renew_wanted_answers(now=clock.now(), until=until)
    return {"lifecycles": moved, "customers": computed, "stood": stood}


def find_situations_of_new_orders(customer_ids: Collection[int], *, now: dt.datetime) -> bool:
    """Look for situations at once where an order of these customers was written lately; returns whether one was."""
    lately = Order.history.filter(customer_id__in=customer_ids, history_date__gte=now - LATELY)
    if not lately.exists():
        return False
    find_of_orders(now=now)
    return True


def find_all_situations(*, now: dt.datetime) -> dict[str, int]:
    """Find situations of every kind; returns how many were opened, updated and resolved."""
    done = find_situations(now=now)
    return {"opened": done.opened, "updated": done.updated, "resolved": done.resolved}
