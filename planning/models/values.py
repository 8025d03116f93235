"""Official values of touches: never overwritten, a new one starts; and suggestions that were rejected."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class ValueStage(models.TextChoices):
    """Values are for prospects or for customers; those of lapsed and lost are those for prospects."""

    PROSPECT = "prospect", _("prospects")
    CUSTOMER = "customer", _("customers")


class TouchValue(models.Model):
    """What a touch of a type is worth on a tier, from a day on, approved by a named person. Append only."""

    touch_type = models.ForeignKey(
        "customers.TouchType", models.PROTECT, related_name="values", verbose_name=_("touch type")
    )
    tier = models.ForeignKey("customers.Tier", models.PROTECT, related_name="values", verbose_name=_("tier"))
    stage = models.CharField(_("for"), max_length=8, choices=ValueStage)
    amount = models.DecimalField(_("value"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    starts_on = models.DateField(_("from"))
    reason = models.CharField(_("reason"), max_length=300)
    approved_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField()

    history = HistoricalRecords()

    class Meta:
        ordering = ["touch_type__position", "tier__position", "stage", "-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["touch_type", "tier", "stage", "starts_on"],
                name="touch_value_once_a_day",
                violation_error_message=_("A value starts on this day already; choose another day."),
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="touch_value_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.touch_type}, {self.tier}, {self.get_stage_display()}"


class RejectedSuggestion(models.Model):
    """An official value was looked at beside evidence, and is kept with a reason. Append only.

    `on` is the day of the evidence, `value` its figure, `low` and `high` its 80 % interval: as they were shown, for runs
    of the same month replace one another.
    """

    official = models.ForeignKey(
        TouchValue, models.PROTECT, related_name="rejections", verbose_name=_("official value that is kept")
    )
    on = models.DateField(_("evidence of"))
    value = models.FloatField(_("evidence"))
    low = models.FloatField(_("interval from"))
    high = models.FloatField(_("interval to"))
    reason = models.CharField(_("reason"), max_length=300)
    rejected_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("rejected by"))
    rejected_at = models.DateTimeField(_("rejected"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("rejected suggestion")
        ordering = ["rejected_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["official", "on"], name="rejected_suggestion_once_a_run")]
