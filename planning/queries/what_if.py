"""What another rhythm would take and bring, of the customers and people that the reader may see."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from msgspec import Struct, field

from accounts.models import Membership, Role, User
from accounts.permissions import Act, Area, Scope, people_reached, scope
from customers.models import Customer, Tier, TouchType
from customers.scope import customers_within, hangs_within
from planning.engine import rhythm as engine_rhythm
from planning.engine.added_chance import ChanceModel
from planning.engine.courses import FEWEST_WINS
from planning.engine.rhythm import DAYS_PER_MONTH, WEEKS_PER_MONTH
from planning.engine.what_if import NowAndThen, Rhythm, beyond, expected_wins, total
from planning.forms.what_if import SHOWN_STAGES, Catalogue, WhatIf
from planning.models import BudgetShare, ContactRule, CustomerRule, EvidenceRun, TeamLoad
from territory import clock
from territory.together import prepared, together

FOUR_WEEKS = 28

Place = tuple[int, str, int]  # tier, stage, role


class Line(Struct, frozen=True):
    """One rule, as it is and as it would be: hours a month of all customers it is about. `form`: where it is typed.

    `moved`: the share of these customers that it is about, others having a rule of their own.
    """

    rule: ContactRule
    form: Any
    hours_now: float
    hours_then: float
    moved: float

    @property
    def is_other(self) -> bool:
        return abs(self.hours_now - self.hours_then) > 1e-9


class Group(Struct):
    """A tier's prospects or customers: the lines of its rules, and the wins of a year (None: no evidence tells)."""

    tier: Tier
    stage: str
    number: int
    lines: list[Line] = field(default_factory=list)
    wins: NowAndThen | None = None
    business_of_a_win: float | None = None
    unknown: list[TouchType] = field(default_factory=list)

    @property
    def is_prospects(self) -> bool:
        return self.stage == "prospect"

    @property
    def hours_now(self) -> float:
        return sum(line.hours_now for line in self.lines)

    @property
    def hours_then(self) -> float:
        return sum(line.hours_then for line in self.lines)

    @property
    def business(self) -> NowAndThen | None:
        """What these wins would bring."""
        if self.wins is None or self.business_of_a_win is None:
            return None
        return total([(self.wins, self.business_of_a_win)])


class RoleHours(Struct, frozen=True):
    """Hours of an ordinary month that a role has for customers and needs, as rules are and as they would be."""

    role: Role
    capacity: float
    needed_now: float
    needed_then: float

    @property
    def left_now(self) -> float:
        return self.capacity - self.needed_now

    @property
    def left_then(self) -> float:
        return self.capacity - self.needed_then

    @property
    def is_short(self) -> bool:
        """Whether it would need more than it has, which it does not now."""
        return self.left_then < -1e-9 and self.needed_then > self.needed_now + 1e-9


class WhatIfPage(Struct, frozen=True, dict=True):
    """`run` None: no evidence yet. `shows_business`: whether the reader may see what wins bring."""

    groups: list[Group]
    roles: list[RoleHours]
    run: EvidenceRun | None
    shows_business: bool

    @cached_property
    def wins(self) -> NowAndThen | None:
        """New customers in a year."""
        return _sum((group.wins, 1.0) for group in self.groups if group.is_prospects)

    @cached_property
    def orders(self) -> NowAndThen | None:
        """Further orders of customers in a year."""
        return _sum((group.wins, 1.0) for group in self.groups if not group.is_prospects)

    @cached_property
    def business(self) -> NowAndThen | None:
        return _sum((group.wins, group.business_of_a_win) for group in self.groups)

    @property
    def hours_now(self) -> float:
        return sum(group.hours_now for group in self.groups)

    @property
    def hours_then(self) -> float:
        return sum(group.hours_then for group in self.groups)


