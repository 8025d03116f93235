"""Where customers stood at the ends of past months, as a job read it from their lifecycles: pages count these rows."""

from django.db import models

from customers.models import Stage


class StandingMonths(models.Model):
    """A customer stood thus at the end of each month from `first_month` to `last_month` (None: and since).

    Months are named by their first day and end with their last one in the company's zone. The owner is whose customer it was
    on the last day, None nobody's.
    """

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="standing_months")
    first_month = models.DateField()
    last_month = models.DateField(null=True)
    stage = models.CharField(max_length=10, choices=Stage)
    tier = models.ForeignKey("customers.Tier", models.CASCADE, null=True, related_name="+")
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    owner = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "first_month"], name="standing_months_once")]
        indexes = [
            models.Index(fields=["first_month", "stage"]),
            models.Index(fields=["last_month", "stage"]),
        ]


class StandingMark(models.Model):
    """What the months of a customer were read from: facts, rules, and the last month that had ended. Stale where one differs."""

    customer = models.OneToOneField(
        "customers.Customer", models.CASCADE, primary_key=True, related_name="standing_mark"
    )
    facts_number = models.BigIntegerField(default=-1)
    rules_number = models.BigIntegerField(default=-1)
    month = models.DateField()
    computed_at = models.DateTimeField()
