"""Call plans as their reader may see them: those of teams all of whose budgets and amounts are within reach."""

import datetime as dt
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet, Value
from msgspec import Struct, field

from accounts.models import Team, User
from accounts.permissions import Act, Area, Scope, people_with_all, people_within, scope, whole_teams_reached
from customers.models import Customer, Stage, Tier
from planning.engine.call_rhythm import yearly
from planning.engine.response import ENGINE_VERSION
from planning.loaders.call_plan import members_question
from planning.loaders.journeys import roads_print, roads_questions
from planning.models import (
    CallPlan,
    CallPlanSettings,
    ContactRule,
    EvidenceRun,
    FactsMark,
    Period,
    PlanningSettings,
    ResponseJudgement,
    RulesVersion,
)
from planning.queries.norms import sees_norm_amounts
from planning.queries.waiting import state_of
from territory import clock
from territory.together import Prepared, prepared, together

# So many of those who may change the rules are named.
NAMED = 3


def plan_teams(user: User, *more: str, act: str = Act.SEE) -> QuerySet[Team]:
    """Teams whose plan somebody who leads may see, or ask for: those whose budgets and amounts are within reach, and those of every
    team below; for a plan is of them all. `more`: areas within whose reach they are, too."""
    return _teams_of(_reaches(user, *more, act=act)) if sees_norm_amounts(user) else Team.objects.none()


def plan_teams_question(user: User, act: str = Act.SEE) -> QuerySet[Team] | Prepared:
    """The same, to be asked together with others."""
    return _plan_teams(*_reaches(user, act=act)) if sees_norm_amounts(user) else Team.objects.none()


@prepared
def _plan_teams(*reaches: Scope) -> QuerySet[Team]:
    return _teams_of(reaches)


def _reaches(user: User, *more: str, act: str) -> list[Scope]:
    """How far the person may act in what a plan is of; most often as far in all of it."""
    areas = (Area.BUDGETS, Area.AMOUNTS, Area.CUSTOMERS, *more)
    return list(dict.fromkeys([scope(user, Area.BUDGETS, act), *(scope(user, area, Act.SEE) for area in areas)]))


def _teams_of(reaches: Iterable[Scope]) -> QuerySet[Team]:
    teams = Team.objects.filter(archived_at__isnull=True)
    for reached in reaches:
        teams = teams.filter(pk__in=whole_teams_reached(reached).order_by().values("pk"))
    return teams.order_by("path")


def keepers_question(user: User) -> QuerySet:
    """Names of those who may keep a plan as drafts of rules, as far as the person sees names; one more than are told."""
    named = people_within(user, Area.NAMES, Act.SEE).order_by().values("pk")
    people = people_with_all(Area.RULES, Act.CHANGE).filter(pk__in=named)
    return people.values_list("name", flat=True)[: NAMED + 1]


def _basis_questions(plan: CallPlan, on: dt.date) -> list[QuerySet | Prepared]:
    """What `_basis` makes something of, to be asked together with others."""
    begun = ResponseJudgement.objects.filter(starts_on__lte=on).order_by("pk")
    # Who came or changed since has a mark; who left the team is missed only here.
    customers = Customer.objects.live().filter(team__path__startswith=plan.team.path)
    return [
        RulesVersion.objects.order_by("-number").values_list("number", flat=True)[:1],
        begun.values_list("pk", flat=True),
        CallPlanSettings.objects.order_by().values_list("version", flat=True),
        EvidenceRun.objects.order_by("-on").values_list("pk", flat=True)[:1],
        _counted(customers),
        PlanningSettings.objects.order_by().values_list("margin_share", flat=True),
        members_question(plan.team, on),
        *roads_questions(),
    ]


def _counted(rows: QuerySet) -> QuerySet:
    """How many, as a question; no row where there are none."""
    return rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values_list("n", flat=True)


def _basis(*answers: list[Any]) -> dict[str, Any]:
    names = ("rules", "judgements", "settings", "evidence", "customers")
    margin, members, *roads = answers[len(names) :]
    return {
        **{name: list(rows) for name, rows in zip(names, answers, strict=False)},
        "margin": [str(share) for share in margin if share is not None],
        "people": [[str(part) for part in row] for row in members],
        "roads": roads_print(roads),
        "engine": ENGINE_VERSION,
    }


def basis_of(plan: CallPlan, on: dt.date) -> dict[str, Any]:
    """What a plan of this team and role would rest on now, besides facts of customers."""
    return _basis(*together(*_basis_questions(plan, on)))


class TypeLine(Struct, frozen=True):
    """A contact rule: touches a year now and proposed with their range, hours a year, and the rule that asks for them."""

    rule: int
    touch_type: str
    icon: str
    count: int
    period: str
    count_then: int
    period_then: str
    now: float
    then: float
    low: float
    high: float
    minutes_now: float
    minutes_then: float

    @property
    def period_label(self) -> str:
        return str(Period(self.period_then).label)

    @property
    def asked(self) -> float:
        """Touches a year of the rule that is proposed: the best, in whole numbers."""
        return yearly(self.count_then, self.period_then)

    @property
    def changes(self) -> bool:
        return (self.count, self.period) != (self.count_then, self.period_then)


