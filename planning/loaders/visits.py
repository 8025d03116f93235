"""A person's week of visits from the database: what is due and planned, when they work, and what the engine makes of it."""

import datetime as dt
import hashlib
import itertools
import json
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import Q, QuerySet
from msgspec import Struct, field
from msgspec.structs import replace

from accounts.models import Absence, User
from accounts.permissions import Act, Area, is_stood_in_for, stands_in
from customers.models import PlannedSource, PlannedTouch
from customers.scope import covered_rows, hangs_within, stood_in_for
from planning.engine import due as engine
from planning.engine.calendar import WorkCalendar
from planning.engine.travel import Place
from planning.engine.value import ValueTable
from planning.engine.visits.week import Day, Lunch, Visit, Week, Window
from planning.loaders.ground import calendar_from, holidays_question, official_from, official_question
from planning.loaders.journeys import journeys_between, roads_print, roads_questions
from planning.models import BusyTime, DueTouch, PlanningSettings, VisitStop
from planning.queries.today import covers_of, just_done, place, todays
from territory import clock
from territory.formats.hours import Hours, read_hours
from territory.together import prepared, together

# Visits due within so many days after the week may be drawn into it, less urgent as they are.
AHEAD = dt.timedelta(days=7)
# So many candidates at most, those of highest value; agreed ones always.
MOST_VISITS = 60
# Visits begin at whole five minutes.
GRAIN = 300
ONE_DAY = dt.timedelta(days=1)
# Of several planned for one customer the first of these: agreed and still to come, of this week, of an earlier, of a later one.
AGREED, THIS_WEEK, EARLIER, LATER, NONE_YET = range(5)


class Wanted(Struct, frozen=True, kw_only=True):
    """A visit that could be made, before the engine sees it."""

    customer: int
    touch_type: int
    name: str
    place: Place | None
    hours: Hours | None
    seconds: int
    worth: Decimal
    value: float
    due_on: dt.date
    planned: int | None = None
    agreed_at: dt.datetime | None = None
    # For when it is planned, agreed or not; or for which day without a time.
    planned_at: dt.datetime | None = None
    planned_on: dt.date | None = None
    only_on: dt.date | None = None
    locked_at: dt.datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.customer}-{self.touch_type}"

    @property
    def ends_at(self) -> dt.datetime:
        """Of one at an agreed time."""
        assert self.agreed_at is not None  # noqa: S101 - asked before
        return self.agreed_at + dt.timedelta(seconds=self.seconds)

    @property
    def print(self) -> str:
        """Of all that a plan rests on; not of what a day more or less makes of its urgency."""
        told = (self.seconds, self.worth, self.place, self.hours, self.due_on, self.agreed_at, self.only_on)
        return _print(told)


def _print(told: object) -> str:
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:16]


class Taken:
    """Something that takes a piece of a day, in words."""

    __slots__ = ("what", "window")

    def __init__(self, window: Window, what: str) -> None:
        self.window, self.what = window, what


