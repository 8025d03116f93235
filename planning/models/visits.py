"""A person's week of field visits: what was asked for, what it came to, and which customers on which day in which order."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area
from customers.scope import hangs_within


class VisitPlan(models.Model):
    """A proposal: nothing is agreed until its person accepts a day or all of it.

    It was asked for the `asked`-th time; days and stops are of the `answered`-th (0: none yet), from inputs of which
    `inputs` holds a fingerprint each. `days`: by day when one leaves and is back, lunch, the drive home, what is broken.
    `refused`: why nothing could be planned, in a word.
    """

    person = models.ForeignKey("accounts.User", models.CASCADE, related_name="visit_plans")
    week = models.DateField(help_text=_("Its Monday."))
    asked = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    answered = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    engine = models.PositiveSmallIntegerField(default=0)
    seed = models.PositiveIntegerField(default=1)
    iterations = models.PositiveIntegerField(default=0)
    inputs = models.JSONField(default=dict)
    days = models.JSONField(default=list)
    figures = models.JSONField(default=dict)
    refused = models.CharField(max_length=20, blank=True, default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "week"], name="visit_plan_once_a_week")]

    def __str__(self) -> str:
        return f"{self.person}, {self.week}"

    @property
    def is_asked(self) -> bool:
        """Whether it was asked for and has not been computed since."""
        return self.answered < self.asked

    @property
    def job_key(self) -> str:
        """The key of the job that computes what was asked for last."""
        return f"visit plan {self.pk}.{self.asked}"

    @property
    def last_day(self) -> dt.date:
        return self.week + dt.timedelta(days=6)


class VisitStopQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Stops at customers that the person sees."""
        return self.filter(hangs_within(user, Area.CUSTOMERS, Act.SEE), customer__archived_at__isnull=True)


class VisitStop(models.Model):
    """A visit of a plan: on a day at a place of its order, or (without a day) left out, with the reason.

    `planned` is the planned touch that it stands for, or that accepting made of it; `is_agreed`: it had a time before. A
    locked one stays on its day, and at its time.
    """

    plan = models.ForeignKey(VisitPlan, models.CASCADE, related_name="stops")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="+")
    touch_type = models.ForeignKey("customers.TouchType", models.PROTECT, related_name="+")
    planned = models.ForeignKey("customers.PlannedTouch", models.SET_NULL, null=True, blank=True, related_name="stops")
    day = models.DateField(null=True, blank=True)
    place = models.PositiveSmallIntegerField(default=0)
    starts_at = models.DateTimeField(null=True, blank=True)
    seconds = models.PositiveIntegerField()
    drive_seconds = models.PositiveIntegerField(default=0)
    drive_metres = models.PositiveIntegerField(default=0)
    value = models.FloatField(default=0)
    worth = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    due_on = models.DateField(null=True, blank=True)
    is_locked = models.BooleanField(default=False)
    is_agreed = models.BooleanField(default=False)
    # On this day only: it is planned for it without a time.
    only_on = models.DateField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=20, blank=True, default="")

    objects = VisitStopQuerySet.as_manager()

    class Meta:
        ordering = [F("day").asc(nulls_last=True), "place", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "customer", "touch_type"], name="visit_stop_once"),
            models.CheckConstraint(
                condition=Q(day__isnull=True, starts_at__isnull=True) | Q(day__isnull=False, starts_at__isnull=False),
                name="visit_stop_on_a_day_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}, {self.day}"

    @property
    def key(self) -> str:
        """Which visit it is: one of each kind with a customer."""
        return f"{self.customer_id}-{self.touch_type_id}"

    @property
    def ends_at(self) -> dt.datetime | None:
        return self.starts_at and self.starts_at + dt.timedelta(seconds=self.seconds)


class BusyTime(models.Model):
    """A time in which a person can visit nobody: a meeting, the dentist."""

    person = models.ForeignKey("accounts.User", models.CASCADE, related_name="busy_times")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    what = models.CharField(_("what"), max_length=100, blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="busy_time_ends_after_it_starts",
                violation_error_message=_("It ends before it begins."),
            )
        ]
        indexes = [models.Index(fields=["person", "starts_at"])]

    def __str__(self) -> str:
        return self.what or str(_("busy"))


class CalendarFeed(models.Model):
    """A private address under which a person's calendar reads their visits; of the address only a hash is kept."""

    person = models.OneToOneField("accounts.User", models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    renewed_at = models.DateTimeField()

    history = HistoricalRecords(excluded_fields=["token_hash"])

    def __str__(self) -> str:
        return str(self.person)
