"""Customers: create, change, move to a team, archive, potential."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import JobProfile, Membership, Team, User
from customers.actions.writing import archive, bring_back, change, locked, take, tell, write
from customers.models import Assignment, AssignmentKind, Customer, CustomerTeam, Potential
from customers.working_as import EARLIEST_FIRST
from territory import clock

EDITABLE = (
    "external_id",
    "name",
    "since",
    "address",
    "postcode",
    "town",
    "country",
    "latitude",
    "longitude",
    "market",
    "phone",
    "web",
    "note",
    "visiting_hours",
)


def owner_for_new_customer(user: User, on: dt.date) -> Membership | None:
    """The membership as whose customer a new one starts: the earliest current one that may own; None = ask for one."""
    current = Membership.objects.on(on).filter(user=user).exclude(profile=JobProfile.SUPPORT)
    return current.select_related("team").order_by(*EARLIEST_FIRST).first()


@transaction.atomic
def create_customer(
    *,
    actor: User,
    now: dt.datetime,
    values: Mapping[str, Any],
    owner: Membership | None = None,
    team: Team | None = None,
    potential: Decimal | None = None,
    potential_source: str = "",
) -> Customer:
    """A new customer, whose lead is `owner`, else its creator, in their team (domain 1.1, creating).

    Errors: `owner` where the creator may not own a customer and named nobody, or named one who may not; fields' own.
    """
    today = clock.day_of(now, clock.company_zone())
    owner = owner or owner_for_new_customer(actor, today)
    if owner is None:
        raise ValidationError({"owner": _("Say whose customer it is: you may support customers, not own them.")})
    if owner.profile == JobProfile.SUPPORT:
        raise ValidationError({"owner": _("%s may support customers, not own them.") % owner.user})
    customer = Customer(team=team or owner.team)
    take(customer, values, EDITABLE)
    _check_since(customer, today)
    customer.full_clean()
    write(customer, actor=actor, now=now)
    write(CustomerTeam(customer=customer, team=customer.team), actor=actor, now=now)
    lead = Assignment(customer=customer, membership=owner, kind=AssignmentKind.LEAD, starts_on=today)
    write(lead, actor=actor, now=now)
    if potential is not None:
        _note(customer, potential, potential_source, None, actor=actor, now=now)
    tell([customer.pk], actor=actor, now=now)
    customer.refresh_from_db()
    return customer


@transaction.atomic
def change_customer(
    *, actor: User, now: dt.datetime, customer: Customer, version: int, values: Mapping[str, Any]
) -> Customer:
    """Change what a person may write about a customer. Raises Conflict where another changed it meanwhile."""
    if "since" in values:
        _check_since(Customer(since=values["since"]), clock.day_of(now, clock.company_zone()))
    change(customer, values, EDITABLE, version=version, actor=actor, now=now)
    tell([customer.pk], actor=actor, now=now, lifecycle="since" in values)
    return customer


@transaction.atomic
def move_to_team(
    *, actor: User, now: dt.datetime, customer: Customer, team: Team, on: dt.date | None = None
) -> Customer:
    """The customer belongs to a team from a day on (today where none is given); the dated history keeps the one before.

    Errors: `on` in the future; `team` archived.
    """
    today = clock.day_of(now, clock.company_zone())
    on = on or today
    if on > today:
        raise ValidationError({"on": _("A customer moves today or has moved; this day is still to come.")})
    if team.archived_at is not None:
        raise ValidationError({"team": _("This team was archived.")})
    customer = locked(customer)
    dated = customer.team_changes.filter(starts_on=on).first() or CustomerTeam(customer=customer, starts_on=on)
    if dated.team_id != team.pk:
        dated.team = team
        write(dated, actor=actor, now=now)
    latest = customer.team_changes.filter(starts_on__isnull=False).order_by("-starts_on").first()
    if latest is not None and latest.team_id != customer.team_id:
        customer.team_id = latest.team_id
        customer.version += 1
        write(customer, actor=actor, now=now, fields=["team", "version"])
    tell([customer.pk], actor=actor, now=now, lifecycle=False)
    return customer


@transaction.atomic
def archive_customer(*, actor: User, now: dt.datetime, customer: Customer) -> None:
    """Put a customer away with all that hangs on it; nothing is removed."""
    if archive(customer, actor=actor, now=now):
        tell([customer.pk], actor=actor, now=now, lifecycle=False)


@transaction.atomic
def restore_customer(*, actor: User, now: dt.datetime, customer: Customer) -> None:
    """Bring an archived customer back as it was, its stage and tier as they are by now."""
    if bring_back(customer, actor=actor, now=now):
        tell([customer.pk], actor=actor, now=now)


@transaction.atomic
def note_potential(
    *,
    actor: User,
    now: dt.datetime,
    customer: Customer,
    amount: Decimal,
    source: str = "",
    noted_on: dt.date | None = None,
) -> Potential:
    """Note what the customer could bring a year, on a day (today where none is given); a second on a day replaces it.

    Errors: `amount` negative, `noted_on` in the future.
    """
    today = clock.day_of(now, clock.company_zone())
    if noted_on is not None and noted_on > today:
        raise ValidationError({"noted_on": _("This day is still to come.")})
    customer = locked(customer)
    row = _note(customer, amount, source, noted_on or today, actor=actor, now=now)
    tell([customer.pk], actor=actor, now=now)
    return row


def _note(
    customer: Customer, amount: Decimal, source: str, noted_on: dt.date | None, *, actor: User, now: dt.datetime
) -> Potential:
    row = Potential.objects.filter(customer=customer, noted_on=noted_on).first()
    row = row or Potential(customer=customer, noted_on=noted_on)
    row.amount, row.source, row.noted_by = amount, source, actor
    row.full_clean()
    write(row, actor=actor, now=now, fields=["amount", "source", "noted_by"] if row.pk else None)
    return row


def _check_since(customer: Customer, today: dt.date) -> None:
    if customer.since is not None and customer.since > today:
        raise ValidationError({"since": _("This day is still to come.")})
