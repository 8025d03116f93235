"""How often, how long, and from when on it is too much: the rules that budgets and due dates follow."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from customers.models import CircumstanceKind, ContactRole, OrderStep, SaleType, Stage
from planning.models.travel import SpeedBand
from territory.company.models import Company
from territory.formats.hours import EXAMPLE, check_hours

# What an administrator sets beside rules and is only offered or shown: no budget, due day or load follows from it.
WITHOUT_EFFECT = (ContactRole, OrderStep, SaleType, CircumstanceKind, SpeedBand)

# Of the planning settings, those that say how evidence and the value of work are counted: no budget or due day follows.
COUNTING = ("repeats_count_once", "margin_share")

# And those that say how weeks of visits are planned.
VISITING = ("working_hours", "lunch_minutes", "lunch_within", "visit_share")


class Period(models.TextChoices):
    DAY = "day", _("day")
    WEEK = "week", _("week")
    MONTH = "month", _("month")
    QUARTER = "quarter", _("quarter")
    YEAR = "year", _("year")


class ContactRule(models.Model):
    """For a tier, a stage, a role and a touch type: so many touches per period at so many minutes. No wildcards."""

    tier = models.ForeignKey("customers.Tier", models.PROTECT, related_name="contact_rules", verbose_name=_("tier"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="contact_rules", verbose_name=_("role"))
    touch_type = models.ForeignKey(
        "customers.TouchType", models.PROTECT, related_name="contact_rules", verbose_name=_("touch type")
    )
    count = models.PositiveSmallIntegerField(
        _("touches"), default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    period = models.CharField(_("per"), max_length=7, choices=Period, default=Period.MONTH)
    duration_seconds = models.PositiveIntegerField(_("length"), default=900)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["tier__position", "stage", "role__position", "touch_type__position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tier", "stage", "role", "touch_type"],
                name="contact_rule_once",
                violation_error_message=_("There is a rule for this tier, stage, role and touch type already."),
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="contact_rule_count_positive"),
        ]


class OrderRule(models.Model):
    """Minutes that a role spends on each order handled, on all tiers or on one."""

    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="+", verbose_name=_("role"))
    tier = models.ForeignKey(
        "customers.Tier",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("tier"),
        help_text=_("Empty: every tier without a rule of its own."),
    )
    duration_seconds = models.PositiveIntegerField(_("minutes per order"), default=1800)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["role__position", "tier__position"]
        constraints = [
            models.UniqueConstraint(
                fields=["role", "tier"],
                name="order_rule_once",
                violation_error_message=_("There is an order rule for this role and tier already."),
            ),
            models.UniqueConstraint(
                fields=["role"],
                condition=Q(tier__isnull=True),
                name="order_rule_one_for_every_tier",
                violation_error_message=_("There is an order rule for this role and every tier already."),
            ),
        ]


class ContactLoad(models.Model):
    """Time a month that each current contact of a contact role adds for a role."""

    contact_role = models.ForeignKey(
        "customers.ContactRole", models.PROTECT, related_name="+", verbose_name=_("contact role")
    )
    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="+", verbose_name=_("role"))
    duration_seconds = models.PositiveIntegerField(_("minutes a month"), default=600)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["contact_role__position", "role__position"]
        constraints = [
            models.UniqueConstraint(
                fields=["contact_role", "role"],
                name="contact_load_once",
                violation_error_message=_("There is a load for this contact role and role already."),
            )
        ]


class TeamSellingLoad(models.Model):
    """Time a month that each assigned person beyond the first adds for a role."""

    role = models.OneToOneField("accounts.Role", models.PROTECT, related_name="+", verbose_name=_("role"))
    duration_seconds = models.PositiveIntegerField(_("minutes a month"), default=600)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["role__position"]


class TeamLoad(models.Model):
    """Time a month that each other member of a team adds for a role in it."""

    role = models.OneToOneField("accounts.Role", models.PROTECT, related_name="+", verbose_name=_("role"))
    duration_seconds = models.PositiveIntegerField(_("minutes a month"), default=600)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["role__position"]


def _share(default: str) -> dict:
    return {"max_digits": 5, "decimal_places": 4, "default": Decimal(default), "validators": [MinValueValidator(0)]}


class PlanningSettings(models.Model):
    """Thresholds and defaults; one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    under_served_below = models.DecimalField(_("under-served below"), **_share("0.75"))
    over_served_above = models.DecimalField(_("over-served above"), **_share("1.25"))
    room_below = models.DecimalField(_("room below"), **_share("0.70"))
    good_up_to = models.DecimalField(_("good up to"), **_share("0.90"))
    full_up_to = models.DecimalField(_("full up to"), **_share("1.00"))
    over_up_to = models.DecimalField(_("over up to"), **_share("1.20"))
    detour_factor = models.DecimalField(
        _("road to straight line"),
        max_digits=4,
        decimal_places=2,
        default=Decimal("1.30"),
        validators=[MinValueValidator(1)],
    )
    travel_speed_kmh = models.DecimalField(
        _("travel speed, km/h"),
        max_digits=5,
        decimal_places=1,
        default=Decimal("50.0"),
        validators=[MinValueValidator(1)],
    )
    # What holds for the kinds of special situations, by the names that these declare (planning.situations.threshold).
    situations = models.JSONField(_("special situations"), default=dict, blank=True)
    retry_working_days = models.PositiveSmallIntegerField(_("retry after no answer, working days"), default=2)
    circumstances_ahead_days = models.PositiveSmallIntegerField(
        _("circumstances that end within so many days, in Today"), default=30, validators=[MaxValueValidator(365)]
    )
    repeats_count_once = models.BooleanField(_("repeats count once"), default=False)
    margin_share = models.DecimalField(
        _("share of business that is margin"),
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    # What a week of visits rests on, where a person or customer says nothing else; a lunch of 0 minutes is none.
    working_hours = models.CharField(
        _("working hours"), max_length=200, default="08:00-17:00", validators=[check_hours], help_text=EXAMPLE
    )
    lunch_minutes = models.PositiveSmallIntegerField(
        _("lunch, minutes"), default=30, validators=[MaxValueValidator(120)]
    )
    lunch_within = models.CharField(
        _("lunch within"),
        max_length=200,
        default="11:30-14:00",
        validators=[check_hours],
        help_text=_("Such as 11:30-14:00."),
    )
    visit_share = models.DecimalField(
        _("a visit's value an hour, at least"),
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.3"),
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="planning_settings_one_row")]

    @classmethod
    def current(cls) -> "PlanningSettings":
        """The one row; the defaults where it was not saved yet."""
        return cls.objects.filter(pk=1).first() or cls()


class RulesVersion(models.Model):
    """Raised by every change of rules, tiers, touch types, loads, working days: figures of an older version are stale."""

    number = models.BigAutoField(primary_key=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    what = models.CharField(max_length=200, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-number"]

    @classmethod
    def raised(cls, **fields: object) -> "RulesVersion":
        """The next version, within the transaction of the change. One at a time: a number must not become visible before
        a lower one, or figures computed under it would count as fresh without the other's change.
        """
        list(Company.objects.select_for_update(no_key=True).values_list("pk"))
        return cls.objects.create(**fields)

    @classmethod
    def current(cls) -> int:
        """The number of the rules now in force; 0 before any change."""
        return cls.objects.order_by("-number").values_list("number", flat=True).first() or 0
