"""Proposals for those who have too much in a week: found by a job, accepted or dismissed by who leads both people."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import F
from msgspec import Struct

from accounts.models import Membership, User
from customers.actions.assignments import AUTHORISES
from customers.actions.hand_over import Changed, hand_over, take_planned
from customers.models import Assignment, PlannedTouch
from planning.engine.rebalancing import Item, fewest
from planning.engine.rhythm import WEEKS_PER_MONTH
from planning.engine.travel import Place, one_trip
from planning.engine.workload import Cell, by_line
from planning.loaders.ground import Ground, load_ground
from planning.loaders.workload import load_workload, weeks_from
from planning.models import BudgetShare, Rebalancing, RebalancingState
from territory import clock

FULL = 1.0
TINY = 1e-9
SUNDAY = dt.timedelta(days=6)


class RebalancingClosed(Exception):
    """It was accepted or dismissed already, or is proposed no more."""


class Seat(Struct, frozen=True):
    """Somebody's week: the membership, where they travel from, hours, and minutes on both grounds: budgets, what is planned."""

    row: Membership
    base: Place | None
    cell: Cell
    grounds: tuple[float, float]

    @property
    def load(self) -> float:
        return max(self.grounds) / self.cell.capacity


class Thing(Struct, frozen=True):
    """A customer (or touch) that may go: its key and version, and what it takes of who has it."""

    key: int
    version: int
    customer: int
    place: Place | None
    kind: str  # as what somebody works on the customer; empty: a touch
    stays: float  # minutes a week on the ground of budgets, without travel
    travel: float
    planned: float
    trips: int  # journeys of the week that are planned


class Found(Struct, frozen=True):
    """What somebody would give to a colleague."""

    giver: Seat
    taker: Seat
    things: tuple[Thing, ...]
    items: tuple[Item, ...]
    touches: bool

    @property
    def size(self) -> tuple[int, float]:
        return len(self.things), sum(item.extra for item in self.items)

    def after(self) -> tuple[float, float]:
        """Both loads after it."""
        frees = [sum(item.frees[at] for item in self.items) for at in range(2)]
        takes = [sum(item.takes[at] for item in self.items) for at in range(2)]
        left = max(one - less for one, less in zip(self.giver.grounds, frees, strict=True))
        more = max(one + plus for one, plus in zip(self.taker.grounds, takes, strict=True))
        return left / self.giver.cell.capacity, more / self.taker.cell.capacity


def find_rebalancings(*, now: dt.datetime) -> dict[str, int]:
    """Propose for everyone above 100 % in one of the weeks to come, the first such week; what holds no more goes."""
    day = clock.day_of(now, clock.company_zone())
    ground = load_ground(day)
    weeks = weeks_from(day)
    facts = load_workload(ground, weeks)
    lines, _teams = by_line(facts, weeks)
    people = {person: line.cells for person, line in lines.items()}
    planned = {(row.person, row.week): row.total() for row in facts.planned}
    rows = Membership.objects.on(day).filter(user__is_active=True).select_related("user", "role", "team").order_by("pk")
    seats: dict[int, Membership] = {}
    for row in rows:
        seats.setdefault(row.user_id, row)
    kept: set[int] = set()
    for person, cells in people.items():
        cell = next((each for each in cells if (each.load or 0) > FULL + TINY), None)
        if cell is None or person not in seats or cell.covered_by or cell.covering:
            continue
        found = _best(seats[person], cell, seats.values(), people, planned, ground)
        if found is not None:
            kept.add(seats[person].pk)
            _write(found, cell.week, now)
    gone = Rebalancing.objects.open().exclude(giver__in=kept).delete()[0]
    return {"rebalancings": len(kept), "rebalancings_gone": gone}


def _best(
    row: Membership,
    cell: Cell,
    others: Iterable[Membership],
    people: Mapping[int, list[Cell]],
    planned: Mapping[tuple[int, dt.date], float],
    ground: Ground,
) -> Found | None:
    """Of all colleagues in the same role and team the one to whom the fewest things go, with the least extra travel."""
    giver = _seat(row, cell, planned)
    offers = [(_touches_of(giver, ground), True)] if giver.grounds[0] <= cell.capacity else []
    offers.append((_customers_of(giver, cell.week, ground), False))
    dismissed = _dismissed(row)
    best: Found | None = None
    for other in others:
        if other.pk == row.pk or (other.role_id, other.team_id) != (row.role_id, row.team_id):
            continue
        theirs = next((each for each in people.get(other.user_id, ()) if each.week == cell.week), None)
        if theirs is None or not theirs.capacity or (theirs.load or 0) >= FULL:
            continue
        taker = _seat(other, theirs, planned)
        for things, touches in offers:
            found = _given(giver, taker, things, touches, ground)
            if found and (_key(found), other.pk) not in dismissed and (best is None or found.size < best.size):
                best = found
    return best


