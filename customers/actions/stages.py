"""What a person decides about a customer's stage and tier."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.actions.writing import locked, remove, require_text, tell, write
from customers.facts import lifecycles
from customers.models import Customer, Stage, StageDecision, Tier, TierFix
from territory import clock

# By hand: from which stages one may move to which. All other moves follow from orders by themselves.
MOVES_BY_HAND = {
    Stage.LOST: (Stage.PROSPECT, Stage.CUSTOMER, Stage.LAPSED),
    Stage.PROSPECT: (Stage.LAPSED, Stage.LOST),
}


@transaction.atomic
def set_lost(*, actor: User, now: dt.datetime, customer: Customer, reason: str) -> StageDecision:
    """The customer is lost from now on. Errors: `reason` missing, `stage` where it is lost already."""
    reason = require_text("reason", reason, _("Say why it was lost."))
    return _decide(customer, Stage.LOST, reason, actor=actor, now=now)


@transaction.atomic
def set_prospect(*, actor: User, now: dt.datetime, customer: Customer, reason: str = "") -> StageDecision:
    """A lapsed or lost customer is a prospect again: a new selling course. Errors: `stage` from any other."""
    return _decide(customer, Stage.PROSPECT, reason.strip(), actor=actor, now=now)


def _decide(customer: Customer, stage: Stage, reason: str, *, actor: User, now: dt.datetime) -> StageDecision:
    customer = locked(customer)
    present = lifecycles([customer.pk])[customer.pk].stage_at(now)
    if present is None or Stage(present) not in MOVES_BY_HAND[stage]:
        label = Stage(present).label if present else "–"
        raise ValidationError({"stage": _("From “%(stage)s” this cannot be set.") % {"stage": label}})
    if StageDecision.objects.filter(customer=customer, at=now).exists():
        raise ValidationError({"stage": _("The stage was set at this very moment.")})
    decision = StageDecision(customer=customer, stage=stage, at=now, reason=reason, decided_by=actor)
    decision.full_clean(exclude=["reason"])
    write(decision, actor=actor, now=now)
    tell([customer.pk], actor=actor, now=now)
    return decision


@transaction.atomic
def fix_tier(
    *,
    actor: User,
    now: dt.datetime,
    customer: Customer,
    tier: Tier,
    reason: str,
    ends_on: dt.date | None = None,
) -> TierFix:
    """The customer has this tier from today on, whatever its yearly value; a fix that holds today ends the day before.

    Errors: `reason` missing, `tier` retired, `ends_on` in the past.
    """
    today = clock.day_of(now, clock.company_zone())
    reason = require_text("reason", reason, _("Say why the tier is fixed."))
    if tier.retired_at is not None:
        raise ValidationError({"tier": _("This tier is no longer in use.")})
    if ends_on is not None and ends_on < today:
        raise ValidationError({"ends_on": _("The last day is before the first.")})
    customer = locked(customer)
    _end_fixes(customer, today, actor=actor, now=now)
    fix = TierFix(customer=customer, tier=tier, reason=reason, starts_on=today, ends_on=ends_on, fixed_by=actor)
    fix.full_clean()
    write(fix, actor=actor, now=now)
    tell([customer.pk], actor=actor, now=now)
    return fix


@transaction.atomic
def unfix_tier(*, actor: User, now: dt.datetime, customer: Customer) -> None:
    """From today on the tier follows from the yearly value again. Errors: `tier` where none is fixed."""
    customer = locked(customer)
    if not _end_fixes(customer, clock.day_of(now, clock.company_zone()), actor=actor, now=now):
        raise ValidationError({"tier": _("No tier is fixed.")})
    tell([customer.pk], actor=actor, now=now)


def _end_fixes(customer: Customer, today: dt.date, *, actor: User, now: dt.datetime) -> int:
    """End what holds today or later on the day before; what began no earlier than today never was."""
    yesterday = today - dt.timedelta(days=1)
    fixes = [fix for fix in customer.tier_fixes.all() if fix.ends_on is None or fix.ends_on >= today]
    for fix in fixes:
        if fix.starts_on is not None and fix.starts_on >= today:
            remove(fix, actor=actor, now=now)
        else:
            fix.ends_on = yesterday
            write(fix, actor=actor, now=now, fields=["ends_on"])
    return len(fixes)
