"""What touches brought, as a job computed it from the log: one a month is kept, so that official values have something to be held against."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from planning.models.values import ValueStage


class EvidenceRun(models.Model):
    """One computation, of a day; of each month the last is kept.

    `samples`: by stage and tier key ("" over all) how many courses were won and lost and what business they brought,
    whether their first year is complete, what was won without any touch, and under "added" the weeks that the added chance
    rests on and why there is none ("": there is; "no wins", "only wins", "no fit"), under "model" the model itself (None:
    there is none), see engine/added_chance.py ChanceModel, and under "rhythms" the share won by rhythm, see
    engine/suggested_rhythm.py Band. `left_out`: touches that no figure counts, by reason: future, before (the registration),
    outside, repeats. `engine` names the version of the formulas, `parameters` what they were computed with.
    """

    on = models.DateField(_("day"), unique=True)
    computed_at = models.DateTimeField(_("computed"))
    engine = models.PositiveSmallIntegerField()
    parameters = models.JSONField()
    samples = models.JSONField()
    left_out = models.JSONField(default=dict)

    # What is long of a run: whoever reads it with rows of its own leaves it where it is.
    LARGE = ("run__parameters", "run__samples", "run__left_out")

    class Meta:
        ordering = ["-on"]

    @classmethod
    def latest(cls) -> models.QuerySet:
        """The key of the latest, for a condition on what belongs to it."""
        return cls._default_manager.order_by("-on").values("pk")[:1]


class TouchEvidence(models.Model):
    """What a touch of a type on a tier is worth, in three ways, each with an 80 % interval; None where it is not known.

    - Equal credit: `value`, `low`, `high`.
    - Chance at the n-th touch: `chance` that such a touch wins whatever its number; `chance_value` (with its interval) is
      that chance x the business of a win - `cost` of the touch, so that it tells of cost rates; `chances` the same by n: a
      dict each with n, reached, wins, chance, low, high (of the chance) and value; from the touch `stops_at` on selling
      costs more than it brings (None: it pays as far as is known).
    - Added chance: `added_value`, `added_low`, `added_high`, the business that one touch more adds.

    `touches` and `wins` are the cell's own; where `is_pooled`, these wins are too few to tell, and all values are those of
    the type over all tiers.
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
    chance = models.FloatField(null=True)
    chance_value = models.FloatField(null=True)
    chance_low = models.FloatField(null=True)
    chance_high = models.FloatField(null=True)
    cost = models.FloatField(null=True)
    stops_at = models.PositiveIntegerField(null=True)
    chances = models.JSONField(default=list)
    added_value = models.FloatField(null=True)
    added_low = models.FloatField(null=True)
    added_high = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "stage", "touch_type", "tier"], name="touch_evidence_once_a_run")
        ]