def _sum(parts: Iterable[tuple[NowAndThen | None, float | None]]) -> NowAndThen | None:
    known = [(wins, each) for wins, each in parts if wins is not None and each is not None]
    return total(known) if known else None


def catalogue() -> Catalogue:
    """What can be typed about: the contact rules of prospects and customers, and tiers, roles and touch types in use."""
    return Catalogue(*together(_rules(), _in_use(Tier), _in_use(Role), _in_use(TouchType)))


@prepared
def _rules() -> QuerySet[ContactRule]:
    rules = ContactRule.objects.filter(stage__in=SHOWN_STAGES).select_related("tier", "role", "touch_type")
    for name in ("tier", "role", "touch_type"):
        rules = rules.filter(**{f"{name}__retired_at__isnull": True})
    return rules


@prepared
def _in_use(model: Any) -> QuerySet:
    return model.objects.live()


@prepared
def _last_run() -> QuerySet[EvidenceRun]:
    return EvidenceRun.objects.only("on", "samples")[:1]


def what_if_page(user: User, typed: WhatIf, *, shows_business: bool) -> WhatIfPage:
    """The rules as typed, held against customers, time and evidence; a fixed number of queries."""
    reached, today = scope(user, Area.BUDGETS, Act.SEE), clock.company_today()
    shares, members, loads, customers, own, runs = together(
        _shares(reached, today),
        _members(reached, today),
        _team_loads(),
        _customers(customers_within(user, Area.CUSTOMERS, Act.SEE)),
        _own_rules(hangs_within(user, Area.BUDGETS, Act.SEE), today),
        _last_run(),
    )
    time = _Time.of(typed.catalogue.rules, shares, members, dict(loads), customers, own)
    groups = {
        (tier.pk, stage): Group(tier, stage, time.customers.get((tier.pk, stage), 0))
        for stage in SHOWN_STAGES
        for tier in typed.catalogue.tiers
    }
    delta: dict[int, float] = defaultdict(float)
    for line in _lines(typed, time):
        place = groups.get((line.rule.tier_id, line.rule.stage))
        if place is not None:
            place.lines.append(line)
            delta[line.rule.role_id] += line.hours_then - line.hours_now
    run = next(iter(runs), None)
    if run is not None:
        for stage in SHOWN_STAGES:
            _expect(run, stage, [group for group in groups.values() if group.stage == stage])
    shown = [group for group in groups.values() if group.number or group.lines]
    return WhatIfPage(shown, time.roles(typed.catalogue.roles, delta), run, shows_business)


def _lines(typed: WhatIf, time: _Time) -> Iterable[Line]:
    for form in typed.rhythms:
        now = time.hours(form.rule, form.rule.count, form.rule.duration_seconds)
        yield Line(
            form.rule, form, now, time.hours(form.rule, form.count_then, form.seconds_then), time.moved(form.rule)
        )
    for form in typed.added:
        rule = form.instance
        yield Line(rule, form, 0.0, time.hours(rule, rule.count, rule.duration_seconds), time.moved(rule))


def _expect(run: EvidenceRun, stage: str, groups: list[Group]) -> None:
    """Put into the groups what the model expects of them."""
    sample = run.samples.get(stage, {})
    model = model_of(sample.get("model"))
    if model is None:
        return
    rhythms = [Rhythm(str(group.tier.pk), group.number, *_counts(group)) for group in groups]
    names = {str(line.rule.touch_type_id): line.rule.touch_type for group in groups for line in group.lines}
    for group, row, wins in zip(groups, rhythms, expected_wins(model, stage, rhythms), strict=True):
        group.wins, group.business_of_a_win = wins, _business(sample["tiers"], group.tier.pk)
        group.unknown = [names[pk] for pk in beyond(model, row)] if row.now != row.then else []


