"""Official values beside what touches brought: a line a touch type and tier, and all of one line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import QuerySet
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area, may_all
from customers.models import Tier, TouchType
from planning.engine.drift import INSIDE, Figure, how_far, side, stays_rejected
from planning.models import EvidenceRun, RejectedSuggestion, TouchEvidence, TouchValue, ValueStage
from territory.together import Prepared, prepared, together

# Above it a suggestion is a whole amount: evidence knows no pennies.
WHOLE_FROM = 10

# What evidence is made of: who does not see all of each sees none of it.
EVIDENCE_AREAS = (Area.CUSTOMERS, Area.TOUCHES, Area.ORDERS, Area.AMOUNTS)


class Line(Struct, frozen=True):
    """A touch type on a tier: the official value of today (None: not set), and the evidence, where there is any.

    `rejected`: what was decided about this official value and keeps it, as long as evidence has not moved since.
    """

    stage: str
    touch_type: TouchType
    tier: Tier
    official: TouchValue | None
    evidence: TouchEvidence | None
    rejected: RejectedSuggestion | None = None

    @property
    def query(self) -> str:
        """The line in an address."""
        return f"for={self.stage}&type={self.touch_type.pk}&tier={self.tier.pk}"

    @property
    def stage_name(self) -> str:
        return ValueStage(self.stage).label

    @property
    def figure(self) -> Figure | None:
        """The evidence that the official value can be held against; None where one of them is missing, or wins are too few."""
        found = self.evidence
        return None if self.official is None or found is None or found.is_pooled else figure_of(found)

    @property
    def drift(self) -> float | None:
        """By how much the official value differs from the evidence, as a share; None too where all wins were worth nothing."""
        figure = self.figure
        if self.official is None or figure is None or not figure.value:
            return None
        return float(self.official.amount) / figure.value - 1

    @property
    def is_outside(self) -> bool:
        """Whether the official value lies outside the interval of evidence that has wins enough, and nobody keeps it."""
        return self._lies_outside and self.rejected is None

    @property
    def is_kept(self) -> bool:
        """Whether it lies outside, and somebody has decided that it stays."""
        return self._lies_outside and self.rejected is not None

    @property
    def _lies_outside(self) -> bool:
        figure = self.figure
        return figure is not None and side(float(self.official.amount), figure) != INSIDE  # type: ignore[union-attr]

    @property
    def how_far(self) -> float:
        """How far official and evidence lie apart, for an order."""
        if self.official is None or self.evidence is None or self.evidence.value is None:
            return 0.0
        return how_far(float(self.official.amount), self.evidence.value)

    @property
    def suggestion(self) -> Decimal | None:
        """The evidence as an amount one would set."""
        if self.evidence is None or self.evidence.value is None:
            return None
        return suggested(self.evidence.value)

    @property
    def is_as_evidence(self) -> bool:
        """Whether the official value is the suggestion."""
        return self.official is not None and self.official.amount == self.suggestion

    @property
    def is_suggested(self) -> bool:
        """Whether evidence that has wins enough suggests another amount than the official one."""
        return self.credit is not None and not self.is_as_evidence

    @property
    def credit(self) -> float | None:
        """What all these touches got."""
        found = self.evidence
        return None if found is None or found.value is None or found.is_pooled else found.value * found.touches


class Group(Struct, frozen=True):
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


class ValuesTable(Struct, frozen=True):
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
        return sum(line.figure is not None for line in self.lines)

    @property
    def outside(self) -> int:
        return sum(line.is_outside for line in self.lines)

    @property
    def kept(self) -> int:
        """Lines that lie outside and whose suggestion was rejected."""
        return sum(line.is_kept for line in self.lines)

    @property
    def most_off(self) -> Line | None:
        """Of the lines outside, the one furthest from its evidence."""
        return max((line for line in self.lines if line.is_outside), key=lambda line: line.how_far, default=None)

    def line(self, touch_type: int | None, tier: int | None) -> Line | None:
        """The line asked for; else the one that is most off, where there is one."""
        chosen = (line for line in self.lines if (line.touch_type.pk, line.tier.pk) == (touch_type, tier))
        return next(chosen, None) or self.most_off


def sees_evidence(user: User) -> bool:
    """Evidence tells of all customers, their touches, orders and amounts."""
    return all(may_all(user, area, Act.SEE) for area in EVIDENCE_AREAS)


def may_approve(user: User) -> bool:
    """A capability of its own, for the whole company."""
    return may_all(user, Area.TOUCH_VALUES, Act.APPROVE)


def suggested(value: float) -> Decimal:
    """Rounded half up: whole from 10 on, else with two decimals."""
    return Decimal(repr(value)).quantize(Decimal(1) if value >= WHOLE_FROM else Decimal("0.01"), ROUND_HALF_UP)


def figure_of(row: TouchEvidence | RejectedSuggestion | None) -> Figure | None:
    """The figure with its interval; None where one of them is missing."""
    if row is None or row.value is None or row.low is None or row.high is None:
        return None
    return Figure(row.value, row.low, row.high)


def official_on(touch_type: int, tier: int, stage: str, on: dt.date) -> TouchValue | None:
    """The official value of a day: the latest start not after it."""
    rows = TouchValue.objects.filter(touch_type=touch_type, tier=tier, stage=stage, starts_on__lte=on)
    return rows.select_related("approved_by").order_by("starts_on", "pk").last()


def next_start(touch_type: int, tier: int, stage: str, on: dt.date) -> dt.date | None:
    """The first day after this one on which another official value of the line starts."""
    rows = TouchValue.objects.filter(touch_type=touch_type, tier=tier, stage=stage, starts_on__gt=on)
    return rows.order_by("starts_on").values_list("starts_on", flat=True).first()


@prepared
def values_question() -> QuerySet[TouchValue]:
    """All official values, those of days to come too, in the order in which they start."""
    shown = ("stage", "amount", "reason", "starts_on", "approved_at", "approved_by__name")
    rows = TouchValue.objects.select_related("touch_type", "tier", "approved_by")
    return rows.only(*shown, "touch_type__name", "tier__name", "tier__position").order_by("starts_on", "pk")


@prepared
def rejections_question(stage: str) -> QuerySet[RejectedSuggestion]:
    """All that were rejected for a stage, oldest first."""
    rows = RejectedSuggestion.objects.filter(official__stage=stage)
    return rows.select_related("official", "rejected_by").order_by("rejected_at", "pk")


@prepared
def _types() -> QuerySet[TouchType]:
    return TouchType.objects.live()


@prepared
def _tiers() -> QuerySet[Tier]:
    return Tier.objects.live()


@prepared
def _latest_run() -> QuerySet[EvidenceRun]:
    return EvidenceRun.objects.order_by("-on")[:1]


@prepared
def _latest_evidence(stage: str) -> QuerySet[TouchEvidence]:
    return TouchEvidence.objects.filter(run__in=EvidenceRun.latest(), stage=stage).defer("chances")


def values_table(
    stage: str,
    values: Iterable[TouchValue],
    on: dt.date,
    *,
    sees_evidence: bool,
    rejected: Iterable[RejectedSuggestion] = (),
) -> ValuesTable:
    """Today's values of a stage beside the latest evidence and what was `rejected`, in one query."""
    nothing = EvidenceRun.objects.none(), TouchEvidence.objects.none()
    evidence = (_latest_run(), _latest_evidence(stage)) if sees_evidence else nothing
    types, tiers, runs, rows = together(_types(), _tiers(), *evidence)
    run = next(iter(runs), None)
    sample = run.samples.get(stage, NOTHING) if run else NOTHING
    groups = [
        Group(tier, lines, sample["tiers"].get(str(tier.pk), NO_COURSES) if run else None)
        for tier, lines in _lines(stage, on, values, rejected, rows, types, tiers)
    ]
    return ValuesTable(groups, run, sample["is_growing"], Decimal(sample["without_touches"]))


