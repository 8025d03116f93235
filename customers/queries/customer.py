"""What a customer's page shows of this room: each says what it asks and what it makes of it (territory.together)."""

import datetime as dt

from django.db.models import BigIntegerField, Case, Count, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import Http404
from msgspec import Struct

from accounts.permissions import Act, Area
from customers.models import Assignment, Contact, ContactRole, Customer, Order, OrderStatus, TierFix, Touch
from customers.scope import customers_within, is_within, may_note_expenses, seen_of, sight
from territory import clock
from territory.rows import on_day
from territory.together import Asking, prepared, together

# A gap in contact roles is one on customers of the highest tiers only.
TOP_TIERS = 2
# Won orders count on so many days, today included.
YEAR_DAYS = 365


_OWN = tuple(field.name for field in Customer._meta.concrete_fields)


def customers_for(user) -> QuerySet[Customer]:
    """Customers the person may see, each saying what that person sees of it (`sight`) and whether they `may_change` it
    and `may_note_expense` there."""
    return _marked(customers_within(user, Area.CUSTOMERS, Act.SEE), _marks(user))


def customer_for(user, pk: int) -> Customer:
    """The same of one; Http404 where there is none for this reader."""
    if pk > _LARGEST_KEY:
        raise Http404
    (rows,) = together(_one(pk, customers_within(user, Area.CUSTOMERS, Act.SEE), _marks(user)))
    if not rows:
        raise Http404
    return rows[0]


_LARGEST_KEY = BigIntegerField.MAX_BIGINT


def _marks(user) -> tuple[tuple[str, Case | Value], ...]:
    changes, notes = is_within(user, Area.CUSTOMERS, Act.CHANGE), may_note_expenses(user)
    return (("may_change", changes), ("may_note_expense", notes), *sight(user).items())


def _marked(seen: Q, marks: tuple[tuple[str, Case | Value], ...]) -> QuerySet[Customer]:
    rows = Customer.objects.filter(seen).select_related("tier", "team", "market")
    return rows.only(*_OWN, "tier__name", "tier__position", "team__name", "market__name").annotate(**dict(marks))


@prepared
def _one(pk: int, seen: Q, marks: tuple[tuple[str, Case | Value], ...]) -> QuerySet[Customer]:
    return _marked(seen, marks).filter(pk=pk)


# Names alone: whole rows of people and roles would cost more than all else that is said of the team.
_NAMES_OF_TEAM = ("membership__user__name", "membership__role__name", "membership__role__position")


def team_of(customer: Customer) -> Asking[list[Assignment]]:
    """Who works on the customer today, the owner first."""
    (team,) = yield [_team(customer.pk, clock.company_today())]
    return sorted(team, key=lambda row: (row.kind == "support", row.membership.role.position, row.pk))


@prepared
def _team(customer: int, today: dt.date) -> QuerySet[Assignment]:
    rows = Assignment.objects.on(today).filter(customer=customer)
    return rows.select_related("membership__user", "membership__role").only("kind", *_NAMES_OF_TEAM)


class Contacts(Struct, frozen=True):
    """Contacts who are there, each with `last_met`, those who left, and the contact roles that are missing."""

    there: list[Contact]
    gone: list[Contact]
    gaps: list[ContactRole]


_OF_CONTACT = ("name", "title", "decides", "phone", "email", "left_on", "role__name")


def contacts_of(user, customer: Customer) -> Asking[Contacts]:
    """The customer's contacts; `last_met` is the newest touch with them that the reader may see."""
    is_of_top = customer.tier is not None and customer.tier.position <= TOP_TIERS
    rows, expected = yield [
        _contacts(customer.pk, user.pk, seen_of(customer), clock.now()),
        _expected_roles(is_of_top),
    ]
    today = clock.company_today()
    gone = [row for row in rows if row.left_on and row.left_on <= today]
    there = [row for row in rows if row not in gone]
    held = {contact.role_id for contact in there}
    return Contacts(there, gone, [role for role in expected if role.pk not in held])


@prepared
def _contacts(customer: int, reader: int, seen: tuple[str, ...], now: dt.datetime) -> QuerySet[Contact]:
    met = Touch.objects.live().visible_on(customer, reader, seen).filter(contacts=OuterRef("pk"), at__lte=now)
    rows = Contact.objects.live().filter(customer=customer).select_related("role").only(*_OF_CONTACT)
    return rows.annotate(last_met=Subquery(met.order_by("-at").values("at")[:1])).order_by("name", "pk")


@prepared
def _expected_roles(is_of_top: bool) -> QuerySet[ContactRole]:
    """Contact roles that somebody should hold there: on customers of the two highest tiers."""
    return ContactRole.objects.live().filter(expected_in_top_tiers=True) if is_of_top else ContactRole.objects.none()


class Figures(Struct, frozen=True):
    """Counts of a customer: orders won in 365 days (None: not for this reader), last touch, and how much there is of each."""

    won: int | None
    last_touch: dt.datetime | None
    touches: int
    orders: int


def figures(user, customer: Customer) -> Asking[Figures]:
    """The head's figures."""
    now, zone, seen = clock.now(), clock.company_zone(), seen_of(customer)
    year = clock.start_of_day(clock.day_of(now, zone) - dt.timedelta(days=YEAR_DAYS - 1), zone)
    touched, ordered = yield [_touched(customer.pk, user.pk, seen, now), _ordered(customer.pk, seen, year, now)]
    [(_customer, count, last)] = touched or [(customer.pk, 0, None)]
    [(_customer, orders_count, orders_won)] = ordered or [(customer.pk, 0, 0)]
    return Figures(won=orders_won, last_touch=last, touches=count, orders=orders_count)


@prepared
def _touched(customer: int, reader: int, seen: tuple[str, ...], now: dt.datetime) -> QuerySet:
    """How many touches until now, and the latest."""
    touches = Touch.objects.live().visible_on(customer, reader, seen).filter(at__lte=now)
    return touches.order_by().values_list("customer").annotate(Count("pk"), Max("at"))


@prepared
def _ordered(customer: int, seen: tuple[str, ...], since: dt.datetime, now: dt.datetime) -> QuerySet:
    """How many orders, and how many won since then."""
    won = Q(status=OrderStatus.WON, closed_at__gte=since, closed_at__lte=now)
    orders = Order.objects.live().visible_on(customer, seen).order_by().values_list("customer")
    return orders.annotate(count=Count("pk"), won=Count("pk", filter=won))


def open_fixes(customer: int, today: dt.date) -> QuerySet[TierFix]:
    """Tiers fixed by hand that are in force, the latest first: that one counts."""
    return TierFix.objects.filter(on_day(today), customer=customer).select_related("tier", "fixed_by").reverse()


@prepared
def _fix(customer: int, today: dt.date) -> QuerySet[TierFix]:
    return open_fixes(customer, today).only("reason", "tier__name", "fixed_by__name")[:1]


def open_fix(customer: Customer) -> Asking[TierFix | None]:
    """The tier fixed by hand that is in force, if any."""
    (fixes,) = yield [_fix(customer.pk, clock.company_today())]
    return next(iter(fixes), None)


def orders_of(customer: Customer, limit: int = 100) -> Asking[list[Order]]:
    """The customer's orders, pending ones first, then the latest closed."""
    seen = seen_of(customer)
    rows = Order.objects.live().visible_on(customer.pk, seen).with_amounts_on(seen).select_related("product_line")
    rank = Case(When(status=OrderStatus.PENDING, then=Value(0)), default=Value(1))
    (orders,) = yield [rows.order_by(rank, "-closed_at", "-pk")[:limit]]
    return orders
