"""When what is reached: the earliest times of a day's visits in a given order.

Driving takes its seconds of the time in which one is not busy, and may be interrupted; a visit lies whole between busy
times, within the customer's hours, and begins at a multiple of the grain. Lunch is put into one of the drives (or before or
after them all), where it lets one be home earliest; within a drive it begins as soon as it may. Every step is first in, first
out, so starting each visit as early as possible is best for all after it; one leaves base as late as that allows, so that
nobody waits in front of the first door.

What does not fit is kept in its place, begun as early as the order allows, and told as broken.
"""

from collections.abc import Sequence

from planning.engine.visits.week import Broken, Day, DayPlan, Stop, Visit, Week, Window, Wish


def day_plan(week: Week, day: int, order: Sequence[int]) -> DayPlan:
    """The day with these visits in this order, with the least broken, then home earliest."""
    found = _best(week, day, order, week.days[day].works.opens)
    return _leaving_late(week, day, order, found) if order else found


def after_drive(now: int, seconds: int, busy: Sequence[Window]) -> int:
    """When a drive that begins now is over; `busy` in order."""
    for window in busy:
        if window.closes <= now:
            continue
        if now + seconds <= window.opens:
            break
        seconds -= max(0, window.opens - now)
        now = window.closes
    return now + seconds


def before_drive(arrival: int, seconds: int, busy: Sequence[Window]) -> int:
    """When to leave at the latest for a drive that is over by then."""
    for window in reversed(busy):
        if window.opens >= arrival:
            continue
        if arrival - seconds >= window.closes:
            break
        seconds -= max(0, arrival - window.closes)
        arrival = window.opens
    return arrival - seconds


def windows_of(visit: Visit, day: int) -> Sequence[Window] | None:
    """When it may take place on a day, whole; None: at any time."""
    if visit.at is not None:
        return (Window(visit.at, visit.at + visit.seconds),)
    return None if visit.hours is None else visit.hours[day]


ALWAYS = (Window(-(10**9), 10**9),)


def first_start(now: int, seconds: int, hours: Sequence[Window], busy: Sequence[Window], grain: int) -> int | None:
    """The earliest start from now on within one of the hours and outside what is busy; None: never."""
    for window in hours:
        start = window.opens if window.opens >= now else _on_grain(now, grain)
        for taken in busy:
            if start < taken.closes and taken.opens < start + seconds:
                start = _on_grain(taken.closes, grain)
        if start + seconds <= window.closes:
            return start
    return None


