"""What a market could bring a year with a product line, as noted on a day."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area, may
from territory.rows import Archivable, LiveQuerySet

from .catalogue import Market, ProductLine


class MarketPotentialQuerySet(LiveQuerySet):
    def visible_to(self, user):
        """A market is nobody's own: all of them for who sees markets and may see amounts at all, else none."""
        return self if sees_market_potential(user) else self.none()

    def in_force(self):
        """Of each market and product line the row noted last: the one that holds."""
        rows = self.model.objects.live().filter(
            market=models.OuterRef("market"), product_line=models.OuterRef("product_line")
        )
        return self.live().filter(pk=models.Subquery(rows.order_by("-noted_on", "-pk").values("pk")[:1]))


def sees_market_potential(user) -> bool:
    """Whether the person may read what markets could bring."""
    return may(user, Area.RULES, Act.SEE) and may(user, Area.AMOUNTS, Act.SEE)


class MarketPotential(Archivable):
    """Yearly potential and growth of a product line in a market; the row noted last holds. A mistake is archived."""

    market = models.ForeignKey(Market, models.PROTECT, related_name="potentials", verbose_name=_("market"))
    product_line = models.ForeignKey(
        ProductLine, models.PROTECT, related_name="potentials", verbose_name=_("product line")
    )
    yearly_potential = models.DecimalField(
        _("yearly potential"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)]
    )
    growth_percent = models.DecimalField(
        _("growth, per cent a year"),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(-100)), MaxValueValidator(Decimal(1000))],
        help_text=_("Empty: not known. Less than 0: it shrinks."),
    )
    source = models.CharField(_("source"), max_length=200)
    noted_on = models.DateField(_("noted on"))
    noted_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = MarketPotentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("market potential")
        ordering = ["market__name", "product_line__name", "-noted_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(yearly_potential__gte=0), name="market_potential_not_negative"),
            models.CheckConstraint(condition=~Q(source=""), name="market_potential_has_a_source"),
            models.UniqueConstraint(
                fields=["market", "product_line", "noted_on"],
                condition=Q(archived_at__isnull=True),
                name="market_potential_once_a_day",
                violation_error_message=_(
                    "There is a potential of this market and product line from this day already."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.market}, {self.product_line}"
