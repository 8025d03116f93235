"""What the jobs page knows of planning."""

import datetime as dt

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy as many

from planning.actions.alignment import ALIGNMENT
from planning.actions.answers import ANSWER
from planning.actions.call_plans import CALL_PLAN
from planning.actions.effects import EFFECT
from planning.actions.involvement import compute_involvement
from planning.actions.rhythm import compute_rhythm
from planning.actions.runs import (
    EVIDENCE,
    INVOLVEMENT,
    RHYTHM,
    SALES,
    find_all_situations,
    renew_evidence,
    renew_sales,
    run_everything,
    sweep_stale,
)
from planning.actions.visit_plans import VISIT_PLAN
from planning.models import FactsMark
from planning.week_mails import WEEKS, post_weeks
from territory import clock
from territory.jobs import registry
from territory.jobs.registry import Gauge, Job

COMPUTED = {
    "lifecycles": many(
        "stage and tier of %(shown)s customer renewed", "stages and tiers of %(shown)s customers renewed", "n"
    ),
    "customers": many("%(shown)s customer computed", "%(shown)s customers computed", "n"),
    "stood": many("past months of %(shown)s customer read", "past months of %(shown)s customers read", "n"),
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
    "answers_forgotten": many("%(shown)s old answer forgotten", "%(shown)s old answers forgotten", "n"),
    "alignments_forgotten": many("%(shown)s old division forgotten", "%(shown)s old divisions forgotten", "n"),
    "journeys_forgotten": many("%(shown)s old journey forgotten", "%(shown)s old journeys forgotten", "n"),
    "rebalancings": many("%(shown)s rebalancing proposed", "%(shown)s rebalancings proposed", "n"),
    "rebalancings_gone": many(
        "%(shown)s rebalancing not needed any more", "%(shown)s rebalancings not needed any more", "n"
    ),
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
            help=_("Opens, updates and resolves what is out of the ordinary, kind by kind."),
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
            name=ANSWER,
            label=_("Answer for a page"),
            help=_("What takes too long while somebody waits: effects of touch values, the value of work over months."),
        )
    )
    registry.add(
        Job(
            name=ALIGNMENT,
            label=_("Territory alignment"),
            help=_("A division of a team's customers among its people, looked at before it is accepted."),
            words={
                "customers": many("%(shown)s customer looked at", "%(shown)s customers looked at", "n"),
                "moves": many("%(shown)s would change hands", "%(shown)s would change hands", "n"),
            },
        )
    )
    registry.add(
        Job(
            name=VISIT_PLAN,
            label=_("Week of visits"),
            help=_("Which due visits of a person on which day in which order."),
            words={
                "visits": many("%(shown)s visit planned", "%(shown)s visits planned", "n"),
                "candidates": many("of %(shown)s due", "of %(shown)s due", "n"),
            },
        )
    )
    registry.add(
        Job(
            name=CALL_PLAN,
            label=_("Call plan"),
            help=_("How many touches a year each tier should get, so that a team's hours bring the most."),
            words={"customers": many("%(shown)s customer planned", "%(shown)s customers planned", "n")},
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
    registry.add(
        Job(
            name=SALES,
            label=_("What sales take and cost"),
            help=_("Touches, time and money of every order, and the normal sale that they come to."),
            task="planning.tasks.sales",
            run=lambda progress: renew_sales(clock.now(), progress),
            daily=True,
            words={
                "orders": many("%(shown)s order", "%(shown)s orders", "n"),
                "effects": many("%(shown)s effect of a condition", "%(shown)s effects of conditions", "n"),
            },
        )
    )
    registry.add(
        Job(
            name=INVOLVEMENT,
            label=_("Who is involved"),
            help=_("Time spent with each customer by function, held against who is its sole contact, lead or support."),
            task="planning.tasks.involvement",
            run=lambda progress: compute_involvement(now=clock.now(), progress=progress),
            daily=True,
            words={
                "customers": many("%(shown)s customer looked at", "%(shown)s customers looked at", "n"),
                "findings": many("%(shown)s does not fit", "%(shown)s do not fit", "n"),
            },
        )
    )
    registry.add(
        Job(
            name=WEEKS,
            label=_("Managers' week by mail"),
            help=_("On Monday mornings, to those who lead teams and have not turned it off."),
            task="planning.tasks.managers_weeks",
            run=lambda progress: {"weeks": post_weeks(now=clock.now())},
            words={"weeks": many("%(shown)s week left to be mailed", "%(shown)s weeks left to be mailed", "n")},
        )
    )
    registry.add_gauge(Gauge(name="stale_mark", label=_("Oldest change not computed yet"), oldest=_oldest_mark))


def _oldest_mark() -> dt.datetime | None:
    """Since when a customer's facts are newer than its figures."""
    behind = Q(customer__figures__facts_number__lt=F("number")) | Q(
        customer__figures__isnull=True, customer__archived_at__isnull=True
    )
    return FactsMark.objects.filter(behind).order_by("changed_at").values_list("changed_at", flat=True).first()
