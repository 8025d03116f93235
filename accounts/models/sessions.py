"""Where a person is signed in."""

from django.contrib.sessions.models import Session
from django.db import models
from django.utils.translation import gettext as _


class UserSession(models.Model):
    """A session of a person, as they see it in their list. Its row goes with the session, whoever ends it.

    Of the device it keeps two words (`browser`, `system`), no address and no place.
    """

    session = models.OneToOneField(Session, models.CASCADE, related_name="+")
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="sessions")
    browser = models.CharField(max_length=30, blank=True, default="")
    system = models.CharField(max_length=30, blank=True, default="")
    begun_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_used_at", "-begun_at"]

    def __str__(self) -> str:
        return self.device

    @property
    def device(self) -> str:
        """Browser and system as far as they are known."""
        if self.browser and self.system:
            return _("%(browser)s on %(system)s") % {"browser": self.browser, "system": self.system}
        return self.browser or self.system or _("Unknown device")