class GroupLine(Struct, frozen=True):
    """A tier and stage: how many customers, times the calls of now, business, and its contact rules."""

    tier: Tier | None
    stage: str
    figures: dict[str, Any]
    lines: list[TypeLine]

    @property
    def is_prospects(self) -> bool:
        return self.stage == Stage.PROSPECT

    @property
    def gain(self) -> float:
        return self.figures["value_then"] - self.figures["value_now"]


class LeftOut(Struct, frozen=True):
    """How many of a tier and stage a plan leaves as they are. `why`: no rule asks for touches, or no value is to be expected."""

    tier: Tier | None
    stage: str
    why: str
    number: int


class PlanShown(Struct, frozen=True, dict=True):
    """A plan and where its computing stands; `stale`: what it was computed from has changed since."""

    plan: CallPlan
    state: str = ""
    progress: int = 0
    total: int = 0
    groups: list[GroupLine] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    facts_changed: int = 0

    @property
    def computing(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def is_stale(self) -> bool:
        return bool(self.changed or self.facts_changed)

    @cached_property
    def refused(self) -> str:
        return (self.plan.result or {}).get("refused", "")

    @property
    def figures(self) -> dict[str, Any]:
        return self.plan.result or {}

    @property
    def is_short(self) -> bool:
        return self.figures["minutes_now"] > self.figures["available"]

    @property
    def load(self) -> float | None:
        """How much of the time there is the plan takes."""
        return self.figures["minutes_then"] / self.figures["available"] if self.figures["available"] else None

    @property
    def load_now(self) -> float | None:
        return self.figures["minutes_now"] / self.figures["available"] if self.figures["available"] else None

    @property
    def proposes(self) -> bool:
        return any(line.changes for group in self.groups for line in group.lines)


def latest_plan(team: Team) -> CallPlan | None:
    """The one that was asked for last."""
    return (
        CallPlan.objects.filter(team=team)
        .select_related("team", "role", "asked_by")
        .order_by("-asked_at", "-pk")
        .first()
    )


def plan_shown(plan: CallPlan, today: dt.date | None = None) -> PlanShown:
    """A fixed number of queries."""
    if plan.computed_at is None:
        return PlanShown(plan, *state_of(plan.job_key))
    marks = FactsMark.objects.filter(changed_at__gt=plan.computed_at, customer__team__path__startswith=plan.team.path)
    result = plan.result or {}
    out = result.get("left_out", ())
    keys = {row["tier"] for row in result.get("groups", ())} | {tier for tier, *_rest in out if tier is not None}
    tiers = Tier.objects.filter(pk__in=keys)
    rules = _rules_of(plan)
    on = today or clock.company_today()
    number, tier_rows, rule_rows, *basis = together(
        _counted(marks),
        tiers.order_by(),
        rules,
        *_basis_questions(plan, on),
    )
    changed = [name for name, said in _basis(*basis).items() if plan.basis.get(name) != said]
    by_key = {row.pk: row for row in tier_rows}
    groups = _groups(plan, by_key, {row[0]: row for row in rule_rows})
    left_out = [LeftOut(by_key.get(tier), stage, why, count) for tier, stage, why, count in out]
    left_out.sort(key=lambda row: (row.stage, row.tier.position if row.tier else 99))
    return PlanShown(plan, groups=groups, left_out=left_out, changed=changed, facts_changed=sum(number))


def _rules_of(plan: CallPlan) -> QuerySet:
    """Key, name and icon of the touch type of the rules of a plan that there still are."""
    keys = [line["rule"] for row in (plan.result or {}).get("groups", ()) for line in row["lines"]]
    return ContactRule.objects.filter(pk__in=keys).order_by().values_list("pk", "touch_type__name", "touch_type__icon")


def _groups(plan: CallPlan, tiers: dict[int, Tier], rules: dict[int, tuple]) -> list[GroupLine]:
    """What a computed plan says by tier and stage, customers before prospects."""
    rows = (plan.result or {}).get("groups", ())
    found = [
        GroupLine(
            tiers.get(row["tier"]), row["stage"], row, [_line(line, rules.get(line["rule"])) for line in row["lines"]]
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: (row.stage != "customer", row.tier.position if row.tier else 99))


def _line(line: dict[str, Any], rule: tuple | None) -> TypeLine:
    _pk, name, icon = rule or (None, line["touch_type"], "")
    now, then, low, high = line["calls"]
    names = ("rule", "count", "period", "count_then", "period_then", "minutes_now", "minutes_then")
    return TypeLine(
        touch_type=name, icon=icon, now=now, then=then, low=low, high=high, **{key: line[key] for key in names}
    )
