"""What this room has against changes of teams and memberships: assignments and customers that they would leave wrong."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts.models import JobProfile, Membership, Team
from accounts.signals import objections
from customers.actions.assignments import AUTHORISES
from customers.models import Assignment, Customer, Order, OrderStatus
from territory import clock
from territory.rows import ends_from


@receiver(objections, sender=Team, dispatch_uid="customers and orders of a team")
def team_in_use(sender: type, row: Team, change: str, **_kwargs: Any) -> str | None:
    """A team with live customers or pending orders is not archived."""
    if change != "archive":
        return None
    if Customer.objects.live().filter(team=row).exists():
        return _("Customers belong to this team. Move them to another first.")
    if Order.objects.live().filter(team=row, status=OrderStatus.PENDING).exists():
        return _("Orders of this team are pending. End them or give them another salesperson first.")
    return None


@receiver(objections, sender=Membership, dispatch_uid="assignments of a membership")
def profile_in_use(sender: type, row: Membership, change: str, **_kwargs: Any) -> str | None:
    """A job profile still authorises every assignment that is in force or to come."""
    if change != "profile":
        return None
    present = Assignment.objects.filter(ends_from(clock.company_today()), membership=row)
    beyond = present.exclude(kind__in=AUTHORISES[JobProfile(row.profile)]).select_related("customer").first()
    if beyond is None:
        return None
    words = {"person": row.user, "kind": beyond.get_kind_display(), "customer": beyond.customer}
    return _("%(person)s is %(kind)s on %(customer)s. Change that first.") % words
