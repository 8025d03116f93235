"""A person's week on the screen: calendar, stops, figures, what is left out and what has changed since it was planned."""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import User
from planning.actions.visit_plans import STANDS, plan_of, stale_reasons
from planning.engine.visits.calls import SHORTEST, Call, free_windows, place_calls
from planning.engine.visits.week import Window
from planning.loaders.calls import load_calls
from planning.loaders.visits import PersonWeek, Wanted, load_person_week, load_wanted
from planning.models import VisitPlan, VisitStop
from planning.queries.my_week_rows import Block, CallsRow, DayColumn, LeftRow, NearRow, StopRow, elsewhere_words
from planning.visit_words import broken_words, km_text, length_text
from territory import clock
from territory.formats.days import day_text
from territory.formats.numbers import money_text, number_text, percent_text

ONE_DAY = dt.timedelta(days=1)
# The calendar's rows, in seconds, and the hours it shows at least.
ROW = 300
FIRST_HOUR, LAST_HOUR = 8, 17
# Of what is left out so many are shown.
LEFT_SHOWN = 20


class MyWeek(Struct, frozen=True):
    """The page. `theirs`: what is planned and is its person's to do; `tried`: what of it is as it was when the week was planned;
    `elsewhere`: visits that are another week's by now, of which accepting takes none."""

    person: User
    monday: dt.date
    plan: VisitPlan
    ground: PersonWeek
    days: list[DayColumn]
    chosen: DayColumn
    left: list[LeftRow]
    left_more: int
    stale: list[str]
    theirs: frozenset[int | None]
    tried: frozenset[int | None]
    elsewhere: frozenset[str]
    hours: list[tuple[int, int]]
    rows: int
    now_row: int | None
    planned_seconds: int
    work_seconds: int

    @property
    def sunday(self) -> dt.date:
        return self.monday + 6 * ONE_DAY

    @property
    def holds_today(self) -> bool:
        return any(day.is_today for day in self.days)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it can be planned any more."""
        return not self.ground.dates

    @property
    def is_past(self) -> bool:
        """Whether its last day is over: it is only to be looked at."""
        return self.sunday < self.ground.today

    @property
    def week_before(self) -> dt.date:
        return self.monday - 7 * ONE_DAY

    @property
    def week_after(self) -> dt.date:
        return self.monday + 7 * ONE_DAY

    @property
    def visits(self) -> int:
        return sum(len(day.stops) for day in self.days)

    @property
    def span(self) -> str:
        last = self.days[-1].date if self.days else self.sunday
        return _("%(first)s to %(last)s") % {"first": day_text(self.monday), "last": day_text(last)}

    @property
    def is_accepted(self) -> bool:
        ahead = [day for day in self.days if day.stops and not day.is_over]
        return bool(ahead) and all(day.is_accepted for day in ahead)

    @property
    def way(self) -> str:
        return km_text(sum(day.metres for day in self.days))

    @property
    def driving(self) -> str:
        return length_text(sum(day.drive_seconds for day in self.days))

    @property
    def saved(self) -> str:
        """Kilometres saved against driving to each visit and back; "" where that was worked out with others than are shown."""
        figures, made_at = self.plan.figures, self.plan.changed_at or self.plan.computed_at
        if made_at is None:
            return ""
        first = clock.day_of(made_at, self.ground.zone)
        if sum(day.metres for day in self.days if day.date >= first) != figures.get("metres", 0):
            return ""
        less = figures.get("alone_metres", 0) - figures.get("metres", 0)
        return km_text(less) if less >= 500 else ""

    @property
    def value(self) -> str:
        return money_text(round(sum(row.stop.value for day in self.days for row in day.stops)))

    @property
    def moved(self) -> list[StopRow]:
        """Visits planned for a day of this week that accepting takes away from it: theirs to do, and no other week's."""
        rows = [row for day in self.days if not day.is_over for row in day.stops]
        return [
            row
            for row in rows
            if row.agreed_elsewhere and row.stop.planned_id in self.theirs and row.stop.key not in self.elsewhere
        ]

    @property
    def unkept(self) -> list[LeftRow]:
        """Visits agreed or planned for a day of this week that is still to come, for which the plan found no room."""
        return [row for row in self.left if row.stop.planned_id in self.tried and row.is_unkept(self.monday)]

    @property
    def planned(self) -> str:
        """How much of the work still to come is planned, calls included."""
        if not self.work_seconds or self.plan.computed_at is None:
            return ""
        shown = {
            "hours": number_text(self.planned_seconds / 3600, 1),
            "work": number_text(self.work_seconds / 3600, 1),
            "share": percent_text(self.planned_seconds / self.work_seconds),
        }
        if self.days[0].is_over:
            return _("%(hours)s of %(work)s h still to come planned, %(share)s.") % shown
        return _("%(hours)s of %(work)s h planned, %(share)s.") % shown

    @property
    def shows_days(self) -> bool:
        """Not while the first plan is on its way."""
        return bool(self.days) and (bool(self.visits) or not self.plan.is_asked)

    @property
    def spent(self) -> str:
        """How long visits and driving take."""
        return length_text(sum(day.drive_seconds + sum(row.stop.seconds for row in day.stops) for day in self.days))


