"""A team's call plan: from its customers and contact rules to questions for the knapsack, and what their answers say.

Calls to a customer keep the mix of its contact rules: at x every rule asks for x times its touches. Two questions are asked.
*As rules*: all customers of a tier and stage get the same x, for a contact rule knows no customer; an account of the knapsack
is then a tier and stage, which lies in all areas of its customers. *Each on its own*: what could be had beyond that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from planning.engine.call_plan import Account, CallRange, Plan, Question, best_calls, ranges_within
from planning.engine.response import Response
from planning.engine.rules import Key

Group = tuple[Key, str]

#: steps of x between no calls and the most: as rules, and each on its own
FINE, COARSE = 10, 4


class Kind(Struct, frozen=True):
    """A contact rule: calls a year, minutes of each, and whether one travels for it."""

    key: Key
    yearly: float
    minutes: float
    travels: bool


class Called(Struct, frozen=True):
    """A customer: its tier and stage, its business a year at the calls of today, the area of its owner's trips (None: no place is
    known), and the minutes from there to its door and on."""

    key: Key
    group: Group
    value: float
    area: int | None
    hop: float


class Team(Struct, frozen=True):
    """All that a plan rests on. `curves` and `kinds` by tier and stage; minutes and cost of a trip by area."""

    customers: Sequence[Called]
    kinds: Mapping[Group, Sequence[Kind]]
    curves: Mapping[Group, Response]
    trip_minutes: Sequence[float]
    trip_cost: Sequence[float]
    minutes: float
    most_times: float

    def trips(self, group: Group) -> float:
        """Calls a year that one travels for."""
        return sum(kind.yearly for kind in self.kinds[group] if kind.travels)

    def call_minutes(self, customer: Called) -> float:
        """Minutes a year of the calls of today, without trips."""
        return sum(
            kind.yearly * (kind.minutes + (customer.hop if kind.travels else 0.0))
            for kind in self.kinds[customer.group]
        )

    def multiples(self, steps: int) -> np.ndarray:
        """0 to the most times the calls of today; today's is one of them."""
        return np.arange(int(self.most_times * steps + 1e-9) + 1) / steps


class GroupPlan(Struct, frozen=True):
    """What a tier and stage gets: times the calls of today, the range, calls on their own (mean, fewest, most), business."""

    group: Group
    customers: int
    times: float
    range: CallRange
    own_times: tuple[float, float, float]
    call_minutes: float
    value_now: float
    value_then: float
    value_own: float


class TeamPlan(Struct, frozen=True):
    """The plan as rules, and each on its own beside it. Trips in minutes a year, now and then."""

    groups: list[GroupPlan]
    rules: Plan
    own: Plan
    own_times: dict[Key, float]
    trips_now: float
    trips_then: float
    trip_cost_now: float
    trip_cost_then: float
    minutes_now: float


def plan_team(team: Team, *, within: float, seconds: float, report=lambda done, total: None) -> TeamPlan:
    """Raises TooFewMinutes where there is no time at all."""
    groups = sorted({customer.group for customer in team.customers}, key=repr)
    fine, coarse = team.multiples(FINE), team.multiples(COARSE)
    as_rules = _as_rules(team, groups, fine)
    rules = best_calls(as_rules, seconds=seconds)
    report(1, 3)
    ranges = ranges_within(as_rules, rules, within, seconds=max(1.0, seconds / (4 * max(1, len(groups)))))
    report(2, 3)
    each = _each(team, coarse)
    own = best_calls(each, seconds=seconds)
    report(3, 3)
    own_times = {customer.key: float(coarse[level]) for customer, level in zip(team.customers, own.levels, strict=True)}
    now = [FINE] * len(groups)
    found = [
        _group(team, group, float(fine[level]), spread, own_times)
        for group, level, spread in zip(groups, rules.levels, ranges, strict=True)
    ]
    return TeamPlan(
        found,
        rules,
        own,
        own_times,
        trips_now=float(as_rules.trips_of(now) @ as_rules.trip_minutes),
        trips_then=float(rules.trips @ as_rules.trip_minutes),
        trip_cost_now=float(as_rules.trips_of(now) @ as_rules.trip_cost),
        trip_cost_then=float(rules.trips @ as_rules.trip_cost),
        minutes_now=as_rules.minutes_of(now),
    )


def _group(team: Team, group: Group, times: float, spread: CallRange, own_times: Mapping[Key, float]) -> GroupPlan:
    members = [customer for customer in team.customers if customer.group == group]
    curve, value = team.curves[group], sum(customer.value for customer in members)
    own = [own_times[customer.key] for customer in members]
    return GroupPlan(
        group,
        len(members),
        times,
        spread,
        (sum(own) / len(own), min(own), max(own)),
        sum(team.call_minutes(customer) for customer in members),
        value,
        value * curve.beside_now(times),
        sum(customer.value * curve.beside_now(own_times[customer.key]) for customer in members),
    )


def _as_rules(team: Team, groups: Sequence[Group], multiples: np.ndarray) -> Question:
    """An account for each tier and stage. Areas in which the same of them lie are one: their trips are as many."""
    lies: dict[int, set[Group]] = defaultdict(set)
    for customer in team.customers:
        if customer.area is not None:
            lies[customer.area].add(customer.group)
    alike: dict[frozenset[Group], list[int]] = defaultdict(list)
    for area, there in lies.items():
        alike[frozenset(there)].append(area)
    accounts = []
    for group in groups:
        members = [customer for customer in team.customers if customer.group == group]
        accounts.append(
            _account(
                team,
                group,
                multiples,
                sum(customer.value for customer in members),
                sum(team.call_minutes(customer) for customer in members),
                tuple(number for number, there in enumerate(alike) if group in there),
            )
        )
    return Question(
        accounts, _summed(team.trip_minutes, alike.values()), _summed(team.trip_cost, alike.values()), team.minutes
    )


def _each(team: Team, multiples: np.ndarray) -> Question:
    """An account for each customer."""
    accounts = [
        _account(
            team,
            customer.group,
            multiples,
            customer.value,
            team.call_minutes(customer),
            () if customer.area is None else (customer.area,),
        )
        for customer in team.customers
    ]
    return Question(accounts, np.array(team.trip_minutes, float), np.array(team.trip_cost, float), team.minutes)


def _account(
    team: Team, group: Group, multiples: np.ndarray, value: float, minutes: float, areas: tuple[int, ...]
) -> Account:
    curve, trips = team.curves[group], team.trips(group)
    brought = np.array([curve.beside_now(float(times)) for times in multiples])
    return Account(multiples, multiples * minutes, brought * value, multiples * trips, areas if trips else ())


def _summed(each: Sequence[float], alike: Iterable[list[int]]) -> np.ndarray:
    return np.array([sum(each[area] for area in areas) for areas in alike], float)
