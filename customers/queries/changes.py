"""Who changed what about a customer, and from what to what: read from history, without what the reader may not see."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from customers.extensions import Entry
from customers.models import Assignment, Contact, Customer, Order, Potential, TierFix
from territory.formats import money_text, percent_text
from territory.formats.days import day_text, moment_text

NOT_SHOWN = {"id", "version", "archived_at", "search_text", "customer", "sale_type_chosen"}


@dataclass(frozen=True)
class Followed:
    """A model whose history is part of a customer's timeline.

    amounts: fields that only those see who may see the customer's amounts.
    related: foreign keys to name. told: (history row, row before or None) -> (icon, title), or None for no entry.
    """

    model: type[models.Model]
    told: Callable[[Any, Any], tuple[str, str] | None]
    related: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    own: bool = False  # the customer itself, not something that hangs on it
    kinds: tuple[str, ...] = ("+", "~", "-")
    visible: Callable[[Any], models.QuerySet] | None = None


def changes(user, customer: Customer, before: dt.datetime | None, limit: int) -> Sequence[Entry]:
    """Changes by people, newest first. `customer.amounts_seen` says whether amounts are told (else they are not)."""
    amounts_seen = getattr(customer, "amounts_seen", False)
    entries = [
        entry
        for followed in FOLLOWED
        for entry in _entries(followed, _history(followed, user, customer, before, limit), amounts_seen=amounts_seen)
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def order_changes(order: Order, *, amounts_seen: bool, limit: int) -> list[Entry]:
    """Changes of one visible order beside its opening and closing, newest first."""
    history = Order.history.model.objects.filter(id=order.pk, history_type="~")
    followed = Followed(Order, _order, related=ORDER_RELATED, amounts=("amount",))
    rows = _with_earlier(followed, history, limit)
    return [entry for entry in _entries(followed, rows, amounts_seen=amounts_seen) if entry.title]


def _entries(followed: Followed, rows: Iterable[tuple[Any, Any]], *, amounts_seen: bool) -> Iterable[Entry]:
    for row, earlier in rows:
        icon, title = _told(followed, row, earlier) or ("", "")
        differences = [] if row.history_type == "-" else _differences(followed, row, earlier, amounts_seen)
        if row.history_type == "~" and not differences and not _archive_changed(row, earlier):
            title = ""
        yield Entry(
            at=row.history_date,
            key=f"{followed.model._meta.model_name}-history-{row.history_id}",
            icon=icon,
            title=title,
            people=str(row.history_user or ""),
            text=". ".join(differences),
        )


def _history(followed: Followed, user, customer, before, limit: int) -> list[tuple[Any, Any]]:
    """The newest history rows about a customer, each with the row before it."""
    history = followed.model.history.model.objects
    rows = history.filter(id=customer.pk) if followed.own else history.filter(customer_id=customer.pk)
    if followed.visible:
        rows = rows.filter(id__in=followed.visible(user).filter(customer=customer).values("pk"))
    if before is not None:
        rows = rows.filter(history_date__lte=before)
    return _with_earlier(followed, rows.filter(history_type__in=followed.kinds), limit)


def _with_earlier(followed: Followed, rows: models.QuerySet, limit: int) -> list[tuple[Any, Any]]:
    """The newest of these history rows, each with the row before it: two questions."""
    history = followed.model.history.model.objects
    earlier = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by("-history_id")
    rows = rows.annotate(earlier_id=Subquery(earlier.values("history_id")[:1]))
    rows = rows.select_related("history_user", *followed.related).order_by("-history_date", "-history_id")
    found = list(rows[:limit])
    known = history.select_related(*followed.related).in_bulk([row.earlier_id for row in found if row.earlier_id])
    return [(row, known.get(row.earlier_id)) for row in found]


def _archive_changed(row, earlier) -> bool:
    return earlier is not None and bool(getattr(row, "archived_at", None)) != bool(
        getattr(earlier, "archived_at", None)
    )


def _told(followed: Followed, row, earlier) -> tuple[str, str] | None:
    if row.history_type == "~" and _archive_changed(row, earlier):
        name = capfirst(str(followed.model._meta.verbose_name))
        title = _("%(thing)s archived") if row.archived_at else _("%(thing)s brought back")
        return "archive", title % {"thing": name}
    return followed.told(row, earlier)


def _differences(followed: Followed, row, earlier, amounts_seen: bool) -> list[str]:
    """What changed, in words; for a new row what it says."""
    words = []
    for field in followed.model._meta.concrete_fields:
        if field.name in NOT_SHOWN or not hasattr(row, field.attname):
            continue
        if field.name in followed.amounts and not amounts_seen:
            continue
        after = _word(row, field)
        if earlier is None:
            if after and field.name in _TOLD_OF_NEW:
                words.append(after)
        elif getattr(row, field.attname) != getattr(earlier, field.attname):
            change = {
                "field": capfirst(str(field.verbose_name)),
                "old": _word(earlier, field) or "–",
                "new": after or "–",
            }
            words.append(_("%(field)s %(old)s to %(new)s") % change)
    return [", ".join(words)] if earlier is None and words else words


_TOLD_OF_NEW = {"name", "role", "membership", "kind", "amount", "source", "tier", "reason"}


def _word(row, field: models.Field) -> str:
    """A field's value as people read it."""
    value = getattr(row, field.attname)
    if value is None or value == "":
        return ""
    if field.is_relation:
        return str(getattr(row, field.name, None) or "")
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")())
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.datetime):
        return moment_text(value)
    if isinstance(value, dt.date):
        return day_text(value)
    if isinstance(value, Decimal):
        return money_text(value) if field.name == "amount" else percent_text(value)
    return str(value)


def _customer(row, earlier):
    return ("buildings", _("Customer added")) if row.history_type == "+" else ("pencil", _("Customer changed"))


def _contact(row, earlier):
    if row.history_type == "+":
        return "person-plus", _("Contact added")
    if earlier is not None and row.left_on and not earlier.left_on:
        return "person-dash", _("%(name)s has left") % {"name": row.name}
    return "person", _("Contact %(name)s changed") % {"name": row.name}


def _order(row, earlier):
    """Opened, won and lost stand in the timeline as facts already."""
    name = row.title or row.external_id or row.id
    if earlier is not None and row.status != earlier.status:
        return (
            ("arrow-counterclockwise", _("Order %(order)s opened again") % {"order": name})
            if row.status == "pending"
            else None
        )
    return "pencil", _("Order %(order)s changed") % {"order": name}


def _assignment(row, earlier):
    if row.history_type == "+":
        return "person-plus", _("Put on the team")
    if row.history_type == "-":
        return "person-dash", _("Taken off the team")
    return "person", _("Place in the team changed")


def _potential(row, earlier):
    return "graph-up", _("Potential noted") if row.history_type != "-" else _("Potential taken out")


def _tier_fix(row, earlier):
    return "flag", _("Tier fixed") if row.history_type == "+" else _("Fixed tier changed")


ORDER_RELATED = ("step", "product_line", "sale_type", "salesperson", "team")
FOLLOWED = (
    Followed(Customer, _customer, related=("team", "market"), own=True),
    Followed(Contact, _contact, related=("role",)),
    Followed(Assignment, _assignment, related=("membership__user", "membership__role", "membership__team")),
    Followed(
        Order,
        _order,
        related=ORDER_RELATED,
        amounts=("amount",),
        kinds=("~",),
        visible=lambda user: Order.objects.visible_to(user),
    ),
    Followed(Potential, _potential, related=("noted_by",), amounts=("amount",)),
    Followed(TierFix, _tier_fix, related=("tier", "fixed_by")),
)
