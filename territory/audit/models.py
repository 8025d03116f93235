"""What was denied. What was changed stands in each row's own history; the audit reads both."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Denial(models.Model):
    """A request that was turned away, and how often the same was within a day (territory/audit/denials.py).

    The address holds no query, in which people search for names, but the numbers of rows in it, and no key of a link
    (territory/addresses.py).
    """

    at = models.DateTimeField(_("when"), db_index=True)
    times = models.PositiveIntegerField(_("times"), default=1)
    last_at = models.DateTimeField(_("last"), null=True, help_text=_("Empty: it was once."))
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
