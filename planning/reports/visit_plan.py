"""Visit plan: which visits of whom stand on which day in which order, and what is left out."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F

from accounts.permissions import Act, Area, people_within
from customers.scope import hangs_within
from planning.engine.calendar import monday
from planning.models import VisitStop
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.figures import customer_names, exported, people_names, touch_type_names
from territory import clock

COLUMNS = (
    Column("person"),
    Column("week", Kind.DAY),
    Column("day", Kind.DAY),
    Column("order", Kind.COUNT),
    Column("customer"),
    Column("touch_type"),
    Column("starts"),
    Column("minutes", Kind.MINUTES),
    Column("travel_minutes", Kind.MINUTES),
    Column("travel_km", Kind.MINUTES),
    Column("value", Kind.SHARE),
    Column("locked", Kind.COUNT),
    Column("accepted", Kind.COUNT),
    Column("why_left_out"),
)


def answer(asked: Asked) -> Answer:
    """Plans of the weeks from --from to --to, else of the week of the day. By person, then day and order; what is left out last.

    Times are those of the person; a reader gets plans of people and visits to customers within their reach.
    """
    first, last = asked.starts_on or asked.until, asked.until
    rows = VisitStop.objects.filter(
        plan__week__gte=monday(first), plan__week__lte=last, customer__archived_at__isnull=True
    ).order_by("plan__person__name", "plan__week", F("day").asc(nulls_last=True), "place", "customer__name", "pk")
    if asked.reader is not None:
        people = people_within(asked.reader, Area.TOUCHES, Act.SEE).order_by().values("pk")
        rows = exported(asked, rows.filter(hangs_within(asked.reader, Area.TOUCHES, Act.SEE), plan__person__in=people))
    rows = list(rows.select_related("plan__person", "planned"))
    computed = min((row.plan.computed_at for row in rows if row.plan.computed_at), default=asked.now)
    return Answer(list(_rows(rows)), computed)


def _rows(rows: Iterable[VisitStop]) -> Iterable[dict[str, Any]]:
    customers, people, types = customer_names(), people_names(), touch_type_names()
    for row in rows:
        zone = clock.zone_of(row.plan.person)
        planned = row.planned
        yield {
            "person": people.get(row.plan.person_id),
            "week": row.plan.week,
            "day": row.day,
            "order": None if row.day is None else row.place + 1,
            "customer": customers[row.customer_id],
            "touch_type": types[row.touch_type_id],
            "starts": row.starts_at and f"{row.starts_at.astimezone(zone):%H:%M}",
            "minutes": row.seconds / 60,
            "travel_minutes": None if row.day is None else row.drive_seconds / 60,
            "travel_km": None if row.day is None else row.drive_metres / 1000,
            "value": row.value,
            "locked": int(row.is_locked or row.is_agreed),
            "accepted": int(planned is not None and planned.closed_at is None and planned.due_at == row.starts_at),
            "why_left_out": row.why or None,
        }


REPORT = Report("visit_plan", COLUMNS, answer, takes_window=True)
