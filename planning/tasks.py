"""Tasks of planning: ids in, one action called. What they do stands in the database; the queue is a doorbell."""

import datetime as dt

from celery import shared_task

from customers.actions.lifecycle import refresh_due_lifecycles
from planning.actions.recompute import recompute, recompute_stale
from planning.actions.runs import find_all_situations, find_situations_of_new_orders, run_nightly
from territory import clock

# A sweep stops taking up work well before the worker's limit; the next tick goes on where it stopped.
SWEEP_SECONDS = 120


@shared_task
def recompute_customers(customer_ids: list[int]) -> None:
    """Recompute these customers; a large order among what changed is found at once."""
    recompute(customer_ids, now=clock.now())
    find_situations_of_new_orders(customer_ids, now=clock.now())


@shared_task
def sweep() -> None:
    """Bring up to date what no message announced: lifecycles that move by themselves, then all stale figures."""
    started = clock.now()
    refresh_due_lifecycles(now=started)
    recompute_stale(now=started, until=started + dt.timedelta(seconds=SWEEP_SECONDS))


@shared_task
def nightly() -> None:
    """The full run, once per local day of the company."""
    run_nightly(now=clock.now())


@shared_task
def find_situations() -> None:
    """Find, update and resolve special situations."""
    find_all_situations(now=clock.now())
