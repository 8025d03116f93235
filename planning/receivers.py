"""What changed elsewhere becomes a mark in the same transaction, and a nudge once it is committed."""

from collections.abc import Iterable
from typing import Any

from django.dispatch import receiver

from accounts.signals import people_facts_changed, roles_changed
from customers.models import Assignment
from customers.signals import catalogue_changed, customer_facts_changed
from planning.marks import mark_changed
from planning.models import RulesVersion
from planning.nudge import recompute_soon
from territory import clock
from territory.company.signals import company_changed


@receiver(customer_facts_changed, dispatch_uid="planning marks customers")
def customers_changed(sender: Any, customer_ids: Iterable[int], **_: Any) -> None:
    """Facts of customers changed: their figures are stale."""
    ids = set(customer_ids)
    if ids:
        mark_changed(ids, now=clock.now())
        recompute_soon(ids)


@receiver(people_facts_changed, dispatch_uid="planning marks customers of people")
def people_changed(sender: Any, user_ids: Iterable[int], **_: Any) -> None:
    """Memberships, bases or absences changed: figures of every customer these people are assigned to are stale."""
    assigned = Assignment.objects.filter(membership__user_id__in=set(user_ids)).order_by()
    customers_changed(sender, set(assigned.values_list("customer_id", flat=True)))


@receiver([catalogue_changed, company_changed, roles_changed], dispatch_uid="planning raises the version of the rules")
def rules_changed(sender: Any, **_: Any) -> None:
    """Types, tiers, roles in use, working days or the zone changed: everything computed so far is stale."""
    RulesVersion.objects.create(changed_at=clock.now())
    recompute_soon(everything=True)
