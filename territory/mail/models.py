"""Mails that wait, were sent or could not be sent, and what each person wants mailed."""

from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from territory.mail import kinds


class MailState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")


class MailQuerySet(models.QuerySet):
    def waiting(self):
        """What is to be sent by itself, now or later: not what waits for a digest."""
        return self.filter(state=MailState.WAITING, in_digest=False)

    def failed(self):
        return self.filter(state=MailState.FAILED)


class Mail(models.Model):
    """One mail to one person, written in the transaction of its cause. `key` makes it happen once.

    `facts` is what its kind needs to write it (ids, never secrets); subject and text are there once it was written: for
    kinds that write at sending, when it is sent. A text that carries a link for signing in is never kept.
    """

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mails", verbose_name=_("to"))
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(max_length=200, unique=True)
    facts = models.JSONField(default=dict)
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    state = models.CharField(_("state"), max_length=10, choices=MailState, default=MailState.WAITING)
    in_digest = models.BooleanField(default=False)
    digest = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="items")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["recipient", "kind", "-created_at"]),
            models.Index(fields=["recipient", "created_at"], condition=Q(in_digest=True), name="mail_for_digest"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def kind_label(self) -> str:
        """What people call its kind."""
        return kinds.label_of(self.kind)

    @property
    def message_id(self) -> str:
        """The same at every attempt, so that a mail program shows a mail that was sent twice once."""
        host = settings.SITE_URL.partition("://")[2].partition(":")[0]
        return f"<{sha256(f'{self.pk} {self.key}'.encode()).hexdigest()[:32]}@{host}>"


class MailChoices(models.Model):
    """What a person wants mailed, and when: {kind: at_once, digest or never}; a kind left out is as it is at first."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="mail_choices")
    chosen: Any = models.JSONField(default=dict)
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    digest_on = models.DateField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["digest_on"])

    def __str__(self) -> str:
        return f"mails of {self.user_id}"
