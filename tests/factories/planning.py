"""Rules, values and stored figures for tests."""

import datetime as dt
from decimal import Decimal

from accounts.models import Role, User
from customers.models import Customer, Order, Tier, TouchType
from planning.actions.evidence import ENGINE
from planning.models import (
    ActivityGoal,
    ContactRule,
    CurveKind,
    CustomerFigures,
    CustomerRule,
    DueTouch,
    EvidenceRun,
    RuleDraft,
    Situation,
    TierCurve,
    TouchEvidence,
    TouchValue,
)
from territory import clock

from .customers import tier as any_tier
from .customers import touch_type as any_type
from .people import roles


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
    values = {"opened_at": clock.now(), "checked_at": clock.now(), "evidence": evidence, **fields}
    return Situation.objects.create(
        kind="large_order", customer=order.customer, order=order, team=team or order.team, share=share, **values
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
