"""The screens of what sales cost: lines of a team and all under it, the sales behind a line, and why one cost so much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from msgspec import Struct

from accounts.models import Team, User
from accounts.permissions import Act, Area, may_all, teams_within
from customers.models import Expense, InternalWork, Order, SaleType, SaleTypeKind, Touch, TouchPerson
from customers.scope import hangs_within
from planning.engine.cost_lines import Lines, Spent, Told, lines_of
from planning.engine.months import month_before
from planning.engine.sale_cost import PARTS, in_cents, money_of
from planning.loaders.sale_cost import Bears, bears_from, bears_questions
from planning.models import SaleFigures, SalePart, SalesRun
from planning.queries.cost_of_sale import Days, stored_sums, with_cost
from planning.queries.sold import Rates, rates_for
from territory import clock
from territory.rows import among, key_in
from territory.together import together

# Windows offered, in months; the last is the present one.
MONTHS = (3, 12, 24)
# So many sale types are told side by side.
MOST_TOLD_WHY = 5


class WithNotWon(Struct, frozen=True):
    """What new-business sales cost together with prospects that were not won: lost orders, and what was spent on those lost
    without an order; and what that is for each sale."""

    won: Decimal
    lost: Decimal
    no_order: Decimal
    total: Decimal
    each: Decimal


class Cost(Struct, frozen=True):
    """Lines of a team (None: the company) in so many months, and how the sales' keys are called.

    `new_business`: the key of new-business sales, where lines are by sale type.
    """

    run: SalesRun
    team: Team | None
    days: Days
    lines: Lines
    names: dict[Any, str]
    sees_business: bool
    unknown_seconds: int
    new_business: int | None = None

    def name(self, key: Hashable | None) -> str:
        return self.names.get(key, "")

    @property
    def new_business_name(self) -> str:
        return self.name(self.new_business)

    @property
    def with_lost(self) -> list[Spent]:
        """Lines of sales beside which orders were lost."""
        return [line for line in self.lines.sales if line.lost_orders]

    @property
    def told_why(self) -> list[Spent]:
        """Sale types that cost something, of which it is told what a sale took: side by side they say why one costs more."""
        if self.new_business is None:
            return []
        return [line for line in self.lines.sales if line.orders and line.total][:MOST_TOLD_WHY]

    @property
    def with_not_won(self) -> WithNotWon | None:
        """None where no new-business sale was won, or nothing was spent on prospects that were not."""
        key = self.new_business
        won = next((line for line in self.lines.sales if key is not None and line.key == key and line.orders), None)
        if won is None:
            return None
        lost = won.lost or Decimal(0)
        no_order = sum((line.total for line in self.lines.afterwards if line.told is Told.NO_ORDER), Decimal(0))
        if not lost + no_order:
            return None
        total = won.total + lost + no_order
        return WithNotWon(won.total, lost, no_order, total, total / won.orders)


def teams_offered(reader: User) -> QuerySet[Team]:
    """Teams whose totals of cost the reader may see, from the top."""
    return teams_within(reader, Area.COST, Act.SEE).live().order_by("path")  # type: ignore[attr-defined]


def sees_company(reader: User) -> bool:
    return may_all(reader, Area.COST, Act.SEE)


def days_of(on: dt.date, months: int) -> Days:
    """So many months up to a day, the present one among them."""
    first = on.replace(day=1)
    for _ in range(months - 1):
        first = month_before(first)
    return Days(first, on, on)


def cost_of_sale(reader: User, team: Team | None, by: str, months: int) -> Cost | None:
    """None before the first run."""
    run = SalesRun.objects.first()
    if run is None:
        return None
    days = days_of(run.on, months)
    below = Q() if team is None else Q(team__path__startswith=team.path)
    amounts = Q() if _sees_amounts(reader, team) else None
    sums = stored_sums(below, below, by, days, rates_for(reader), amounts)
    names, new_business = _names(by, {key for key, _status in sums.orders})
    lines = lines_of(sums, [*names, None])
    found = [*sums.orders.values(), *sums.unsold.values()]
    return Cost(
        run,
        team,
        days,
        lines,
        names,
        amounts is not None,
        sum(row.unknown_seconds for row in found),
        new_business,
    )


def _sees_amounts(reader: User, team: Team | None) -> bool:
    if may_all(reader, Area.AMOUNTS, Act.SEE):
        return True
    return team is not None and teams_within(reader, Area.AMOUNTS, Act.SEE).filter(pk=team.pk).exists()


def _names(by: str, keys: set[Hashable | None]) -> tuple[dict[Any, str], int | None]:
    """In the order of sale types and months, of teams and people by name; and of sale types the key of new business."""
    if by == "month":
        return dict.fromkeys(sorted((key for key in keys if isinstance(key, dt.date)), reverse=True), ""), None
    known = [key for key in keys if key is not None]
    if by == "type":
        types = list(SaleType.objects.order_by("position", "name").values_list("pk", "name", "kind"))
        new_business = next((pk for pk, _name, kind in types if kind == SaleTypeKind.NEW_BUSINESS), None)
        return {pk: name for pk, name, _kind in types}, new_business
    model: Any = Team if by == "team" else User
    return dict(model.objects.filter(pk__in=known).order_by("name", "pk").values_list("pk", "name")), None


class Sale(Struct, frozen=True):
    """An order behind a line, as a row of the list says it."""

    pk: int
    customer: str
    title: str
    external_id: str | None
    sale_type: str | None
    tier: str | None
    tier_position: int | None
    salesperson: str | None
    closed_on: dt.date | None
    touches: float
    seconds: int
    people: int
    grains: int

    @property
    def name(self) -> str:
        """As the order calls itself."""
        return self.title or self.external_id or f"{self.pk}"


# What of an order's figures stands in its row; a model of each row and of all that it names took longer than to show them.
_SHOWN = (
    *("pk", "customer__name", "order__title", "order__external_id", "sale_type__name", "tier__name", "tier__position"),
    *("salesperson__name", "closed_on", "touches", "seconds", "people", "grains"),
)


def sales_behind(reader: User, team: Team | None, days: Days, by: str, key: str, status: str) -> QuerySet:
    """The orders of a line that the reader sees, dearest first, as what makes a `Sale`; LookupError where the key is none."""
    rows = SaleFigures.objects.filter(
        hangs_within(reader, Area.ORDERS, Act.SEE), hangs_within(reader, Area.COST, Act.SEE), days.orders, status=status
    )
    if team is not None:
        rows = rows.filter(team__path__startswith=team.path)
    if key:
        rows = rows.filter(_of_key(by, key))
    rates = rates_for(reader)
    return with_cost(rows, rates.people, rates.teams).order_by("-grains", "pk").values_list(*_SHOWN)


def _of_key(by: str, key: str) -> Q:
    if by == "month":
        try:
            month = dt.date.fromisoformat(f"{key}-01")
        except ValueError as error:
            raise LookupError(key) from error
        return Q(closed_on__year=month.year, closed_on__month=month.month)
    field = {"type": "sale_type", "team": "team", "person": "salesperson"}[by]
    if key == "none":
        return Q(**{f"{field}__isnull": True})
    if key_in(key) is None:
        raise LookupError(key)
    return Q(**{field: key_in(key)})


class Share(Struct, frozen=True):
    """Something done or spent, and which part of it the order bears."""

    row: Any
    part: float
    is_marked: bool


class Why(Struct, frozen=True):
    """What an order cost and why: parts in the company's currency, people, touches, internal work and expenses."""

    figures: SaleFigures
    run: SalesRun
    parts: dict[str, Decimal]
    total: Decimal
    people: Sequence[SalePart]
    rates: Rates
    touches: Sequence[Share]
    work: Sequence[Share]
    expenses: Sequence[Share]
    hidden_expenses: int
    unknown_seconds: int


