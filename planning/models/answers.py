"""Answers that are too long in the making for a page: computed by a job for a reader and a question, and kept."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AnswerKind(models.TextChoices):
    """What can be asked; what a question of each says is told in planning.actions.answers."""

    VALUE_EFFECT = "value effect", _("effect of a touch value")
    WORK = "work", _("value of work")


class KeptAnswer(models.Model):
    """What a reader asked and what it came to: a row for each reader, kind and question, however often it is asked.

    It was asked for the `asked`-th time; `result` is of the `answered`-th (0: none yet), computed as of `computed_at`, on the
    company's `day`, under `rules_number` and on a `basis` (planning.queries.kept); its shape belongs to `version`.
    `wanted_on`: the last day on which the reader looked at it.
    """

    reader = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=AnswerKind)
    question = models.CharField(max_length=120)
    asked = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    wanted_on = models.DateField()
    answered = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField(null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    rules_number = models.BigIntegerField(default=0)
    basis = models.CharField(max_length=64, blank=True, default="")
    version = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "kind", "question"], name="kept_answer_once")]
        indexes = [models.Index(fields=["wanted_on"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.question}"

    @property
    def is_asked(self) -> bool:
        """Whether it was asked for and has not been computed since."""
        return self.answered < self.asked

    @property
    def job_key(self) -> str:
        """The key of the job that computes what was asked for last."""
        return f"answer {self.pk}.{self.asked}"
