"""On which customers somebody stands in, where it is not on all of them."""

from django.db import models
from simple_history.models import HistoricalRecords

from .customers import Customer


class CoveredCustomer(models.Model):
    """A customer that a cover of chosen ones is about."""

    cover = models.ForeignKey("accounts.Cover", models.CASCADE, related_name="customers")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="covers")

    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["cover", "customer"], name="covered_customer_once")]
