"""Activity goals: how many touches of a type a person, or everyone in a role, is to make with prospects."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area, may, may_all, people_within
from territory.rows import Archivable, Dated, LiveQuerySet, ordered_dates


class GoalPeriod(models.TextChoices):
    DAY = "day", _("day")
    WEEK = "week", _("week")
    MONTH = "month", _("month")


class ActivityGoalQuerySet(LiveQuerySet):
    def visible_to(self, user):
        """Goals of roles for who reads the rules; a person's own for who has them within reach of workload."""
        return self.filter(_reached(user, Act.SEE, may(user, Area.RULES, Act.SEE)))

    def editable_by(self, user):
        """Goals of roles by who changes the rules; a person's own by who changes workload within reach."""
        return self.filter(_reached(user, Act.CHANGE, may_all(user, Area.RULES, Act.CHANGE)))


def _reached(user, act: str, roles: bool) -> Q:
    theirs = Q(user__in=people_within(user, Area.BUDGETS, act).order_by().values("pk"))
    return theirs | Q(role__isnull=False) if roles else theirs


def _once(who: str) -> list[models.UniqueConstraint]:
    """One goal a type and period that starts on a day, and one that holds since always; archived ones aside."""
    said = {"violation_error_message": _("There is a goal for this type and period from this day on already.")}
    return [
        models.UniqueConstraint(
            fields=[who, "touch_type", "period", "starts_on"],
            condition=Q(archived_at__isnull=True),
            name=f"activity_goal_of_{who}_once_a_day",
            **said,
        ),
        models.UniqueConstraint(
            fields=[who, "touch_type", "period"],
            condition=Q(archived_at__isnull=True, starts_on__isnull=True),
            name=f"activity_goal_of_{who}_once_always",
            **said,
        ),
    ]


class ActivityGoal(Dated, Archivable):
    """So many touches of a type a day, week or month with prospects, for a person or for everyone in a role.

    Of several of the same type and period the one that started last holds; a person's own stands in the place of the role's.
    """

    role = models.ForeignKey(
        "accounts.Role", models.PROTECT, null=True, blank=True, related_name="activity_goals", verbose_name=_("role")
    )
    user = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="activity_goals", verbose_name=_("person")
    )
    touch_type = models.ForeignKey(
        "customers.TouchType", models.PROTECT, related_name="activity_goals", verbose_name=_("touch type")
    )
    count = models.PositiveSmallIntegerField(
        _("touches"), default=10, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    period = models.CharField(_("per"), max_length=5, choices=GoalPeriod, default=GoalPeriod.WEEK)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = ActivityGoalQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity goal")
        verbose_name_plural = _("activity goals")
        # Databases differ in where what is not known stands.
        ordering = [
            "role__position",
            "user__name",
            "touch_type__position",
            "period",
            models.F("starts_on").asc(nulls_first=True),
            "pk",
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(role__isnull=True, user__isnull=False) | Q(role__isnull=False, user__isnull=True),
                name="activity_goal_of_a_role_or_a_person",
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="activity_goal_count_positive"),
            ordered_dates("activity_goal_dates_ordered"),
            *_once("role"),
            *_once("user"),
        ]

    def __str__(self) -> str:
        return f"{self.role or self.user}, {self.touch_type}, {self.count} / {self.get_period_display()}"