class PersonWeek(Struct, frozen=True):
    """When a person works in a week. `dates`: the days that can be planned, `days` the same for the engine; `every`: all
    working days with what they rest on, past ones too; `roads`: of what says how long journeys take; `today`: where they are."""

    person: User
    monday: dt.date
    zone: zoneinfo.ZoneInfo
    base: Place | None
    dates: tuple[dt.date, ...]
    days: tuple[Day, ...]
    taken: Mapping[dt.date, Sequence[Taken]]
    away: frozenset[dt.date]
    share: float
    prints: Mapping[str, str] = field(default_factory=dict)
    roads: str = ""
    today: dt.date = dt.date.min

    def moment(self, day: dt.date, seconds: int) -> dt.datetime:
        """The instant of so many seconds of the clock after a day's midnight, where the person is."""
        wall = dt.datetime.combine(day, dt.time.min) + dt.timedelta(seconds=seconds)
        return wall.replace(tzinfo=self.zone).astimezone(dt.UTC)

    def seconds_of(self, moment: dt.datetime, day: dt.date) -> int:
        """The other way round."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        return round((wall - dt.datetime.combine(day, dt.time.min)).total_seconds())

    @property
    def sunday(self) -> dt.date:
        return self.monday + 6 * ONE_DAY

    def day_planned(self, row: Wanted) -> dt.date | None:
        return clock.day_of(row.planned_at, self.zone) if row.planned_at is not None else row.planned_on

    def stays_elsewhere(self, row: Wanted) -> bool:
        """Whether a visit is another week's: planned for a later one, or for a day of an earlier one that is still to come.

        What was agreed for an earlier one stays there when it is over, too: whether it took place is asked.
        """
        day = self.day_planned(row)
        if day is None:
            return False
        return day > self.sunday or (day < self.monday and (row.agreed_at is not None or day >= self.today))

    def stands(self, row: Wanted) -> bool:
        """Whether a visit stays when it is, whatever this week's plan comes to: another week's, or agreed and begun."""
        if self.stays_elsewhere(row):
            return True
        day = self.day_planned(row)
        if row.agreed_at is None or day is None or not self.monday <= day <= self.today:
            return False
        if day not in self.dates:
            return True
        return self.seconds_of(row.agreed_at, day) < self.days[self.dates.index(day)].works.opens


def load_person_week(person: User, monday: dt.date, now: dt.datetime) -> PersonWeek:
    """When the person works, what stands in the way, from where they travel. In 1 query."""
    zone = clock.zone_of(person)
    sunday = monday + 6 * ONE_DAY
    first, last = clock.start_of_day(monday, zone), clock.end_of_day(sunday, zone)
    settings, holidays, absences, busy, appointments, *roads = together(
        PlanningSettings.objects.filter(pk=1),
        holidays_question(),
        _absences(person.pk, monday, sunday),
        _busy(person.pk, first, last),
        _appointments(person.pk, hangs_within(person, Area.CUSTOMERS, Act.SEE), first, last),
        *roads_questions(),
    )
    row = settings[0] if settings else PlanningSettings()
    taken: dict[dt.date, list[Taken]] = {}
    for begins, ends, what in [
        *((each.starts_at, each.ends_at, each.what) for each in busy),
        *((at, at + dt.timedelta(seconds=seconds), f"{kind}, {name}") for at, seconds, kind, name in appointments),
    ]:
        _take(taken, zone, begins, ends, what)
    away = frozenset(
        monday + number * ONE_DAY
        for number in range(7)
        if any(each.starts_on <= monday + number * ONE_DAY <= each.ends_on for each in absences)
    )
    found = _person_week(person, monday, now, zone, row, calendar_from(holidays), taken, away)
    return replace(found, roads=_print(roads_print(roads)))


@prepared
def _absences(person: int, first: dt.date, last: dt.date) -> QuerySet:
    return Absence.objects.between(first, last).filter(user=person).order_by()


@prepared
def _busy(person: int, first: dt.datetime, last: dt.datetime) -> QuerySet:
    return BusyTime.objects.filter(person=person, starts_at__lt=last, ends_at__gt=first).order_by("starts_at")


@prepared
def _appointments(person: int, seen: Q, first: dt.datetime, last: dt.datetime) -> QuerySet:
    rows = PlannedTouch.objects.open().filter(
        seen,
        assignee=person,
        type__travels=False,
        due_at__gte=first,
        due_at__lt=last,
        customer__archived_at__isnull=True,
    )
    return rows.order_by("due_at").values_list("due_at", "duration_seconds", "type__name", "customer__name")


def _take(taken: dict, zone: zoneinfo.ZoneInfo, begins: dt.datetime, ends: dt.datetime, what: str) -> None:
    """Note what takes time, each day's piece of it."""
    start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in (begins, ends))
    day = start.date()
    while day <= end.date():
        midnight = dt.datetime.combine(day, dt.time.min)
        opens, closes = (round((moment - midnight).total_seconds()) for moment in (start, end))
        if max(0, opens) < min(86_400, closes):
            taken.setdefault(day, []).append(Taken(Window(max(0, opens), min(86_400, closes)), what))
        day += ONE_DAY


