"""Orders and what they took, stored or from the log, as far as a reader may see them and what they cost.

Whose cost rates a reader may not see, their time is no part of any sum shown: it counts as minutes whose cost is not known.
So no figure, however small its group, tells what one person costs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum
from msgspec import Struct

from accounts.models import Membership, Team, User
from accounts.permissions import Act, Area, Scope, may, may_all, people_reached, scope, teams_reached
from customers.models import InternalWork, Order
from customers.scope import EVERYTHING, hangs_within
from planning.engine.sale_cost import NUMBERS
from planning.loaders.sale_cost import Sales
from planning.models import SaleFigures, SalePart
from territory import clock
from territory.rows import on_day
from territory.together import Prepared, prepared, together

FIELDS = (
    "pk", "customer_id", "team_id", "sale_type_id", "tier_id", "salesperson_id", "status", "closed_on", "amount", "days",
    "is_special", "people", *NUMBERS,
)  # fmt: skip


class Sold(Struct):
    """An order and what it took; seconds and grains (engine/sale_cost.py)."""

    pk: int
    customer: int
    team: int
    sale_type: int | None
    tier: int | None
    salesperson: int | None
    status: str
    closed_on: dt.date | None
    amount: Decimal
    days: int | None
    is_special: bool
    people: int
    touches: float
    seconds: int
    travel_seconds: int
    unknown_seconds: int
    manager_seconds: int
    senior_seconds: int
    time: int
    travel: int
    demos: int
    overhead: int
    overhead_time: int
    other: int

    @property
    def cost(self) -> int:
        return self.time + self.travel + self.demos + self.overhead + self.other


def stored_sales(rows: QuerySet[SaleFigures]) -> Iterator[Sold]:
    """As the nightly run kept them."""
    return (Sold(*row) for row in rows.order_by("pk").values_list(*FIELDS).iterator(chunk_size=5000))


def logged_sales(sales: Sales) -> Iterator[Sold]:
    """As the log says."""
    for row in sales.orders.values():
        effort = row.effort
        yield Sold(
            row.pk,
            row.customer,
            row.team,
            row.sale_type,
            row.tier,
            row.salesperson,
            row.status,
            row.closed_on,
            row.amount,
            row.days,
            row.is_special,
            effort.people,
            *(getattr(effort, name) for name in NUMBERS),
        )


class Rates(Struct, frozen=True):
    """Whose cost rates may be known. `people` None: everyone's; else theirs alone.

    `teams`: where the time of teams' internal work counts in overheads (None: everywhere); only where nobody else did such work.
    """

    people: frozenset[int] | None = None
    teams: frozenset[int] | None = None

    @property
    def knows_all(self) -> bool:
        return self.people is None

    def hides(self, user: int) -> bool:
        return self.people is not None and user not in self.people

    def counts_team_work(self, team: int) -> bool:
        return self.teams is None or team in self.teams

    def cost(self, sold: Sold, hidden: int = 0) -> int:
        """The cost of an order without that of `hidden` time, in grains."""
        return self.known(sold.cost, sold.team, sold.overhead_time, hidden)

    def known(self, cost: int, team: int, overhead_time: int, hidden: int) -> int:
        """The same of an order of a team that cost so much, with so much work in its overhead."""
        return cost - hidden - (0 if self.counts_team_work(team) else overhead_time)


ALL_RATES = Rates()
NO_RATES = Rates(frozenset(), frozenset())


def rates_for(reader: User | None) -> Rates:
    """Those that a reader may see; the machine (None) all. In one query."""
    return rates_from(reader, *together(*rates_questions(reader)))


def rates_questions(reader: User | None) -> tuple[Prepared, ...]:
    """What `rates_from` makes something of, to be asked together with others: nothing of who may see all, or none."""
    if reader is None or may_all(reader, Area.COST, Act.SEE) or not may(reader, Area.COST, Act.SEE):
        return ()
    reached = scope(reader, Area.COST, Act.SEE)
    return _people(reached, clock.company_today()), _teams(reached), *TeamWork.questions()


def rates_from(reader: User | None, *answers: list) -> Rates:
    """The rates that a reader may see from the answers to `rates_questions`."""
    if not answers:
        return NO_RATES if reader is not None and not may(reader, Area.COST, Act.SEE) else ALL_RATES
    people, teams, *work = answers
    return Rates(frozenset(people), _closed(teams, frozenset(people), TeamWork.of(*work)))


@prepared
def _people(reached: Scope, today: dt.date) -> QuerySet:
    return people_reached(reached, today).order_by().values_list("pk", flat=True)


@prepared
def _teams(reached: Scope) -> QuerySet:
    return teams_reached(reached).order_by().values_list("pk", flat=True)


@prepared
def _worked_for_teams() -> QuerySet:
    rows = InternalWork.objects.live().filter(customer__isnull=True, team__isnull=False).order_by()
    return rows.values_list("team_id", "user_id").distinct()


@prepared
def _paths() -> QuerySet:
    return Team.objects.order_by().values_list("pk", "path")


def rates_of_teams(on: dt.date, lines: Mapping[int, Collection[int]]) -> dict[int, Rates]:
    """Of each team those of its members on a day, and of the members of all teams under it."""
    members: dict[int, set[int]] = {team: set() for team in lines}
    for team, user in Membership.objects.filter(on_day(on)).values_list("team_id", "user_id"):
        for above in lines[team]:
            members[above].add(user)
    below: dict[int, set[int]] = {team: set() for team in lines}
    for team, line in lines.items():
        for above in line:
            below[above].add(team)
    work = TeamWork.of(*together(*TeamWork.questions()))
    return {team: Rates(people := frozenset(members[team]), _closed(below[team], people, work)) for team in lines}


class TeamWork(Struct, frozen=True):
    """Who did internal work for teams; each team with those above it."""

    workers: Mapping[int, Collection[int]]
    lines: Mapping[int, Collection[int]]

    @staticmethod
    def questions() -> tuple[Prepared, Prepared]:
        """What `of` makes something of."""
        return _worked_for_teams(), _paths()

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int]], paths: Iterable[tuple[int, str]]) -> TeamWork:
        workers: dict[int, set[int]] = {}
        for team, user in rows:
            workers.setdefault(team, set()).add(user)
        return cls(workers, {pk: [int(part) for part in path.strip("/").split("/")] for pk, path in paths})


def _closed(teams: Iterable[int], people: frozenset[int], work: TeamWork) -> frozenset[int]:
    """Those of the teams whose overhead holds no work but of these people: their own, and of every team above."""
    return frozenset(
        team for team in teams if all(people.issuperset(work.workers.get(above, ())) for above in work.lines[team])
    )


def hidden_costs(rates: Rates, rows: QuerySet[SaleFigures]) -> dict[int, int]:
    """Of stored orders the cost of time that the reader may not know, in grains."""
    if rates.people is None:
        return {}
    parts = SalePart.objects.filter(figures__in=rows.order_by().values("pk")).exclude(user__in=rates.people)
    sums = parts.order_by().values_list("figures").annotate(hidden=Sum(F("time") + F("travel")))
    return {pk: hidden for pk, hidden in sums if hidden}


def hidden_in_log(rates: Rates, sales: Sales) -> dict[int, int]:
    """The same of orders from the log."""
    if rates.people is None:
        return {}
    return {
        pk: sum(share.time + share.travel for worker, share in row.effort.workers.items() if rates.hides(worker.user))
        for pk, row in sales.orders.items()
    }


def within(reader: User | None, *areas: str) -> Q:
    """Condition on orders, or their figures: of teams whose totals the reader sees in all these areas, or seen by customer."""
    found = Q()
    for area in areas if reader is not None else ():
        assert reader is not None  # noqa: S101
        reached = scope(reader, area, Act.SEE)
        found &= (
            EVERYTHING if reached.everything else reached.teams_through("team__") | hangs_within(reader, area, Act.SEE)
        )
    return found


def keys_within(reader: User | None, *areas: str) -> Collection[int] | None:
    """The orders within a reader's reach in all these areas; None: all there are."""
    if reader is None or all(may_all(reader, area, Act.SEE) for area in areas):
        return None
    return set(Order.objects.filter(within(reader, *areas)).values_list("pk", flat=True))
