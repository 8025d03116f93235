"""Touches: log (once, however often it is sent), edit, undo, restore."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from msgspec import Struct, field

from accounts.models import User
from customers.actions.outreach import restore_outreach, undo_outreach
from customers.actions.planned import close_planned, planned_for_next_step, planned_for_retry, reopen_planned
from customers.actions.touch_entries import NextStep, Participant, TouchEntry
from customers.actions.writing import ConflictError, locked, tell, write
from customers.models import PlannedSource, PlannedTouch, Touch, TouchOutcome, TouchPerson
from customers.models.touches import parts_of
from customers.working_as import covered_roles, roles_at_work
from territory import clock
from territory.conflicts import claim
from territory.together import prepared, together

__all__ = [
    "ConflictError",
    "LoggedTouch",
    "NextStep",
    "Participant",
    "TouchEntry",
    "edit_touch",
    "log_touch",
    "restore_touch",
    "undo_touch",
]


class LoggedTouch(Struct, frozen=True):
    """A touch that was logged: now, or (`is_new` false) by an earlier sending of the same request."""

    touch: Touch
    is_new: bool
    planned: list[PlannedTouch] = field(default_factory=list)
    closed: list[PlannedTouch] = field(default_factory=list)


def log_touch(*, actor: User, now: dt.datetime, uuid: uuids.UUID, entry: TouchEntry) -> LoggedTouch:
    """Log a touch; the same UUID with the same content is the touch there is, also of requests that race each other.

    It closes the planned touch that was named, else the one of its type that is due first (the participants' before
    others'; none that was planned on a later day). "No answer" plans a retry on the second working day, unless a next
    step of the same type is given. Errors: by field; ConflictError for a UUID that something else carries.
    """
    known = _replayed(uuid, entry, actor)
    if known is not None:
        return known
    entry.check(now)
    try:
        with transaction.atomic():
            return _log(actor, now, uuid, entry)
    except IntegrityError:
        # The constraint, not a check, decides between requests that race each other.
        known = _replayed(uuid, entry, actor)
        if known is None:
            raise
        return known


def _replayed(uuid: uuids.UUID, entry: TouchEntry, actor: User) -> LoggedTouch | None:
    [known] = together(_known(uuid))
    if not known:
        return None
    [touch] = known
    if touch.logged_by_id != actor.pk or touch.request_digest != entry.digest():
        raise ConflictError
    return LoggedTouch(touch, is_new=False)


@prepared
def _known(uuid: uuids.UUID) -> QuerySet[Touch]:
    return Touch.objects.filter(uuid=uuid).order_by()


def _log(actor: User, now: dt.datetime, uuid: uuids.UUID, entry: TouchEntry) -> LoggedTouch:
    customer = locked(entry.customer)
    if customer.archived_at is not None:
        raise ValidationError({"customer": _("This customer was archived.")})
    if entry.type.retired_at is not None:
        raise ValidationError({"type": _("This touch type is no longer in use.")})
    touch = Touch(
        uuid=uuid,
        customer=customer,
        logged_by=actor,
        logged_at=now,
        request_digest=entry.digest(),
    )
    _take(touch, entry, now)
    people = _people(touch, entry, _covered_role(touch, entry, actor))
    write(touch, actor=actor, now=now)
    TouchPerson.objects.bulk_create(people)
    if entry.contacts:
        touch.contacts.set(entry.contacts)
    closed = close_planned(touch, entry, actor=actor, now=now)
    planned = _plan(touch, entry, actor, now)
    tell([customer.pk], actor=actor, now=now, lifecycle=customer.since is None)
    return LoggedTouch(touch, is_new=True, planned=planned, closed=closed)


def _take(touch: Touch, entry: TouchEntry, now: dt.datetime) -> list[str]:
    """Put what was entered into the touch; returns the names of its fields."""
    values = {
        "type": entry.type,
        "at": entry.at or now,
        "duration_seconds": entry.seconds,
        "travel_seconds": entry.travel,
        "is_implausible": entry.is_implausible,
        "outcome": entry.outcome,
        "order": entry.order,
        "note": entry.note,
    }
    for name, value in values.items():
        setattr(touch, name, value)
    return list(values)


def _people(touch: Touch, entry: TouchEntry, known: Mapping[int, int | None]) -> list[TouchPerson]:
    """Who took part, in the role they had on that day unless it is known; the touch's history will say it with the touch."""
    day = clock.day_of(touch.at, clock.company_zone())
    asked = [person.user.pk for person in entry.participants if person.user.pk not in known]
    at_work = roles_at_work(asked, touch.customer, day) if asked else {}
    found = {**known, **{user: role.pk for user, role in at_work.items()}}
    people = [
        TouchPerson(
            touch=touch,
            user=person.user,
            role_id=found.get(person.user.pk),
            duration_seconds=person.duration_seconds,
            travel_seconds=person.travel_seconds,
        )
        for person in entry.participants
    ]
    touch.took_part, touch.met = parts_of(people), sorted(contact.pk for contact in entry.contacts)
    return people


def _covered_role(touch: Touch, entry: TouchEntry, actor: User) -> dict[int, int | None]:
    """The role of the person in whose place the author did it; nothing where they do not stand in for them on that day."""
    if entry.covered is None:
        return {}
    role = covered_roles(actor.pk, touch.customer, _day(touch)).get(entry.covered.pk)
    return {} if role is None else {actor.pk: role.pk}


def _roles_kept(before: Touch, touch: Touch) -> dict[int, int | None]:
    """The roles that people keep in a touch that was corrected: all on the same day; on another those that they cover."""
    roles = dict(touch.people.values_list("user", "role"))
    if _day(before) == _day(touch):
        return roles

    def covers(user: int, role: int | None) -> bool:
        return role in {each.pk for each in covered_roles(user, touch.customer, _day(touch)).values()}

    return {user: role for user, role in roles.items() if covers(user, role)}


def _plan(touch: Touch, entry: TouchEntry, actor: User, now: dt.datetime) -> list[PlannedTouch]:
    step = entry.next_step
    planned = [planned_for_next_step(touch, step, actor=actor, now=now)] if step else []
    if touch.outcome == TouchOutcome.NO_ANSWER and not (step and step.type.pk == touch.type_id):
        planned.append(planned_for_retry(touch, entry, actor=actor, now=now))
    return planned


@transaction.atomic
def edit_touch(*, actor: User, now: dt.datetime, touch: Touch, version: int, entry: TouchEntry) -> Touch:
    """Correct a touch as it was shown: all of `entry` but customer, next step and planned touch.

    A retry follows the outcome, the closing of planned touches the type. Errors: by field; `customer` where it is
    another's (undo it and log it there); Conflict where another changed it meanwhile.
    """
    customer = locked(touch.customer)
    if entry.customer.pk != customer.pk:
        raise ValidationError({"customer": _("A touch stays with its customer: undo it and log it there.")})
    entry.check(now)
    before = Touch.objects.get(pk=touch.pk)
    claim(touch, version)
    fields = _take(touch, entry, before.at)
    people = _people(touch, entry, _roles_kept(before, touch))
    write(touch, actor=actor, now=now, fields=fields)
    touch.people.all().delete()
    TouchPerson.objects.bulk_create(people)
    touch.contacts.set(entry.contacts)
    _follow_edit(before, touch, entry, actor, now)
    tell([customer.pk], actor=actor, now=now, lifecycle=customer.since is None)
    return touch


def _follow_edit(before: Touch, touch: Touch, entry: TouchEntry, actor: User, now: dt.datetime) -> None:
    if before.type_id != touch.type_id:
        for planned in PlannedTouch.objects.filter(closed_by_touch=touch, closed_at__isnull=False):
            reopen_planned(planned, actor=actor, now=now)
        close_planned(touch, entry, actor=actor, now=now)
    was, unanswered = before.outcome == TouchOutcome.NO_ANSWER, touch.outcome == TouchOutcome.NO_ANSWER
    retries = touch.planned_next.open().filter(source=PlannedSource.RETRY)
    if was and not unanswered:
        for planned in retries:
            _close(planned, actor, now)
    if unanswered and not was:
        planned_for_retry(touch, entry, actor=actor, now=now)


@transaction.atomic
def undo_touch(*, actor: User, now: dt.datetime, touch: Touch) -> list[Touch]:
    """Take a touch back, with all of the same outreach that the person may change: archived, what it planned gone, what it closed open again.

    Returns the touches taken back; none where it was archived already.
    """
    if touch.outreach is not None:
        return undo_outreach(actor=actor, now=now, touch=touch)
    return [touch] if _undo(touch, actor, now) else []


@transaction.atomic
def restore_touch(*, actor: User, now: dt.datetime, touch: Touch) -> list[Touch]:
    """Bring a touch back, with all of the same outreach that the person may change: what it planned, and what it closed unless done since."""
    if touch.outreach is not None:
        return restore_outreach(actor=actor, now=now, touch=touch)
    return [touch] if _restore(touch, actor, now) else []


def _undo(touch: Touch, actor: User, now: dt.datetime) -> bool:
    customer = locked(touch.customer)
    touch.refresh_from_db()
    if touch.archived_at is not None:
        return False
    touch.archived_at = now
    write(touch, actor=actor, now=now, fields=["archived_at"])
    for planned in touch.planned_next.open():
        _close(planned, actor, now)
    # They keep the touch that had closed them, so that bringing it back closes them again.
    for planned in PlannedTouch.objects.filter(closed_by_touch=touch, closed_at__isnull=False):
        planned.closed_at = None
        _write_planned(planned, ["closed_at"], actor, now)
    tell([customer.pk], actor=actor, now=now, lifecycle=customer.since is None)
    return True


def _restore(touch: Touch, actor: User, now: dt.datetime) -> bool:
    customer = locked(touch.customer)
    touch.refresh_from_db()
    undone_at = touch.archived_at
    if undone_at is None:
        return False
    touch.archived_at = None
    write(touch, actor=actor, now=now, fields=["archived_at"])
    # What the undoing had closed carries its very instant; what a person cancelled carries another.
    for planned in touch.planned_next.filter(closed_at=undone_at, closed_by_touch__isnull=True):
        reopen_planned(planned, actor=actor, now=now)
    for planned in PlannedTouch.objects.open().filter(closed_by_touch=touch):
        _close(planned, actor, now)
    tell([customer.pk], actor=actor, now=now, lifecycle=customer.since is None)
    return True


def _close(planned: PlannedTouch, actor: User, now: dt.datetime) -> None:
    planned.closed_at = now
    _write_planned(planned, ["closed_at"], actor, now)


def _write_planned(planned: PlannedTouch, fields: list[str], actor: User, now: dt.datetime) -> None:
    planned.version += 1
    write(planned, actor=actor, now=now, fields=[*fields, "version"])


def _day(touch: Touch) -> dt.date:
    return clock.day_of(touch.at, clock.company_zone())
