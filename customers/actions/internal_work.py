"""Internal work, without touching a customer: log (once, however often it is sent), edit, undo, restore."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from accounts.models import Team, User
from customers.actions.writing import ConflictError, archive, bring_back, tell, write
from customers.locks import held
from customers.models import Customer, InternalWork, Order
from customers.working_as import role_at_work
from territory import clock
from territory.conflicts import claim

DAY_SECONDS = 24 * 3600


class WorkEntry(Struct, frozen=True, kw_only=True):
    """Internal work as entered; an order brings its customer."""

    user: User
    kind: str
    spent_on: dt.date
    duration_seconds: int
    customer: Customer | None = None
    order: Order | None = None
    team: Team | None = None
    note: str = ""


FIELDS = ("user", "kind", "spent_on", "duration_seconds", "customer", "order", "team", "note", "role")


def log_work(*, actor: User, now: dt.datetime, uuid: uuids.UUID, entry: WorkEntry) -> InternalWork:
    """Log internal work; the same UUID with the same content is the work there is.

    Errors: by field; ConflictError for a UUID that other work carries.
    """
    row = InternalWork(uuid=uuid, logged_by=actor, logged_at=now)
    _take(row, entry, now)
    known = _replayed(row)
    if known is not None:
        return known
    row.full_clean(validate_unique=False)
    try:
        with transaction.atomic():
            write(row, actor=actor, now=now)
            _tell([row], actor, now)
    except IntegrityError:
        known = _replayed(row)
        if known is None:
            raise
        return known
    return row


@transaction.atomic
def edit_work(*, actor: User, now: dt.datetime, work: InternalWork, version: int, entry: WorkEntry) -> InternalWork:
    """Correct internal work as it was shown. Raises Conflict where another changed it meanwhile."""
    before = InternalWork.objects.get(pk=work.pk)
    role = work.role if (before.user_id, before.spent_on) == (entry.user.pk, entry.spent_on) else None
    _take(work, entry, now)
    work.role = role or work.role
    work.full_clean(validate_unique=False)
    list(held(pk for pk in (before.customer_id, work.customer_id) if pk).values_list("pk"))
    claim(work, version)
    write(work, actor=actor, now=now, fields=FIELDS)
    _tell([before, work], actor, now)
    return work


@transaction.atomic
def undo_work(*, actor: User, now: dt.datetime, work: InternalWork) -> None:
    """Take internal work back: it is archived."""
    if archive(work, actor=actor, now=now):
        _tell([work], actor, now)


@transaction.atomic
def restore_work(*, actor: User, now: dt.datetime, work: InternalWork) -> None:
    """Bring internal work back."""
    if bring_back(work, actor=actor, now=now):
        _tell([work], actor, now)


def _take(row: InternalWork, entry: WorkEntry, now: dt.datetime) -> None:
    row.user, row.kind, row.spent_on, row.note = entry.user, entry.kind, entry.spent_on, entry.note
    row.duration_seconds, row.order, row.team = entry.duration_seconds, entry.order, entry.team
    row.customer = entry.customer or (entry.order.customer if entry.order else None)
    if entry.spent_on > clock.day_of(now, clock.company_zone()) + dt.timedelta(days=1):
        raise ValidationError({"spent_on": _("This day is still to come.")})
    if entry.order is not None and entry.order.customer_id != row.customer.pk:  # type: ignore[union-attr]
        raise ValidationError({"order": _("This order is another customer's.")})
    if not 0 < entry.duration_seconds <= DAY_SECONDS:
        raise ValidationError({"duration_seconds": _("Between a minute and a day.")})
    row.role = role_at_work(entry.user, row.customer, entry.spent_on)


def _replayed(row: InternalWork) -> InternalWork | None:
    """The work that carries this UUID already; its first version must say the same."""
    known = InternalWork.objects.filter(uuid=row.uuid).first()
    if known is None:
        return None
    first = known.history.order_by("history_id").first()
    said = [field for field in FIELDS if field != "role"]
    same = all(_plain(first, field) == _plain(row, field) for field in said)
    if known.logged_by_id != row.logged_by_id or not same:
        raise ConflictError
    return known


def _plain(row: Any, field: str) -> Any:
    return getattr(row, f"{field}_id" if hasattr(row, f"{field}_id") else field)


def _tell(rows: list[InternalWork], actor: User, now: dt.datetime) -> None:
    customers = {row.customer for row in rows if row.customer is not None}
    if customers:
        # Where no since was given, the earliest work may be the earliest fact.
        undated = any(customer.since is None for customer in customers)
        tell([customer.pk for customer in customers], actor=actor, now=now, lifecycle=undated)
