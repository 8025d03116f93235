"""Whether a plan keeps every wish: from its times alone, without asking how they came about.

Shares nothing with the solver but the words: what it says holds for any plan, also one that a person dragged together.
"""

import itertools
from collections import Counter

from planning.engine.visits.week import Broken, DayPlan, Plan, Visit, Week, Window, Wish


def broken_wishes(week: Week, plan: Plan) -> list[Broken]:
    """Everything that the plan breaks, day by day; empty: it is feasible."""
    found: list[Broken] = []
    for day in plan.days:
        found += _of_day(week, day)
    counts = Counter(stop.visit for day in plan.days for stop in day.stops)
    found += [Broken(Wish.TWICE, None, visit) for visit, count in counts.items() if count > 1]
    left = [index for index, visit in enumerate(week.visits) if visit.must and index not in counts]
    return found + [Broken(Wish.LEFT_OUT, week.visits[index].day, index) for index in left]


def _of_day(week: Week, plan: DayPlan) -> list[Broken]:
    if not plan.stops:
        return []
    day, found = week.days[plan.day], []
    if plan.leaves < day.works.opens:
        found.append(Broken(Wish.HOME, plan.day, None, day.works.opens - plan.leaves))
    if plan.returns > day.works.closes:
        found.append(Broken(Wish.HOME, plan.day, None, plan.returns - day.works.closes))
    busy = list(day.busy)
    if day.lunch is not None:
        seconds, within = day.lunch
        lunch = plan.lunch
        if lunch is None or lunch.closes - lunch.opens < seconds:
            found.append(Broken(Wish.LUNCH, plan.day, None, seconds))
        else:
            outside = max(within.opens - lunch.opens, lunch.closes - within.closes, 0)
            if outside or any(_overlap(lunch, other) for other in day.busy):
                found.append(Broken(Wish.LUNCH, plan.day, None, outside))
            busy.append(lunch)
    now, here = plan.leaves, day.start
    for stop in plan.stops:
        visit = week.visits[stop.visit]
        found += _drive(week, plan.day, stop.visit, now, stop.starts, int(week.seconds[here][visit.place]), busy)
        found += _visit(visit, stop.visit, plan.day, Window(stop.starts, stop.ends), busy, week.grain)
        now, here = stop.ends, visit.place
    return found + _drive(week, plan.day, None, now, plan.returns, int(week.seconds[here][day.end]), busy)


def _drive(week: Week, day: int, visit: int | None, left: int, arrived: int, seconds: int, busy: list[Window]) -> list:
    """Between leaving and arriving there must be as much time that is free as the drive takes."""
    free = arrived - left - _taken(busy, left, arrived)
    return [Broken(Wish.BUSY, day, visit, seconds - free)] if free < seconds else []


def _taken(busy: list[Window], first: int, last: int) -> int:
    edges = sorted({first, last, *(edge for window in busy for edge in window if first < edge < last)})
    pieces = itertools.pairwise(edges)
    return sum(b - a for a, b in pieces if any(window.opens <= a and b <= window.closes for window in busy))


def _visit(visit: Visit, index: int, day: int, spent: Window, busy: list[Window], grain: int) -> list[Broken]:
    found = []
    if visit.day is not None and visit.day != day:
        found.append(Broken(Wish.DAY, day, index))
    if visit.at is not None:
        if spent.opens != visit.at:
            found.append(Broken(Wish.TIME, day, index, abs(spent.opens - visit.at)))
    elif visit.hours is not None and not any(
        window.opens <= spent.opens and spent.closes <= window.closes for window in visit.hours[day]
    ):
        latest = max((window.closes for window in visit.hours[day]), default=spent.closes)
        found.append(Broken(Wish.HOURS, day, index, max(0, spent.closes - latest)))
    if spent.closes - spent.opens < visit.seconds or any(_overlap(spent, other) for other in busy):
        found.append(Broken(Wish.BUSY, day, index))
    return found


def _overlap(one: Window, other: Window) -> bool:
    return one.opens < other.closes and other.opens < one.closes
