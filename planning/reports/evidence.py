"""What reports on evidence share: the courses that a reader may see, types and tiers in their own order. Not a report."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from accounts.permissions import Act, Area, may_all
from customers.models import Customer, Tier
from planning.loaders import Ground, load_ground
from planning.loaders.courses import Courses, load_courses
from planning.queries.touch_values import sees_evidence
from planning.reports.definition import Asked
from planning.reports.figures import touch_type_names


@dataclass(frozen=True)
class Evidence:
    """Courses up to the day asked for; names of touch types and tiers by key, in order."""

    ground: Ground
    courses: Courses
    types: dict[int, str]
    tiers: dict[int, str]
    reader: Any


def evidence(asked: Asked) -> Evidence:
    ground = load_ground(asked.on)
    tiers = dict(Tier.objects.order_by("position", "name").values_list("pk", "name"))
    return Evidence(ground, load_courses(_seen(asked), ground), touch_type_names(), tiers, asked.reader)


def _seen(asked: Asked) -> Collection[int] | None:
    """Customers of which the reader may see and export all that evidence is made of. None: all."""
    if asked.reader is None or (sees_evidence(asked.reader) and may_all(asked.reader, Area.EXPORT, Act.SEE)):
        return None
    rows = Customer.objects.visible_to(asked.reader)
    for area in (Area.TOUCHES, Area.ORDERS, Area.AMOUNTS, Area.EXPORT):
        rows = rows.within(asked.reader, area, Act.SEE)
    return list(rows.values_list("pk", flat=True))
