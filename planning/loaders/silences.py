"""Orders with the touches made while they were open: won ones with their longest gap, pending ones with their last touch."""

import datetime as dt
from collections import defaultdict

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate
from msgspec import Struct

from customers.models import Order, OrderStatus, SaleType, SaleTypeKind, SellingCourse, TierPeriod, Touch, TouchOutcome
from planning.engine.stalled import Sale, longest_gap
from planning.loaders.ground import Ground
from planning.models import Situation

WINDOW_DAYS = 365
# The kind of situation that a long silence is.
SILENCE = "stalled_order"


class OpenSale(Struct, frozen=True):
    """A pending order: since when nobody was reached. `touched` false: not since it was opened."""

    pk: int
    customer: int
    team: int
    sale_type: int | None
    tier: int | None
    since: dt.date
    touched: bool


def won_sales(ground: Ground) -> list[Sale]:
    """Those closed in the last 365 days whose beginning is known, in 4 queries.

    A normal sale leaves out orders that had a special situation while they were pending: here others than a silence itself, for
    without the longest ones each year's norm would be shorter than the last one's.
    """
    first = ground.start_of(ground.on - dt.timedelta(days=WINDOW_DAYS - 1))
    won = Order.objects.live().filter(
        status=OrderStatus.WON, closed_at__gte=first, closed_at__lt=ground.until, customer__archived_at__isnull=True
    )
    odd = Situation.objects.filter(order=OuterRef("pk"), opened_at__lt=OuterRef("closed_at")).exclude(kind=SILENCE)
    won = won.exclude(Exists(odd))
    courses = SellingCourse.objects.filter(order__in=won.order_by().values("pk")).order_by()
    began = dict(courses.values_list("order_id", "started_at"))
    touched = _touched(ground, first)
    found = []
    rows = (
        _with_tier(won, ground).order_by("pk").values_list("pk", "sale_type_id", "tier_then", "opened_at", "closed_at")
    )
    for pk, sale_type, tier, opened_at, closed_at in rows:
        start = min((at for at in (began.get(pk), opened_at) if at is not None), default=None)
        if start is not None and start <= closed_at:
            days = (_day(at, ground) for at in touched.get(pk, ()) if start <= at <= closed_at)
            found.append(Sale(sale_type, tier, longest_gap(_day(start, ground), days, _day(closed_at, ground))))
    return found


def _touched(ground: Ground, first: dt.datetime) -> dict[int, list[dt.datetime]]:
    """When somebody was reached while these orders were open, or the selling courses that they won, by order."""
    reached = Touch.objects.live().exclude(outcome=TouchOutcome.NO_ANSWER).order_by()
    open_then = reached.filter(
        Q(order__isnull=True) | Q(order=F("customer__orders")),
        customer__orders__status=OrderStatus.WON,
        customer__orders__archived_at__isnull=True,
        customer__orders__closed_at__gte=first,
        customer__orders__closed_at__lt=ground.until,
        at__gte=F("customer__orders__opened_at"),
        at__lte=F("customer__orders__closed_at"),
    )
    in_course = reached.filter(
        customer__courses__order__closed_at__gte=first,
        customer__courses__order__closed_at__lt=ground.until,
        at__gte=F("customer__courses__started_at"),
        at__lte=F("customer__courses__ended_at"),
    )
    found: dict[int, list[dt.datetime]] = defaultdict(list)
    for rows in (
        open_then.values_list("customer__orders__pk", "at"),
        in_course.values_list("customer__courses__order_id", "at"),
    ):
        for order, at in rows.iterator(chunk_size=5000):
            found[order].append(at)
    return found


def open_sales(ground: Ground, *, from_log: bool) -> list[OpenSale]:
    """Pending ones on the day, in 2 queries; `from_log`: one that ended later is pending."""
    orders = Order.objects.live().filter(customer__archived_at__isnull=True)
    if from_log:
        orders = orders.filter(
            Q(closed_at__isnull=True) | Q(closed_at__gte=ground.until),
            Q(opened_at__isnull=True) | Q(opened_at__lt=ground.until),
        )
    else:
        orders = orders.filter(status=OrderStatus.PENDING)
    for_it = Q(order__isnull=True) | Q(order=OuterRef("pk"))
    reached = Touch.objects.live().exclude(outcome=TouchOutcome.NO_ANSWER).filter(at__lt=ground.until)
    last = reached.filter(for_it, customer=OuterRef("customer")).order_by().values("customer").annotate(last=Max("at"))
    rows = _with_tier(orders, ground).annotate(last_touch=Subquery(last.values("last")))
    kinds = dict(SaleType.objects.order_by().values_list("kind", "pk"))
    found = []
    for pk, customer, team, sale_type, tier, stage, opened_at, created_at, last_touch in rows.order_by(
        "pk"
    ).values_list(
        "pk",
        "customer_id",
        "team_id",
        "sale_type_id",
        "tier_then",
        "customer__stage",
        "opened_at",
        "created_at",
        "last_touch",
    ):
        began_at = opened_at or created_at
        touched = last_touch is not None and last_touch >= began_at
        # Nobody chose a type yet: it becomes what an order of this customer would become if it closed now.
        expected = kinds.get(SaleTypeKind.REPEAT if stage == "customer" else SaleTypeKind.NEW_BUSINESS)
        since = _day(last_touch if touched else began_at, ground)
        found.append(OpenSale(pk, customer, team, sale_type or expected, tier, since, touched))
    return found


def _with_tier(orders: QuerySet, ground: Ground) -> QuerySet:
    """With `tier_then`: that of the day the order was opened, else closed, else of the day."""
    day = TruncDate(Coalesce("opened_at", "closed_at", "created_at"), tzinfo=ground.zone)
    then = TierPeriod.objects.filter(customer=OuterRef("customer"), starts_on__lte=OuterRef("opened_on"))
    return orders.annotate(opened_on=day).annotate(
        tier_then=Subquery(then.order_by("-starts_on").values("tier_id")[:1])
    )


def _day(moment: dt.datetime, ground: Ground) -> dt.date:
    return moment.astimezone(ground.zone).date()
