"""A person's week of visits: asked for, planned by a job, stored as a proposal.

The row is the record of what was asked; the message to a worker only makes it quick, and sweeps take up what none announced.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from msgspec.structs import replace

from accounts.models import User
from customers.models import Touch
from planning.actions.effects import WAITS
from planning.engine.travel import Place
from planning.engine.visits.improving import Trial, insertions
from planning.engine.visits.plan import alone_metres, best_plan, nearest
from planning.engine.visits.routes import Effort, Orders
from planning.engine.visits.week import DayPlan, Plan, Price
from planning.loaders.visits import (
    Loaded,
    PersonWeek,
    Wanted,
    build,
    load_person_week,
    load_wanted,
    under_way,
    wanted_of,
)
from planning.models import VisitPlan, VisitStop
from planning.nudge import visit_plan_soon
from planning.queries.today import place as place_of
from planning.queries.waiting import FAILED, state_of
from territory import clock
from territory.jobs.runner import Progress, run_job

# The name of its job.
VISIT_PLAN = "visit plan"

# Raised when what is computed, or the shape in which it is kept, changes.
ENGINE_VERSION = 2
SEED = 1
ITERATIONS = 3000
# A worker has more to do: whatever the machine, the search ends.
MOST_SECONDS = 20.0
# So often at most it is computed, where something is locked, moved or accepted meanwhile.
TURNS = 3

NO_BASE, NO_DAYS, NOTHING = "no base", "no days", "nothing"
# Why a stop has no day: its visit was agreed for one before the week.
STANDS = "stands"


def plan_of(person: User, monday: dt.date) -> VisitPlan | None:
    """The person's plan of that week, if one was asked for."""
    return VisitPlan.objects.filter(person=person, week=monday).select_related("person").first()


@transaction.atomic
def ask_plan(person: User, monday: dt.date, *, now: dt.datetime, anew: bool = True) -> VisitPlan:
    """Ask for a week to be planned; without `anew` only where nobody has. Of two at the same moment one does.

    What was asked for and failed is asked for once more, as another job.
    """
    row, is_new = VisitPlan.objects.get_or_create(person=person, week=monday, defaults={"asked_at": now})
    if is_new:
        visit_plan_soon(row.pk, row.asked)
    elif anew and (not row.is_asked or state_of(row.job_key)[0] == FAILED):
        passed = VisitPlan.objects.filter(pk=row.pk, asked=row.asked).update(asked=row.asked + 1, asked_at=now)
        row.asked += 1
        if passed:
            visit_plan_soon(row.pk, row.asked)
    elif anew and row.asked_at < now - WAITS:
        VisitPlan.objects.filter(pk=row.pk).update(asked_at=now)
        visit_plan_soon(row.pk, row.asked)
    return row


def run_visit_plan(pk: int, asked: int, *, now: dt.datetime) -> None:
    """Plan a week as a job, once for each time it was asked for; nothing where it is asked for no more."""
    waiting = VisitPlan.objects.filter(pk=pk, asked=asked, answered__lt=asked, person__is_active=True)
    row = waiting.select_related("person").first()
    if row is None:
        return

    def job(progress: Progress) -> dict[str, Any]:
        return compute(row, asked, now=now, progress=progress)

    run_job(VISIT_PLAN, job, key=row.job_key, requested_by=row.person)


def run_waiting_visit_plans(*, now: dt.datetime, until: dt.datetime) -> None:
    """Plan what was asked for lately and no message announced."""
    waiting = VisitPlan.objects.filter(answered__lt=F("asked"), asked_at__gte=now - WAITS).order_by("asked_at")
    for pk, asked in list(waiting.values_list("pk", "asked")):
        if clock.now() < until:
            run_visit_plan(pk, asked, now=clock.now())


def compute(
    row: VisitPlan,
    asked: int,
    *,
    now: dt.datetime,
    progress: Any = lambda done, total: None,
    iterations: int = ITERATIONS,
) -> dict[str, Any]:
    """Load, plan, store. Locked stops of the plan there is stay where they are."""
    for turn in range(1, TURNS + 1):
        row.refresh_from_db(fields=["version", "inputs", "accepted_at"])
        told = _computed(row, asked, now, progress, iterations, is_last=turn == TURNS)
        if told is not None:
            break
    return told or {}


