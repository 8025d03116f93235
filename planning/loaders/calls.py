"""Calls of a person's week from the database: due by rules, or planned for a day without a time."""

import datetime as dt

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.permissions import Act, Area
from customers.models import PlannedTouch, TouchChannel
from customers.scope import hangs_within
from planning.engine.visits.calls import Call
from planning.loaders.visits import assigned
from planning.models import DueTouch
from planning.queries.today import just_done, todays
from territory.together import prepared, together

CHANNELS = (TouchChannel.VOICE, TouchChannel.ONLINE)


def load_calls(person: User, first: dt.date | None, last: dt.date) -> list[Call]:
    """What is due from the first day (None: ever since) to the last. In 1 query.

    A planned call stands for what a rule asks for of the same kind with the same customer; one with a time is an appointment.
    """
    seen = hangs_within(person, Area.CUSTOMERS, Act.SEE)
    by_rule, by_hand = together(
        _due_calls(person.pk, todays(person, "person"), seen, last), _planned_calls(assigned(person), seen)
    )
    hidden = {(customer, kind) for customer, kind, *_about in by_hand}
    calls = [Call(due_on, round(minutes * 60)) for *key, due_on, minutes in by_rule if tuple(key) not in hidden]
    calls += [Call(due_on, seconds) for _customer, _kind, due_on, seconds, due_at in by_hand if due_at is None]
    return [call for call in calls if call.due_on <= last and (first is None or call.due_on >= first)]


@prepared
def _due_calls(person: int, mine: Q, seen: Q, last: dt.date) -> QuerySet:
    rows = DueTouch.objects.filter(
        ~just_done(person), mine, seen,
        touch_type__channel__in=CHANNELS, touch_type__travels=False, due_on__lte=last, customer__archived_at__isnull=True,
    )  # fmt: skip
    return rows.order_by("pk").values_list("customer_id", "touch_type_id", "due_on", "minutes")


@prepared
def _planned_calls(mine: Q, seen: Q) -> QuerySet:
    rows = PlannedTouch.objects.open().filter(
        mine, seen, type__channel__in=CHANNELS, type__travels=False, customer__archived_at__isnull=True
    )
    return rows.order_by("pk").values_list("customer_id", "type_id", "due_on", "duration_seconds", "due_at")
