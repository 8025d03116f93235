"""Where we stand, as its pages show it: counts now and before, trends, movements."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from accounts.models import Team, User
from accounts.permissions import Act, Area
from customers.models import Customer, Market, Stage, Tier
from customers.scope import EVERYTHING, customers_within, on_customer
from planning.actions.standing import last_month_on, stale_standing
from planning.engine.months import last_day_of, month_of, months_until
from planning.queries import standing
from planning.queries.standing_moves import Move, stage_move, stage_moves_by_month, tier_moves_by_month
from territory import clock
from territory.together import Asking, prepared

STAGES = list(Stage)
# What so many are called.
NAMES = {
    Stage.PROSPECT: _("prospects"),
    Stage.CUSTOMER: _("customers"),
    Stage.LAPSED: _("lapsed"),
    Stage.LOST: _("lost"),
}
YEAR = 12

# Stage -> how many.
Stages = Mapping[str, int]


class Tile(Struct, frozen=True):
    """A stage: how many now, at the end of last month, and at the ends of the months before, now last."""

    stage: Stage
    now: int
    before: int
    trend: Sequence[int]

    @property
    def label(self) -> str:
        return str(NAMES[self.stage])

    @property
    def change(self) -> int:
        return self.now - self.before

    @property
    def change_in_all(self) -> int:
        """Since the end of the first of the months shown."""
        return self.now - self.trend[0]


class Trend(Struct, frozen=True):
    """Counts at the ends of months; the last is now. Of `stale` customers, as far as these were counted, past months are read anew
    within minutes."""

    months: Sequence[dt.date]
    counts: Sequence[Stages]
    stale: int = 0

    @property
    def is_known(self) -> bool:
        """Not before past months were read for the first time."""
        return any(self.counts[:-1]) or not self.stale

    def of(self, stage: str) -> list[int]:
        return [counts.get(stage, 0) for counts in self.counts]

    @property
    def tiles(self) -> list[Tile]:
        return [Tile(stage, self.of(stage)[-1], self.of(stage)[-2], self.of(stage)) for stage in STAGES]

    @property
    def rows(self) -> list[tuple[dt.date, list[int]]]:
        return [(month, [counts.get(stage, 0) for stage in STAGES]) for month, counts in self.lines]

    @property
    def lines(self) -> list[tuple[dt.date, Stages]]:
        return list(zip(self.months, self.counts, strict=True))


class Line(Struct, frozen=True):
    """A tier, team, market or person (`of` None: none): counts now and at the end of last month, by stage."""

    key: int | None
    of: Any
    now: Stages
    before: Stages

    @property
    def asked(self) -> str:
        """How an address names it."""
        return "none" if self.key is None else str(self.key)

    @property
    def cells(self) -> list[tuple[int, int]]:
        """How many now, and the difference to the end of last month, by stage."""
        return [(self.now.get(stage, 0), self.now.get(stage, 0) - self.before.get(stage, 0)) for stage in STAGES]

    @property
    def whole(self) -> int:
        return sum(self.now.values())


class Moved(Struct, frozen=True):
    """How many moved in a month, by what happened."""

    month: dt.date
    counts: Mapping[str, int]

    @property
    def cells(self) -> list[tuple[Move, int]]:
        return [(move, self.counts.get(move, 0)) for move in Move]


class Counts(Struct, frozen=True):
    """The page of counts: its table, the trend of all or of one line, and movements, latest month first."""

    by: str
    lines: list[Line]
    total: Line
    chosen: Line | None
    trend: Trend
    moves: list[Moved]


class Window(Struct, frozen=True):
    """The months that a page is about, the present one last, and the reader's condition on customers."""

    seen: Q
    today: dt.date
    months: list[dt.date]

    @classmethod
    def of(cls, user: User, number: int) -> Window:
        today = clock.company_today()
        # One more: what the first of so many changes is told against the end of the month before.
        return cls(customers_within(user, Area.CUSTOMERS, Act.SEE), today, months_until(month_of(today), number + 1))

    @property
    def ended(self) -> list[dt.date]:
        return self.months[:-1]

    @property
    def hanging(self) -> Q:
        """The condition on rows with a `customer`."""
        return EVERYTHING if self.seen == EVERYTHING else on_customer(self.seen)