def _seat(row: Membership, cell: Cell, planned: Mapping[tuple[int, dt.date], float]) -> Seat:
    plan = planned.get((row.user_id, cell.week), 0.0)
    of_others = cell.team_load + cell.set_aside
    budgets = _budget_minutes(row) / WEEKS_PER_MONTH
    # What the week holds beside touches and travel is the same on both grounds.
    touch = max(budgets, plan)
    rest = max(cell.workload - touch, of_others)
    place = row.user.base_latitude, row.user.base_longitude
    return Seat(row, None if None in place else place, cell, (budgets + rest, plan + rest))


def _budget_minutes(row: Membership) -> float:
    """Minutes a month of touches and travel, over all of the person's memberships."""
    shares = BudgetShare.objects.filter(membership__user=row.user_id, customer__archived_at__isnull=True).order_by()
    return sum(shares.annotate(minutes=F("touch_minutes") + F("travel_minutes")).values_list("minutes", flat=True))


def _given(giver: Seat, taker: Seat, things: Sequence[Thing], touches: bool, ground: Ground) -> Found | None:
    if touches:
        seen = _seen(taker.row.user, [thing.key for thing in things])
        may = [thing for thing in things if thing.key in seen]
    else:
        may = [thing for thing in things if thing.kind in AUTHORISES[taker.row.profile]]
        there = (
            Assignment.objects.on(giver.cell.week).filter(membership=taker.row).values_list("customer_id", flat=True)
        )
        known = set(there)
        may = [thing for thing in may if thing.customer not in known]
    items = [_item(thing, giver, taker, ground) for thing in may]
    excess = [max(0.0, minutes - giver.cell.capacity) for minutes in giver.grounds]
    room = [taker.cell.capacity - minutes for minutes in taker.grounds]
    if min(room) < 0:
        return None
    chosen = fewest(items, excess, room)
    if not chosen:
        return None
    return Found(giver, taker, tuple(may[at] for at in chosen), tuple(items[at] for at in chosen), touches)


def _seen(user: User, touches: Iterable[int]) -> set[int]:
    """Of these planned touches those that the person would see as theirs: what nobody sees nobody makes."""
    rows = PlannedTouch.objects.visible_to(user).filter(pk__in=list(touches))
    return set(rows.values_list("pk", flat=True))


def _item(thing: Thing, giver: Seat, taker: Seat, ground: Ground) -> Item:
    """Travel is there and back from each one's base; where a place is not known, as much as now."""
    old, new = _trip(giver.base, thing.place, ground), _trip(taker.base, thing.place, ground)
    travel = thing.travel * new / old if old and new is not None else thing.travel
    journeys = thing.trips * (new - old) if old is not None and new is not None else 0.0
    extra = (travel - thing.travel) if thing.kind else journeys
    frees = (thing.stays + thing.travel, thing.planned) if thing.kind else (0.0, thing.planned)
    takes = (thing.stays + travel, thing.planned + journeys) if thing.kind else (0.0, thing.planned + journeys)
    return Item(frees, takes, extra)


def _trip(base: Place | None, place: Place | None, ground: Ground) -> float | None:
    rules = ground.context.rules
    found = one_trip(base, place, rules.detour, rules.speed_kmh)
    return None if found.unknown else found.minutes


def _touches_of(giver: Seat, ground: Ground) -> list[Thing]:
    """Open touches planned for the week."""
    week = giver.cell.week
    rows = PlannedTouch.objects.open().filter(
        assignee=giver.row.user_id, due_on__range=(week, week + SUNDAY), customer__archived_at__isnull=True
    )
    found = []
    for row in rows.select_related("customer", "type").order_by("pk"):
        place = _place(row.customer.latitude, row.customer.longitude)
        trip = _trip(giver.base, place, ground) if row.type.travels else None
        minutes = row.duration_seconds / 60 + (trip or 0.0)
        found.append(Thing(row.pk, row.version, row.customer_id, place, "", 0.0, 0.0, minutes, int(trip is not None)))
    return found


