"""What a customer's page shows of this room, in a fixed number of queries."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, Count, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields import BooleanField

from accounts.permissions import Act, Area
from customers.models import Assignment, Contact, ContactRole, Customer, Order, OrderStatus, TierFix, Touch
from customers.scope import amounts_within, customers_within
from territory import clock

# A gap in contact roles is one on customers of the highest tiers only.
TOP_TIERS = 2
# Won orders count on so many days, today included.
YEAR_DAYS = 365


def _yes(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def customers_for(user) -> QuerySet[Customer]:
    """Customers the person may see, each saying `amounts_seen` and `may_change` of that person."""
    return (
        Customer.objects.visible_to(user)
        .select_related("tier", "team", "market")
        .annotate(
            amounts_seen=_yes(amounts_within(user, customer="")),
            may_change=_yes(customers_within(user, Area.CUSTOMERS, Act.CHANGE)),
        )
    )


def team_of(customer: Customer) -> list[Assignment]:
    """Who works on the customer today, the owner first."""
    rows = Assignment.objects.on(clock.company_today()).filter(customer=customer)
    rows = rows.select_related("membership__user", "membership__role", "membership__team")
    return sorted(rows, key=lambda row: (row.kind == "support", row.membership.role.position, row.pk))


def contacts_of(user, customer: Customer) -> tuple[list[Contact], list[Contact]]:
    """Contacts who are there and those who left, each with `last_met`: the newest touch with them that the reader may see."""
    met = Touch.objects.live().visible_to(user).filter(contacts=OuterRef("pk"), at__lte=clock.now())
    last = met.order_by("-at").values("at")[:1]
    rows = list(
        customer.contacts.live().select_related("role").annotate(last_met=Subquery(last)).order_by("name", "pk")
    )
    today = clock.company_today()
    gone = [row for row in rows if row.left_on and row.left_on <= today]
    return [row for row in rows if row not in gone], gone


def gaps(customer: Customer, contacts: list[Contact]) -> list[ContactRole]:
    """Contact roles that a customer of the two highest tiers should have and nobody there holds."""
    if customer.tier is None or customer.tier.position > TOP_TIERS:
        return []
    held = {contact.role_id for contact in contacts}
    return [role for role in ContactRole.objects.live().filter(expected_in_top_tiers=True) if role.pk not in held]


@dataclass(frozen=True)
class Figures:
    """Counts of a customer: orders won in 365 days (None: not for this reader), last touch, and how much there is of each."""

    won: int | None
    last_touch: dt.datetime | None
    touches: int
    orders: int


def figures(user, customer: Customer) -> Figures:
    """The head's figures in two questions."""
    now, zone = clock.now(), clock.company_zone()
    year = clock.start_of_day(clock.day_of(now, zone) - dt.timedelta(days=YEAR_DAYS - 1), zone)
    touches = Touch.objects.live().visible_to(user).filter(customer=customer, at__lte=now)
    touched = touches.order_by().aggregate(count=Count("pk"), last=Max("at"))
    ordered = (
        Order.objects.live()
        .visible_to(user)
        .filter(customer=customer)
        .order_by()
        .aggregate(
            count=Count("pk"),
            won=Count("pk", filter=Q(status=OrderStatus.WON, closed_at__gte=year, closed_at__lte=now)),
        )
    )
    return Figures(won=ordered["won"], last_touch=touched["last"], touches=touched["count"], orders=ordered["count"])


def open_fix(customer: Customer) -> TierFix | None:
    """The tier fixed by hand that is in force, if any."""
    today = clock.company_today()
    fixes = customer.tier_fixes.filter(Q(starts_on__isnull=True) | Q(starts_on__lte=today))
    fixes = fixes.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
    return fixes.select_related("tier", "fixed_by").last()


def orders_of(user, customer: Customer, limit: int = 100) -> list[Order]:
    """The customer's orders, pending ones first, then the latest closed."""
    rows = Order.objects.live().visible_to(user).with_amounts_for(user).filter(customer=customer)
    rows = rows.select_related("step", "product_line", "sale_type", "salesperson")
    rank = Case(When(status=OrderStatus.PENDING, then=Value(0)), default=Value(1))
    return list(rows.order_by(rank, "-closed_at", "-pk")[:limit])
