"""Call plans: judged, asked for, computed by a job, and kept as drafts of contact rules. Nothing changes by itself."""

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Role, Team, User
from customers.models import Tier
from planning.actions.drafts import discard_draft, draft_act, draft_change
from planning.actions.effects import WAITS
from planning.draft_kinds import DRAFT_KINDS, posted
from planning.engine.call_rhythm import scaled, yearly
from planning.engine.response import ENGINE_VERSION
from planning.forms.rules import ContactRuleForm
from planning.loaders.call_plan import CallFacts, load_call_facts
from planning.models import (
    CallPlan,
    CallPlanSettings,
    ContactRule,
    DraftAct,
    DraftState,
    ResponseJudgement,
    RuleDraft,
)
from planning.nudge import call_plan_soon
from planning.queries.call_plans import basis_of
from planning.queries.waiting import FAILED, state_of
from territory import clock
from territory.conflicts import Conflict, claim
from territory.jobs.runner import Progress, run_job

# The name of its job.
CALL_PLAN = "call plan"

# Of one team so many are kept.
MOST = 20

# A worker kills a task after 240 s: as rules and each on its own get so long at most, all ranges together half of it.
SECONDS = 45.0


@transaction.atomic
def judge(
    *, tier: Tier, answers: dict[str, Decimal], starts_on: dt.date, reason: str, actor: User, now: dt.datetime
) -> ResponseJudgement:
    """Let a new judgement start; the old one stays readable. Raises ValidationError where answers do not rise, or one starts on
    that day already."""
    row = ResponseJudgement(tier=tier, starts_on=starts_on, reason=reason, set_by=actor, set_at=now, **answers)
    row._history_user = actor
    row.full_clean()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # somebody else set one meanwhile
        raise ValidationError(_("A judgement starts on this day already; choose another day.")) from error
    return row


@transaction.atomic
def save_settings(*, row: CallPlanSettings, version: int | None, actor: User) -> CallPlanSettings:
    """Store how plans are made, as shown at `version`; raises Conflict. No budget and no due day rests on it."""
    row._history_user = actor
    try:
        with transaction.atomic():
            if not row._state.adding and version is not None:
                claim(row, version)
            row.save()
    except IntegrityError as error:
        raise ValidationError(_("There is such a row already.")) from error
    return row


@transaction.atomic
def ask_plan(*, team: Team, role: Role, hours: Decimal | None, actor: User, now: dt.datetime) -> CallPlan:
    """Ask for a plan; while one of the same is being computed, that one. What failed is asked for once more."""
    list(Team.objects.select_for_update(of=("self",)).filter(pk=team.pk).values_list("pk"))
    same = CallPlan.objects.filter(
        team=team, role=role, hours=hours, computed_at__isnull=True, asked_at__gte=now - dt.timedelta(minutes=5)
    )
    waiting = same.order_by("-asked_at", "-pk").first()
    if waiting is not None and state_of(waiting.job_key)[0] != FAILED:
        return waiting
    plan = CallPlan.objects.create(team=team, role=role, hours=hours, asked_by=actor, asked_at=now)
    kept = CallPlan.objects.filter(team=team).order_by("-asked_at", "-pk").values_list("pk", flat=True)[:MOST]
    CallPlan.objects.filter(team=team).exclude(pk__in=list(kept)).delete()
    call_plan_soon(plan.pk)
    return plan


def run_plan(pk: int, *, now: dt.datetime) -> None:
    """Compute a plan as a job, once."""
    plan = CallPlan.objects.filter(pk=pk, computed_at__isnull=True).select_related("team", "role", "asked_by").first()
    if plan is None:
        return

    def job(progress: Progress) -> dict[str, Any]:
        on = clock.day_of(now, clock.company_zone())
        basis = basis_of(plan, on)
        result = computed(plan, on, progress)
        CallPlan.objects.filter(pk=pk, computed_at__isnull=True).update(
            result=result,
            basis=basis,
            parameters=_parameters(),
            engine_version=ENGINE_VERSION,
            computed_at=now,
        )
        return {"customers": result.get("customers", 0)}

    run_job(CALL_PLAN, job, key=plan.job_key, requested_by=plan.asked_by)


def run_waiting_plans(*, now: dt.datetime, until: dt.datetime) -> None:
    """Compute what was asked for lately and no message announced."""
    waiting = CallPlan.objects.filter(computed_at__isnull=True, asked_at__gte=now - WAITS).order_by("asked_at")
    for pk in list(waiting.values_list("pk", flat=True)):
        if clock.now() < until:
            run_plan(pk, now=clock.now())


def _parameters() -> dict[str, Any]:
    row = CallPlanSettings.current()
    names = ("within", "most_times", "weeks", "areas", "cell_km", "km_cost")
    return {name: str(getattr(row, name)) for name in names} | {"seconds": SECONDS}


