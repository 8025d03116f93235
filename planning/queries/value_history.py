"""How an official value came to be what it is: months of evidence beside it, and what was decided."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import QuerySet
from msgspec import Struct

from accounts.models import User
from planning.models import RejectedSuggestion, TouchEvidence, TouchValue
from planning.queries.touch_values import Line
from territory import clock
from territory.together import prepared


class Decision(Struct, frozen=True):
    """Something that was decided on a line: a value that started (`amount`; with a new company nobody decided it, `by` is
    None), or a suggestion that was rejected (None). `starts_on`: from when it holds, or the day of the evidence."""

    at: dt.datetime
    by: User | None
    reason: str
    amount: Decimal | None
    before: Decimal | None
    starts_on: dt.date
    rejected: RejectedSuggestion | None = None

    @property
    def on(self) -> dt.date:
        """The company's day on which it was decided."""
        return clock.day_of(self.at, clock.company_zone())


def decisions(line: Line, values: Iterable[TouchValue], rejected: Iterable[RejectedSuggestion]) -> list[Decision]:
    """All that was decided on a line, the latest first."""
    found, before = [], None
    for value in _own(line, values):
        found.append(
            Decision(value.approved_at, value.approved_by, value.reason, value.amount, before, value.starts_on)
        )
        before = value.amount
    for row in rejected:
        if (row.official.touch_type_id, row.official.tier_id) == (line.touch_type.pk, line.tier.pk):
            found.append(Decision(row.rejected_at, row.rejected_by, row.reason, None, row.official.amount, row.on, row))
    return sorted(found, key=lambda row: (row.starts_on, row.at), reverse=True)


def _own(line: Line, values: Iterable[TouchValue]) -> list[TouchValue]:
    """The official values of a line in the order of their start."""
    place = (line.stage, line.touch_type.pk, line.tier.pk)
    return sorted(
        (row for row in values if (row.stage, row.touch_type_id, row.tier_id) == place),
        key=lambda row: (row.starts_on, row.pk),
    )


class Past(Struct, frozen=True):
    """The evidence of a month, the official value of its day, and what was decided since the month before."""

    on: dt.date
    official: Decimal | None
    evidence: TouchEvidence
    decided: list[Decision]


@prepared
def months_question(stage: str, touch_type: int, tier: int) -> QuerySet[TouchEvidence]:
    """A line's own evidence month by month, oldest first."""
    rows = TouchEvidence.objects.filter(
        stage=stage, touch_type=touch_type, tier=tier, value__isnull=False, is_pooled=False
    )
    return rows.select_related("run").only("value", "low", "high", "run__on").order_by("run__on")


def line_history(
    line: Line, values: Iterable[TouchValue], decided: Iterable[Decision], months: Sequence[TouchEvidence]
) -> list[Past]:
    """Month by month the line's own evidence (`months_question`) beside the official value, oldest first."""
    own = _own(line, values)
    by_month: dict[int, list[Decision]] = defaultdict(list)
    for decision in (row for row in decided if row.by):
        # What was decided after the last one stands with it; what was before the first one, nowhere.
        place = next((number for number, row in enumerate(months) if decision.on <= row.run.on), len(months) - 1)
        if place or (months and decision.on == months[0].run.on):
            by_month[place].append(decision)
    found = []
    for number, row in enumerate(months):
        held = [value.amount for value in own if value.starts_on <= row.run.on]
        found.append(Past(row.run.on, held[-1] if held else None, row, by_month[number]))
    return found
