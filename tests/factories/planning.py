"""Rules, values and stored figures for tests."""

import datetime as dt
import itertools
from decimal import Decimal

from accounts.models import Membership, Role, Team, User
from customers.models import Customer, Order, Tier, TouchType
from planning.actions.alignment import ALIGNMENT_VERSION, fingerprint_now
from planning.actions.conditions import ENGINE as EFFECTS_ENGINE
from planning.actions.evidence import ENGINE
from planning.engine.calendar import monday
from planning.models import (
    ActivityGoal,
    AlignmentMove,
    AlignmentProposal,
    BusyTime,
    CallPlan,
    ConditionEffect,
    ConditionKind,
    ContactRule,
    CurveKind,
    CustomerFigures,
    CustomerRule,
    DueTouch,
    EvidenceRun,
    MovedMeasure,
    Rebalancing,
    RuleDraft,
    Situation,
    TierCurve,
    TouchEvidence,
    TouchValue,
    VisitPlan,
    VisitStop,
)
from territory import clock

from .customers import tier as any_tier
from .customers import touch_type as any_type
from .people import roles

_numbers = itertools.count(1)


def contact_rule(
    tier: Tier | None = None,
    role: Role | None = None,
    touch_type: TouchType | None = None,
    count: int = 1,
    period: str = "week",
    minutes: int = 15,
    stage: str = "prospect",
) -> ContactRule:
    """One voice call a week of 15 minutes by salespeople with prospects of tier A, unless said otherwise."""
    return ContactRule.objects.get_or_create(
        tier=tier or any_tier(),
        stage=stage,
        role=role or roles()["Salesperson"],
        touch_type=touch_type or any_type(),
        defaults={"count": count, "period": period, "duration_seconds": minutes * 60},
    )[0]


def activity_goal(
    who: Role | User, count: int = 5, period: str = "week", touch_type: TouchType | None = None, **fields
):
    """Five voice calls a week with prospects, by a person or by everyone in a role."""
    whose = {"role": who} if isinstance(who, Role) else {"user": who}
    return ActivityGoal.objects.create(
        touch_type=touch_type or any_type(), count=count, period=period, **whose, **fields
    )


