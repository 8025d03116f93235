"""The private address under which a person's calendar reads their visits: made, renewed, taken back.

Of the address only a hash is kept, so that who reads the database cannot read anybody's calendar; it is shown once.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from customers.actions.writing import remove, write
from planning.models import CalendarFeed

# Bytes of chance in an address: nobody guesses it.
TOKEN_BYTES = 32


def hashed(token: str) -> str:
    """What is kept of an address. Of chance enough, it needs no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def renew_feed(*, person: User, now: dt.datetime) -> str:
    """A new address, the old one is gone; returns what stands in it."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = CalendarFeed.objects.select_for_update().filter(person=person).first()
    if row is None:
        row = CalendarFeed(person=person, token_hash=hashed(token), renewed_at=now)
        write(row, actor=person, now=now)
    else:
        row.token_hash, row.renewed_at = hashed(token), now
        write(row, actor=person, now=now, fields=["token_hash", "renewed_at"])
    return token


@transaction.atomic
def revoke_feed(*, person: User, now: dt.datetime) -> bool:
    """No address any more; says whether there was one."""
    row = CalendarFeed.objects.select_for_update().filter(person=person).first()
    if row is None:
        return False
    remove(row, actor=person, now=now)
    return True


def take_back_feeds(people: Iterable[int], *, now: dt.datetime) -> None:
    """Of these people those who work here no more have no address any more: it does not come back to life when they do."""
    for row in CalendarFeed.objects.filter(person__in=set(people), person__is_active=False):
        remove(row, actor=None, now=now)
