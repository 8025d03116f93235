"""Under-served customer: of the time that its budget asks for it gets less than the bound of the bands.

Decisions where the definition leaves room:

- It is about the stage customer: whether prospects are touched as the rules ask is adherence, and activity goals.
- "Under" is the bound of the settings (actual below 75 % of the budget) that lists and bands use. Only where it is not "too
  early" to tell, and there is a budget. It stays one until at least 80 %: the window moves by a day each night.
- On the highest tiers, and where at least an hour a month is missing, so that the list names whom it is worth to call. Both are
  settings; the customers' list shows all.
- It rests on the last computed budgets. From which day on it was so is not known.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planning.loaders import load
from planning.models import CustomerFigures, Situation
from planning.situations.day import Day
from planning.situations.kind import Finding, Kind, Look, share_text
from planning.situations.single_contact import subject_of
from planning.situations.threshold import Threshold, Unit
from territory.formats.numbers import number_text, percent_text

UNTIL = Threshold(
    "under_served_until",
    gettext_lazy("It stays one until at least, per cent of budget"),
    Unit.SHARE,
    Decimal("0.8"),
    gettext_lazy("One opens below the bound of the other thresholds, 75 % at first."),
)
MINUTES = Threshold(
    "under_served_minutes",
    gettext_lazy("At least so many minutes a month are missing"),
    Unit.NUMBER,
    60,
    most=100_000,
)
TIERS = Threshold(
    "under_served_tiers", gettext_lazy("On so many of the highest tiers"), Unit.NUMBER, 2, least=0, most=20
)
ENOUGH, TOO_EARLY, OTHER_TIER = "enough time", "not known", "other tier or stage"


class _Time(NamedTuple):
    """Minutes a month, in all roles."""

    budget: float
    actual: float


class UnderServed(Kind):
    """Subject: a customer."""

    key = "under_served"
    label = gettext_lazy("under-served customer")
    icon = "arrow-down-right"
    help = gettext_lazy(
        "A customer of the highest tiers gets too little of the time it should. 0 tiers: it is not looked for."
    )
    thresholds = (UNTIL, MINUTES, TIERS)
    loud = False
    gone = OTHER_TIER
    reasons = {
        ENOUGH: gettext_lazy("it gets enough time"),
        TOO_EARLY: gettext_lazy("it has no budget any more, or it is too early to tell"),
        OTHER_TIER: gettext_lazy("its tier or stage changed"),
    }

    def look(self, day: Day, was_open: Collection[str] = ()) -> Look:
        customers = day.of_tiers(TIERS.of(day.settings))
        times = dict(_logged(day) if day.from_log else _stored())
        below, until = float(day.settings.under_served_below), float(UNTIL.of(day.settings))
        found, ended = [], {}
        for pk, standing in customers.items():
            subject, time = subject_of(pk), times.get(pk)
            if time is None:
                ended[subject] = TOO_EARLY
            elif self._holds(time, below, until, subject in was_open, MINUTES.of(day.settings)):
                share = time.actual / time.budget
                finding = Finding(
                    subject=subject,
                    team=standing.team,
                    customer=pk,
                    evidence={
                        "budget": f"{time.budget:.0f}",
                        "actual": f"{time.actual:.0f}",
                        "share": share_text(share),
                        "below": f"{below:.4f}",
                        "until": f"{until:.4f}",
                    },
                    share=round(share, 6),
                    weight=round(time.budget - time.actual, 3),
                )
                found.append(finding)
            else:
                ended[subject] = ENOUGH
        return Look(found, {subject: because for subject, because in ended.items() if subject in was_open})

    @staticmethod
    def _holds(time: _Time, below: float, until: float, is_open: bool, minutes: int) -> bool:
        """The exact comparison that the status "under-served" makes; an open one stays up to its own bound."""
        if is_open:
            return time.actual < max(below, until) * time.budget
        return time.actual < below * time.budget and time.budget - time.actual >= minutes

    def words(self, row: Situation, today: dt.date) -> str:
        figures = row.evidence
        words = {
            "actual": number_text(int(figures["actual"])),
            "budget": number_text(int(figures["budget"])),
            "share": percent_text(row.share or 0.0),
        }
        return _("%(actual)s of %(budget)s min a month, %(share)s") % words

    def figures(self, settings):
        return (*super().figures(settings), settings.under_served_below)


def _stored() -> Iterator[tuple[int, _Time]]:
    rows = CustomerFigures.objects.filter(
        budget_minutes__gt=0, actual_minutes__isnull=False, customer__archived_at__isnull=True
    )
    for pk, budget, actual in rows.order_by().values_list("customer_id", "budget_minutes", "actual_minutes"):
        yield pk, _Time(budget, actual)


def _logged(day: Day) -> Iterator[tuple[int, _Time]]:
    for row in load(None, day.ground, from_log=True).figures():
        if row.budget > 0 and row.actual is not None:
            yield row.facts.key, _Time(row.budget, row.actual)
