"""What a customer's page shows of this room: each says what it asks and what it makes of it (territory.together)."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, Count, Max, OuterRef, Q, QuerySet, Subquery, Value, When

from accounts.permissions import Act, Area
from customers.models import Assignment, Contact, ContactRole, Customer, Order, OrderStatus, TierFix, Touch
from customers.scope import is_within, sight
from territory import clock
from territory.rows import on_day
from territory.together import Asking

# A gap in contact roles is one on customers of the highest tiers only.
TOP_TIERS = 2
# Won orders count on so many days, today included.
YEAR_DAYS = 365


_OWN = tuple(field.name for field in Customer._meta.concrete_fields)


def customers_for(user) -> QuerySet[Customer]:
    """Customers the person may see, each saying what that person sees of it (`sight`) and whether they `may_change` it."""
    return (
        Customer.objects.visible_to(user)
        .select_related("tier", "team", "market")
        .only(*_OWN, "tier__name", "tier__position", "team__name", "market__name")
        .annotate(may_change=is_within(user, Area.CUSTOMERS, Act.CHANGE), **sight(user))
    )


# Names alone: whole rows of people and roles would cost more than all else that is said of the team.
_NAMES_OF_TEAM = ("membership__user__name", "membership__role__name", "membership__role__position")


def team_of(customer: Customer) -> Asking[list[Assignment]]:
    """Who works on the customer today, the owner first."""
    rows = Assignment.objects.on(clock.company_today()).filter(customer=customer)
    (team,) = yield [rows.select_related("membership__user", "membership__role").only("kind", *_NAMES_OF_TEAM)]
    return sorted(team, key=lambda row: (row.kind == "support", row.membership.role.position, row.pk))


@dataclass(frozen=True)
class Contacts:
    """Contacts who are there, each with `last_met`, those who left, and the contact roles that are missing."""

    there: list[Contact]
    gone: list[Contact]
    gaps: list[ContactRole]


_OF_CONTACT = ("name", "title", "decides", "phone", "email", "left_on", "role__name")


def contacts_of(user, customer: Customer) -> Asking[Contacts]:
    """The customer's contacts; `last_met` is the newest touch with them that the reader may see."""
    met = Touch.objects.live().visible_on(customer, user).filter(contacts=OuterRef("pk"), at__lte=clock.now())
    last = met.order_by("-at").values("at")[:1]
    known = Contact.objects.live().filter(customer=customer).select_related("role").only(*_OF_CONTACT)
    rows, expected = yield [
        known.annotate(last_met=Subquery(last)).order_by("name", "pk"),
        _expected_roles(customer),
    ]
    today = clock.company_today()
    gone = [row for row in rows if row.left_on and row.left_on <= today]
    there = [row for row in rows if row not in gone]
    held = {contact.role_id for contact in there}
    return Contacts(there, gone, [role for role in expected if role.pk not in held])


def _expected_roles(customer: Customer) -> QuerySet[ContactRole]:
    """Contact roles that somebody should hold there: on customers of the two highest tiers."""
    if customer.tier is None or customer.tier.position > TOP_TIERS:
        return ContactRole.objects.none()
    return ContactRole.objects.live().filter(expected_in_top_tiers=True)


@dataclass(frozen=True)
class Figures:
    """Counts of a customer: orders won in 365 days (None: not for this reader), last touch, and how much there is of each."""

    won: int | None
    last_touch: dt.datetime | None
    touches: int
    orders: int


def figures(user, customer: Customer) -> Asking[Figures]:
    """The head's figures."""
    now, zone = clock.now(), clock.company_zone()
    year = clock.start_of_day(clock.day_of(now, zone) - dt.timedelta(days=YEAR_DAYS - 1), zone)
    touches = Touch.objects.live().visible_on(customer, user).filter(at__lte=now).order_by().values_list("customer")
    orders = Order.objects.live().visible_on(customer).order_by().values_list("customer")
    won = Q(status=OrderStatus.WON, closed_at__gte=year, closed_at__lte=now)
    touched, ordered = yield [
        touches.annotate(Count("pk"), Max("at")),
        orders.annotate(count=Count("pk"), won=Count("pk", filter=won)),
    ]
    [(_customer, count, last)] = touched or [(customer.pk, 0, None)]
    [(_customer, orders_count, orders_won)] = ordered or [(customer.pk, 0, 0)]
    return Figures(won=orders_won, last_touch=last, touches=count, orders=orders_count)


def open_fixes(customer: Customer) -> QuerySet[TierFix]:
    """Tiers fixed by hand that are in force, the latest first: that one counts."""
    fixes = TierFix.objects.filter(on_day(clock.company_today()), customer=customer)
    return fixes.select_related("tier", "fixed_by").reverse()


def open_fix(customer: Customer) -> Asking[TierFix | None]:
    """The tier fixed by hand that is in force, if any."""
    (fixes,) = yield [open_fixes(customer).only("reason", "tier__name", "fixed_by__name")[:1]]
    return next(iter(fixes), None)


def orders_of(customer: Customer, limit: int = 100) -> Asking[list[Order]]:
    """The customer's orders, pending ones first, then the latest closed."""
    rows = Order.objects.live().visible_on(customer).with_amounts_on(customer).select_related("product_line")
    rank = Case(When(status=OrderStatus.PENDING, then=Value(0)), default=Value(1))
    (orders,) = yield [rows.order_by(rank, "-closed_at", "-pk")[:limit]]
    return orders
