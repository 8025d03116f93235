"""Contacts: the people at a customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.models import User
from customers.actions.writing import archive, bring_back, change, locked, take, tell, write
from customers.models import Contact, Customer
from territory import clock

EDITABLE = ("external_id", "name", "role", "title", "email", "phone", "decides", "since", "left_on", "note")


@transaction.atomic
def add_contact(*, actor: User, now: dt.datetime, customer: Customer, values: Mapping[str, Any]) -> Contact:
    """A new contact, known since today where nothing else is said."""
    locked(customer)
    contact = Contact(customer=customer, since=clock.day_of(now, clock.company_zone()))
    take(contact, values, EDITABLE)
    contact.full_clean()
    write(contact, actor=actor, now=now)
    _tell(contact, actor, now)
    return contact


@transaction.atomic
def change_contact(
    *, actor: User, now: dt.datetime, contact: Contact, version: int, values: Mapping[str, Any]
) -> Contact:
    """Change a contact as they were shown. Raises Conflict where another changed them meanwhile."""
    locked(contact.customer)
    change(contact, values, EDITABLE, version=version, actor=actor, now=now)
    _tell(contact, actor, now)
    return contact


@transaction.atomic
def archive_contact(*, actor: User, now: dt.datetime, contact: Contact) -> None:
    """Put a contact away; touches with them stay."""
    locked(contact.customer)
    if archive(contact, actor=actor, now=now):
        _tell(contact, actor, now)


@transaction.atomic
def restore_contact(*, actor: User, now: dt.datetime, contact: Contact) -> None:
    """Bring an archived contact back."""
    locked(contact.customer)
    if bring_back(contact, actor=actor, now=now):
        _tell(contact, actor, now)


def _tell(contact: Contact, actor: User, now: dt.datetime) -> None:
    # Where no since was given, the earliest contact may be the earliest fact.
    tell([contact.customer_id], actor=actor, now=now, lifecycle=contact.customer.since is None)