def _counts(group: Group) -> tuple[dict[str, float], dict[str, float]]:
    """Touches of each type in 4 weeks, of all roles together, now and then, on the mean of the customers."""
    now: dict[str, float] = defaultdict(float)
    then: dict[str, float] = defaultdict(float)
    for line in group.lines:
        kind, rule = str(line.rule.touch_type_id), line.rule
        is_new = rule.pk is None
        before = 0.0 if is_new else _in_four_weeks(rule.count, rule.period)
        after = _in_four_weeks(rule.count if is_new else line.form.count_then, rule.period)
        now[kind] += before
        then[kind] += before + (after - before) * line.moved
    return dict(now), {kind: count for kind, count in then.items() if count}


def _in_four_weeks(count: int, period: str) -> float:
    return _a_month(count, period) * FOUR_WEEKS / DAYS_PER_MONTH


def _a_month(count: int, period: str) -> float:
    return float(engine_rhythm.times_per_month(count, period))


def _business(tiers: Mapping[str, Any], tier: int) -> float | None:
    """What a win of the tier brought on average; over all tiers where these are too few to tell."""
    own = tiers.get(str(tier), {"won": 0})
    known = own if own["won"] >= FEWEST_WINS else tiers.get("", own)
    return float(Decimal(known["business"])) / known["won"] if known["won"] else None


def model_of(stored: Mapping[str, Any] | None) -> ChanceModel | None:
    """The stored model; None where there was none."""
    if not stored:
        return None
    return ChanceModel(
        tuple(stored["tiers"]),
        tuple(stored["types"]),
        tuple(stored["theta"]),
        tuple(tuple(row) for row in stored["covariance"]),
        tuple(stored["lost"]),
        stored["most"],
    )


class _Served(Struct, frozen=True):
    """How many customers of a tier and stage the people of a role serve (by shares), and the minutes of travel a month."""

    customers: float
    travel: float


class _Time(Struct, frozen=True):
    """What there is to do, and who has time for it: customers by tier and stage, those served by tier, stage and role, the
    minutes there and back of one visit, and by role the hours needed and had in an ordinary month. `apart`: by tier, stage,
    role and touch type those with a rule of their own, which no other rule moves.
    """

    customers: Mapping[tuple[int, str], int]
    served: Mapping[Place, _Served]
    there_and_back: Mapping[Place | int, float]
    needed: Mapping[int, float]
    capacity: Mapping[int, float]
    apart: Mapping[tuple, int]

    @classmethod
    def of(
        cls,
        rules: Iterable[ContactRule],
        shares: Iterable[tuple],
        members: Sequence[tuple],
        loads: Mapping[int, int],
        customers: Iterable[tuple],
        own: Iterable[tuple],
    ) -> _Time:
        """From the answers to the questions below; `loads`: seconds a month by role."""
        served: dict[Place, _Served] = {}
        needed: dict[int, float] = defaultdict(float)
        for tier, stage, role, share, travel, whole in shares:
            served[tier, stage, role] = _Served(share, travel)
            needed[role] += whole / 60
        teams: dict[int, set[int]] = defaultdict(set)
        capacity: dict[int, float] = defaultdict(float)
        for user, team, role, hours, share in members:
            teams[team].add(user)
            capacity[role] += float(hours * share) * WEEKS_PER_MONTH
        for _user, team, role, *_rest in members:
            needed[role] += loads.get(role, 0) / 3600 * (len(teams[team]) - 1)
        found = {(tier, stage): number for tier, stage, number in customers}
        apart = {tuple(place): number for *place, number in own}
        return cls(found, served, _there_and_back(rules, served), needed, capacity, apart)

    def hours(self, rule: ContactRule, count: int, seconds: int) -> float:
        """Hours a month of all customers of a rule's tier and stage, at so many touches a period of so many seconds."""
        place = (rule.tier_id, rule.stage, rule.role_id)
        served = self.served.get(place)
        customers = served.customers if served else self.customers.get(place[:2], 0)
        customers = max(0.0, customers - self.apart.get((*place, rule.touch_type_id), 0))
        travel = (
            self.there_and_back.get(place, self.there_and_back.get(rule.role_id, 0.0)) if rule.touch_type.travels else 0
        )
        return customers * _a_month(count, rule.period) * (seconds / 60 + travel) / 60 if count else 0.0

    def moved(self, rule: ContactRule) -> float:
        """Which share of the customers of a rule's tier and stage it is about."""
        number = self.customers.get((rule.tier_id, rule.stage), 0)
        apart = self.apart.get((rule.tier_id, rule.stage, rule.role_id, rule.touch_type_id), 0)
        return max(0.0, 1 - apart / number) if number else 1.0

    def roles(self, known: Iterable[Role], more: Mapping[int, float]) -> list[RoleHours]:
        """Of those that have or get something to do, with so many hours a month more."""
        return [
            RoleHours(
                role,
                self.capacity.get(role.pk, 0.0),
                self.needed.get(role.pk, 0.0),
                self.needed.get(role.pk, 0.0) + more.get(role.pk, 0.0),
            )
            for role in known
            if self.needed.get(role.pk) or self.capacity.get(role.pk) or more.get(role.pk)
        ]


