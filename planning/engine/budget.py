"""The time a customer needs, by role (domain 3.3).

minutes per month = sum over contact rules (count x periods per month x (minutes + travel where the type travels))
  + orders won in the last 365 days / 12 x minutes per order + contact load x contacts
  + team-selling load x max(0, people - 1)

Decisions where the definition leaves room:

- A tier's order rule stands instead of the role's general one; they do not add up.
- Contact loads, order rules and team-selling loads apply whether or not the role has someone: work nobody does is
  unstaffed.
- Lapsed and lost: a role has a budget only where a contact rule names that tier, stage and role; then its other
  parts count as well. Other rules name no stage and make no budget there by themselves. A customer's own rule names it.
- A budget of 0 minutes is no budget.
- An own rule that takes touches away is a line of 0 minutes, so that it is seen why they are missing.
"""

from collections.abc import Mapping
from typing import NamedTuple

from planning.engine import travel
from planning.engine.facts import CustomerFacts, staffing_of
from planning.engine.rules import ContactRule, Key, Rules
from planning.engine.shares import Assigned, Staffing

CONTACT_RULE, OWN_RULE, ORDERS, CONTACTS, TEAM_SELLING = (
    "contact rule", "own rule", "orders", "contacts", "team selling",
)  # fmt: skip


class Line(NamedTuple):
    """One reason in a budget, minutes per month.

    ``per_month``: how often a month, or how many; ``each``: minutes of one without travel; ``travel_each``: travel
    minutes of one, None where the type does not travel; ``about``: the touch type or contact role.
    """

    kind: str
    rule: Key
    about: Key | None
    per_month: float
    each: float
    minutes: float
    travel_each: float | None = None
    travel_minutes: float = 0.0
    travel_unknown: bool = False


class Budget(NamedTuple):
    """Minutes per month of one role on one customer: its parts and the lines they are made of."""

    role: Key
    touch_minutes: float
    travel_minutes: float
    other_minutes: float
    lines: tuple[Line, ...]
    staffing: Staffing
    longest_interval: float

    @property
    def minutes(self) -> float:
        return self.touch_minutes + self.travel_minutes + self.other_minutes

    @property
    def travel_unknown(self) -> bool:
        return any(line.travel_unknown for line in self.lines)


def budgets(facts: CustomerFacts, rules: Rules, bases: Mapping[Key, travel.Place]) -> list[Budget]:
    """All budgets of a customer, one a role, those of 0 minutes left out."""
    staffing = facts.staffing
    owner = facts.owner
    named = facts.contact_rules(rules)
    found = []
    for role in facts.budget_roles(rules):
        budget = _of_role(facts, rules, bases, role, named.get(role, ()), staffing_of(staffing, role), owner)
        if budget.minutes > 0:
            found.append(budget)
    return found


def role_travel(
    facts: CustomerFacts, rules: Rules, bases: Mapping[Key, travel.Place], staffing: Staffing, owner: Assigned | None
) -> travel.Travel:
    """Expected travel minutes of a role to this customer."""
    return travel.expected(staffing, owner, facts.place, bases, rules.detour, rules.speed_kmh)


def _of_role(
    facts: CustomerFacts,
    rules: Rules,
    bases: Mapping[Key, travel.Place],
    role: Key,
    contact_rules: tuple[ContactRule, ...],
    staffing: Staffing,
    owner: Assigned | None,
) -> Budget:
    lines: list[Line] = []
    trip = None
    for rule in contact_rules:
        if rule.travels and trip is None:
            trip = role_travel(facts, rules, bases, staffing, owner)
        lines.append(_contact_line(rule, trip if rule.travels else None))
    if facts.own.in_force:
        lines.extend(Line(OWN_RULE, own.key, own.touch_type, 0.0, 0.0, 0.0) for own in facts.own.refused(role))
    others = _other_lines(facts, rules, role)
    return Budget(
        role=role,
        touch_minutes=sum(line.minutes for line in lines),
        travel_minutes=sum(line.travel_minutes for line in lines),
        other_minutes=sum(line.minutes for line in others),
        lines=(*lines, *others),
        staffing=staffing,
        longest_interval=max((rule.interval for rule in contact_rules), default=0.0),
    )


def _contact_line(rule: ContactRule, trip: travel.Travel | None) -> Line:
    per_month, each = rule.per_month, rule.minutes
    line = (OWN_RULE if rule.own else CONTACT_RULE, rule.key, rule.touch_type, per_month, each, per_month * each)
    if trip is None:
        return Line(*line)
    return Line(*line, trip.minutes, per_month * trip.minutes, trip.unknown)


def _other_lines(facts: CustomerFacts, rules: Rules, role: Key) -> list[Line]:
    lines = []
    order_rule = rules.order_rule(role, facts.tier)
    if order_rule is not None and facts.orders_won:
        lines.append(_other_line(ORDERS, order_rule.key, None, facts.orders_won / 12, order_rule.minutes))
    for load in rules.contact_loads_of(role):
        count = facts.contacts.get(load.contact_role, 0)
        if count:
            lines.append(_other_line(CONTACTS, load.key, load.contact_role, count, load.minutes))
    beyond_first = max(0, facts.people - 1)
    if beyond_first:
        lines.extend(
            _other_line(TEAM_SELLING, selling.key, None, beyond_first, selling.minutes)
            for selling in rules.team_selling_loads_of(role)
        )
    return lines


def _other_line(kind: str, rule: Key, about: Key | None, per_month: float, each: float) -> Line:
    return Line(kind, rule, about, per_month, each, per_month * each)
