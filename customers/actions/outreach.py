"""One outreach to many: one touch a customer, written together, once however often it is sent, undone together.

Thousands of rows are written by a fixed number of statements; each row has its history all the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid as uuids
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q, prefetch_related_objects
from django.utils.translation import gettext_lazy as _
from simple_history.utils import bulk_create_with_history

from accounts.models import User
from customers.actions.lifecycle import rebuild_lifecycle
from customers.actions.touch_entries import TouchEntry
from customers.actions.writing import ConflictError, tell
from customers.locks import held
from customers.models import Customer, PlannedTouch, Touch, TouchPerson
from customers.models.touches import parts_of
from customers.working_as import roles_on_many
from territory import clock
from territory.audit import origin

# Rows a statement.
BATCH = 500
# What a touch's history says with it.
BESIDE = ("people", "contacts")


def log_outreach(
    *, actor: User, now: dt.datetime, uuid: uuids.UUID, entry: TouchEntry, customers: Sequence[Customer]
) -> list[Touch]:
    """One touch of each customer, in their order; the minutes of `entry` are split over them, to the second.

    `entry` says the rest; its customer, contacts, order, outcome, next step and planned touch do not count. Each touch
    closes the planned one of its type, as a single touch would. Errors: by field; `customers` where there are none or
    one was archived; ConflictError for a UUID that something else carries.
    """
    if not customers:
        raise ValidationError({"customers": _("Choose at least one customer.")})
    digest = _digest(entry, customers)
    known = _replayed(uuid, digest, actor, customers)
    if known:
        return known
    entry.check(now)
    if entry.type.retired_at is not None:
        raise ValidationError({"type": _("This touch type is no longer in use.")})
    try:
        with transaction.atomic():
            return _log(actor, now, uuid, entry, customers, digest)
    except IntegrityError:
        # The constraint, not a check, decides between requests that race each other.
        known = _replayed(uuid, digest, actor, customers)
        if not known:
            raise
        return known


def _digest(entry: TouchEntry, customers: Iterable[Customer]) -> str:
    """A fingerprint of all that was entered, whom it reached included."""
    keys = " ".join(str(pk) for pk in sorted(customer.pk for customer in customers))
    said = f"{entry.type.pk} {entry.at} {entry.note} {entry.duration_seconds} {entry.travel_seconds} " + " ".join(
        f"{person.user.pk}:{person.duration_seconds}:{person.travel_seconds}" for person in entry.participants
    )
    return hashlib.sha256(f"{said}|{keys}".encode()).hexdigest()


def _replayed(uuid: uuids.UUID, digest: str, actor: User, customers: Sequence[Customer]) -> list[Touch]:
    touches = {touch.customer_id: touch for touch in Touch.objects.filter(outreach=uuid)}
    if any(touch.logged_by_id != actor.pk or touch.request_digest != digest for touch in touches.values()):
        raise ConflictError
    return [touches[customer.pk] for customer in customers] if touches else []


def _log(
    actor: User, now: dt.datetime, uuid: uuids.UUID, entry: TouchEntry, customers: Sequence[Customer], digest: str
) -> list[Touch]:
    present = _locked({customer.pk for customer in customers})
    gone = [row.name for row in present.values() if row.archived_at is not None]
    if gone:
        raise ValidationError({"customers": _("Archived meanwhile: %(names)s.") % {"names": ", ".join(gone[:5])}})
    count = len(customers)
    touches = [
        Touch(
            uuid=uuids.uuid5(uuid, str(customer.pk)),
            customer=customer,
            type=entry.type,
            at=entry.at or now,
            duration_seconds=sum(_part(seconds, index, count) for seconds in _lengths(entry)),
            travel_seconds=sum(_part(seconds, index, count) for seconds in _travels(entry)),
            note=entry.note,
            logged_by=actor,
            logged_at=now,
            outreach=uuid,
            request_digest=digest,
        )
        for index, customer in enumerate(customers)
    ]
    people = _people(touches, entry)
    touches = bulk_create_with_history(
        touches,
        Touch,
        batch_size=BATCH,
        default_user=actor,
        default_date=now,
        default_change_reason=origin.current(),
    )
    TouchPerson.objects.bulk_create(people, batch_size=BATCH)
    _close_planned(touches, entry, actor, now)
    _tell(present.values(), actor, now)
    return touches


def _part(seconds: int, index: int, count: int) -> int:
    return seconds // count + (index < seconds % count)


def _lengths(entry: TouchEntry) -> list[int]:
    return [person.duration_seconds for person in entry.participants] or [entry.duration_seconds]


def _travels(entry: TouchEntry) -> list[int]:
    return [person.travel_seconds for person in entry.participants] or [entry.travel_seconds]


def _locked(customer_ids: Iterable[int]) -> dict[int, Customer]:
    """The customers as they are now, locked in the order of their keys until the transaction ends."""
    return {row.pk: row for row in held(customer_ids)}


def _people(touches: Sequence[Touch], entry: TouchEntry) -> list[TouchPerson]:
    """Who took part in each, in the role they have there; each touch's history will say it with the touch."""
    day = clock.day_of(touches[0].at, clock.company_zone())
    people = [person.user.pk for person in entry.participants]
    roles = roles_on_many(people, [touch.customer for touch in touches], day)
    count = len(touches)
    found = []
    for index, touch in enumerate(touches):
        here = [
            TouchPerson(
                touch=touch,
                user=person.user,
                role_id=roles.get((touch.customer_id, person.user.pk)),
                duration_seconds=_part(person.duration_seconds, index, count),
                travel_seconds=_part(person.travel_seconds, index, count),
            )
            for person in entry.participants
        ]
        touch.took_part, touch.met = parts_of(here), []
        found += here
    return found


