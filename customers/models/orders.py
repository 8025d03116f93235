"""What a customer orders, from pending to won or lost."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area
from customers.scope import amounts_within, hangs_on, hangs_within
from territory.rows import Archivable, LiveQuerySet, Searchable

from .customers import Customer

AMOUNT: models.DecimalField = models.DecimalField(max_digits=14, decimal_places=2)


class OrderStatus(models.TextChoices):
    PENDING = "pending", _("pending")
    WON = "won", _("won")
    LOST = "lost", _("lost")


class OrderQuerySet(LiveQuerySet):
    def visible_to(self, user):
        """Orders of customers the person may see, as far as their reach over orders goes."""
        return self.filter(hangs_within(user, Area.ORDERS, Act.SEE))

    def visible_on(self, customer, seen):
        """The same of one customer, of which the reader sees these areas (customers.scope.seen_of)."""
        return self.filter(hangs_on(customer, Area.ORDERS, seen))

    def editable_by(self, user):
        return self.visible_to(user).filter(hangs_within(user, Area.ORDERS, Act.CHANGE))

    def amounts_visible_to(self, user):
        """Visible orders whose amounts the person may see: the only ones that filters, sorts and sums of amounts may use."""
        return self.visible_to(user).filter(amounts_within(user))

    def with_amounts_for(self, user):
        """Adds `seen_amount`: the amount, or nothing where the person may not see it. Screens print nothing else."""
        return self.annotate(
            seen_amount=Case(
                When(amounts_within(user), then=F("amount")),
                default=Value(None),
                output_field=AMOUNT,
            )
        )

    def with_amounts_on(self, seen):
        """The same of orders of one customer, of which the reader sees these areas."""
        return self.annotate(seen_amount=F("amount") if Area.AMOUNTS in seen else Value(None, output_field=AMOUNT))


class Order(Searchable, Archivable):
    """An order. Salesperson and team are frozen at closing; no `opened_at` = always open until closed."""

    search_fields = ("title", "external_id")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", verbose_name=_("customer"))
    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True, unique=True)
    title = models.CharField(_("what for"), max_length=200, blank=True, default="")
    status = models.CharField(_("status"), max_length=10, choices=OrderStatus, default=OrderStatus.PENDING)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)])
    step = models.ForeignKey(
        "customers.OrderStep", models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("step")
    )
    probability = models.DecimalField(
        _("probability"),
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    product_line = models.ForeignKey(
        "customers.ProductLine",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("product line"),
    )
    sale_type = models.ForeignKey(
        "customers.SaleType", models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("sale type")
    )
    sale_type_chosen = models.BooleanField(default=False, editable=False)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    expected_on = models.DateField(_("expected close"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    lost_reason = models.CharField(_("reason lost"), max_length=300, blank=True, default="")
    salesperson = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("salesperson")
    )
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="orders", verbose_name=_("team"))
    note = models.TextField(_("note"), blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["search_text", "created_at"])
    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["customer", "status", "closed_at"]),
            models.Index(fields=["team", "status", "closed_at"]),
            models.Index(fields=["status", "expected_on"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="order_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(status="pending", closed_at__isnull=True)
                | (~Q(status="pending") & Q(closed_at__isnull=False)),
                name="order_closed_when_ended",
            ),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True) | Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="order_closed_after_opened",
                violation_error_message=_("The order closed before it was opened."),
            ),
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | Q(probability__range=(0, 1)), name="order_probability_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.external_id or f"{self.pk}"
