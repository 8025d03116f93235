"""A company we sell to, with what is dated about it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area
from customers.scope import customers_within
from territory.formats.hours import check_hours
from territory.rows import Archivable, LiveQuerySet, Searchable


class Stage(models.TextChoices):
    PROSPECT = "prospect", _("prospect")
    CUSTOMER = "customer", _("customer")
    LAPSED = "lapsed", _("lapsed")
    LOST = "lost", _("lost")


class CustomerQuerySet(LiveQuerySet):
    """Customers, by what a person may do with them."""

    def within(self, user, area, act):
        """Customers within the person's reach in `area`."""
        return self.filter(customers_within(user, area, act))

    def visible_to(self, user):
        """Customers the person may see; to them no other exists."""
        return self.within(user, Area.CUSTOMERS, Act.SEE)

    def editable_by(self, user):
        """Customers the person may see and change."""
        return self.visible_to(user).within(user, Area.CUSTOMERS, Act.CHANGE)


class Customer(Searchable, Archivable):
    """A company we sell to. Stage, tier and yearly value are those of now, stored by customers.actions.lifecycle from the facts."""

    search_fields = ("name", "town", "external_id", "postcode", "phone", "web")

    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True, unique=True)
    name = models.CharField(_("name"), max_length=200)
    since = models.DateField(
        _("since"), null=True, blank=True, help_text=_("First known on this day. Empty: the day of the earliest fact.")
    )
    address = models.CharField(_("address"), max_length=200, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    town = models.CharField(_("town"), max_length=100, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    market = models.ForeignKey(
        "customers.Market", models.PROTECT, null=True, blank=True, related_name="customers", verbose_name=_("market")
    )
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="customers", verbose_name=_("team"))
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    web = models.URLField(_("web"), blank=True, default="")
    note = models.TextField(_("note"), blank=True, default="")
    visiting_hours = models.CharField(
        _("visiting hours"),
        max_length=200,
        blank=True,
        default="",
        validators=[check_hours],
        help_text=_("When they receive visitors, such as Mo-Fr 09:00-12:00,14:00-17:00. Empty: at any time."),
    )

    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.PROSPECT, editable=False)
    stage_began_at = models.DateTimeField(null=True, blank=True, editable=False)
    tier = models.ForeignKey(
        "customers.Tier",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="customers",
        editable=False,
        verbose_name=_("tier"),
    )
    yearly_value = models.DecimalField(_("yearly business"), max_digits=14, decimal_places=2, default=0, editable=False)
    next_change_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(
        excluded_fields=[
            "search_text",
            "stage",
            "stage_began_at",
            "tier",
            "yearly_value",
            "next_change_at",
            "created_at",
        ]
    )
    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["name", "id"]),
            models.Index(fields=["stage", "tier"]),
            models.Index(fields=["team", "stage"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
                name="customer_place_whole_or_absent",
                violation_error_message=_("Give both latitude and longitude, or neither."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CustomerTeam(models.Model):
    """The team a customer belonged to from a day on (no day = since always); the latest is also on the customer."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="team_changes", verbose_name=_("customer"))
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="+", verbose_name=_("team"))
    starts_on = models.DateField(_("from"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("team of a customer")
        ordering = ["starts_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "starts_on"], name="customer_team_once_a_day"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(starts_on__isnull=True), name="customer_team_one_since_always"
            ),
        ]


class Potential(models.Model):
    """What a customer could bring a year, as noted on a day (no day = since the customer's since)."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="potentials")
    amount = models.DecimalField(
        _("yearly potential"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)]
    )
    source = models.CharField(_("source"), max_length=200, blank=True, default="")
    noted_on = models.DateField(_("noted on"), null=True, blank=True)
    noted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    history = HistoricalRecords()

    class Meta:
        ordering = ["noted_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="potential_not_negative"),
            models.UniqueConstraint(fields=["customer", "noted_on"], name="potential_once_a_day"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(noted_on__isnull=True), name="potential_one_since_always"
            ),
        ]
