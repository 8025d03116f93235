"""A customer's own rules: dated, they stand on their days instead of the contact rule of its tier and stage (domain 3.2).

Decisions where the definition leaves room:

- An own rule holds in whatever tier and stage the customer is: also where no rule names them, or without a tier.
- It replaces the rule of its role and touch type, and adds one where there is none; a count of 0 takes it away.
- A rule asks for nothing before it holds: the next due touch is at the earliest on an own rule's first day, and that of
  the tier's rule at the earliest on the day after an own rule's last. So neither begins with touches that are overdue
  since a time when it asked for none.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct, field

from planning.engine.rules import ContactRule, Key

Place = tuple[Key, Key]  # role, touch type


class OwnRule(Struct, frozen=True):
    """A customer's own rule for a role and a touch type from a day to a day, both included (None: until further notice).

    ``rule`` is None where it asks for no such touches at all.
    """

    key: Key
    role: Key
    touch_type: Key
    starts_on: date
    ends_on: date | None
    rule: ContactRule | None

    def holds_on(self, on: date) -> bool:
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


class OwnRules(Struct, frozen=True):
    """What a customer's own rules say on a day: those that hold, and from which day on a rule asks where that matters."""

    in_force: Mapping[Place, OwnRule] = field(default_factory=dict)
    asks_from: Mapping[Place, date] = field(default_factory=dict)

    def instead_of(self, rules: Mapping[Key, tuple[ContactRule, ...]]) -> Mapping[Key, tuple[ContactRule, ...]]:
        """The rules of a tier and stage, by role, with own ones in their places; roles that are left with none are out."""
        if not self.in_force:
            return rules
        places = {(rule.role, rule.touch_type): rule for found in rules.values() for rule in found}
        places |= {place: own.rule for place, own in self.in_force.items()}  # type: ignore[misc]
        found: dict[Key, tuple[ContactRule, ...]] = {}
        for (role, _touch_type), rule in places.items():
            if rule is not None:
                found[role] = (*found.get(role, ()), rule)
        return found

    def refused(self, role: Key) -> list[OwnRule]:
        """Those that take touches of a type by this role away."""
        return [own for own in self.in_force.values() if own.role == role and own.rule is None]


NO_OWN_RULES = OwnRules()


def own_rules_on(rows: Iterable[OwnRule], on: date) -> OwnRules:
    """What own rules of one customer say on a day. Those that have not begun by then say nothing."""
    in_force: dict[Place, OwnRule] = {}
    asks_from: dict[Place, date] = {}
    for own in rows:
        place = (own.role, own.touch_type)
        if own.holds_on(on):
            in_force[place] = own
            asks_from[place] = max(own.starts_on, asks_from.get(place, own.starts_on))
        elif own.ends_on is not None and own.ends_on < on:
            after = own.ends_on + timedelta(days=1)
            asks_from[place] = max(after, asks_from.get(place, after))
    return OwnRules(in_force, asks_from)