def _person_week(
    person: User,
    monday: dt.date,
    now: dt.datetime,
    zone: zoneinfo.ZoneInfo,
    row: PlanningSettings,
    calendar: WorkCalendar,
    taken: dict[dt.date, list[Taken]],
    away: frozenset[dt.date],
) -> PersonWeek:
    hours = _hours_of(person.working_hours) or _hours_of(row.working_hours) or {}
    lunch = _lunch(row)
    today = now.astimezone(zone).date()
    dates, days, prints = [], [], {}
    for number in range(7):
        day = monday + number * ONE_DAY
        windows = hours.get(day.isoweekday(), ())
        if not windows or day in away or not calendar.works(day):
            prints[day.isoformat()] = ""
            continue
        works = Window(windows[0][0] * 60, windows[-1][1] * 60)
        gaps = [Window(before[1] * 60, after[0] * 60) for before, after in itertools.pairwise(windows)]
        busy = tuple(sorted((*gaps, *(each.window for each in taken.get(day, ())))))
        its_lunch = lunch if lunch and works.opens < lunch.within.opens and works.closes > lunch.within.closes else None
        prints[day.isoformat()] = _print((works, busy, its_lunch))
        if day < today:
            continue
        if day == today:
            wall = now.astimezone(zone)
            begins = -(-(wall.hour * 3600 + wall.minute * 60 + wall.second) // GRAIN) * GRAIN
            works = Window(max(works.opens, begins), works.closes)
            if its_lunch and begins > its_lunch.within.closes - its_lunch.seconds:
                its_lunch = None
        if works.opens < works.closes:
            dates.append(day)
            days.append(Day(works, 0, 0, busy, its_lunch))
    base = place(person.base_latitude, person.base_longitude)
    prints["base"] = _print(base)
    return PersonWeek(
        person, monday, zone, base, tuple(dates), tuple(days), taken, away, float(row.visit_share), prints, today=today
    )


def _hours_of(text: str) -> Hours | None:
    try:
        return read_hours(text)
    except ValueError:  # written before it was checked
        return None


def _lunch(row: PlanningSettings) -> Lunch | None:
    windows = (_hours_of(row.lunch_within) or {}).get(1, ())
    seconds = row.lunch_minutes * 60
    if not windows or not 0 < seconds <= (windows[0][1] - windows[0][0]) * 60:
        return None
    return Lunch(seconds, Window(windows[0][0] * 60, windows[0][1] * 60))


def load_wanted(person: User, monday: dt.date, now: dt.datetime) -> list[Wanted]:
    """Field visits that are due or planned, best first; then those planned for later weeks, which are done there. In 1 query.

    One for each customer and kind: what is planned stands for what a rule asks for, and of several this week's.
    Those of whom they cover are among them; their own, while somebody covers them, are not.
    """
    sunday = monday + 6 * ONE_DAY
    zone = clock.zone_of(person)
    on = max(monday, clock.day_of(now, zone))
    seen = hangs_within(person, Area.CUSTOMERS, Act.SEE)
    dues, planned, official = together(
        _dues(person.pk, todays(person, "person"), seen, sunday + AHEAD),
        _planned(assigned(person), seen),
        official_question(),
    )
    values = ValueTable(tuple(official_from(official)), on)
    rules = {(row[0], row[1]): row for row in dues}
    found: dict[tuple[int, int], Wanted] = {}
    ranks: dict[tuple[int, int], int] = {}
    for pk, customer, kind, due_on, due_at, seconds, source, tier, stage, *about in planned:
        by_rule = rules.get((customer, kind))
        worth = values.worth(kind, tier, stage).amount
        mine = source == PlannedSource.VISIT_PLAN  # the plan's own, which it may move
        planned_at, day = due_at, clock.day_of(due_at, zone) if due_at else due_on
        rank = _rank(day, monday, sunday, is_ahead=due_at is not None and not mine and day >= on)
        if rank >= ranks.get((customer, kind), NONE_YET):
            continue
        ranks[customer, kind] = rank
        if mine and by_rule is not None:
            urgency, due_on, due_at = engine.urgency((on - by_rule[2]).days, by_rule[3]), by_rule[2], None
        else:
            urgency = engine.urgency((on - due_on).days, engine.PLANNED_INTERVAL)
        found[customer, kind] = Wanted(
            customer=customer,
            touch_type=kind,
            seconds=seconds,
            worth=worth,
            value=float(worth) * urgency,
            due_on=due_on,
            planned=pk,
            agreed_at=None if mine else due_at,
            planned_at=planned_at,
            planned_on=day,
            only_on=due_on if not mine and due_at is None and due_on >= monday else None,
            **_about(about),
        )
    for customer, kind, due_on, interval, minutes, worth, *about in dues:
        if (customer, kind) not in found:
            found[customer, kind] = Wanted(
                customer=customer,
                touch_type=kind,
                seconds=round(minutes * 60),
                worth=worth,
                value=float(worth) * engine.urgency((on - due_on).days, interval),
                due_on=due_on,
                **_about(about),
            )
    later = [row for key, row in found.items() if ranks.get(key) == LATER]
    ordered = sorted(
        (row for key, row in found.items() if ranks.get(key) != LATER),
        key=lambda row: (row.agreed_at is None, row.only_on is None, -row.value, row.name),
    )
    return ordered[:MOST_VISITS] + later


def _rank(day: dt.date, monday: dt.date, sunday: dt.date, *, is_ahead: bool) -> int:
    if day > sunday:
        return LATER
    if day < monday:
        return EARLIER
    return AGREED if is_ahead else THIS_WEEK


def _about(row: Sequence) -> dict:
    name, latitude, longitude, hours = row
    return {"name": name, "place": place(latitude, longitude), "hours": _hours_of(hours)}


ABOUT = ("customer__name", "customer__latitude", "customer__longitude", "customer__visiting_hours")


@prepared
def _dues(person: int, mine: Q, seen: Q, until: dt.date) -> QuerySet:
    rows = DueTouch.objects.filter(
        ~just_done(person), mine, seen,
        touch_type__travels=True, due_on__lte=until, customer__archived_at__isnull=True,
    )  # fmt: skip
    return rows.order_by("pk").values_list(
        "customer_id", "touch_type_id", "due_on", "interval_days", "minutes", "value", *ABOUT
    )


@prepared
def _planned(mine: Q, seen: Q) -> QuerySet:
    rows = PlannedTouch.objects.open().filter(mine, seen, type__travels=True, customer__archived_at__isnull=True)
    return rows.order_by("due_on", "pk").values_list(
        "pk", "customer_id", "type_id", "due_on", "due_at", "duration_seconds", "source",
        "customer__tier_id", "customer__stage", *ABOUT,
    )  # fmt: skip


def assigned(person: User) -> Q:
    """Planned touches that are the person's to do: their own, unless somebody covers them, and of those whom they cover."""
    mine = Q(assignee=person.pk)
    if is_stood_in_for(person):
        mine &= ~covered_rows(covers_of(person), "assignee")
    return mine | stood_in_for(person, "assignee") if stands_in(person) else mine


def wanted_of(stop: VisitStop) -> Wanted:
    """A stop of a stored plan as what it was; its customer and what is planned are read with it.

    What was agreed stays agreed for its time, wherever the plan has it meanwhile.
    """
    row, planned = stop.customer, stop.planned
    planned_at = planned.due_at if planned is not None and planned.closed_at is None else stop.starts_at
    return Wanted(
        customer=stop.customer_id,
        touch_type=stop.touch_type_id,
        name=row.name,
        place=place(row.latitude, row.longitude),
        hours=_hours_of(row.visiting_hours),
        seconds=stop.seconds,
        worth=stop.worth,
        value=stop.value,
        due_on=stop.due_on or stop.plan.week,
        planned=stop.planned_id,
        agreed_at=planned_at if stop.is_agreed else None,
        planned_at=planned_at,
        only_on=stop.only_on,
        locked_at=stop.starts_at if stop.is_locked else None,
    )


class Loaded(Struct, frozen=True):
    """The engine's week, and which wanted visit each of its visits is; `placeless` cannot be driven to."""

    week: Week
    wanted: tuple[Wanted, ...]
    placeless: tuple[Wanted, ...]
    source: str
    fell_back: bool


def under_way(ground: PersonWeek, rows: Iterable[Wanted], now: dt.datetime) -> Wanted | None:
    """Of visits at their agreed time the one that begins before the rest of today does, and is not over; of several the one
    that ends last."""
    opens = ground.days[0].works.opens if ground.today in ground.dates else 0

    def is_begun(agreed_at: dt.datetime) -> bool:
        return agreed_at <= now or ground.seconds_of(agreed_at, ground.today) < opens

    begun = [row for row in rows if row.agreed_at is not None and is_begun(row.agreed_at) and now < row.ends_at]
    return max(begun, key=lambda row: row.ends_at, default=None)


def build(
    ground: PersonWeek, wanted: Iterable[Wanted], *, start: Place | None = None, after: Wanted | None = None
) -> Loaded:
    """What the engine plans. `start`: where the rest of today begins, where not at base; `after`: the visit under way, whose
    end and place come before that."""
    assert ground.base is not None  # noqa: S101 - asked before
    rows = list(wanted)
    known = [row for row in rows if row.place is not None]
    places: dict[Place, int] = {ground.base: 0}
    for row in known:
        places.setdefault(row.place, len(places))  # type: ignore[arg-type]
    days = list(ground.days)
    if ground.today in ground.dates:
        days[0] = _rest_of_today(ground, days[0], places, start, after)
    journeys = journeys_between(list(places), list(places))
    visits = tuple(_visit(ground, row, places[row.place]) for row in known)  # type: ignore[index]
    week = Week(tuple(days), visits, journeys.seconds.tolist(), journeys.metres.tolist(), GRAIN)
    placeless = tuple(row for row in rows if row.place is None)
    return Loaded(week, tuple(known), placeless, journeys.source, journeys.fell_back)


def _rest_of_today(
    ground: PersonWeek, day: Day, places: dict[Place, int], start: Place | None, after: Wanted | None
) -> Day:
    opens, lunch = day.works.opens, day.lunch
    if after is not None:
        start = after.place or start
        opens = max(opens, ground.seconds_of(after.ends_at, ground.today))
        if lunch and opens > lunch.within.closes - lunch.seconds:
            lunch = None
    at = day.start if start is None else places.setdefault(start, len(places))
    return Day(Window(opens, max(opens, day.works.closes)), at, day.end, day.busy, lunch)


def _visit(ground: PersonWeek, row: Wanted, place: int) -> Visit:
    fixed = row.agreed_at or row.locked_at
    day = at = None
    must = False
    if fixed is not None:
        date = clock.day_of(fixed, ground.zone)
        if date in ground.dates:
            day, at, must = ground.dates.index(date), ground.seconds_of(fixed, date), True
    elif row.only_on is not None and row.only_on in ground.dates:
        day, must = ground.dates.index(row.only_on), True
    hours = None
    if row.hours is not None:
        hours = tuple(
            tuple(Window(opens * 60, closes * 60) for opens, closes in row.hours.get(date.isoweekday(), ()))
            for date in ground.dates
        )
    return Visit(row.key, place, row.seconds, row.value, hours, day, at, must)
