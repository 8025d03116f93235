"""Where a prospect is on its tier's curve: touches of its selling course beside those that customers took."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from customers.models import CourseOutcome, Customer, SellingCourse, Stage, TierPeriod, Touch
from planning.engine.courses import FEWEST_WINS
from planning.models import CurveKind, EvidenceRun, TierCurve
from planning.queries.touches_to_customer import Kept
from territory import clock
from territory.together import Asking, prepared


@dataclass(frozen=True)
class Place:
    """Touches of the course until now, and the curve it is held against: that of `tier`, or of all tiers (`is_pooled`).

    `tier`: name of the tier of the course's first day; `own_wins`: courses won of it.
    """

    touches: int
    tier: str
    own_wins: int
    curve: Kept
    is_pooled: bool
    computed_at: dt.datetime

    @property
    def share(self) -> float | None:
        """Of all such courses, those won within as many touches; None: not known yet."""
        return self.curve.share_within(self.touches)


def place_on_curve(customer: Customer) -> Asking[Place | None]:
    """Of a prospect, for a reader of its touches; None where it is none, and where the wins of all tiers are too few to tell."""
    if customer.stage != Stage.PROSPECT or customer.archived_at or not customer.touches_seen:  # type: ignore[attr-defined]
        return None
    courses, tiers = yield [_course(customer.pk, clock.now()), _tiers(customer.pk)]
    if not courses:
        return None
    [(started_at, touches)] = courses
    (rows,) = yield [_curves(_on(clock.day_of(started_at, clock.company_zone()), tiers))]
    return _place(touches, rows)


def _place(touches: int, rows: Iterable[Mapping[str, Any]]) -> Place | None:
    own = of_all = None
    for row in rows:
        own, of_all = (own, row) if row["tier"] is None else (row, of_all)
    if of_all is None or of_all["figures"]["won"] < FEWEST_WINS:
        return None
    own_wins = own["figures"]["won"] if own else 0
    is_pooled = own is None or own_wins < FEWEST_WINS
    shown = of_all if is_pooled else own
    return Place(
        touches=touches,
        tier=own["tier__name"] if own else "",
        own_wins=own_wins,
        curve=Kept(shown["steps"], shown["figures"]),
        is_pooled=is_pooled,
        computed_at=shown["run__computed_at"],
    )


@prepared
def _course(customer: int, now: dt.datetime) -> QuerySet:
    """When the open course started, and how many touches it had until now."""
    made = Touch.objects.live().filter(customer=customer, at__gte=OuterRef("started_at"), at__lte=now)
    count = made.order_by().values("customer").annotate(count=Count("pk")).values("count")
    rows = SellingCourse.objects.filter(customer=customer, outcome=CourseOutcome.OPEN).order_by("-started_at")
    return rows.values_list("started_at", Coalesce(Subquery(count, IntegerField()), 0))[:1]


@prepared
def _tiers(customer: int) -> QuerySet:
    """Since when the customer is of which tier, first to last."""
    return TierPeriod.objects.filter(customer=customer).order_by("starts_on").values_list("starts_on", "tier")


def _on(day: dt.date, tiers: Iterable[tuple[dt.date, int | None]]) -> int | None:
    found = None
    for starts_on, tier in tiers:
        if starts_on <= day:
            found = tier
    return found


@prepared
def _curves(tier: int | None) -> QuerySet:
    """The latest curve of a tier and that of all."""
    latest = EvidenceRun.objects.order_by("-on").values("pk")[:1]
    rows = TierCurve.objects.filter(Q(tier=tier) | Q(tier=None), kind=CurveKind.TOUCHES_TO_CUSTOMER, run=latest)
    return rows.order_by().values("tier", "tier__name", "steps", "figures", "run__computed_at")
