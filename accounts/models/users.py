"""A person of the company."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from territory.formats.hours import check_hours
from territory.rows import Searchable


class UserManager(BaseUserManager.from_queryset(models.QuerySet)):
    """Makes people; someone without a password cannot sign in."""

    def create_user(self, email: str | None = None, password: str | None = None, **fields):
        """A new person; the e-mail is stored in lower case, no e-mail is stored as null."""
        user = self.model(email=email.strip().lower() if email else None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username):
        return self.get(email__iexact=username)


class User(Searchable, AbstractBaseUser):
    """A person of the company. Without an e-mail address they cannot sign in until invited."""

    search_fields = ("name", "email", "external_id")

    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True, unique=True)
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"), null=True, blank=True, unique=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, default="", help_text=_("Empty: the company's.")
    )
    locale = models.CharField(
        _("dates and numbers"),
        max_length=10,
        default="en-gb",
        choices=[("en-gb", _("9 June 2026, 1,234.50")), ("en-us", _("June 9, 2026, 1,234.50"))],
    )
    base_latitude = models.FloatField(
        _("home base, latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    base_longitude = models.FloatField(
        _("home base, longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    working_hours = models.CharField(
        _("working hours"),
        max_length=200,
        blank=True,
        default="",
        validators=[check_hours],
        help_text=_("When you are on the road at most. Empty: the company's."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    deactivated_at = models.DateTimeField(null=True, blank=True, editable=False)
    joined_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["password", "last_login", "search_text"])
    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once_whatever_case"),
            models.CheckConstraint(
                condition=Q(base_latitude__isnull=True, base_longitude__isnull=True)
                | Q(
                    base_latitude__isnull=False,
                    base_longitude__isnull=False,
                    base_latitude__range=(-90, 90),
                    base_longitude__range=(-180, 180),
                ),
                name="user_base_whole_or_absent",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields=None, **kwargs: Any) -> None:
        """Signing in is noted on the row; it changes nothing of the person, so history has nothing to tell."""
        if update_fields is None or set(update_fields) != {"last_login"}:
            return super().save(*args, update_fields=update_fields, **kwargs)
        self.skip_history_when_saving = True
        try:
            super().save(*args, update_fields=update_fields, **kwargs)
        finally:
            del self.skip_history_when_saving

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]
