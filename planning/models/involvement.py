"""Who is involved with each customer, as a job computed it from the log of 90 days: the last night's alone (domain 3.6)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import RoleFunction
from customers.models import AssignmentKind

# Last night's figures are about so many days.
INVOLVEMENT_DAYS = 90


class InvolvementRun(models.Model):
    """The computation whose figures are kept: of which day."""

    on = models.DateField(_("day"), unique=True)
    computed_at = models.DateTimeField(_("computed"))

    class Meta:
        ordering = ["-on"]


class CustomerInvolvement(models.Model):
    """Time spent with a customer without travel, by the function of who spent it, and by its owner of the day.

    `others_seconds`: people without a role, and those nobody knows. Customers nothing was done with have none.
    """

    customer = models.OneToOneField(
        "customers.Customer", models.CASCADE, primary_key=True, related_name="involvement", verbose_name=_("customer")
    )
    owner = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")
    held = models.CharField(max_length=10, choices=AssignmentKind, blank=True, default="")
    touches = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    seconds = models.PositiveBigIntegerField(default=0)
    owner_seconds = models.PositiveBigIntegerField(default=0)
    sales_seconds = models.PositiveBigIntegerField(default=0)
    coordination_seconds = models.PositiveBigIntegerField(default=0)
    technical_seconds = models.PositiveBigIntegerField(default=0)
    management_seconds = models.PositiveBigIntegerField(default=0)
    senior_management_seconds = models.PositiveBigIntegerField(default=0)
    administration_seconds = models.PositiveBigIntegerField(default=0)
    others_seconds = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["owner"])]


# The column of each function's time.
SECONDS_OF = {function.value: f"{function.value}_seconds" for function in RoleFunction}


class InvolvementFinding(models.Model):
    """What does not fit an assignment as it was then: by whom (keys of people), and their share of the time of touches."""

    class Happened(models.TextChoices):
        SOLE_TOUCHED = "sole_touched", _("others touched a sole customer")
        BEYOND_PROFILE = "beyond_profile", _("more than the job profile authorises")
        SUPPORT_ALONE = "support_alone", _("a support person acts alone")
        LEAD_BEHIND = "lead_behind", _("the lead hardly takes part")

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="involvement_findings")
    assignment = models.ForeignKey("customers.Assignment", models.CASCADE, related_name="involvement_findings")
    held = models.CharField(max_length=10, choices=AssignmentKind)
    happened = models.CharField(max_length=14, choices=Happened)
    others = models.JSONField(default=list)
    share = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "happened"], name="involvement_finding_once"),
        ]
