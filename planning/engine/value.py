"""The official value of a touch on a day (domain 3.1)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import lcm

from msgspec import Struct

from planning.engine.rules import CUSTOMER, PROSPECT, Key

PROSPECTS, CUSTOMERS = PROSPECT, CUSTOMER

# What is stored of a value has this many decimals.
MICRO = Decimal("0.000001")


class OfficialValue(Struct, frozen=True):
    """An amount for a touch type on a tier, for prospects or for customers, from a day on (None: since always)."""

    touch_type: Key
    tier: Key
    audience: str
    starts_on: date | None
    amount: Decimal


class Worth(Struct, frozen=True):
    """What a touch is worth; ``is_set`` is False where the mean of the other tiers, or 0, stands in."""

    amount: Decimal
    is_set: bool


@dataclass(frozen=True, slots=True)
class ValueTable:
    """The values in force on one day: the latest start not after it. Lapsed and lost are worth what prospects are."""

    values: tuple[OfficialValue, ...]
    on: date
    _in_force: dict[tuple[Key, str], dict[Key, Decimal]] = field(init=False, repr=False)
    _found: dict[tuple[Key, Key, str], Worth] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_in_force", _in_force(self.values, self.on))
        object.__setattr__(self, "_found", {})

    def worth(self, touch_type: Key, tier: Key, stage: str) -> Worth:
        """The official value; where none is set the type's mean over the other tiers (same audience), else 0."""
        audience = CUSTOMERS if stage == CUSTOMER else PROSPECTS
        asked = (touch_type, tier, audience)
        if asked not in self._found:
            self._found[asked] = self._look_up(*asked)
        return self._found[asked]

    @property
    def parts(self) -> int:
        """Into how many parts 1 is divided so that every worth is a whole number of them: cents, and what means leave over."""
        return 100 * lcm(*(len(tiers) for tiers in self._in_force.values()))

    def amounts(self) -> Iterator[tuple[Key, str, Key | None, Decimal]]:
        """All there are by type, audience and tier; None for those without one of their own."""
        for (touch_type, audience), tiers in self._in_force.items():
            yield from ((touch_type, audience, tier, amount) for tier, amount in tiers.items())
            yield touch_type, audience, None, sum(tiers.values(), Decimal(0)) / len(tiers)

    def _look_up(self, touch_type: Key, tier: Key, audience: str) -> Worth:
        tiers = self._in_force.get((touch_type, audience), {})
        if tier in tiers:
            return Worth(tiers[tier], True)
        if tiers:
            return Worth(sum(tiers.values(), Decimal(0)) / len(tiers), False)
        return Worth(Decimal(0), False)


def _in_force(values: Iterable[OfficialValue], on: date) -> dict[tuple[Key, str], dict[Key, Decimal]]:
    found: dict = defaultdict(dict)
    for value in sorted(values, key=lambda value: value.starts_on or date.min):
        if value.starts_on is None or value.starts_on <= on:
            found[(value.touch_type, value.audience)][value.tier] = value.amount
    return dict(found)
