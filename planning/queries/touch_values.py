"""Official values beside what touches brought: a line a touch type and tier, and all of one line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from accounts.models import User
from accounts.permissions import Act, Area, may_all
from customers.models import Tier, TouchType
from planning.models import EvidenceRun, TouchEvidence, TouchValue

# Above it a suggestion is a whole amount: evidence knows no pennies.
WHOLE_FROM = 10


@dataclass(frozen=True)
class Line:
    """A touch type on a tier: the official value of today (None: not set), and the evidence, where there is any."""

    touch_type: TouchType
    tier: Tier
    official: TouchValue | None
    evidence: TouchEvidence | None

    @property
    def drift(self) -> float | None:
        """By how much the official value differs from the evidence, as a share; None where one of them is missing."""
        found = self.evidence
        if self.official is None or found is None or found.is_pooled or not found.value:
            return None
        return float(self.official.amount) / found.value - 1

    @property
    def is_outside(self) -> bool:
        """Whether the official value lies outside the interval of evidence that has wins enough."""
        found = self.evidence
        if self.drift is None or found is None or found.low is None or found.high is None:
            return False
        return not found.low <= float(self.official.amount) <= found.high  # type: ignore[union-attr]

    @property
    def suggestion(self) -> Decimal | None:
        """The evidence as an amount one would set."""
        if self.evidence is None or self.evidence.value is None:
            return None
        return suggested(self.evidence.value)

    @property
    def credit(self) -> float | None:
        """What all these touches got."""
        found = self.evidence
        return None if found is None or found.value is None or found.is_pooled else found.value * found.touches


@dataclass(frozen=True)
class Group:
    """The lines of a tier, with the courses that they rest on: won, lost, business (None: no evidence yet)."""

    tier: Tier
    lines: list[Line]
    sample: Mapping[str, Any] | None

    @property
    def business(self) -> Decimal | None:
        """What these courses won."""
        return None if self.sample is None else Decimal(self.sample["business"])

    @property
    def has_too_few(self) -> bool:
        """Whether no touch type has wins enough on this tier."""
        return self.sample is not None and all(line.evidence is None or line.evidence.is_pooled for line in self.lines)


@dataclass(frozen=True)
class ValuesTable:
    """All lines of a stage by tier. `run` None: no evidence, or none that the reader may see."""

    groups: list[Group]
    run: EvidenceRun | None
    is_growing: bool
    without_touches: Decimal

    @property
    def lines(self) -> Iterable[Line]:
        return (line for group in self.groups for line in group.lines)

    @property
    def compared(self) -> int:
        """Lines whose official value can be held against evidence."""
        return sum(line.drift is not None for line in self.lines)

    @property
    def outside(self) -> int:
        return sum(line.is_outside for line in self.lines)

    def line(self, touch_type: int | None, tier: int | None) -> Line | None:
        """The line asked for; else the first whose official value lies outside, where there is one."""
        chosen = (line for line in self.lines if (line.touch_type.pk, line.tier.pk) == (touch_type, tier))
        return next(chosen, None) or next((line for line in self.lines if line.is_outside), None)


@dataclass(frozen=True)
class Past:
    """An official value and the evidence of a month, for the history of a line."""

    on: dt.date
    official: Decimal | None
    evidence: TouchEvidence


def sees_evidence(user: User) -> bool:
    """Evidence tells of all customers, their touches, orders and amounts."""
    areas = (Area.CUSTOMERS, Area.TOUCHES, Area.ORDERS, Area.AMOUNTS)
    return all(may_all(user, area, Act.SEE) for area in areas)


def suggested(value: float) -> Decimal:
    """Rounded half up: whole from 10 on, else with two decimals."""
    return Decimal(repr(value)).quantize(Decimal(1) if value >= WHOLE_FROM else Decimal("0.01"), ROUND_HALF_UP)


def values_table(stage: str, values: Iterable[TouchValue], on: dt.date, *, sees_evidence: bool) -> ValuesTable:
    """Today's values of a stage beside the latest evidence, in four queries."""
    current = {
        (row.touch_type_id, row.tier_id): row
        for row in sorted(values, key=lambda row: (row.starts_on, row.pk))
        if row.stage == stage and row.starts_on <= on
    }
    types, tiers = list(TouchType.objects.live()), list(Tier.objects.live())
    run = EvidenceRun.objects.first() if sees_evidence else None
    found = (
        {(row.touch_type_id, row.tier_id): row for row in run.rows.filter(stage=stage).defer("chances")} if run else {}
    )
    sample = run.samples[stage] if run else NOTHING
    groups = [
        Group(
            tier,
            [Line(kind, tier, current.get((kind.pk, tier.pk)), found.get((kind.pk, tier.pk))) for kind in types],
            sample["tiers"].get(str(tier.pk), NO_COURSES) if run else None,
        )
        for tier in tiers
    ]
    return ValuesTable(groups, run, sample["is_growing"], Decimal(sample["without_touches"]))


NOTHING: dict[str, Any] = {"tiers": {}, "is_growing": False, "without_touches": "0"}
NO_COURSES = {"won": 0, "lost": 0, "business": "0"}


def line_history(line: Line, stage: str, values: Iterable[TouchValue]) -> list[Past]:
    """Month by month the line's own evidence and the official value of that day, oldest first; one query."""
    rows = TouchEvidence.objects.filter(
        stage=stage, touch_type=line.touch_type, tier=line.tier, value__isnull=False, is_pooled=False
    )
    own = sorted(
        (
            row
            for row in values
            if (row.stage, row.touch_type_id, row.tier_id) == (stage, line.touch_type.pk, line.tier.pk)
        ),
        key=lambda row: row.starts_on,
    )
    found = []
    for row in rows.select_related("run").order_by("run__on"):
        held = [value.amount for value in own if value.starts_on <= row.run.on]
        found.append(Past(row.run.on, held[-1] if held else None, row))
    return found
