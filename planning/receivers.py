"""What changed elsewhere becomes a mark in the same transaction, and a nudge once it is committed."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.dispatch import Signal, receiver
from django.utils.translation import gettext as _

from accounts.signals import people_facts_changed, roles_changed
from customers.models import Assignment
from customers.signals import catalogue_changed, customer_facts_changed
from planning.actions.calendar_feeds import take_back_feeds
from planning.marks import mark_changed
from planning.models import RulesVersion
from planning.nudge import recompute_soon
from territory import clock
from territory.company.signals import company_changed


@receiver(customer_facts_changed, dispatch_uid="planning marks customers")
def customers_changed(sender: Any, customer_ids: Iterable[int], **_more: Any) -> None:
    """Facts of customers changed: their figures are stale."""
    ids = set(customer_ids)
    if ids:
        mark_changed(ids, now=clock.now())
        recompute_soon(ids)


@receiver(people_facts_changed, dispatch_uid="planning marks customers of people")
def people_changed(sender: Any, user_ids: Iterable[int], **_more: Any) -> None:
    """Memberships, bases or absences changed: figures of every customer these people are assigned to are stale."""
    people = set(user_ids)
    known = _assigned(people)
    customers_changed(sender, known)
    # Whom somebody else assigned while this was being written could not be seen yet, nor did they see this.
    transaction.on_commit(lambda: customers_changed(sender, _assigned(people) - known), robust=True)


@receiver(people_facts_changed, dispatch_uid="planning takes feeds back")
def feeds_taken_back(sender: Any, user_ids: Iterable[int], **_more: Any) -> None:
    """Whoever was deactivated leaves no address behind under which their visits could be read."""
    take_back_feeds(user_ids, now=clock.now())


def _assigned(people: set[int]) -> set[int]:
    rows = Assignment.objects.filter(membership__user_id__in=people).order_by()
    return set(rows.values_list("customer_id", flat=True))


def _words(signal: Signal) -> str:
    """What a signal says has changed, for those who read the latest changes."""
    if signal is roles_changed:
        return _("roles in use changed")
    if signal is company_changed:
        return _("company, working days or holidays changed")
    return _("tiers or touch types changed")


@receiver([catalogue_changed, company_changed, roles_changed], dispatch_uid="planning raises the version of the rules")
def rules_changed(sender: Any, signal: Signal, **_more: Any) -> None:
    """Types, tiers, roles in use, working days or the zone changed: everything computed so far is stale."""
    RulesVersion.raised(changed_at=clock.now(), what=_words(signal))
    recompute_soon(everything=True)
