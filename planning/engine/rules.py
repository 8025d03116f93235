"""The rules as the engine reads them, prepared once so that 20,000 customers can be held against them quickly."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from msgspec import Struct

from planning.engine import rhythm

Key = Hashable

PROSPECT, CUSTOMER, LAPSED, LOST = "prospect", "customer", "lapsed", "lost"

#: stages that are left alone unless a contact rule names them
QUIET_STAGES = frozenset({LAPSED, LOST})


@dataclass(frozen=True, slots=True)
class ContactRule:
    """So many touches of a type per period at so many minutes, for a tier, a stage and a role.

    ``travels`` comes from the touch type. ``per_month``, ``interval`` (days) and ``step`` (whole days) follow from
    count and period. ``own``: it is a customer's own, whatever its tier and stage, and its key that of such a rule.
    """

    key: Key
    tier: Key
    stage: str
    role: Key
    touch_type: Key
    count: Decimal | int
    period: str
    minutes: float
    travels: bool = False
    own: bool = False
    per_month: float = field(init=False)
    interval: float = field(init=False)
    step: int = field(init=False)

    def __post_init__(self) -> None:
        exact = rhythm.interval_days(self.count, self.period)
        object.__setattr__(self, "per_month", float(rhythm.times_per_month(self.count, self.period)))
        object.__setattr__(self, "interval", float(exact))
        object.__setattr__(self, "step", rhythm.whole_days(exact))


class OrderRule(Struct, frozen=True):
    """Minutes per order handled, for a role; with a tier it stands instead of the role's general rule on that tier."""

    key: Key
    role: Key
    tier: Key | None
    minutes: float


class ContactLoad(Struct, frozen=True):
    """Minutes per month that each current contact of a contact role adds for a role."""

    key: Key
    contact_role: Key
    role: Key
    minutes: float


class TeamSellingLoad(Struct, frozen=True):
    """Minutes per month that each assigned person beyond the first adds for a role."""

    key: Key
    role: Key
    minutes: float


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules that budgets and due touches rest on, with the indexes that make looking them up cheap."""

    contact_rules: tuple[ContactRule, ...] = ()
    order_rules: tuple[OrderRule, ...] = ()
    contact_loads: tuple[ContactLoad, ...] = ()
    team_selling_loads: tuple[TeamSellingLoad, ...] = ()
    detour: float = 1.3
    speed_kmh: float = 50.0
    _contact: Mapping[tuple[Key, str], Mapping[Key, tuple[ContactRule, ...]]] = field(init=False, repr=False)
    _order: Mapping[tuple[Key, Key | None], OrderRule] = field(init=False, repr=False)
    _loads: Mapping[Key, tuple[ContactLoad, ...]] = field(init=False, repr=False)
    _team_selling: Mapping[Key, tuple[TeamSellingLoad, ...]] = field(init=False, repr=False)
    _other_roles: frozenset[Key] = field(init=False, repr=False)
    _roles: dict[tuple[Key, str], list[Key]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        contact: dict = defaultdict(lambda: defaultdict(list))
        for rule in self.contact_rules:
            contact[(rule.tier, rule.stage)][rule.role].append(rule)
        frozen = {place: {role: tuple(rows) for role, rows in roles.items()} for place, roles in contact.items()}
        object.__setattr__(self, "_contact", frozen)
        object.__setattr__(self, "_order", {(rule.role, rule.tier): rule for rule in self.order_rules})
        object.__setattr__(self, "_loads", _by_role(self.contact_loads))
        object.__setattr__(self, "_team_selling", _by_role(self.team_selling_loads))
        rows: tuple[Any, ...] = (*self.order_rules, *self.contact_loads, *self.team_selling_loads)
        object.__setattr__(self, "_other_roles", frozenset(row.role for row in rows))

    def contact_rules_by_role(self, tier: Key, stage: str) -> Mapping[Key, tuple[ContactRule, ...]]:
        """The contact rules of a tier and stage, by role; nothing for a customer without a tier."""
        return self._contact.get((tier, stage), {})

    def order_rule(self, role: Key, tier: Key) -> OrderRule | None:
        """The rule of that tier, else the role's general one."""
        return self._order.get((role, tier)) or self._order.get((role, None))

    def contact_loads_of(self, role: Key) -> tuple[ContactLoad, ...]:
        return self._loads.get(role, ())

    def team_selling_loads_of(self, role: Key) -> tuple[TeamSellingLoad, ...]:
        return self._team_selling.get(role, ())

    def budget_roles(self, tier: Key, stage: str) -> list[Key]:
        """Roles that may have a budget there: by a contact rule, and unless the stage is quiet by any other rule."""
        if (tier, stage) not in self._roles:
            self._roles[(tier, stage)] = self.with_other_roles(self.contact_rules_by_role(tier, stage), stage)
        return self._roles[(tier, stage)]

    def with_other_roles(self, named: Mapping[Key, tuple[ContactRule, ...]], stage: str) -> list[Key]:
        """The roles of these contact rules, and unless the stage is quiet those of any other rule."""
        others = () if stage in QUIET_STAGES else sorted(self._other_roles - named.keys(), key=repr)
        return [*named, *others]


def _by_role(rows: Iterable[Any]) -> dict[Key, tuple]:
    found: dict = defaultdict(list)
    for row in rows:
        found[row.role].append(row)
    return {role: tuple(rows) for role, rows in found.items()}
