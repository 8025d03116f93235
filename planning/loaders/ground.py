"""What all customers share on a day: today's rules, official values, working days, thresholds, people."""

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q, QuerySet
from msgspec import Struct, field
from msgspec.structs import replace

from accounts.models import Absence, Cover, Role, User
from customers.models import CoveredCustomer, TouchType
from planning.engine.calendar import Span, WorkCalendar, common
from planning.engine.cover import Away, StandIn
from planning.engine.customer import Context
from planning.engine.rules import Rules
from planning.engine.travel import Place
from planning.engine.value import OfficialValue, ValueTable
from planning.loaders.rulebook import RuleBook, load_rulebook
from planning.models import PlanningSettings, TouchValue
from territory import clock
from territory.company.models import Company, Holiday, monday_to_friday
from territory.together import Prepared, prepared, together


class Ground(Struct, frozen=True):
    """The context of a day, and what loaders and stores need beside it.

    `until` is the first instant after the day (`so_far`: after a moment of it), `rules_number` the version of the rules that `context` holds, `roles` and
    `types` those in use under them.
    """

    context: Context
    settings: PlanningSettings
    zone: zoneinfo.ZoneInfo
    until: dt.datetime
    rules_number: int
    roles: Mapping[int, Role] = field(default_factory=dict)
    types: Mapping[int, TouchType] = field(default_factory=dict)

    @property
    def on(self) -> dt.date:
        return self.context.on

    def start_of(self, day: dt.date) -> dt.datetime:
        return clock.start_of_day(day, self.zone)


def load_ground(on: dt.date, book: RuleBook | None = None) -> Ground:
    """The ground of a day, in 15 queries. Rules are today's, whatever the day, or those of `book`; values are those in
    force on the day."""
    book = book or load_rulebook()
    settings, zone = book.settings, book.zone
    context = Context(
        on=on,
        rules=book.rules,
        values=load_values(on),
        calendar=book.calendar,
        bases=load_bases(),
        away=load_away(),
        over_above=float(settings.over_served_above),
        under_below=float(settings.under_served_below),
    )
    roles, types = book.in_use(Role), book.in_use(TouchType)
    return Ground(context, settings, zone, clock.end_of_day(on, zone), book.number, roles, types)


def with_people_of_now(ground: Ground) -> Ground:
    """The same ground with bases, absences and covers as they are now, in 2 queries."""
    return replace(ground, context=replace(ground.context, bases=load_bases(), away=load_away()))


def so_far(ground: Ground, now: dt.datetime) -> Ground:
    """The same ground; of a day that is not over yet only what is up to this moment."""
    return replace(ground, until=min(ground.until, now + clock.ONE_TICK))


def weeks_questions() -> tuple[Prepared, Prepared]:
    """Settings and holidays: what `weeks_ground` makes something of, to be asked together."""
    return settings_question(), holidays_question()


@prepared
def settings_question() -> QuerySet[PlanningSettings]:
    """The one row of settings, or none before anything is set."""
    return PlanningSettings.objects.filter(pk=1)


def weeks_ground(settings: Sequence[PlanningSettings], holidays: Iterable[dt.date]) -> Ground:
    """What weeks need of today's ground: thresholds, speed, calendar. Contact rules are in the stored shares."""
    today, zone = clock.company_today(), clock.company_zone()
    row = settings[0] if settings else PlanningSettings()
    context = Context(
        on=today,
        rules=Rules(detour=float(row.detour_factor), speed_kmh=float(row.travel_speed_kmh)),
        values=ValueTable((), today),
        calendar=calendar_from(holidays),
    )
    return Ground(context, row, zone, clock.end_of_day(today, zone), rules_number=0)


def load_calendar() -> WorkCalendar:
    """The company's working weekdays and holidays; Monday to Friday before it is set up."""
    return calendar_from(*together(holidays_question()))


@prepared
def holidays_question() -> QuerySet:
    """What `calendar_from` makes something of."""
    return Holiday.objects.order_by().values_list("on", flat=True)


