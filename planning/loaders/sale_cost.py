"""What every sale took and cost, from the log up to a day: engine/sale_cost.py says by which rules (domain 3.4)."""

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from operator import add

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from msgspec import Struct, field

from accounts.models import Membership, Role, RoleFunction
from customers import lifecycle
from customers.facts import lifecycles
from customers.models import (
    Assignment,
    Customer,
    CustomerTeam,
    Expense,
    ExpenseKind,
    InternalWork,
    Order,
    OrderStatus,
    SellingCourse,
    Touch,
    TouchPerson,
    TouchType,
)
from planning.engine.sale_cost import (
    PARTS,
    Account,
    Attempt,
    Bearer,
    Book,
    Effort,
    Line,
    Rank,
    Spell,
    Spending,
    Unsold,
    Worker,
)
from planning.loaders.ground import Ground
from planning.loaders.orders import team_lines
from planning.models import Situation
from territory import clock
from territory.rows import among, starts_by

# The facts of so many customers are read at once, to hold memory.
CUSTOMERS_AT_ONCE = 2000

# What enters a cost as what: samples are other costs.
SPENDING = {
    ExpenseKind.TRAVEL: Spending.TRAVEL,
    ExpenseKind.DEMO: Spending.DEMO,
    ExpenseKind.OVERHEAD: Spending.OVERHEAD,
    ExpenseKind.SAMPLE: Spending.OTHER,
    ExpenseKind.OTHER: Spending.OTHER,
}
RANKS = {RoleFunction.MANAGEMENT: Rank.MANAGER, RoleFunction.SENIOR_MANAGEMENT: Rank.SENIOR}


def whole_cost(before: str = "") -> Combinable:
    """What stored figures cost, in grains, of rows from which `before` leads to them."""
    return reduce(add, (F(f"{before}{part}") for part in PARTS))


class Sale(Struct):
    """An order as it stood at the end of a day; ``closed_on`` None: pending then, with the amount known by then.

    ``tier`` is that of its opening, else of its closing. ``days`` from opening to closing, None while pending and where the
    opening is not known. ``is_first``: it won a selling course, and bears all of it. ``is_special``: it was recorded
    as large pending order.
    """

    pk: int
    customer: int
    market: int | None
    salesperson: int | None
    team: int
    sale_type: int | None
    tier: int | None
    status: str
    opened_on: dt.date | None
    closed_on: dt.date | None
    amount: Decimal
    days: int | None
    is_first: bool
    is_special: bool
    effort: Effort = field(default_factory=Effort)


class Sales(Struct, frozen=True):
    """All orders of live customers by key, and what belongs to none."""

    orders: dict[int, Sale]
    unsold: dict[Unsold, Effort]


def load_sales(ground: Ground, *, from_log: bool, progress: Callable[[int, int], None] | None = None) -> Sales:
    """Everything up to the end of the ground's day; a fixed number of queries for each 2,000 customers.

    `from_log`: pending orders with the amount that history knows by the day, else the latest. Archived orders, touches,
    expenses and customers are left out; what was marked for an archived order is as if it were not marked.
    """
    reader = _Reader(ground, from_log)
    keys = list(Customer.objects.live().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), CUSTOMERS_AT_ONCE):
        reader.take(keys[start : start + CUSTOMERS_AT_ONCE])
        if progress:
            progress(min(start + CUSTOMERS_AT_ONCE, len(keys)), len(keys))
    reader.take_overheads()
    return reader.result()


class Bears(Struct, frozen=True):
    """Of one customer, which orders bear what is done on a day."""

    account: Account
    orders: Collection[int]
    zone: zoneinfo.ZoneInfo

    def bearers(self, day: dt.date, marked: int | None) -> tuple[Bearer, ...]:
        return self.account.bearers(day, marked if marked in self.orders else None)

    def day_of(self, at: dt.datetime) -> dt.date:
        return clock.day_of(at, self.zone)


def bears_questions(customer: int) -> tuple[QuerySet, QuerySet]:
    """The orders and won courses of a customer: what `bears_from` makes something of."""
    orders = Order.objects.live().filter(customer=customer).order_by("pk").values_list("pk", "opened_at", "closed_at")
    won = SellingCourse.objects.filter(customer=customer, order__isnull=False).order_by()
    return orders, won.values_list("order_id", "started_at")


