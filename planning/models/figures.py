"""Figures computed by jobs and stored: budgets with their parts and reasons, actuals, due touches. Never edited by hand.

Stale is a comparison: the mark's number of facts, the version of the rules and the day, against those stored with the figures.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FactsMark(models.Model):
    """How often the facts of a customer changed. Raised in the transaction of the change."""

    customer = models.OneToOneField("customers.Customer", models.CASCADE, primary_key=True, related_name="facts_mark")
    number = models.PositiveBigIntegerField(default=1)
    changed_at = models.DateTimeField()


class BudgetStatus(models.TextChoices):
    OVER = "over", _("over-served")
    UNDER = "under", _("under-served")
    AS_PLANNED = "as planned", _("as planned")
    TOO_EARLY = "too early", _("too early")


class CustomerFigures(models.Model):
    """What was last computed for a customer, from which facts, rules and day; with the sums that lists show and sort by."""

    customer = models.OneToOneField("customers.Customer", models.CASCADE, primary_key=True, related_name="figures")
    facts_number = models.PositiveBigIntegerField(default=0)
    rules_number = models.BigIntegerField(default=0)
    day = models.DateField()
    computed_at = models.DateTimeField()
    budget_minutes = models.FloatField(default=0)
    actual_minutes = models.FloatField(null=True, blank=True)
    unknown_person_minutes = models.FloatField(default=0)
    implausible_touches = models.PositiveIntegerField(default=0)
    window_days = models.PositiveSmallIntegerField(default=90)
    status = models.CharField(max_length=10, choices=BudgetStatus, blank=True, default="")
    last_touch_at = models.DateTimeField(null=True, blank=True)
    next_due_on = models.DateField(null=True, blank=True)
    next_due_type = models.ForeignKey("customers.TouchType", models.PROTECT, null=True, blank=True, related_name="+")
    next_due_person = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["status", "customer"]),
            models.Index(fields=["next_due_on"]),
            models.Index(fields=["day", "rules_number"]),
        ]


class Budget(models.Model):
    """Minutes a month that a customer needs from a role: parts, breakdown (why), actual and status."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="budgets")
    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="+")
    touch_minutes = models.FloatField(default=0)
    travel_minutes = models.FloatField(default=0)
    other_minutes = models.FloatField(default=0)
    actual_minutes = models.FloatField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=BudgetStatus, blank=True, default="")
    breakdown = models.JSONField(default=list)

    class Meta:
        ordering = ["role__position"]
        constraints = [models.UniqueConstraint(fields=["customer", "role"], name="budget_once")]

    @property
    def minutes(self) -> float:
        """The whole budget, minutes a month."""
        return self.touch_minutes + self.travel_minutes + self.other_minutes


class BudgetShare(models.Model):
    """A person's part of a customer's budget for a role, minutes a month; without a person: unstaffed, of the team."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="budget_shares")
    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="+")
    membership = models.ForeignKey(
        "accounts.Membership", models.PROTECT, null=True, blank=True, related_name="budget_shares"
    )
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="+")
    share = models.FloatField()
    is_prospecting = models.BooleanField(default=False)
    touch_minutes = models.FloatField(default=0)
    travel_minutes = models.FloatField(default=0)
    other_minutes = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "role", "membership"], name="budget_share_once"),
            models.UniqueConstraint(
                fields=["customer", "role"],
                condition=models.Q(membership__isnull=True),
                name="budget_share_one_unstaffed",
            ),
        ]
        indexes = [models.Index(fields=["membership"]), models.Index(fields=["team"])]


class DueTouch(models.Model):
    """The next touch that a contact rule, or the customer's own, asks for: whose, when, what it is worth. Future ones too."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="due_touches")
    rule = models.ForeignKey("planning.ContactRule", models.CASCADE, null=True, blank=True, related_name="+")
    own_rule = models.ForeignKey("planning.CustomerRule", models.CASCADE, null=True, blank=True, related_name="+")
    touch_type = models.ForeignKey("customers.TouchType", models.PROTECT, related_name="+")
    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="+")
    person = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="due_touches")
    due_on = models.DateField()
    interval_days = models.FloatField()
    last_touch_at = models.DateTimeField(null=True, blank=True)
    minutes = models.FloatField(default=0)
    travel_minutes = models.FloatField(default=0)
    value = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    value_is_set = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "role", "touch_type"], name="due_touch_once"),
            models.CheckConstraint(
                condition=models.Q(rule__isnull=True) ^ models.Q(own_rule__isnull=True), name="due_touch_of_one_rule"
            ),
        ]
        indexes = [models.Index(fields=["person", "due_on"])]
