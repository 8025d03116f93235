"""What reports on evidence share: the courses that a reader may see, types and tiers in their own order. Not a report."""

from collections.abc import Collection

from msgspec import Struct

from accounts.permissions import Act, Area, may_all
from customers.models import Customer, Tier
from planning.actions.evidence import ENGINE, parameters
from planning.loaders import Ground, load_ground
from planning.loaders.courses import Courses, load_courses
from planning.loaders.ground import so_far
from planning.models import EvidenceRun, PlanningSettings
from planning.queries.touch_values import sees_evidence
from planning.reports.definition import Asked
from planning.reports.figures import touch_type_names


class Evidence(Struct, frozen=True):
    """Courses up to the day asked for; names of touch types and tiers by key, in order."""

    ground: Ground
    courses: Courses
    types: dict[int, str]
    tiers: dict[int, str]


def evidence(asked: Asked) -> Evidence:
    """From the log, of the customers that the reader sees wholly."""
    ground = so_far(load_ground(asked.on), asked.now)
    return Evidence(ground, load_courses(_seen(asked), ground), touch_type_names(), tier_names())


def tier_names() -> dict[int, str]:
    """From the highest."""
    return dict(Tier.objects.order_by("position", "name").values_list("pk", "name"))


def stored_evidence(asked: Asked) -> EvidenceRun | None:
    """What the nightly run kept: for today, to whom may see and export all; None where it must be computed.

    So it must where formulas, or the settings they follow, are others than those of the run.
    """
    if asked.as_of is not None or not _sees_all(asked):
        return None
    run = EvidenceRun.objects.first()
    is_current = run and run.engine == ENGINE and run.parameters == parameters(PlanningSettings.current())
    return run if is_current else None


def _sees_all(asked: Asked) -> bool:
    reader = asked.reader
    return reader is None or (sees_evidence(reader) and may_all(reader, Area.EXPORT, Act.SEE))


def _seen(asked: Asked) -> Collection[int] | None:
    """Customers of which the reader may see and export all that evidence is made of. None: all."""
    if _sees_all(asked):
        return None
    rows = Customer.objects.visible_to(asked.reader)
    for area in (Area.TOUCHES, Area.ORDERS, Area.AMOUNTS, Area.EXPORT):
        rows = rows.within(asked.reader, area, Act.SEE)
    return list(rows.values_list("pk", flat=True))
