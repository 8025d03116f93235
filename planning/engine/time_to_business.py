"""How long it takes until a prospect has brought an amount (domain 3.2; Kaplan and Meier 1958).

The curve reads "share of all prospects that brought the amount within so many days": those not there yet are censored
today, lost ones stay at risk until then. The band is log-log Greenwood (Kalbfleisch and Prentice 2002, 1.4).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from math import exp, log, sqrt
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from planning.engine.courses import OPEN
from planning.engine.interval import Z
from planning.engine.rules import Key

FEWEST_ARRIVALS = 20
HORIZONS = (30, 90, 180, 365)


class Start(Struct, frozen=True):
    """The start of a selling course, and the orders won since and before any next course, first won first.

    `outcome` and `ended_on` are the course's own: open as long as it is neither won nor lost. `customer`: whose it is.
    """

    tier: Key
    started_on: date
    won: tuple[tuple[date, Decimal], ...] = ()
    outcome: str = OPEN
    ended_on: date | None = None
    customer: Key = None

    def days_under_way(self, on: date) -> int:
        """From its start to its end, or to a day where it is open."""
        return ((self.ended_on or on) - self.started_on).days

    def followed(self, amount: Decimal, on: date) -> "Followed":
        """Days until these orders add up to the amount; not yet: days until `on`."""
        brought = Decimal(0)
        for day, part in self.won:
            brought += part
            if brought >= amount:
                return Followed((day - self.started_on).days, True)
        return Followed((on - self.started_on).days, False)


class Followed(Struct, frozen=True):
    """How many days a prospect was followed, and whether it had arrived at the amount then."""

    days: int
    arrived: bool


class Step(Struct, frozen=True):
    """The share that had arrived after so many days, with its band (None where all that were left arrived)."""

    days: int
    share: float
    low: float | None
    high: float | None


NO_STEP = Step(0, 0.0, 0.0, 0.0)


class Curve(Struct, frozen=True):
    """`steps`: the days on which somebody arrived. `longest`: days of the longest follow-up.

    `own`: where too few of a tier arrived and this is over all tiers, the tier's own curve.
    """

    steps: tuple[Step, ...]
    prospects: int
    arrivals: int
    longest: int
    own: "Curve | None" = None

    @property
    def is_pooled(self) -> bool:
        return self.own is not None

    def share_at(self, days: int) -> float | None:
        """The share within so many days; None, beyond the longest follow-up: not known yet."""
        if days > self.longest:
            return None
        return max((step.share for step in self.steps if step.days <= days), default=0.0)

    def reached(self, share: float) -> int | None:
        """The days after which so large a share had arrived; None: not reached."""
        return next((step.days for step in self.steps if step.share >= share - 1e-12), None)

    @property
    def median(self) -> int | None:
        return self.reached(0.5)


def curve(followed: Iterable[Followed]) -> Curve:
    """Kaplan-Meier. Of those with the same days, arrivals come before the censored."""
    counts = Counter((row.days, row.arrived) for row in followed)
    prospects = at_risk = sum(counts.values())
    still, spread = 1.0, 0.0
    steps = []
    for days in sorted({days for days, _ in counts}):
        arrived = counts[(days, True)]
        if arrived:
            still *= 1 - arrived / at_risk
            if arrived < at_risk:
                spread += arrived / (at_risk * (at_risk - arrived))
            low, high = _band(still, spread) if arrived < at_risk else (None, None)
            steps.append(Step(days, 1 - still, low, high))
        at_risk -= arrived + counts[(days, False)]
    longest = max((days for days, _ in counts), default=-1)
    arrivals = sum(number for (_, arrived), number in counts.items() if arrived)
    return Curve(tuple(steps), prospects, arrivals, longest)


def _band(still: float, spread: float) -> tuple[float, float]:
    """Of the share that arrived, from that still to come and Greenwood's sum."""
    width = Z * sqrt(spread) / abs(log(still))
    return 1 - still ** exp(-width), 1 - still ** exp(width)


def usual_amount(brought: Sequence[tuple[Key, Decimal]], tier: Key) -> Decimal:
    """The lower quartile of what customers of a tier (where it has none: all) brought in a year; 0 without customers."""
    amounts = sorted(amount for of, amount in brought if of == tier) or sorted(amount for _, amount in brought)
    if not amounts:
        return Decimal(0)
    whole, part = divmod(Decimal(len(amounts) - 1) / 4, 1)
    below, above = amounts[int(whole)], amounts[min(int(whole) + 1, len(amounts) - 1)]
    return below + (above - below) * part


def curves(starts: Sequence[Start], tiers: Iterable[Key], amounts: dict[Key, Decimal], on: date) -> dict[Key, Curve]:
    """By tier the curve at its amount; where fewer than 20 arrived, that over all tiers at this amount."""
    found = {}
    for tier in tiers:
        own = curve(row.followed(amounts[tier], on) for row in starts if row.tier == tier)
        if own.arrivals < FEWEST_ARRIVALS:
            own = replace(curve(row.followed(amounts[tier], on) for row in starts), own=own)
        found[tier] = own
    return found


# What is left of a start where only amounts are asked about: its tier, days until the day it is of, then day and cents of
# each order.
Path = list[Any]
CENTS = 100


def path(start: Start, on: date) -> Path:
    """A start in numbers, with days from its beginning."""
    orders = (((day - start.started_on).days, int(amount * CENTS)) for day, amount in start.won)
    return [start.tier, (on - start.started_on).days, *(number for order in orders for number in order)]


def curves_at(paths: Iterable[Path], tiers: Iterable[Key], amount: Decimal) -> dict[Key | None, Curve]:
    """The same for one amount from paths; under None the curve over all tiers."""
    cents = amount * CENTS
    followed: dict[Key, list[Followed]] = defaultdict(list)
    for tier, days, *orders in paths:
        followed[tier].append(_followed(days, orders, cents))
    of_all = curve(row for rows in followed.values() for row in rows)
    found: dict[Key | None, Curve] = {}
    for tier in tiers:
        own = curve(followed[tier])
        found[tier] = own if own.arrivals >= FEWEST_ARRIVALS else replace(of_all, own=own)
    return found | {None: of_all}


def _followed(days: int, orders: Sequence[int], cents: Decimal) -> Followed:
    brought = 0
    for day, part in zip(orders[::2], orders[1::2], strict=True):
        brought += part
        if brought >= cents:
            return Followed(day, True)
    return Followed(days, False)


def thinned(steps: Iterable[Step], by: float) -> list[Step]:
    """Steps enough for a picture: each rises or moves its band by at least `by` since the one before; the last one too."""
    kept: list[Step] = []
    last = None
    for last in steps:
        if _differs(kept[-1] if kept else NO_STEP, last, by):
            kept.append(last)
    if last is not None and kept[-1:] != [last]:
        kept.append(last)
    return kept


def _differs(one: Step, other: Step, by: float) -> bool:
    pairs = ((one.share, other.share), (one.low, other.low), (one.high, other.high))
    return any((a is None) != (b is None) or (a is not None and b is not None and abs(a - b) >= by) for a, b in pairs)
