"""A salesperson's week of visits, to be planned and looked at."""

import datetime as dt

from django.urls import reverse

from planning.actions.visit_plans import ask_plan, compute, plan_of
from planning.models import VisitPlan
from tests import factories

NOW = dt.datetime(2026, 6, 8, 5, 0, tzinfo=dt.UTC)  # a Monday, before work
MONDAY = NOW.date()
EVENING = NOW.replace(hour=16, minute=57)  # after work
NOON = NOW.replace(hour=10)  # 11:00 where she is
NEXT = MONDAY + dt.timedelta(days=7)
EXETER = (50.7184, -3.5339)
PLACES = {
    "Honiton": (50.799, -3.189),
    "Sidmouth": (50.679, -3.239),
    "Exmouth": (50.62, -3.414),
    "Tiverton": (50.903, -3.488),
}


def planned(person, now=NOW, week=MONDAY) -> VisitPlan:
    plan = ask_plan(person, week, now=now)
    compute(plan, plan.asked, now=now, iterations=200)
    return plan_of(person, week)


def on_days(plan) -> dict:
    found: dict = {}
    for stop in plan.stops.select_related("customer").order_by("day", "place"):
        found.setdefault(stop.day, []).append(stop.customer.name)
    return found


def shown(client, week=MONDAY, day=None):
    asked = {"week": week.isoformat()} | ({"day": day.isoformat()} if day else {})
    return client.get(reverse("my_week"), asked)


def calls_of(page) -> dict:
    return {column.date: [row.number for row in column.calls] for column in page.context["week"].days if column.calls}


def agreed(cast, row, visit, at):
    return factories.planned_touch(row, cast.rep, at.date(), type=visit, due_at=at, duration_seconds=3600)
