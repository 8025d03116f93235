"""The gazetteer: towns and where they lie, found by name without asking anybody outside."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.data_files import DataFile


class Town(models.Model):
    """One spelling of a town's name, folded; towns with several names have several rows. Those of one file count at a time."""

    of = models.ForeignKey(DataFile, models.CASCADE, related_name="towns")
    spelling = models.CharField(max_length=100, db_index=True)
    name = models.CharField(_("town"), max_length=100)
    region = models.CharField(_("region"), max_length=20, blank=True, default="")
    country = models.CharField(_("country"), max_length=2)
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))
    population = models.PositiveIntegerField(_("inhabitants"), default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)), name="town_on_the_globe"
            )
        ]

    def __str__(self) -> str:
        return self.name
