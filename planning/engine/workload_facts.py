"""What weeks of work are computed from (domain 3.3): shares of budgets, memberships, planned touches, absences, covers."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from msgspec import Struct, field

from planning.engine.calendar import Span, WorkCalendar
from planning.engine.rules import Key

ALWAYS = Span()

SIX_DAYS = timedelta(days=6)


class BudgetShare(NamedTuple):
    """Minutes per month of a person's shares of budgets, summed for one team and for prospects or others.

    ``person`` None: the unstaffed part, ``team`` then the customer's; else the team of the assignment's membership.
    """

    person: Key | None
    team: Key
    prospecting: bool
    touch: float = 0.0
    travel: float = 0.0
    other: float = 0.0


class Member(NamedTuple):
    """A dated membership with what it gives to customers."""

    person: Key
    team: Key
    role: Key
    weekly_hours: float
    selling_share: float
    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def base(self) -> float:
        """Minutes for customers in an ordinary week."""
        return self.weekly_hours * 60 * self.selling_share

    def holds(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)

    def held(self, days: Sequence[date]) -> int:
        """How many of these days, the earliest first."""
        if days and self.holds(days[0]) and self.holds(days[-1]):
            return len(days)
        return sum(self.holds(day) for day in days)

    def touches(self, first: date, last: date) -> bool:
        """Whether it is in force on a day from first to last."""
        return (self.ends_on is None or self.ends_on >= first) and (self.starts_on is None or self.starts_on <= last)

    def touches_week(self, week: date) -> bool:
        return self.touches(week, week + SIX_DAYS)


class TeamLoad(Struct, frozen=True):
    """Minutes per month that each other member of a team adds for a role in it."""

    role: Key
    minutes: float


class PlannedTouches(NamedTuple):
    """Minutes of a person's open planned touches of a week (its Monday), with their travel where the type travels."""

    person: Key
    week: date
    prospecting: float = 0.0
    keeping: float = 0.0
    travel: float = 0.0

    def total(self) -> float:
        return self.prospecting + self.keeping + self.travel

    def with_more(self, other: "PlannedTouches") -> "PlannedTouches":
        """Together with others of the same person and week."""
        return self._replace(
            prospecting=self.prospecting + other.prospecting,
            keeping=self.keeping + other.keeping,
            travel=self.travel + other.travel,
        )


class Away(Struct, frozen=True):
    """Days a person is absent."""

    person: Key
    span: Span


class Cover(Struct, frozen=True):
    """Somebody (``by``) stands in for ``person``; ``part`` of the touch part, where only some assignments are
    covered.
    """

    person: Key
    by: Key
    span: Span
    part: float = 1.0


class SetAside(Struct, frozen=True):
    """Hours a week kept free for a special situation, while it is open."""

    person: Key
    hours: float
    span: Span = ALWAYS


class WorkloadFacts(Struct, frozen=True):
    """Everything that weeks are computed from."""

    shares: Sequence[BudgetShare] = ()
    members: Sequence[Member] = ()
    team_loads: Sequence[TeamLoad] = ()
    planned: Sequence[PlannedTouches] = ()
    away: Sequence[Away] = ()
    covers: Sequence[Cover] = ()
    set_aside: Sequence[SetAside] = ()
    calendar: WorkCalendar = field(default_factory=WorkCalendar)
