"""Finding customers, contacts, orders and people by a few letters, among what the reader may see."""

from __future__ import annotations

from django.db.models import BooleanField, Q, QuerySet, Value
from msgspec import Struct, field

from accounts.models import User
from accounts.permissions import Act, Area, may, may_all, people_within
from customers.models import Contact, Customer, Order, Touch
from customers.queries.directory import Card, cards_found, first_card_keys
from customers.scope import customers_within, yes
from territory.folding import fold
from territory.rows import best_first, matching
from territory.together import Asking, prepared

# How many of the person's latest touches say which customers are recent.
LATEST_TOUCHES = 60
# How many are looked at beyond those: at least as many as anybody asks for.
FIRST_BY_NAME = 20


def recent_customers(user, limit: int = 8, within: QuerySet[Customer] | Q | None = None) -> Asking[list[Customer]]:
    """The customers the person logged touches with last, newest first, then others of their own.

    `within`: among which, those they see unless it is said. Of a condition the question is put into words once for everybody.
    """
    customers = customers_within(user, Area.CUSTOMERS, Act.SEE) if within is None else within
    named, by_name = (_named, _by_name) if isinstance(customers, QuerySet) else (_named_kept, _by_name_kept)
    (latest,) = yield [_latest(user.pk)]
    ids = list(dict.fromkeys(latest))[: 2 * limit]
    # Few need others: to find these, all customers within reach are put in order.
    recent, *others = yield [named(customers, frozenset(ids)), *([by_name(customers)] if len(ids) < limit else [])]
    known = {row.pk: row for row in recent}
    found = [known[pk] for pk in ids if pk in known][:limit]
    if len(found) < limit and not others:
        others = yield [by_name(customers)]
    return (found + [row for rows in others for row in rows if row not in found])[:limit]


def _named(customers: QuerySet[Customer] | Q, pks: frozenset[int]) -> QuerySet[Customer]:
    return _live_within(customers).filter(pk__in=pks)


def _by_name(customers: QuerySet[Customer] | Q) -> QuerySet[Customer]:
    return _live_within(customers).order_by("search_text", "pk")[:FIRST_BY_NAME]


_named_kept, _by_name_kept = prepared(_named), prepared(_by_name)


def _live_within(customers: QuerySet[Customer] | Q) -> QuerySet[Customer]:
    rows = customers if isinstance(customers, QuerySet) else Customer.objects.filter(customers)
    return rows.live().select_related("tier")


@prepared
def _latest(person: int) -> QuerySet:
    """The customers of the person's latest touches, newest first."""
    mine = Touch.objects.live().filter(logged_by=person).order_by("-at")
    return mine.values_list("customer", flat=True)[:LATEST_TOUCHES]


def customers_matching(
    user, words: str, limit: int = 20, within: QuerySet[Customer] | None = None
) -> QuerySet[Customer]:
    """Live customers that hold every word, those whose name begins so first."""
    customers = (within if within is not None else Customer.objects.visible_to(user)).live().select_related("tier")
    return best_first(matching(customers, words), words)[:limit]


class Found(Struct, frozen=True):
    """What was found, by kind; the recent customers where nothing was asked."""

    customers: list[Customer]
    contacts: list[Contact]
    orders: list[Order]
    people: list[User]
    open_people: set[int]  # those whose page the reader may open
    cards: list[Card] = field(default_factory=list)  # of the directory

    def __bool__(self) -> bool:
        return bool(self.customers or self.contacts or self.orders or self.people or self.cards)


def search(user, words: str, limit: int = 10) -> Asking[Found]:
    """Up to `limit` of each kind; customers the person was with lately come first. Archived ones are left out."""
    if not fold(words):
        recent = yield from recent_customers(user, limit)
        return Found(recent, [], [], [], set())
    contacts = Contact.objects.live().visible_to(user).filter(customer__archived_at__isnull=True)
    orders = Order.objects.live().visible_to(user).filter(customer__archived_at__isnull=True)
    latest, customers, contacts, orders, people = yield [
        _latest(user.pk),
        customers_matching(user, words, limit),
        best_first(matching(contacts, words), words).select_related("customer", "role")[:limit],
        matching(orders, words).select_related("customer").order_by("-pk")[:limit],
        matching(_people(user), words)[: limit * 5],
    ]
    known = [row for row in people if all(word in fold(row.name) for word in fold(words).split())][:limit]
    # The directory may hold many: which of its cards are found is asked alone.
    found_cards = first_card_keys(user, words, limit) if may(user, Area.DIRECTORY, Act.SEE) else []
    return Found(
        customers=_recent_first(latest, customers),
        contacts=contacts,
        orders=orders,
        people=known,
        open_people={row.pk for row in known if row.page_seen},
        cards=(yield from cards_found(found_cards)),
    )


def _recent_first(latest: list[int], customers: list[Customer]) -> list[Customer]:
    rank = {pk: place for place, pk in reversed(list(enumerate(latest)))}
    return sorted(customers, key=lambda row: rank.get(row.pk, LATEST_TOUCHES))


def _people(user) -> QuerySet[User]:
    """Active people whose names the reader may see, each saying whether their page is open to the reader.

    Names are compared afterwards: the folded text also holds the e-mail address, which not all may see.
    """
    opened = people_within(user, Area.PEOPLE, Act.SEE).order_by()
    page_seen = (
        Value(True, BooleanField()) if may_all(user, Area.PEOPLE, Act.SEE) else yes(Q(pk__in=opened.values("pk")))
    )
    return people_within(user, Area.NAMES, Act.SEE).filter(is_active=True).annotate(page_seen=page_seen)
