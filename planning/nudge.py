"""Asks a worker to recompute soon. The record is the database; the sweep finds what no message announced."""

from collections.abc import Collection

from celery import Task
from django.db import transaction

from territory.jobs.bell import Announcer, publish

# More customers than these in one transaction (an import): the sweep does them, in chunks.
MOST_IDS = 300

# Stands among the customers for "whatever is stale"; no customer has this key.
EVERYTHING = 0


def recompute_soon(customer_ids: Collection[int] = (), *, everything: bool = False) -> None:
    """After the commit, ask for these customers (or for whatever is stale): once a transaction, however often asked."""
    _announcer.soon([*customer_ids, *([EVERYTHING] if everything else [])])


def effect_soon(draft: int, asked: int) -> None:
    """After the commit, ask for the effect of a change of rules to be computed."""
    from planning import tasks

    _after_commit(tasks.compute_rule_effect, draft, asked)


def answer_soon(answer: int, asked: int) -> None:
    """After the commit, ask for an answer to a page's question to be computed."""
    from planning import tasks

    _after_commit(tasks.compute_answer, answer, asked)


def alignment_soon(proposal: int, asked: int) -> None:
    """After the commit, ask for a division of a team's customers to be computed."""
    from planning import tasks

    _after_commit(tasks.compute_alignment, proposal, asked)


def visit_plan_soon(plan: int, asked: int) -> None:
    """After the commit, ask for a week of visits to be planned."""
    from planning import tasks

    _after_commit(tasks.compute_visit_plan, plan, asked)


def call_plan_soon(plan: int) -> None:
    """After the commit, ask for a call plan to be computed."""
    from planning import tasks

    _after_commit(tasks.compute_call_plan, plan)


def _after_commit(task: Task, *about: int) -> None:
    transaction.on_commit(lambda: publish(task, *about), robust=True)


def _announce(customer_ids: set[int]) -> None:
    """Everything that a transaction changed, with one message."""
    from planning import tasks

    if EVERYTHING in customer_ids or len(customer_ids) > MOST_IDS:
        publish(tasks.sweep)
    else:
        publish(tasks.recompute_customers, sorted(customer_ids))


_announcer = Announcer(_announce)