def _computed(
    row: VisitPlan, asked: int, now: dt.datetime, progress: Any, iterations: int, *, is_last: bool
) -> dict[str, Any] | None:
    """What came of it; None where its person changed or accepted something meanwhile: it is to be computed from that, unless it
    was often enough."""
    ground = load_person_week(row.person, row.week, now)
    wanted = load_wanted(row.person, row.week, now)
    kept = list(row.stops.select_related("customer", "plan", "planned"))
    refused = NO_BASE if ground.base is None else NO_DAYS if not ground.days else ""
    if refused:
        _store(row, asked, now, ground, None, None, wanted, refused, iterations, is_last=True)
        return {"visits": 0}
    was_made = made(row, kept)
    done = {stop.key for stop in kept if stop.pk in was_made}
    free = [each for each in wanted if not ground.stands(each) and (each.planned is not None or each.key not in done)]
    start = last_place(row.person, row.week, now)
    after = under_way(ground, [each for each in wanted if ground.stands(each)], now)
    loaded = build(ground, _with_locks(free, kept, ground), start=start, after=after)
    plan = solved(ground, loaded, warm=_warm(loaded, ground, kept), progress=progress, iterations=iterations)
    refused = "" if loaded.week.visits else NOTHING
    if not _store(row, asked, now, ground, loaded, plan, wanted, refused, iterations, is_last=is_last):
        return None
    return {"visits": len(plan.planned), "candidates": len(free)}


def solved(
    ground: PersonWeek,
    loaded: Loaded,
    *,
    warm: Orders | None = None,
    progress: Any = lambda done, total: None,
    iterations: int = ITERATIONS,
) -> Plan:
    """The week as it is best; `warm`: what to begin with."""
    effort = Effort(iterations=iterations, seconds=MOST_SECONDS)
    return best_plan(loaded.week, share=ground.share, seed=SEED, effort=effort, warm=warm, progress=progress)


def _with_locks(wanted: Iterable[Wanted], kept: Iterable[VisitStop], ground: PersonWeek) -> list[Wanted]:
    """What is wanted, with the times of stops that are locked on days still to come."""
    locks = {
        (stop.customer_id, stop.touch_type_id): stop.starts_at
        for stop in kept
        if stop.is_locked and stop.day in ground.dates
    }
    return [replace(row, locked_at=locks.get((row.customer, row.touch_type))) for row in wanted]


def _warm(loaded: Loaded, ground: PersonWeek, kept: Iterable[VisitStop]) -> Orders | None:
    """The plan there is, to begin with; None where there is none."""
    places = {row.key: number for number, row in enumerate(loaded.wanted)}
    found: list[list[int]] = [[] for _day in ground.dates]
    for stop in kept:
        number = places.get(stop.key)
        if number is not None and stop.day in ground.dates:
            found[ground.dates.index(stop.day)].append(number)
    return tuple(map(tuple, found)) if any(found) else None


