"""Where customers stood at the ends of past months: stage, tier, team and owner, from their lifecycles and dated rows."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from customers.facts import lifecycles
from customers.lifecycle import Lifecycle, local_day
from customers.models import Assignment, Customer, CustomerTeam
from planning.engine.calendar import ONE_DAY, Span
from planning.engine.months import Run, last_day_of, runs
from territory import clock
from territory.rows import among


class Stood(NamedTuple):
    """Where a customer stood at an instant; keys of tier, team and the owner's user."""

    stage: str
    tier: int | None
    team: int
    owner: int | None


Owners = Sequence[tuple[int, Span, int]]


def load_standing_months(ids: Collection[int], until: dt.date) -> dict[int, list[Run[Stood]]]:
    """The runs of each of these customers up to the month `until`, in a fixed number of queries."""
    known, teams, owners = lifecycles(ids), _teams(ids), _owners(ids)
    now = Customer.objects.filter(among("pk", ids)).values_list("pk", "team_id")
    found = {}
    for pk, team in now:
        here = _History(known[pk], teams.get(pk, []), team, owners.get(pk, []))
        found[pk] = runs(here.changes(until), here.at_end_of, until)
    return found


def stood_on(ids: Collection[int] | None, days: Sequence[dt.date]) -> Iterator[tuple[dt.date, int, Stood]]:
    """Day, customer and where it stood at the day's end, of live customers, read from the log; later facts change nothing."""
    known, teams, owners = lifecycles(ids), _teams(ids), _owners(ids)
    customers = Customer.objects.live()
    if ids is not None:
        customers = customers.filter(among("pk", ids))
    for pk, team in customers.order_by("pk").values_list("pk", "team_id"):
        here = _History(known[pk], teams.get(pk, []), team, owners.get(pk, []))
        for day in days:
            stood = here.on(day)
            if stood is not None:
                yield day, pk, stood


class _History(Struct, frozen=True):
    """What is known of one customer: its lifecycle, teams by the day they began, the present one, owners (lowest key first)."""

    lifecycle: Lifecycle
    teams: Sequence[tuple[dt.date, int]]
    team: int
    owners: Owners

    def changes(self, until: dt.date) -> Iterator[dt.date]:
        end = clock.end_of_day(last_day_of(until), self.lifecycle.zone)
        yield from (local_day(row.began_at, self.lifecycle.zone) for row in self.lifecycle.stage_history(end))
        yield from (row.starts_on for row in self.lifecycle.tier_history(last_day_of(until)))
        yield from (day for day, _team in self.teams if day != dt.date.min)
        for _pk, span, _owner in self.owners:
            if span.starts_on is not None:
                yield span.starts_on
            if span.ends_on is not None and span.ends_on < dt.date.max:
                yield span.ends_on + ONE_DAY

    def at_end_of(self, month: dt.date) -> Stood | None:
        return self.on(last_day_of(month))

    def on(self, day: dt.date) -> Stood | None:
        stage = self.lifecycle.stage_on(day)
        if stage is None:
            return None
        place = bisect_right(self.teams, day, key=lambda row: row[0]) - 1
        team = self.teams[place][1] if place >= 0 else self.team
        owner = next((user for _pk, span, user in self.owners if span.holds(day)), None)
        return Stood(stage.value, self.lifecycle.tier_on(day), team, owner)


def _teams(ids: Collection[int] | None) -> dict[int, list[tuple[dt.date, int]]]:
    rows = CustomerTeam.objects.order_by("pk")
    if ids is not None:
        rows = rows.filter(among("customer_id", ids))
    found: dict[int, list[tuple[dt.date, int]]] = defaultdict(list)
    for customer, starts_on, team in rows.values_list("customer_id", "starts_on", "team_id"):
        found[customer].append((starts_on or dt.date.min, team))
    for changes in found.values():
        changes.sort(key=lambda row: row[0])
    return found


def _owners(ids: Collection[int] | None) -> dict[int, list[tuple[int, Span, int]]]:
    rows = Assignment.objects.owners().order_by("pk")
    if ids is not None:
        rows = rows.filter(among("customer_id", ids))
    found: dict[int, list[tuple[int, Span, int]]] = defaultdict(list)
    for customer, pk, starts_on, ends_on, user in rows.values_list(
        "customer_id", "pk", "starts_on", "ends_on", "membership__user_id"
    ):
        found[customer].append((pk, Span(starts_on, ends_on), user))
    return found