def lines_outside(on: dt.date) -> list[Line]:
    """Official values of both stages that lie outside and that nobody keeps, the most off first; in one query."""
    return outside_of(on, together(*outside_questions()))


def outside_questions() -> list[Prepared]:
    """What `outside_of` is told from."""
    of_stages = [ask(stage) for stage in ValueStage.values for ask in (rejections_question, _latest_evidence)]
    return [values_question(), _types(), _tiers(), *of_stages]


def outside_of(on: dt.date, answers: Sequence[list]) -> list[Line]:
    """The same as `lines_outside`, of the answers to `outside_questions`."""
    values, types, tiers, *of_stages = answers
    found = [
        line
        for stage, rejected, evidence in zip(ValueStage.values, of_stages[::2], of_stages[1::2], strict=True)
        for _tier, lines in _lines(stage, on, values, rejected, evidence, types, tiers)
        for line in lines
        if line.is_outside
    ]
    return sorted(found, key=lambda line: -line.how_far)


def _lines(
    stage: str,
    on: dt.date,
    values: Iterable[TouchValue],
    rejected: Iterable[RejectedSuggestion],
    evidence: Iterable[TouchEvidence],
    types: Sequence[TouchType],
    tiers: Iterable[Tier],
) -> Iterator[tuple[Tier, list[Line]]]:
    """The lines of each tier."""
    current = {
        (row.touch_type_id, row.tier_id): row
        for row in sorted(values, key=lambda row: (row.starts_on, row.pk))
        if row.stage == stage and row.starts_on <= on
    }
    found = {(row.touch_type_id, row.tier_id): row for row in evidence}
    kept = {row.official_id: row for row in rejected}
    for tier in tiers:
        places = [(kind, (kind.pk, tier.pk)) for kind in types]
        yield tier, [_line(stage, kind, tier, current.get(at), found.get(at), kept) for kind, at in places]


