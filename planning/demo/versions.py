"""The first version of what the demo made many at once: who changes it later sees from what to what."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import models

from customers.models import (
    Assignment,
    Contact,
    Customer,
    CustomerTeam,
    InternalWork,
    Order,
    PlannedTouch,
    Potential,
    StageDecision,
    Touch,
)
from customers.models.touches import parts_of
from planning.demo.company import ZONE
from territory import clock

# When each was noted: the moment of its version.
NOTED: dict[type[models.Model], Callable[[Any], dt.datetime]] = {
    Customer: lambda row: _morning(row.since),
    CustomerTeam: lambda row: _morning(row.customer.since),
    Assignment: lambda row: _morning(row.starts_on),
    Contact: lambda row: _morning(row.since),
    Potential: lambda row: _morning(row.noted_on),
    StageDecision: lambda row: row.at,
    Order: lambda row: row.opened_at,
    Touch: lambda row: row.logged_at,
    InternalWork: lambda row: row.logged_at,
    PlannedTouch: lambda row: row.planned_at,
}
# Who noted it, where a row says so; and what else is asked of it.
AUTHOR: dict[type[models.Model], str] = {Touch: "logged_by", InternalWork: "logged_by", PlannedTouch: "planned_by"}
ASKED: dict[type[models.Model], tuple[str, ...]] = {CustomerTeam: ("customer",), Touch: ("people", "contacts")}


def note_first_versions(*followed: type[models.Model]) -> None:
    """Give every row of these models that has no history its first version: as it is now, for what changes it without a trace
    has done so."""
    for model in followed:
        history, author, moment = model.history, AUTHOR.get(model), NOTED[model]  # type: ignore[attr-defined]
        known = history.model.objects.values("id")
        rows = list(model._default_manager.exclude(pk__in=known).order_by("pk"))
        models.prefetch_related_objects(rows, *ASKED.get(model, ()), *([author] if author else []))
        for row in rows:
            row._history_date, row._history_user = moment(row), getattr(row, author) if author else None
            if model is Touch:
                row.took_part, row.met = parts_of(row.people.all()), sorted(one.pk for one in row.contacts.all())
        history.bulk_history_create(rows, batch_size=1000)


def _morning(day: dt.date) -> dt.datetime:
    return clock.start_of_day(day, ZONE) + dt.timedelta(hours=9)
