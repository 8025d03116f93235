"""Tasks of planning: ids in, one action called. What they do stands in the database; the queue is a doorbell."""

from celery import shared_task

from planning.actions.alignment import run_alignment
from planning.actions.answers import run_answer
from planning.actions.call_plans import run_plan
from planning.actions.effects import run_effect
from planning.actions.recompute import recompute
from planning.actions.runs import (
    find_all_situations,
    find_situations_of_new_orders,
    run_evidence,
    run_involvement,
    run_nightly,
    run_rhythm,
    run_sales,
    sweep_stale,
)
from planning.actions.visit_plans import run_visit_plan
from planning.week_mails import WEEKS, post_weeks
from territory import clock
from territory.jobs.runner import run_tick


@shared_task
def recompute_customers(customer_ids: list[int]) -> None:
    """Recompute these customers; a large order among what changed is found at once."""
    recompute(customer_ids, now=clock.now())
    find_situations_of_new_orders(customer_ids, now=clock.now())


@shared_task
def sweep() -> None:
    """Bring up to date what no message announced: lifecycles that move by themselves, then all stale figures."""
    run_tick("sweep", sweep_stale)


@shared_task
def compute_rule_effect(draft: int, asked: int) -> None:
    """Compute what a change of rules would do, asked for the `asked`-th time."""
    run_effect(draft, asked, now=clock.now())


@shared_task
def compute_answer(answer: int, asked: int) -> None:
    """Compute an answer that is kept for a page, asked for the `asked`-th time."""
    run_answer(answer, asked, now=clock.now())


@shared_task
def compute_alignment(proposal: int, asked: int) -> None:
    """Compute a division of a team's customers, asked for the `asked`-th time."""
    run_alignment(proposal, asked, now=clock.now())


@shared_task
def compute_visit_plan(plan: int, asked: int) -> None:
    """Plan a person's week of visits, asked for the `asked`-th time."""
    run_visit_plan(plan, asked, now=clock.now())


@shared_task
def compute_call_plan(plan: int) -> None:
    """Compute a call plan that was asked for."""
    run_plan(plan, now=clock.now())


@shared_task
def nightly() -> None:
    """The full run, once per local day of the company."""
    run_nightly(now=clock.now())


@shared_task
def evidence() -> None:
    """What touches brought, once per local day of the company."""
    run_evidence(now=clock.now())


@shared_task
def rhythm() -> None:
    """How far rules are kept, once per local day of the company."""
    run_rhythm(now=clock.now())


@shared_task
def sales() -> None:
    """What sales took and cost, once per local day of the company."""
    run_sales(now=clock.now())


@shared_task
def involvement() -> None:
    """Who is involved with customers, once per local day of the company."""
    run_involvement(now=clock.now())


@shared_task
def find_situations() -> None:
    """Find, update and resolve special situations."""
    run_tick("find situations", lambda progress: find_all_situations(now=clock.now()))


@shared_task
def managers_weeks() -> None:
    """Leave managers their week, where their Monday morning has come."""
    run_tick(WEEKS, lambda progress: {"weeks": post_weeks(now=clock.now())})
