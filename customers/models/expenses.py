"""Expenses: money spent to sell, from a person's draft to a manager's decision."""

import uuid
from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act
from customers.scope import expenses_on, expenses_within
from territory.rows import Archivable, LiveQuerySet

from .customers import Customer

# What `decided_by` decided.
DECIDED = ("approved", "refused")


class ExpenseKind(models.TextChoices):
    OVERHEAD = "overhead", _("overhead")
    TRAVEL = "travel", _("travel")
    DEMO = "demo", _("demo")
    SAMPLE = "sample", _("sample")
    OTHER = "other", _("other")


class ExpenseStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")


class ExpenseQuerySet(LiveQuerySet):
    def counting(self):
        """Those that count as cost: approved, and nothing else."""
        return self.live().filter(status=ExpenseStatus.APPROVED)

    def visible_to(self, user):
        """Expenses on visible customers and orders within reach, of teams by reach over them; one's own always."""
        return self.filter(expenses_within(user, Act.SEE) | Q(author=user))

    def visible_on(self, customer, reader, seen):
        """Those on one customer and its orders, of which the reader sees these areas (customers.scope.seen_of)."""
        return self.filter(expenses_on(customer, reader, seen))

    def editable_by(self, user):
        """One's own drafts: what was submitted is first taken back."""
        return self.live().filter(author=user, status=ExpenseStatus.DRAFT)

    def decidable_by(self, user):
        """What the person may approve or refuse by reach; never their own."""
        return self.live().filter(expenses_within(user, Act.APPROVE)).exclude(author=user)

    def approvable_by(self, user):
        """What waits for this person's decision."""
        return self.decidable_by(user).filter(status=ExpenseStatus.SUBMITTED)


class Expense(Archivable):
    """Money that somebody spent to sell, for an order, a customer or a team: one of the three.

    `receipt_type` ("" = none) and `receipt_digest` (SHA-256) tell of the file that `Receipt` holds, so that history does, too.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    author = models.ForeignKey("accounts.User", models.PROTECT, related_name="expenses", verbose_name=_("person"))
    spent_on = models.DateField(_("day"))
    amount = models.DecimalField(
        _("amount"), max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    kind = models.CharField(_("kind"), max_length=8, choices=ExpenseKind, default=ExpenseKind.TRAVEL)
    status = models.CharField(_("status"), max_length=9, choices=ExpenseStatus, default=ExpenseStatus.DRAFT)
    order = models.ForeignKey(
        "customers.Order", models.PROTECT, null=True, blank=True, related_name="expenses", verbose_name=_("order")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="expenses", verbose_name=_("customer")
    )
    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="expenses", verbose_name=_("team")
    )
    touch = models.ForeignKey(
        "customers.Touch", models.PROTECT, null=True, blank=True, related_name="expenses", verbose_name=_("touch")
    )
    # Of mileage: there and back.
    km = models.DecimalField(_("kilometres"), max_digits=7, decimal_places=1, null=True, blank=True)
    note = models.TextField(_("note"), blank=True, default="")
    receipt_type = models.CharField(_("receipt"), max_length=20, blank=True, default="", editable=False)
    receipt_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    noted_at = models.DateTimeField(editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True, editable=False)
    # Stays while its author mends what was refused, until it is submitted again.
    reason = models.CharField(_("reason of refusal"), max_length=300, blank=True, default="", editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = ExpenseQuerySet.as_manager()

    class Meta:
        verbose_name = _("expense")
        verbose_name_plural = _("expenses")
        ordering = ["-spent_on", "-pk"]
        indexes = [
            models.Index(fields=["author", "status", "-spent_on"]),
            models.Index(fields=["status", "spent_on"]),
            models.Index(fields=["customer", "spent_on"]),
            models.Index(fields=["order", "spent_on"]),
            models.Index(fields=["team", "spent_on"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="expense_amount_positive"),
            models.CheckConstraint(
                condition=Q(order__isnull=False, customer__isnull=True, team__isnull=True)
                | Q(order__isnull=True, customer__isnull=False, team__isnull=True)
                | Q(order__isnull=True, customer__isnull=True, team__isnull=False),
                name="expense_for_one_subject",
                violation_error_message=_("Say what it was for: one order, one customer or one team."),
            ),
            models.CheckConstraint(
                condition=Q(km__isnull=True) | Q(km__gt=0, kind="travel"), name="expense_km_of_travel"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", submitted_at__isnull=True)
                | (~Q(status="draft") & Q(submitted_at__isnull=False)),
                name="expense_submitted_unless_draft",
            ),
            models.CheckConstraint(
                condition=Q(status__in=DECIDED, decided_by__isnull=False, decided_at__isnull=False)
                | (~Q(status__in=DECIDED) & Q(decided_by__isnull=True, decided_at__isnull=True)),
                name="expense_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("author")), name="expense_never_by_its_author"
            ),
            models.CheckConstraint(condition=~Q(status="refused") | ~Q(reason=""), name="expense_refused_for_a_reason"),
            models.UniqueConstraint(
                fields=["touch", "author"],
                condition=Q(km__isnull=False, archived_at__isnull=True),
                name="expense_mileage_once_a_touch",
                violation_error_message=_("The way to this touch is noted already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.amount}, {self.spent_on}"

    # As touches and internal work call it: for what tells the history of any of them.

    @property
    def logged_by(self):
        return self.author

    @property
    def logged_at(self):
        return self.noted_at


class Receipt(models.Model):
    """The photo or PDF of an expense's receipt, in the database: a backup holds it, and web may run on two machines.

    Checked by content before it is stored; what a photo tells of its place and camera was taken out.
    """

    expense = models.OneToOneField(Expense, models.CASCADE, related_name="receipt", primary_key=True)
    content = models.BinaryField()
