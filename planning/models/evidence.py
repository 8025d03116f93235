"""What touches brought, as a job computed it from the log: one a month is kept, so that official values have something to be held against."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from planning.models.values import ValueStage


class EvidenceRun(models.Model):
    """One computation, of a day; of each month the last is kept.

    `samples`: by stage and tier key ("" over all) how many courses were won and lost and what business they brought, and
    whether their first year is complete, and what was won without any touch. `engine` names the version of the formulas.
    """

    on = models.DateField(_("day"), unique=True)
    computed_at = models.DateTimeField(_("computed"))
    engine = models.PositiveSmallIntegerField()
    parameters = models.JSONField()
    samples = models.JSONField()

    class Meta:
        ordering = ["-on"]


class TouchEvidence(models.Model):
    """What a touch of a type brought on a tier (equal credit), with an 80 % interval; None where there were none.

    `touches` and `wins` are the cell's own; where `is_pooled`, these wins are too few to tell, and the value is that of the
    type over all tiers.
    """

    run = models.ForeignKey(EvidenceRun, models.CASCADE, related_name="rows")
    stage = models.CharField(max_length=8, choices=ValueStage)
    touch_type = models.ForeignKey("customers.TouchType", models.CASCADE, related_name="+")
    tier = models.ForeignKey("customers.Tier", models.CASCADE, related_name="+")
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    touches = models.PositiveIntegerField()
    wins = models.PositiveIntegerField()
    is_pooled = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "stage", "touch_type", "tier"], name="touch_evidence_once_a_run")
        ]
