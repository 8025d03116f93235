"""Changes of rules that somebody looks at before they are saved: they affect nothing until then."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DraftAct(models.TextChoices):
    SAVE = "save", _("change")
    REMOVE = "remove", _("remove")
    RESTORE = "restore", _("bring back")


class DraftState(models.TextChoices):
    OPEN = "open", _("not saved")
    SAVED = "saved", _("saved")
    DISCARDED = "discarded", _("thrown away")


class RuleDraft(models.Model):
    """A change as it was typed: the row it is about as it was shown, the values, and the effect as last computed.

    `values` holds what the form of `kind` was sent; `changes` the same in words: label, before, after. The effect is
    computed for the `asked`-th time under `effect_rules_number`; its shape belongs to `effect_version`.
    """

    kind = models.CharField(max_length=30)
    act = models.CharField(max_length=10, choices=DraftAct, default=DraftAct.SAVE)
    row_key = models.BigIntegerField(null=True, blank=True)
    row_version = models.PositiveIntegerField(null=True, blank=True)
    values = models.JSONField(default=dict)
    title = models.CharField(max_length=300)
    changes = models.JSONField(default=list)
    author = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=DraftState, default=DraftState.OPEN)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    closed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    asked = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    effect = models.JSONField(null=True, blank=True)
    effect_version = models.PositiveIntegerField(default=0)
    effect_rules_number = models.BigIntegerField(default=0)
    computed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="rule_draft_open_or_closed",
            )
        ]
        indexes = [models.Index(fields=["state", "-created_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == DraftState.OPEN

    @property
    def job_key(self) -> str:
        """The key of the job that computes the effect asked for last."""
        return f"rule effect {self.pk}.{self.asked}"
