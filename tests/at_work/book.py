"""The team at work: who they are and what they start with. Keys only, so that it can be handed to another process."""

import datetime as dt
import random
from dataclasses import dataclass, field

from accounts.models import User
from customers.actions.lifecycle import rebuild_all_lifecycles
from customers.models import Potential, TouchType
from planning.actions.recompute import recompute_all
from planning.actions.starting_rules import create_starting_rules
from territory import clock
from tests import factories


@dataclass(frozen=True)
class Book:
    """Primary keys. `seats` are the salespeople's memberships, in the order of `reps`."""

    reps: list[int]
    seats: list[int]
    coordinator: int
    manager: int
    admins: list[int]
    types: dict[str, int]
    customers: list[int] = field(default_factory=list)
    contacts: list[int] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)
    touches: list[int] = field(default_factory=list)


def made(*, reps: int, customers: int, touches: int) -> Book:
    """`customers` of each salesperson, each with a contact, a pending and some with a won order, something planned, and
    `touches` of the past; figures are computed.
    """
    now, rng = clock.now(), random.Random(1)
    factories.company()
    create_starting_rules(now=now, on=now.date() - dt.timedelta(days=400))
    region = factories.team("South West")
    team = factories.team("Exeter", region)
    seats = [factories.membership(factories.person(f"Rep {number}"), team) for number in range(reps)]
    coordinator = factories.membership(
        factories.person("Coordinator"), team, "Sales coordinator", profile="support"
    ).user
    manager = factories.membership(factories.person("Manager"), region, "Sales manager").user
    admins = [factories.membership(factories.person(f"Admin {n}"), region, "Administrator").user for n in range(2)]
    types = {row.name: row.pk for row in TouchType.objects.all()}
    book = Book(
        [seat.user_id for seat in seats], [seat.pk for seat in seats], coordinator.pk, manager.pk,
        [admin.pk for admin in admins], types,
    )  # fmt: skip
    voice = TouchType.objects.get(name="Voice call")
    for seat in seats:
        for number in range(customers):
            _customer(book, seat, f"Customer {seat.pk}-{number}", voice, touches, now, rng)
    rebuild_all_lifecycles(now=now)
    recompute_all(now=now)
    return book


def _customer(
    book: Book, seat, name: str, voice: TouchType, touches: int, now: dt.datetime, rng: random.Random
) -> None:
    row = factories.customer(
        name, owner=seat, external_id=name, since=now.date() - dt.timedelta(days=300), latitude=50 + rng.random(),
        longitude=-3 - rng.random(), note="",
    )  # fmt: skip
    Potential.objects.create(customer=row, amount=rng.choice([2_000, 9_000, 20_000, 90_000]))
    contact = factories.contact(row, f"Contact of {name}", external_id=f"K{name}", role=_contact_role(rng))
    if rng.random() < 0.5:
        closed = now - dt.timedelta(days=rng.randint(10, 300))
        factories.order(row, rng.choice([900, 6_000, 30_000]), "won", closed, seat.user)
    order = factories.order(row, 500, salesperson=seat.user, title=f"Order of {name}")
    factories.planned_touch(row, seat.user, type=voice, planned_at=now - dt.timedelta(days=3))
    made = [
        factories.touch(row, seat.user, now - dt.timedelta(days=rng.randint(1, 90)), rng.randint(5, 40), type=voice)
        for _ in range(touches)
    ]
    book.customers.append(row.pk)
    book.contacts.append(contact.pk)
    book.orders.append(order.pk)
    book.touches.extend(touch.pk for touch in made)


def _contact_role(rng: random.Random):
    return factories.contact_role(rng.choice(["Senior officer", "Technical", "Buyer"]))


def user(pk: int) -> User:
    return User.objects.get(pk=pk)
