"""What is to be planned, and what a plan is. Seconds of a day count from its midnight where the person is."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from msgspec import Struct, field


class Matrix(Protocol):
    """Seconds or metres from each place to each; a numpy array or a list of lists."""

    def __getitem__(self, row: int) -> Sequence[int]: ...


class Window(NamedTuple):
    """A piece of a day."""

    opens: int
    closes: int


class Lunch(NamedTuple):
    """A break of so many seconds, wherever one is, that lies within a window."""

    seconds: int
    within: Window


class Day(Struct, frozen=True):
    """A working day: from one place to another (the base, both times) within `works`, but for what is `busy`.

    Nobody drives or visits while busy; a drive may be interrupted by it, a visit may not.
    """

    works: Window
    start: int = 0
    end: int = 0
    busy: tuple[Window, ...] = ()
    lunch: Lunch | None = None


class Visit(Struct, frozen=True):
    """Something that could be done: where (a row of the matrices), how long, and what it is worth.

    `hours`: by day, when they receive visitors, from the first minute to the last; None: at any time. `day`, `at`: on that
    day and from that second on only. `must`: it was agreed or locked, and is in the plan unless that cannot be.
    """

    key: object
    place: int
    seconds: int
    value: float
    hours: tuple[tuple[Window, ...], ...] | None = None
    day: int | None = None
    at: int | None = None
    must: bool = False

    def on(self, day: int) -> bool:
        """Whether it may be on that day at all."""
        if self.day is not None and self.day != day:
            return False
        return self.at is not None or self.hours is None or bool(self.hours[day])


class Week(Struct, frozen=True):
    """What is to be planned. `grain`: visits begin at whole multiples of so many seconds."""

    days: tuple[Day, ...]
    visits: tuple[Visit, ...]
    seconds: Matrix
    metres: Matrix
    grain: int = 1


class Wish(StrEnum):
    """What a plan can break."""

    HOURS = "hours"  # the customer's visiting hours
    TIME = "time"  # the agreed time
    DAY = "day"  # the agreed day
    HOME = "home"  # back by the end of work
    LUNCH = "lunch"
    BUSY = "busy"  # what else one has to do then
    LEFT_OUT = "left out"  # it was agreed, and is not in the plan
    TWICE = "twice"


class Broken(NamedTuple):
    """A wish that a plan does not keep: of which day and visit (its place among the week's), by how many seconds."""

    wish: Wish
    day: int | None
    visit: int | None = None
    seconds: int = 0


class Stop(NamedTuple):
    """A visit in a plan: the drive to it, and from when to when it lasts."""

    visit: int
    starts: int
    ends: int
    drive_seconds: int
    drive_metres: int


class DayPlan(Struct, frozen=True):
    """A day in its order. `leaves` and `returns` are equal on a day without visits; `back_*`: the drive home."""

    day: int
    stops: tuple[Stop, ...] = ()
    leaves: int = 0
    returns: int = 0
    lunch: Window | None = None
    back_seconds: int = 0
    back_metres: int = 0
    idle: int = 0  # lunch and what else one is busy with between leaving and returning
    broken: tuple[Broken, ...] = ()

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(stop.visit for stop in self.stops)

    @property
    def drive_seconds(self) -> int:
        return sum(stop.drive_seconds for stop in self.stops) + self.back_seconds

    @property
    def metres(self) -> int:
        return sum(stop.drive_metres for stop in self.stops) + self.back_metres

    @property
    def spent(self) -> int:
        """Seconds that the visits take: from leaving to returning, without what one would do anyway."""
        return self.returns - self.leaves - self.idle


class Price(Struct, frozen=True):
    """What an hour has to bring: `rate` is value per second of the plan without a price, `share` the part asked for."""

    rate: float = 0.0
    share: float = 0.0

    @property
    def per_second(self) -> float:
        return self.rate * self.share


class Plan(Struct, frozen=True):
    """A planned week: a DayPlan for each day, and what is broken; empty `broken`: every wish is kept."""

    days: tuple[DayPlan, ...]
    broken: tuple[Broken, ...] = ()
    price: Price = field(default_factory=Price)

    @property
    def orders(self) -> tuple[tuple[int, ...], ...]:
        return tuple(day.order for day in self.days)

    @property
    def planned(self) -> frozenset[int]:
        return frozenset(stop.visit for day in self.days for stop in day.stops)

    @property
    def spent(self) -> int:
        return sum(day.spent for day in self.days)

    @property
    def metres(self) -> int:
        return sum(day.metres for day in self.days)

    def value(self, week: Week) -> float:
        return sum(week.visits[visit].value for visit in sorted(self.planned))