def orders_with_cost(reader: User) -> QuerySet[Order]:
    """Orders that the reader sees and whose cost they may see."""
    return Order.objects.live().filter(
        hangs_within(reader, Area.ORDERS, Act.SEE), hangs_within(reader, Area.COST, Act.SEE)
    )


def why(reader: User, order: Order) -> Why | None:
    """None where no run has seen the order yet; five queries."""
    figures, runs, people, orders, won = together(
        SaleFigures.objects.filter(order=order).select_related("sale_type"),
        SalesRun.objects.all(),
        SalePart.objects.filter(figures=order.pk).select_related("user", "role").order_by("-seconds", "pk"),
        *bears_questions(order.customer_id),
    )
    if not figures or not runs:
        return None
    [row], run, rates = figures, runs[0], rates_for(reader)
    parts, unknown_seconds = _known(row, people, rates)
    bears = bears_from(orders, won, run.on, clock.company_zone())
    spent = Expense.objects.counting().filter(
        Q(customer=order.customer_id) | Q(order__customer=order.customer_id), spent_on__lte=run.on
    )
    work = InternalWork.objects.live().visible_to(reader).filter(customer=order.customer_id, spent_on__lte=run.on)
    worked, expenses, seen = together(
        work.select_related("user").order_by("-spent_on", "-pk"),
        spent.select_related("author").order_by("-spent_on", "-pk"),
        spent.visible_to(reader).order_by().values_list("pk", flat=True),
    )
    borne = _shares(expenses, bears, order)
    shown = [share for share in borne if share.row.pk in set(seen)]
    return Why(
        row,
        run,
        parts,
        sum(parts.values(), Decimal(0)),
        people,
        rates,
        _touches(reader, order, bears, run),
        _shares(worked, bears, order),
        shown,
        len(borne) - len(shown),
        unknown_seconds,
    )


