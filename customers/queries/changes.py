"""Who changed what about a customer, and from what to what: read from history, without what the reader may not see."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from msgspec import Struct

from customers.extensions import Entry, TimelineSource
from customers.models import Assignment, Circumstance, Contact, Customer, Order, Potential, TierFix
from territory.audit import words
from territory.together import Asking, prepared

NOT_SHOWN = {"archived_at", "customer", "sale_type_chosen"}
ALL_KINDS = ("+", "~", "-")


def history_of(model: type[models.Model]) -> models.QuerySet:
    """All history rows of a model."""
    return _historical(model)._default_manager.all()


@cache
def _historical(model: type[models.Model]) -> type[models.Model]:
    # Every look at `.history` makes a class of managers anew.
    return model.history.model


class Followed(Struct, frozen=True):
    """A model whose history is part of a customer's timeline.

    amounts: fields that only those see who may see the customer's amounts.
    names: of what its foreign keys lead to. told: (history row, row before or None) -> (icon, title), or None for no entry.
    visible: (customer, areas seen) -> the rows whose history the reader may see, where that is not all that hang on the customer.
    """

    model: type[models.Model]
    told: Callable[[Any, Any], tuple[str, str] | None]
    names: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    own: bool = False  # the customer itself, not something that hangs on it
    kinds: tuple[str, ...] = ALL_KINDS
    visible: Callable[[Any, tuple[str, ...]], models.QuerySet] | None = None

    @property
    def name(self) -> str:
        return self.model._meta.model_name

    @property
    def history(self) -> models.QuerySet:
        """The history rows that are entries, of whatever customer."""
        rows = history_of(self.model)
        return rows if self.kinds == ALL_KINDS else rows.filter(history_type__in=self.kinds)

    def keys(self, customer, _reader, _today, seen: tuple[str, ...]) -> models.QuerySet:
        """The history about a customer."""
        rows = self.history.filter(id=customer) if self.own else self.history.filter(customer_id=customer)
        if self.visible:
            rows = rows.filter(id__in=self.visible(customer, seen).values("pk"))
        return self.with_earlier(rows)

    def with_earlier(self, rows: models.QuerySet) -> models.QuerySet:
        """History rows as keys: when, which, and which is the row before."""
        earlier = history_of(self.model).filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
        earlier_id = Subquery(earlier.order_by("-history_id").values("history_id")[:1])
        return rows.values_list("history_date", "history_id", earlier_id)

    def entries(self, _user, customer: Customer, keys: Sequence[tuple]) -> Asking[dict[int, Entry]]:
        """`customer.amounts_seen` says whether amounts are told."""
        return change_entries(self, keys, amounts_seen=customer.amounts_seen)


def change_entries(followed: Followed, keys: Sequence[tuple], *, amounts_seen: bool) -> Asking[dict[int, Entry]]:
    """Changes by people: each history row beside the row before it."""
    (found,) = yield [_with_names(followed, frozenset(pk for _at, *pks in keys for pk in pks if pk))]
    known = {row.history_id: row for row in found}
    return {
        pk: _entry(followed, known[pk], known.get(earlier), amounts_seen=amounts_seen)
        for _at, pk, earlier in keys
        if pk in known
    }


@prepared
def _with_names(followed: Followed, pks: frozenset[int]) -> models.QuerySet:
    """Whole history rows, and of what they lead to only the names."""
    rows = history_of(followed.model).filter(history_id__in=pks).order_by()
    names = ("history_user__name", *followed.names)
    own = [field.name for field in rows.model._meta.concrete_fields]
    return rows.select_related(*(name.rpartition("__")[0] for name in names)).only(*own, *names)


def _entry(followed: Followed, row, earlier, *, amounts_seen: bool) -> Entry:
    icon, title = _told(followed, row, earlier) or ("", "")
    differences = [] if row.history_type == "-" else _differences(followed, row, earlier, amounts_seen)
    if row.history_type == "~" and not differences and not _archive_changed(row, earlier):
        title = ""
    return Entry(
        at=row.history_date,
        key=f"{followed.name}-history-{row.history_id}",
        icon=icon,
        title=title,
        people=str(row.history_user or ""),
        text=". ".join(differences),
    )


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
    hidden = NOT_SHOWN if amounts_seen else NOT_SHOWN | set(followed.amounts)
    if earlier is None:
        told = (field for field in row.tracked_fields if field.name in _TOLD_OF_NEW - hidden)
        said = [words.shown(row, field) for field in told if getattr(row, field.attname) not in (None, "")]
        return [", ".join(said)] if said else []
    return [
        _("%(field)s %(old)s to %(new)s") % {"field": change.label, "old": change.before, "new": change.after}
        for change in words.changes(row, earlier, hidden)
    ]


_TOLD_OF_NEW = {"name", "role", "membership", "kind", "amount", "source", "tier", "reason"}


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


def _circumstance(row, earlier):
    if row.history_type == "+":
        return "flag", _("Circumstance noted")
    return "flag", _("Circumstance changed: %(kind)s") % {"kind": row.kind.name}


ORDER_CHANGES = Followed(
    Order,
    _order,
    names=("step__name", "product_line__name", "sale_type__name", "salesperson__name", "team__name"),
    amounts=("amount",),
    kinds=("~",),
    visible=lambda customer, seen: Order.objects.visible_on(customer, seen),
)
FOLLOWED = (
    Followed(Customer, _customer, names=("team__name", "market__name"), own=True),
    Followed(Contact, _contact, names=("role__name",)),
    Followed(
        Assignment, _assignment, names=("membership__user__name", "membership__role__name", "membership__team__name")
    ),
    ORDER_CHANGES,
    Followed(Potential, _potential, names=("noted_by__name",), amounts=("amount",)),
    Followed(TierFix, _tier_fix, names=("tier__name", "fixed_by__name")),
    Followed(Circumstance, _circumstance, names=("kind__name",)),
)


def change_sources() -> list[TimelineSource]:
    """The kinds of change, for the timeline and the tab of changes."""
    return [
        TimelineSource(
            key=f"{each.name}-changes", at="history_date", keys=each.keys, entries=each.entries, tab="changes"
        )
        for each in FOLLOWED
    ]
