"""Customers and contacts that a new one resembles, among what the reader may see: so that nobody is entered twice."""

from urllib.parse import urlsplit

from django.db.models import Q

from customers.models import Contact, Customer
from territory.folding import fold

SHOWN = 5
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


def like_customer(user, *, name: str, phone: str = "", web: str = "") -> list[Customer]:
    """Visible customers of the same name (kind of company aside), phone number or web address; archived ones too."""
    conditions = Q(pk__in=[])
    words = [word for word in fold(name).replace(",", " ").replace(".", " ").split() if word not in GENERAL]
    if words:
        same = Q()
        for word in words:
            same &= Q(search_text__contains=word)
        conditions |= same
    if len(digits := _digits(phone)) >= 6:
        conditions |= Q(search_text__contains=phone.strip().lower()) | Q(phone=digits)
    if host := _host(web):
        conditions |= Q(web__icontains=host)
    rows = Customer.objects.visible_to(user).filter(conditions).select_related("tier").order_by("search_text", "pk")
    return list(rows[:SHOWN])


def like_contact(user, *, name: str, email: str = "", phone: str = "") -> list[Contact]:
    """Visible contacts of the same name, e-mail address or phone number, at whatever customer."""
    conditions = Q(search_text__startswith=fold(name)) if fold(name) else Q(pk__in=[])
    if email:
        conditions |= Q(email__iexact=email.strip())
    if len(_digits(phone)) >= 6:
        conditions |= Q(phone=phone.strip())
    rows = Contact.objects.live().visible_to(user).filter(conditions).select_related("customer", "role")
    return list(rows.order_by("search_text", "pk")[:SHOWN])


def _digits(phone: str) -> str:
    return "".join(sign for sign in phone if sign.isdigit())


def _host(web: str) -> str:
    """The host of a web address, without www."""
    host = urlsplit(web if "//" in web else f"//{web}").hostname or ""
    return host.removeprefix("www.")
