"""A manager's week: load, special situations, what changed last week, what to decide; of what the reader sees on screens too."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import Case, Count, F, Q, QuerySet, When, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct, field

from accounts.models import User
from accounts.permissions import Act, Area, scope
from customers.models import Expense, Order, OrderStatus
from customers.scope import EVERYTHING, amounts_within, customers_within, hangs_within, on_customer
from planning.engine.calendar import monday
from planning.engine.workload import band
from planning.models import PlanningSettings, Situation
from planning.models.situations import situations_within
from planning.queries.standing_moves import Move, stage_move, stage_moves, tier_moves
from planning.queries.touch_values import Line, may_approve, outside_of, outside_questions, sees_evidence
from planning.queries.workload import Board, PersonRow, band_ends, board
from planning.situations.sole_away import SoleAway
from territory import clock
from territory.formats.names import names_text
from territory.formats.numbers import hours_text
from territory.links import link_to, links_of
from territory.sums import MoneySum
from territory.together import prepared, together

WEEK = dt.timedelta(days=7)

# Names of a kind on a page that is to be one sheet of paper.
MOST_NAMED = 6

LARGEST_FIRST = F("seen_amount").desc(nulls_last=True)

# Bands that ask for something: far too much, too much, room for more.
TOO_MUCH, ROOM = ("far", "over"), ("room",)


class Loads(Struct, frozen=True):
    """Load of a team or a person this week and next; None: away. Bands by the administrator's thresholds."""

    name: str
    loads: Sequence[float | None]
    bands: Sequence[str]

    @property
    def pairs(self) -> list[tuple[float | None, str]]:
        return list(zip(self.loads, self.bands, strict=True))


class Named(Struct, frozen=True):
    """Something with an address of its own, in words."""

    text: str
    url: str


class Closed(Struct, frozen=True):
    """Orders won or lost last week: how many, what those bring whose amounts the reader sees, the largest by name."""

    orders: int
    amount: Decimal | None
    largest: list[Named] = field(default_factory=list)


class Decision(Struct, frozen=True):
    """Something to decide: what, where, and whom or what it is about."""

    text: str
    url: str
    about: str = ""


class ManagersWeek(Struct, frozen=True):
    """`first` is its Monday; what changed is of the seven days before."""

    first: dt.date
    teams: list[Loads]
    all_teams: Loads
    situations: int
    opened: list[Named]
    opened_in_all: int
    resolved: list[Named]
    resolved_in_all: int
    moves: Mapping[str, int]
    won: Closed
    lost: Closed
    decisions: list[Decision]
    computed_at: dt.datetime | None

    @property
    def last(self) -> dt.date:
        return self.first + WEEK - dt.timedelta(days=1)

    @property
    def before(self) -> dt.date:
        return self.first - WEEK

    @property
    def until(self) -> dt.date:
        """The last day of what changed."""
        return self.first - dt.timedelta(days=1)

    @property
    def moved(self) -> list[tuple[Move, int]]:
        return [(move, self.moves[move]) for move in Move if self.moves.get(move)]


def leads(user: User) -> bool:
    """Whoever acts on the load and the situations of teams."""
    led = scope(user, Area.BUDGETS, Act.CHANGE)
    return led.everything or led.has_teams


