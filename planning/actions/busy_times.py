"""Times in which a person visits nobody: added, changed, removed."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from customers.actions.writing import change, remove, write
from planning.models import BusyTime

EDITABLE = ("what", "starts_at", "ends_at")


@transaction.atomic
def add_busy_time(
    *, person: User, now: dt.datetime, what: str, starts_at: dt.datetime, ends_at: dt.datetime
) -> BusyTime:
    """A time of one's own; sent again, it is the one that is there. Errors: `ends_at` not after the beginning."""
    list(User.objects.select_for_update(of=("self",), no_key=True).filter(pk=person.pk).values_list("pk"))
    again = BusyTime.objects.filter(person=person, what=what, starts_at=starts_at, ends_at=ends_at).first()
    if again:
        return again
    row = BusyTime(person=person, what=what, starts_at=starts_at, ends_at=ends_at)
    row.full_clean()
    write(row, actor=person, now=now)
    return row


@transaction.atomic
def change_busy_time(*, person: User, now: dt.datetime, row: BusyTime, version: int, **values) -> BusyTime:
    """Change it as it was shown. Raises Conflict. Errors: `ends_at` not after the beginning."""
    change(row, values, EDITABLE, version=version, actor=person, now=now)
    return row


@transaction.atomic
def remove_busy_time(*, person: User, now: dt.datetime, row: BusyTime) -> None:
    """One is free then after all."""
    remove(row, actor=person, now=now)
