"""Mends and improves a week by its exact times: what does not fit goes, what fits comes, until nothing is gained.

What is gained is value less the price of the seconds spent; of equal weeks the one with less driving. Moves: leave a visit out,
put one in, exchange one that is in for one that is not, move one to another place, turn a piece of a day round. Each is tried
in a fixed order, so the same week gives the same plan.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import NamedTuple

from planning.engine.visits.days import day_plan
from planning.engine.visits.week import DayPlan, Week

# A second's driving weighs so little that only what is equal otherwise is decided by it.
LESS_DRIVING = 1e-9
ENOUGH = 1e-12
# However hard it is, trying ends: so many days are worked out at most.
MOST_TRIED = 20_000


class Insertion(NamedTuple):
    """Where a visit could be put in: the day, before its n-th visit; what it adds in seconds spent and in metres."""

    visit: int
    day: int
    place: int
    seconds: int
    metres: int
    gain: float


@dataclass
class Trial:
    """Works out days, each once; `until`: by the clock that only goes forward, when to stop trying."""

    week: Week
    price: float
    until: float = inf
    least: float = field(init=False)
    known: dict[tuple[int, tuple[int, ...]], DayPlan | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        total = sum(abs(visit.value) for visit in self.week.visits) or 1.0
        self.least = total * LESS_DRIVING / 86_400

    def plan(self, day: int, order: tuple[int, ...]) -> DayPlan | None:
        """The day, left as late as possible; None where it does not fit."""
        key = day, order
        if key not in self.known:
            found = day_plan(self.week, day, order) if self._possible(day, order) else None
            self.known[key] = None if found is None or found.broken else found
        return self.known[key]

    def _possible(self, day: int, order: Sequence[int]) -> bool:
        """A quick look: the days allow it and there is time enough."""
        week, plan = self.week, self.week.days[day]
        here, needed = plan.start, 0
        for index in order:
            visit = week.visits[index]
            if not visit.on(day):
                return False
            needed += int(week.seconds[here][visit.place]) + visit.seconds
            here = visit.place
        needed += int(week.seconds[here][plan.end]) if order else 0
        return needed <= plan.works.closes - plan.works.opens

    def worth(self, day: int, order: tuple[int, ...]) -> float:
        """What a day brings; minus infinity where it does not fit."""
        plan = self.plan(day, order)
        if plan is None:
            return float("-inf")
        value = sum(self.week.visits[index].value for index in order)
        return value - self.price * plan.spent - self.least * plan.drive_seconds

    @property
    def is_tired(self) -> bool:
        return len(self.known) > MOST_TRIED or monotonic() > self.until


def mended(trial: Trial, orders: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """The same days without what does not fit: the visit goes whose leaving costs least, agreed ones last."""
    found = []
    for day, order in enumerate(orders):
        order = tuple(order)
        while order and trial.plan(day, order) is None:
            order = _with_one_less(trial, day, order)
        found.append(order)
    return found


def _with_one_less(trial: Trial, day: int, order: tuple[int, ...]) -> tuple[int, ...]:
    week = trial.week

    def cost(place: int) -> tuple:
        visit = week.visits[order[place]]
        left = order[:place] + order[place + 1 :]
        # What fits at once goes before what does not; then by value.
        return visit.must, visit.on(day), trial.plan(day, left) is None, visit.value, place

    place = min(range(len(order)), key=cost)
    return order[:place] + order[place + 1 :]


def improved(trial: Trial, orders: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """The week after every move that gains something."""
    found = mended(trial, orders)
    while not trial.is_tired:
        changed = next(_moves(trial, found), None)
        if changed is None:
            break
        for day, order in changed.items():
            found[day] = order
    return found


def _moves(trial: Trial, orders: list[tuple[int, ...]]) -> Iterator[dict[int, tuple[int, ...]]]:
    """Changed days, by day, of moves that gain."""
    yield from _put_in(trial, orders)
    yield from _left_out(trial, orders)
    yield from _turned(trial, orders)
    yield from _moved(trial, orders)
    yield from _exchanged(trial, orders)


def _left(trial: Trial, orders: Sequence[Sequence[int]]) -> list[int]:
    planned = {visit for order in orders for visit in order}
    return [index for index in range(len(trial.week.visits)) if index not in planned]


def insertions(trial: Trial, orders: Sequence[tuple[int, ...]], visit: int, days: Sequence[int]) -> list[Insertion]:
    """Everywhere it fits, what gains most first."""
    found = []
    for day in days:
        order = orders[day]
        before = trial.plan(day, order)
        if before is None or not trial.week.visits[visit].on(day):
            continue
        for place in range(len(order) + 1):
            changed = (*order[:place], visit, *order[place:])
            after = trial.plan(day, changed)
            if after is not None:
                gain = trial.worth(day, changed) - trial.worth(day, order)
                more = after.spent - before.spent
                found.append(Insertion(visit, day, place, more, after.metres - before.metres, gain))
    return sorted(found, key=lambda each: (-each.gain, each.seconds, each.day, each.place))


def _put_in(trial: Trial, orders: list[tuple[int, ...]]) -> Iterator[dict[int, tuple[int, ...]]]:
    """What is agreed comes first, then what gains most."""
    best: Insertion | None = None
    every = range(len(orders))
    for visit in sorted(_left(trial, orders), key=lambda index: not trial.week.visits[index].must):
        must = trial.week.visits[visit].must
        if not must and best is not None and trial.week.visits[best.visit].must:
            break
        if trial.is_tired and not must:
            break
        places = insertions(trial, orders, visit, every)
        if places and (must or places[0].gain > ENOUGH) and (best is None or places[0].gain > best.gain):
            best = places[0]
    if best is not None:
        order = orders[best.day]
        yield {best.day: (*order[: best.place], best.visit, *order[best.place :])}


def _left_out(trial: Trial, orders: list[tuple[int, ...]]) -> Iterator[dict[int, tuple[int, ...]]]:
    for day, order in enumerate(orders):
        worth = trial.worth(day, order)
        agreed = tuple(visit for visit in order if trial.week.visits[visit].must)
        if trial.worth(day, agreed) > worth + ENOUGH:
            yield {day: agreed}
        for place, visit in enumerate(order):
            left = order[:place] + order[place + 1 :]
            if not trial.week.visits[visit].must and trial.worth(day, left) > worth + ENOUGH:
                yield {day: left}


def _turned(trial: Trial, orders: list[tuple[int, ...]]) -> Iterator[dict[int, tuple[int, ...]]]:
    for day, order in enumerate(orders):
        worth = trial.worth(day, order)
        for first in range(len(order) - 1):
            if trial.is_tired:
                return
            for last in range(first + 2, len(order) + 1):
                turned = order[:first] + order[first:last][::-1] + order[last:]
                if trial.worth(day, turned) > worth + ENOUGH:
                    yield {day: turned}


def _moved(trial: Trial, orders: list[tuple[int, ...]]) -> Iterator[dict[int, tuple[int, ...]]]:
    for day, order in enumerate(orders):
        for place, visit in enumerate(order):
            if trial.is_tired:
                return
            left = order[:place] + order[place + 1 :]
            if trial.plan(day, left) is None:
                continue
            loses = trial.worth(day, order) - trial.worth(day, left)
            without = [left if number == day else each for number, each in enumerate(orders)]
            for found in insertions(trial, without, visit, range(len(orders)))[:1]:
                if found.gain > loses + ENOUGH:
                    into = without[found.day]
                    into = (*into[: found.place], visit, *into[found.place :])
                    yield {day: left, found.day: into}


def _exchanged(trial: Trial, orders: list[tuple[int, ...]]) -> Iterator[dict[int, tuple[int, ...]]]:
    outside = _left(trial, orders)
    for day, order in enumerate(orders):
        for place, visit in enumerate(order):
            if trial.week.visits[visit].must:
                continue
            left = order[:place] + order[place + 1 :]
            if trial.plan(day, left) is None:
                continue
            loses = trial.worth(day, order) - trial.worth(day, left)
            without = [left if number == day else each for number, each in enumerate(orders)]
            for other in outside:
                if trial.is_tired:
                    return
                for found in insertions(trial, without, other, [day])[:1]:
                    if found.gain > loses + ENOUGH:
                        yield {day: (*left[: found.place], other, *left[found.place :])}
