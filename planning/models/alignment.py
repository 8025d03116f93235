"""Proposals of who should have which customers: they affect nothing until somebody accepts them, whole or in part."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Act, Area, scope, teams_within, whole_teams_reached
from customers.scope import yes


class Balanced(models.TextChoices):
    """What is to be even among people, each by their capacity."""

    MINUTES = "minutes", _("minutes")
    POTENTIAL = "potential", _("potential")
    CUSTOMERS = "customers", _("customers")


class ProposalState(models.TextChoices):
    OPEN = "open", _("proposed")
    ACCEPTED = "accepted", _("accepted")
    DISCARDED = "discarded", _("thrown away")


class AlignmentQuerySet(models.QuerySet):
    def reached_by(self, user):
        """Of teams whose customers and whose totals of work the person may change and see."""
        teams = teams_within(user, Area.CUSTOMERS, Act.CHANGE).order_by().values("pk")
        seen = teams_within(user, Area.BUDGETS, Act.SEE).order_by().values("pk")
        return self.filter(team__in=teams).filter(team__in=seen)

    def with_amounts_for(self, user):
        """Adds `shows_amounts`: whether the person may see the amounts of all customers of the team and of those below it."""
        teams = whole_teams_reached(scope(user, Area.AMOUNTS, Act.SEE)).order_by().values("pk")
        return self.annotate(shows_amounts=yes(Q(team__in=teams)))


class AlignmentProposal(models.Model):
    """A division of a team's customers among its people, as it was asked for and as last computed.

    `locked` says what stays: customers of tiers (`tiers`), those with a pending order (`orders`), and some by key (`customers`).
    Computed for the `asked`-th time from facts with a `fingerprint`; the shape of `figures` belongs to `version`.
    """

    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="+", verbose_name=_("team"))
    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="+", verbose_name=_("role"))
    balance = models.CharField(_("balance"), max_length=10, choices=Balanced, default=Balanced.MINUTES)
    tolerance = models.DecimalField(_("tolerance"), max_digits=4, decimal_places=3)
    move_km = models.DecimalField(max_digits=6, decimal_places=1)
    connected = models.BooleanField(default=True)
    locked = models.JSONField(default=dict)
    author = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.OPEN)
    closed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    asked = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    computed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    figures = models.JSONField(null=True, blank=True)

    objects = AlignmentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="alignment_open_or_closed",
            )
        ]
        indexes = [models.Index(fields=["state", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.team}, {self.role}"

    @property
    def is_open(self) -> bool:
        return self.state == ProposalState.OPEN

    @property
    def job_key(self) -> str:
        """The key of the job that computes what was asked for last."""
        return f"alignment {self.pk}.{self.asked}"


class AlignmentMove(models.Model):
    """A customer that would go from one person to another: the assignment as it was, and what it means for both.

    Kilometres and minutes a month. `starts_on`: from which day on it was accepted, by whom and when.
    """

    proposal = models.ForeignKey(AlignmentProposal, models.CASCADE, related_name="moves")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="+")
    assignment_key = models.BigIntegerField()
    assignment_version = models.PositiveIntegerField()
    giver = models.ForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    taker = models.ForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    minutes = models.FloatField(default=0)
    km_before = models.FloatField(null=True, blank=True)
    km_after = models.FloatField(null=True, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    accepted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["proposal", "customer"], name="alignment_move_once")]

    @property
    def km_saved(self) -> float | None:
        """Kilometres a month that are saved by it; None where a place is not known."""
        return None if self.km_before is None or self.km_after is None else self.km_before - self.km_after
