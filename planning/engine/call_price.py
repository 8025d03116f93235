"""What a minute is worth: the question of calls with its row of hours put into a price (Lagrange; Fisher 1981).

At a price of a minute each area stands alone: for each number of trips to it every account takes its best level within, and
the best number of trips is looked up. The sum, with the hours at that price, bounds every plan from above; the price that makes
it smallest is found by halving. Plans met on the way are feasible where they fit the hours, and what cannot be part of any
better plan, for even with the best of all else it stays below the bound, needs not be looked at again (Geoffrion 1974).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from planning.engine.call_question import Account, Floats, Question

#: the price is halved so often: to the last digits that a float has
HALVINGS = 60

#: of other numbers of trips so many are tried two by two, those that lose the least, and so many pairs looked at closer
CHANGES, LOOKED_AT = 400, 12

Counts = NDArray[np.intp]


class Priced(Struct, frozen=True):
    """The price of a minute, what no plan can exceed, the best plan met, and of each account the levels that a better one may
    have, its own among them."""

    price: float
    bound: float
    levels: tuple[int, ...]
    value: float
    left: tuple[Counts, ...]


def priced(question: Question) -> Priced:
    """Accounts lie in one area each at most. The question has a plan: its fewest minutes fit."""
    areas = _areas(question)
    low, high = 0.0, 0.0
    dear = over = _at(areas, 0.0)
    if dear.minutes > question.minutes:
        low, high, dear = _bracket(question, areas)
        for _ in range(HALVINGS):
            middle = _at(areas, (low + high) / 2)
            if middle.minutes > question.minutes:
                low, over = middle.price, middle
            else:
                high, dear = middle.price, middle
    ends = [dear, over] if over.minutes > question.minutes else [dear]
    lowest = min(ends, key=lambda end: end.bound(question))
    for area in areas:
        area.best(lowest.price)
    levels = max(
        (_filled(question, areas, steps) for end in ends for steps in _near(question, areas, end.steps, lowest.price)),
        key=question.value_of,
    )
    value = question.value_of(levels)
    return Priced(
        lowest.price,
        lowest.bound(question),
        levels,
        value,
        _left(question, areas, levels, lowest.bound(question) - value),
    )


class _End(Struct, frozen=True):
    """The best plan at a price, by the number of trips in each area; `worth`: what it brings less minutes at the price."""

    price: float
    worth: float
    minutes: float
    steps: tuple[int, ...]

    def bound(self, question: Question) -> float:
        """No plan within the hours brings more."""
        return self.worth + self.price * question.minutes


def _at(areas: Sequence["_Area"], price: float) -> _End:
    found = [area.best(price) for area in areas]
    return _End(
        price,
        sum(worth for worth, _, _ in found),
        sum(minutes for _, minutes, _ in found),
        tuple(step for _, _, step in found),
    )


def _bracket(question: Question, areas: Sequence["_Area"]) -> tuple[float, float, _End]:
    """A price at which the hours do not suffice, one at which they do, and the plan at that: dear enough, it is the fewest."""
    low, price = 0.0, 1e-3
    while (end := _at(areas, price)).minutes > question.minutes:
        low, price = price, price * 4
    return low, price, end


def _near(
    question: Question, areas: Sequence["_Area"], steps: Sequence[int], price: float
) -> Iterator[tuple[int, ...]]:
    """The plan with other trips in up to two areas, so that it fits the hours and loses the least: those to look at closer.

    What it loses is what these areas bring less at the price, and the price of the minutes that are left over.
    """
    changes = [(0.0, 0.0, -1, 0)]
    minutes = 0.0
    for number, (area, step) in enumerate(zip(areas, steps, strict=True)):
        taken, worth = area.by_step()
        minutes += taken[step]
        others = (
            (worth[step] - worth[other], taken[other] - taken[step], number, other) for other in range(len(worth))
        )
        changes.extend(change for change in others if change[3] != step and np.isfinite(change[0]))
    changes = sorted(changes)[:CHANGES]
    losses, more, where = (np.array([change[part] for change in changes]) for part in range(3))
    spare = question.minutes - minutes - more[:, None] - more[None, :]
    loses = np.where(spare >= 0, losses[:, None] + losses[None, :] + price * spare, np.inf)
    loses[(where[:, None] == where[None, :]) & (where >= 0)[:, None]] = np.inf
    for place in np.argsort(loses, axis=None, kind="stable")[: 2 * LOOKED_AT : 2]:
        one, two = divmod(int(place), len(changes))
        if np.isfinite(loses[one, two]):
            changed = list(steps)
            for _, _, number, step in (changes[one], changes[two]):
                if number >= 0:
                    changed[number] = step
            yield tuple(changed)
    if question.minutes >= minutes:
        yield tuple(steps)
    else:
        yield (0,) * len(areas)


def _filled(question: Question, areas: Sequence["_Area"], steps: Sequence[int]) -> tuple[int, ...]:
    """The levels at the price within these trips; then, with what is left of the hours, those that bring the most more, one
    after the other."""
    levels = np.zeros(len(question.accounts), dtype=np.intp)
    for area, step in zip(areas, steps, strict=True):
        levels[area.accounts] = area.levels_within(step)
    spare = question.minutes - question.minutes_of(levels.tolist())
    if spare < 0:  # the fewest of all, whatever the price says
        return (0,) * len(levels)
    # Trips that nobody asks for are not made: within those that are, calls cost their own minutes alone.
    made = [area.made(levels[area.accounts]) for area in areas]
    rises = [area.best_rise(levels[area.accounts], step, spare) for area, step in zip(areas, made, strict=True)]
    while True:
        number = max(range(len(areas)), key=lambda place: rises[place].gain)
        rise, area = rises[number], areas[number]
        if rise.gain <= 1e-12:
            return tuple(int(level) for level in levels)
        levels[area.accounts[rise.account]] = rise.level
        spare -= rise.minutes
        for place, other in enumerate(areas):
            if place == number or rises[place].minutes > spare:
                rises[place] = other.best_rise(levels[other.accounts], made[place], spare)


def _left(question: Question, areas: Sequence["_Area"], levels: Sequence[int], room: float) -> tuple[Counts, ...]:
    left: list[Counts] = [np.zeros(0, dtype=np.intp)] * len(question.accounts)
    for area in areas:
        for account, may in zip(area.accounts, area.may_better(room), strict=True):
            may[levels[account]] = True
            left[account] = np.flatnonzero(may)
    return tuple(left)


class _Rise(Struct, frozen=True):
    """One account's change to another level: what it brings and takes more."""

    gain: float
    account: int
    level: int
    minutes: float


