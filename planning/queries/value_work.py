"""What another official value would make of the work of last quarter: touches x official value, before and after."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from accounts.models import User
from planning.engine.calendar import last_quarter
from planning.engine.value import OfficialValue, ValueTable
from planning.engine.work import value_days, value_tables, work_of
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
    differs is named; a touch that two made stands with each of them."""

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
    """By person and team (`names` of both) as far as the reader may see their work, in one query."""
    before, after = value_tables(values, span.days), tables_after(values, value, span)
    made = made_before(user, span)
    piles = load_piles(made, span, By.PERSON, seats)
    people: dict[tuple[int | None, int | None], list[Decimal]] = defaultdict(
        lambda: [Decimal(0), Decimal(0), Decimal(0)]
    )
    for pile in piles:
        old, new = (work_of(pile, tables, repeats_once=span.repeats_once) for tables in (before, after))
        team = seats[pile.seat].team if pile.seat in seats else None  # type: ignore[index]
        sums = people[pile.who, team]  # type: ignore[index]
        differs = old.value != new.value
        for place, amount in enumerate((Decimal(old.counted if differs else 0), old.value, new.value)):
            sums[place] += amount
    return _shown(people, names, span, keeps=value.starts_on is None or value.starts_on > span.last)


def _shown(people, names, span: Span, *, keeps: bool) -> WorkEffect:
    person_names, team_names = names
    rows = []
    teams: dict[int | None, list[Worth]] = defaultdict(list)
    for (person, team), (touches, before, after) in people.items():
        rows.append(Worth(person_names.get(person, ""), team_names.get(team, ""), int(touches), before, after))
        teams[team].append(rows[-1])
    changed = [row for row in rows if row.change]
    return WorkEffect(
        span.first,
        span.last,
        keeps,
        teams=[row for row in (_sum(team_names.get(team, ""), rows) for team, rows in teams.items()) if row.change],
        people=sorted(changed, key=lambda row: (-abs(row.change), row.name)),
        total=_sum("", rows),
    )


def _sum(team: str, rows: Iterable[Worth]) -> Worth:
    found = list(rows)
    return Worth(
        "",
        team,
        sum(row.touches for row in found),
        sum((row.before for row in found), Decimal(0)),
        sum((row.after for row in found), Decimal(0)),
    )
