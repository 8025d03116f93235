"""What makes a sale to a customer unlike the normal one, from a day to a day."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area
from customers.scope import hangs_on, hangs_within
from territory.rows import Archivable, Dated, LiveQuerySet, on_day, ordered_dates

from .catalogue import Retirable, RetirableQuerySet
from .customers import Customer


class CircumstanceKind(Retirable):
    """A new buyer, a budget freeze, a contract with another supplier, a merger, several deciders."""

    history = HistoricalRecords()
    objects = RetirableQuerySet.as_manager()

    class Meta(Retirable.Meta):
        verbose_name = _("kind of circumstance")


class CircumstanceQuerySet(LiveQuerySet):
    def on(self, day: dt.date):
        """Those that hold on a day; archived ones never did."""
        return self.live().filter(on_day(day))

    def visible_to(self, user):
        """Circumstances of customers the person may see."""
        return self.filter(hangs_within(user, Area.CUSTOMERS, Act.SEE))

    def visible_on(self, customer, seen: tuple[str, ...]):
        """`visible_to` for those of one customer (its key), of which the reader sees these areas."""
        return self.filter(hangs_on(customer, Area.CUSTOMERS, seen))

    def editable_by(self, user):
        """Circumstances of customers the person may change."""
        return self.filter(hangs_within(user, Area.CUSTOMERS, Act.CHANGE))


class Circumstance(Dated, Archivable):
    """Something that holds at a customer from a day (or always) to a day (or on). What was a mistake is archived."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="circumstances", verbose_name=_("customer"))
    kind = models.ForeignKey(CircumstanceKind, models.PROTECT, related_name="circumstances", verbose_name=_("kind"))
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    noted_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = CircumstanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("circumstance")
        # Databases differ in where what is not known stands.
        ordering = ["kind__position", F("starts_on").asc(nulls_first=True), "pk"]
        indexes = [models.Index(fields=["customer", "ends_on"])]
        # That no two of a kind hold on one day is held under the customer's lock: only one database could say it of spans.
        constraints = [
            ordered_dates("circumstance_dates_ordered"),
            models.UniqueConstraint(
                fields=["customer", "kind"],
                condition=Q(archived_at__isnull=True, ends_on__isnull=True),
                name="circumstance_one_open_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return str(self.kind)
