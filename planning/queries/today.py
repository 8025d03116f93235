"""What a person does first today: due, overdue and planned touches, best first, each with its reason in words."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When
from msgspec import Struct

from accounts.models import Cover, User
from accounts.permissions import Act, Area, is_stood_in_for, stands_in
from customers.models import Contact, Customer, Order, PlannedTouch, Touch, TouchOutcome, TouchType
from customers.scope import NOTHING, covered_rows, hangs_within, seen_within, stood_in_for
from planning.engine import due as engine
from planning.engine import travel
from planning.engine.value import OfficialValue, ValueTable
from planning.models import BudgetStatus, CustomerFigures, DueTouch, PlanningSettings, TouchValue
from planning.queries.today_row import Callee, Row
from territory import clock
from territory.together import Prepared, prepared, together

# Where a customer without a tier stands: after all others.
NO_TIER = 99


class Planned(NamedTuple):
    """An open planned touch, as far as ranking needs it; `is_within`: the reader's reach over touches covers it, too;
    `is_handed_over`: somebody else does it today."""

    pk: int
    customer: int
    touch_type: int
    assignee: int
    due_on: dt.date
    seconds: int
    travels: bool
    name: str
    archived_at: dt.datetime | None
    stage: str
    tier: int | None
    tier_rank: int | None
    latitude: float | None
    longitude: float | None
    is_within: bool
    is_handed_over: bool


class Thing(engine.Candidate, frozen=True, kw_only=True):
    """Something that could be done today, in figures: all that ranking needs. `key` is that of the planned touch, if it is one."""

    person: int
    due_on: dt.date
    value: Decimal
    value_is_set: bool
    minutes: float
    travel_minutes: float
    never_touched: bool = False


def rows(user: User) -> list[Row]:
    """Due, overdue and planned touches of the person up to today, best first; one row a customer and type. In 4 queries.

    Those of whom they cover are among them; their own, while somebody covers them, are not.
    Amounts of orders only where the person may see them.
    """
    planned = open_planned(user)
    values, settings = together(values_of(planned), PlanningSettings.objects.filter(pk=1))
    found = ranked(user, planned, values, settings[0] if settings else PlanningSettings())
    return in_full(user, found)[0]


def open_planned(user: User) -> list[Planned]:
    """What the person, or whom they stand in for, has planned with customers that they see. In 1 query."""
    mine, handed_over = Q(assignee=user.pk), NOTHING
    if is_stood_in_for(user):
        handed_over = mine & covered_rows(covers_of(user), "assignee")
    if stands_in(user):
        mine |= stood_in_for(user, "assignee")
    seen, within = hangs_within(user, Area.CUSTOMERS, Act.SEE), seen_within(user, Area.TOUCHES, Act.SEE)
    [rows] = together(_open_planned(mine, handed_over, seen, within))
    return [Planned(*row) for row in rows]


@prepared
def _open_planned(mine: Q, handed_over: Q, seen: Q, within: Q) -> QuerySet:
    return PlannedTouch.objects.open().filter(mine, seen).order_by("pk").values_list(
        "pk", "customer_id", "type_id", "assignee_id", "due_on", "duration_seconds", "type__travels",
        "customer__name", "customer__archived_at", "customer__stage", "customer__tier_id", "customer__tier__position",
        "customer__latitude", "customer__longitude", _whether(within), _whether(handed_over),
    )  # fmt: skip


def _whether(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def values_of(planned: Iterable[Planned]) -> Prepared:
    """The question for the official values of the touches that are planned."""
    return _values(frozenset(row.touch_type for row in planned))


@prepared
def _values(types: frozenset[int]) -> QuerySet:
    rows = TouchValue.objects.filter(touch_type__in=types).order_by("pk")
    return rows.values_list("touch_type_id", "tier_id", "stage", "starts_on", "amount")


def ranked(user: User, planned: Iterable[Planned], values: Iterable[tuple], settings: PlanningSettings) -> list[Thing]:
    """What is due by today or planned for it, best first, with the answer to `values_of`. In 1 query."""
    today = clock.today(user)
    table = ValueTable(tuple(OfficialValue(*row) for row in values), today)
    things = [
        _planned_thing(row, user, table, settings, today)
        for row in planned
        if row.archived_at is None and not row.is_handed_over
    ]
    things += _due_things(user, today)
    return [row for row in engine.one_row_each(things, today) if row.due_on <= today]


def _planned_thing(row: Planned, user: User, values: ValueTable, settings: PlanningSettings, today: dt.date) -> Thing:
    worth = values.worth(row.touch_type, row.tier, row.stage)
    trip = 0.0
    if row.travels:
        trip = travel.one_trip(
            place(user.base_latitude, user.base_longitude),
            place(row.latitude, row.longitude),
            float(settings.detour_factor),
            float(settings.travel_speed_kmh),
        ).minutes
    minutes = row.seconds / 60
    return Thing(
        key=row.pk,
        customer=row.customer,
        touch_type=row.touch_type,
        person=row.assignee,
        score=engine.planned_score(worth, row.due_on, today, minutes + trip),
        overdue_days=(today - row.due_on).days,
        tier_rank=NO_TIER if row.tier_rank is None else row.tier_rank,
        name=row.name,
        planned_on=row.due_on,
        due_on=row.due_on,
        value=worth.amount,
        value_is_set=worth.is_set,
        minutes=minutes,
        travel_minutes=trip,
    )


def _due_things(user: User, today: dt.date) -> Iterator[Thing]:
    seen = hangs_within(user, Area.CUSTOMERS, Act.SEE)
    [rows] = together(_due_by(today, user.pk, todays(user, "person"), seen))
    for customer, kind, person, due_on, interval, minutes, trip, value, is_set, rank, name, last in rows:
        overdue = (today - due_on).days
        yield Thing(
            key=None,
            customer=customer,
            touch_type=kind,
            person=person,
            score=engine.score(float(value), engine.urgency(overdue, interval), minutes + trip),
            overdue_days=overdue,
            tier_rank=NO_TIER if rank is None else rank,
            name=name,
            due_on=due_on,
            value=value,
            value_is_set=is_set,
            minutes=minutes,
            travel_minutes=trip,
            never_touched=last is None,
        )


@prepared
def _due_by(today: dt.date, person: int, mine: Q, seen: Q) -> QuerySet:
    rows = DueTouch.objects.filter(
        ~just_done(person), mine, seen, due_on__lte=today, customer__archived_at__isnull=True
    )
    return rows.order_by("pk").values_list(
        "customer_id", "touch_type_id", "person_id", "due_on", "interval_days", "minutes", "travel_minutes",
        "value", "value_is_set", "customer__tier__position", "customer__name", "last_touch_at",
    )  # fmt: skip


def todays(user: User, person: str) -> Q:
    """Condition on rows of a `person` on a customer: the user is to do them today, as their own or standing in."""
    own = Q(**{person: user.pk})
    if is_stood_in_for(user):
        own &= ~covered_rows(covers_of(user), person)
    return own | stood_in_for(user, person) if stands_in(user) else own


def covers_of(user: User) -> QuerySet[Cover]:
    """Who stands in for the user today."""
    return Cover.objects.on(clock.company_today()).filter(user=user)


def just_done(person: int) -> Exists:
    """Whether the person logged such a touch after the stored row was computed: it is gone before the worker came."""
    touches = Touch.objects.live().filter(customer=OuterRef("customer"), type=OuterRef("touch_type"), logged_by=person)
    return Exists(
        touches.exclude(outcome=TouchOutcome.NO_ANSWER).filter(logged_at__gt=OuterRef("customer__figures__computed_at"))
    )


def place(latitude: float | None, longitude: float | None) -> travel.Place | None:
    """A place, or None where it is unknown."""
    return None if latitude is None or longitude is None else (latitude, longitude)


def in_full(
    user: User, things: Sequence[Thing], besides: Collection[Planned] = ()
) -> tuple[list[Row], dict[int, PlannedTouch]]:
    """Rows of these things: the customer, whom to call, the largest pending order, how far the budget is kept. In 1 query.

    Beside them the planned touches among these and `besides`, by key.
    """
    ids = frozenset(row.customer for row in things)
    keys = frozenset({row.key for row in things if row.key is not None} | {row.pk for row in besides})
    others = frozenset(row.person for row in things) - {user.pk}
    customers, types, people, planned, contacts, orders, shares = together(
        _customers(ids | {row.customer for row in besides}),
        _types(frozenset(row.touch_type for row in (*things, *besides))),
        _people(others) if others else User.objects.none(),
        _planned(keys) if keys else PlannedTouch.objects.none(),
        _contacts(ids),
        _orders(ids, seen_within(user, Area.ORDERS, Act.SEE), seen_within(user, Area.AMOUNTS, Act.SEE)),
        _budget_shares(ids, seen_within(user, Area.BUDGETS, Act.SEE)),
    )
    shown = _Shown(
        customers={row.pk: row for row in customers},
        types={row.pk: row for row in types},
        people={row.pk: row for row in people},
        planned={row.pk: row for row in planned},
        contacts={customer: Callee(*row) for customer, *row in contacts},
        orders=dict(orders),
        shares={customer: (actual or 0.0) / budget for customer, actual, budget in shares},
    )
    for row in planned:
        row.customer, row.type = shown.customers[row.customer_id], shown.types[row.type_id]
    return [shown.row(thing) for thing in things], shown.planned


class _Shown(Struct, frozen=True):
    """What rows show beside figures, by key."""

    customers: Mapping[int, Customer]
    types: Mapping[int, TouchType]
    people: Mapping[int, User]
    planned: Mapping[int, PlannedTouch]
    contacts: Mapping[int, Callee]
    orders: Mapping[int, Decimal]
    shares: Mapping[int, float]

    def row(self, thing: Thing) -> Row:
        return Row(
            customer=self.customers[thing.customer],
            touch_type=self.types[thing.touch_type],
            due_on=thing.due_on,
            overdue_days=thing.overdue_days,
            score=thing.score,
            value=thing.value,
            value_is_set=thing.value_is_set,
            minutes=thing.minutes,
            travel_minutes=thing.travel_minutes,
            never_touched=thing.never_touched,
            planned=self.planned.get(thing.key),
            covered=self.people.get(thing.person),
            contact=self.contacts.get(thing.customer),
            order_amount=self.orders.get(thing.customer),
            budget_share=self.shares.get(thing.customer),
        )


@prepared
def _customers(ids: frozenset[int]) -> QuerySet[Customer]:
    shown = (
        "name",
        "town",
        "phone",
        "latitude",
        "longitude",
        "stage",
        "stage_began_at",
        "tier__name",
        "tier__position",
    )
    return Customer.objects.filter(pk__in=ids).select_related("tier").only(*shown).order_by()


@prepared
def _types(ids: frozenset[int]) -> QuerySet[TouchType]:
    return TouchType.objects.filter(pk__in=ids).only("name", "icon", "travels").order_by()


@prepared
def _people(ids: frozenset[int]) -> QuerySet[User]:
    return User.objects.filter(pk__in=ids).only("name").order_by()


@prepared
def _planned(ids: frozenset[int]) -> QuerySet[PlannedTouch]:
    return PlannedTouch.objects.filter(pk__in=ids).order_by()


@prepared
def _contacts(ids: frozenset[int]) -> QuerySet:
    """Whom to call, the last of a customer's: who decides first, then those with a number, then by name."""
    rows = Contact.objects.current().filter(customer__in=ids).exclude(phone="").order_by("decides", "-name", "-pk")
    return rows.values_list("customer_id", "name", "phone")


@prepared
def _orders(ids: frozenset[int], seen: Q, with_amount: Q) -> QuerySet:
    """Pending orders of customers that the person sees, as far as they may see amounts: the last is the largest."""
    rows = Order.objects.live().filter(seen, with_amount, customer__in=ids, status="pending")
    return rows.order_by("amount").values_list("customer_id", "amount")


@prepared
def _budget_shares(ids: frozenset[int], seen: Q) -> QuerySet:
    """Actual and budget of customers that the person sees, where they are under-served and the person may see budgets."""
    return CustomerFigures.objects.filter(
        seen, customer__in=ids, status=BudgetStatus.UNDER, budget_minutes__gt=0, actual_minutes__isnull=False
    ).values_list("customer_id", "actual_minutes", "budget_minutes")
