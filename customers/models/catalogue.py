"""The words an administrator sets: tiers, touch types, contact roles, markets, product lines, steps and sale types."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from territory.rows import Archivable, LiveQuerySet


class RetirableQuerySet(models.QuerySet):
    def live(self):
        """Rows in use."""
        return self.filter(retired_at__isnull=True)


class Retirable(models.Model):
    """A row of the catalogue: kept for the past when retired, offered no more."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Tier(Retirable):
    """A value tier: position 1 is the highest. The bound belongs to the tier."""

    lower_bound = models.DecimalField(
        _("yearly value from"), max_digits=14, decimal_places=2, unique=True, validators=[MinValueValidator(0)]
    )

    history = HistoricalRecords()
    objects = RetirableQuerySet.as_manager()

    class Meta(Retirable.Meta):
        constraints = [models.CheckConstraint(condition=Q(lower_bound__gte=0), name="tier_bound_not_negative")]


class TouchChannel(models.TextChoices):
    MARKETING = "marketing", _("marketing")
    VOICE = "voice", _("voice")
    FIELD = "field", _("field")
    ONLINE = "online", _("online")


class TouchType(Retirable):
    """What can be done with a customer: usual length, whether it travels, what it costs besides time."""

    channel = models.CharField(_("channel"), max_length=10, choices=TouchChannel)
    default_seconds = models.PositiveIntegerField(_("usual length"), default=900)
    travels = models.BooleanField(_("needs travel"), default=False)
    cost = models.DecimalField(
        _("cost besides time"), max_digits=9, decimal_places=2, default=Decimal("0"), validators=[MinValueValidator(0)]
    )
    is_demo = models.BooleanField(_("its cost counts as demo"), default=False)
    icon = models.CharField(_("icon"), max_length=30, default="telephone")

    history = HistoricalRecords()
    objects = RetirableQuerySet.as_manager()

    class Meta(Retirable.Meta):
        constraints = [models.CheckConstraint(condition=Q(cost__gte=0), name="touch_type_cost_not_negative")]


class ContactRole(Retirable):
    """What a contact is at the customer: agent, buyer, management team, senior officer, technical, user."""

    expected_in_top_tiers = models.BooleanField(
        _("a gap when missing"),
        default=False,
        help_text=_("Shown as a gap on customers of the two highest tiers that have none."),
    )

    history = HistoricalRecords()
    objects = RetirableQuerySet.as_manager()


class OrderStep(Retirable):
    """A step a pending order goes through, with its usual probability."""

    probability = models.DecimalField(
        _("usual probability"),
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.5"),
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )

    history = HistoricalRecords()
    objects = RetirableQuerySet.as_manager()

    class Meta(Retirable.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(probability__range=(0, 1)), name="order_step_probability_0_to_1")
        ]


class SaleTypeKind(models.TextChoices):
    """The two sale types that orders get by themselves, and all others."""

    NEW_BUSINESS = "new_business", _("new business")
    REPEAT = "repeat", _("repeat")
    OTHER = "other", _("other")


class SaleType(Retirable):
    """New business, repeat, extension, tender."""

    kind = models.CharField(_("kind"), max_length=12, choices=SaleTypeKind, default=SaleTypeKind.OTHER)

    history = HistoricalRecords()
    objects = RetirableQuerySet.as_manager()

    class Meta(Retirable.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind__in=["new_business", "repeat"]),
                name="sale_type_one_of_each_by_itself",
            )
        ]


class Market(Archivable):
    """An area of the market (region, industry, segment), a tree."""

    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True, unique=True)
    name = models.CharField(_("name"), max_length=150)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = LiveQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="market_name_once_per_parent"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(parent__isnull=True), name="market_name_once_at_the_top"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProductLine(Archivable):
    """What we sell."""

    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True, unique=True)
    name = models.CharField(_("name"), max_length=150, unique=True)
    list_price = models.DecimalField(
        _("list price"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    launched_on = models.DateField(_("launched"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = LiveQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name