def managers_week(user: User, first: dt.date | None = None) -> ManagersWeek:
    """The week of a Monday, the company's present one where none is named; in a fixed number of queries."""
    present = monday(clock.company_today())
    first = first or present
    ahead = max((first - present).days // 7, 0)
    loads = board(user, weeks=2 + ahead)
    zone = clock.company_zone()
    since, until = clock.start_of_day(first - WEEK, zone), clock.start_of_day(first, zone)
    seen, today = situations_within(user, Act.SEE), clock.company_today()
    customers = customers_within(user, Area.CUSTOMERS, Act.SEE)
    hanging = EVERYTHING if customers == EVERYTHING else on_customer(customers)
    orders, amounts = hangs_within(user, Area.ORDERS, Act.SEE), amounts_within(user)
    (
        open_in_all, asking, sole, newest, opened_in_all, latest, resolved_in_all, stages, tiers, closed, largest, expenses, *values,
    ) = together(
        _open(seen),
        _asking(seen, today),
        _sole(seen),
        _opened(seen, since),
        _opened_in_all(seen, since),
        _resolved(seen, since),
        _resolved_in_all(seen, since),
        _stage_moves(hanging, since, until),
        _tier_moves(hanging, first - WEEK, first - dt.timedelta(days=1)),
        _closed_sums(orders, amounts, since, until),
        _closed_largest(orders, amounts, since, until),
        Expense.objects.approvable_by(user).order_by().values_list("status").annotate(Count("pk")),
        *(outside_questions() if may_approve(user) and sees_evidence(user) else ()),
    )  # fmt: skip
    rows = _teams(loads, ahead)
    return ManagersWeek(
        first=first,
        teams=rows,
        all_teams=_loads(_("All"), [sums.load for sums in loads.by_week[ahead:]], loads.settings),
        situations=_sum(open_in_all),
        opened=[_situation(row) for row in newest],
        opened_in_all=_sum(opened_in_all),
        resolved=[_situation(row) for row in latest],
        resolved_in_all=_sum(resolved_in_all),
        moves=_moves(stages, tiers),
        won=_closed_of(OrderStatus.WON, closed, largest),
        lost=_closed_of(OrderStatus.LOST, closed, largest),
        decisions=[
            *_about_load(loads, ahead),
            *_about_situations(_sum(asking), sole),
            *_about_values(outside_of(today, values) if values else []),
            *_about_expenses(_sum(expenses)),
        ],
        computed_at=loads.computed_at,
    )


def _sum(rows: Iterable[tuple]) -> int:
    return sum(row[1] for row in rows)


def _situation(row: Situation) -> Named:
    return Named(f"{row.get_kind_display()}: {row.about}", links_of("situation_detail")(row.pk))


@prepared
def _open(seen: Q) -> QuerySet:
    return Situation.objects.open().filter(seen).how_many()


@prepared
def _asking(seen: Q, today: dt.date) -> QuerySet:
    return Situation.objects.open().filter(seen).asking(today).how_many()


@prepared
def _sole(seen: Q) -> QuerySet[Situation]:
    return _about(Situation.objects.open().filter(seen, kind=SoleAway.key)).order_by("-weight", "pk")[:MOST_NAMED]


@prepared
def _opened(seen: Q, since: dt.datetime) -> QuerySet[Situation]:
    """The most pressing first."""
    return _about(Situation.objects.filter(seen, found_at__gte=since).most_pressing())[:MOST_NAMED]


@prepared
def _opened_in_all(seen: Q, since: dt.datetime) -> QuerySet:
    return Situation.objects.filter(seen, found_at__gte=since).how_many()


@prepared
def _resolved(seen: Q, since: dt.datetime) -> QuerySet[Situation]:
    return _about(Situation.objects.filter(seen, resolved_at__gte=since).most_pressing())[:MOST_NAMED]


@prepared
def _resolved_in_all(seen: Q, since: dt.datetime) -> QuerySet:
    return Situation.objects.filter(seen, resolved_at__gte=since).how_many()


def _about(rows: QuerySet[Situation]) -> QuerySet[Situation]:
    about = ("customer", "person", "market", "product_line")
    return rows.select_related(*about).only("kind", *(f"{name}__name" for name in about))


@prepared
def _stage_moves(seen: Q, since: dt.datetime, until: dt.datetime) -> QuerySet:
    rows = stage_moves(seen, since, until)
    return rows.order_by().values_list("stage", "before").annotate(Count("pk"))


@prepared
def _tier_moves(seen: Q, first: dt.date, last: dt.date) -> QuerySet:
    rows = tier_moves(seen, first, last)
    return rows.order_by().values_list("tier__position", "place_before").annotate(Count("pk"))


@prepared
def _closed_sums(seen: Q, amounts: Q, since: dt.datetime, until: dt.datetime) -> QuerySet:
    rows = _closed(seen, since, until).order_by().values_list("status")
    return rows.annotate(Count("pk"), won=MoneySum("amount", filter=amounts))


@prepared
def _closed_largest(seen: Q, amounts: Q, since: dt.datetime, until: dt.datetime) -> QuerySet[Order]:
    """Of the won and of the lost some; those whose amounts the reader may see first."""
    seen_amount = Case(When(amounts, then=F("amount")), output_field=Order._meta.get_field("amount"))
    place = Window(RowNumber(), partition_by="status", order_by=[LARGEST_FIRST, "pk"])
    rows = _closed(seen, since, until).annotate(seen_amount=seen_amount, place=place).select_related("customer")
    return rows.filter(place__lte=MOST_NAMED).only("status", "customer__name").order_by("place", "pk")


def _closed(seen: Q, since: dt.datetime, until: dt.datetime) -> QuerySet[Order]:
    """Orders won or lost meanwhile."""
    rows = Order.objects.live().filter(seen, status__in=(OrderStatus.WON, OrderStatus.LOST))
    return rows.filter(closed_at__gte=since, closed_at__lt=until)


def _moves(stages: Iterable[tuple], tiers: Iterable[tuple]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for stage, before, number in stages:
        found[stage_move(stage, before)] += number
    for place, before, number in tiers:
        if before is not None:
            found[Move.UP if place < before else Move.DOWN] += number
    return dict(found)


def _closed_of(status: str, sums: Iterable[tuple], largest: Iterable[Order]) -> Closed:
    number, amount = next(((number, amount) for found, number, amount in sums if found == status), (0, None))
    named = [Named(str(row.customer), links_of("order_detail")(row.pk)) for row in largest if row.status == status]
    return Closed(number, amount, named)


def _loads(name: str, loads: Sequence[float | None], settings: PlanningSettings) -> Loads:
    ends = band_ends(settings)
    return Loads(name, loads, [band(load, ends) for load in loads])


def _teams(found: Board, ahead: int) -> list[Loads]:
    """Of teams whose totals the reader may see."""
    return [
        _loads(rows.team.name, rows.loads[ahead:], found.settings)
        for rows in found.teams
        if rows.shows_totals and rows.people
    ]


def _about_load(found: Board, ahead: int) -> Iterable[Decision]:
    url = link_to("workload")
    if people := _in_bands(found, ahead, TOO_MUCH, any):
        text = ngettext(
            "%(n)s person has too much this week or next", "%(n)s people have too much this week or next", len(people)
        )
        yield Decision(text % {"n": len(people)}, url, names_text(_by_load(people, ahead), MOST_NAMED))
    if people := _in_bands(found, ahead, ROOM, all):
        text = ngettext(
            "%(n)s person has room this week and next", "%(n)s people have room this week and next", len(people)
        )
        yield Decision(
            text % {"n": len(people)}, url, names_text(_by_load(people, ahead, lightest_first=True), MOST_NAMED)
        )
    for rows in found.teams:
        left = sum(cell.workload for cell in rows.unstaffed[ahead : ahead + 2] if cell)
        if left >= 1:
            words = {"team": rows.team.name, "time": hours_text(left)}
            yield Decision(_("%(team)s: %(time)s of work of this week and next is nobody's") % words, url)


def _in_bands(
    found: Board, ahead: int, bands: Collection[str], which: Callable[[Iterable[bool]], bool]
) -> list[PersonRow]:
    """People with any week, or all of the two, in these bands."""
    ends = band_ends(found.settings)
    return [row for row in found.rows if which(band(cell.load, ends) in bands for cell in row.cells[ahead : ahead + 2])]


def _by_load(people: Iterable[PersonRow], ahead: int, *, lightest_first: bool = False) -> list[str]:

    def most(row: PersonRow) -> float:
        return max((cell.load or 0.0 for cell in row.cells[ahead : ahead + 2]), default=0.0)

    return [str(row.person) for row in sorted(people, key=most, reverse=not lightest_first)]


def _about_situations(asking: int, sole: Sequence[Situation]) -> Iterable[Decision]:
    if asking:
        text = ngettext(
            "%(n)s special situation asks to be looked at",
            "%(n)s special situations of all kinds ask to be looked at",
            asking,
        )
        yield Decision(text % {"n": asking}, link_to("situation_list"))
    for row in sole:
        words = {"person": str(row.about)}
        yield Decision(
            _("%(person)s is away and nobody stands in where they are the only contact") % words,
            links_of("situation_detail")(row.pk),
        )


def _about_values(lines: Sequence[Line]) -> Iterable[Decision]:
    if lines:
        text = ngettext(
            "%(n)s official touch value has left its interval",
            "%(n)s official touch values have left their interval",
            len(lines),
        )
        names = list(dict.fromkeys(f"{line.touch_type}, {line.tier}" for line in lines))
        yield Decision(text % {"n": len(lines)}, link_to("touch_values"), names_text(names, MOST_NAMED))


def _about_expenses(number: int) -> Iterable[Decision]:
    if not number:
        return
    text = ngettext("%(n)s expense waits for your decision", "%(n)s expenses wait for your decision", number)
    yield Decision(text % {"n": number}, link_to("expenses_approve"))
