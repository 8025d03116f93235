"""What was done with customers, by whom, and what is planned."""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area
from customers.scope import hangs_on, hangs_within, stood_in_for, written_within
from territory.rows import Archivable, LiveQuerySet

from .customers import Customer
from .touch_versions import TouchRecords, TouchVersion

# A touch longer than this without its travel is implausible: its minutes are left out until mended.
IMPLAUSIBLE_SECONDS = 8 * 3600


class TouchOutcome(models.TextChoices):
    ADVANCED = "advanced", _("advanced")
    NEUTRAL = "neutral", _("neutral")
    SET_BACK = "set_back", _("set back")
    NO_ANSWER = "no_answer", _("no answer")


class TouchQuerySet(LiveQuerySet):
    def visible_to(self, user):
        """Touches of visible customers within reach; the author always sees their own."""
        return self.filter(hangs_within(user, Area.TOUCHES, Act.SEE) | Q(logged_by=user))

    def visible_on(self, customer, reader, seen):
        """The same of one customer, of which the reader sees these areas (customers.scope.seen_of)."""
        return self.filter(hangs_on(customer, Area.TOUCHES, seen) | Q(customer=customer, logged_by=reader))

    def editable_by(self, user):
        """Touches within reach; where a role allows only what one wrote oneself: for 7 days, implausible ones at any time."""
        return self.visible_to(user).filter(written_within(user, Area.TOUCHES, always=Q(is_implausible=True)))


class Touch(Archivable):
    """Something done with a customer at a time. `duration_seconds` is all people's time together, without travel."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True, unique=True)
    # `customer` and `logged_by` begin indexes below: one more of each alone would only be written.
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="touches", db_index=False, verbose_name=_("customer")
    )
    type = models.ForeignKey("customers.TouchType", models.PROTECT, related_name="touches", verbose_name=_("type"))
    at = models.DateTimeField(_("when"))
    duration_seconds = models.PositiveIntegerField(_("length"), default=0)
    travel_seconds = models.PositiveIntegerField(_("travel"), default=0)
    is_implausible = models.BooleanField(_("implausible"), default=False, editable=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=TouchOutcome, default=TouchOutcome.NEUTRAL)
    order = models.ForeignKey(
        "customers.Order", models.PROTECT, null=True, blank=True, related_name="touches", verbose_name=_("order")
    )
    contacts = models.ManyToManyField(
        "customers.Contact", blank=True, related_name="touches", verbose_name=_("contacts met")
    )
    note = models.TextField(_("note"), blank=True, default="")
    logged_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="logged_touches", db_index=False
    )
    logged_at = models.DateTimeField()
    # One outreach to many customers: its touches are undone together.
    outreach = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    # Of what the client sent: tells a replay of the same request from another one that carries the same UUID.
    request_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = TouchRecords(excluded_fields=["request_digest"], bases=[TouchVersion])
    objects = TouchQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["customer", "-at", "-id"]),
            models.Index(fields=["customer", "type", "at"]),
            models.Index(fields=["logged_by", "-at"]),
            models.Index(fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.type}, {self.customer}"

    # What the touch's history says with it: as the tables have it, unless whoever writes said what they will have.

    @property
    def took_part(self) -> list[list[int | None]]:
        """Who took part: user, role, seconds of length and of travel of each."""
        return self._took_part if self._took_part is not None else parts_of(self.people.all())

    @took_part.setter
    def took_part(self, parts: list[list[int | None]]) -> None:
        self._took_part = parts

    @property
    def met(self) -> list[int]:
        """The keys of the contacts met."""
        return self._met if self._met is not None else sorted(contact.pk for contact in self.contacts.all())

    @met.setter
    def met(self, contacts: list[int]) -> None:
        self._met = contacts

    _took_part: list[list[int | None]] | None = None
    _met: list[int] | None = None


class MomentOfTouch(models.DateTimeField):
    """When the touch was, in a row of its own: whatever stores the row stores the touch's moment."""

    def pre_save(self, model_instance: models.Model, add: bool) -> dt.datetime:
        moment = model_instance.touch.at  # type: ignore[attr-defined]
        setattr(model_instance, self.attname, moment)
        return moment


