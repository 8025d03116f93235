"""What the present prospects may bring, summed as far as the reader's amounts reach: by month, tier, team and person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet, Sum
from msgspec import Struct

from accounts.models import Cover, Team, User
from accounts.permissions import Act, Area, scope, stands_in, teams_within
from customers.models import Tier
from planning.engine.expected_business import range_of
from planning.models import CurveKind, EvidenceRun, ExpectedBusiness, TierCurve
from territory import clock
from territory.rows import on_day
from territory.together import together

SUMS = {name: Sum(name) for name in ("mean", "variance", "prospects", "unknown")}


class Chosen(Struct, frozen=True):
    """What is looked at: a team and all below it, a person, a tier; None: all."""

    team: Team | None = None
    person: User | None = None
    tier: Tier | None = None

    def rows(self, *, but: str = "") -> Q:
        """Condition on stored rows; `but`: whatever is chosen of this."""
        found = Q()
        if self.team and but != "team":
            found &= Q(team__path__startswith=self.team.path)
        if self.person and but != "person":
            found &= Q(membership__user=self.person)
        if self.tier and but != "tier":
            found &= Q(tier=self.tier)
        return found


class Line(Struct, frozen=True):
    """A sum over prospects, and whom or what it is of (None: nobody's, no tier). Of `unknown` prospects not all is known."""

    of: Any
    mean: float
    variance: float
    prospects: int
    unknown: int

    @property
    def known(self) -> int:
        """Of so many all is known."""
        return self.prospects - self.unknown

    @property
    def low(self) -> float:
        return range_of(self.mean, self.variance)[0]

    @property
    def high(self) -> float:
        """Of the middle 80 %."""
        return range_of(self.mean, self.variance)[1]


class Named(Struct, frozen=True):
    """A team or a person that a line is of."""

    pk: int
    name: str

    def __str__(self) -> str:
        return self.name


class Basis(Struct, frozen=True):
    """What a tier's expectations rest on: chances of winning, and what a won course brought in its first year."""

    tier: Tier
    figures: dict[str, Any]

    @property
    def within_a_year(self) -> float | None:
        return self.figures["chances"]["365"]


class Expectation(Struct, frozen=True, dict=True):
    """All of a page. `teams`: only those whose totals the reader may see; `people`: of the prospects within reach."""

    months: list[Line]
    total: Line
    tiers: list[Line]
    teams: list[Line]
    people: list[Line]
    basis: list[Basis]
    computed_at: dt.datetime | None
    on: dt.date | None

    @property
    def begins_with_a_rest(self) -> bool:
        """Whether the first month is what is left of the one in which it was computed."""
        return bool(self.months and self.on and self.months[0].of == self.on.replace(day=1))

    @cached_property
    def last_month(self) -> dt.date | None:
        return self.months[-1].of if self.months else None


# A customer's amount is seen by who sees the customer and amounts of it.
AREAS = (Area.CUSTOMERS, Area.AMOUNTS)


def reached(user: User, *more: str) -> Q:
    """Rows whose customers and amounts, and `more` areas, are within the reader's reach: their own prospects, those of teams
    they have reach over, and those of the people of these teams. Own are those, too, of whom they stand in for today on all
    customers; those of chosen customers are in sums of others."""
    found = Q()
    for area in (*AREAS, *more):
        wide = scope(user, area, Act.SEE)
        if not wide.everything:
            own = Q(membership__in=wide.memberships) | _covered(user, wide.memberships)
            found &= own | wide.teams_through("team__") | wide.teams_through("membership__team__")
    return found


def _covered(user: User, memberships: list[int]) -> Q:
    """Rows of people all of whose customers one of these memberships covers today."""
    if not stands_in(user):
        return Q(pk__in=[])
    today = clock.company_today()
    covers = Cover.objects.on(today).filter(membership__in=memberships, covers_all=True).order_by()
    return on_day(today, "membership__") & Q(membership__user__in=covers.values("user"))


def expectation(user: User, chosen: Chosen) -> Expectation:
    """In two queries."""
    seen = ExpectedBusiness.objects.filter(reached(user)).order_by()
    whole = seen.filter(month__isnull=True)
    months, tiers, teams, people, basis, totals, runs = together(
        _sums(seen.filter(chosen.rows(), month__isnull=False), "month"),
        _sums(whole.filter(chosen.rows(but="tier")), "tier_id", "tier__name", "tier__position"),
        _sums(whole.filter(chosen.rows(but="team")), "team_id", "team__name"),
        _sums(whole.filter(chosen.rows(but="person")), "membership__user_id", "membership__user__name"),
        TierCurve.objects.filter(kind=CurveKind.CHANCE_OF_WINNING, tier__isnull=False, run=EvidenceRun.latest())
        .select_related("tier")
        .defer("steps")
        .order_by("tier__position", "tier__name"),
        teams_within(user, Area.AMOUNTS, Act.SEE).order_by().values_list("pk", flat=True),
        EvidenceRun.objects.order_by("-on").values_list("computed_at", "on")[:1],
    )
    by_tier = sorted(_lines(tiers, _tier), key=lambda line: (line.of is None, line.of and line.of.position))
    return Expectation(
        months=sorted(_lines(months, lambda month: month), key=lambda line: line.of),
        total=_total(by_tier, chosen.tier),
        tiers=by_tier,
        teams=_largest(line for line in _lines(teams, _named) if line.of and line.of.pk in set(totals)),
        people=_largest(_lines(people, _named)),
        basis=[Basis(row.tier, row.figures) for row in basis],  # type: ignore[misc]  # those of tiers
        computed_at=runs[0][0] if runs else None,
        on=runs[0][1] if runs else None,
    )


def _sums(rows: QuerySet, *by: str) -> QuerySet:
    return rows.values_list(*by).annotate(**SUMS)


def _lines(rows: Iterable[tuple], of: Callable[..., Any]) -> list[Line]:
    return [Line(of(*row[:-4]), *row[-4:]) for row in rows]


def _tier(pk: int | None, name: str, position: int) -> Tier | None:
    return None if pk is None else Tier(pk=pk, name=name, position=position)


def _named(pk: int | None, name: str) -> Named | None:
    return None if pk is None else Named(pk, name)


def _largest(lines: Iterable[Line]) -> list[Line]:
    """From the largest; nobody's last."""
    return sorted(lines, key=lambda line: (line.of is None, -line.mean, str(line.of)))


def _total(lines: Iterable[Line], tier: Tier | None) -> Line:
    found = [line for line in lines if tier is None or line.of == tier]
    return Line(
        None,
        sum(line.mean for line in found),
        sum(line.variance for line in found),
        sum(line.prospects for line in found),
        sum(line.unknown for line in found),
    )
