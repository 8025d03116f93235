"""What all customers share on a day: today's rules, official values, working days, thresholds, people."""

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.models import Q

from accounts.models import Absence, Cover, User
from customers.models import CoveredCustomer
from planning.engine.calendar import Span, WorkCalendar, common
from planning.engine.cover import Away, StandIn
from planning.engine.customer import Context
from planning.engine.large_order import Thresholds
from planning.engine.travel import Place
from planning.engine.value import OfficialValue, ValueTable
from planning.loaders.rulebook import RuleBook, load_rulebook
from planning.models import PlanningSettings, TouchValue
from territory import clock
from territory.company.models import Company, Holiday


@dataclass(frozen=True)
class Ground:
    """The context of a day, and what loaders and stores need beside it.

    `until` is the first instant after the day, `rules_number` the version of the rules that `context` holds.
    """

    context: Context
    settings: PlanningSettings
    zone: zoneinfo.ZoneInfo
    until: dt.datetime
    rules_number: int

    @property
    def on(self) -> dt.date:
        return self.context.on

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds of a large pending order."""
        rows = self.settings
        return Thresholds(rows.large_order_above, rows.large_order_until, rows.first_sales_from)

    def start_of(self, day: dt.date) -> dt.datetime:
        return clock.start_of_day(day, self.zone)


def load_ground(on: dt.date, book: RuleBook | None = None) -> Ground:
    """The ground of a day, in 16 queries, 17 where somebody covers chosen customers. Rules are today's, whatever the day, or those of `book`; values are those in
    force on the day."""
    book = book or load_rulebook()
    settings, zone = book.settings, book.zone
    context = Context(
        on=on,
        rules=book.rules,
        values=ValueTable(tuple(_values()), on),
        calendar=book.calendar,
        bases=load_bases(),
        away=load_away(),
        over_above=float(settings.over_served_above),
        under_below=float(settings.under_served_below),
    )
    return Ground(context, settings, zone, clock.end_of_day(on, zone), book.number)


def with_people_of_now(ground: Ground) -> Ground:
    """The same ground with bases, absences and covers as they are now, in 3 queries, 4 where chosen customers are covered."""
    return replace(ground, context=replace(ground.context, bases=load_bases(), away=load_away()))


def load_calendar() -> WorkCalendar:
    """The company's working weekdays and holidays; Monday to Friday before it is set up."""
    company = Company.current()
    days = company.working_days if company else [1, 2, 3, 4, 5]
    return WorkCalendar(frozenset(day - 1 for day in days), frozenset(Holiday.objects.values_list("on", flat=True)))


def load_bases() -> dict[int, Place]:
    """Where people travel from, those whose base is known."""
    rows = User.objects.filter(base_latitude__isnull=False).values_list("pk", "base_latitude", "base_longitude")
    return {pk: (latitude, longitude) for pk, latitude, longitude in rows}


def _values() -> list[OfficialValue]:
    rows = TouchValue.objects.order_by("starts_on", "pk").values_list(
        "touch_type_id", "tier_id", "stage", "starts_on", "amount"
    )
    return [OfficialValue(*row) for row in rows]


def load_away(first: dt.date = dt.date.min, last: dt.date = dt.date.max, people: set[int] | None = None) -> Away:
    """Absences and covers with a day from first to last, of these people (None: of all) and of who covers."""
    covers = Cover.objects.between(first, last).filter(membership__user__is_active=True)
    if people is not None:
        covers = covers.filter(Q(user__in=people) | Q(membership__user__in=people))
    rows = list(
        covers.order_by("pk").values_list(
            "pk",
            "user_id",
            "membership__user_id",
            "starts_on",
            "ends_on",
            "membership__starts_on",
            "membership__ends_on",
            "covers_all",
        )
    )
    if people is not None:
        people = people | {user for row in rows for user in row[1:3]}
    chosen = _chosen([pk for pk, *_rest, covers_all in rows if not covers_all])
    stand_ins = []
    for pk, user, by, starts_on, ends_on, member_from, member_until, covers_all in rows:
        span = common(Span(starts_on, ends_on), Span(member_from, member_until))
        if span is not None:
            stand_ins.append(StandIn(user, by, span, None if covers_all else chosen[pk]))
    return Away.of(_absences(first, last, people), stand_ins)


def away_of(covers: Iterable[Cover], chosen: Mapping[int, Iterable[int]], absences: Iterable[Absence]) -> Away:
    """The same from rows that are there already, covers with membership and user; `chosen`: customers by cover."""
    spans: dict[int, list[Span]] = defaultdict(list)
    for absence in absences:
        spans[absence.user_id].append(Span(absence.starts_on, absence.ends_on))
    stand_ins = []
    for cover in covers:
        seat = cover.membership
        span = common(Span(cover.starts_on, cover.ends_on), Span(seat.starts_on, seat.ends_on))
        if span is not None and seat.user.is_active:
            about = None if cover.covers_all else frozenset(chosen[cover.pk])
            stand_ins.append(StandIn(cover.user_id, seat.user_id, span, about))
    return Away.of(dict(spans), stand_ins)


def _absences(first: dt.date, last: dt.date, people: set[int] | None) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    rows = Absence.objects.between(first, last)
    if people is not None:
        rows = rows.filter(user__in=people)
    for user, starts_on, ends_on in rows.order_by("pk").values_list("user_id", "starts_on", "ends_on"):
        found[user].append(Span(starts_on, ends_on))
    return dict(found)


def _chosen(covers: list[int]) -> dict[int, frozenset[int]]:
    """The customers that each of these covers is about."""
    found: dict[int, set[int]] = {pk: set() for pk in covers}
    for cover, customer in CoveredCustomer.objects.filter(cover__in=covers).values_list("cover_id", "customer_id"):
        found[cover].add(customer)
    return {pk: frozenset(customers) for pk, customers in found.items()}