def _line(
    stage: str,
    kind: TouchType,
    tier: Tier,
    official: TouchValue | None,
    evidence: TouchEvidence | None,
    kept: Mapping[int, RejectedSuggestion],
) -> Line:
    seen = kept.get(official.pk) if official else None
    before, now = figure_of(seen), figure_of(evidence)
    holds = official and before and now and stays_rejected(float(official.amount), before, now)
    return Line(stage, kind, tier, official, evidence, seen if holds else None)


def line_on(stage: str, touch_type: int | None, tier: int | None, on: dt.date) -> Line | None:
    """One line with the latest evidence and the official value of a day, in one query; None without evidence."""
    if stage not in ValueStage.values or touch_type is None or tier is None:
        return None
    line = stage, touch_type, tier
    found, official, kept = together(_evidence_on(*line), _official_on(*line, on), _rejected_on(*line))
    if not found:
        return None
    held = {row.official_id: row for row in kept}
    return _line(stage, found[0].touch_type, found[0].tier, official[0] if official else None, found[0], held)


@prepared
def _evidence_on(stage: str, touch_type: int, tier: int) -> QuerySet[TouchEvidence]:
    rows = TouchEvidence.objects.filter(run__in=EvidenceRun.latest(), stage=stage, touch_type=touch_type, tier=tier)
    return rows.select_related("run", "touch_type", "tier")


@prepared
def _official_on(stage: str, touch_type: int, tier: int, on: dt.date) -> QuerySet[TouchValue]:
    values = TouchValue.objects.filter(stage=stage, touch_type=touch_type, tier=tier, starts_on__lte=on)
    return values.select_related("approved_by").order_by("-starts_on", "-pk")[:1]


@prepared
def _rejected_on(stage: str, touch_type: int, tier: int) -> QuerySet[RejectedSuggestion]:
    rows = RejectedSuggestion.objects.filter(
        official__stage=stage, official__touch_type=touch_type, official__tier=tier
    )
    return rows.order_by("rejected_at", "pk")


NOTHING: dict[str, Any] = {"tiers": {}, "is_growing": False, "without_touches": "0"}
NO_COURSES = {"won": 0, "lost": 0, "business": "0"}