def _known(row: SaleFigures, people: Sequence[SalePart], rates: Rates) -> tuple[dict[str, Decimal], int]:
    """The parts of a cost as far as it may be known, and the seconds whose cost is not."""
    away = [part for part in people if rates.hides(part.user_id)]
    grains = {name: getattr(row, name) for name in PARTS}
    grains["time"] -= sum(part.time for part in away)
    grains["travel"] -= sum(part.travel for part in away)
    grains["overhead"] -= 0 if rates.counts_team_work(row.team_id) else row.overhead_time
    [cents] = in_cents([tuple(grains.values())])
    seconds = sum(part.seconds + part.travel_seconds - part.unknown_seconds for part in away)
    return {name: money_of(amount) for name, amount in zip(grains, cents, strict=True)}, row.unknown_seconds + seconds


def _touches(reader: User, order: Order, bears: Bears, run: SalesRun) -> list[Share]:
    rows = Touch.objects.live().visible_to(reader).filter(customer=order.customer_id, at__lte=run.computed_at)
    found = _shares(rows.select_related("type").order_by("-at", "-pk"), bears, order)
    people: dict[int, list[TouchPerson]] = {}
    took_part = TouchPerson.objects.filter(among("touch_id", [share.row.pk for share in found]))
    for person in took_part.select_related("user"):
        people.setdefault(person.touch_id, []).append(person)
    for share in found:
        share.row.took_part_here = people.get(share.row.pk, [])
    return found


def _shares(rows: Iterable[Any], bears: Bears, order: Order) -> list[Share]:
    """Of what was done and spent on the customer that of which the order bears a part."""
    found = []
    for row in rows:
        day = bears.day_of(row.at) if isinstance(row, Touch) else row.spent_on
        bearers = bears.bearers(day, row.order_id)
        if order.pk in bearers:
            found.append(Share(row, 1 / len(bearers), row.order_id is not None))
    return found
