"""The company: one row, and its holidays."""

from __future__ import annotations

import re
import zoneinfo
from contextvars import ContextVar
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

# One question a request or task: cleared when either begins and whenever the row is saved.
_current: ContextVar[Company | None] = ContextVar("current_company", default=None)


def forget_company(**_signal: object) -> None:
    """Ask the database again next time."""
    _current.set(None)


def monday_to_friday() -> list[int]:
    """ISO numbers of the usual working days."""
    return [1, 2, 3, 4, 5]


# Also abbreviations, and PostgreSQL takes them as such: without summer time.
AMBIGUOUS_ZONES = {"CET", "EET", "MET", "WET"}


def check_time_zone(name: str) -> None:
    """A zone that this machine knows and the database reads alike, such as Europe/Amsterdam."""
    if name not in zoneinfo.available_timezones() - AMBIGUOUS_ZONES:
        raise ValidationError(
            _("“%(name)s” is not a time zone. One reads like Europe/Amsterdam."), params={"name": name}
        )


def check_working_days(days: object) -> None:
    """A list of different ISO weekday numbers, 1 = Monday to 7 = Sunday, at least one."""
    right = isinstance(days, list) and days and all(type(day) is int and 1 <= day <= 7 for day in days)
    if not right or len(set(days)) != len(days):  # type: ignore[call-overload, arg-type]
        raise ValidationError(_("Choose at least one weekday, each once, from 1 (Monday) to 7 (Sunday)."))


TILES = re.compile(r"https://(?P<host>[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?)/[A-Za-z0-9/._~?&=@%+{}-]*")
TILE_PARTS = {"z", "x", "y", "r"}


def check_tiles(address: str) -> None:
    """An address of tiles over https, of one host, with places for zoom, column and row and no other but {r}."""
    named = re.findall(r"\{([^{}]*)\}", address)
    balanced = address.count("{") == address.count("}") == len(named)
    if not TILES.fullmatch(address) or not balanced or not {"z", "x", "y"} <= set(named) <= TILE_PARTS:
        raise ValidationError(
            _("An address of tiles reads like https://tiles.example.com/{z}/{x}/{y}.png, with https and one host.")
        )


class Company(models.Model):
    """The company that uses this installation. One row; the database refuses a second."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=150)
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("A currency is three capital letters, such as EUR."))],
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_time_zone])
    working_days = models.JSONField(_("working days"), default=monday_to_friday, validators=[check_working_days])
    # None: no mileage is proposed.
    rate_per_km = models.DecimalField(
        _("rate per kilometre"),
        max_digits=7,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.001"))],
    )
    # Empty: maps show coasts and borders alone, and browsers tell nobody where customers are.
    map_tiles = models.CharField(_("map tiles"), max_length=300, blank=True, default="", validators=[check_tiles])
    map_credit = models.CharField(_("credit of map tiles"), max_length=200, blank=True, default="")
    is_demo = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("company")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="company_once"),
            models.CheckConstraint(
                condition=models.Q(rate_per_km__isnull=True) | models.Q(rate_per_km__gt=0), name="company_rate_above_0"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tiles_origin(self) -> str:
        """Whose tiles browsers may load; "" for nobody's."""
        found = TILES.match(self.map_tiles)
        return f"https://{found['host']}" if found else ""

    @classmethod
    def current(cls) -> Company | None:
        """The company, asked once a request or task; None before it is set up."""
        company = _current.get()
        if company is None:
            company = cls.objects.first()
            _current.set(company)
        return company


class Holiday(models.Model):
    """A day on which nobody of the company works."""

    on = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=100)

    history = HistoricalRecords()

    class Meta:
        ordering = ["on"]
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")

    def __str__(self) -> str:
        return self.name
