"""The call plan: judgements of what calls do, how plans are made, and the plans that were computed. A plan changes nothing."""

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from planning.engine.response import Answers
from territory import clock

DEFAULTS = Answers()


def _share(name: Any, default: float) -> models.DecimalField:
    most = MaxValueValidator(Decimal(10))
    return models.DecimalField(
        name, max_digits=6, decimal_places=4, default=Decimal(str(default)), validators=[MinValueValidator(0), most]
    )


class ResponseJudgement(models.Model):
    """What business a tier's customers would bring with fewer or more calls, as shares of today's, from a day on. Append only:
    the latest that has begun holds; where none has, the defaults do.
    """

    tier = models.ForeignKey("customers.Tier", models.PROTECT, related_name="+", verbose_name=_("tier"))
    none = _share(_("with no calls"), DEFAULTS.none)
    half = _share(_("with half the calls"), DEFAULTS.half)
    more = _share(_("with half more"), DEFAULTS.more)
    most = _share(_("with all one could"), DEFAULTS.most)
    starts_on = models.DateField(_("from"))
    reason = models.CharField(_("reason"), max_length=300)
    set_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("set by"))
    set_at = models.DateTimeField(_("set"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("judgement of calls")
        ordering = ["tier__position", "-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tier", "starts_on"],
                name="response_judgement_once_a_day",
                violation_error_message=_("A judgement starts on this day already; choose another day."),
            ),
            models.CheckConstraint(
                condition=Q(none__gte=0, none__lt=F("half"), half__lt=1, more__gt=1, most__gt=F("more")),
                name="response_judgement_rises",
                violation_error_message=_(
                    "More calls must bring more: none less than half, half less than as now, half more above that, all one could above all."
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.tier)

    @property
    def answers(self) -> Answers:
        """The five answers; as many calls as now bring what they bring now."""
        return Answers(float(self.none), float(self.half), 1.0, float(self.more), float(self.most))


class CallArea(models.TextChoices):
    CELL = "cell", _("square of the map")
    MARKET = "market", _("market")


class CallPlanSettings(models.Model):
    """How call plans are made; one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    within = models.DecimalField(
        _("ranges stay within so much of the best"),
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.0100"),
        validators=[MinValueValidator(0), MaxValueValidator(Decimal("0.5"))],
    )
    most_times = models.DecimalField(
        _("at most so many times the calls of now"),
        max_digits=3,
        decimal_places=1,
        default=Decimal("2.5"),
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    weeks = models.DecimalField(
        _("working weeks a year"),
        max_digits=3,
        decimal_places=1,
        default=Decimal("46.0"),
        validators=[MinValueValidator(1), MaxValueValidator(Decimal("52.2"))],
    )
    areas = models.CharField(_("one trip serves a"), max_length=6, choices=CallArea, default=CallArea.CELL)
    cell_km = models.PositiveSmallIntegerField(
        _("side of a square, km"), default=25, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    km_cost = models.DecimalField(
        _("cost of a kilometre"), max_digits=6, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("settings of call plans")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="call_plan_settings_one_row")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> "CallPlanSettings":
        """The one row; the defaults where it was not saved yet."""
        return cls.objects.filter(pk=1).first() or cls()


class CallPlan(models.Model):
    """A plan as it was asked for and, when computed, what came out: of a team with all below it, for one role.

    `hours`: a year, as typed; None: what the role's people have left. `basis`: what the result rests on besides the facts of
    customers (planning.queries.call_plans); `result`'s shape belongs to `engine_version`.
    """

    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+", verbose_name=_("team"))
    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="+", verbose_name=_("role"))
    hours = models.DecimalField(
        _("hours a year"), max_digits=8, decimal_places=1, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    computed_at = models.DateTimeField(null=True, blank=True)
    engine_version = models.PositiveIntegerField(default=0)
    basis = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)
    result = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["team", "-asked_at"])]

    def __str__(self) -> str:
        return f"{self.team}, {self.role}"

    @property
    def job_key(self) -> str:
        """The key of the job that computes it."""
        return f"call plan {self.pk}"


def judgements_on(day: Any = None) -> dict[int, ResponseJudgement]:
    """By tier, that which holds on a day."""
    rows = ResponseJudgement.objects.filter(starts_on__lte=day or clock.company_today()).order_by("starts_on", "pk")
    return {row.tier_id: row for row in rows.select_related("tier", "set_by")}
