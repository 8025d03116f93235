"""Who else took part in touches of the demo: managers in sales that were hard to win, colleagues where one was to be alone."""

import datetime as dt
import random

from customers.models import Order, Touch, TouchPerson
from planning.demo.book import Account
from planning.demo.company import Person, create_senior_manager

# Parts of won, lost and pending orders in which the manager took part, and the senior manager in those of so much at least.
JOINED = {"won": 0.08, "lost": 0.25, "pending": 0.2}
SENIOR_JOINED, SENIOR_FROM = {"won": 0.06, "lost": 0.2, "pending": 0.15}, 2_500
MOST_TOUCHES = 3
# Of the customers with a sole contact so many were touched by a colleague lately.
TOUCHED_BY_OTHERS, LATELY = 5, dt.timedelta(days=80)


def join_in(rng: random.Random, book: list[Account], people: dict[str, Person], now: dt.datetime) -> None:
    """Adds people to touches that were made; nothing else changes."""
    parts = [
        *_manager(rng, people["Ruth Carrow"], JOINED),
        *_colleagues(book, people, now),
        *_manager(rng, create_senior_manager(people), SENIOR_JOINED, SENIOR_FROM),
    ]
    TouchPerson.objects.bulk_create(parts, ignore_conflicts=True)


def _manager(rng: random.Random, manager: Person, joined: dict[str, float], amount_from: int = 0) -> list[TouchPerson]:
    parts = []
    orders = Order.objects.filter(opened_at__isnull=False, amount__gte=amount_from).order_by("pk")
    for order in orders.only("customer", "status", "opened_at", "closed_at"):
        if rng.random() >= joined[order.status]:
            continue
        touches = Touch.objects.filter(customer=order.customer_id, at__gte=order.opened_at).exclude(
            type__channel="marketing"
        )
        if order.closed_at:
            touches = touches.filter(at__lt=order.closed_at)
        parts += [_part(touch, manager) for touch in touches.order_by("at", "pk")[: rng.randint(1, MOST_TOUCHES)]]
    return parts


def _colleagues(book: list[Account], people: dict[str, Person], now: dt.datetime) -> list[TouchPerson]:
    parts: list[TouchPerson] = []
    touched = 0
    for account in book:
        if len(account.people) > 1 or touched == TOUCHED_BY_OTHERS:
            continue
        touches = Touch.objects.filter(customer=account.customer, at__gte=now - LATELY).order_by("at", "pk")
        team = account.owner.membership.team_id
        others = [each for each in people.values() if each.membership.team_id == team and each is not account.owner]
        found = list(touches[:2])
        if found and others:
            touched += 1
            parts += [_part(touch, other) for touch, other in zip(found, others, strict=False)]
    return parts


def _part(touch: Touch, person: Person) -> TouchPerson:
    return TouchPerson(
        touch=touch,
        user=person.user,
        role=person.membership.role,
        duration_seconds=touch.duration_seconds,
    )
