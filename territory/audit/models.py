"""What was denied. What was changed stands in each row's own history; the audit reads both."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Denial(models.Model):
    """One request that was turned away. The address is kept without its query, in which people search for names."""

    at = models.DateTimeField(_("when"), db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        help_text=_("Empty: not signed in."),
    )
    method = models.CharField(max_length=10)
    path = models.CharField(_("address"), max_length=300)
    status = models.PositiveSmallIntegerField(_("answer"))

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["user", "-at"])]

    def __str__(self) -> str:
        return f"{self.status} {self.method} {self.path}"

    @property
    def meaning(self) -> str:
        """The answer in words."""
        return str(MEANINGS.get(self.status, ""))


MEANINGS = {
    401: _("password, code or key not right"),
    403: _("not permitted"),
    404: _("not there for them"),
    429: _("too often"),
}
