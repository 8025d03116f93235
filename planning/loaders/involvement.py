"""What was done with customers in a window, by person and the function of their role, beside who is assigned to them."""

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from django.db.models import Q
from msgspec import Struct

from accounts.models import Cover, Membership, Role
from customers.models import Assignment, CoveredCustomer, Customer, InternalWork, Touch, TouchPerson
from planning.engine.involvement import Deed, Involvement, Seat, involvement
from territory import clock
from territory.rows import among, on_day

# The deeds of so many customers are read at once, to hold memory.
CUSTOMERS_AT_ONCE = 2000


class Window(Struct, frozen=True):
    """The days from first to last, both counted, up to an instant at most."""

    first: dt.date
    last: dt.date
    until: dt.datetime

    @classmethod
    def of(cls, first: dt.date, last: dt.date, now: dt.datetime) -> "Window":
        """What is dated later than `now` has not happened."""
        return cls(first, last, min(clock.end_of_day(last, clock.company_zone()), now + clock.ONE_TICK))

    @property
    def since(self) -> dt.datetime:
        return clock.start_of_day(self.first, clock.company_zone())


class Found(Struct, frozen=True):
    """A customer with who is assigned to it on the last day and what was done."""

    customer: int
    seats: Sequence[Seat]
    done: Involvement

    @property
    def owner(self) -> Seat | None:
        """Whose customer it is."""
        return next((seat for seat in self.seats if seat.kind != "support"), None)


def load_involvement(window: Window, customers: Collection[int] | None = None) -> Iterator[Found]:
    """Live customers (all, or of these keys) with something done or somebody assigned; 6 queries for each 2,000."""
    rows = Customer.objects.live().order_by("pk")
    if customers is not None:
        rows = rows.filter(among("pk", customers))
    keys = list(rows.values_list("pk", flat=True))
    functions, covers, seated = dict(Role.objects.values_list("pk", "function")), _Covers(window), _seated(window.last)
    for start in range(0, len(keys), CUSTOMERS_AT_ONCE):
        chunk = keys[start : start + CUSTOMERS_AT_ONCE]
        seats, deeds = _seats(chunk, window.last), _deeds(chunk, window, functions, covers, seated)
        for pk in chunk:
            if pk in seats or pk in deeds:
                yield Found(pk, seats.get(pk, []), involvement(seats.get(pk, []), deeds.get(pk, [])))


def _seated(on: dt.date) -> dict[int, int]:
    """The role of who had none written with what they did: that of their earliest membership of the day."""
    rows = Membership.objects.filter(on_day(on)).order_by("-starts_on", "-pk")
    return dict(rows.values_list("user_id", "role_id"))


def _seats(customers: Collection[int], on: dt.date) -> dict[int, list[Seat]]:
    rows = Assignment.objects.on(on).filter(among("customer_id", customers)).order_by("pk")
    fields = ("customer_id", "pk", "membership__user_id", "kind", "membership__profile", "starts_on")
    found: dict[int, list[Seat]] = defaultdict(list)
    for customer, *row in rows.values_list(*fields):
        found[customer].append(Seat(*row))
    return found


def _deeds(
    customers: Collection[int],
    window: Window,
    functions: Mapping[int, str],
    covers: "_Covers",
    seated: Mapping[int, int],
) -> dict[int, list[Deed]]:
    zone = clock.company_zone()
    found: dict[int, list[Deed]] = defaultdict(list)

    def function(user: int, role: int | None) -> str | None:
        return functions.get(role if role is not None else seated.get(user, 0))

    touches = Q(at__gte=window.since, at__lt=window.until, archived_at__isnull=True)
    for customer, user, role, at, seconds, is_implausible, outreach in _took_part(customers, window):
        day = _day(at, zone)
        taken = 0 if is_implausible else seconds
        stood_in = covers.of(user, customer, day)
        found[customer].append(Deed(user, function(user, role), day, taken, outreach is None, stood_in))
    unknown = Touch.objects.filter(touches, among("customer_id", customers), people__isnull=True).order_by()
    for customer, at, seconds, is_implausible in unknown.values_list(
        "customer_id", "at", "duration_seconds", "is_implausible"
    ):
        found[customer].append(Deed(None, None, _day(at, zone), 0 if is_implausible else seconds, is_contact=False))
    work = InternalWork.objects.live().filter(
        among("customer_id", customers), spent_on__range=(window.first, window.last)
    )
    for customer, user, role, day, seconds in work.order_by().values_list(
        "customer_id", "user_id", "role_id", "spent_on", "duration_seconds"
    ):
        found[customer].append(Deed(user, function(user, role), day, seconds, is_contact=False))
    return found


def _took_part(customers: Collection[int], window: Window) -> Iterator[tuple]:
    rows = TouchPerson.objects.filter(
        among("touch__customer_id", customers),
        touch__at__gte=window.since,
        touch__at__lt=window.until,
        touch__archived_at__isnull=True,
    )
    fields = ("touch__customer_id", "user_id", "role_id", "touch__at", "duration_seconds")
    return rows.order_by().values_list(*fields, "touch__is_implausible", "touch__outreach").iterator(chunk_size=5000)


def _day(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.date:
    return at.astimezone(zone).date()


class _Covers:
    """Who stood in for whom on the days of a window, on which customers."""

    def __init__(self, window: Window) -> None:
        chosen: dict[int, set[int]] = defaultdict(set)
        rows = Cover.objects.between(window.first, window.last)
        for cover, customer in CoveredCustomer.objects.filter(cover__in=rows.order_by().values("pk")).values_list(
            "cover_id", "customer_id"
        ):
            chosen[cover].add(customer)
        self.by_person: dict[int, list[tuple[dt.date, dt.date, int, set[int] | None]]] = defaultdict(list)
        fields = ("pk", "membership__user_id", "user_id", "starts_on", "ends_on", "covers_all")
        for pk, who, whom, first, last, covers_all in rows.values_list(*fields):
            self.by_person[who].append((first, last, whom, None if covers_all else chosen[pk]))

    def of(self, user: int, customer: int, day: dt.date) -> frozenset[int]:
        """For whom the person stood in there that day."""
        rows = self.by_person.get(user)
        if not rows:
            return frozenset()
        return frozenset(
            whom
            for first, last, whom, customers in rows
            if first <= day <= last and (customers is None or customer in customers)
        )
