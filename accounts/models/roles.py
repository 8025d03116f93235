"""Roles: what someone does in selling, and what they may do here."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class RoleFunction(models.TextChoices):
    """What kind of work a role is."""

    SALES = "sales", _("sales")
    COORDINATION = "coordination", _("coordination")
    TECHNICAL = "technical", _("technical")
    MANAGEMENT = "management", _("management")
    SENIOR_MANAGEMENT = "senior_management", _("senior management")
    ADMINISTRATION = "administration", _("administration")


class RoleQuerySet(models.QuerySet):
    def live(self):
        """Roles in use."""
        return self.filter(retired_at__isnull=True)


class Role(models.Model):
    """A row that an administrator adds, renames and retires. `access` is {area: {act: reach}}, see accounts.permissions."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    function = models.CharField(_("function"), max_length=20, choices=RoleFunction)
    cost_per_hour = models.DecimalField(
        _("cost per hour"), max_digits=9, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    access = models.JSONField(default=dict, blank=True)
    second_factor_required = models.BooleanField(_("second factor required"), default=False)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = RoleQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(cost_per_hour__gte=0), name="role_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name
