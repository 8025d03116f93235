"""Customers and contacts that a typed one resembles, so that nobody is entered twice.

Among what the reader may see, and by name alone in the directory: what matches a telephone number there would tell it. A
customer that is neither is not looked at, so that it and one that does not exist are answered alike. Names resemble each
other whether umlauts were typed as one letter or as two: Müller, Mueller; Sørensen, Soerensen.
"""

from typing import Any
from urllib.parse import urlsplit

from django.db.models import BooleanField, Case, F, Q, Value, When
from django.db.models.functions import Replace

from customers.models import Contact, Customer
from customers.queries.directory import Card, cards_named
from territory.folding import fold, holds_loosely, loosely
from territory.rows import resembling

SHOWN = 5
# Digits of a telephone number that are the same whichever way it is written, and the fewest that tell anything.
SUBSCRIBER, SHORTEST = 9, 6
# Words that say what kind of company it is, not which.
GENERAL = {
    "ltd",
    "limited",
    "plc",
    "llc",
    "inc",
    "gmbh",
    "ag",
    "bv",
    "nv",
    "sa",
    "sarl",
    "srl",
    "the",
    "and",
    "co",
    "company",
    "&",
}


def like_customer(user, *, name: str, phone: str = "", web: str = "", but: int | None = None) -> list[Customer]:
    """Visible customers of the same name (kind of company aside), phone number or web address; archived ones too.

    `but`: the customer that is being edited.
    """
    words, number, host = _telling(name), _number(phone), _host(web)
    reached = Q(digits__endswith=number) if number else Q(pk__in=[])
    if host:
        reached |= Q(web__icontains=host)
    # The stored text holds more than the name, a town for one: it only narrows down whose names are looked at.
    named = resembling(words) if words else Q(pk__in=[])
    rows = Customer.objects.visible_to(user).annotate(digits=PHONE_DIGITS).exclude(pk=but).order_by("search_text", "pk")
    is_reached = Case(When(reached, then=Value(True)), default=Value(False), output_field=BooleanField())
    found = rows.filter(named | reached).annotate(is_reached=is_reached).values_list("pk", "name", "is_reached")
    alike = [pk for pk, theirs, same in found if same or holds_loosely(theirs, words)]
    return list(rows.filter(pk__in=alike[:SHOWN]).select_related("tier")) if alike else []


def like_card(user, *, name: str) -> list[Card]:
    """Cards of the directory of the same name, kind of company aside."""
    return cards_named(user, _telling(name), SHOWN)


def like_contact(user, *, name: str, email: str = "", phone: str = "", but: int | None = None) -> list[Contact]:
    """Visible contacts of the same name, e-mail address or phone number, at whatever customer.

    `but`: the contact that is being edited.
    """
    conditions = Q(search_text__regex=f"^{loosely(fold(name))}") if fold(name) else Q(pk__in=[])
    if email:
        conditions |= Q(email__iexact=email.strip())
    if number := _number(phone):
        conditions |= Q(digits__endswith=number)
    rows = Contact.objects.live().visible_to(user).annotate(digits=PHONE_DIGITS).filter(conditions).exclude(pk=but)
    return list(rows.select_related("customer", "role").order_by("search_text", "pk")[:SHOWN])


def _telling(name: str) -> list[str]:
    """The words of a name that say which company it is; all of them where none does."""
    words = fold(name).replace(",", " ").replace(".", " ").split()
    return [word for word in words if word not in GENERAL] or words


def _number(phone: str) -> str:
    """The end of a telephone number, the same with and without the country's; nothing where it is too short to tell."""
    digits = "".join(sign for sign in phone if sign.isdecimal())
    return digits[-SUBSCRIBER:] if len(digits) >= SHORTEST else ""


def _without_signs(field: str):
    """A stored telephone number as its digits, in SQL."""
    found: Any = F(field)
    for sign in " -()./+":
        found = Replace(found, Value(sign), Value(""))
    return found


PHONE_DIGITS = _without_signs("phone")


def _host(web: str) -> str:
    """The host of a web address, without www."""
    host = urlsplit(web if "//" in web else f"//{web}").hostname or ""
    return host.removeprefix("www.")
