"""Small proposals for somebody who has too much in a week: what goes to which colleague, so that both keep within their hours."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Act, Area, Scope, scope, teams_reached


class RebalancingState(models.TextChoices):
    OPEN = "open", _("proposed")
    ACCEPTED = "accepted", _("accepted")
    DISMISSED = "dismissed", _("dismissed")


class RebalancingQuerySet(models.QuerySet):
    def open(self):
        return self.filter(state=RebalancingState.OPEN)

    def reached_by(self, user):
        """Of people in teams whose customers and whose totals of work the person may change and see."""
        return self.within(scope(user, Area.CUSTOMERS, Act.CHANGE), scope(user, Area.BUDGETS, Act.SEE))

    def within(self, changed: Scope, seen: Scope):
        """The same from how far the person may change customers and see budgets."""
        teams = [teams_reached(reached).order_by().values("pk") for reached in (changed, seen)]
        return self.filter(*(Q(giver__team__in=keys) for keys in teams))


class Rebalancing(models.Model):
    """That some customers, or touches planned for a week, go from a person to a colleague in the same role and team.

    `items`: [key, version, customer] of assignments, or of planned touches (`touches`). Loads are those of the week, both
    people's before and after; `extra_minutes` a week: what both travel more. At most one is open for a person.
    """

    giver = models.ForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    taker = models.ForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    week = models.DateField()
    touches = models.BooleanField(default=False)
    items = models.JSONField(default=list)
    giver_before = models.FloatField()
    giver_after = models.FloatField()
    taker_before = models.FloatField()
    taker_after = models.FloatField()
    extra_minutes = models.FloatField(default=0)
    found_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RebalancingState, default=RebalancingState.OPEN)
    closed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = RebalancingQuerySet.as_manager()

    class Meta:
        ordering = ["-giver_before", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["giver"], condition=Q(state="open"), name="rebalancing_one_open"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="rebalancing_open_or_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver.user} to {self.taker.user}"

    @property
    def customers(self) -> list[int]:
        """Keys of the customers it is about."""
        return [customer for _key, _version, customer in self.items]