def computed(plan: CallPlan, on: dt.date, report: Any = lambda done, total: None) -> dict[str, Any]:
    """The plan as it is kept: numbers, and keys of tiers, rules and customers."""
    from planning.engine.call_team import plan_team

    hours = None if plan.hours is None else float(plan.hours)
    facts = load_call_facts(plan.team, plan.role_id, on, hours)
    left = {
        "capacity": facts.capacity,
        "kept": facts.kept,
        "available": facts.team.minutes,
        "own_rules": facts.own_rules,
        "no_value": facts.no_value,
        "no_place": facts.no_place,
        "left_out": [[*group, number] for group, number in facts.left_out.items()],
        "customers": len(facts.team.customers),
    }
    if not facts.rules:
        return left | {"refused": "no rules"}
    if not facts.team.customers:
        return left | {"refused": "no customers"}
    within = float(CallPlanSettings.current().within)
    found = plan_team(facts.team, within=within, seconds=SECONDS, report=report)
    return left | {
        "groups": [_group(facts, row) for row in found.groups],
        "value_now": sum(row.value_now for row in found.groups) - found.trip_cost_now,
        "value_then": found.rules.value,
        "value_own": found.own.value,
        "minutes_now": found.minutes_now,
        "minutes_then": found.rules.minutes,
        "minutes_own": found.own.minutes,
        "trips_now": found.trips_now,
        "trips_then": found.trips_then,
        "gap": found.rules.gap,
        "gap_own": found.own.gap,
        "hour_brings": None if found.own.price is None else found.own.price * 60,
        "within": within,
        "own": found.own_times,
    }


def _group(facts: CallFacts, row: Any) -> dict[str, Any]:
    kinds = facts.team.kinds[row.group]
    calls = sum(kind.yearly * kind.minutes for kind in kinds) or 1.0
    return {
        "tier": row.group[0],
        "stage": row.group[1],
        "customers": row.customers,
        "times": row.times,
        "low": row.range.fewest,
        "high": row.range.most,
        "is_proven": row.range.is_proven,
        "own_times": row.own_times,
        "minutes_now": row.call_minutes,
        "minutes_then": row.call_minutes * row.times,
        "value_now": row.value_now,
        "value_then": row.value_then,
        "value_own": row.value_own,
        "lines": [
            _line(rule, row, row.call_minutes * kind.yearly * kind.minutes / calls)
            for rule, kind in zip(facts.rules[row.group], kinds, strict=True)
        ],
    }


def _line(rule: ContactRule, row: Any, minutes: float) -> dict[str, Any]:
    a_year = yearly(rule.count, rule.period)
    count, period = scaled(rule.count, rule.period, row.times)
    return {
        "rule": rule.pk,
        "version": rule.version,
        "touch_type": rule.touch_type.name,
        "count": rule.count,
        "period": rule.period,
        "count_then": count,
        "period_then": period,
        "calls": [a_year, a_year * row.times, a_year * row.range.fewest, a_year * row.range.most],
        "minutes_now": minutes,
        "minutes_then": minutes * row.times,
    }


@transaction.atomic
def draft_plan(*, plan: CallPlan, rules: Collection[int], actor: User, now: dt.datetime) -> list[RuleDraft]:
    """Keep what a plan proposes for these rules as drafts, all or none, in the place of drafts that the person keeps of the same
    already: taken twice is taken once. Raises Conflict where a rule changed since the plan was computed.
    """
    kind = DRAFT_KINDS["contact-rules"]
    lines = {line["rule"]: line for row in (plan.result or {}).get("groups", ()) for line in row["lines"]}
    proposed = [
        lines[pk]
        for pk in sorted(set(rules) & set(lines))
        if (lines[pk]["count"], lines[pk]["period"]) != (lines[pk]["count_then"], lines[pk]["period_then"])
    ]
    # Held, so that the same asked for at once finds the drafts of whoever came first.
    rules_held = ContactRule.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    rows = rules_held.in_bulk([line["rule"] for line in proposed])
    kept = RuleDraft.objects.filter(kind=kind.key, state=DraftState.OPEN, author=actor, row_key__in=list(rows))
    for draft in kept:
        discard_draft(draft=draft, actor=actor, now=now)
    return [_draft(rows.get(line["rule"]), line, actor, now) for line in proposed]


def _draft(rule: ContactRule | None, line: dict[str, Any], actor: User, now: dt.datetime) -> RuleDraft:
    kind = DRAFT_KINDS["contact-rules"]
    if rule is None:
        raise ValidationError(_("What this is about has been removed meanwhile."))
    if rule.version != line["version"]:
        raise Conflict(rule)
    if not line["count_then"]:
        return draft_act(kind=kind, act=DraftAct.REMOVE, row=rule, actor=actor, now=now)
    stored = ContactRuleForm(instance=rule)
    values = {name: stored[name].value() for name in stored.fields}
    values |= {"count": line["count_then"], "period": line["period_then"], "version": rule.version}
    form = ContactRuleForm(posted({name: [str(value)] for name, value in values.items()}), instance=rule)
    if not form.is_valid():
        raise ValidationError([error for errors in form.errors.values() for error in errors])
    return draft_change(kind=kind, form=form, version=rule.version, actor=actor, now=now)
