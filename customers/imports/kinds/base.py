"""What every kind of row has in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Act, Area, may, may_all
from customers.actions.touch_entries import CLOCK_TOLERANCE
from customers.imports.errors import CouldNot
from customers.imports.fields import Field
from customers.imports.mapping import Mapping as Checked
from customers.imports.runs import Run, reject_for
from customers.imports.sources import Row


class Kind:
    """A kind of row: its fields, what is the same thing twice, and how rows are stored.

    `area` is what an importing person must be able to change; `whole_company`: for all of the company.
    `needs`: groups of fields of which the mapping must name one. `guarded`: fields that take reach over all of another area.
    """

    name: str
    fields: tuple[Field, ...]
    area: str = Area.CUSTOMERS
    whole_company = False
    needs: tuple[tuple[str, ...], ...] = ()
    guarded: Mapping[str, str] = {}
    chunk: int | None = None
    # All rows at once, and how many at most: where a row may refer to one further down.
    in_one_piece = False
    most_rows: int | None = None

    def require(self, actor: User | None) -> None:
        """Raise PermissionDenied unless the person may import such rows at all."""
        if actor is None:
            return
        allowed = may_all if self.whole_company else may
        if not allowed(actor, Area.IMPORT, Act.CHANGE) or not allowed(actor, self.area, Act.CHANGE):
            raise PermissionDenied

    def check(self, mapping: Checked, actor: User | None) -> None:
        """Raise CouldNot unless the mapping names what such rows cannot be without, and nothing the person may not change."""
        for name, area in self.guarded.items():
            if mapping.has(name) and actor is not None and not may_all(actor, area, Act.CHANGE):
                raise CouldNot(_("fields.%(name)s: you may not change this.") % {"name": name})
        for group in self.needs:
            if not mapping.has(*group):
                raise CouldNot(_("fields: the mapping must name %(fields)s.") % {"fields": _(" or ").join(group)})

    def key(self, row: Row) -> Any:
        """What makes two rows of a file the same thing."""
        raise NotImplementedError

    def identities(self, row: Row) -> list[tuple[Any, tuple[str, ...] | None]]:
        """What may stand in a file once only: a key, and the fields that must agree where it comes again (None: all)."""
        return [(self.key(row), None)]

    def key_field(self, row: Row) -> str:
        """The field to name when a row is the same thing twice."""
        return "external_id" if row.get("external_id") else self.needs[0][0]

    def customers_of(self, rows: list[Row], run: Run) -> set[int]:
        """Primary keys of customers that the rows name, or at which what they know by external id stands until now."""
        customers = {row.values["customer"].pk for row in rows if row.get("customer")}
        stored, ids = self.reached(run), {row.get("external_id") for row in rows} - {None, ""}
        if stored is not None and ids:
            customers |= set(stored.filter(external_id__in=ids).values_list("customer_id", flat=True))
        return customers - {None}

    def reached(self, run: Run) -> QuerySet[Any] | None:
        """Stored rows of this kind within reach, where they stand at customers and have external ids."""
        return None

    def store(self, rows: list[Row], run: Run) -> None:
        """Write the rows in a fixed number of queries, give each its outcome, and add to `run.touched`."""
        raise NotImplementedError


class RowByRow(Kind):
    """Kinds of which there are few rows: each goes through the action that a person's change goes through."""

    def store(self, rows: list[Row], run: Run) -> None:
        for row in rows:
            try:
                with transaction.atomic():
                    row.outcome = self.put(row, run)
            except ValidationError as error:
                reject_for(row, error)

    def put(self, row: Row, run: Run) -> str:
        """Store one row; returns its outcome; raises ValidationError."""
        raise NotImplementedError


def given(row: Row, *names: str) -> dict[str, Any]:
    """The values of those fields that the mapping names."""
    return {name: row.values[name] for name in names if name in row.values}


def differing(existing: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Those values that an existing row does not have yet."""
    return {name: value for name, value in values.items() if getattr(existing, name) != value}


def pk_of(found: Any) -> int | None:
    """The primary key of what a reference found, None for a blank one."""
    return found.pk if found is not None else None


def refuse_new_id(row: Row, existing: Any, run: Run) -> bool:
    """Reject a row with an external id that none of the rows within reach bears.

    Whoever reaches less than all gives no external ids: one that is free and one that a hidden row bears answer alike.
    """
    wanted = row.get("external_id")
    if not wanted or run.references.reach.everything or (existing is not None and existing.external_id == wanted):
        return False
    row.reject(
        _("no row within your reach has this external id; new ones are given by who may import everything"),
        "external_id",
    )
    return True


def refuse_hidden_amount(row: Row, name: str, customer: int, seen: set[int]) -> bool:
    """Reject a row that would tell whether an amount that the person may not see is the same."""
    if row.get(name) is None or customer in seen:
        return False
    row.reject(_("you may not see amounts of this customer"), name)
    return True


def refuse_future(row: Row, now: dt.datetime, *names: str) -> None:
    """Reject a row that tells of what is still to come; a clock may run ahead a little."""
    for name in names:
        if not row.outcome and row.get(name) is not None and row.values[name] > now + CLOCK_TOLERANCE:
            row.reject(_("is still to come"), name)
