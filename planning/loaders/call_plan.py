"""What a team's call plan rests on: customers with their business, contact rules, judgements, trips, and the hours there are."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import cos, floor, radians
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet, Sum
from msgspec import Struct

from accounts.models import Membership, Team
from customers.models import Assignment, Customer
from planning.engine.call_rhythm import yearly
from planning.engine.response import Answers, fitted
from planning.loaders.ground import load_bases
from planning.loaders.journeys import Place, Roads
from planning.models import (
    Budget,
    CallArea,
    CallPlanSettings,
    ContactRule,
    CustomerRule,
    ExpectedBusiness,
    PlanningSettings,
    TeamLoad,
    judgements_on,
)
from territory.rows import on_day

if TYPE_CHECKING:
    from planning.engine.call_team import Called
    from planning.engine.call_team import Team as Planned

PROSPECT, CUSTOMER = "prospect", "customer"
KM_OF_A_DEGREE = 111.195


class CallFacts(Struct, frozen=True):
    """The team as the engine takes it, the rules by tier and stage, and what was left out and why.

    Minutes a year: `capacity` of the role's people, `kept` for what the plan does not move. `own_rules`, `no_value`, `no_place`:
    customers with rules of their own, of whose business nothing is known, whose place or whose owner's base is not known.
    `left_out`: how many of a tier and stage are not planned for, and why: no rule, or no value.
    """

    team: "Planned"
    rules: Mapping[tuple[int, str], list[ContactRule]]
    capacity: float
    kept: float
    own_rules: int
    no_value: int
    no_place: int
    left_out: Mapping[tuple[int | None, str, str], int]


def load_call_facts(team: Team, role: int, on: dt.date, hours: float | None) -> CallFacts:
    """In a fixed number of queries."""
    from planning.engine.call_team import Kind
    from planning.engine.call_team import Team as Planned

    settings = CallPlanSettings.current()
    rules: dict[tuple[int, str], list[ContactRule]] = defaultdict(list)
    for rule in (
        ContactRule.objects.filter(role=role, touch_type__retired_at__isnull=True, stage__in=(PROSPECT, CUSTOMER))
        .select_related("touch_type", "tier")
        .order_by("touch_type__position", "pk")
    ):
        rules[rule.tier_id, rule.stage].append(rule)
    rows = list(
        Customer.objects.live()
        .filter(team__path__startswith=team.path)
        .order_by("pk")
        .values_list("pk", "tier_id", "stage", "yearly_value", "latitude", "longitude", "market_id")
    )
    own = set(
        CustomerRule.objects.on(on)
        .filter(role=role, customer__team__path__startswith=team.path)
        .values_list("customer_id", flat=True)
    )
    worth, margin = _worth(), float(PlanningSettings.current().margin_share or 1)
    planned, left_out, groups_out = [], set(), Counter[tuple[int | None, str, str]]()
    for row in rows:
        pk, tier, stage, value, *_place = row
        if pk in own or (tier, stage) not in rules:
            left_out.add(pk)
            if pk not in own:
                groups_out[tier, stage, "no rule"] += 1
            continue
        brings = float(value) if stage == CUSTOMER else worth.get(tier, worth.get(None, 0.0))
        if brings <= 0:
            groups_out[tier, stage, "no value"] += 1
            left_out.add(pk)
            continue
        planned.append((row, brings * margin))
    trips = _Trips.of(planned, on, settings)
    capacity, kept = _capacity(team, role, on, settings), _kept(team, role, left_out, on)
    judged = judgements_on(on)
    return CallFacts(
        Planned(
            trips.customers,
            {
                group: [
                    Kind(rule.pk, yearly(rule.count, rule.period), rule.duration_seconds / 60, rule.touch_type.travels)
                    for rule in found
                ]
                for group, found in rules.items()
            },
            {group: fitted(judged[group[0]].answers if group[0] in judged else Answers()) for group in rules},
            trips.minutes,
            [km * float(settings.km_cost) for km in trips.km],
            max(0.0, capacity - kept) if hours is None else hours * 60,
            float(settings.most_times),
        ),
        rules,
        capacity,
        kept,
        own_rules=len(own),
        no_value=sum(number for (_tier, _stage, why), number in groups_out.items() if why == "no value"),
        no_place=sum(customer.area is None for customer in trips.customers),
        left_out=groups_out,
    )


def _worth() -> dict[int | None, float]:
    """What a prospect may bring within a year, by the tier of its course, and under None over all (domain 3.2)."""
    rows = ExpectedBusiness.objects.filter(month__isnull=True).order_by()
    found = {
        tier: mean / prospects
        for tier, mean, prospects in rows.values_list("tier_id").annotate(Sum("mean"), Sum("prospects"))
        if prospects
    }
    whole = rows.aggregate(Sum("mean"), Sum("prospects"))
    if whole["prospects__sum"]:
        found[None] = whole["mean__sum"] / whole["prospects__sum"]
    return found


class _Trips(Struct):
    """Customers with the areas of their owners' trips; minutes and kilometres there and back by area."""

    customers: "list[Called]"
    minutes: list[float]
    km: list[float]

    @classmethod
    def of(cls, planned: list[tuple[Any, float]], on: dt.date, settings: CallPlanSettings) -> "_Trips":
        from planning.engine.call_team import Called

        owners, bases = _owners([row[0] for row, _ in planned], on), load_bases()
        by_owner: dict[int, dict[tuple, list[int]]] = defaultdict(lambda: defaultdict(list))
        for place, (row, _value) in enumerate(planned):
            pk, _tier, _stage, _yearly, latitude, longitude, market = row
            if latitude is not None and longitude is not None and owners.get(pk) in bases:
                cell = (
                    ("market", market)
                    if settings.areas == CallArea.MARKET and market is not None
                    else _cell(latitude, longitude, settings.cell_km)
                )
                by_owner[owners[pk]][cell].append(place)
        found, roads = cls([], [], []), Roads.current()
        hops: dict[int, tuple[int, float]] = {}
        for owner, cells in by_owner.items():
            areas = [{place: planned[place][0][4:6] for place in places} for places in cells.values()]
            hops |= found._of_owner(bases[owner], areas, roads)
        found.customers = [
            Called(row[0], (row[1], row[2]), value, *hops.get(place, (None, 0.0)))
            for place, (row, value) in enumerate(planned)
        ]
        return found

    def _of_owner(
        self, base: Place, areas: Sequence[Mapping[int, Place]], roads: Roads
    ) -> dict[int, tuple[int, float]]:
        """Adds the trips to somebody's areas, by one question; of each customer there the area and minutes from its middle."""
        middles = [_middle(list(area.values())) for area in areas]
        doors = [door for area in areas for door in area.values()]
        ways = roads.between([base, *middles], [base, *middles, *doors])
        hops, column = {}, 1 + len(areas)
        for row, area in enumerate(areas, start=1):
            self.minutes.append((int(ways.seconds[0, row]) + int(ways.seconds[row, 0])) / 60)
            self.km.append((int(ways.metres[0, row]) + int(ways.metres[row, 0])) / 1000)
            for place in area:
                hops[place] = (len(self.minutes) - 1, int(ways.seconds[row, column]) / 60)
                column += 1
        return hops


