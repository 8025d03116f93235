"""A customer's own rules: on their days they stand instead of the contact rule of its tier and stage."""

import datetime as dt

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area
from customers.scope import hangs_on, hangs_within
from planning.models.rules import Period
from territory.rows import Archivable, LiveQuerySet, ends_from


class CustomerRuleQuerySet(LiveQuerySet):
    def begun_by(self, day: dt.date):
        """Those that hold on a day or held before it; archived ones never did."""
        return self.live().filter(starts_on__lte=day)

    def on(self, day: dt.date):
        """Those that hold on a day."""
        return self.begun_by(day).filter(ends_from(day))

    def visible_to(self, user):
        """Who sees the customer and its time budget sees why it is another one."""
        return self.filter(hangs_within(user, Area.BUDGETS, Act.SEE))

    def visible_on(self, customer, seen: tuple[str, ...]):
        """`visible_to` for those of one customer (its key), of which the reader sees these areas."""
        return self.filter(hangs_on(customer, Area.BUDGETS, seen))

    def editable_by(self, user):
        """Who sees them and may change the customer and who works on it."""
        return self.visible_to(user).filter(hangs_within(user, Area.CUSTOMERS, Act.CHANGE))


class CustomerRule(Archivable):
    """So many touches of a type by a role with one customer from a day to a day, and why; a count of 0: none at all.

    It holds in whatever tier and stage the customer is. What was a mistake is archived: then it never held.
    """

    customer = models.ForeignKey(
        "customers.Customer", models.CASCADE, related_name="own_rules", verbose_name=_("customer")
    )
    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="+", verbose_name=_("role"))
    touch_type = models.ForeignKey(
        "customers.TouchType", models.PROTECT, related_name="+", verbose_name=_("touch type")
    )
    count = models.PositiveSmallIntegerField(_("touches"), default=1, validators=[MaxValueValidator(1000)])
    period = models.CharField(_("per"), max_length=7, choices=Period, default=Period.MONTH)
    duration_seconds = models.PositiveIntegerField(_("length"), default=900)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = CustomerRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("own rule")
        ordering = ["role__position", "touch_type__position", "starts_on", "pk"]
        # That no two hold on one day is held under the customer's lock: only one database could say it of spans.
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="customer_rule_dates_ordered",
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="customer_rule_has_a_reason"),
            models.UniqueConstraint(
                fields=["customer", "role", "touch_type", "starts_on"],
                condition=Q(archived_at__isnull=True),
                name="customer_rule_once_from_a_day",
            ),
            models.UniqueConstraint(
                fields=["customer", "role", "touch_type"],
                condition=Q(archived_at__isnull=True, ends_on__isnull=True),
                name="customer_rule_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}, {self.touch_type}"
