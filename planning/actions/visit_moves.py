"""Changes of a planned week by hand, and accepting it. Every change is worked out at once and told in figures."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct, field
from msgspec.structs import replace

from accounts.models import User
from customers.actions.planned import cancel_planned, place_planned
from customers.models import PlannedSource, PlannedTouch
from customers.queries.touch_choices import loggable
from planning.actions.visit_plans import (
    as_it_stands,
    days_of,
    figures_of,
    ground_of,
    made,
    places_after,
    price_of,
    put,
    stale_reasons,
)
from planning.engine.visits.days import day_plan
from planning.engine.visits.improving import Trial, improved
from planning.engine.visits.plan import as_plan
from planning.engine.visits.week import DayPlan, Plan
from planning.loaders.visits import Loaded, PersonWeek, Wanted, assigned, load_person_week, load_wanted, wanted_of
from planning.models import VisitPlan, VisitStop
from territory import clock
from territory.conflicts import Conflict


class Broke(Struct, frozen=True):
    """A wish that a day does not keep: of which customer, by how many minutes."""

    wish: str
    customer: str
    minutes: int


class Change(Struct, frozen=True):
    """What a move did: by how much the week's driving, way and value changed, and what its days do not keep."""

    seconds: int
    metres: int
    value: float
    broken: tuple[Broke, ...] = ()
    left_out: tuple[str, ...] = field(default=())


def held(plan: VisitPlan, version: int | None = None) -> VisitPlan:
    """The plan until the transaction ends. Conflict where it is not what was shown."""
    # Its person first: of two weeks accepted at the same moment the second sees what the first has planned.
    User.objects.select_for_update(no_key=True).get(pk=plan.person_id)
    row = VisitPlan.objects.select_for_update(of=("self",)).select_related("person").get(pk=plan.pk)
    if version is not None and row.version != version:
        raise Conflict(row)
    return row


def shown(plan: VisitPlan, version: int | None) -> VisitPlan:
    """The plan as it is now, not held: how long journeys take may have to be asked elsewhere, which no transaction waits for.

    Conflict where it is not what was shown. Who stores what follows holds it then, at the same version.
    """
    row = VisitPlan.objects.select_related("person").get(pk=plan.pk)
    if version is not None and row.version != version:
        raise Conflict(row)
    return row


def stops_of(plan: VisitPlan) -> list[VisitStop]:
    """The stops that its person still sees, in order."""
    return list(plan.stops.visible_to(plan.person).select_related("customer__tier", "touch_type", "planned", "plan"))


def move_stop(
    *, plan: VisitPlan, stop: int, day: dt.date | None, place: int | None, now: dt.datetime, version: int | None = None
) -> Change:
    """Put a visit on a day before the `place`-th visit (None: where it adds least), or leave it out (no day).

    Errors: `day` over, outside the week or one that is not worked; `stop` made already.
    """
    plan = shown(plan, version)
    stops = stops_of(plan)
    moved = next((row for row in stops if row.pk == stop), None)
    if moved is None:
        raise ValidationError({"stop": _("This visit is in the plan no more.")})
    ground = ground_of(plan, now)
    done = made(plan, stops)
    if moved.pk in done:
        raise ValidationError({"stop": _("This visit was made.")})
    begun = begun_of(stops, ground)
    # What was agreed for a moment that is over, and did not take place, may still be put on another day.
    may_be_over = moved in begun and day is not None and moved.planned is not None and moved.planned.closed_at is None
    begun = [row for row in stops if row.pk in done or (row in begun and row != moved)]
    stops = [row for row in stops if row not in begun]
    loaded, orders = as_it_stands(plan, stops, ground, now, begun=begun)
    before = as_plan(loaded.week, orders, price_of(plan))
    is_over = moved.day is not None and moved.day not in ground.dates
    if not ground.dates or (is_over and not may_be_over):
        raise ValidationError({"stop": _("This day is over.")})
    if day is not None and day not in ground.dates:
        raise ValidationError({"day": _("Nobody works on this day, or it is over.")})
    number = _number(loaded, moved)
    if number is None:
        raise ValidationError({"stop": _("Nobody knows where %(name)s is.") % {"name": moved.customer.name}})
    orders = [[each for each in order if each != number] for order in orders]
    if day is not None:
        order = orders[ground.dates.index(day)]
        if place is None:
            where = _best_place(loaded, ground.dates.index(day), order, number)
        else:
            where = place - sum(row.day == day for row in begun)
        order.insert(max(0, min(where, len(order))), number)
    # Moved by hand: what was locked is where one puts it now; the time follows from the order.
    moved.is_locked = moved.is_locked and day is not None
    loaded = _unlocked(loaded, number)
    return _kept(plan, stops, ground, loaded, before, orders, now, places_after(begun))