def _middle(places: Sequence[Place]) -> Place:
    return (
        sum(latitude for latitude, _ in places) / len(places),
        sum(longitude for _, longitude in places) / len(places),
    )


def _cell(latitude: float, longitude: float, side_km: int) -> tuple[int, int]:
    """The square of a map that a place lies in: rows of one height, and in each row squares as wide as high."""
    row = floor(latitude * KM_OF_A_DEGREE / side_km)
    middle = (row + 0.5) * side_km / KM_OF_A_DEGREE
    width = KM_OF_A_DEGREE * max(cos(radians(middle)), 0.01)
    return row, floor(longitude * width / side_km)


def _owners(ids: Iterable[int], on: dt.date) -> dict[int, int]:
    """Who owns them, by customer."""
    wanted = set(ids)
    rows = Assignment.objects.owners().filter(on_day(on), on_day(on, "membership__")).order_by("pk")
    return {pk: user for pk, user in rows.values_list("customer_id", "membership__user_id") if pk in wanted}


def members_question(team: Team, on: dt.date) -> QuerySet:
    """User, team, role, weekly hours and selling share of who works in a team or below it on a day."""
    rows = Membership.objects.on(on).filter(team__path__startswith=team.path, user__is_active=True)
    return rows.order_by("pk").values_list("user_id", "team_id", "role_id", "weekly_hours", "selling_share")


def _capacity(team: Team, role: int, on: dt.date, settings: CallPlanSettings) -> float:
    hours = sum(float(hours * share) for _, _, of, hours, share in members_question(team, on) if of == role)
    return hours * float(settings.weeks) * 60


def _kept(team: Team, role: int, left_out: set[int], on: dt.date) -> float:
    """Minutes a year that the plan does not move: other parts of budgets, all of who is left out, and time for the team."""
    minutes = 0.0
    rows = Budget.objects.filter(role=role, customer__team__path__startswith=team.path).filter(
        Q(customer__archived_at__isnull=True)
    )
    for customer, touch, travel, other in rows.order_by().values_list(
        "customer_id", "touch_minutes", "travel_minutes", "other_minutes"
    ):
        minutes += other + (touch + travel if customer in left_out else 0.0)
    load = TeamLoad.objects.filter(role=role).values_list("duration_seconds", flat=True).first() or 0
    teams: dict[int, set[int]] = defaultdict(set)
    members = list(members_question(team, on))
    for user, of_team, *_rest in members:
        teams[of_team].add(user)
    together = sum(len(teams[of_team]) - 1 for _, of_team, of, *_rest in members if of == role)
    return 12 * (minutes + load / 60 * together)