def my_week(person: User, monday: dt.date, chosen: dt.date | None, *, now: dt.datetime) -> MyWeek:
    """The page of a week; of one that nobody planned yet an empty one. In 5 queries."""
    plan = plan_of(person, monday) or VisitPlan(person=person, week=monday, asked=0)
    plan.person = person
    stops: list[VisitStop] = []
    if plan.pk is not None:
        stops += plan.stops.visible_to(person).select_related("customer__tier", "touch_type", "planned")
    ground = load_person_week(person, monday, now)
    today = clock.day_of(now, ground.zone)
    stale: list[str] = []
    wanted: list[Wanted] = []
    if plan.computed_at is not None and not plan.is_asked:
        wanted = load_wanted(person, monday, now)
        stale = stale_reasons(plan, stops, ground, wanted)
    days = _days(plan, stops, ground, today, now)
    left = [stop for stop in stops if stop.day is None]
    left.sort(key=lambda stop: (not stop.is_agreed, -stop.value, stop.customer.name))
    pieces = {column.date: _pieces(column, ground) for column in days}
    # What is overdue is done in the first week that is still to come.
    since = monday if monday > today + 2 * ONE_DAY else None
    calls = load_calls(person, since, monday + 6 * ONE_DAY) if ground.dates else []
    planned, work = _with_calls(days, pieces, ground, calls)
    first, last = _bounds(itertools.chain.from_iterable(pieces.values()))
    for column in days:
        column.blocks.extend(_block(piece, first) for piece in pieces[column.date])
    return MyWeek(
        person=person,
        monday=monday,
        plan=plan,
        ground=ground,
        days=days,
        chosen=_chosen(days, chosen, today),
        left=[LeftRow(stop, now) for stop in left[:LEFT_SHOWN]],
        left_more=max(0, len(left) - LEFT_SHOWN),
        stale=stale,
        theirs=frozenset(row.planned for row in wanted),
        tried=frozenset(row.planned for row in wanted if plan.inputs.get("visits", {}).get(row.key) == row.print),
        elsewhere=frozenset(row.key for row in wanted if ground.stays_elsewhere(row)),
        hours=[(hour, (hour - first) * 3600 // ROW + 1) for hour in range(first, last)],
        rows=(last - first) * 3600 // ROW,
        now_row=_now_row(now, ground, monday, first, last),
        planned_seconds=planned,
        work_seconds=work,
    )


def _chosen(days: Sequence[DayColumn], asked: dt.date | None, today: dt.date) -> DayColumn:
    """The day asked for, else today, else the first with visits still to come."""
    for wanted in (
        lambda day: day.date == asked,
        lambda day: day.date == today,
        lambda day: day.stops and not day.is_over,
        lambda day: day.stops,
    ):
        found = next((day for day in days if wanted(day)), None)
        if found is not None:
            return found
    return days[0]


def _days(
    plan: VisitPlan, stops: Sequence[VisitStop], ground: PersonWeek, today: dt.date, now: dt.datetime
) -> list[DayColumn]:
    told = {row["day"]: row for row in plan.days}
    by_key = {stop.key: stop for stop in stops}
    found = []
    for number in range(7):
        date = ground.monday + number * ONE_DAY
        its = [stop for stop in stops if stop.day == date]
        if not its and number > 4 and not (date in ground.dates and told.get(date.isoformat())):
            continue
        row = told.get(date.isoformat(), {})
        names = {key: stop.customer.name for key, stop in by_key.items()}
        broken = _not_kept(row.get("broken", ()), its)
        rows = [
            StopRow(stop, place, now, broken.get(stop.key, ""))
            for place, stop in enumerate(sorted(its, key=lambda stop: (stop.place, stop.pk)), start=1)
        ]
        found.append(
            DayColumn(
                date=date,
                is_today=date == today,
                is_over=date < today,
                is_away=date in ground.away,
                stops=rows,
                calls=[],
                told=row,
                blocks=[],
                near=[
                    NearRow(by_key[key], place, metres, seconds)
                    for key, place, metres, seconds in row.get("near", ())
                    if key in by_key and by_key[key].day is None and by_key[key].why != STANDS
                ],
                broken=[
                    f"{names[key]}: {broken[key]}" if key in names else broken_words(wish, seconds)
                    for wish, key, seconds in row.get("broken", ())
                    if key is None or key in names
                ],
                back_at=ground.moment(date, row["returns"]).astimezone(ground.zone)
                if its and row.get("back_metres")
                else None,
            )
        )
    return found


def _not_kept(told: Iterable[tuple[str, str | None, int]], stops: Iterable[VisitStop]) -> dict[str, str]:
    """What a day does not keep of each visit, in words: first for when it was agreed, where the plan has it on another day."""
    told = list(told)
    found = {key: broken_words(wish, seconds) for wish, key, seconds in told if key}
    for stop in stops:
        if words := elsewhere_words(stop):
            its = stop.key
            rest = [broken_words(wish, seconds) for wish, key, seconds in told if key == its and wish != "day"]
            found[its] = ", ".join([words, *rest])
    return found


class Piece(NamedTuple):
    """Something that takes a part of a day."""

    kind: str
    window: Window
    title: str
    row: StopRow | None = None


def _pieces(day: DayColumn, ground: PersonWeek) -> list[Piece]:
    """What stands in a day's column: visits, the drives before and after them, lunch, what else one is busy with."""
    found = [Piece("busy", taken.window, taken.what or _("busy")) for taken in ground.taken.get(day.date, ())]
    if lunch := _lunch(day, ground):
        found.append(Piece("lunch", lunch, _("Lunch")))
    for row in day.stops:
        starts = ground.seconds_of(row.stop.starts_at, day.date)
        if row.stop.drive_seconds >= ROW:
            found.append(_drive(starts - row.stop.drive_seconds, starts))
        found.append(Piece("visit", Window(starts, starts + row.stop.seconds), row.customer.name, row))
    if day.stops and day.told.get("back_seconds", 0) >= ROW:
        found.append(_drive(day.told["returns"] - day.told["back_seconds"], day.told["returns"]))
    return found


def _drive(opens: int, closes: int) -> Piece:
    return Piece("drive", Window(opens, closes), length_text(closes - opens))


def _lunch(day: DayColumn, ground: PersonWeek) -> Window | None:
    """Where the plan has it; on a day without visits as early as it may be."""
    if day.stops:
        return Window(*day.told["lunch"]) if day.told.get("lunch") else None
    if day.date not in ground.dates:
        return None
    lunch = ground.days[ground.dates.index(day.date)].lunch
    return lunch and Window(lunch.within.opens, lunch.within.opens + lunch.seconds)


def _with_calls(
    days: Sequence[DayColumn], pieces: dict[dt.date, list[Piece]], ground: PersonWeek, calls: Iterable[Call]
) -> tuple[int, int]:
    """Puts calls where days still to come have room. How many seconds of their work are planned then, and of how many."""
    ahead = [(day, ground.days[ground.dates.index(day.date)]) for day in days if day.date in ground.dates]
    taken = {day.date: [*hours.busy, *(piece.window for piece in pieces[day.date])] for day, hours in ahead}
    placed = place_calls(
        [(day.date, list(free_windows(hours.works, taken[day.date], SHORTEST))) for day, hours in ahead], calls
    )
    work = left = 0
    for day, hours in ahead:
        for window, number in placed.get(day.date, ()):
            row = CallsRow(number, ground.moment(day.date, window.opens), ground.moment(day.date, window.closes))
            day.calls.append(row)
            pieces[day.date].append(Piece("calls", window, row.title))
        other = [piece.window for piece in pieces[day.date] if piece.kind in ("busy", "lunch")]
        work += _length(free_windows(hours.works, [*hours.busy, *other]))
        left += _length(
            free_windows(hours.works, [*taken[day.date], *(window for window, _number in placed.get(day.date, ()))])
        )
    return work - left, work


def _length(windows: Iterable[Window]) -> int:
    return sum(closes - opens for opens, closes in windows)


def _bounds(pieces: Iterable[Piece]) -> tuple[int, int]:
    """The first and the last hour of the calendar."""
    windows = [piece.window for piece in pieces]
    first = min([FIRST_HOUR * 3600, *(window.opens for window in windows)])
    last = max([LAST_HOUR * 3600, *(window.closes for window in windows)])
    return max(0, first // 3600), min(24, -(-last // 3600))


def _row(seconds: int, first: int) -> int:
    """The calendar's row of a time of day; the first is 1."""
    return max(0, seconds - first * 3600) // ROW + 1


def _block(piece: Piece, first: int) -> Block:
    row = _row(piece.window.opens, first)
    note = piece.row.tier_words if piece.row else ""
    return Block(piece.kind, row, max(1, _row(piece.window.closes, first) - row), piece.title, note, piece.row)


def _now_row(now: dt.datetime, ground: PersonWeek, monday: dt.date, first: int, last: int) -> int | None:
    """Where the line of the present moment is; None outside the week and its hours."""
    today = clock.day_of(now, ground.zone)
    seconds = ground.seconds_of(now, today)
    if not monday <= today < monday + 7 * ONE_DAY or not first * 3600 <= seconds < last * 3600:
        return None
    return _row(seconds, first)


def map_of(week: MyWeek) -> dict:
    """What the map draws: base, the chosen day's stops with their numbers, the other days' ways faintly."""
    base = week.ground.base
    if base is None:
        return {"points": [], "routes": [], "bases": []}
    points, routes = [], []
    for day in week.days:
        if not day.stops:
            continue
        is_chosen = day is week.chosen
        placed = [row for row in day.stops if row.is_placed]
        way = [list(base), *(row.at for row in placed), list(base)]
        routes.append({"path": way, "active": is_chosen})
        for row in placed:
            if is_chosen:
                point = {"note": row.times, "number": row.number, "kind": "stop", "href": f"#stop-{row.pk}"}
            else:
                point = {"kind": "dot"}
            points.append({"at": row.at, "label": row.customer.name, **point})
    return {"points": points, "routes": routes, "bases": [{"at": list(base), "label": _("Base")}]}