def rule_draft(author: User, count: int = 2) -> RuleDraft:
    """A change of the one contact rule that nobody has saved yet; its effect is not computed."""
    rule = contact_rule()
    values = {"tier": rule.tier_id, "stage": rule.stage, "role": rule.role_id, "touch_type": rule.touch_type_id}
    values |= {"count": count, "period": rule.period, "duration_seconds": rule.duration_seconds // 60}
    return RuleDraft.objects.create(
        kind="contact-rules",
        row_key=rule.pk,
        row_version=rule.version,
        values={name: [str(value)] for name, value in values.items()},
        title="Contact rules: voice call",
        changes=[["Touches", str(rule.count), str(count)]],
        author=author,
        created_at=clock.now(),
        asked_at=clock.now(),
    )


def alignment(team: Team, author: User, *moves: tuple[Customer, Membership], **fields) -> AlignmentProposal:
    """A proposal for a team's salespeople as a worker left it: these customers go from who owns them to these people."""
    now = clock.now()
    values = {"balance": "customers", "tolerance": Decimal("0.1"), "move_km": 20, "version": ALIGNMENT_VERSION}
    values |= {"created_at": now, "asked_at": now, "computed_at": now}
    role = fields.pop("role", None) or roles()["Salesperson"]
    row = AlignmentProposal.objects.create(team=team, author=author, role=role, **{**values, **fields})
    for customer, taker in moves:
        owned = customer.assignments.owners().get(ends_on=None)
        AlignmentMove.objects.create(
            proposal=row, customer=customer, assignment_key=owned.pk, assignment_version=owned.version,
            giver=owned.membership, taker=taker,
        )  # fmt: skip
    row.figures = {"people": [], "broken": [], "customers": len(moves), "moved": len(moves)}
    row.fingerprint = fingerprint_now(row)
    row.save()
    return row


def visit_plan(person: User, week: dt.date, *stops: tuple[Customer, dt.date | None], **fields) -> VisitPlan:
    """A week as a worker left it: these customers on these days from 9 o'clock on, an hour each; without a day left out."""
    now = clock.now()
    values = {
        "asked_at": now,
        "answered": 1,
        "computed_at": now,
        "figures": {"metres": 40_000, "value": 90.0},
        **fields,
    }
    plan, _is_new = VisitPlan.objects.get_or_create(person=person, week=week, defaults=values)
    kind = any_type("Field sales call", "field", default_seconds=3600, travels=True)
    counts: dict[dt.date, int] = {}
    for customer, day in stops:
        place = counts[day] = counts.get(day, -1) + 1 if day else 0
        starts = day and dt.datetime.combine(day, dt.time(9), tzinfo=dt.UTC) + dt.timedelta(hours=place)
        on_day = {"drive_seconds": 1200, "drive_metres": 20_000} if day else {}
        its = {
            "day": day,
            "place": place,
            "starts_at": starts,
            "seconds": 3600,
            "value": 90,
            "worth": 90,
            "due_on": week,
        }
        VisitStop.objects.get_or_create(plan=plan, customer=customer, touch_type=kind, defaults=its | on_day)
    plan.days = [
        {
            "day": (week + dt.timedelta(days=n)).isoformat(), "works": [28_800, 61_200], "leaves": 31_200, "returns": 45_000,
            "lunch": [43_200, 45_000], "back_seconds": 1200, "back_metres": 20_000, "spent": 6000, "broken": [], "near": [],
        }
        for n in range(5)
    ]  # fmt: skip
    plan.save()
    return plan


def busy_time(person: User, starts_at: dt.datetime, hours: int = 1, what: str = "Meeting") -> BusyTime:
    ends_at = starts_at + dt.timedelta(hours=hours)
    return BusyTime.objects.create(person=person, starts_at=starts_at, ends_at=ends_at, what=what)


def rebalancing(customer: Customer, giver: Membership, taker: Membership) -> Rebalancing:
    """That a customer goes to a colleague, so that both keep within their hours."""
    owned = customer.assignments.get(membership=giver)
    values = {"taker": taker, "items": [[owned.pk, owned.version, customer.pk]], "week": monday(clock.company_today())}
    values |= {
        "giver_before": 1.2,
        "giver_after": 0.9,
        "taker_before": 0.5,
        "taker_after": 0.8,
        "found_at": clock.now(),
    }
    return Rebalancing.objects.update_or_create(giver=giver, state="open", defaults=values)[0]


def call_plan(team, actor: User, times: float = 2.0) -> CallPlan:
    """A computed plan that asks for more of the one contact rule."""
    rule = contact_rule()
    line = {
        "rule": rule.pk, "version": rule.version, "touch_type": rule.touch_type.name, "count": rule.count, "period": rule.period,
        "count_then": round(rule.count * times), "period_then": rule.period, "calls": [52.0, 52 * times, 40.0, 60 * times],
        "minutes_now": 780.0, "minutes_then": 780 * times,
    }  # fmt: skip
    group = {
        "tier": rule.tier_id, "stage": rule.stage, "customers": 1, "times": times, "low": 0.8, "high": 2.5, "is_proven": True,
        "own_times": [times, times, times], "minutes_now": 780.0, "minutes_then": 780 * times, "value_now": 90_000.0,
        "value_then": 99_000.0, "value_own": 99_000.0, "lines": [line],
    }  # fmt: skip
    sums = {
        "customers": 1, "capacity": 60_000.0, "kept": 0.0, "available": 60_000.0, "own_rules": 0, "no_value": 0, "no_place": 1,
        "value_now": 90_000.0, "value_then": 99_000.0, "value_own": 99_000.0, "minutes_now": 780.0, "minutes_then": 780 * times,
        "minutes_own": 780 * times, "trips_now": 0.0, "trips_then": 0.0, "gap": 0.0, "gap_own": 0.0, "hour_brings": 12.0,
        "within": 0.01, "own": {},
    }  # fmt: skip
    return CallPlan.objects.create(
        team=team, role=rule.role, asked_by=actor, asked_at=clock.now(), computed_at=clock.now(), engine_version=1,
        result=sums | {"groups": [group]},
    )  # fmt: skip


def touch_value(
    touch_type: TouchType, tier: Tier, amount, stage: str = "prospect", starts_on=dt.date(2020, 1, 1)
) -> TouchValue:
    return TouchValue.objects.create(
        touch_type=touch_type,
        tier=tier,
        stage=stage,
        amount=Decimal(amount),
        starts_on=starts_on,
        reason="for a test",
        approved_at=clock.now(),
    )


def evidence(
    touch_type: TouchType | None = None, tier: Tier | None = None, on: dt.date | None = None, **fields
) -> TouchEvidence:
    """Of the run of a day (today), what a touch brought with prospects: 155 (113 to 201), from 612 touches and 18 wins."""
    nothing = {"tiers": {}, "is_growing": False, "without_touches": "0"}
    run, _is_new = EvidenceRun.objects.get_or_create(
        on=on or clock.company_today(),
        defaults={
            "computed_at": clock.now(),
            "engine": ENGINE,
            "parameters": {},
            "samples": {"prospect": nothing, "customer": nothing},
        },
    )
    values = {
        "stage": "prospect",
        "value": 155.4,
        "low": 113,
        "high": 201,
        "touches": 612,
        "wins": 18,
        "is_pooled": False,
    }
    return TouchEvidence.objects.create(
        run=run, touch_type=touch_type or any_type(), tier=tier or any_tier(), **values | fields
    )


def due_touch(
    customer: Customer, person: User | None, due_on: dt.date, rule: ContactRule | None = None, value=90, **fields
) -> DueTouch:
    """A stored due touch: 15 minutes and 30 of travel, weekly."""
    rule = rule or contact_rule()
    values = {"interval_days": 7.0, "minutes": 15, "travel_minutes": 30, "value_is_set": True, **fields}
    return DueTouch.objects.create(
        customer=customer,
        rule=rule,
        touch_type=rule.touch_type,
        role=rule.role,
        person=person,
        due_on=due_on,
        value=Decimal(value),
        **values,
    )


def figures(
    customer: Customer, budget: float = 100, actual: float | None = 50, status: str = "under", **fields
) -> CustomerFigures:
    return CustomerFigures.objects.create(
        customer=customer,
        day=clock.company_today(),
        computed_at=clock.now(),
        budget_minutes=budget,
        actual_minutes=actual,
        status=status,
        **fields,
    )


def situation(order: Order, team=None, share: float = 0.29, **fields) -> Situation:
    """An open large pending order with its evidence."""
    evidence = {
        "amount": f"{order.amount:.2f}",
        "probability": "0.6000",
        "because": "above threshold",
        "share": f"{share:.6f}",
        "uplift": f"{share * 0.6:.6f}",
        "won": "1000000.00",
        "sales": "1000000.00",
        "history_days": 730,
        "first_won_on": None,
        "scaled": False,
        "enter_above": "0.2000",
        "leave_below": "0.1500",
        "minimum": "10000.00",
    }
    team, now = team or order.team, clock.now()
    values = {"opened_at": now, "found_at": now, "checked_at": now, "evidence": evidence, **fields}
    return Situation.objects.create(
        kind="large_order",
        subject=f"order {order.pk} team {team.pk}",
        customer=order.customer,
        order=order,
        team=team,
        share=share,
        **values,
    )


def situation_of(kind: str, team, *, evidence: dict | None = None, **fields) -> Situation:
    """An open situation of any kind, about the customer, person or market given; evidence as its kind keeps it."""
    now = clock.now()
    known = {
        "single_contact": {"contact": 0, "left": 0, "last_left_on": None},
        "decider_left": {"contact": 0, "left_on": "2026-06-01", "deciders_left": 1, "contacts": 0, "days": 90},
        "under_served": {"budget": "491", "actual": "232", "share": "0.472505", "below": "0.7500", "until": "0.8000"},
        "stalled_order": {
            "since": "2026-04-29", "touched": True, "norm": "26.0", "limit": "26.0", "sales": 8, "basis": "own",
        },
        "sole_away": {"starts_on": "2026-06-15", "ends_on": "2026-06-26", "working_days": 10, "customers": []},
        "new_market": {
            "potential": "640000.00", "growth": "0.250000", "measured": False, "source": "Trade association",
            "noted_on": "2026-01-01", "launched_on": "2026-02-02", "won": "19200.00", "share": "0.030000", "customers": 2,
            "prospects": 9, "minutes": 900, "people": [],
        },
    }  # fmt: skip
    values = {"opened_at": now, "found_at": now, "checked_at": now, **fields}
    return Situation.objects.create(
        kind=kind, subject=f"one {next(_numbers)}", team=team, evidence=evidence or known[kind], **values
    )


def own_rule(
    customer: Customer,
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    *,
    role: Role | None = None,
    touch_type: TouchType | None = None,
    count: int = 1,
    period: str = "week",
    minutes: int = 15,
    reason: str = "Agreed with their buyer",
    **fields,
) -> CustomerRule:
    """A rule of a customer's own: one voice call a week of 15 minutes by salespeople, unless said otherwise."""
    return CustomerRule.objects.create(
        customer=customer,
        role=role or roles()["Salesperson"],
        touch_type=touch_type or any_type(),
        count=count,
        period=period,
        duration_seconds=minutes * 60,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        **fields,
    )


def touches_curve(tier: Tier | None, shares: dict[int, float], won: int = 20, **figures) -> TierCurve:
    """A kept curve of touches to a customer, of the company's day: the share won from so many touches on, band of 0.1."""
    run, _is_new = EvidenceRun.objects.get_or_create(
        on=clock.company_today(),
        defaults={"computed_at": clock.now(), "engine": ENGINE, "parameters": {}, "samples": {}},
    )
    at = list(range(max(shares) + 1))
    share = [max((share for n, share in shares.items() if n <= step), default=0) for step in at]
    values = {"courses": 100, "won": won, "lost": 10, "quartiles": [4, 6, 9.5], "mix": [], "longest": at[-1]}
    steps = {
        "at": at,
        "at_risk": [100 - step for step in at],
        "share": share,
        "low": [row - 0.05 if row else None for row in share],
        "high": [row + 0.05 if row else None for row in share],
    }
    return TierCurve.objects.update_or_create(
        run=run,
        kind=CurveKind.TOUCHES_TO_CUSTOMER,
        tier=tier,
        defaults={"steps": steps, "figures": {**values, "is_final": False, **figures}},
    )[0]


def moved_measure(
    measure: str = "days", mean: float = 3.0, effects: dict[tuple[str, int], float] | None = None
) -> MovedMeasure:
    """What moves a measure, as the night keeps it: e^mean is normal for everyone, each effect has an error of 0.1."""
    kinds = ConditionKind.values
    levels = {kind: sum(of == kind for of, _key in effects or {}) for kind in kinds}
    told = {
        "kinds": {kind: {"variance": 0.2, "share": 0.2, "levels": levels[kind], "why": ""} for kind in kinds},
        "variance": 0.2,
        "share": 0.2,
        "normals": [[None, None, mean, 100, "everyone"]],
        "apart": [],
        "converged": True,
    }
    today = clock.company_today()
    about = {"on": today, "computed_at": clock.now(), "engine": EFFECTS_ENGINE, "sales": 100, "figures": told}
    window = {"first_on": today - dt.timedelta(days=364), "last_on": today}
    moved, _is_new = MovedMeasure.objects.update_or_create(measure=measure, defaults=about | window)
    for (kind, key), by in (effects or {}).items():
        figures = {"sales": 9, "mean": by, "error": 0.1}
        ConditionEffect.objects.update_or_create(moved=moved, kind=kind, key=key, defaults=figures)
    return moved
