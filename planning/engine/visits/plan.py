"""A person's week of visits that makes the most of their hours (domain 3.7).

What is as large as possible is value - price x seconds spent, over all weeks that keep every wish; spent is everything from
leaving base to being back but lunch and what one is busy with. The price of a second is a share of what a second of the
best week brings when time costs nothing:

1. with price 0 (team orienteering: Chao, Golden and Wasil 1996) the week's value is largest; rate = value / seconds spent;
2. with price = share x rate that is left out, or put otherwise, which adds less value an hour than that share of the mean.

This is one step of Dinkelbach's method for value / time (Management Science 13, 1967): share 1, repeated, ends at the largest
value an hour there is, which is a week of one good visit near by; share 0 fills every hour with whatever is due. The default
of 0.3 leaves out what is not worth the drive. Agreed and locked visits are in either way; where they cannot all be, the plan
says which is not.
"""

from collections.abc import Callable, Sequence
from math import inf
from time import monotonic

from msgspec.structs import replace

from planning.engine.visits.check import broken_wishes
from planning.engine.visits.days import day_plan
from planning.engine.visits.improving import Insertion, Trial, improved, insertions
from planning.engine.visits.routes import Effort, Orders, best_orders
from planning.engine.visits.week import DayPlan, Plan, Price, Week

SHARE = 0.3

# Of a limit of time the solver has so much, the rest is for mending its answer.
SOLVING = 0.85

Report = Callable[[int, int], object]


def best_plan(
    week: Week,
    *,
    share: float = SHARE,
    seed: int = 1,
    effort: Effort | None = None,
    warm: Orders | None = None,
    progress: Report = lambda done, total: None,
) -> Plan:
    """The week planned. The same week, seed and iterations give the same plan, as long as no limit in seconds is reached."""
    effort = effort or Effort()
    ends = inf if effort.seconds is None else monotonic() + effort.seconds
    progress(0, 3 if share else 2)
    orders = searched(week, 0.0, _part(effort, ends, 2 if share else 1), seed, warm)
    plan = as_plan(week, orders)
    progress(1, 3 if share else 2)
    if share and plan.spent and plan.value(week):
        price = Price(plan.value(week) / plan.spent, share)
        orders = searched(week, price.per_second, _part(effort, ends, 1), seed, orders)
        plan = as_plan(week, orders, price)
        progress(2, 3)
    progress(3 if share else 2, 3 if share else 2)
    return plan


def _part(effort: Effort, ends: float, parts: int) -> Effort:
    """The effort with its part of the seconds that are left."""
    return effort if effort.seconds is None else replace(effort, seconds=max(0.0, ends - monotonic()) / parts)


def searched(week: Week, price: float, effort: Effort, seed: int, warm: Orders | None) -> Orders:
    """The solver's answer by the exact times, or what comes of an empty week or of what one began with where that is better."""
    until = inf if effort.seconds is None else monotonic() + effort.seconds
    trial = Trial(week, price, until)
    nothing: Orders = tuple(() for _day in week.days)
    solving = effort if effort.seconds is None else replace(effort, seconds=SOLVING * effort.seconds)
    begun = [best_orders(week, price, solving, seed, warm), nothing, *([warm] if warm is not None else [])]
    found = [tuple(improved(trial, orders)) for orders in begun]
    return max(found, key=lambda orders: total_worth(trial, orders))


def total_worth(trial: Trial, orders: Sequence[tuple[int, ...]]) -> tuple[int, float]:
    """How many agreed visits are in, then what the week brings."""
    agreed = sum(trial.week.visits[visit].must for order in orders for visit in order)
    return agreed, sum(trial.worth(day, order) for day, order in enumerate(orders))


def as_plan(week: Week, orders: Sequence[Sequence[int]], price: Price | None = None) -> Plan:
    """The plan of these orders, whether they keep every wish or not: what is broken is told."""
    days = tuple(day_plan(week, day, tuple(order)) for day, order in enumerate(orders))
    plan = Plan(days, price=price or Price())
    return Plan(days, _told(week, plan, days), plan.price)


def _told(week: Week, plan: Plan, days: Sequence[DayPlan]) -> tuple:
    """What the days say of themselves, and what only the whole week shows."""
    told = [broken for day in days for broken in day.broken]
    known = {(broken.wish, broken.day, broken.visit) for broken in told}
    days_told = {(broken.day, broken.visit) for broken in told}
    for broken in broken_wishes(week, plan):
        if (broken.wish, broken.day, broken.visit) not in known and (
            broken.day is None or broken.visit is None or (broken.day, broken.visit) not in days_told
        ):
            told.append(broken)
    return tuple(told)


def nearest(week: Week, orders: Orders, day: int, price: Price, most: int = 3) -> list[Insertion]:
    """What is not planned and fits into a day as it stands, what adds fewest metres first."""
    trial = Trial(week, price.per_second)
    planned = {visit for order in orders for visit in order}
    found = []
    for visit in range(len(week.visits)):
        if visit not in planned:
            places = insertions(trial, orders, visit, [day])
            found += sorted(places, key=lambda each: (each.metres, each.seconds, each.place))[:1]
    return sorted(found, key=lambda each: (each.metres, -week.visits[each.visit].value, each.visit))[:most]


def alone_metres(week: Week, plan: Plan) -> int:
    """Metres of the same visits driven one by one, from base and back each."""
    total = 0
    for day in plan.days:
        base = week.days[day.day].end
        for stop in day.stops:
            place = week.visits[stop.visit].place
            total += int(week.metres[base][place]) + int(week.metres[place][base])
    return total
