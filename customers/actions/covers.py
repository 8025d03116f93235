"""Cover: somebody stands in for a person who is away, on all of their customers or on chosen ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Absence, Cover, Membership, User
from accounts.signals import people_facts_changed
from customers.actions.writing import remove, write
from customers.models import CoveredCustomer, Customer
from territory.conflicts import claim
from territory.formats.days import day_text

FIELDS = ("membership", "starts_on", "ends_on", "covers_all")


@transaction.atomic
def add_cover(
    *,
    actor: User,
    now: dt.datetime,
    user: User,
    membership: Membership,
    starts_on: dt.date,
    ends_on: dt.date,
    customers: Collection[Customer] | None = None,
) -> Cover:
    """A membership stands in for `user` from a day to a day, both included; on all customers where none are named.

    Errors: see `_check`.
    """
    chosen = _chosen(customers)
    row = Cover(user=user, membership=membership, starts_on=starts_on, ends_on=ends_on, covers_all=customers is None)
    _check(row, chosen)
    write(row, actor=actor, now=now)
    _keep(row, chosen, actor=actor, now=now)
    people_facts_changed.send(sender=Cover, user_ids=[user.pk])
    return row


@transaction.atomic
def change_cover(
    *,
    actor: User,
    now: dt.datetime,
    cover: Cover,
    version: int,
    membership: Membership,
    starts_on: dt.date,
    ends_on: dt.date,
    customers: Collection[Customer] | None,
) -> Cover:
    """Another who covers, other days or other customers. Raises Conflict where another changed it meanwhile.

    Errors: see `_check`.
    """
    chosen = _chosen(customers)
    claim(cover, version)
    cover.membership, cover.starts_on, cover.ends_on = membership, starts_on, ends_on
    cover.covers_all = customers is None
    _check(cover, chosen)
    write(cover, actor=actor, now=now, fields=FIELDS)
    _keep(cover, chosen, actor=actor, now=now)
    people_facts_changed.send(sender=Cover, user_ids=[cover.user_id])
    return cover


@transaction.atomic
def remove_cover(*, actor: User, now: dt.datetime, cover: Cover) -> None:
    """Nobody stands in after all; the history keeps what was there."""
    user_id = cover.user_id
    _keep(cover, set(), actor=actor, now=now)
    remove(cover, actor=actor, now=now)
    people_facts_changed.send(sender=Cover, user_ids=[user_id])


def _chosen(customers: Collection[Customer] | None) -> set[int]:
    return {customer.pk for customer in customers or ()}


def _keep(cover: Cover, chosen: Collection[int], *, actor: User, now: dt.datetime) -> None:
    """Make the customers that the cover names those chosen."""
    present = {row.customer_id: row for row in cover.customers.all()}
    for customer, row in present.items():
        if customer not in chosen:
            remove(row, actor=actor, now=now)
    for customer in sorted(set(chosen) - set(present)):
        write(CoveredCustomer(cover=cover, customer_id=customer), actor=actor, now=now)


def _check(row: Cover, chosen: Collection[int]) -> None:
    """What must hold of a cover; both people are locked.

    Errors: `starts_on`, `ends_on` in the wrong order, or on a day on which the covered person is not away; `membership`
    of the covered person, of somebody deactivated, away or no member then, or where another covers the same work;
    `customers` where none are chosen.
    """
    # Of two covers (or a cover and an absence) entered at once one waits and then sees the other.
    list(User.objects.select_for_update().filter(pk__in=[row.user_id, row.membership.user_id]).order_by("pk"))
    if row.ends_on < row.starts_on:
        raise ValidationError({"ends_on": _("The last day is before the first.")})
    if not row.covers_all and not chosen:
        raise ValidationError({"customers": _("Choose at least one customer, or all of them.")})
    if not row.user.is_active:
        message = _("%(name)s is deactivated: hand their customers over instead.")
        raise ValidationError(message % {"name": row.user.name})
    _check_away(row)
    _check_who_covers(row)
    _check_overlap(row, chosen)


def _check_away(row: Cover) -> None:
    for name in ("starts_on", "ends_on"):
        day = getattr(row, name)
        if not Absence.objects.between(day, day).filter(user=row.user_id).exists():
            words = {"name": row.user.name, "day": day_text(day)}
            raise ValidationError({name: _("%(name)s is not away on %(day)s. Add the absence first.") % words})


def _check_who_covers(row: Cover) -> None:
    who = row.membership.user
    name = {"name": who.name}
    message = ""
    away = Absence.objects.between(row.starts_on, row.ends_on).filter(user=who).order_by("starts_on").first()
    starts, ends = row.membership.starts_on or dt.date.min, row.membership.ends_on or dt.date.max
    if who.pk == row.user_id:
        message = _("Nobody covers for themselves. Choose somebody else.")
    elif not who.is_active:
        message = _("%(name)s is deactivated. Choose somebody else.") % name
    elif starts > row.starts_on or ends < row.ends_on:
        message = _("%(name)s is not in that team and role on all of these days. Choose somebody else, or other days.")
        message %= name
    elif away is not None:
        message = _("%(name)s is away then too, from %(first)s to %(last)s. Choose somebody else, or other days.")
        message %= {**name, "first": day_text(away.starts_on), "last": day_text(away.ends_on)}
    if message:
        raise ValidationError({"membership": message})


def _check_overlap(row: Cover, chosen: Collection[int]) -> None:
    """Nobody's work is covered twice on a day."""
    others = Cover.objects.between(row.starts_on, row.ends_on).filter(user=row.user_id).exclude(pk=row.pk)
    if not row.covers_all:
        others = others.filter(Q(covers_all=True) | Q(customers__customer__in=chosen))
    other = others.select_related("membership__user").order_by("starts_on", "pk").first()
    if other is not None:
        words = {
            "name": other.membership.user.name,
            "first": day_text(other.starts_on),
            "last": day_text(other.ends_on),
        }
        message = _("%(name)s covers this work already, from %(first)s to %(last)s. Change that, or choose other days.")
        raise ValidationError({"starts_on": message % words})
