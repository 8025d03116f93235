"""Somebody leaves: what they work on is handed over or ends, their memberships end, and their access ends at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions.memberships import end_membership
from accounts.actions.people import deactivate_person
from accounts.models import Membership, User
from customers.actions.assignments import end_assignment
from customers.actions.foreseen import assignments_of
from customers.actions.hand_over import Done, give_others, hand_over
from customers.actions.writing import remove, tell
from territory.formats.days import day_text
from territory.rows import ends_from

ONE_DAY = dt.timedelta(days=1)


def first_day_without(last_day: dt.date | None, today: dt.date) -> dt.date:
    """From which day on others do the work of who leaves: today, or the day after a last day that is over."""
    return last_day + ONE_DAY if last_day and last_day < today else today


@transaction.atomic
def leave(
    *,
    actor: User,
    now: dt.datetime,
    today: dt.date,
    person: User,
    last_day: dt.date | None = None,
    receiver: Membership | None = None,
    chosen: Mapping[int, int] | None = None,
    with_orders: bool = True,
    with_others: bool = False,
) -> Done:
    """Deactivate a person, in one transaction with the hand-over of what is chosen and the end of the rest.

    `with_others`: what they have planned and pending on customers that they do not work on goes to who owns these. With
    a last day all their memberships and what is not handed over end on it; without one these stay, as unstaffed work. Errors: of `hand_over`, `end_membership`, `deactivate_person`; Changed where something is not as it was shown.
    """
    done, on = Done(), first_day_without(last_day, today)
    if receiver is not None and (chosen or with_others):
        done = hand_over(
            actor=actor, now=now, person=person, receiver=receiver, on=on, chosen=chosen or {}, with_orders=with_orders,
            with_others=with_others,
        )  # fmt: skip
    elif with_others:
        done = give_others(actor=actor, now=now, person=person, on=on)
    if last_day is not None:
        _end_assignments(actor, now, person, last_day)
        _end_memberships(actor, now, today, person, last_day)
    deactivate_person(actor=actor, now=now, on=today, person=person)
    return done


def _end_assignments(actor: User, now: dt.datetime, person: User, last_day: dt.date) -> None:
    for row in assignments_of(actor, person, last_day + ONE_DAY):
        if row.starts_on is not None and row.starts_on > last_day:
            remove(row, actor=actor, now=now)
            tell([row.customer_id], actor=actor, now=now, lifecycle=row.customer.since is None)
        else:
            end_assignment(actor=actor, now=now, assignment=row, version=row.version, ends_on=last_day)


def _end_memberships(actor: User, now: dt.datetime, today: dt.date, person: User, last_day: dt.date) -> None:
    for row in Membership.objects.filter(ends_from(last_day + ONE_DAY), user=person).order_by("pk"):
        if row.starts_on is not None and row.starts_on > last_day:
            words = {"seat": row, "day": day_text(row.starts_on)}
            raise ValidationError({"last_day": _("%(seat)s begins on %(day)s: choose a later day.") % words})
        end_membership(actor=actor, now=now, on=today, membership=row, version=row.version, ends_on=last_day)
