"""Which figures are stale. A comparison of numbers in the database, never a flag that could be lost."""

import datetime as dt

from django.db import models
from django.db.models import F, Q, Subquery
from django.db.models.functions import Coalesce

from customers.models import Customer
from planning.models import RulesVersion


def stale_customers(today: dt.date) -> models.QuerySet[Customer]:
    """Customers whose figures are missing, of an older day, of older rules or of older facts than the latest.

    An archived customer is stale as long as it has figures; a live one whose history has not begun has none to be
    stale.
    """
    number = Coalesce(F("facts_mark__number"), 0, output_field=models.PositiveBigIntegerField())
    rules = Coalesce(Subquery(RulesVersion.objects.order_by("-number").values("number")[:1]), 0)
    fresh = Q(figures__day=today, figures__rules_number=rules, figures__facts_number=number)
    live = Q(archived_at__isnull=True)
    return Customer.objects.filter((live & (Q(figures__isnull=True) | ~fresh)) | (~live & Q(figures__isnull=False)))