def _on_grain(moment: int, grain: int) -> int:
    return -(-moment // grain) * grain


def _best(week: Week, day: int, order: Sequence[int], leaves: int) -> DayPlan:
    plan = week.days[day]
    if plan.lunch is None or not order:
        return _run(week, day, order, leaves, None)
    # The break before the k-th visit; after the last: on the way home or there.
    found = [_run(week, day, order, leaves, leg) for leg in range(len(order), -1, -1)]
    return min(found, key=lambda each: (len(each.broken), _late(each), each.returns))


def _late(plan: DayPlan) -> int:
    return sum(each.seconds for each in plan.broken)


def _run(week: Week, day: int, order: Sequence[int], leaves: int, lunch_leg: int | None) -> DayPlan:
    plan = week.days[day]
    busy, now, here = plan.busy, leaves, plan.start
    broken: list[Broken] = []
    stops: list[Stop] = []
    lunch = None
    for leg, index in enumerate(order):
        visit = week.visits[index]
        if leg == lunch_leg:
            # Before the first visit also at home, before one leaves.
            lunch = _lunch(plan, now if leg else plan.works.opens, busy, broken, day)
            busy = tuple(sorted((*busy, lunch)))
        drive = int(week.seconds[here][visit.place])
        arrival = after_drive(now, drive, busy)
        if leg == lunch_leg and lunch is not None:
            arrival = max(arrival, lunch.closes)
        start = _start(visit, index, day, arrival, busy, week.grain, broken)
        now = start + visit.seconds
        stops.append(Stop(index, start, now, drive, int(week.metres[here][visit.place])))
        here = visit.place
    drive = int(week.seconds[here][plan.end]) if order else 0
    if lunch_leg == len(order) and order:
        home = after_drive(now, drive, busy)
        lunch = _lunch_at_the_end(plan, now, home, busy, broken, day)
        busy = tuple(sorted((*busy, lunch)))
    home = after_drive(now, drive, busy)
    if home > plan.works.closes and order:
        broken.append(Broken(Wish.HOME, day, None, home - plan.works.closes))
    return DayPlan(
        day=day,
        stops=tuple(stops),
        leaves=leaves,
        returns=home,
        lunch=lunch,
        back_seconds=drive,
        back_metres=int(week.metres[here][plan.end]) if order else 0,
        idle=_common(busy, leaves, home),
        broken=tuple(broken),
    )


def _start(
    visit: Visit, index: int, day: int, arrival: int, busy: Sequence[Window], grain: int, broken: list[Broken]
) -> int:
    """When the visit begins; what that breaks is added."""
    hours = windows_of(visit, day)
    start = first_start(arrival, visit.seconds, ALWAYS if hours is None else hours, busy, grain)
    if not visit.on(day):
        wrong = Wish.DAY if visit.day is not None and visit.day != day else Wish.HOURS
        broken.append(Broken(wrong, day, index))
    elif start is None:
        latest = max(window.closes for window in hours or ALWAYS) - visit.seconds
        start = first_start(arrival, visit.seconds, ALWAYS, busy, grain)
        wish = Wish.HOURS if visit.at is None else Wish.TIME
        late = max(0, (start or arrival) - latest)
        # On time, but something else stands in its way.
        broken.append(Broken(wish if late else Wish.BUSY, day, index, late))
    if start is None:
        start = first_start(arrival, visit.seconds, ALWAYS, busy, grain)
    return arrival if start is None else start


def _lunch(plan: Day, now: int, busy: Sequence[Window], broken: list[Broken], day: int) -> Window:
    """The break as soon as it may be from now on."""
    assert plan.lunch is not None  # noqa: S101 - nobody asks otherwise
    seconds, within = plan.lunch
    start = first_start(now, seconds, (within,), busy, 1)
    if start is None:
        start = first_start(now, seconds, ALWAYS, busy, 1) or now
        broken.append(Broken(Wish.LUNCH, day, None, max(0, start + seconds - within.closes)))
    return Window(start, start + seconds)


def _lunch_at_the_end(plan: Day, now: int, home: int, busy: Sequence[Window], broken: list[Broken], day: int) -> Window:
    """The break at home where that is early enough, else on the way."""
    assert plan.lunch is not None  # noqa: S101 - nobody asks otherwise
    seconds, within = plan.lunch
    start = first_start(home, seconds, (within,), busy, 1)
    return Window(start, start + seconds) if start is not None else _lunch(plan, now, busy, broken, day)


def _common(busy: Sequence[Window], first: int, last: int) -> int:
    """Seconds of these windows between two moments, each counted once."""
    total, done = 0, first
    for window in sorted(busy):
        opens, closes = max(done, window.opens), min(last, window.closes)
        if opens < closes:
            total += closes - opens
            done = closes
    return total


def _leaving_late(week: Week, day: int, order: Sequence[int], early: DayPlan) -> DayPlan:
    """Leave as late as one can and still be home by the same time, lunch as it is, with nothing more broken."""
    if early.broken:
        return early
    plan = week.days[day]
    busy = tuple(sorted((*plan.busy, *((early.lunch,) if early.lunch else ()))))
    latest = before_drive(early.returns, early.back_seconds, busy)
    for stop in reversed(early.stops):
        visit = week.visits[stop.visit]
        hours = windows_of(visit, day)
        starts = last_start(latest, visit.seconds, ALWAYS if hours is None else hours, busy, week.grain)
        latest = before_drive(max(starts, stop.starts), stop.drive_seconds, busy)
    leaves = max(early.leaves, latest)
    found = _run(week, day, order, leaves, _leg_of(early) if early.lunch else None)
    return early if found.broken or found.returns > early.returns else found


def _leg_of(plan: DayPlan) -> int:
    """Before which visit one has lunch."""
    assert plan.lunch is not None  # noqa: S101 - nobody asks otherwise
    return sum(stop.starts < plan.lunch.opens for stop in plan.stops)


def last_start(end: int, seconds: int, hours: Sequence[Window], busy: Sequence[Window], grain: int) -> int:
    """The latest start of what is over by `end`, within one of the hours and outside what is busy; else long ago."""
    found = ALWAYS[0].opens
    for window in hours:
        start = _latest_on_grain(min(end, window.closes) - seconds, window, grain)
        for taken in reversed(busy):
            if start < taken.closes and taken.opens < start + seconds:
                start = _latest_on_grain(taken.opens - seconds, window, grain)
        if start >= window.opens:
            found = max(found, start)
    return found


def _latest_on_grain(moment: int, window: Window, grain: int) -> int:
    """At or before the moment; a window's own beginning counts as well."""
    start = moment // grain * grain
    return start if start >= window.opens or moment < window.opens else window.opens
