"""Rules of a customer's own: add, change, end, archive, bring back. Each makes the customer's figures stale."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from customers.actions.writing import archive, bring_back, locked, require_text, take, tell, write
from customers.models import Customer
from planning.models import CustomerRule
from territory.conflicts import claim
from territory.formats.days import day_text
from territory.rows import ends_from

EDITABLE = ("role", "touch_type", "count", "period", "duration_seconds", "starts_on", "ends_on", "reason")


@transaction.atomic
def add_own_rule(*, actor: User, now: dt.datetime, customer: Customer, values: Mapping[str, Any]) -> CustomerRule:
    """A new rule of the customer's own. Errors: see `check`."""
    customer = locked(customer)
    rule = CustomerRule(customer=customer)
    take(rule, values, EDITABLE)
    check(rule)
    write(rule, actor=actor, now=now)
    _tell(rule, actor, now)
    return rule


@transaction.atomic
def change_own_rule(
    *, actor: User, now: dt.datetime, rule: CustomerRule, version: int, values: Mapping[str, Any]
) -> CustomerRule:
    """Change a rule as it was shown, for all of its days. Errors: see `check`. Raises Conflict."""
    locked(rule.customer)
    fields = take(rule, values, EDITABLE)
    check(rule)
    claim(rule, version)
    write(rule, actor=actor, now=now, fields=fields)
    _tell(rule, actor, now)
    return rule


@transaction.atomic
def end_own_rule(*, actor: User, now: dt.datetime, rule: CustomerRule, version: int, ends_on: dt.date) -> None:
    """The last day on which the rule holds; the tier's holds again from the next. Errors: see `check`. Raises Conflict."""
    locked(rule.customer)
    claim(rule, version)
    rule.refresh_from_db()
    rule.ends_on = ends_on
    check(rule)
    write(rule, actor=actor, now=now, fields=["ends_on"])
    _tell(rule, actor, now)


@transaction.atomic
def archive_own_rule(*, actor: User, now: dt.datetime, rule: CustomerRule) -> None:
    """Put away a rule that should never have held."""
    locked(rule.customer)
    rule.refresh_from_db()
    if archive(rule, actor=actor, now=now):
        _tell(rule, actor, now)


@transaction.atomic
def restore_own_rule(*, actor: User, now: dt.datetime, rule: CustomerRule) -> None:
    """Bring an archived rule back. Errors: see `check`."""
    locked(rule.customer)
    rule.refresh_from_db()
    check(rule)
    if bring_back(rule, actor=actor, now=now):
        _tell(rule, actor, now)


def as_changed(rule: CustomerRule, values: Mapping[str, Any]) -> CustomerRule:
    """The rule as it would be after a change; nothing is written. Errors: see `check`."""
    changed = copy.copy(rule)
    take(changed, values, EDITABLE)
    check(changed)
    return changed


def check(rule: CustomerRule) -> None:
    """What must hold of an own rule; its customer is locked, or nothing is written.

    Errors: `reason` left empty; `ends_on` before the first day; `starts_on` where another rule of the customer for that
    role and touch type holds on one of its days.
    """
    rule.reason = require_text("reason", rule.reason, _("Say why this customer has a rule of its own."))
    if rule.ends_on is not None and rule.ends_on < rule.starts_on:
        raise ValidationError({"ends_on": _("The last day is before the first.")})
    same = CustomerRule.objects.live().filter(
        customer=rule.customer_id, role=rule.role_id, touch_type=rule.touch_type_id
    )
    last = Q() if rule.ends_on is None else Q(starts_on__lte=rule.ends_on)
    other = same.exclude(pk=rule.pk).filter(last, ends_from(rule.starts_on)).order_by("starts_on").first()
    if other is not None:
        words = {"first": day_text(other.starts_on), "last": day_text(other.ends_on) if other.ends_on else ""}
        message = (
            _("There is a rule for this role and touch type from %(first)s until %(last)s: change or end that one.")
            if other.ends_on
            else _("There is a rule for this role and touch type from %(first)s on: change or end that one.")
        )
        raise ValidationError({"starts_on": message % words})
    rule.full_clean()


def _tell(rule: CustomerRule, actor: User, now: dt.datetime) -> None:
    tell([rule.customer_id], actor=actor, now=now, lifecycle=False)