def begun_of(stops: Iterable[VisitStop], ground: PersonWeek) -> list[VisitStop]:
    """Visits at their agreed time, before the hours that are still to be planned: they stand there until they are moved."""
    rows = [(stop, wanted_of(stop)) for stop in stops if stop.is_agreed and stop.starts_at is not None]
    return [stop for stop, row in rows if row.agreed_at == stop.starts_at and ground.stands(row)]


def _number(loaded: Loaded, stop: VisitStop) -> int | None:
    key = stop.key
    return next((number for number, each in enumerate(loaded.wanted) if each.key == key), None)


def _unlocked(loaded: Loaded, number: int) -> Loaded:
    """The same without the lock of one visit; what was agreed with the customer stays agreed."""
    wanted = loaded.wanted[number]
    if wanted.agreed_at is not None or wanted.locked_at is None:
        return loaded
    visits = list(loaded.week.visits)
    visits[number] = replace(visits[number], day=None, at=None, must=False)
    return replace(loaded, week=replace(loaded.week, visits=tuple(visits)))


def _best_place(loaded: Loaded, day: int, order: Sequence[int], number: int) -> int:
    """Where it breaks least, then where the day takes least."""

    def cost(place: int) -> tuple:
        plan = day_plan(loaded.week, day, (*order[:place], number, *order[place:]))
        return len(plan.broken), sum(each.seconds for each in plan.broken), plan.spent, plan.drive_seconds

    return min(range(len(order) + 1), key=cost)


def _kept(
    plan: VisitPlan,
    stops: list[VisitStop],
    ground: PersonWeek,
    loaded: Loaded,
    before: Plan,
    orders: list[list[int]],
    now: dt.datetime,
    ahead: Mapping[dt.date, int],
    why: str = "by hand",
) -> Change:
    """Store the days as these orders have them; what changed since `before`. Conflict where the plan changed meanwhile.

    `why`: the reason of what is left out.
    """
    found = as_plan(loaded.week, orders, price_of(plan))
    by_key = {stop.key: stop for stop in stops}
    on = {}
    for day in found.days:
        for nth, each in enumerate(day.stops):
            stop = by_key[loaded.wanted[each.visit].key]
            put(stop, ground, day, nth, ahead)
            on[stop.pk] = stop
    left = []
    for stop in stops:
        if stop.pk not in on and (stop.day is None or stop.day in ground.dates):
            if stop.day is not None:
                left.append(stop.customer.name)
                stop.why = why
            stop.day = stop.starts_at = None
            stop.place = stop.drive_seconds = stop.drive_metres = 0
    days = days_of(ground, loaded, found, ahead)
    kept = {day["day"] for day in days}
    plan.days = [day for day in plan.days if day["day"] not in kept and day["day"] < min(kept, default="")] + days
    priced = {"rate": plan.figures.get("rate", 0.0), "share": plan.figures.get("share", 0.0)}
    plan.figures = plan.figures | figures_of(loaded, found) | priced
    with transaction.atomic():
        held(plan, plan.version)
        fields = ["day", "place", "starts_at", "drive_seconds", "drive_metres", "is_locked", "why"]
        VisitStop.objects.bulk_update(stops, fields)
        plan.changed_at, plan.version = now, plan.version + 1
        plan.save(update_fields=["days", "figures", "changed_at", "version"])
    return Change(
        _driving(found) - _driving(before),
        found.metres - before.metres,
        found.value(loaded.week) - before.value(loaded.week),
        tuple(_broke(loaded, found.days)),
        tuple(left),
    )


def _driving(plan: Plan) -> int:
    return sum(day.drive_seconds for day in plan.days)


