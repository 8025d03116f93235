"""Where a customer is, and from where one travels oneself: set by a person, never by a guess."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction

from accounts.models import User
from customers.actions.writing import locked, tell, write
from customers.imports.storing import Store
from customers.locks import held
from customers.models import Customer
from customers.queries.places import proposals, without_place
from territory.again import again, give_way

# Customers a transaction, and a click.
BATCH = 200
MOST_AT_ONCE = 2_000

WHY = "place of its town, as the gazetteer has it"


@transaction.atomic
def set_place(
    *,
    actor: User,
    now: dt.datetime,
    customer: Customer,
    latitude: float | None,
    longitude: float | None,
    why: str = "",
) -> Customer:
    """The customer is there (None and None: nobody knows where). What else was changed meanwhile stays."""
    customer = locked(customer)
    if (customer.latitude, customer.longitude) == (latitude, longitude):
        return customer
    customer.latitude, customer.longitude = latitude, longitude
    customer.full_clean(exclude=["web", "phone"])
    customer.version += 1
    write(customer, actor=actor, now=now, fields=["latitude", "longitude", "version"], why=why)
    tell([customer.pk], actor=actor, now=now, lifecycle=False)
    return customer


def accept_proposals(*, actor: User, now: dt.datetime, most: int = MOST_AT_ONCE) -> int:
    """Every customer of the person's that has no place and whose town there is once only gets that; returns how many.

    At most so many at a time: asked again, it goes on with the rest.
    """
    keys = [
        pk for pk, proposal in proposals(without_place(actor).only("pk", "town", "country")).items() if proposal.only
    ][:most]
    accepted = 0
    for start in range(0, len(keys), BATCH):
        accepted += again(partial(_accept, keys[start : start + BATCH], actor, now))
        give_way()
    return accepted


@transaction.atomic
def _accept(keys: list[int], actor: User, now: dt.datetime) -> int:
    """What became known meanwhile, or another town, is left as it is."""
    rows = list(held(keys).filter(latitude__isnull=True))
    found = proposals(rows)
    store, changed = Store(actor=actor, now=now, reason=WHY), []
    for row in rows:
        town = found[row.pk].only if row.pk in found else None
        if town is not None:
            store.change(row, {"latitude": town.latitude, "longitude": town.longitude})
            changed.append(row.pk)
    store.flush(Customer)
    if changed:
        tell(changed, actor=actor, now=now, lifecycle=False)
    return len(changed)