class TouchPerson(models.Model):
    """A person who took part in a touch, in the role they had at that time, with their own minutes and travel."""

    # Begins the index of `touch_person_once`.
    touch = models.ForeignKey(Touch, models.CASCADE, related_name="people", db_index=False)
    # Begins the index below.
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="touches", db_index=False)
    role = models.ForeignKey("accounts.Role", models.PROTECT, null=True, blank=True, related_name="+")
    duration_seconds = models.PositiveIntegerField(default=0)
    travel_seconds = models.PositiveIntegerField(default=0)
    # By it is found what somebody did lately, of years of touches.
    at = MomentOfTouch(editable=False)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["user", "at"], name="touch_person_lately")]
        constraints = [models.UniqueConstraint(fields=["touch", "user"], name="touch_person_once")]


def parts_of(people: Iterable[TouchPerson]) -> list[list[int | None]]:
    """Who took part, as the history of a touch keeps it."""
    return sorted([person.user_id, person.role_id, person.duration_seconds, person.travel_seconds] for person in people)


class PlannedSource(models.TextChoices):
    """Where a planned touch comes from."""

    BY_HAND = "by_hand", _("planned")
    NEXT_STEP = "next_step", _("next step")
    RETRY = "retry", _("retry after no answer")
    PUT_OFF = "put_off", _("put off")
    VISIT_PLAN = "visit_plan", _("visit plan")


class PlannedTouchQuerySet(models.QuerySet):
    def open(self):
        """Neither done nor cancelled."""
        return self.filter(closed_at__isnull=True)

    def visible_to(self, user):
        return self.filter(hangs_within(user, Area.TOUCHES, Act.SEE))

    def visible_on(self, customer, seen):
        """The same of one customer, of which the reader sees these areas (customers.scope.seen_of)."""
        return self.filter(hangs_on(customer, Area.TOUCHES, seen))

    def editable_by(self, user):
        """Within reach of change; what one may only change as its author, by who planned it, has to do it or covers who has."""
        return self.visible_to(user).filter(
            hangs_within(user, Area.TOUCHES, Act.CHANGE)
            | Q(assignee=user)
            | Q(planned_by=user)
            | stood_in_for(user, "assignee")
        )


class PlannedTouch(models.Model):
    """A touch that somebody is to make on a day. A logged touch of its type closes it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="planned_touches", verbose_name=_("customer"))
    type = models.ForeignKey("customers.TouchType", models.PROTECT, related_name="+", verbose_name=_("type"))
    assignee = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="planned_touches", verbose_name=_("who")
    )
    due_on = models.DateField(_("day"))
    due_at = models.DateTimeField(_("time"), null=True, blank=True)
    duration_seconds = models.PositiveIntegerField(_("length"), default=900)
    # What a plan of visits expects for its part of the way; a log takes it along. None: nobody said.
    travel_seconds = models.PositiveIntegerField(_("travel"), null=True, blank=True)
    source = models.CharField(max_length=10, choices=PlannedSource, default=PlannedSource.BY_HAND)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    order = models.ForeignKey("customers.Order", models.PROTECT, null=True, blank=True, related_name="+")
    planned_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    planned_at = models.DateTimeField()
    from_touch = models.ForeignKey(Touch, models.SET_NULL, null=True, blank=True, related_name="planned_next")
    closed_by_touch = models.ForeignKey(Touch, models.SET_NULL, null=True, blank=True, related_name="closed_planned")
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = PlannedTouchQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(
                fields=["assignee", "due_on"], condition=Q(closed_at__isnull=True), name="planned_open_by_assignee"
            ),
            models.Index(
                fields=["customer", "type"], condition=Q(closed_at__isnull=True), name="planned_open_by_customer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type}, {self.customer}, {self.due_on}"
