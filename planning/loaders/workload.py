"""What weeks of work are computed from: stored or computed shares of budgets, memberships, absences, planned
touches.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, Q, Sum

from accounts.models import Membership
from customers.models import PlannedTouch
from planning.engine.calendar import monday
from planning.engine.cover import Away as People
from planning.engine.cover import StandIn
from planning.engine.customer import CustomerFigures
from planning.engine.rules import PROSPECT
from planning.engine.travel import one_trip
from planning.engine.workload import Away, BudgetShare, Cover, Member, SetAside, TeamLoad, WorkloadFacts
from planning.engine.workload import PlannedTouch as Planned
from planning.loaders.ground import Ground, load_away
from planning.models import BudgetShare as StoredShare
from planning.models import SituationHours
from planning.models import TeamLoad as StoredTeamLoad
from territory.rows import ends_from, starts_by

WEEKS_SHOWN = 8


def weeks_from(on: dt.date, count: int = WEEKS_SHOWN) -> list[dt.date]:
    """The Mondays of the week of a day and of those after it."""
    return [monday(on) + dt.timedelta(weeks=n) for n in range(count)]


@dataclass(frozen=True)
class Instead:
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
    person: int | None = None,
    instead: Instead | None = None,
) -> WorkloadFacts:
    """Everything the weeks are computed from, in 10 queries; from stored shares, or from figures just computed.

    `person`: only theirs and of whom they cover or are covered by, of everyone's stored figures, and the memberships of
    the teams that these are in.
    `instead`: these in the place of what is stored.
    """
    first, last = weeks[0], weeks[-1] + dt.timedelta(days=6)
    figures = None if figures is None else list(figures)
    stages = None if figures is None else {row.facts.key: row.facts.stage for row in figures}
    away = load_away(first, last, None if person is None else {person})
    people = None if person is None else _people(person, away)
    return WorkloadFacts(
        shares=_shares(instead, figures, people),
        members=_members(ground, first, last, people),
        team_loads=instead.team_loads if instead else _team_loads(),
        planned=_planned(ground, first, last, stages, people),
        away=[Away(user, span) for user, spans in away.absences.items() for span in spans],
        covers=_covers(away, figures, instead),
        set_aside=_set_aside(ground, people),
        calendar=ground.context.calendar,
    )


def _people(person: int, away: People) -> set[int]:
    """A person, and whom they cover or are covered by."""
    rows = [row for found in away.stand_ins.values() for row in found]
    return {person} | {pk for row in rows if person in (row.person, row.by) for pk in (row.person, row.by)}


def _shares(
    instead: Instead | None, figures: list[CustomerFigures] | None, people: set[int] | None
) -> Sequence[BudgetShare]:
    if instead is not None:
        return instead.shares
    return stored_shares(people) if figures is None else shares_of(figures)


def _team_loads() -> list[TeamLoad]:
    rows = StoredTeamLoad.objects.filter(role__retired_at__isnull=True).order_by("pk")
    return [TeamLoad(role, seconds / 60) for role, seconds in rows.values_list("role_id", "duration_seconds")]


def _theirs(field: str, people: set[int] | None) -> Q:
    """Rows of some people, of everyone where none are named."""
    return Q() if people is None else Q(**{f"{field}__in": people})


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


def stored_shares(people: set[int] | None = None) -> list[BudgetShare]:
    """One aggregate over the stored shares: by person, team and whether it is prospecting."""
    rows = (
        StoredShare.objects.filter(_theirs("membership__user", people), customer__archived_at__isnull=True)
        .order_by("membership__user_id", "team_id", "is_prospecting")
        .values_list("membership__user_id", "team_id", "is_prospecting")
        .annotate(Sum("touch_minutes"), Sum("travel_minutes"), Sum("other_minutes"))
    )
    return [BudgetShare(*row) for row in rows]


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


def _members(ground: Ground, first: dt.date, last: dt.date, people: set[int] | None) -> list[Member]:
    """Memberships in force in these weeks, of people who had not been deactivated by the day: what these still have is
    unstaffed. Colleagues of the same teams are in: they are what team load counts."""
    there = Q(user__is_active=True) | Q(user__deactivated_at__gte=ground.until)
    rows = Membership.objects.filter(there, starts_by(last), ends_from(first)).order_by("user__name", "user_id", "pk")
    if people is not None:
        rows = rows.filter(team__in=rows.order_by().filter(user__in=people).values("team"))
    return [
        Member(user, team, role, float(hours), float(share), starts_on, ends_on)
        for user, team, role, hours, share, starts_on, ends_on in rows.values_list(
            "user_id", "team_id", "role_id", "weekly_hours", "selling_share", "starts_on", "ends_on"
        )
    ]


def _planned(
    ground: Ground, first: dt.date, last: dt.date, stages: dict[int, str] | None, people: set[int] | None
) -> list[Planned]:
    """Touches planned for the weeks that were known and open at the end of the day."""
    rows = PlannedTouch.objects.filter(
        _theirs("assignee", people),
        Q(closed_at__isnull=True) | Q(closed_at__gte=ground.until),
        planned_at__lt=ground.until,
        due_on__range=(first, last),
        assignee__isnull=False,
        customer__archived_at__isnull=True,
    ).order_by("pk")
    found = []
    for user, day, seconds, customer, stage, travels, latitude, longitude in rows.values_list(
        "assignee_id",
        "due_on",
        "duration_seconds",
        "customer_id",
        "customer__stage",
        "type__travels",
        "customer__latitude",
        "customer__longitude",
    ):
        stage = stage if stages is None else stages.get(customer)
        if stage is None:
            continue
        place = None if latitude is None else (latitude, longitude)
        rules = ground.context.rules
        trip = one_trip(ground.context.bases.get(user), place, rules.detour, rules.speed_kmh)
        found.append(Planned(user, day, stage == PROSPECT, seconds / 60, trip.minutes if travels else 0.0))
    return found


def _set_aside(ground: Ground, people: set[int] | None) -> list[SetAside]:
    """Hours set aside for situations that were open at the end of the day: until these resolve."""
    rows = SituationHours.objects.filter(
        _theirs("user", people),
        Q(situation__resolved_at__isnull=True) | Q(situation__resolved_at__gte=ground.until),
        situation__opened_at__lt=ground.until,
    )
    return [
        SetAside(user, float(hours)) for user, hours in rows.order_by("pk").values_list("user_id", "hours_per_week")
    ]
