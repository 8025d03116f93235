"""Due: the next touch that every rule asks for, overdue and future ones, with its score."""

from collections.abc import Iterable

from django.db.models.functions import Coalesce

from accounts.permissions import Act, Area
from customers.scope import hangs_within
from planning.engine import due as engine
from planning.loaders import load_ground
from planning.models import DueTouch
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.figures import (
    computed_at,
    customer_names,
    exported,
    figures_as_of,
    people_names,
    role_names,
    touch_type_names,
)

COLUMNS = (
    Column("customer"),
    Column("touch_type"),
    Column("role"),
    Column("person"),
    Column("due", Kind.DAY),
    Column("overdue_days", Kind.COUNT),
    Column("score", Kind.SHARE),
)


def answer(asked: Asked) -> Answer:
    """Stored due touches; with a day those of that day, from the log. By customer, then touch type, then role.

    The person is who does it: whoever stands in, of what is due by then today, else on its day.
    """
    stored = asked.as_of is None
    rows = _stored(asked) if stored else _as_of(asked)
    customers, types, roles, people = customer_names(), touch_type_names(), role_names(), people_names()
    type_place = {key: number for number, key in enumerate(types)}
    role_place = {key: number for number, key in enumerate(roles)}
    ordered = sorted(rows, key=lambda row: (customers[row[0]], type_place[row[1]], role_place[row[2]]))
    found = [
        {
            "customer": customers[customer],
            "touch_type": types[touch_type],
            "role": roles[role],
            "person": people.get(person),
            "due": due_on,
            "overdue_days": (asked.on - due_on).days,
            "score": score,
        }
        for customer, touch_type, role, person, due_on, score in ordered
    ]
    return Answer(found, computed_at(asked) if stored else asked.now)


def _stored(asked: Asked) -> Iterable[tuple]:
    """Days, minutes and people as stored; the value, and so the score, is that of today."""
    context = load_ground(asked.on).context
    rows = DueTouch.objects.filter(customer__archived_at__isnull=True).order_by()
    if asked.reader is not None:
        rows = exported(asked, rows.filter(hangs_within(asked.reader, Area.BUDGETS, Act.SEE)))
    for customer, touch_type, role, person, due_on, interval, minutes, travel, tier, stage in rows.values_list(
        "customer_id",
        "touch_type_id",
        "role_id",
        "person_id",
        "due_on",
        "interval_days",
        "minutes",
        "travel_minutes",
        Coalesce("rule__tier_id", "customer__tier_id"),
        Coalesce("rule__stage", "customer__stage"),
    ):
        urgency = engine.urgency((asked.on - due_on).days, interval)
        worth = context.values.worth(touch_type, tier, stage)
        person = context.away.doing(person, customer, max(due_on, asked.on))
        yield customer, touch_type, role, person, due_on, engine.score(float(worth.amount), urgency, minutes + travel)


def _as_of(asked: Asked) -> Iterable[tuple]:
    figures, ground = figures_as_of(asked)
    for row in figures:
        for due in row.dues:
            person = ground.context.away.doing(due.person, row.facts.key, max(due.due_on, asked.on))
            yield row.facts.key, due.rule.touch_type, due.rule.role, person, due.due_on, due.score


REPORT = Report("due", COLUMNS, answer)
