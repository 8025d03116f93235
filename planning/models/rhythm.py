"""How far the rhythm of contact rules is kept, as a job computed it from the log: the last night's alone."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RhythmWindow(models.IntegerChoices):
    """How many days back."""

    MONTH = 30, _("30 days")
    QUARTER = 90, _("90 days")
    YEAR = 365, _("365 days")


class RhythmRun(models.Model):
    """One computation, of a day. `rules`: of each rule's key the version that was computed under."""

    on = models.DateField(_("day"), unique=True)
    computed_at = models.DateTimeField(_("computed"))
    rules = models.JSONField()

    class Meta:
        ordering = ["-on"]


class RhythmSum(models.Model):
    """Touches asked for and made in the last `window` days, by rule (None: customers' own ones), tier and owner of the day
    (None: nobody) and team: sums that add up to those of any reach.
    """

    run = models.ForeignKey(RhythmRun, models.CASCADE, related_name="sums")
    window = models.PositiveSmallIntegerField(choices=RhythmWindow)
    rule = models.ForeignKey("planning.ContactRule", models.CASCADE, null=True, related_name="+")
    tier = models.ForeignKey("customers.Tier", models.CASCADE, null=True, related_name="+")
    owner = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    asked = models.FloatField()
    made = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["window", "owner"])]


class RhythmGap(models.Model):
    """How often, in the last 90 days, two touches that counted for a rule were so many days apart."""

    run = models.ForeignKey(RhythmRun, models.CASCADE, related_name="gaps")
    rule = models.ForeignKey("planning.ContactRule", models.CASCADE, related_name="+")
    owner = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    days = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
