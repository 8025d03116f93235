"""Planned touches: plan, put off, cancel; and what a logged touch does to them."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers import extensions
from customers.actions.touch_entries import NextStep, TouchEntry
from customers.actions.writing import ConflictError, locked, require_text, tell, write
from customers.models import Customer, Order, PlannedSource, PlannedTouch, Touch, TouchType
from customers.working_days import working_day_after
from territory import clock
from territory.conflicts import claim
from territory.together import prepared, together

# "No answer" plans a retry in so many working days (domain 2), where administrators set no other number.
RETRY_AFTER_WORKING_DAYS = 2

LONGEST_REASON = 300


def plan_touch(
    *,
    actor: User,
    now: dt.datetime,
    customer: Customer,
    touch_type: TouchType,
    due_on: dt.date,
    due_at: dt.datetime | None = None,
    assignee: User | None = None,
    duration_seconds: int | None = None,
    reason: str = "",
    order: Order | None = None,
    uuid: uuids.UUID | None = None,
) -> PlannedTouch:
    """Plan a touch on a day (and at a time); the same UUID with the same content again is the plan there is.

    No assignee = who plans; no length = the type's usual one. Errors: `due_on` in the past; `touch_type` retired;
    `order` of another customer; ConflictError for a UUID that another plan carries.
    """
    row = _new(customer, touch_type, due_on, due_at, assignee or actor, duration_seconds, reason, actor, now)
    row.uuid, row.order = uuid or uuids.uuid4(), order
    known = _replayed(row)
    if known is not None:
        return known
    if due_on < clock.day_of(now, clock.company_zone()):
        raise ValidationError({"due_on": _("This day is over.")})
    _check(row)
    try:
        with transaction.atomic():
            write(row, actor=actor, now=now)
            tell([customer.pk], actor=actor, now=now, lifecycle=False)
    except IntegrityError:
        known = _replayed(row)
        if known is None:
            raise
        return known
    return row


# What a plan says, and who said it.
SAID = (
    "planned_by_id", "customer_id", "type_id", "due_on", "due_at", "assignee_id", "duration_seconds", "reason", "order_id",
)  # fmt: skip


def _replayed(row: PlannedTouch) -> PlannedTouch | None:
    """The plan that carries this UUID already; its first version must say the same."""
    known = PlannedTouch.objects.filter(uuid=row.uuid).first()
    if known is None:
        return None
    first = known.history.order_by("history_id").first() or known
    if any(getattr(first, name) != getattr(row, name) for name in SAID):
        raise ConflictError
    return known


@transaction.atomic
def put_off(
    *,
    actor: User,
    now: dt.datetime,
    customer: Customer,
    touch_type: TouchType,
    until: dt.date,
    reason: str,
    planned: PlannedTouch | None = None,
    movable: QuerySet[PlannedTouch] | None = None,
    assignee: User | None = None,
) -> PlannedTouch:
    """Do not do it now but on a later day: moves the planned touch, else plans one that hides the rule's until then.

    Without a `planned` one the open one of this type that is due first moves, of those that are `movable` (all, where
    nothing is said). Errors: `until` not after today, `reason` missing, `planned` done or cancelled meanwhile.
    """
    reason = require_text("reason", reason, _("Say why it is put off."))
    if until <= clock.day_of(now, clock.company_zone()):
        raise ValidationError({"until": _("Put it off to a later day than today.")})
    customer = locked(customer)
    if planned is not None:
        planned.refresh_from_db()
        if planned.closed_at is not None:
            raise ValidationError({"planned": _("It was done or cancelled meanwhile.")})
    rows = PlannedTouch.objects.all() if movable is None else movable
    waiting = rows.open().filter(customer=customer, type=touch_type)  # type: ignore[attr-defined]
    row = planned or waiting.order_by("due_on", "pk").first()
    if row is None:
        row = _new(customer, touch_type, until, None, assignee or actor, None, reason, actor, now)
        row.source = PlannedSource.PUT_OFF
        _check(row)
        write(row, actor=actor, now=now)
    else:
        row.due_on, row.due_at, row.source, row.reason = until, None, PlannedSource.PUT_OFF, reason
        row.version += 1
        write(row, actor=actor, now=now, fields=["due_on", "due_at", "source", "reason", "version"])
    tell([customer.pk], actor=actor, now=now, lifecycle=False)
    return row


@transaction.atomic
def change_planned(
    *,
    actor: User,
    now: dt.datetime,
    planned: PlannedTouch,
    version: int,
    touch_type: TouchType,
    due_on: dt.date,
    due_at: dt.datetime | None,
    assignee: User | None,
    duration_seconds: int,
    reason: str,
) -> PlannedTouch:
    """Change what is planned. Errors: `due_on` in the past; Conflict where another changed it meanwhile."""
    if due_on < clock.day_of(now, clock.company_zone()):
        raise ValidationError({"due_on": _("This day is over.")})
    locked(planned.customer)
    if planned.source == PlannedSource.VISIT_PLAN and (planned.due_on, planned.due_at) != (due_on, due_at):
        planned.source = PlannedSource.BY_HAND  # agreed now: no plan of a week moves it any more
    planned.type, planned.due_on, planned.due_at = touch_type, due_on, due_at
    planned.assignee, planned.duration_seconds, planned.reason = assignee, duration_seconds, reason
    _check(planned)
    claim(planned, version)
    fields = ["type", "due_on", "due_at", "assignee", "duration_seconds", "reason", "source"]
    write(planned, actor=actor, now=now, fields=fields)
    tell([planned.customer_id], actor=actor, now=now, lifecycle=False)
    return planned


@transaction.atomic
def place_planned(
    *,
    actor: User,
    now: dt.datetime,
    customer: Customer,
    touch_type: TouchType,
    assignee: User,
    due_at: dt.datetime,
    due_on: dt.date,
    duration_seconds: int,
    travel_seconds: int,
    planned: PlannedTouch | None = None,
) -> tuple[PlannedTouch, bool]:
    """Put a visit where a plan of the week has it: the one that is planned moves, else a new one is planned.

    Says whether anything changed: what stands there already stays as it is. Errors: `due_on` over where the actor is, whose
    day may last longer than the company's.
    """
    locked(customer)
    if due_on < clock.day_of(now, clock.zone_of(actor)):
        raise ValidationError({"due_on": _("This day is over.")})
    if planned is not None:
        planned.refresh_from_db()
    if planned is None or planned.closed_at is not None:
        row = _new(customer, touch_type, due_on, due_at, assignee, duration_seconds, "", actor, now)
        row.source, row.travel_seconds = PlannedSource.VISIT_PLAN, travel_seconds
        _check(row)
        write(row, actor=actor, now=now)
    else:
        row, wanted = planned, (due_on, due_at, duration_seconds, travel_seconds)
        if (row.due_on, row.due_at, row.duration_seconds, row.travel_seconds) == wanted:
            return row, False
        row.due_on, row.due_at, row.duration_seconds, row.travel_seconds = wanted
        row.version += 1
        write(row, actor=actor, now=now, fields=["due_on", "due_at", "duration_seconds", "travel_seconds", "version"])
    tell([customer.pk], actor=actor, now=now, lifecycle=False)
    return row, True


@transaction.atomic
def cancel_planned(*, actor: User, now: dt.datetime, planned: PlannedTouch, reason: str = "") -> bool:
    """It will not be done. One that is closed already stays as it is, which is told by False."""
    locked(planned.customer)
    planned.refresh_from_db()
    if planned.closed_at is not None:
        return False
    planned.closed_at = now
    planned.version += 1
    write(planned, actor=actor, now=now, fields=["closed_at", "version"], why=reason)
    tell([planned.customer_id], actor=actor, now=now, lifecycle=False)
    return True


@transaction.atomic
def restore_planned(*, actor: User, now: dt.datetime, planned: PlannedTouch) -> None:
    """Take a cancelling back. Errors: `planned` where a touch closed it."""
    locked(planned.customer)
    planned.refresh_from_db()
    if planned.closed_at is None:
        return
    if planned.closed_by_touch_id is not None:
        raise ValidationError({"planned": _("It was done.")})
    reopen_planned(planned, actor=actor, now=now)
    tell([planned.customer_id], actor=actor, now=now, lifecycle=False)


def reopen_planned(planned: PlannedTouch, *, actor: User, now: dt.datetime) -> None:
    """It is still to be done. Part of an action: tells nobody."""
    planned.closed_at, planned.closed_by_touch = None, None
    planned.version += 1
    write(planned, actor=actor, now=now, fields=["closed_at", "closed_by_touch", "version"])


def close_planned(touch: Touch, entry: TouchEntry, *, actor: User, now: dt.datetime) -> list[PlannedTouch]:
    """Close the planned touch that a touch does: the one named, else the first due of its type. Part of an action.

    What was planned on a later day than the touch is not what it did, and stays.
    """
    if entry.planned is not None:
        row = PlannedTouch.objects.open().filter(customer=touch.customer, pk=entry.planned.pk).first()
    else:
        people = {person.user.pk for person in entry.participants} or {actor.pk}
        if entry.covered is not None:
            people.add(entry.covered.pk)
        zone = clock.company_zone()
        before = clock.end_of_day(clock.day_of(touch.at, zone), zone)
        [rows] = together(_open_of_type(touch.customer_id, touch.type_id, before, touch.pk))
        row = min(rows, key=lambda each: (each.assignee_id not in people, each.due_on, each.pk), default=None)
    if row is None:
        return []
    row.closed_at, row.closed_by_touch = now, touch
    row.version += 1
    write(row, actor=actor, now=now, fields=["closed_at", "closed_by_touch", "version"])
    return [row]


@prepared
def _open_of_type(customer: int, touch_type: int, before: dt.datetime, touch: int) -> QuerySet[PlannedTouch]:
    """What is open of a type on a customer and was planned before then, by another touch than this."""
    rows = PlannedTouch.objects.open().filter(customer=customer, type=touch_type, planned_at__lt=before)
    return rows.exclude(from_touch=touch).order_by()


def planned_for_next_step(touch: Touch, step: NextStep, *, actor: User, now: dt.datetime) -> PlannedTouch:
    """Plan what was agreed as the next step of a touch. Part of an action. Errors: `next_step`."""
    if step.due_on < clock.day_of(now, clock.company_zone()):
        raise ValidationError({"next_step": _("This day is over.")})
    length, assignee = step.duration_seconds, step.assignee or actor
    row = _new(touch.customer, step.type, step.due_on, step.due_at, assignee, length, step.reason, actor, now)
    row.source, row.from_touch, row.order = PlannedSource.NEXT_STEP, touch, touch.order
    _check(row)
    write(row, actor=actor, now=now)
    return row


def planned_for_retry(touch: Touch, entry: TouchEntry, *, actor: User, now: dt.datetime) -> PlannedTouch:
    """Plan to try again what nobody answered, some working days after the touch's day. Part of an action."""
    later = extensions.number("retry_working_days", RETRY_AFTER_WORKING_DAYS)
    day = working_day_after(clock.day_of(touch.at, clock.company_zone()), later)
    people = [person.user for person in entry.participants]
    assignee = actor if actor in people or not people else people[0]
    row = _new(touch.customer, touch.type, day, None, assignee, None, "", actor, now)
    row.source, row.from_touch, row.order = PlannedSource.RETRY, touch, touch.order
    write(row, actor=actor, now=now)
    return row


def _new(
    customer: Customer,
    touch_type: TouchType,
    due_on: dt.date,
    due_at: dt.datetime | None,
    assignee: User,
    duration_seconds: int | None,
    reason: str,
    actor: User,
    now: dt.datetime,
) -> PlannedTouch:
    return PlannedTouch(
        customer=customer,
        type=touch_type,
        due_on=due_on,
        due_at=due_at,
        assignee=assignee,
        duration_seconds=touch_type.default_seconds if duration_seconds is None else duration_seconds,
        reason=reason.strip(),
        planned_by=actor,
        planned_at=now,
    )


def _check(row: PlannedTouch) -> None:
    errors: dict[str, Any] = {}
    if row.type.retired_at is not None:
        errors["touch_type"] = _("This touch type is no longer in use.")
    if row.order is not None and row.order.customer_id != row.customer_id:
        errors["order"] = _("This order is another customer's.")
    if len(row.reason) > LONGEST_REASON:
        errors["reason"] = _("This is too long.")
    if errors:
        raise ValidationError(errors)
