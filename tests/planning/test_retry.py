"""When a touch without an answer is tried again: after the administrator's number of working days."""

import datetime as dt
import uuid

import pytest

from customers.actions.touches import TouchEntry, log_touch
from planning.models import PlanningSettings
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)  # a Tuesday


@pytest.mark.parametrize(("days", "due_on"), [(1, dt.date(2026, 6, 10)), (4, dt.date(2026, 6, 15))])
def test_the_retry_follows_the_setting(cast, time_machine, days, due_on):
    time_machine.move_to(NOW, tick=False)
    PlanningSettings(retry_working_days=days).save()
    entry = TouchEntry(customer=cast.own, type=factories.touch_types()["voice"], outcome="no_answer")
    [retry] = log_touch(actor=cast.rep, now=NOW, uuid=uuid.UUID(int=1), entry=entry).planned
    assert retry.due_on == due_on