@transaction.atomic
def _store(
    row: VisitPlan,
    asked: int,
    now: dt.datetime,
    ground: PersonWeek,
    loaded: Loaded | None,
    plan: Plan | None,
    wanted: Sequence[Wanted],
    refused: str,
    iterations: int,
    *,
    is_last: bool,
) -> bool:
    """Keep it, unless it was asked for once more meanwhile. False where it was changed meanwhile, unless this `is_last`.

    What was made stays where it was, and so does what is over, unless the same is to be made once more.
    """
    held = VisitPlan.objects.select_for_update().filter(pk=row.pk, asked=asked).first()
    if held is None:
        return True
    if not is_last and (held.version, held.inputs, held.accepted_at) != (row.version, row.inputs, row.accepted_at):
        return False
    held.person = row.person
    known = list(held.stops.select_related("planned"))
    before = {(stop.customer_id, stop.touch_type_id): stop for stop in known}
    first = min(ground.dates, default=held.last_day + dt.timedelta(days=1))
    done = made(held, known)
    again = {each.key for each in wanted if each.planned is not None and not ground.stays_elsewhere(each)}
    stays = [stop for stop in known if stop.pk in done and stop.key not in again]
    places = places_after(stays)
    stops = _standing(held, ground, wanted, before, places)
    ahead = places | places_after(stops)
    if plan is not None and loaded is not None:
        stops += _stops(held, ground, loaded, plan, before, ahead)
    kept = {stop.key for stop in stays}
    stops = [stop for stop in stops if stop.key not in kept]
    new = {stop.key for stop in stops}
    stays += [
        stop
        for stop in known
        if stop not in stays and stop.day is not None and stop.day < first and stop.key not in new
    ]
    days_over = [day for day in held.days if day["day"] < first.isoformat()]
    held.stops.exclude(pk__in=[stop.pk for stop in stays]).delete()
    VisitStop.objects.bulk_create(stops)
    held.answered, held.computed_at, held.changed_at, held.accepted_at = asked, now, None, None
    held.engine, held.seed, held.iterations, held.refused = ENGINE_VERSION, SEED, iterations, refused
    held.inputs = {
        "days": dict(ground.prints), "roads": ground.roads, "share": ground.share,
        "visits": {each.key: each.print for each in wanted if not ground.stands(each)},
    }  # fmt: skip
    if plan is not None and loaded is not None:
        held.days = days_over + days_of(ground, loaded, plan, ahead)
        held.figures = figures_of(loaded, plan)
    else:
        held.days, held.figures = days_over, {}
    held.version += 1
    held.save()
    return True


def _standing_in(wanted: Iterable[Wanted], ground: PersonWeek) -> list[Wanted]:
    """What was agreed and stays when it is, and is shown with this week: not what is agreed for a later one."""
    return [
        each
        for each in wanted
        if each.agreed_at is not None
        and ground.stands(each)
        and clock.day_of(each.agreed_at, ground.zone) <= ground.sunday
    ]


def _standing(
    held: VisitPlan,
    ground: PersonWeek,
    wanted: Iterable[Wanted],
    before: Mapping[tuple[int, int], VisitStop],
    ahead: Mapping[dt.date, int],
) -> list[VisitStop]:
    """What was agreed and stays when it is: on its day at the head of its order, after so many places that are taken; of an
    earlier week without a day."""
    standing = _standing_in(wanted, ground)
    places = Counter(ahead)
    rows = []
    for each in sorted(standing, key=lambda row: (row.agreed_at, row.name)):
        row, day = _stop(held, each, before), clock.day_of(each.agreed_at, ground.zone)
        if day < held.week:
            row.why = STANDS
        else:
            known = before.get((each.customer, each.touch_type))
            if known is not None and known.starts_at == each.agreed_at:
                row.drive_seconds, row.drive_metres = known.drive_seconds, known.drive_metres
            row.day, row.starts_at, row.place = day, each.agreed_at, places[day]
            places[day] += 1
        rows.append(row)
    return rows


def _stops(
    held: VisitPlan,
    ground: PersonWeek,
    loaded: Loaded,
    plan: Plan,
    before: Mapping[tuple[int, int], VisitStop],
    ahead: Mapping[dt.date, int],
) -> list[VisitStop]:
    """Stops of the days in their order, after those that stand there already; then what is left out with the reason."""
    rows = []
    for day in plan.days:
        for place, stop in enumerate(day.stops):
            row = _stop(held, loaded.wanted[stop.visit], before)
            put(row, ground, day, place, ahead)
            rows.append(row)
    trial = Trial(loaded.week, 0.0)
    for number, wanted in enumerate(loaded.wanted):
        if number not in plan.planned:
            row = _stop(held, wanted, before)
            row.why = why_left_out(trial, loaded, plan, number)
            rows.append(row)
    for wanted in loaded.placeless:
        row = _stop(held, wanted, before)
        row.why = "no place"
        rows.append(row)
    return rows


