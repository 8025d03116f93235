"""Customers through a window, day by day: where they stood, whose they were, which touches were answered (domain 3.2)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from customers import lifecycle
from customers.facts import lifecycles
from customers.models import Assignment, Customer, Touch, TouchOutcome
from planning.engine.adherence import Answered, Followed, Spell
from planning.engine.calendar import ONE_DAY, Span, common
from planning.engine.own_rules import NO_OWN_RULES, OwnRule, own_rules_on
from planning.engine.shares import Assigned, owner_of
from planning.loaders.ground import Ground
from planning.loaders.own_rules import load_own_rules_between
from planning.loaders.standings import teams_on
from territory import clock
from territory.rows import ends_from, starts_by

Seat = tuple[Span, Assigned]


def load_followed(ground: Ground, first: dt.date, last: dt.date) -> list[Followed]:
    """Live customers from the log, in a fixed number of queries; ``last`` is not later than the ground's day.

    Of a customer that nobody owns the team is that of the last day.
    """
    if first > last:
        return []
    rows = Customer.objects.live().order_by("pk").values_list("pk", "team_id")
    known, teams = lifecycles(), teams_on(None, last)
    seats, touches, own = (
        _seats(first, last),
        _touches(ground, first, last),
        load_own_rules_between(ground, first, last),
    )
    found = []
    for pk, team in rows:
        here = _Known(known[pk], seats.get(pk, []), own.get(pk, []), teams.get(pk, team), ground.zone)
        found.append(Followed(pk, tuple(here.spells(first, last)), touches.get(pk, ())))
    return found


class _Known(Struct, frozen=True):
    """What is known of one customer through the window."""

    lifecycle: lifecycle.Lifecycle
    seats: list[Seat]
    own: list[OwnRule]
    team: int
    zone: ZoneInfo

    def spells(self, first: dt.date, last: dt.date) -> Iterator[Spell]:
        """The window cut wherever something changes; days before the history began are none."""
        cuts = sorted({first, *(day for day in self._changes(last) if first < day <= last)})
        for starts_on, following in zip(cuts, [*cuts[1:], last + ONE_DAY], strict=True):
            stage = self.lifecycle.stage_on(starts_on)
            if stage is not None:
                yield self._spell(stage.value, starts_on, following - ONE_DAY)

    def _spell(self, stage: str, starts_on: dt.date, ends_on: dt.date) -> Spell:
        assigned = [row for span, row in self.seats if span.holds(starts_on)]
        owner = owner_of(assigned)
        return Spell(
            tier=self.lifecycle.tier_on(starts_on),
            stage=stage,
            owner=owner and owner.person,
            team=owner.team if owner else self.team,
            staffed=frozenset(row.role for row in assigned),
            starts_on=starts_on,
            ends_on=ends_on,
            own=own_rules_on(self.own, starts_on) if self.own else NO_OWN_RULES,
        )

    def _changes(self, last: dt.date) -> Iterator[dt.date]:
        """Days on which another stage, tier, assignment or own rule begins or one has ended."""
        end = lifecycle.start_of_day(last + ONE_DAY, self.zone) - clock.ONE_TICK
        yield from (lifecycle.local_day(period.began_at, self.zone) for period in self.lifecycle.stage_history(end))
        yield from (period.starts_on for period in self.lifecycle.tier_history(last))
        own = (Span(row.starts_on, row.ends_on) for row in self.own)
        for span in (*(span for span, _row in self.seats), *own):
            if span.starts_on is not None:
                yield span.starts_on
            if span.ends_on is not None and span.ends_on < last:
                yield span.ends_on + ONE_DAY


def _seats(first: dt.date, last: dt.date) -> Mapping[int, list[Seat]]:
    """Assignments of each customer, for as long as their membership is in force too."""
    dated = starts_by(last) & ends_from(first) & starts_by(last, "membership__") & ends_from(first, "membership__")
    rows = Assignment.objects.filter(dated, customer__archived_at__isnull=True).order_by("pk")
    found: dict[int, list[Seat]] = defaultdict(list)
    for customer, pk, user, role, team, kind, starts_on, ends_on, member_from, member_until in rows.values_list(
        "customer_id",
        "pk",
        "membership__user_id",
        "membership__role_id",
        "membership__team_id",
        "kind",
        "starts_on",
        "ends_on",
        "membership__starts_on",
        "membership__ends_on",
    ):
        span = common(Span(starts_on, ends_on), Span(member_from, member_until))
        if span is not None:
            found[customer].append((span, Assigned(pk, user, role, team, kind, starts_on=starts_on)))
    return found


def _touches(ground: Ground, first: dt.date, last: dt.date) -> Mapping[int, list[Answered]]:
    """Answered touches by customer, earliest first, each once with the roles of those who took part."""
    rows = (
        Touch.objects.live()
        .filter(at__gte=ground.start_of(first), at__lt=ground.start_of(last + ONE_DAY))
        .filter(customer__archived_at__isnull=True)
        .exclude(outcome=TouchOutcome.NO_ANSWER)
        .order_by()
        .values_list("pk", "customer_id", "at", "type_id", "people__pk", "people__role_id")
    )
    # Sorted here: for the first rows of a sorted cursor a database looks up the people of each touch by itself.
    made: dict[int, tuple[int, dt.datetime, int, list[int | None]]] = {}
    for pk, customer, at, touch_type, part, role in rows.iterator(chunk_size=5000):
        roles = made.setdefault(pk, (customer, at, touch_type, []))[3]
        if part is not None:
            roles.append(role)
    found: dict[int, list[Answered]] = defaultdict(list)
    for customer, at, touch_type, roles in sorted(made.values(), key=lambda row: row[1]):
        found[customer].append(Answered(lifecycle.local_day(at, ground.zone), touch_type, tuple(roles)))
    return found
