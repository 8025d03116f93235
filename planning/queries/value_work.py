"""What another official value would make of the work of last quarter: touches x official value, before and after."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from accounts.models import User
from planning.engine.calendar import last_quarter
from planning.engine.value import OfficialValue, ValueTable
from planning.engine.work import NOTHING, Pile, value_days, value_tables, work_of
from planning.loaders.work import By, Seat, Span, load_piles
from planning.queries.work_value import made_before
from territory import clock

# People with the largest changes are named.
MOST_NAMED = 8


class Revalued(Struct, frozen=True):
    """What those of somebody's touches were worth whose value differs, and what they would have been; keys of who and of the team."""

    person: int | None
    team: int | None
    touches: int
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


class WorkEffect(Struct, frozen=True):
    """Of last quarter. `keeps`: the value starts after it, so that its touches keep theirs. Only who has touches whose value
    differs is told of, at most MOST_NAMED people and how many `others`; a touch that two made stands with each of them, and once
    with their team and in all."""

    first: dt.date
    last: dt.date
    keeps: bool
    teams: list[Revalued]
    people: list[Revalued]
    others: int
    total: Revalued


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
) -> WorkEffect:
    """By person and team and in all, as far as the reader may see their work, in three queries."""
    sides = value_tables(values, span.days), tables_after(values, value, span)
    made = made_before(user, span)
    # Touches of other types keep their value.
    made = replace(made, touches=made.touches.filter(type=value.touch_type))

    def worth(by: By, place: Callable[[Pile], tuple[int | None, int | None]]) -> list[Revalued]:
        """Of each person and team: of the touches whose value differs."""
        found: dict[tuple[int | None, int | None], tuple[int, Decimal, Decimal]] = {}
        for pile in load_piles(made, span, by, seats):
            old, new = (work_of(pile, tables, repeats_once=span.repeats_once) for tables in sides)
            if old.value == new.value:
                continue
            touches, before, after = found.get(place(pile), (0, NOTHING, NOTHING))
            found[place(pile)] = touches + old.counted, before + old.value, after + new.value
        return [Revalued(person, team, *sums) for (person, team), sums in found.items()]

    changed = [row for row in worth(By.PERSON, lambda pile: (pile.who, _team_of(pile, seats))) if row.change]
    changed.sort(key=lambda row: (-abs(row.change), row.person or 0))
    return WorkEffect(
        span.first,
        span.last,
        value.starts_on is None or value.starts_on > span.last,
        teams=[row for row in worth(By.TEAM, lambda pile: (None, pile.who)) if row.change],
        people=changed[:MOST_NAMED],
        others=len(changed[MOST_NAMED:]),
        total=next(iter(worth(By.TOUCH, lambda _pile: (None, None))), Revalued(None, None, 0, NOTHING, NOTHING)),
    )


def _team_of(pile: Pile, seats: Mapping[int, Seat]) -> int | None:
    seat = seats.get(pile.seat) if pile.seat is not None else None  # type: ignore[call-overload]
    return seat and seat.team
