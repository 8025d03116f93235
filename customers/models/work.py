"""Internal work: minutes spent without touching a customer."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area
from customers.scope import work_within, written_within
from territory.rows import Archivable, LiveQuerySet

from .customers import Customer


class WorkKind(models.TextChoices):
    COORDINATION = "coordination", _("coordination")
    ORDER_HANDLING = "order_handling", _("order handling")
    PREPARATION = "preparation", _("technical preparation")
    MEETING = "meeting", _("meeting")
    ONE_TO_ONE = "one_to_one", _("one-to-one")
    TRAVEL = "travel", _("travel without visit")
    OTHER = "other", _("other")


class InternalWorkQuerySet(LiveQuerySet):
    def visible_to(self, user):
        """Work on visible customers within reach, work for a team by reach over people; one's own always."""
        return self.filter(work_within(user, Act.SEE) | Q(user=user) | Q(logged_by=user))

    def editable_by(self, user):
        return self.visible_to(user).filter(work_within(user, Act.CHANGE) | written_within(user, Area.TOUCHES))


class InternalWork(Archivable):
    """Minutes of a person, in the role of that time, on a day, for a customer, an order or a team."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True, unique=True)
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="internal_work", verbose_name=_("person"))
    role = models.ForeignKey("accounts.Role", models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=14, choices=WorkKind, default=WorkKind.COORDINATION)
    spent_on = models.DateField(_("day"))
    duration_seconds = models.PositiveIntegerField(_("length"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="internal_work", verbose_name=_("customer")
    )
    order = models.ForeignKey(
        "customers.Order", models.PROTECT, null=True, blank=True, related_name="internal_work", verbose_name=_("order")
    )
    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="internal_work", verbose_name=_("team")
    )
    note = models.TextField(_("note"), blank=True, default="")
    logged_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    logged_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = InternalWorkQuerySet.as_manager()

    class Meta:
        ordering = ["-spent_on", "-pk"]
        indexes = [
            models.Index(fields=["customer", "spent_on"]),
            models.Index(fields=["user", "spent_on"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(customer__isnull=False) | Q(team__isnull=False),
                name="internal_work_for_customer_or_team",
                violation_error_message=_("Say which customer, order or team the work was for."),
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=True) | Q(customer__isnull=False), name="internal_work_order_has_customer"
            ),
        ]
