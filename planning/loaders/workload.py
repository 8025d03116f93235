"""What weeks of work are computed from: stored or computed shares of budgets, memberships, absences, planned
touches.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import DateField, F, Q, QuerySet, Sum
from django.db.models.functions import Cast, TruncWeek
from msgspec import Struct

from accounts.models import Membership
from customers.models import PlannedTouch
from planning.engine.calendar import monday
from planning.engine.cover import Away as People
from planning.engine.cover import StandIn
from planning.engine.customer import CustomerFigures
from planning.engine.rules import PROSPECT
from planning.engine.travel import minutes_for_km
from planning.engine.workload_facts import (
    Away,
    BudgetShare,
    Cover,
    Member,
    PlannedTouches,
    SetAside,
    TeamLoad,
    WorkloadFacts,
)
from planning.loaders.distance import great_circle_km
from planning.loaders.ground import Ground, away_from, away_questions
from planning.models import BudgetShare as StoredShare
from planning.models import SituationHours
from planning.models import TeamLoad as StoredTeamLoad
from territory.rows import ends_from, starts_by
from territory.together import Prepared, prepared, together

WEEKS_SHOWN = 8


def weeks_from(on: dt.date, count: int = WEEKS_SHOWN) -> list[dt.date]:
    """The Mondays of the week of a day and of those after it."""
    return [monday(on) + dt.timedelta(weeks=n) for n in range(count)]


class Instead(Struct, frozen=True):
    """What goes in the place of stored shares and rules. `minutes`: touch and travel minutes by person and customer of
    those who are covered on chosen customers."""

    shares: Sequence[BudgetShare]
    minutes: Mapping[int, Mapping[int, float]]
    team_loads: Sequence[TeamLoad]


def load_workload(
    ground: Ground,
    weeks: Sequence[dt.date],
    figures: Iterable[CustomerFigures] | None = None,
    *,
    people: frozenset[int] | None = None,
    unstaffed: frozenset[int] | None = None,
    instead: Instead | None = None,
    away: People | None = None,
) -> WorkloadFacts:
    """Everything the weeks are computed from, in 2 queries, three more for everyone, one more where somebody covers chosen
    customers; from stored shares, or from figures just computed.

    `people`: only theirs and of whom they cover or are covered by, of everyone's stored figures, and the memberships of
    the teams that these are in; `unstaffed`: with the stored work that nobody does in these teams (None: in all).
    `instead`: these in the place of what is stored.
    `away`: the answers to `away_questions` about these weeks, where they were asked already.
    """
    first, last = span_of(weeks)
    figures = None if figures is None else list(figures)
    if away is None:
        away = away_from(*together(*away_questions(first, last)))
    people, until = None if people is None else _with_covers(people, away), ground.until
    questions = (
        StoredShare.objects.none() if instead or figures is not None else _stored_shares(people),
        _members(until, first, last, people),
        _planned(until, first, last, people) if figures is None else _planned_by_customer(until, first, last),
        StoredTeamLoad.objects.none() if instead else _team_loads(),
        _set_aside(until, people),
        StoredShare.objects.none()
        if instead or figures is not None or people is None or unstaffed == frozenset()
        else _left_over(unstaffed),
    )
    shares, members, planned, loads, hours, left_over = (
        together(*questions) if people is not None else _of_everyone(*questions)
    )
    return WorkloadFacts(
        shares=_shares(instead, figures, [*shares, *left_over]),
        members=[_member(*row) for row in members],
        team_loads=instead.team_loads if instead else [TeamLoad(role, seconds / 60) for role, seconds in loads],
        planned=_touches_planned(ground, planned)
        if figures is None
        else list(_touches_planned_then(ground, planned, figures)),
        away=[Away(user, span) for user, spans in away.absences.items() for span in spans],
        covers=_covers(away, figures, instead),
        set_aside=[SetAside(user, float(count)) for user, count in hours],
        calendar=ground.context.calendar,
    )


def _of_everyone(*questions: QuerySet | Prepared) -> list[list[Any]]:
    """Answers of which the first three are long: each of these is asked alone."""
    return [*(rows for question in questions[:3] for rows in together(question)), *together(*questions[3:])]


def span_of(weeks: Sequence[dt.date]) -> tuple[dt.date, dt.date]:
    """The first and the last day of weeks."""
    return weeks[0], weeks[-1] + dt.timedelta(days=6)


def _with_covers(people: frozenset[int], away: People) -> frozenset[int]:
    """People, and whom they cover or are covered by."""
    rows = [row for found in away.stand_ins.values() for row in found]
    return people | {pk for row in rows if not people.isdisjoint((row.person, row.by)) for pk in (row.person, row.by)}


def _shares(
    instead: Instead | None, figures: list[CustomerFigures] | None, stored: Iterable[tuple]
) -> Sequence[BudgetShare]:
    if instead is not None:
        return instead.shares
    return [BudgetShare(*row) for row in stored] if figures is None else shares_of(figures)


@prepared
def _team_loads() -> QuerySet:
    rows = StoredTeamLoad.objects.filter(role__retired_at__isnull=True).order_by("pk")
    return rows.values_list("role_id", "duration_seconds")


def _theirs(field: str, keys: frozenset[int] | None) -> Q:
    """Rows of some people or teams, of all where none are named."""
    return Q() if keys is None else Q(**{f"{field}__in": keys})


def _covers(away: People, figures: list[CustomerFigures] | None, instead: Instead | None) -> list[Cover]:
    """Covers with the part of the covered person's touch and travel minutes that they are about."""
    rows = [row for found in away.stand_ins.values() for row in found]
    chosen = {row.person for row in rows if row.customers is not None}
    minutes: Mapping[int, Mapping[int, float]] = instead.minutes if instead else {}
    if chosen and instead is None:
        minutes = _stored_minutes(chosen) if figures is None else minutes_of(figures, chosen)
    return [Cover(row.person, row.by, row.span, _part(row, minutes)) for row in rows]


