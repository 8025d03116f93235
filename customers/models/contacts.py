"""The people at a customer. They are never users."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area
from customers.scope import hangs_within
from territory.rows import Archivable, LiveQuerySet, Searchable

from .customers import Customer


class ContactQuerySet(LiveQuerySet):
    def visible_to(self, user):
        """Contacts of customers the person may see."""
        return self.filter(hangs_within(user, Area.CUSTOMERS, Act.SEE))

    def editable_by(self, user):
        """Contacts of customers the person may change."""
        return self.filter(hangs_within(user, Area.CUSTOMERS, Act.CHANGE))

    def current(self):
        """Contacts who have not left and are not archived."""
        return self.live().filter(left_on__isnull=True)


class Contact(Searchable, Archivable):
    """A person at the customer, with a contact role."""

    search_fields = ("name", "email", "phone", "external_id")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contacts", verbose_name=_("customer"))
    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True, unique=True)
    name = models.CharField(_("name"), max_length=150)
    role = models.ForeignKey(
        "customers.ContactRole",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contacts",
        verbose_name=_("contact role"),
    )
    title = models.CharField(_("title"), max_length=150, blank=True, default="")
    email = models.EmailField(_("e-mail"), blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    decides = models.BooleanField(_("decides"), default=False)
    since = models.DateField(_("known since"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["search_text"])
    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(left_on__isnull=True) | Q(left_on__gte=models.F("since")),
                name="contact_left_after_since",
                violation_error_message=_("The contact left before they were known."),
            )
        ]

    def __str__(self) -> str:
        return self.name
