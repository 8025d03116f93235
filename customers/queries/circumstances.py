"""Circumstances of a customer, for its page: those that hold, will hold and have ended, each with its days in words."""

import datetime as dt

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from customers.models import Circumstance, Customer
from territory import clock
from territory.formats import number_text
from territory.formats.days import day_text
from territory.together import Asking, prepared

# So many are shown; nobody has that many.
SHOWN = 30


class Circumstances(Struct, frozen=True):
    """Those that hold today, those that begin later, and those that are over, the latest first; each with `days` in words,
    and `soon` where they have a last day."""

    now: list[Circumstance]
    later: list[Circumstance]
    ended: list[Circumstance]


def circumstances_of(customer: Customer) -> Asking[Circumstances]:
    """The customer's circumstances; who sees the customer sees them."""
    (rows,) = yield [_rows(customer.pk)]
    today = clock.company_today()
    for row in rows:
        row.days = days(row, today)
        row.soon = how_soon(row.ends_on, today) if row.ends_on else ""
    ended = [row for row in rows if row.ends_on is not None and row.ends_on < today]
    later = [row for row in rows if row.starts_on is not None and row.starts_on > today]
    return Circumstances(
        [row for row in rows if row not in ended and row not in later],
        later,
        sorted(ended, key=lambda row: row.ends_on, reverse=True),
    )


@prepared
def _rows(customer: int) -> QuerySet[Circumstance]:
    rows = Circumstance.objects.live().filter(customer=customer).select_related("kind", "noted_by")
    return rows.only("starts_on", "ends_on", "note", "kind__name", "kind__position", "noted_by__name")[:SHOWN]


def days(row: Circumstance, today: dt.date) -> str:
    """From when to when, in words; how soon it ends where that is still to come."""
    first = day_text(row.starts_on) if row.starts_on else ""
    if row.ends_on is None:
        return _open(row.starts_on, first, today)
    span = (
        _("%(first)s to %(last)s") % {"first": first, "last": day_text(row.ends_on)}
        if first
        else _("until %(last)s") % {"last": day_text(row.ends_on)}
    )
    return span if row.ends_on < today else f"{span}, {how_soon(row.ends_on, today)}"


def _open(starts_on: dt.date | None, first: str, today: dt.date) -> str:
    if starts_on is None:
        return _("until further notice")
    return (_("since %(first)s") if starts_on <= today else _("from %(first)s")) % {"first": first}


def how_soon(ends_on: dt.date, today: dt.date) -> str:
    """When something ends or ended, as people say it: "ends in 30 days", "ended yesterday"."""
    ahead = (ends_on - today).days
    if ahead == 0:
        return _("ends today")
    if ahead == 1:
        return _("ends tomorrow")
    if ahead == -1:
        return _("ended yesterday")
    if ahead > 0:
        return ngettext("ends in %(days)s day", "ends in %(days)s days", ahead) % {"days": number_text(ahead)}
    return ngettext("ended %(days)s day ago", "ended %(days)s days ago", -ahead) % {"days": number_text(-ahead)}