def bears_from(orders: Iterable[tuple], won: Iterable[tuple], on: dt.date, zone: zoneinfo.ZoneInfo) -> Bears:
    """Of one customer on the days up to one, by its courses as they are stored."""
    began = {order: clock.day_of(at, zone) for order, at in won}
    spells = [
        _spell(pk, opened_at and clock.day_of(opened_at, zone), closed_at and clock.day_of(closed_at, zone), began, on)
        for pk, opened_at, closed_at in orders
    ]
    return Bears(Account(spells, teams=[(dt.date.min, 0)]), {spell.order for spell in spells}, zone)


def _spell(
    order: int, opened_on: dt.date | None, closed_on: dt.date | None, began: Mapping[int, dt.date], on: dt.date
) -> Spell:
    """`began`: of orders that won a course, its first day."""
    first = opened_on or dt.date.min
    return Spell(order, min(first, began.get(order, first)), closed_on or on)


class _Seat(Struct, frozen=True):
    """A membership, in force on some days; cents an hour, None: not known."""

    pk: int
    role: int
    rate: int | None
    starts_on: dt.date | None
    ends_on: dt.date | None

    def holds(self, day: dt.date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)


class _Seats:
    """Under which membership people work: that of the assignment on the customer, else the earliest current one."""

    def __init__(self, on: dt.date) -> None:
        self.of: dict[int, list[_Seat]] = defaultdict(list)
        rows = Membership.objects.filter(starts_by(on)).order_by(F("starts_on").asc(nulls_first=True), "pk")
        fields = ("user_id", "pk", "role_id", "cost_per_hour", "role__cost_per_hour", "starts_on", "ends_on")
        for user, pk, role, own, of_role, starts_on, ends_on in rows.values_list(*fields):
            cost = of_role if own is None else own
            self.of[user].append(_Seat(pk, role, None if cost is None else int(cost * 100), starts_on, ends_on))
        self.several = {user for user, seats in self.of.items() if len(seats) > 1}
        self._assigned: dict[tuple[int, int], list[tuple[dt.date | None, dt.date | None, int]]] = {}

    def read_assignments(self, customers: Collection[int]) -> None:
        """Those that decide: of who has several memberships."""
        self._assigned = defaultdict(list)
        rows = Assignment.objects.filter(among("customer_id", customers), membership__user__in=self.several)
        fields = ("customer_id", "membership__user_id", "starts_on", "ends_on", "membership_id")
        for customer, user, *row in rows.order_by(F("starts_on").asc(nulls_first=True), "pk").values_list(*fields):
            self._assigned[customer, user].append(tuple(row))

    def seat(self, user: int, day: dt.date, customer: int | None = None) -> _Seat | None:
        """None: no membership that day."""
        current = [seat for seat in self.of.get(user, ()) if seat.holds(day)]
        if len(current) > 1 and customer is not None:
            for starts_on, ends_on, membership in self._assigned.get((customer, user), ()):
                if (starts_on is None or starts_on <= day) and (ends_on is None or day <= ends_on):
                    held = next((seat for seat in current if seat.pk == membership), None)
                    if held:
                        return held
        return current[0] if current else None


