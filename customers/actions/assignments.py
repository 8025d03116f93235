"""Who works on a customer, as what: assign, change, end, change of owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import JobProfile, Membership, User
from customers.actions.writing import locked, remove, tell, write
from customers.models import OWNER_KINDS, Assignment, AssignmentKind, Customer
from territory import clock
from territory.conflicts import claim

ONE_DAY = dt.timedelta(days=1)

# What a job profile authorises, from most to least.
AUTHORISES = {
    JobProfile.SOLE: (AssignmentKind.SOLE, AssignmentKind.LEAD, AssignmentKind.SUPPORT),
    JobProfile.LEAD: (AssignmentKind.LEAD, AssignmentKind.SUPPORT),
    JobProfile.SUPPORT: (AssignmentKind.SUPPORT,),
}


@transaction.atomic
def assign(
    *,
    actor: User,
    now: dt.datetime,
    customer: Customer,
    membership: Membership,
    kind: str,
    share: Decimal | None = None,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Assignment:
    """A membership works on a customer from a day (today where none is given). Errors: see `_check`."""
    customer = locked(customer)
    row = Assignment(
        customer=customer,
        membership=membership,
        kind=kind,
        share=share,
        starts_on=starts_on or clock.day_of(now, clock.company_zone()),
        ends_on=ends_on,
    )
    _check(row)
    write(row, actor=actor, now=now)
    _tell(customer, actor, now)
    return row


@transaction.atomic
def change_assignment(
    *,
    actor: User,
    now: dt.datetime,
    assignment: Assignment,
    version: int,
    kind: str,
    share: Decimal | None,
    starts_on: dt.date | None,
    ends_on: dt.date | None,
) -> Assignment:
    """Change as what and when someone works on a customer; another person is another assignment. Raises Conflict."""
    customer = locked(assignment.customer)
    assignment.kind, assignment.share = kind, share
    assignment.starts_on, assignment.ends_on = starts_on, ends_on
    _check(assignment)
    claim(assignment, version)
    write(assignment, actor=actor, now=now, fields=["kind", "share", "starts_on", "ends_on"])
    _tell(customer, actor, now)
    return assignment


@transaction.atomic
def end_assignment(*, actor: User, now: dt.datetime, assignment: Assignment, version: int, ends_on: dt.date) -> None:
    """The last day on which someone works on the customer. Errors: `ends_on` before the first day. Raises Conflict."""
    customer = locked(assignment.customer)
    claim(assignment, version)
    assignment.refresh_from_db()
    if assignment.starts_on is not None and ends_on < assignment.starts_on:
        raise ValidationError({"ends_on": _("The last day is before the first.")})
    is_longer = assignment.ends_on is not None and ends_on > assignment.ends_on
    assignment.ends_on = ends_on
    if is_longer:  # whoever came after them may be in the way; ending earlier is always possible
        _check(assignment)
    write(assignment, actor=actor, now=now, fields=["ends_on"])
    _tell(customer, actor, now)


@transaction.atomic
def change_owner(
    *,
    actor: User,
    now: dt.datetime,
    customer: Customer,
    membership: Membership,
    kind: str = AssignmentKind.LEAD,
    on: dt.date | None = None,
    share: Decimal | None = None,
    ends_on: dt.date | None = None,
) -> Assignment:
    """The customer has another owner from a day on (today where none is given); the present one's ends the day before.

    An assignment of the new owner that holds on that day (a supporting one) ends likewise. With a last day, whoever
    comes after that is left alone. Errors: see `_check`.
    """
    on = on or clock.day_of(now, clock.company_zone())
    last = ends_on or dt.date.max
    customer = locked(customer)
    replaced = [
        row
        for row in customer.assignments.select_related("membership")
        if (row.ends_on is None or row.ends_on >= on)
        and (row.starts_on is None or row.starts_on <= last)
        and (row.kind in OWNER_KINDS or row.membership_id == membership.pk)
    ]
    if any(row.starts_on is not None and row.starts_on > on for row in replaced):
        raise ValidationError({"on": _("Another owner is already set from a later day.")})
    for row in replaced:
        end_before(row, on, actor=actor, now=now)
    owner = Assignment(customer=customer, membership=membership, kind=kind, share=share, starts_on=on, ends_on=ends_on)
    if kind not in OWNER_KINDS:
        raise ValidationError({"kind": _("An owner is the sole contact or the lead.")})
    _check(owner)
    write(owner, actor=actor, now=now)
    _tell(customer, actor, now)
    return owner


def end_before(row: Assignment, day: dt.date, *, actor: User, now: dt.datetime) -> None:
    """Someone works on a customer until the day before; what would begin no earlier never was. Part of an action."""
    if row.starts_on is not None and row.starts_on >= day:
        remove(row, actor=actor, now=now)
        return
    row.ends_on = day - ONE_DAY
    row.version += 1
    write(row, actor=actor, now=now, fields=["ends_on", "version"])


def _check(row: Assignment) -> None:
    """What must hold of an assignment; its customer is locked.

    Errors: `kind` that the job profile does not authorise, or a second owner; `membership` not in force on the first
    day, or twice at a time on this customer; `share` above what is left of that role's work; `ends_on` too early.
    """
    row.clean_fields()
    if row.starts_on is not None and row.ends_on is not None and row.ends_on < row.starts_on:
        raise ValidationError({"ends_on": _("The last day is before the first.")})
    profile = row.membership.profile
    if row.kind not in AUTHORISES[JobProfile(profile)]:
        message = _("%(person)s may be %(profile)s at most.")
        raise ValidationError({"kind": message % {"person": row.membership.user, "profile": JobProfile(profile).label}})
    if not _overlap(row, row.membership):
        raise ValidationError({"membership": _("This person is not in that team and role on these days.")})
    others = Assignment.objects.filter(customer=row.customer_id).exclude(pk=row.pk).select_related("membership")
    at_a_time = [other for other in others if _overlap(row, other)]
    if any(other.membership_id == row.membership_id for other in at_a_time):
        raise ValidationError({"membership": _("This person works on the customer on some of these days already.")})
    if row.kind in OWNER_KINDS:
        owner = next((other for other in at_a_time if other.kind in OWNER_KINDS), None)
        if owner is not None:
            message = _("%s owns the customer on some of these days: end that first, or change the owner.")
            raise ValidationError({"kind": message % owner.membership.user})
    _check_shares(row, [other for other in at_a_time if other.membership.role_id == row.membership.role_id])


def _check_shares(row: Assignment, same_role: Iterable[Assignment]) -> None:
    """On no day do the shares of one role add up to more than 1."""
    rows = [row, *same_role]
    for day in [each.starts_on or dt.date.min for each in rows]:
        if not _holds(row, day):
            continue
        taken = sum((each.share for each in rows[1:] if each.share is not None and _holds(each, day)), Decimal(0))
        if row.share is not None and taken + row.share > 1:
            left = f"{max(Decimal(0), 1 - taken) * 100:f}".rstrip("0").rstrip(".") or "0"
            raise ValidationError({"share": _("Others in this role have the rest: at most %s %% is left.") % left})


def _holds(row: Assignment, day: dt.date) -> bool:
    return (row.starts_on or dt.date.min) <= day <= (row.ends_on or dt.date.max)


def _overlap(one: Assignment, other: Assignment | Membership) -> bool:
    starts = max(one.starts_on or dt.date.min, other.starts_on or dt.date.min)
    return starts <= min(one.ends_on or dt.date.max, other.ends_on or dt.date.max)


def _tell(customer: Customer, actor: User, now: dt.datetime) -> None:
    # Where no since was given, the earliest assignment may be the earliest fact.
    tell([customer.pk], actor=actor, now=now, lifecycle=customer.since is None)
