"""The question of the call plan: accounts with their levels of calls, areas with their trips, and the minutes there are."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Account(Struct, frozen=True):
    """The levels of one account, from few calls to many: calls, minutes, value and trips that each asks of all its `areas`.

    An account may stand for several customers that get the same: then it lies in the areas of all of them.
    """

    calls: Floats
    minutes: Floats
    value: Floats
    trips: Floats
    areas: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.calls) == len(self.minutes) == len(self.value) == len(self.trips) > 0:
            raise ValueError("an account needs calls, minutes, value and trips of each level")

    def with_levels(self, kept: NDArray[np.intp]) -> "Account":
        """The same with some of its levels."""
        arrays = {name: getattr(self, name)[kept] for name in ("calls", "minutes", "value", "trips")}
        return replace(self, **arrays)


class Question(Struct, frozen=True):
    """Accounts, minutes and cost of a trip by area, and the minutes there are."""

    accounts: Sequence[Account]
    trip_minutes: Floats
    trip_cost: Floats
    minutes: float

    @property
    def fewest_minutes(self) -> float:
        """What the lowest levels take: below that nothing is possible."""
        lowest = [0] * len(self.accounts)
        return self.minutes_of(lowest)

    def trips_of(self, levels: Sequence[int]) -> Floats:
        """Trips to each area: the most that an account in it asks for."""
        trips = np.zeros(len(self.trip_minutes))
        for account, level in zip(self.accounts, levels, strict=True):
            for area in account.areas:
                trips[area] = max(trips[area], account.trips[level])
        return trips

    def minutes_of(self, levels: Sequence[int]) -> float:
        """Minutes of calls and trips."""
        calls = sum(account.minutes[level] for account, level in zip(self.accounts, levels, strict=True))
        return float(calls + self.trips_of(levels) @ self.trip_minutes)

    def value_of(self, levels: Sequence[int]) -> float:
        """What they bring, less what trips cost."""
        value = sum(account.value[level] for account, level in zip(self.accounts, levels, strict=True))
        return float(value - self.trips_of(levels) @ self.trip_cost)
