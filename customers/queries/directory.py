"""The directory: cards of customers that are not the reader's, so that nobody calls twice.

A card holds a name, a town, the owner and the day and type of the last touch. Nothing else is read of such a customer, and
it is searched by name and town alone: what else it is found by would be told by whether it is found.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import OuterRef, QuerySet, Subquery
from msgspec import Struct

from customers.models import Assignment, Customer, Touch
from customers.scope import in_directory
from territory import clock
from territory.folding import fold, holds_loosely
from territory.rows import best_first, matching, resembling
from territory.together import Asking, answer, prepared

FACTS = ("pk", "name", "town", "owner", "last_at", "last_type")


class Card(Struct, frozen=True):
    """What the directory tells of a customer."""

    pk: int
    name: str
    town: str
    owner: str | None
    last_at: object | None
    last_type: str | None


def card_keys(user, words: str = "") -> list[int]:
    """Keys of all cards that hold every word in name or town, by name: those that begin so first."""
    if not words:
        return list(_customers(user).order_by("search_text", "pk").values_list("pk", flat=True))
    return _holding(words, _found(user, words))


def first_card_keys(user, words: str, limit: int) -> list[int]:
    """The first of them: of the thousands that a few letters find, few are read, and all only where few of these hold the words."""
    rows = _found(user, words)
    tried = list(rows[: 4 * limit])
    keys = _holding(words, tried)
    if len(keys) < limit and len(tried) == 4 * limit:
        keys = _holding(words, rows)
    return keys[:limit]


def _found(user, words: str) -> QuerySet:
    """Cards whose folded text holds every word: key, name, town."""
    return best_first(matching(_customers(user), words), words).values_list("pk", "name", "town")


def _holding(words: str, rows: Iterable[tuple[int, str, str]]) -> list[int]:
    """Those that hold them in name or town: the folded text holds a telephone number, too."""
    wanted = fold(words).split()[:8]
    return [pk for pk, name, town in rows if all(word in fold(name, town) for word in wanted)]


def cards_found(keys: list[int]) -> Asking[list[Card]]:
    """Cards that were just found for a reader (`card_keys`), in the order of the keys.

    Whether the reader may have them is not asked again: that takes as long as to find them.
    """
    if not keys:
        return []
    (found,) = yield [_facts(frozenset(keys), clock.company_today(), clock.now())]
    rows = {row["pk"]: Card(**row) for row in found}
    return [rows[pk] for pk in keys if pk in rows]


def card(user, pk: int) -> Card | None:
    """One card; None where there is none for this reader."""
    rows = _with_facts(_customers(user).filter(pk=pk), clock.company_today(), clock.now())
    return next((Card(**row) for row in rows), None)


def cards_named(user, words: Sequence[str], limit: int) -> list[Card]:
    """Cards whose name holds these folded words, however umlauts were typed, those that begin so first. By name alone: nobody finds out a
    telephone number by trying.
    """
    if not words:
        return []
    rows = _customers(user).filter(resembling(words)).order_by("search_text", "pk").values_list("pk", "name")
    found = [
        (not fold(name).startswith(words[0]), place, pk)
        for place, (pk, name) in enumerate(rows)
        if holds_loosely(name, words)
    ]
    return answer(cards_found([pk for _later, _place, pk in sorted(found)[:limit]]))


def _customers(user) -> QuerySet[Customer]:
    return Customer.objects.live().filter(in_directory(user))


@prepared
def _facts(keys: frozenset[int], today: dt.date, now: dt.datetime) -> QuerySet:
    return _with_facts(Customer.objects.live().filter(pk__in=keys), today, now)


def _with_facts(rows: QuerySet[Customer], today: dt.date, now: dt.datetime) -> QuerySet:
    owners = Assignment.objects.on(today).filter(customer=OuterRef("pk")).exclude(kind="support")
    touches = Touch.objects.live().filter(customer=OuterRef("pk"), at__lte=now).order_by("-at", "-pk")
    return rows.annotate(
        owner=Subquery(owners.order_by("pk").values("membership__user__name")[:1]),
        last_at=Subquery(touches.values("at")[:1]),
        last_type=Subquery(touches.values("type__name")[:1]),
    ).values(*FACTS)