def places_after(stops: Iterable[VisitStop]) -> dict[dt.date, int]:
    """The place after these, by day."""
    found: dict[dt.date, int] = {}
    for stop in stops:
        if stop.day is not None:
            found[stop.day] = max(found.get(stop.day, 0), stop.place + 1)
    return found


def _stop(held: VisitPlan, wanted: Wanted, before: Mapping[tuple[int, int], VisitStop]) -> VisitStop:
    known = before.get((wanted.customer, wanted.touch_type))
    return VisitStop(
        plan=held,
        customer_id=wanted.customer,
        touch_type_id=wanted.touch_type,
        planned_id=wanted.planned,
        seconds=wanted.seconds,
        value=wanted.value,
        worth=wanted.worth,
        due_on=wanted.due_on,
        is_locked=bool(known and known.is_locked and wanted.locked_at),
        is_agreed=wanted.agreed_at is not None,
        only_on=wanted.only_on,
        accepted_at=known.accepted_at if known else None,
    )


def put(row: VisitStop, ground: PersonWeek, day: DayPlan, place: int, ahead: Mapping[dt.date, int]) -> None:
    """The stop as a day of the engine has it; `ahead`: how many visits stand before those of the engine."""
    stop, date = day.stops[place], ground.dates[day.day]
    row.day, row.place, row.why = date, place + ahead.get(date, 0), ""
    row.starts_at = ground.moment(date, stop.starts)
    row.drive_seconds, row.drive_metres = stop.drive_seconds, stop.drive_metres


def why_left_out(trial: Trial, loaded: Loaded, plan: Plan, visit: int) -> str:
    """Not open on any day, agreed and still not possible, no time left for it, or too little for the drive."""
    week = loaded.week
    if not any(week.visits[visit].on(day) for day in range(len(week.days))):
        return "closed"
    if week.visits[visit].must:
        return "agreed"
    places = insertions(trial, plan.orders, visit, range(len(week.days)))
    return "too little" if places else "no time"


def days_of(ground: PersonWeek, loaded: Loaded, plan: Plan, ahead: Mapping[dt.date, int]) -> list[dict[str, Any]]:
    """What is kept of each day beside its stops, in seconds of its clock; places count what stands ahead."""
    found = []
    for day in plan.days:
        first = ahead.get(ground.dates[day.day], 0)
        near = nearest(loaded.week, plan.orders, day.day, plan.price) if day.stops else []
        works = loaded.week.days[day.day].works
        found.append(
            {
                "day": ground.dates[day.day].isoformat(),
                "works": list(works),
                "leaves": day.leaves,
                "returns": day.returns,
                "lunch": list(day.lunch) if day.lunch else None,
                "back_seconds": day.back_seconds,
                "back_metres": day.back_metres,
                "spent": day.spent,
                "broken": [
                    [str(each.wish), None if each.visit is None else loaded.wanted[each.visit].key, each.seconds]
                    for each in day.broken
                ],
                "near": [
                    [loaded.wanted[each.visit].key, each.place + first, each.metres, each.seconds] for each in near
                ],
            }
        )
    return found


def figures_of(loaded: Loaded, plan: Plan) -> dict[str, Any]:
    """The week in figures."""
    return {
        "value": plan.value(loaded.week),
        "spent": plan.spent,
        "drive_seconds": sum(day.drive_seconds for day in plan.days),
        "metres": plan.metres,
        "alone_metres": alone_metres(loaded.week, plan),
        "rate": plan.price.rate,
        "share": plan.price.share,
        "source": loaded.source,
        "fell_back": loaded.fell_back,
    }


def price_of(row: VisitPlan) -> Price:
    """The price of time under which a plan was made."""
    return Price(row.figures.get("rate", 0.0), row.figures.get("share", 0.0))


def last_place(person: User, week: dt.date, now: dt.datetime) -> Place | None:
    """Where the last visit of today was that they logged, if today is of that week; None: they are at base."""
    zone = clock.zone_of(person)
    today = clock.day_of(now, zone)
    if not week <= today < week + dt.timedelta(days=7):
        return None
    visits = Touch.objects.live().visible_to(person).filter(logged_by=person, type__travels=True)
    row = (
        visits.filter(at__gte=clock.start_of_day(today, zone), at__lte=now)
        .order_by("-at", "-pk")
        .values_list("customer__latitude", "customer__longitude")
        .first()
    )
    return place_of(*row) if row else None


