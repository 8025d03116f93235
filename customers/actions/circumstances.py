"""Circumstances of a customer: note, change, end, archive, bring back. No budget or due day rests on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from customers.actions.writing import archive, bring_back, locked, take, write
from customers.models import Circumstance, Customer
from territory.conflicts import claim
from territory.rows import ends_from, starts_by

EDITABLE = ("kind", "starts_on", "ends_on", "note")


@transaction.atomic
def note_circumstance(*, actor: User, now: dt.datetime, customer: Customer, values: Mapping[str, Any]) -> Circumstance:
    """A new circumstance. Errors: see `_check`."""
    row = Circumstance(customer=locked(customer), noted_by=actor)
    take(row, values, EDITABLE)
    _check(row)
    write(row, actor=actor, now=now)
    return row


@transaction.atomic
def change_circumstance(
    *, actor: User, now: dt.datetime, row: Circumstance, version: int, values: Mapping[str, Any]
) -> None:
    """Change a circumstance as it was shown. Errors: see `_check`. Raises Conflict."""
    locked(row.customer)
    fields = take(row, values, EDITABLE)
    _check(row)
    claim(row, version)
    write(row, actor=actor, now=now, fields=fields)


@transaction.atomic
def end_circumstance(*, actor: User, now: dt.datetime, row: Circumstance, version: int, ends_on: dt.date) -> None:
    """The last day on which it holds. Errors: see `_check`. Raises Conflict."""
    locked(row.customer)
    claim(row, version)
    row.refresh_from_db()
    row.ends_on = ends_on
    _check(row)
    write(row, actor=actor, now=now, fields=["ends_on"])


@transaction.atomic
def archive_circumstance(*, actor: User, now: dt.datetime, row: Circumstance) -> None:
    """Put away what never held."""
    locked(row.customer)
    row.refresh_from_db()
    archive(row, actor=actor, now=now)


@transaction.atomic
def restore_circumstance(*, actor: User, now: dt.datetime, row: Circumstance) -> None:
    """Bring an archived circumstance back. Errors: see `_check`."""
    locked(row.customer)
    row.refresh_from_db()
    _check(row)
    bring_back(row, actor=actor, now=now)


def _check(row: Circumstance) -> None:
    """What must hold of a circumstance; its customer is locked.

    Errors: `ends_on` before the first day; `kind` where another of that kind holds on one of its days.
    """
    if row.starts_on and row.ends_on and row.ends_on < row.starts_on:
        raise ValidationError({"ends_on": _("The last day is before the first.")})
    same = Circumstance.objects.live().filter(customer=row.customer_id, kind=row.kind_id).exclude(pk=row.pk)
    begun = starts_by(row.ends_on) if row.ends_on else Q()
    ending = ends_from(row.starts_on) if row.starts_on else Q()
    if same.filter(begun, ending).exists():
        raise ValidationError({"kind": _("This is noted for some of these days already: change or end that one.")})
    row.full_clean()