def calendar_from(holidays: Iterable[dt.date]) -> WorkCalendar:
    """The company's working days, with the answer to `holidays_question`."""
    company = Company.current()
    days = company.working_days if company else monday_to_friday()
    return WorkCalendar(frozenset(day - 1 for day in days), frozenset(holidays))


def load_bases() -> dict[int, Place]:
    """Where people travel from, those whose base is known."""
    return bases_from(*together(bases_question()))


@prepared
def bases_question() -> QuerySet:
    """What `bases_from` makes something of."""
    known = User.objects.filter(base_latitude__isnull=False).order_by()
    return known.values_list("pk", "base_latitude", "base_longitude")


def bases_from(rows: Iterable[tuple]) -> dict[int, Place]:
    """Bases from the answer to `bases_question`."""
    return {pk: (latitude, longitude) for pk, latitude, longitude in rows}


def load_values(on: dt.date) -> ValueTable:
    """The official values of a day, in one query."""
    return ValueTable(tuple(official_from(*together(official_question()))), on)


@prepared
def official_question() -> QuerySet:
    """All official values, those of days to come too: what `official_from` makes something of."""
    rows = TouchValue.objects.order_by("starts_on", "pk")
    return rows.values_list("touch_type_id", "tier_id", "stage", "starts_on", "amount")


def official_from(rows: Iterable[tuple]) -> list[OfficialValue]:
    """Official values from the answer to `official_question`."""
    return [OfficialValue(*row) for row in rows]


def away_questions(
    first: dt.date = dt.date.min, last: dt.date = dt.date.max, person: int | None = None
) -> tuple[Prepared, Prepared, Prepared]:
    """Covers, customers of those about chosen ones, and absences: what `away_from` makes something of, to be asked together.

    Those with a day from first to last, of everyone, or of one person with whom they cover or are covered by.
    """
    return _covers(first, last, person), _covered(first, last, person), _absences(first, last, person)


@prepared
def _covers(first: dt.date, last: dt.date, person: int | None) -> QuerySet:
    found = _covers_between(first, last, person).order_by("pk")
    return found.values_list(
        "pk",
        "user_id",
        "membership__user_id",
        "starts_on",
        "ends_on",
        "membership__starts_on",
        "membership__ends_on",
        "covers_all",
    )


@prepared
def _covered(first: dt.date, last: dt.date, person: int | None) -> QuerySet:
    covers = _covers_between(first, last, person).filter(covers_all=False)
    return CoveredCustomer.objects.filter(cover__in=covers.values("pk")).order_by().values_list("cover", "customer")


@prepared
def _absences(first: dt.date, last: dt.date, person: int | None) -> QuerySet:
    found = Absence.objects.between(first, last)
    if person is not None:
        covers = _covers_between(first, last, person)
        with_them = Q(user__in=covers.values("user")) | Q(user__in=covers.values("membership__user"))
        found = found.filter(Q(user=person) | with_them)
    return found.order_by("pk").values_list("user_id", "starts_on", "ends_on")


def _covers_between(first: dt.date, last: dt.date, person: int | None) -> QuerySet:
    covers = Cover.objects.between(first, last).filter(membership__user__is_active=True).order_by()
    return covers if person is None else covers.filter(Q(user=person) | Q(membership__user=person))


def away_from(covers: Iterable[tuple], chosen: Iterable[tuple], absences: Iterable[tuple]) -> Away:
    """What the answers to `away_questions` say: who is away when, and who stands in."""
    customers: dict[int, set[int]] = defaultdict(set)
    for cover, customer in chosen:
        customers[cover].add(customer)
    stand_ins = []
    for pk, user, by, starts_on, ends_on, member_from, member_until, covers_all in covers:
        span = common(Span(starts_on, ends_on), Span(member_from, member_until))
        if span is not None:
            stand_ins.append(StandIn(user, by, span, None if covers_all else frozenset(customers[pk])))
    spans: dict[int, list[Span]] = defaultdict(list)
    for user, starts_on, ends_on in absences:
        spans[user].append(Span(starts_on, ends_on))
    return Away.of(dict(spans), stand_ins)


def load_away() -> Away:
    """All absences and covers, in one query."""
    return away_from(*together(*away_questions()))


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
