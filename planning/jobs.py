"""What the jobs page knows of planning."""

import datetime as dt

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from planning.actions.runs import find_all_situations, run_everything, sweep_stale
from planning.models import FactsMark
from territory import clock
from territory.jobs import registry
from territory.jobs.registry import Gauge, Job


def register() -> None:
    registry.add(
        Job(
            name="sweep",
            label=_("Compute what changed"),
            help=_("Budgets, due touches and stages of customers whose figures are out of date."),
            task="planning.tasks.sweep",
            run=sweep_stale,
        )
    )
    registry.add(
        Job(
            name="find situations",
            label=_("Find special situations"),
            help=_("Opens, updates and resolves large pending orders."),
            task="planning.tasks.find_situations",
            run=lambda progress: find_all_situations(now=clock.now()),
        )
    )
    registry.add(
        Job(
            name="nightly",
            label=_("Nightly run"),
            help=_("All figures anew, and what is old is forgotten."),
            task="planning.tasks.nightly",
            run=lambda progress: run_everything(clock.now(), progress),
            daily=True,
        )
    )
    registry.add_gauge(Gauge(name="stale_mark", label=_("Oldest change not computed yet"), oldest=_oldest_mark))


def _oldest_mark() -> dt.datetime | None:
    """Since when a customer's facts are newer than its figures."""
    behind = Q(customer__figures__facts_number__lt=F("number")) | Q(
        customer__figures__isnull=True, customer__archived_at__isnull=True
    )
    return FactsMark.objects.filter(behind).order_by("changed_at").values_list("changed_at", flat=True).first()
