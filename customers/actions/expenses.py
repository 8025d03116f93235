"""Expenses: note (once, however often it is sent), change, submit, take back, approve, refuse; and the receipt.

Only the author changes an expense, and only until it is submitted; only somebody else decides it. Each step starts from the version
that was shown, so that of two who decide at once the second is told what the first decided; the same step sent twice is one.
"""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from collections.abc import Collection, Iterable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from accounts.models import Team, User
from customers.actions.writing import ConflictError, archive, bring_back, require_text, write
from customers.expense_mails import post_refused
from customers.models import Customer, Expense, ExpenseStatus, Order, Receipt, Touch
from customers.receipts import ReceiptFile
from territory import clock
from territory.conflicts import Conflict, claim

DRAFT, SUBMITTED, APPROVED, REFUSED = ExpenseStatus


class ExpenseEntry(Struct, frozen=True, kw_only=True):
    """An expense as entered, for one of order, customer and team."""

    spent_on: dt.date
    amount: Decimal
    kind: str
    order: Order | None = None
    customer: Customer | None = None
    team: Team | None = None
    touch: Touch | None = None
    km: Decimal | None = None
    note: str = ""


FIELDS = ("spent_on", "amount", "kind", "order", "customer", "team", "touch", "km", "note")


def note_expense(
    *,
    actor: User,
    now: dt.datetime,
    uuid: uuids.UUID,
    entry: ExpenseEntry,
    receipt: ReceiptFile | None = None,
    submit: bool = False,
) -> Expense:
    """Note an expense, as a draft or submitted at once; the same UUID with the same content is the expense there is.

    Errors: by field; ConflictError for a UUID that another expense carries.
    """
    row = Expense(uuid=uuid, author=actor, noted_at=now)
    _take(row, entry, now)
    _name_receipt(row, receipt)
    if submit:
        row.status, row.submitted_at = SUBMITTED, now
    known = _replayed(row)
    if known is not None:
        return known
    row.full_clean(validate_unique=False)
    try:
        with transaction.atomic():
            write(row, actor=actor, now=now)
            _keep_receipt(row, receipt)
    except IntegrityError:
        known = _replayed(row)
        if known is None:
            row.full_clean(validate_unique=False)  # the way to a touch, noted twice at once, is told as such
            raise
        return known
    return row


@transaction.atomic
def change_expense(
    *,
    actor: User,
    now: dt.datetime,
    expense: Expense,
    version: int,
    entry: ExpenseEntry,
    receipt: ReceiptFile | None = None,
    without_receipt: bool = False,
    submit: bool = False,
) -> Expense:
    """Change a draft as it was shown, and submit it where asked. A new `receipt` takes the place of the old one."""
    row = _own(actor, expense)
    claim(row, version)
    _only_from(row, DRAFT)
    _take(row, entry, now)
    fields = {*FIELDS, "receipt_type", "receipt_digest"}
    if receipt or without_receipt:
        _name_receipt(row, receipt)
    if submit:
        fields |= _submitted(row, now)
    row.full_clean()
    write(row, actor=actor, now=now, fields=fields)
    if receipt or without_receipt:
        _keep_receipt(row, receipt)
    return row


@transaction.atomic
def submit_expense(*, actor: User, now: dt.datetime, expense: Expense, version: int) -> Expense:
    """Submit a draft for approval; from now on its author can only take it back."""
    row = _own(actor, expense)
    if row.status == SUBMITTED:
        return row
    claim(row, version)
    _only_from(row, DRAFT)
    write(row, actor=actor, now=now, fields=_submitted(row, now))
    return row


@transaction.atomic
def take_back_expense(*, actor: User, now: dt.datetime, expense: Expense, version: int) -> Expense:
    """Make a draft again of what waits for approval or was refused; what was approved stays."""
    row = _own(actor, expense)
    if row.status == DRAFT:
        return row
    claim(row, version)
    _only_from(row, SUBMITTED, REFUSED)
    row.status, row.submitted_at, row.decided_by, row.decided_at = DRAFT, None, None, None
    write(row, actor=actor, now=now, fields=["status", "submitted_at", "decided_by", "decided_at"])
    return row


@transaction.atomic
def approve_expense(*, actor: User, now: dt.datetime, expense: Expense, version: int) -> Expense:
    """From now on it counts as cost. Conflict where somebody decided or changed it meanwhile."""
    row = _anothers(actor, expense)
    if row.status == APPROVED and row.decided_by_id == actor.pk:
        return row
    claim(row, version)
    _only_from(row, SUBMITTED)
    _decide(row, APPROVED, "", actor, now)
    return row


