"""What another official value would make of the work of last quarter: touches x official value, before and after."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from accounts.models import User
from planning.engine.calendar import last_quarter
from planning.engine.value import OfficialValue, ValueTable
from planning.engine.work import NOTHING, Pile, value_days, value_tables, work_of
from planning.loaders.work import By, Seat, Span, load_piles
from planning.queries.work_value import made_before
from territory import clock

# People and teams with the largest changes are named.
MOST_NAMED = 8


@dataclass(frozen=True)
class Worth:
    """What somebody's touches were worth, and what they would have been."""

    name: str
    team: str
    touches: int
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class WorkEffect:
    """Of last quarter. `keeps`: the value starts after it, so that its touches keep theirs. Only who has touches whose value
    differs is named; a touch that two made stands with each of them, and once with their team and in all."""

    first: dt.date
    last: dt.date
    keeps: bool
    teams: list[Worth]
    people: list[Worth]
    total: Worth

    @property
    def others(self) -> int:
        """People whose work changes, too, and who are not named."""
        return len(self.people[MOST_NAMED:])

    @property
    def named(self) -> list[Worth]:
        return self.people[:MOST_NAMED]


def span_of(values: Iterable[OfficialValue], value: OfficialValue, today: dt.date, *, repeats_once: bool) -> Span:
    """Last quarter, and the days in it on which official values change on either side."""
    first, last = last_quarter(today)
    return Span(first, last, value_days((*values, value), first, last), clock.company_zone(), repeats_once)


def tables_after(values: Sequence[OfficialValue], value: OfficialValue, span: Span) -> tuple[ValueTable, ...]:
    """With the new value: from its day on, where it lies within; one that starts later is looked at as if it had held all days."""
    if value.starts_on is not None and value.starts_on <= span.last:
        return value_tables((*values, value), span.days)
    return tuple(ValueTable((*values, replace(value, starts_on=day)), day) for day in span.days)


def work_effect(
    user: User,
    values: Sequence[OfficialValue],
    value: OfficialValue,
    span: Span,
    seats: dict[int, Seat],
    names: tuple[Mapping[int, str], Mapping[int, str]],
) -> WorkEffect:
    """By person and team (`names` of both) and in all, as far as the reader may see their work, in three queries."""
    sides = value_tables(values, span.days), tables_after(values, value, span)
    made, (people, teams) = made_before(user, span), names

    def worth(by: By, place: Callable[[Pile], tuple[int | None, int | None]]) -> list[Worth]:
        """Of each person and team; the touches are those whose value differs."""
        found: dict[tuple[int | None, int | None], tuple[int, Decimal, Decimal]] = {}
        for pile in load_piles(made, span, by, seats):
            old, new = (work_of(pile, tables, repeats_once=span.repeats_once) for tables in sides)
            touches, before, after = found.get(place(pile), (0, NOTHING, NOTHING))
            differ = old.counted if old.value != new.value else 0
            found[place(pile)] = touches + differ, before + old.value, after + new.value
        return [
            Worth(people.get(person, ""), teams.get(team, ""), *sums)  # type: ignore[call-overload]
            for (person, team), sums in found.items()
        ]

    changed = [row for row in worth(By.PERSON, lambda pile: (pile.who, _team_of(pile, seats))) if row.change]
    return WorkEffect(
        span.first,
        span.last,
        value.starts_on is None or value.starts_on > span.last,
        teams=[row for row in worth(By.TEAM, lambda pile: (None, pile.who)) if row.change],
        people=sorted(changed, key=lambda row: (-abs(row.change), row.name)),
        total=next(iter(worth(By.TOUCH, lambda _pile: (None, None))), Worth("", "", 0, NOTHING, NOTHING)),
    )


def _team_of(pile: Pile, seats: Mapping[int, Seat]) -> int | None:
    seat = seats.get(pile.seat) if pile.seat is not None else None  # type: ignore[call-overload]
    return seat and seat.team
