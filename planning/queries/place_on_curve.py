"""Where a prospect is on its tier's curve: touches of its selling course beside those that customers took."""

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import TruncDate
from msgspec import Struct

from customers.models import CourseOutcome, Customer, SellingCourse, Stage, TierPeriod, Touch
from planning.engine.courses import FEWEST_WINS
from planning.models import CurveKind, EvidenceRun, TierCurve
from planning.queries.touches_to_customer import CurveOfTouches
from territory import clock
from territory.together import Asking, prepared


class Place(Struct, frozen=True):
    """Touches of the course until now, and the curve it is held against: that of `tier`, or of all tiers (`is_pooled`).

    `tier`: name of the tier of the course's first day; `own_wins`: courses won of it.
    """

    touches: int
    tier: str
    own_wins: int
    curve: CurveOfTouches
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
    courses, tiers, runs = yield [_course(customer.pk), _tiers(customer.pk), _run()]
    if not courses or not runs:
        return None
    [started_at], [(run, parameters, computed_at)] = courses, runs
    zone = clock.company_zone()
    once = zone if parameters.get("repeats_count_once") else None
    rows, made = yield [
        _curves(run, _on(clock.day_of(started_at, zone), tiers)),
        _made(customer.pk, started_at, clock.now(), once),
    ]
    return _place(sum(count for *_of, count in made), rows, computed_at)


def _place(touches: int, rows: Iterable[Mapping[str, Any]], computed_at: dt.datetime) -> Place | None:
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
        curve=CurveOfTouches(shown["steps"], shown["figures"]),
        is_pooled=is_pooled,
        computed_at=computed_at,
    )


@prepared
def _course(customer: int) -> QuerySet:
    """When the open course started."""
    rows = SellingCourse.objects.filter(customer=customer, outcome=CourseOutcome.OPEN)
    return rows.order_by("-started_at").values_list("started_at", flat=True)[:1]


@prepared
def _run() -> QuerySet:
    """The latest run, and how it counted."""
    return EvidenceRun.objects.order_by("-on").values_list("pk", "parameters", "computed_at")[:1]


@prepared
def _made(customer: int, since: dt.datetime, now: dt.datetime, once: zoneinfo.ZoneInfo | None) -> QuerySet:
    """How many touches a course had, row by row, as the curves count them: `once`, those of a type on a day of this zone are one."""
    rows = Touch.objects.live().filter(customer=customer, at__gte=since, at__lte=now).order_by()
    if once:
        return rows.values_list("type", TruncDate("at", tzinfo=once)).distinct().annotate(count=Value(1))
    return rows.values_list("type").annotate(count=Count("pk"))


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
def _curves(run: int, tier: int | None) -> QuerySet:
    """A run's curve of a tier and that of all."""
    rows = TierCurve.objects.filter(Q(tier=tier) | Q(tier=None), kind=CurveKind.TOUCHES_TO_CUSTOMER, run=run)
    return rows.order_by().values("tier", "tier__name", "steps", "figures")