def approve_expenses(*, actor: User, now: dt.datetime, asked: Iterable[tuple[Expense, int]]) -> list[Expense]:
    """Approve several, each with the version that was shown; returns those that are approved now. What was changed or decided
    meanwhile stays as it is."""
    done = []
    for expense, version in asked:
        with suppress(Conflict, ValidationError):
            done.append(approve_expense(actor=actor, now=now, expense=expense, version=version))
    return done


@transaction.atomic
def refuse_expense(*, actor: User, now: dt.datetime, expense: Expense, version: int, reason: str) -> Expense:
    """Refuse what waits, or what was approved by mistake: it counts no longer. Its author is told, with the reason."""
    reason = require_text("reason", reason, _("Say why, so that it can be mended."))
    row = _anothers(actor, expense)
    if row.status == REFUSED and row.decided_by_id == actor.pk and row.reason == reason:
        return row
    claim(row, version)
    _only_from(row, SUBMITTED, APPROVED)
    _decide(row, REFUSED, reason, actor, now)
    post_refused(row, now=now)
    return row


@transaction.atomic
def remove_expense(*, actor: User, now: dt.datetime, expense: Expense) -> bool:
    """Put a draft away; False where it was already."""
    row = _own(actor, expense)
    _only_from(row, DRAFT)
    return archive(row, actor=actor, now=now)


@transaction.atomic
def restore_expense(*, actor: User, now: dt.datetime, expense: Expense) -> bool:
    """Bring a draft back; False where it is there."""
    row = _own(actor, expense)
    if row.archived_at is not None and row.km is not None and _mileage_of(row).exists():
        raise ValidationError(_("The way to this touch is noted already."))
    return bring_back(row, actor=actor, now=now)


def _own(actor: User, expense: Expense) -> Expense:
    """The expense as it is now, held; PermissionDenied where it is another's."""
    if expense.author_id != actor.pk:
        raise PermissionDenied
    return _held(expense)


def _anothers(actor: User, expense: Expense) -> Expense:
    """The expense as it is now, held; PermissionDenied where it is one's own."""
    if expense.author_id == actor.pk:
        raise PermissionDenied
    return _held(expense)


def _held(expense: Expense) -> Expense:
    return Expense.objects.select_for_update(no_key=True).get(pk=expense.pk)


def _only_from(row: Expense, *states: str) -> None:
    if row.status not in states or row.archived_at is not None:
        words = {"status": _("removed") if row.archived_at else row.get_status_display()}
        raise ValidationError(_("This expense is %(status)s by now."), params=words)


def _submitted(row: Expense, now: dt.datetime) -> set[str]:
    row.status, row.submitted_at, row.reason = SUBMITTED, now, ""
    return {"status", "submitted_at", "reason"}


def _decide(row: Expense, status: str, reason: str, actor: User, now: dt.datetime) -> None:
    row.status, row.reason, row.decided_by, row.decided_at = status, reason, actor, now
    row.full_clean()
    write(row, actor=actor, now=now, fields=["status", "reason", "decided_by", "decided_at"])


def _take(row: Expense, entry: ExpenseEntry, now: dt.datetime) -> None:
    for name in FIELDS:
        setattr(row, name, getattr(entry, name))
    if entry.spent_on > clock.day_of(now, clock.company_zone()) + dt.timedelta(days=1):
        raise ValidationError({"spent_on": _("This day is still to come.")})
    if entry.touch is not None:
        customer = entry.order.customer_id if entry.order else entry.customer.pk if entry.customer else None
        if entry.touch.customer_id != customer:
            raise ValidationError({"customer": _("The touch it came with was with another customer.")})


def _name_receipt(row: Expense, receipt: ReceiptFile | None) -> None:
    row.receipt_type, row.receipt_digest = (receipt.type, receipt.digest) if receipt else ("", "")


def _keep_receipt(row: Expense, receipt: ReceiptFile | None) -> None:
    if receipt is None:
        Receipt.objects.filter(expense=row).delete()
    else:
        Receipt.objects.update_or_create(expense=row, defaults={"content": receipt.content})


def _mileage_of(row: Expense) -> Any:
    return Expense.objects.live().filter(touch=row.touch_id, author=row.author_id, km__isnull=False)


def _replayed(row: Expense) -> Expense | None:
    """The expense that carries this UUID already; its first version must say the same."""
    known = Expense.objects.filter(uuid=row.uuid).first()
    if known is None:
        return None
    first = known.history.order_by("history_id").first()
    if known.author_id != row.author_id or not _same(first, row, (*FIELDS, "receipt_digest", "status")):
        raise ConflictError
    return known


def _same(one: Any, other: Any, fields: Collection[str]) -> bool:
    names = [f"{field}_id" if hasattr(other, f"{field}_id") else field for field in fields]
    return all(getattr(one, name) == getattr(other, name) for name in names)