def _broke(loaded: Loaded, days: Iterable[DayPlan]) -> Iterable[Broke]:
    for day in days:
        for each in day.broken:
            name = "" if each.visit is None else loaded.wanted[each.visit].name
            yield Broke(str(each.wish), name, -(-each.seconds // 60))


@transaction.atomic
def lock_stop(*, plan: VisitPlan, stop: int, is_locked: bool, now: dt.datetime) -> VisitStop:
    """Keep a visit on its day and at its time whatever is planned anew, or let it go again."""
    plan = held(plan)
    row = plan.stops.visible_to(plan.person).filter(pk=stop, day__isnull=False).select_related("customer").first()
    if row is None:
        raise ValidationError({"stop": _("This visit is in the plan no more.")})
    if row.is_locked != is_locked:
        row.is_locked = is_locked
        row.save(update_fields=["is_locked"])
        plan.changed_at, plan.version = now, plan.version + 1
        plan.save(update_fields=["changed_at", "version"])
    return row


class StaleError(Exception):
    """What the plan was computed from has changed; `reasons` say what."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


class Accepted(Struct, frozen=True):
    """How many visits were planned or moved, how many stood there already, how many that were planned are no more; `left`: how
    many were left alone, since something else was agreed or decided of them meanwhile."""

    made: int
    same: int
    cancelled: int
    left: int = 0


@transaction.atomic
def accept_plan(
    *,
    actor: User,
    plan: VisitPlan,
    now: dt.datetime,
    day: dt.date | None = None,
    is_known_stale: bool = False,
    version: int | None = None,
) -> Accepted:
    """Make planned touches of a plan's visits, of one day or of all that are not over; twice is once.

    What was planned and is somebody else's or another week's meanwhile is left alone, and so is what was agreed for another time,
    planned for another day or cancelled since the plan was computed. Raises Conflict where the plan is not what was shown,
    StaleError where its inputs have changed, unless one knows; PermissionDenied where one may not log with a customer.
    """
    plan = held(plan, version)
    if actor.pk != plan.person_id:
        raise PermissionDenied
    stops = stops_of(plan)
    ground = load_person_week(plan.person, plan.week, now)
    wanted = load_wanted(plan.person, plan.week, now)
    strange = _of_others(plan.person, stops)
    reasons = stale_reasons(plan, stops, ground, wanted)
    if reasons and not is_known_stale:
        raise StaleError(reasons)
    today = clock.day_of(now, ground.zone)
    elsewhere = {each.key for each in wanted if ground.stays_elsewhere(each)}
    alone = [stop for stop in stops if stop.planned_id in strange or stop.key in elsewhere]
    stops = [stop for stop in stops if stop not in alone]
    taken = [stop for stop in stops if stop.day is not None and stop.day >= today and day in (None, stop.day)]
    begun = begun_of(taken, ground)
    dropped = [stop for stop in stops if stop.day is None and _is_the_plans(stop)] if day is None else []
    _may(actor, taken + dropped)
    known = {each.key: each for each in wanted}
    left = sum(stop.day is not None and stop.day >= today and day in (None, stop.day) for stop in alone)
    done = made(plan, taken)
    number = same = cancelled = 0
    for stop in taken:
        if stop.pk in done:
            continue
        row = known.get(stop.key)
        if _is_decided_otherwise(plan, ground, stop, row):
            left += 1
            continue
        if stop in begun or (stop.day not in ground.dates and _is_where_planned(stop)):
            same += 1
            continue
        planned, is_changed = place_planned(
            actor=actor, now=now, customer=stop.customer, touch_type=stop.touch_type, assignee=_whose(stop, actor),
            due_at=stop.starts_at, due_on=stop.day, duration_seconds=stop.seconds, travel_seconds=stop.drive_seconds,
            planned=_open_of(stop, row),
        )  # fmt: skip
        stop.planned, stop.accepted_at = planned, now if is_changed else stop.accepted_at or now
        stop.save(update_fields=["planned", "accepted_at"])
        number, same = number + is_changed, same + (not is_changed)
    for stop in dropped:
        cancel_planned(actor=actor, now=now, planned=stop.planned, reason=_("left out of the visit plan"))
        VisitStop.objects.filter(pk=stop.pk).update(planned=None, accepted_at=None)
        cancelled += 1
    _remember(plan, taken + dropped, now, is_whole=day is None)
    return Accepted(number, same, cancelled, left)


def _is_decided_otherwise(plan: VisitPlan, ground: PersonWeek, stop: VisitStop, row: Wanted | None) -> bool:
    """Whether it was cancelled since the plan was computed, or agreed for another time or planned for another day.

    What stands when it was agreed is no candidate of the plan: it is elsewhere only where its person moved it.
    """
    if row is None or row.planned is None:
        return stop.planned is not None and stop.planned.closed_at is not None
    is_agreed = row.agreed_at is not None or row.only_on is not None
    return is_agreed and not ground.stands(row) and plan.inputs.get("visits", {}).get(row.key) != row.print


def _open_of(stop: VisitStop, row: Wanted | None) -> PlannedTouch | None:
    """What is planned of it: its own, else what was planned meanwhile."""
    if (stop.planned is not None and stop.planned.closed_at is None) or row is None or row.planned is None:
        return stop.planned
    return PlannedTouch.objects.open().filter(pk=row.planned).first()


def _of_others(person: User, stops: Iterable[VisitStop]) -> set[int]:
    """Keys of planned touches of these stops that are open, and another's to make."""
    asked = {stop.planned_id for stop in stops if stop.planned is not None and stop.planned.closed_at is None}
    return asked - set(PlannedTouch.objects.filter(assigned(person), pk__in=asked).values_list("pk", flat=True))


def _is_where_planned(stop: VisitStop) -> bool:
    return stop.planned is not None and stop.planned.due_at == stop.starts_at


def _is_the_plans(stop: VisitStop) -> bool:
    """Whether accepting made its planned touch, which is still open."""
    row = stop.planned
    return row is not None and row.source == PlannedSource.VISIT_PLAN and row.closed_at is None


def _whose(stop: VisitStop, actor: User) -> User:
    return stop.planned.assignee if stop.planned is not None and stop.planned.assignee is not None else actor


def _may(actor: User, stops: Collection[VisitStop]) -> None:
    """Decided before anything is written: one may log with every one of these customers."""
    asked = {stop.customer_id for stop in stops}
    if asked - set(loggable(actor).filter(pk__in=asked).values_list("pk", flat=True)):
        raise PermissionDenied


def _remember(plan: VisitPlan, stops: Iterable[VisitStop], now: dt.datetime, *, is_whole: bool) -> None:
    """What was accepted is what the plan now rests on."""
    keys = {stop.key for stop in stops}
    present = {each.key: each.print for each in load_wanted(plan.person, plan.week, now)}
    visits = dict(plan.inputs.get("visits", {}))
    for key in keys:
        if key in present:
            visits[key] = present[key]
    plan.inputs = plan.inputs | {"visits": visits}
    if is_whole:
        plan.accepted_at = now
    plan.save(update_fields=["inputs", "accepted_at"])


def run_late(*, plan: VisitPlan, now: dt.datetime, minutes: int = 0) -> Change:
    """Plan the rest of today anew, from where the last visit was, beginning in so many minutes, or when the one under way ends.

    Visits that were made stay; of the others those that fit stay in the best order, the rest is left out. Errors: `day`
    where today is not in the plan.
    """
    plan = shown(plan, None)
    stops = stops_of(plan)
    today = clock.day_of(now, clock.zone_of(plan.person))
    done = made(plan, stops)
    ground = ground_of(plan, now)
    begun = [stop for stop in begun_of(stops, ground) if stop.pk not in done]
    stand = done | {stop.pk for stop in begun}
    rest = [stop for stop in stops if stop.pk not in stand]
    if minutes:
        ground = ground_of(plan, now + dt.timedelta(minutes=minutes))
    loaded, orders = as_it_stands(plan, rest, ground, now, begun=begun)
    before = as_plan(loaded.week, orders, price_of(plan))
    if today not in ground.dates:
        raise ValidationError({"day": _("Today has no hours left for visits.")})
    if not any(stop.day == today for stop in rest):
        raise ValidationError({"day": _("No visit of today is left.")})
    number = ground.dates.index(today)
    allowed = set(orders[number])
    only = _only(loaded, allowed, number)
    trial = Trial(only.week, price_of(plan).per_second)

    best = improved(trial, [orders[number] if day == number else [] for day in range(len(orders))])
    orders[number] = list(best[number])
    # What was made stands before the rest of the day.
    ahead = places_after(stop for stop in stops if stop.pk in stand)
    return _kept(plan, rest, ground, loaded, before, orders, now, ahead, "no time")


def _only(loaded: Loaded, allowed: set[int], day: int) -> Loaded:
    """The week in which nothing but these visits is possible, and on that day alone."""
    never = tuple(() for _day in loaded.week.days)
    visits = tuple(
        replace(visit, day=day) if number in allowed else replace(visit, hours=never, at=None, day=None, must=False)
        for number, visit in enumerate(loaded.week.visits)
    )
    return replace(loaded, week=replace(loaded.week, visits=visits))
