"""How fast people get from place to place, for plans of visits and territories (domain 3.7)."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class SpeedBand(models.Model):
    """From so many kilometres of a journey on, so fast, until the next band begins: the first ones lead through a town."""

    from_km = models.DecimalField(
        _("from, km"),
        max_digits=6,
        decimal_places=1,
        unique=True,
        validators=[MinValueValidator(0)],
        help_text=_("Kilometres of road into the journey at which this speed begins."),
    )
    kmh = models.DecimalField(
        _("speed, km/h"),
        max_digits=5,
        decimal_places=1,
        validators=[MinValueValidator(1), MaxValueValidator(300)],
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("speed of travel")
        ordering = ["from_km"]
        constraints = [
            models.CheckConstraint(condition=Q(from_km__gte=0), name="speed_band_from_not_negative"),
            models.CheckConstraint(condition=Q(kmh__gte=1), name="speed_band_speed_positive"),
        ]


class ServerKind(models.TextChoices):
    """What a server that knows roads speaks."""

    NONE = "", _("none: great circle")
    OSRM = "osrm", _("OSRM (table)")
    VALHALLA = "valhalla", _("Valhalla (sources to targets)")


class RoutingServer(models.Model):
    """Whom to ask for roads; one row. `revision` rises with each change, so that what another server said counts no more."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    kind = models.CharField(_("server"), max_length=10, choices=ServerKind, blank=True, default=ServerKind.NONE)
    address = models.CharField(
        _("address"), max_length=200, blank=True, default="", help_text=_("Such as https://routes.example.org.")
    )
    profile = models.CharField(
        _("profile"),
        max_length=30,
        blank=True,
        default="",
        validators=[RegexValidator(r"^[A-Za-z0-9_-]+$", _("Letters, digits, - and _ only."))],
        help_text=_("How people travel, as the server calls it. Empty: driving (OSRM), auto (Valhalla)."),
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["revision"])

    class Meta:
        verbose_name = _("server of routes")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="routing_server_one_row")]

    @property
    def spoken_profile(self) -> str:
        return self.profile or ("driving" if self.kind == ServerKind.OSRM else "auto")


class JourneyPair(models.Model):
    """How long and how far it is from one place to another, as a server said under a `revision` or a file of our own does.

    A place is one number: degrees x 10,000, latitude before longitude (planning.loaders.journeys).
    """

    revision = models.PositiveIntegerField(null=True)
    of = models.ForeignKey("customers.DataFile", models.CASCADE, null=True, related_name="journeys")
    origin = models.BigIntegerField()
    destination = models.BigIntegerField()
    seconds = models.PositiveIntegerField()
    metres = models.PositiveIntegerField(null=True)
    said_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "origin", "destination"],
                condition=Q(of__isnull=True),
                name="journey_of_server_once",
            ),
            models.UniqueConstraint(
                fields=["of", "origin", "destination"], condition=Q(revision__isnull=True), name="journey_of_file_once"
            ),
            models.CheckConstraint(
                condition=Q(revision__isnull=True, of__isnull=False) | Q(revision__isnull=False, of__isnull=True),
                name="journey_of_one_source",
            ),
        ]
