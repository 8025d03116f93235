"""The map of customers: where those of the list are, whose, of which tier and how late; and the card of some of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, DateField, F, Max, Min, QuerySet, Value, When
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area
from customers.models import Assignment, Customer, Tier, TouchType
from customers.queries.listing import CustomerListing
from customers.scope import customers_within
from territory import clock

# How they can be marked: `due` by what is due next.
BY = ("tier", "person", "due")
# So many points a browser still moves without a stutter, and so many a card names.
MOST_POINTS, MOST_ON_CARD = 25_000, 20
SOON = dt.timedelta(days=7)
# What a point says of its next due touch: not known or nothing due, later, within a week, overdue.
UNKNOWN, LATER, DUE_SOON, OVERDUE = range(4)
# About 11 metres.
STEPS = 10_000
# More points than this come at first as near as a map of a whole country shows them, to a kilometre, and without their keys.
FEW, COARSE_STEPS = 5_000, 100

Frame = tuple[float, float, float, float]


class Extent(Struct, frozen=True):
    """How many customers the list holds, how many of them have a place, and the frame around these: south, west, north, east."""

    count: int
    placed: int
    frame: Frame | None

    @property
    def lost(self) -> int:
        """Those without a place."""
        return self.count - self.placed


def extent(listing: CustomerListing) -> Extent:
    """One question."""
    found = listing.matches.order_by().aggregate(
        Count("pk"), Count("latitude"), Min("latitude"), Min("longitude"), Max("latitude"), Max("longitude")
    )
    south, west = found["latitude__min"], found["longitude__min"]
    north, east = found["latitude__max"], found["longitude__max"]
    frame = None if south is None else (south, west, north, east)
    return Extent(found["pk__count"], found["latitude__count"], frame)


def points(listing: CustomerListing, by: str, frame: Frame | None = None) -> dict[str, Any]:
    """The customers with a place as columns, in as few letters as may be; three questions. Within a frame, where one is named.

    `lat` and `lng` hold the step from the customer before, in parts of a degree of which `steps` says how many it has; so does
    `pk`. `tier` is the place of the tier in the order of tiers, counted from 0, -1 for none; `who` that of the owner in
    `people`, -1 for nobody; `due` one of UNKNOWN to OVERDUE, as far as the reader's reach over budgets goes. `more` says that
    some were left out. Of more than a FEW there are no keys, and only the column by which they are marked; of a frame all.
    """
    user = listing.user
    placed = listing.matches.filter(latitude__isnull=False).order_by("pk")
    if frame is not None:
        south, west, north, east = frame
        placed = placed.filter(latitude__range=(south, north), longitude__range=(west, east))
    due = Case(
        When(customers_within(user, Area.BUDGETS, Act.SEE), then=F("figures__next_due_on")),
        default=Value(None),
        output_field=DateField(),
    )
    rows = list(placed.values_list("pk", "latitude", "longitude", "tier_id", due)[: MOST_POINTS + 1])
    more, rows = len(rows) > MOST_POINTS, rows[:MOST_POINTS]
    is_coarse = frame is None and len(rows) > FEW
    steps = COARSE_STEPS if is_coarse else STEPS
    if is_coarse:
        rows.sort(key=lambda row: (round(row[1] * steps), round(row[2] * steps)))
    return {
        "steps": steps,
        "pk": [] if is_coarse else _steps(pk for pk, *_rest in rows),
        "lat": _steps(round(row[1] * steps) for row in rows),
        "lng": _steps(round(row[2] * steps) for row in rows),
        "more": more,
        **_marks(user, placed, rows, (by,) if is_coarse else BY),
    }


def _marks(user: User, placed: QuerySet[Customer], rows: Sequence[tuple], by: Collection[str]) -> dict[str, list]:
    """The columns of these marks."""
    found: dict[str, list] = {}
    if "tier" in by:
        tiers = {pk: place for place, pk in enumerate(Tier.objects.order_by("position").values_list("pk", flat=True))}
        found["tier"] = [tiers.get(row[3], -1) for row in rows]
    if "person" in by:
        owners = _owners(placed)
        people = Counter(owner for pk, *_rest in rows if (owner := owners.get(pk)) is not None)
        place_of = {person: place for place, (person, _count) in enumerate(people.most_common())}
        found["who"] = [place_of.get(owners.get(row[0]), -1) for row in rows]
        found["people"] = [name for _pk, name in place_of]
    if "due" in by:
        today = clock.today(user)
        found["due"] = [_due(row[4], today) for row in rows]
    return found


def _owners(customers: QuerySet[Customer]) -> dict[int, tuple[int, str]]:
    """Who owns each of them today: key and name."""
    owners = (
        Assignment.objects.owners().on(clock.company_today()).filter(customer__in=customers.order_by().values("pk"))
    )
    rows = owners.order_by().values_list("customer_id", "membership__user_id", "membership__user__name")
    return {customer: (person, name) for customer, person, name in rows}


def _steps(numbers: Iterable[int]) -> list[int]:
    before, steps = 0, []
    for number in numbers:
        steps.append(number - before)
        before = number
    return steps


def _due(on: dt.date | None, today: dt.date) -> int:
    if on is None:
        return UNKNOWN
    if on < today:
        return OVERDUE
    return DUE_SOON if on - today <= SOON else LATER


class Card(Struct, frozen=True, dict=True):
    """A customer pressed on the map; what is due is None where it is not known or not the reader's to see."""

    customer: Customer
    owner: str
    due_on: dt.date | None
    due_type: TouchType | None
    today: dt.date

    @cached_property
    def days_late(self) -> int:
        return (self.today - self.due_on).days if self.due_on else 0


def cards(user: User, pks: Sequence[int]) -> list[Card]:
    """Those of these customers that the reader may see, by name; three questions."""
    due = Case(When(customers_within(user, Area.BUDGETS, Act.SEE), then=F("figures__next_due_on")), default=Value(None))
    kind = Case(
        When(customers_within(user, Area.BUDGETS, Act.SEE), then=F("figures__next_due_type")), default=Value(None)
    )
    seen = Customer.objects.visible_to(user).filter(pk__in=pks[:MOST_ON_CARD])
    rows = list(seen.select_related("tier").annotate(due_on=due, due_type=kind).order_by("search_text", "pk"))
    owners = _owners(seen)
    types = TouchType.objects.in_bulk({row.due_type for row in rows} - {None})
    today = clock.today(user)
    return [Card(row, owners.get(row.pk, (0, ""))[1], row.due_on, types.get(row.due_type), today) for row in rows]
