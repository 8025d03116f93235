"""What a division of a team's customers is computed from: people with base and capacity, customers with place and work."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import DecimalField, F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from msgspec import Struct, field

from accounts.models import JobProfile, Membership, Role, Team, User
from customers.models import Assignment, Order, OrderStatus, Potential
from planning.loaders.journeys import Place, journeys_between, roads_print, roads_questions
from planning.models import BudgetShare
from territory.together import together

if TYPE_CHECKING:
    import numpy as np

# A customer is driven to at least so often a month, as far as short ways count: who needs no visits is near all the same.
FEWEST_TRIPS = 1 / 12


class Seat(Struct, frozen=True):
    """Somebody among whom customers are divided: the membership, where they travel from, hours a week for customers."""

    membership: int
    user: int
    base: Place | None
    hours: float


class Held(Struct, frozen=True):
    """A customer of one of them: the assignment as it is, the place, and what it asks for.

    `minutes` a month without, `travel` with the way there; amounts a year.
    """

    customer: int
    assignment: int
    version: int
    membership: int
    place: Place | None
    tier: int | None
    potential: float
    value: float
    minutes: float = 0.0
    travel: float = 0.0
    is_selling: bool = False


class Facts(Struct, frozen=True):
    """People and their customers; `roads`: what tells whether journeys are still as they were."""

    seats: list[Seat]
    held: list[Held]
    roads: list[list[str]] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """The same as long as nothing changed of what a division is computed from; minutes and money to the whole."""
        people = [[row.membership, row.base, row.hours] for row in self.seats]
        customers = [
            [
                row.customer, row.assignment, row.version, row.place, row.tier, round(row.potential), round(row.value),
                round(row.minutes), round(row.travel), row.is_selling,
            ]
            for row in self.held
        ]  # fmt: skip
        rows: list[Any] = [people, customers, self.roads]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def load_alignment(team: Team, role: Role, actor: User, today: dt.date) -> Facts:
    """The people of a team and those below it in a role who may own customers, and what they own that the actor may
    change, in two statements. Customers of whom it is settled that they go to somebody else later are left out."""
    members = (
        Membership.objects.on(today)
        .filter(team__path__startswith=team.path, role=role, user__is_active=True, profile__in=OWNING)
        .select_related("user")
        .order_by("user__name", "pk")
    )
    seats = [
        Seat(row.pk, row.user_id, _place(row.user.base_latitude, row.user.base_longitude), _hours(row))
        for row in members
    ]
    seats = [row for row in seats if row.hours > 0]
    if not seats:
        return Facts([], [])
    return Facts(seats, *_held([row.membership for row in seats], actor, today))


OWNING = (JobProfile.SOLE, JobProfile.LEAD)
AMOUNT: DecimalField = DecimalField(max_digits=14, decimal_places=2)


def _hours(row: Membership) -> float:
    return float(row.weekly_hours * row.selling_share)


def _place(latitude: float | None, longitude: float | None) -> Place | None:
    return None if latitude is None or longitude is None else (latitude, longitude)


def _held(memberships: Sequence[int], actor: User, today: dt.date) -> tuple[list[Held], list[list[str]]]:
    """What they own, and the roads there."""
    latest = Potential.objects.filter(customer=OuterRef("customer")).exclude(noted_on__gt=today)
    latest = latest.order_by(F("noted_on").desc(nulls_last=True), "-pk").values("amount")[:1]
    owned = (
        Assignment.objects.on(today)
        .owners()
        .visible_to(actor)
        .editable_by(actor)
        .filter(membership__in=memberships, ends_on__isnull=True, customer__archived_at__isnull=True)
        .order_by("customer_id")
    )
    wanted = (
        owned.annotate(potential=Coalesce(Subquery(latest), 0, output_field=AMOUNT)).values_list(
            "customer_id", "pk", "version", "membership_id", "customer__latitude", "customer__longitude",
            "customer__tier_id", "potential", "customer__yearly_value",
        )
    )  # fmt: skip
    shares = BudgetShare.objects.filter(membership__in=memberships).order_by("customer_id", "membership_id")
    sums = shares.values_list("customer_id", "membership_id").annotate(
        stays=Sum(F("touch_minutes") + F("other_minutes")), goes=Sum("travel_minutes")
    )
    pending = Order.objects.live().filter(status=OrderStatus.PENDING, customer__in=owned.order_by().values("customer"))
    rows, minutes, orders, *roads = together(
        wanted, sums, pending.order_by("pk").values_list("customer_id"), *roads_questions()
    )
    work = {(customer, member): parts for customer, member, *parts in minutes}
    selling = {customer for (customer,) in orders}
    held = [
        Held(
            customer, assignment, version, member, _place(latitude, longitude), tier, float(potential), float(value),
            *work.get((customer, member), (0.0, 0.0)), is_selling=customer in selling,
        )
        for customer, assignment, version, member, latitude, longitude, tier, potential, value in rows
    ]  # fmt: skip
    return held, roads_print(roads)


class Ways(Struct, frozen=True):
    """Kilometres a month and travel minutes a month of each customer (row) for each person (column); 0 where unknown.

    `known`: whether both places are. `source`: who says so.
    """

    km: np.ndarray
    minutes: np.ndarray
    known: np.ndarray
    source: str


def load_ways(facts: Facts) -> Ways:
    """From everyone's base, or where they have none from the middle of their customers, to every customer and back."""
    import numpy as np

    people, customers = len(facts.seats), len(facts.held)
    bases = bases_of(facts)
    placed = [number for number, row in enumerate(facts.held) if row.place is not None]
    seated = [number for number, base in enumerate(bases) if base is not None]
    km, minutes = np.zeros((customers, people)), np.zeros((customers, people))
    known = np.zeros((customers, people), dtype=bool)
    if not placed or not seated:
        return Ways(km, minutes, known, "")
    found = journeys_between([bases[number] for number in seated], [facts.held[number].place for number in placed])
    where = np.ix_(placed, seated)
    known[where] = True
    there_and_back = 2 * np.asarray(found.seconds, dtype=float).T / 60
    trips = _trips(facts, placed, seated, there_and_back)
    minutes[where] = there_and_back * trips[:, None]
    km[where] = 2 * np.asarray(found.metres, dtype=float).T / 1000 * np.maximum(trips, FEWEST_TRIPS)[:, None]
    return Ways(km, minutes, known, found.source)


def _trips(facts: Facts, placed: list[int], seated: list[int], there_and_back: np.ndarray) -> np.ndarray:
    """How often a month each placed customer is driven to: travel minutes of who has it over what one way there and back takes."""
    import numpy as np

    column = {facts.seats[number].membership: at for at, number in enumerate(seated)}
    found = np.zeros(len(placed))
    for at, number in enumerate(placed):
        row = facts.held[number]
        trip = there_and_back[at, column[row.membership]] if row.membership in column else 0.0
        found[at] = row.travel / trip if trip > 0 else 0.0
    return found


def bases_of(facts: Facts) -> list[Place | None]:
    """Where everyone travels from: their base, else the middle of their customers, else nowhere."""
    found = []
    for seat in facts.seats:
        theirs = [row.place for row in facts.held if row.membership == seat.membership and row.place is not None]
        middle = tuple(sum(each) / len(theirs) for each in zip(*theirs, strict=True)) if theirs else None
        found.append(seat.base or middle)
    return found
