"""What a touch costs: usual minutes at the cost per hour of those who make such touches, and the type's cost besides time."""

import datetime as dt
from collections import defaultdict

from django.db.models import Count

from accounts.models import Role, RoleFunction
from customers.models import TouchPerson, TouchType
from planning.engine.courses import OLDEST
from planning.loaders.ground import Ground

SECONDS_OF_AN_HOUR = 3600


def load_touch_costs(ground: Ground) -> dict[int, float]:
    """By touch type, in three queries.

    The cost per hour is the mean over the roles that took part in such touches in the last 1,095 days, each as often as it
    did; without any such cost, the mean over the roles that sell; without that, time costs nothing.
    """
    made: dict[int, list[tuple[float, int]]] = defaultdict(list)
    rows = TouchPerson.objects.filter(
        role__cost_per_hour__isnull=False,
        touch__archived_at__isnull=True,
        touch__at__lt=ground.until,
        touch__at__gte=ground.until - dt.timedelta(days=OLDEST),
    )
    for touch_type, cost, times in (
        rows.order_by().values_list("touch__type", "role__cost_per_hour").annotate(times=Count("pk"))
    ):
        made[touch_type].append((float(cost), times))
    usual = _usual()
    return {
        pk: seconds / SECONDS_OF_AN_HOUR * _mean(made[pk], usual) + float(cost)
        for pk, seconds, cost in TouchType.objects.values_list("pk", "default_seconds", "cost")
    }


def _mean(costs: list[tuple[float, int]], usual: float) -> float:
    times = sum(number for _, number in costs)
    return sum(cost * number for cost, number in costs) / times if times else usual


def _usual() -> float:
    """The mean cost per hour of the roles that sell."""
    sellers = Role.objects.live().filter(function=RoleFunction.SALES, cost_per_hour__isnull=False)
    costs = [float(cost) for cost in sellers.values_list("cost_per_hour", flat=True)]
    return sum(costs) / len(costs) if costs else 0.0
