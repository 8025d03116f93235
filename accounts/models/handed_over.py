"""What went from one person to another."""

from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.models import HistoricalRecords


class HandedOver(models.Model):
    """That work of a person went to another by one act: how much, and from which day on. Written once, never changed.

    By whom and when is in its history; which customers, in the history of assignments, planned touches and orders.
    """

    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("from whom"))
    to = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("to whom"))
    starts_on = models.DateField(_("from"))
    customers = models.PositiveIntegerField(_("customers"), default=0)
    planned = models.PositiveIntegerField(_("planned touches"), default=0)
    orders = models.PositiveIntegerField(_("orders"), default=0)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("hand-over")
        ordering = ["pk"]

    def __str__(self) -> str:
        return _t("%(who)s to %(whom)s") % {"who": self.user, "whom": self.to}


def how_much(row: HandedOver) -> str:
    """2 customers, 1 planned touch, 3 orders: of a hand-over or its history."""
    words = (
        (row.customers, ngettext("%(n)s customer", "%(n)s customers", row.customers)),
        (row.planned, ngettext("%(n)s planned touch", "%(n)s planned touches", row.planned)),
        (row.orders, ngettext("%(n)s order", "%(n)s orders", row.orders)),
    )
    return ", ".join(text % {"n": number} for number, text in words if number)