@prepared
def _shares(reached: Scope, today: dt.date) -> QuerySet:
    """By tier, stage and role: sum of shares, minutes of travel and all minutes a month."""
    people = people_reached(reached, today).order_by().values("pk")
    nobodys = Q(membership__isnull=True)
    mine = Q(membership__user__in=people) | (
        nobodys if reached.everything else nobodys & reached.teams_through("team__")
    )
    rows = BudgetShare.objects.filter(mine, customer__archived_at__isnull=True).order_by()
    whole = Sum(F("touch_minutes") + F("travel_minutes") + F("other_minutes"))
    grouped = rows.values_list("customer__tier_id", "customer__stage", "role_id")
    return grouped.annotate(Sum("share"), Sum("travel_minutes"), whole=whole)


@prepared
def _members(reached: Scope, today: dt.date) -> QuerySet:
    """User, team, role, weekly hours and selling share of who works that day."""
    people = people_reached(reached, today).filter(is_active=True).order_by()
    rows = Membership.objects.on(today).filter(user__in=people.values("pk")).order_by()
    return rows.values_list("user_id", "team_id", "role_id", "weekly_hours", "selling_share")


@prepared
def _team_loads() -> QuerySet:
    """Seconds a month by role."""
    return TeamLoad.objects.order_by().values_list("role_id", "duration_seconds")


@prepared
def _customers(seen: Q) -> QuerySet:
    """How many by tier and stage."""
    rows = Customer.objects.live().filter(seen, stage__in=SHOWN_STAGES).order_by()
    return rows.values_list("tier_id", "stage").annotate(Count("pk"))


@prepared
def _own_rules(seen: Q, today: dt.date) -> QuerySet:
    """How many customers have a rule of their own, by tier, stage, role and touch type."""
    rows = CustomerRule.objects.on(today).filter(seen, customer__archived_at__isnull=True).order_by()
    return rows.values_list("customer__tier_id", "customer__stage", "role_id", "touch_type_id").annotate(Count("pk"))


def _there_and_back(rules: Iterable[ContactRule], served: Mapping[Place, _Served]) -> dict[Place | int, float]:
    """Minutes of travel of one visit as budgets have it: by tier, stage and role, and the mean of a role."""
    visits: dict[Place, float] = defaultdict(float)
    for rule in rules:
        if rule.touch_type.travels:
            visits[rule.tier_id, rule.stage, rule.role_id] += _a_month(rule.count, rule.period)
    found: dict[Place | int, float] = {}
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for place, number in visits.items():
        known = served.get(place)
        if known and known.customers:
            found[place] = known.travel / (known.customers * number)
            sums[place[2]][0] += known.travel
            sums[place[2]][1] += known.customers * number
    return found | {role: travel / number for role, (travel, number) in sums.items() if number}