def _part(row: StandIn, minutes: Mapping[int, Mapping[int, float]]) -> float:
    if row.customers is None:
        return 1.0
    mine = minutes.get(row.person, {})
    whole = sum(mine.values())
    return sum(mine.get(customer, 0.0) for customer in row.customers) / whole if whole else 0.0


def _stored_minutes(people: set[int]) -> dict[int, dict[int, float]]:
    """Stored touch and travel minutes of people by customer."""
    found: dict[int, dict[int, float]] = defaultdict(dict)
    rows = StoredShare.objects.filter(membership__user__in=people, customer__archived_at__isnull=True).order_by()
    minutes = Sum(F("touch_minutes") + F("travel_minutes"))
    for user, customer, total in rows.values_list("membership__user_id", "customer_id").annotate(minutes=minutes):
        found[user][customer] = total
    return found


def minutes_of(figures: Iterable[CustomerFigures], people: set[int]) -> dict[int, dict[int, float]]:
    """The same from figures just computed."""
    found: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for row in figures:
        for role in row.roles:
            budget = role.budget
            for part in budget.staffing.parts:
                if part.assigned.person in people:
                    minutes = (budget.touch_minutes + budget.travel_minutes) * part.share
                    found[part.assigned.person][row.facts.key] += minutes
    return found


@prepared
def _stored_shares(people: frozenset[int] | None) -> QuerySet:
    """Sums of the stored shares by person, team and whether it is prospecting; of everyone, with what nobody does."""
    return _sums(_theirs("membership__user", people))


@prepared
def _left_over(teams: frozenset[int] | None) -> QuerySet:
    """The same of what nobody does, in these teams or in all."""
    return _sums(Q(membership__isnull=True) & _theirs("team", teams))


def _sums(whose: Q) -> QuerySet:
    return (
        StoredShare.objects.filter(whose, customer__archived_at__isnull=True)
        .order_by("membership__user_id", "team_id", "is_prospecting")
        .values_list("membership__user_id", "team_id", "is_prospecting")
        .annotate(Sum("touch_minutes"), Sum("travel_minutes"), Sum("other_minutes"))
    )