def trend_of(window: Window, of: str | None = None, key: int | None = None) -> Asking[Trend]:
    """All visible customers, or those of one key of a dimension (None: those without)."""
    first, last = window.ended[0], window.ended[-1]
    about = (window.hanging, of, key is None, key or 0, first, last)
    now, starts, ends, stale = yield [
        standing.counts_now(window.seen, of, window.today),
        standing.starts_between(*about),
        standing.ends_between(*about),
        _stale(window.seen, last_month_on(window.today)),
    ]
    ended = standing.by_month([*starts, *ends], window.ended)
    present: Counter[str] = Counter()
    for stage, found, number in now:
        if of is None or found == key:
            present[stage] += number
    counts = [{stage: number for (stage,), number in ended[month].items()} for month in window.ended]
    return Trend(window.months, [*counts, present], len(stale))


def lines_of(window: Window, by: str) -> Asking[list[Line]]:
    """Counts by a dimension: tiers from the highest, others by name, none last."""
    now, before = yield [
        standing.counts_now(window.seen, by, window.today),
        standing.counts_at_end_of(window.hanging, by, window.ended[-1]),
    ]
    at_now, at_before = _by_key(now), _by_key(before)
    keys = {*at_now, *at_before}
    (named,) = yield [NAMED[by](frozenset(key for key in keys if key is not None))]
    names = {row.pk: row for row in named}
    order = [*names, *([None] if None in keys else [])]
    return [Line(key, names.get(key or 0), at_now[key], at_before[key]) for key in order]


def _by_key(rows: Iterable[tuple[str, int | None, int]]) -> dict[int | None, dict[str, int]]:
    found: dict[int | None, dict[str, int]] = defaultdict(dict)
    for stage, key, number in rows:
        found[key][stage] = number
    return found


def moves_of(window: Window) -> Asking[list[Moved]]:
    """Movements of each month, the present one first."""
    zone = clock.company_zone()
    months = window.months[1:]
    first, last = months[0], last_day_of(months[-1])
    stages, tiers = yield [
        stage_moves_by_month(window.hanging, clock.start_of_day(first, zone), clock.end_of_day(last, zone), zone),
        tier_moves_by_month(window.hanging, first, last),
    ]
    counts: dict[dt.date, Counter[str]] = defaultdict(Counter)
    for year, month, stage, before, number in stages:
        counts[dt.date(year, month, 1)][stage_move(stage, before)] += number
    for year, month, place, before, number in tiers:
        if before is not None:
            counts[dt.date(year, month, 1)][Move.UP if place < before else Move.DOWN] += number
    return [Moved(month, counts[month]) for month in reversed(months)]


def counts_of(window: Window, by: str, asked: str) -> Asking[Counts]:
    """The whole page; `asked` names one line ("none": the one without), empty: none. LookupError where there is no such line."""
    lines = yield from lines_of(window, by)
    chosen = next((line for line in lines if line.asked == asked), None)
    if asked and chosen is None:
        raise LookupError(asked)
    trend = yield from trend_of(window, by if chosen else None, chosen.key if chosen else None)
    moves = yield from moves_of(window)
    total = Line(None, None, *(_sum(getattr(line, name) for line in lines) for name in ("now", "before")))
    return Counts(by, lines, total, chosen, trend, moves)


def _sum(counts: Iterable[Stages]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for each in counts:
        found.update(each)
    return dict(found)


# Beyond so many it is said that there are more.
MOST_STALE = 100


@prepared
def _stale(seen: Q, month: dt.date) -> QuerySet[Customer]:
    return stale_standing(month).live().filter(seen).order_by().values_list("pk", flat=True)[:MOST_STALE]


@prepared
def _tiers(keys: frozenset[int]) -> QuerySet[Tier]:
    return Tier.objects.filter(pk__in=keys).order_by("position", "name").only("name", "position")


@prepared
def _teams(keys: frozenset[int]) -> QuerySet[Team]:
    return Team.objects.filter(pk__in=keys).order_by("name", "pk").only("name")


@prepared
def _markets(keys: frozenset[int]) -> QuerySet[Market]:
    return Market.objects.filter(pk__in=keys).order_by("name", "pk").only("name")


@prepared
def _people(keys: frozenset[int]) -> QuerySet[User]:
    return User.objects.filter(pk__in=keys).order_by("name", "pk").only("name")


NAMED = {"tier": _tiers, "team": _teams, "market": _markets, "person": _people}
