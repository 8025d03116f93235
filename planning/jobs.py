"""What the jobs page knows of planning."""

import datetime as dt

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy as many

from planning.actions.effects import EFFECT
from planning.actions.rhythm import compute_rhythm
from planning.actions.runs import EVIDENCE, RHYTHM, find_all_situations, renew_evidence, run_everything, sweep_stale
from planning.models import FactsMark
from territory import clock
from territory.jobs import registry
from territory.jobs.registry import Gauge, Job

COMPUTED = {
    "lifecycles": many(
        "stage and tier of %(shown)s customer renewed", "stages and tiers of %(shown)s customers renewed", "n"
    ),
    "customers": many("%(shown)s customer computed", "%(shown)s customers computed", "n"),
}
FOUND = {
    "opened": many("%(shown)s situation opened", "%(shown)s situations opened", "n"),
    "updated": many("%(shown)s situation updated", "%(shown)s situations updated", "n"),
    "resolved": many("%(shown)s situation resolved", "%(shown)s situations resolved", "n"),
}
FORGOTTEN = {
    "jobs_forgotten": many("%(shown)s old run forgotten", "%(shown)s old runs forgotten", "n"),
    "mails_forgotten": many("%(shown)s old mail forgotten", "%(shown)s old mails forgotten", "n"),
    "import_files_removed": many("%(shown)s imported file removed", "%(shown)s imported files removed", "n"),
    "denials_removed": many("%(shown)s old denial removed", "%(shown)s old denials removed", "n"),
    "left_to_sweeps": many("%(shown)s customer still to compute", "%(shown)s customers still to compute", "n"),
}


def register() -> None:
    registry.add(
        Job(
            name="sweep",
            label=_("Compute what changed"),
            help=_("Budgets, due touches and stages of customers whose figures are out of date."),
            task="planning.tasks.sweep",
            run=sweep_stale,
            words=COMPUTED,
        )
    )
    registry.add(
        Job(
            name="find situations",
            label=_("Find special situations"),
            help=_("Opens, updates and resolves large pending orders."),
            task="planning.tasks.find_situations",
            run=lambda progress: find_all_situations(now=clock.now()),
            words=FOUND,
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
            words=COMPUTED | FOUND | FORGOTTEN,
        )
    )
    registry.add(
        Job(
            name=EFFECT,
            label=_("Effect of a change of rules"),
            help=_("What a change would do to budgets and loads, before it is saved."),
            words={
                "customers": many("%(shown)s customer looked at", "%(shown)s customers looked at", "n"),
                "touched": many("%(shown)s of them would change", "%(shown)s of them would change", "n"),
            },
        )
    )
    registry.add(
        Job(
            name=EVIDENCE,
            label=_("What touches brought"),
            help=_("What touches are worth by type and tier, in three ways, to hold official values against."),
            task="planning.tasks.evidence",
            run=lambda progress: renew_evidence(clock.now(), progress),
            daily=True,
            words={
                "courses": many("%(shown)s ended course looked at", "%(shown)s ended courses looked at", "n"),
                "figures": many("%(shown)s figure", "%(shown)s figures", "n"),
                "outside": many(
                    "%(shown)s official value outside its interval",
                    "%(shown)s official values outside their interval",
                    "n",
                ),
            },
        )
    )
    registry.add(
        Job(
            name=RHYTHM,
            label=_("How rules are kept"),
            help=_("Touches that contact rules asked for and that were made, and the interval really kept."),
            task="planning.tasks.rhythm",
            run=lambda progress: compute_rhythm(now=clock.now(), progress=progress),
            daily=True,
            words={
                "customers": many("%(shown)s customer looked at", "%(shown)s customers looked at", "n"),
                "rules": many("%(shown)s rule", "%(shown)s rules", "n"),
            },
        )
    )
    registry.add_gauge(Gauge(name="stale_mark", label=_("Oldest change not computed yet"), oldest=_oldest_mark))


def _oldest_mark() -> dt.datetime | None:
    """Since when a customer's facts are newer than its figures."""
    behind = Q(customer__figures__facts_number__lt=F("number")) | Q(
        customer__figures__isnull=True, customer__archived_at__isnull=True
    )
    return FactsMark.objects.filter(behind).order_by("changed_at").values_list("changed_at", flat=True).first()