def shares_of(figures: Iterable[CustomerFigures]) -> list[BudgetShare]:
    """The same sums from figures just computed."""
    sums: dict[tuple, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for row in figures:
        prospecting = row.facts.stage == PROSPECT
        for role in row.roles:
            budget = role.budget
            parts = [(part.assigned.person, part.assigned.team, part.share) for part in budget.staffing.parts]
            if budget.staffing.unstaffed:
                parts.append((None, row.facts.team, budget.staffing.unstaffed))
            for person, team, share in parts:
                total = sums[(person, team, prospecting)]
                total[0] += budget.touch_minutes * share
                total[1] += budget.travel_minutes * share
                total[2] += budget.other_minutes * share
    return [BudgetShare(*place, *minutes) for place, minutes in sums.items()]


@prepared
def _members(until: dt.datetime, first: dt.date, last: dt.date, people: frozenset[int] | None) -> QuerySet:
    """Memberships in force in these weeks, of people who had not been deactivated by the day: what these still have is
    unstaffed. Colleagues of the same teams are in: they are what team load counts."""
    there = Q(user__is_active=True) | Q(user__deactivated_at__gte=until)
    rows = Membership.objects.filter(there, starts_by(last), ends_from(first)).order_by("user__name", "user_id", "pk")
    if people is not None:
        rows = rows.filter(team__in=rows.order_by().filter(_theirs("user", people)).values("team"))
    return rows.values_list("user_id", "team_id", "role_id", "weekly_hours", "selling_share", "starts_on", "ends_on")


def _member(user, team, role, hours, share, starts_on, ends_on) -> Member:
    return Member(user, team, role, float(hours), float(share), starts_on, ends_on)


def _open_planned(until: dt.datetime, first: dt.date, last: dt.date, people: frozenset[int] | None) -> QuerySet:
    """Touches planned for the weeks that were known and open at the end of the day, with the week of each."""
    return PlannedTouch.objects.filter(
        _theirs("assignee", people),
        Q(closed_at__isnull=True) | Q(closed_at__gte=until),
        planned_at__lt=until,
        due_on__range=(first, last),
        assignee__isnull=False,
        customer__archived_at__isnull=True,
    ).annotate(week=Cast(TruncWeek("due_on"), DateField()))


# Travel counts where the type travels and both places are known.
_TRAVELS = Q(type__travels=True, assignee__base_latitude__isnull=False, customer__latitude__isnull=False)


def _kilometres() -> Sum:
    return Sum(great_circle_km("assignee__base_", "customer__"), filter=_TRAVELS, default=0.0)


@prepared
def _planned(until: dt.datetime, first: dt.date, last: dt.date, people: frozenset[int] | None) -> QuerySet:
    """Of each person and week: seconds on prospects and on others, kilometres."""
    rows = _open_planned(until, first, last, people).order_by("assignee_id", "week").values_list("assignee_id", "week")
    prospects = Q(customer__stage=PROSPECT)
    return rows.annotate(
        prospecting=Sum("duration_seconds", filter=prospects, default=0),
        keeping=Sum("duration_seconds", filter=~prospects, default=0),
        kilometres=_kilometres(),
    )


@prepared
def _planned_by_customer(until: dt.datetime, first: dt.date, last: dt.date) -> QuerySet:
    """Of each person, week and customer: seconds, kilometres."""
    rows = _open_planned(until, first, last, None).order_by("assignee_id", "week", "customer_id")
    return rows.values_list("assignee_id", "week", "customer_id").annotate(
        Sum("duration_seconds"), kilometres=_kilometres()
    )


def _touches_planned(ground: Ground, rows: Iterable[tuple]) -> list[PlannedTouches]:
    """Answers to `_planned` as minutes."""
    per_km = _minutes_per_km(ground)
    return [PlannedTouches(user, week, new / 60, old / 60, km * per_km) for user, week, new, old, km in rows]


def _touches_planned_then(
    ground: Ground, rows: Iterable[tuple], figures: Iterable[CustomerFigures]
) -> Iterator[PlannedTouches]:
    """Answers to `_planned_by_customer`, on customers just computed: by the stages that these had."""
    per_km, stages = _minutes_per_km(ground), {row.facts.key: row.facts.stage for row in figures}
    for user, week, customer, seconds, km in rows:
        if customer in stages:
            new, old = (seconds, 0) if stages[customer] == PROSPECT else (0, seconds)
            yield PlannedTouches(user, week, new / 60, old / 60, km * per_km)


def _minutes_per_km(ground: Ground) -> float:
    rules = ground.context.rules
    return minutes_for_km(1.0, rules.detour, rules.speed_kmh)


@prepared
def _set_aside(until: dt.datetime, people: frozenset[int] | None) -> QuerySet:
    """Hours set aside for situations that were open at the end of the day: until these resolve."""
    rows = SituationHours.objects.filter(
        _theirs("user", people),
        Q(situation__resolved_at__isnull=True) | Q(situation__resolved_at__gte=until),
        situation__opened_at__lt=until,
    )
    return rows.order_by("pk").values_list("user_id", "hours_per_week")
