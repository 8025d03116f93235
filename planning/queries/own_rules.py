"""A customer's own rules: those that its page shows, and what one would do to its due touches and time budget."""

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from msgspec import Struct
from msgspec.structs import replace

from customers.models import Customer
from customers.queries.changes import Followed
from planning.engine.budget import budgets
from planning.engine.due import due_touches
from planning.engine.facts import CustomerFacts
from planning.loaders import Ground, load, load_ground
from planning.loaders.own_rules import own_rules_with
from planning.models import CustomerRule
from territory import clock
from territory.formats.days import day_text
from territory.together import Asking, prepared

# So many are shown; nobody has that many.
SHOWN = 30


class OwnRules(Struct, frozen=True):
    """Rules that hold or will, and those whose last day is over, the latest first."""

    current: list[CustomerRule]
    ended: list[CustomerRule]


def own_rules(customer: Customer) -> Asking[OwnRules]:
    """The customer's own rules, each with `when` and `how_often` in words."""
    today = clock.company_today()
    (rows,) = yield [_rows(customer.pk)]
    for row in rows:
        row.how_often, row.days = how_often(row), days(row)
    ended = [row for row in rows if row.ends_on is not None and row.ends_on < today]
    return OwnRules([row for row in rows if row not in ended], sorted(ended, key=lambda row: row.ends_on, reverse=True))


@prepared
def _rows(customer: int) -> QuerySet[CustomerRule]:
    rows = CustomerRule.objects.live().filter(customer=customer).select_related("role", "touch_type")
    shown = ("count", "period", "duration_seconds", "starts_on", "ends_on", "reason")
    names = ("role__name", "role__position", "touch_type__name", "touch_type__icon", "touch_type__position")
    return rows.only(*shown, *names)[:SHOWN]


def _told(row: Any, earlier: Any) -> tuple[str, str]:
    """What happened to an own rule, for the customer's timeline."""
    words = {"type": row.touch_type.name, "often": how_often(row)}
    if row.history_type == "+":
        return "arrow-repeat", _("Own rule added: %(type)s, %(often)s") % words
    return "arrow-repeat", _("Own rule changed: %(type)s, %(often)s") % words


OWN_RULE_CHANGES = Followed(
    CustomerRule,
    _told,
    names=("role__name", "touch_type__name"),
    visible=lambda customer, seen: CustomerRule.objects.visible_on(customer, seen),
)


def how_often(rule: Any) -> str:
    """Touches per period and minutes of each, in words."""
    if not rule.count:
        return _("none")
    return _("%(count)s a %(period)s x %(each)s min") % {
        "count": rule.count,
        "period": rule.get_period_display(),
        "each": f"{rule.duration_seconds / 60:g}",
    }


def days(rule: CustomerRule) -> str:
    """From when to when, in words."""
    first = day_text(rule.starts_on)
    if rule.ends_on is None:
        return _("from %(first)s") % {"first": first}
    return _("from %(first)s until %(last)s") % {"first": first, "last": day_text(rule.ends_on)}


class Effect(Struct, frozen=True):
    """What a rule changes on its first day from today on: minutes a month by role before and after, of all roles, and when
    its type of touch is due before and after (None: not at all)."""

    on: dt.date
    touch_type: str
    roles: list[tuple[str, float, float]]
    before: float
    after: float
    due_before: dt.date | None
    due_after: dt.date | None


def effect_of(rule: CustomerRule) -> Effect | None:
    """The effect of a rule that is not saved yet, or of a changed one; None where it holds on no day from today on, or the
    customer's history has not begun. In a fixed number of queries.
    """
    today = clock.company_today()
    on = max(today, rule.starts_on)
    if rule.ends_on is not None and rule.ends_on < on:
        return None
    ground = load_ground(on)
    loaded = load([rule.customer_id], ground, from_log=False)
    if not loaded.facts:
        return None
    old = loaded.facts[0]
    new = replace(old, own=own_rules_with(rule, ground))
    minutes = [_minutes(facts, ground) for facts in (old, new)]
    changed = [
        role for role in dict.fromkeys([*minutes[0], *minutes[1]]) if minutes[0].get(role) != minutes[1].get(role)
    ]
    return Effect(
        on,
        rule.touch_type.name,
        [(ground.roles[role].name, minutes[0].get(role, 0.0), minutes[1].get(role, 0.0)) for role in changed],
        sum(minutes[0].values()),
        sum(minutes[1].values()),
        *(_due_on(facts, rule, ground) for facts in (old, new)),
    )


def _minutes(facts: CustomerFacts, ground: Ground) -> dict[int, float]:
    """Minutes a month by role."""
    return {row.role: row.minutes for row in budgets(facts, ground.context.rules, ground.context.bases)}


def _due_on(facts: CustomerFacts, rule: CustomerRule, ground: Ground) -> dt.date | None:
    """When the touch that the rule is about is due next."""
    here = ground.context
    dues = due_touches(facts, here.rules, here.bases, here.calendar, here.away, here.values, here.on)
    place = rule.role_id, rule.touch_type_id
    return next((due.due_on for due in dues if (due.rule.role, due.rule.touch_type) == place), None)