def _customers_of(giver: Seat, week: dt.date, ground: Ground) -> list[Thing]:
    """What the person works on, with what its budget and what is planned for the week ask for."""
    touches: dict[int, list[Thing]] = defaultdict(list)
    for thing in _touches_of(giver, ground):
        touches[thing.customer].append(thing)
    shares = {
        customer: parts
        for customer, *parts in BudgetShare.objects.filter(membership=giver.row).values_list(
            "customer_id", "touch_minutes", "travel_minutes", "other_minutes"
        )
    }
    rows = Assignment.objects.on(week).filter(
        membership=giver.row, ends_on__isnull=True, customer__archived_at__isnull=True
    )
    found = []
    for row in rows.select_related("customer").order_by("pk"):
        touch, travel, other = (part / WEEKS_PER_MONTH for part in shares.get(row.customer_id, (0.0, 0.0, 0.0)))
        mine = touches[row.customer_id]
        place = _place(row.customer.latitude, row.customer.longitude)
        planned = sum(each.planned for each in mine) + other
        trips = sum(each.trips for each in mine)
        if touch + travel + other or planned:
            found.append(
                Thing(row.pk, row.version, row.customer_id, place, row.kind, touch + other, travel, planned, trips)
            )
    return found


def _place(latitude: float | None, longitude: float | None) -> Place | None:
    return None if latitude is None or longitude is None else (latitude, longitude)


def _key(found: Found) -> tuple[bool, tuple[int, ...]]:
    return found.touches, tuple(sorted(thing.key for thing in found.things))


def _dismissed(row: Membership) -> set[tuple[tuple[bool, tuple[int, ...]], int]]:
    """What was dismissed is not proposed again: the same things to the same colleague."""
    closed = Rebalancing.objects.filter(giver=row, state=RebalancingState.DISMISSED)
    return {
        ((touches, tuple(sorted(key for key, _version, _customer in items))), taker)
        for touches, items, taker in closed.values_list("touches", "items", "taker_id")
    }


def _write(found: Found, week: dt.date, now: dt.datetime) -> None:
    """The one open proposal of a person; the same as yesterday stays the same row."""
    giver_after, taker_after = found.after()
    Rebalancing.objects.update_or_create(
        giver=found.giver.row,
        state=RebalancingState.OPEN,
        defaults={
            "taker": found.taker.row,
            "week": week,
            "touches": found.touches,
            "items": sorted([thing.key, thing.version, thing.customer] for thing in found.things),
            "giver_before": found.giver.load,
            "giver_after": giver_after,
            "taker_before": found.taker.load,
            "taker_after": taker_after,
            "extra_minutes": sum(item.extra for item in found.items),
            "found_at": now,
        },
    )


@transaction.atomic
def accept_rebalancing(*, proposal: Rebalancing, found_at: dt.datetime, actor: User, now: dt.datetime) -> int:
    """What it is about goes to the colleague, from the week on or from today; how many. Twice is once.

    `found_at`: as it was shown. Raises RebalancingClosed, or Changed where something is not as it was found.
    """
    row = Rebalancing.objects.select_for_update(of=("self",)).select_related("giver__user", "taker__user")
    row = row.filter(pk=proposal.pk).first()
    if row is None or row.state == RebalancingState.DISMISSED:
        raise RebalancingClosed
    if row.state == RebalancingState.ACCEPTED:
        return 0
    if row.found_at != found_at:
        raise Changed
    if row.touches:
        _take_touches(row, actor, now)
    else:
        on = max(row.week, clock.day_of(now, clock.company_zone()))
        hand_over(
            actor=actor, now=now, person=row.giver.user, receiver=row.taker, on=on, with_orders=False,
            chosen={key: version for key, version, _customer in row.items},
        )  # fmt: skip
    _close(row, RebalancingState.ACCEPTED, actor, now)
    return len(row.items)


def _take_touches(row: Rebalancing, actor: User, now: dt.datetime) -> None:
    wanted = {key: version for key, version, _customer in row.items}
    rows = PlannedTouch.objects.open().editable_by(actor).filter(pk__in=wanted, assignee=row.giver.user)
    if {each.pk: each.version for each in rows} != wanted or _seen(row.taker.user, wanted) != set(wanted):
        raise Changed
    take_planned(PlannedTouch.objects.filter(pk__in=wanted).order_by("pk"), row.taker.user, actor=actor, now=now)


@transaction.atomic
def dismiss_rebalancing(*, proposal: Rebalancing, actor: User, now: dt.datetime) -> None:
    """Leave it as it is; the same is not proposed again."""
    row = Rebalancing.objects.select_for_update().filter(pk=proposal.pk).first()
    if row is None or row.state == RebalancingState.ACCEPTED:
        raise RebalancingClosed
    if row.state == RebalancingState.OPEN:
        _close(row, RebalancingState.DISMISSED, actor, now)


def _close(row: Rebalancing, state: RebalancingState, actor: User, now: dt.datetime) -> None:
    row.state, row.closed_by, row.closed_at = state, actor, now
    row.save(update_fields=["state", "closed_by", "closed_at"])
