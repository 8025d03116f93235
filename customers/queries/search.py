"""Finding customers, contacts, orders and people by a few letters, among what the reader may see."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Case, QuerySet, Value, When

from accounts.models import User
from accounts.permissions import Act, Area, may, people_within
from customers.models import Contact, Customer, Order, Touch
from customers.queries.directory import Card, card_keys, cards
from territory.folding import fold
from territory.rows import matching

# How many of the person's latest touches say which customers are recent.
LATEST_TOUCHES = 60


def recent_customers(user, limit: int = 8, within: QuerySet[Customer] | None = None) -> list[Customer]:
    """The customers the person logged touches with last, newest first, then others of their own."""
    customers = (within if within is not None else Customer.objects.visible_to(user)).live().select_related("tier")
    latest = Touch.objects.live().filter(logged_by=user).order_by("-at").values_list("customer_id", flat=True)
    ids = list(dict.fromkeys(latest[:LATEST_TOUCHES]))
    known = customers.in_bulk(ids[: limit * 2])
    found = [known[pk] for pk in ids if pk in known][:limit]
    if len(found) < limit:
        others = customers.exclude(pk__in=[row.pk for row in found]).order_by("search_text", "pk")
        found += list(others[: limit - len(found)])
    return found


def customers_matching(user, words: str, limit: int = 20, within: QuerySet[Customer] | None = None) -> list[Customer]:
    """Live customers that hold every word, those whose name begins so first."""
    customers = (
        (within if within is not None else Customer.objects.visible_to(user)).live().select_related("tier", "team")
    )
    return list(_best_first(matching(customers, words), words)[:limit])


def _best_first(rows: QuerySet, words: str) -> QuerySet:
    begins = Case(When(search_text__startswith=fold(words), then=Value(0)), default=Value(1))
    return rows.order_by(begins, "search_text", "pk")


@dataclass(frozen=True)
class Found:
    """What was found, by kind; the recent customers where nothing was asked."""

    customers: list[Customer]
    contacts: list[Contact]
    orders: list[Order]
    people: list[User]
    open_people: set[int]  # those whose page the reader may open
    cards: list[Card] = field(default_factory=list)  # of the directory

    def __bool__(self) -> bool:
        return bool(self.customers or self.contacts or self.orders or self.people or self.cards)


def search(user, words: str, limit: int = 10) -> Found:
    """Up to `limit` of each kind; customers the person was with lately come first. Archived ones are left out."""
    if not fold(words):
        return Found(recent_customers(user, limit), [], [], [], set())
    contacts = Contact.objects.live().visible_to(user).filter(customer__archived_at__isnull=True)
    orders = Order.objects.live().visible_to(user).filter(customer__archived_at__isnull=True)
    people = people_within(user, Area.NAMES, Act.SEE).filter(is_active=True)
    known = _people(people, words, limit)
    return Found(
        customers=_recent_first(user, customers_matching(user, words, limit)),
        contacts=list(_best_first(matching(contacts, words), words).select_related("customer", "role")[:limit]),
        orders=list(matching(orders, words).select_related("customer").order_by("-pk")[:limit]),
        people=known,
        open_people=_open_people(user, known),
        cards=cards(user, card_keys(user, words)[:limit]) if may(user, Area.DIRECTORY, Act.SEE) else [],
    )


def _recent_first(user, customers: list[Customer]) -> list[Customer]:
    latest = Touch.objects.live().filter(logged_by=user).order_by("-at").values_list("customer_id", flat=True)
    rank = {pk: place for place, pk in reversed(list(enumerate(latest[:LATEST_TOUCHES])))}
    return sorted(customers, key=lambda row: rank.get(row.pk, LATEST_TOUCHES))


def _open_people(user, people: list[User]) -> set[int]:
    if not people:
        return set()
    within = people_within(user, Area.PEOPLE, Act.SEE).filter(pk__in=[person.pk for person in people])
    return set(within.values_list("pk", flat=True))


def _people(people: QuerySet[User], words: str, limit: int) -> list[User]:
    """People by name alone: their folded text also holds the e-mail address, which not all may see."""
    wanted = fold(words).split()
    rows = matching(people, words)[: limit * 5]
    return [row for row in rows if all(word in fold(row.name) for word in wanted)][:limit]
