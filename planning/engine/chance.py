"""What a touch is worth by its chance to win: chance x business of a win - cost of the touch (domain 3.1; methods a.1).

The n-th touch of a type has a chance of its own (`curve`). The figure of a whole cell is that of a touch of which the
number is not known: all such touches made are the trials, and those after which a win came before another of the type are
the successes, drawn towards the rate over all tiers like each n. That is the mean of the chances by n, each weighted by
the courses that reached it.

The business of a win is the mean over the won courses of the tier, taken as known: intervals are those of the chance.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from planning.engine.courses import Course, business_of_a_win
from planning.engine.equal_credit import Cell
from planning.engine.nth_touch import PRIOR_WEIGHT, Trials, counted, intervals, over_tiers
from planning.engine.rules import Key

# A curve is told up to so many touches; figures of the whole cell and where to stop rest on all.
LONGEST_CURVE = 50


class Nth(Struct, frozen=True):
    """The n-th touch: courses that reached it, those it won, the chance with an 80 % interval, and what it is worth."""

    n: int
    reached: int
    wins: int
    chance: float
    low: float
    high: float
    value: float


class Chance(Struct, frozen=True):
    """A touch of a type on a tier: its chance, what it is worth (with an 80 % interval) after its cost; None: not known.

    `stops_at`: from this touch of the type on selling costs more than it brings; None: it pays as far as is known.
    """

    chance: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    cost: float | None = None
    stops_at: int | None = None
    curve: tuple[Nth, ...] = ()


def chances(
    courses: Sequence[Course],
    cells: Sequence[Cell],
    pooled: Collection[Cell] = (),
    *,
    costs: Mapping[Key, float] | None = None,
    margin: float | None = None,
) -> dict[Cell, Chance]:
    """Of ended courses, in each cell asked for; in those of `pooled` over all tiers. `costs`: of a touch, by type.

    A course has the tier of its first day.
    """
    share = 1.0 if margin is None else margin
    asked = {row.cell: row for row in _asked(courses, cells, pooled)}
    spans = iter(intervals([trials for row in asked.values() for trials in (row.whole, *row.by_number)]))
    found = {}
    for cell, row in asked.items():
        found[cell] = _chance(row, spans, row.business * share, (costs or {}).get(cell[0], 0.0))
    return {cell: found.get(cell, Chance()) for cell in cells}


class _Asked(Struct, frozen=True):
    """What the figures of one cell are read from: its trials, all and by n, and the mean business of a win."""

    cell: Cell
    whole: Trials
    by_number: tuple[Trials, ...]
    business: float


def _asked(courses: Sequence[Course], cells: Sequence[Cell], pooled: Collection[Cell]) -> Iterator[_Asked]:
    """The cells of which something is known: such a touch was made, and there was a win to know the business of."""
    reached, wins = counted(courses)
    all_reached, all_wins = over_tiers(reached), over_tiers(wins)
    overall, by_tier = business_of_a_win(courses)
    for cell in cells:
        touch_type, tier = cell
        everywhere = _by_number(all_reached, all_wins, (touch_type,))
        is_pooled = cell in pooled
        own = everywhere if is_pooled else _by_number(reached, wins, cell)
        business = overall if is_pooled else by_tier.get(tier)
        if not own or business is None:
            continue
        # Over all tiers there is nothing to draw a chance towards.
        weight = 0 if is_pooled else PRIOR_WEIGHT
        rates = zip(own, everywhere, strict=False)
        yield _Asked(
            cell,
            _drawn(_sum(own), _sum(everywhere), weight),
            tuple(_drawn(here, there, weight) for here, there in rates),
            business,
        )


def _by_number(reached: Mapping, wins: Mapping, key: tuple[Key, ...]) -> list[tuple[int, int]]:
    """Wins and courses that reached it, for n = 1, 2, … up to the last that some course reached."""
    found: list[tuple[int, int]] = []
    while many := reached[(*key, len(found) + 1)]:
        found.append((wins[(*key, len(found) + 1)], many))
    return found


def _sum(rows: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(wins for wins, _ in rows), sum(reached for _, reached in rows)


def _drawn(own: tuple[int, int], everywhere: tuple[int, int], weight: int) -> Trials:
    return Trials(*own, rate=everywhere[0] / everywhere[1], weight=weight)


def _chance(row: _Asked, spans: Iterator[tuple[float, float]], worth: float, cost: float) -> Chance:
    low, high = next(spans)
    numbered = [(trials, *next(spans)) for trials in row.by_number]
    return Chance(
        chance=row.whole.chance,
        value=row.whole.chance * worth - cost,
        low=low * worth - cost,
        high=high * worth - cost,
        cost=cost,
        stops_at=_stops_at([(trials.reached, trials.chance * worth - cost) for trials in row.by_number]),
        curve=tuple(
            Nth(n, trials.reached, trials.wins, trials.chance, least, most, trials.chance * worth - cost)
            for n, (trials, least, most) in enumerate(numbered[:LONGEST_CURVE], start=1)
        ),
    )


def _stops_at(values: Sequence[tuple[int, float]]) -> int | None:
    """The first touch from which going on, as far as it pays, brings less than it costs.

    A touch below 0 that better ones follow is no end. Backwards from the last n: going on brings the value of this touch
    and, where that is above 0, of those after it, each weighted by the courses that reach it (optimal stopping by
    backward induction). Where values only fall it is the first below 0.
    """
    found, later = None, 0.0
    for n, (reached, value) in reversed(list(enumerate(values, start=1))):
        later = reached * value + max(0.0, later)
        if later < 0:
            found = n
    return found