class _Area:
    """The accounts of one area, their levels in rows of one length."""

    def __init__(self, numbers: Sequence[int], accounts: Sequence[Account], minutes: float, cost: float) -> None:
        self.accounts = np.array(numbers, dtype=np.intp)
        self._trip_minutes, self._trip_cost = minutes, cost
        width = max(len(account.value) for account in accounts)
        self._value = np.full((len(accounts), width), -np.inf)
        self._minutes = np.zeros((len(accounts), width))
        self._trips = np.zeros((len(accounts), width))
        for row, account in enumerate(accounts):
            size = len(account.value)
            self._value[row, :size] = account.value
            self._minutes[row, :size] = account.minutes
            if account.areas:
                self._trips[row, :size] = account.trips
        self._steps = np.unique(np.concatenate([np.zeros(1), self._trips.ravel()]))
        self._step = np.searchsorted(self._steps, self._trips)
        self._rows = np.arange(len(accounts))[:, None]
        self._net = self._within = self._worth = np.zeros((0, 0))

    def best(self, price: float) -> tuple[float, float, int]:
        """What the area brings at a price, the minutes it takes, and the step of its trips."""
        self._net = self._value - price * self._minutes
        within = np.full((len(self.accounts), len(self._steps)), -np.inf)
        np.maximum.at(within, (np.broadcast_to(self._rows, self._step.shape), self._step), self._net)
        self._within = np.maximum.accumulate(within, axis=1)
        self._worth = self._within.sum(axis=0) - (self._trip_cost + price * self._trip_minutes) * self._steps
        step = int(np.argmax(self._worth))
        return float(self._worth[step]), self._minutes_within(step), step

    def by_step(self) -> tuple[Floats, Floats]:
        """Minutes and worth at the price of `best`, by the step of trips."""
        return np.array([self._minutes_within(step) for step in range(len(self._steps))]), self._worth

    def levels_within(self, step: int) -> Counts:
        """The level of each account at the price of `best`, with no more trips than that."""
        return np.argmax(np.where(self._step <= step, self._net, -np.inf), axis=1)

    def _minutes_within(self, step: int) -> float:
        chosen = self.levels_within(step)
        trips = self._steps[self.made(chosen)]
        return float(self._minutes[self._rows[:, 0], chosen].sum() + self._trip_minutes * trips)

    def made(self, chosen: Counts) -> int:
        """The step of trips that these levels ask for."""
        return int(self._step[self._rows[:, 0], chosen].max())

    def best_rise(self, chosen: Counts, step: int, spare: float) -> _Rise:
        """Within the trips and the minutes to spare, the one change that brings the most."""
        more = self._minutes - self._minutes[self._rows[:, 0], chosen][:, None]
        gain = self._value - self._value[self._rows[:, 0], chosen][:, None]
        gain = np.where((more <= spare) & (self._step <= step), gain, -np.inf)
        account, level = divmod(int(np.argmax(gain)), gain.shape[1])
        return _Rise(float(gain[account, level]), account, level, float(more[account, level]))

    def may_better(self, room: float) -> NDArray[np.bool_]:
        """Levels with which the whole may still come above the best plan met, `room` below the bound, at the price of `best`."""
        best = self._worth.max()
        others = self._worth[None, :] - self._within
        # The best number of trips from each on: a level needs as many as it asks for, or more.
        from_here = np.maximum.accumulate(others[:, ::-1], axis=1)[:, ::-1]
        with_it = from_here[self._rows, self._step] + self._net
        return with_it > best - room - 1e-9 * max(1.0, abs(best))


def _areas(question: Question) -> list[_Area]:
    """By area; accounts that need no trips are an area of their own."""
    by_area: dict[int | None, list[int]] = {}
    for number, account in enumerate(question.accounts):
        by_area.setdefault(account.areas[0] if account.areas else None, []).append(number)
    return [
        _Area(
            numbers,
            [question.accounts[number] for number in numbers],
            0.0 if area is None else float(question.trip_minutes[area]),
            0.0 if area is None else float(question.trip_cost[area]),
        )
        for area, numbers in by_area.items()
    ]
