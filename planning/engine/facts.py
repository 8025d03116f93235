"""What the engine must know of one customer on one day."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property

from msgspec import Struct, field

from planning.engine.own_rules import NO_OWN_RULES, OwnRules
from planning.engine.rules import ContactRule, Key, Rules
from planning.engine.shares import NOBODY, Assigned, Staffing, owner_of, staff
from planning.engine.travel import Place


class LastTouches(Struct, frozen=True):
    """The last touch that resets a clock (no-answer ones are not in here), whatever the stage was then.

    Each is a day, or an instant in the zone whose days count. ``by_role``: by (role at that time, touch type);
    ``unknown``: by touch type, of touches by a person unknown; ``anyone``: by touch type, of all touches.
    """

    by_role: Mapping[tuple[Key, Key], date] = field(default_factory=dict)
    unknown: Mapping[Key, date] = field(default_factory=dict)
    anyone: Mapping[Key, date] = field(default_factory=dict)

    def counting(self, role: Key, touch_type: Key, role_is_staffed: bool) -> date | None:
        """The last one by someone in the role or a person unknown; by anyone, where nobody is assigned in the role."""
        if not role_is_staffed:
            return self.anyone.get(touch_type)
        known, unknown = self.by_role.get((role, touch_type)), self.unknown.get(touch_type)
        if known is None or unknown is None:
            return known or unknown
        return max(known, unknown)


class CustomerFacts(Struct, frozen=True, dict=True):
    """A customer on a day: ``assigned`` holds the assignments current then, ``orders_won`` counts the last 365 days,
    ``contacts`` counts the current ones by contact role, ``began_on`` is the day the present stage began, ``own`` what its
    own rules say that day.

    What follows from the assignments is worked out once: budgets and due touches ask for it role by role.
    """

    key: Key
    stage: str
    tier: Key
    team: Key
    began_on: date
    place: Place | None = None
    assigned: tuple[Assigned, ...] = ()
    contacts: Mapping[Key, int] = field(default_factory=dict)
    orders_won: int = 0
    last: LastTouches = field(default_factory=LastTouches)
    own: OwnRules = NO_OWN_RULES

    def contact_rules(self, rules: Rules) -> Mapping[Key, tuple[ContactRule, ...]]:
        """The contact rules that hold for it, by role: those of its tier and stage, and its own."""
        return self.own.instead_of(rules.contact_rules_by_role(self.tier, self.stage))

    def budget_roles(self, rules: Rules) -> list[Key]:
        """Roles that may have a budget for it."""
        if self.own.in_force:
            return rules.with_other_roles(self.contact_rules(rules), self.stage)
        return rules.budget_roles(self.tier, self.stage)

    @cached_property
    def people(self) -> int:
        """Assigned persons; one with two assignments counts once."""
        return len({row.person for row in self.assigned})

    @cached_property
    def owner(self) -> Assigned | None:
        return owner_of(self.assigned)

    @cached_property
    def staffing(self) -> dict[Key, Staffing]:
        """The shares of each role that has someone."""
        by_role: dict[Key, list[Assigned]] = {}
        for row in self.assigned:
            by_role.setdefault(row.role, []).append(row)
        return {role: staff(rows) for role, rows in by_role.items()}


def day_of(moment: date) -> date:
    """The day of an instant in its own zone; a day is its own."""
    return moment.date() if isinstance(moment, datetime) else moment


def staffing_of(staffing: Mapping[Key, Staffing], role: Key) -> Staffing:
    return staffing.get(role, NOBODY)