def _close_planned(touches: Sequence[Touch], entry: TouchEntry, actor: User, now: dt.datetime) -> None:
    """Of each customer the planned touch of this type that is due first, the participants' before others'."""
    people = {person.user.pk for person in entry.participants} or {actor.pk}
    zone = clock.company_zone()
    before = clock.end_of_day(clock.day_of(touches[0].at, zone), zone)
    by_customer = {touch.customer_id: touch for touch in touches}
    first: dict[int, PlannedTouch] = {}
    rows = PlannedTouch.objects.open().filter(customer__in=list(by_customer), type=entry.type.pk, planned_at__lt=before)
    for row in sorted(rows, key=lambda each: (each.assignee_id not in people, each.due_on, each.pk)):
        first.setdefault(row.customer_id, row)
    closed = list(first.values())
    for row in closed:
        row.closed_by_touch = by_customer[row.customer_id]
    PlannedTouch.objects.bulk_update(closed, ["closed_by_touch"], batch_size=BATCH)
    _close_or_open(closed, now, actor, now)


def _close_or_open(rows: Sequence[PlannedTouch], at: dt.datetime | None, actor: User, now: dt.datetime) -> None:
    for row in rows:
        row.version += 1
    _set(rows, PlannedTouch, {"closed_at": at}, actor, now, version=F("version") + 1)


def _set(
    rows: Sequence[Any], model: Any, values: dict[str, Any], actor: User, now: dt.datetime, **computed: Any
) -> None:
    """Give all rows the same values by one statement, and each its history; `computed` is done on the rows already."""
    if not rows:
        return
    for row in rows:
        for name, value in values.items():
            setattr(row, name, value)
    model._base_manager.filter(pk__in=[row.pk for row in rows]).update(**values, **computed)
    model.history.bulk_history_create(rows, batch_size=BATCH, update=True, default_user=actor, default_date=now)


def _tell(customers: Iterable[Customer], actor: User, now: dt.datetime) -> None:
    """Figures of all are stale; of who has no `since` of their own the lifecycle may begin earlier."""
    rows = list(customers)
    rebuild_lifecycle(sorted(row.pk for row in rows if row.since is None), now=now, actor=actor)
    tell([row.pk for row in rows], actor=actor, now=now, lifecycle=False)


def _together(touch: Touch, actor: User, **state: Any) -> list[Touch]:
    """The touches of the same outreach that the person may change: those of customers hidden from them stay."""
    rows = Touch.objects.filter(outreach=touch.outreach, **state)
    rows = rows.filter(Q(pk__in=Touch.objects.editable_by(actor).values("pk")) | Q(pk=touch.pk))
    return list(rows.select_related("customer").order_by("customer_id"))


@transaction.atomic
def undo_outreach(*, actor: User, now: dt.datetime, touch: Touch) -> list[Touch]:
    """Take an outreach back as far as the person may change its touches: archived, what they closed is open again."""
    asked = _together(touch, actor, archived_at__isnull=True)
    customers = _locked({each.customer_id for each in asked})
    touches = _together(touch, actor, archived_at__isnull=True)
    prefetch_related_objects(touches, *BESIDE)
    _set(touches, Touch, {"archived_at": now}, actor, now)
    planned = list(PlannedTouch.objects.open().filter(from_touch__in=touches))
    _close_or_open(planned, now, actor, now)
    # They keep the touch that had closed them, so that bringing it back closes them again.
    closed = list(PlannedTouch.objects.filter(closed_by_touch__in=touches, closed_at__isnull=False))
    _close_or_open(closed, None, actor, now)
    if touches:
        _tell(customers.values(), actor, now)
    return touches


@transaction.atomic
def restore_outreach(*, actor: User, now: dt.datetime, touch: Touch) -> list[Touch]:
    """Bring an outreach back as far as the person may change its touches, and what it closed unless done since."""
    asked = _together(touch, actor, archived_at__isnull=False)
    customers = _locked({each.customer_id for each in asked})
    touches = _together(touch, actor, archived_at__isnull=False)
    undone = {each.pk: each.archived_at for each in touches}
    prefetch_related_objects(touches, *BESIDE)
    _set(touches, Touch, {"archived_at": None}, actor, now)
    # What the undoing had closed carries its very instant; what a person cancelled carries another.
    planned = PlannedTouch.objects.filter(from_touch__in=touches, closed_by_touch__isnull=True)
    reopened = [row for row in planned if row.closed_at is not None and row.closed_at == undone[row.from_touch_id]]
    _close_or_open(reopened, None, actor, now)
    again = list(PlannedTouch.objects.open().filter(closed_by_touch__in=touches))
    _close_or_open(again, now, actor, now)
    if touches:
        _tell(customers.values(), actor, now)
    return touches