class _Reader:
    """Takes up customers, some at once, and tells what their orders took."""

    def __init__(self, ground: Ground, from_log: bool) -> None:
        self.ground, self.from_log = ground, from_log
        self.above = team_lines()
        self.sales: dict[int, Sale] = {}
        self.book = Book({}, self.above)
        self.seats = _Seats(ground.on)
        self.ranks = {
            pk: RANKS.get(RoleFunction(function), Rank.NONE)
            for pk, function in Role.objects.values_list("pk", "function")
        }
        types = TouchType.objects.values_list("pk", "cost", "is_demo")
        self.besides = {pk: (int(cost * 100), is_demo) for pk, cost, is_demo in types}
        # Not stalled ones: without the slow sales the norm would grow shorter from year to year.
        seen = Situation.objects.filter(kind="large_order", order__isnull=False, opened_at__lt=ground.until)
        self.special: dict[int, list[dt.datetime]] = defaultdict(list)
        for order, at in seen.order_by().values_list("order_id", "opened_at"):
            self.special[order].append(at)

    def result(self) -> Sales:
        unsold = {bearer: effort for bearer, effort in self.book.efforts.items() if isinstance(bearer, Unsold)}
        return Sales(self.sales, unsold)

    def take(self, customers: Sequence[int]) -> None:
        """Orders, touches, internal work and expenses of these customers."""
        accounts = self._accounts(customers)
        self.seats.read_assignments(customers)
        self._take_touches(customers, accounts)
        self._take_work(customers, accounts)
        self._take_expenses(customers, accounts)

    def _day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self.ground.zone).date()

    # Orders

    def _accounts(self, customers: Sequence[int]) -> dict[int, Account]:
        known = lifecycles(customers)
        orders: dict[int, list[Sale]] = defaultdict(list)
        for sale in self._sales(customers, known):
            orders[sale.customer].append(sale)
            self.sales[sale.pk] = sale
            self.book.teams[sale.pk] = sale.team  # type: ignore[index]
            sale.effort = self.book.efforts[sale.pk]
        teams = self._teams(customers)
        return {pk: self._account(orders.get(pk, []), known[pk], teams[pk]) for pk in customers}

    def _sales(self, customers: Sequence[int], known: Mapping[int, lifecycle.Lifecycle]) -> Iterator[Sale]:
        until = self.ground.until
        rows = Order.objects.live().filter(
            Q(opened_at__isnull=True) | Q(opened_at__lt=until), among("customer_id", customers)
        )
        fields = ("pk", "customer_id", "customer__market_id", "salesperson_id", "team_id", "status", "amount")
        found = list(
            rows.order_by("pk").values_list(*fields, "opened_at", "closed_at", "sale_type_id", "sale_type_chosen")
        )
        pending = [row[0] for row in found if row[8] is None or row[8] >= until]
        amounts = self._amounts(pending) if self.from_log else {}
        winners = {
            course.order.number
            for pk in customers
            for course in known[pk].courses(until - clock.ONE_TICK)
            if course.order is not None
        }
        for pk, customer, market, person, team, status, amount, opened_at, closed_at, sale_type, chosen in found:
            is_closed = closed_at is not None and closed_at < until
            opened_on = opened_at and self._day(opened_at)
            closed_on = self._day(closed_at) if is_closed else None
            yield Sale(
                pk,
                customer,
                market,
                person,
                team,
                sale_type if is_closed or chosen else None,
                known[customer].tier_on(opened_on or closed_on) if opened_on or closed_on else None,
                status if is_closed else OrderStatus.PENDING.value,
                opened_on,
                closed_on,
                amounts.get(pk, amount),
                (closed_on - opened_on).days if opened_on and closed_on else None,
                pk in winners,
                any(closed_at is None or at < closed_at for at in self.special.get(pk, ())),
            )

    def _amounts(self, orders: Sequence[int]) -> dict[int, Decimal]:
        """The amount that history knows by the day."""
        rows = Order.history.filter(among("id", orders), history_date__lt=self.ground.until)
        return dict(rows.order_by("history_date", "history_id").values_list("id", "amount"))

    def _account(self, sales: Sequence[Sale], known: lifecycle.Lifecycle, teams: list[tuple[dt.date, int]]) -> Account:
        courses = known.courses(self.ground.until - clock.ONE_TICK)
        began = {course.order.number: self._day(course.started_at) for course in courses if course.order}
        spells = [_spell(sale.pk, sale.opened_on, sale.closed_on, began, self.ground.on) for sale in sales]
        attempts = [
            Attempt(
                Line.NO_ORDER if course.ended_at else Line.PROSPECTING,
                self._day(course.started_at),
                self._day(course.ended_at) if course.ended_at else self.ground.on,
            )
            for course in courses
            if course.order is None
        ]
        return Account(spells, attempts, teams)

    def _teams(self, customers: Sequence[int]) -> dict[int, list[tuple[dt.date, int]]]:
        rows = CustomerTeam.objects.filter(among("customer_id", customers))
        found: dict[int, list[tuple[dt.date, int]]] = defaultdict(list)
        for customer, starts_on, team in rows.order_by("pk").values_list("customer_id", "starts_on", "team_id"):
            found[customer].append((starts_on or dt.date.min, team))
        now = Customer.objects.filter(among("pk", customers)).values_list("pk", "team_id")
        return {pk: sorted(found[pk]) if pk in found else [(dt.date.min, team)] for pk, team in now}

    # What was done and spent

    def _take_touches(self, customers: Sequence[int], accounts: Mapping[int, Account]) -> None:
        people: dict[int, list[tuple]] = defaultdict(list)
        touches = Touch.objects.live().filter(among("customer_id", customers), at__lt=self.ground.until).order_by()
        took_part = TouchPerson.objects.filter(
            among("touch__customer_id", customers),
            touch__archived_at__isnull=True,
            touch__at__lt=self.ground.until,
        ).order_by()
        fields = ("touch_id", "user_id", "role_id", "duration_seconds", "travel_seconds")
        for touch, *person in took_part.values_list(*fields).iterator(chunk_size=5000):
            people[touch].append(tuple(person))
        zone, book, sales = self.ground.zone, self.book, self.sales
        own = ("pk", "customer_id", "at", "type_id", "order_id", "is_implausible", "duration_seconds", "travel_seconds")
        for pk, customer, at, kind, order, is_implausible, seconds, travel in touches.values_list(*own).iterator(
            chunk_size=5000
        ):
            day = at.astimezone(zone).date()
            bearers = accounts[customer].bearers(day, order if order in sales else None)
            book.touch(bearers, *self.besides[kind])
            there = people.pop(pk, None)
            if there is None:
                book.work(bearers, day, None, 0 if is_implausible else seconds, travel, None)
                continue
            for user, role, own_seconds, own_travel in there:
                seat = self.seats.seat(user, day, customer)
                role = role or (seat and seat.role)
                book.work(
                    bearers,
                    day,
                    Worker(user, role),
                    0 if is_implausible else own_seconds,
                    own_travel,
                    seat and seat.rate,
                    self.ranks.get(role, Rank.NONE),
                )

    def _take_work(self, customers: Sequence[int], accounts: Mapping[int, Account]) -> None:
        rows = InternalWork.objects.live().filter(among("customer_id", customers), spent_on__lte=self.ground.on)
        fields = ("customer_id", "order_id", "user_id", "role_id", "spent_on", "duration_seconds")
        for customer, order, user, role, day, seconds in rows.order_by().values_list(*fields).iterator(chunk_size=5000):
            bearers = accounts[customer].bearers(day, order if order in self.sales else None)
            seat = self.seats.seat(user, day, customer)
            role = role or (seat and seat.role)
            rate, rank = seat and seat.rate, self.ranks.get(role, Rank.NONE)
            self.book.work(bearers, day, Worker(user, role), seconds, 0, rate, rank)

    def _take_expenses(self, customers: Sequence[int], accounts: Mapping[int, Account]) -> None:
        rows = Expense.objects.counting().filter(spent_on__lte=self.ground.on)
        rows = rows.annotate(about=Coalesce("customer_id", "order__customer_id")).filter(among("about", customers))
        for about, order, day, kind, amount in rows.values_list("about", "order_id", "spent_on", "kind", "amount"):
            bearers = accounts[about].bearers(day, order if order in self.sales else None)
            self.book.expense(bearers, SPENDING[ExpenseKind(kind)], int(amount * 100))

    def take_overheads(self) -> None:
        """What teams spent for themselves, money and time, shared out; once, at the end."""
        expenses = Expense.objects.counting().filter(team__isnull=False, spent_on__lte=self.ground.on)
        for team, day, amount in expenses.order_by().values_list("team_id", "spent_on", "amount"):
            self.book.overhead(team, day, int(amount * 100))
        rows = InternalWork.objects.live().filter(
            customer__isnull=True, team__isnull=False, spent_on__lte=self.ground.on
        )
        for team, user, day, seconds in rows.order_by().values_list(
            "team_id", "user_id", "spent_on", "duration_seconds"
        ):
            seat = self.seats.seat(user, day)
            self.book.team_work(team, day, seconds, seat and seat.rate)
        self.book.share_overheads()