def ground_of(row: VisitPlan, now: dt.datetime) -> PersonWeek:
    """The week that a stored plan is of, as it is from now on. Errors: without a home base nothing can be worked out."""
    ground = load_person_week(row.person, row.week, now)
    if ground.base is None:
        raise ValidationError(_("Say in your profile where your home base is."))
    return ground


def as_it_stands(
    row: VisitPlan,
    stops: Sequence[VisitStop],
    ground: PersonWeek,
    now: dt.datetime,
    *,
    begun: Iterable[VisitStop] = (),
) -> tuple[Loaded, list[list[int]]]:
    """A stored plan for the engine: its stops are the only candidates; by day the visits in their order.

    The rest of today begins where the last visit was, and not before what has `begun` is over.
    """
    after = under_way(ground, [wanted_of(stop) for stop in begun if not is_done(stop)], now)
    start = last_place(row.person, row.week, now)
    loaded = build(ground, [wanted_of(stop) for stop in stops], start=start, after=after)
    numbers = {each.key: number for number, each in enumerate(loaded.wanted)}
    orders: list[list[int]] = [[] for _day in ground.dates]
    for stop in stops:
        number = numbers.get(stop.key)
        if stop.day in ground.dates and number is not None:
            orders[ground.dates.index(stop.day)].append(number)
    return loaded, orders


def stale_reasons(
    row: VisitPlan, stops: Sequence[VisitStop], ground: PersonWeek, wanted: Sequence[Wanted]
) -> list[str]:
    """What has changed since the plan was computed, in days and visits still to come: "hours", "roads", "share", "visits".

    Of what was agreed and stays when it is, no more than that the plan shows it; of a week that is over nothing.
    """
    if ground.sunday < ground.today:
        return []
    today = min(ground.dates, default=None)
    days, visits = row.inputs.get("days", {}), row.inputs.get("visits", {})
    reasons = []
    if today is not None and any(
        days.get(name) != told for name, told in ground.prints.items() if name == "base" or name >= today.isoformat()
    ):
        reasons.append("hours")
    if today is not None and row.inputs.get("roads", ground.roads) != ground.roads:
        reasons.append("roads")
    if today is not None and row.inputs.get("share", ground.share) != ground.share:
        reasons.append("share")
    present = {each.key for each in wanted if not ground.stays_elsewhere(each)}
    free = [each for each in wanted if not ground.stands(each)]
    agreed = {each.key for each in _standing_in(wanted, ground)}
    over = {stop.key for stop in stops if stop.day is not None and (today is None or stop.day < today or is_done(stop))}
    if (
        any(visits.get(each.key) != each.print for each in free if each.planned is not None or each.key not in over)
        or any(key not in present for key in visits if key not in over)
        or (today is not None and not agreed <= {stop.key for stop in stops})
    ):
        reasons.append("visits")
    return reasons


def made(row: VisitPlan, stops: Iterable[VisitStop]) -> set[int]:
    """Keys of stops that were made: their planned touch was, or a touch of their type was logged on their day."""
    zone, last = clock.zone_of(row.person), row.last_day
    rows = Touch.objects.live().filter(
        logged_by=row.person, at__gte=clock.start_of_day(row.week, zone), at__lt=clock.end_of_day(last, zone)
    )
    logged = {
        (customer, kind, clock.day_of(at, zone))
        for customer, kind, at in rows.values_list("customer_id", "type_id", "at")
    }
    return {
        stop.pk
        for stop in stops
        if stop.day is not None and (is_done(stop) or (stop.customer_id, stop.touch_type_id, stop.day) in logged)
    }


def is_done(stop: VisitStop) -> bool:
    """Whether its planned touch was made."""
    return stop.planned is not None and stop.planned.closed_by_touch_id is not None
