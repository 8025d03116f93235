"""Customers' own rules, as the engine reads them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from planning.engine.own_rules import OwnRule, OwnRules, own_rules_on
from planning.engine.rules import ContactRule
from planning.loaders.ground import Ground
from planning.loaders.rulebook import NEW
from planning.models import CustomerRule
from territory.rows import among, ends_from

FIELDS = ("pk", "role_id", "touch_type_id", "count", "period", "duration_seconds", "starts_on", "ends_on")


def load_own_rules(ids: Collection[int] | None, ground: Ground) -> dict[int, OwnRules]:
    """What own rules say on the ground's day of these live customers (None: of all), in one query.

    Those of roles and touch types in use, in the order of these; customers without any are left out.
    """
    rows = CustomerRule.objects.begun_by(ground.on)
    rows = rows.filter(customer__archived_at__isnull=True) if ids is None else rows.filter(among("customer_id", ids))
    found: dict[int, list[OwnRule]] = defaultdict(list)
    for customer, *values in rows.order_by().values_list("customer_id", *FIELDS):
        found[customer].append(_own_rule(ground, *values))
    return {customer: _said(own, ground) for customer, own in found.items()}


def load_own_rules_between(ground: Ground, first: dt.date, last: dt.date) -> dict[int, list[OwnRule]]:
    """Own rules of live customers that hold on a day from first to last, of roles and touch types in use, in one query."""
    rows = CustomerRule.objects.begun_by(last).filter(ends_from(first), customer__archived_at__isnull=True)
    found: dict[int, list[OwnRule]] = defaultdict(list)
    for customer, *values in rows.order_by().values_list("customer_id", *FIELDS):
        found[customer].append(_own_rule(ground, *values))
    return {customer: _used(own, ground) for customer, own in found.items()}


def own_rules_with(row: CustomerRule, ground: Ground) -> OwnRules:
    """What a customer's own rules would say on the ground's day with a row added, or as changed; in one query."""
    others = CustomerRule.objects.begun_by(ground.on).filter(customer=row.customer_id).exclude(pk=row.pk)
    values = [getattr(row, name) for name in FIELDS[1:]]
    own = [_own_rule(ground, *each) for each in others.order_by().values_list(*FIELDS)]
    return _said([*own, _own_rule(ground, row.pk or NEW, *values)], ground)


def _own_rule(
    ground: Ground,
    key: int,
    role: int,
    touch_type: int,
    count: int,
    period: str,
    seconds: int,
    starts_on: dt.date,
    ends_on: dt.date | None,
) -> OwnRule:
    rule = None
    if count:
        kind = ground.types.get(touch_type)
        travels = kind.travels if kind else False
        rule = ContactRule(key, None, "", role, touch_type, count, period, seconds / 60, travels, own=True)
    return OwnRule(key, role, touch_type, starts_on, ends_on, rule)


def _said(own: list[OwnRule], ground: Ground) -> OwnRules:
    """What they say on the day."""
    return own_rules_on(_used(own, ground), ground.on)


def _used(own: list[OwnRule], ground: Ground) -> list[OwnRule]:
    """Those of roles and types in use, roles by their position, then types by theirs."""
    roles, types = ground.roles, ground.types
    used = [row for row in own if row.role in roles and row.touch_type in types]
    return sorted(used, key=lambda row: (roles[row.role].position, types[row.touch_type].position, row.key))
