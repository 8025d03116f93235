"""A job of the night that midnight, and the end of a month, passes over: it is of the day on which it began, in every row."""

import datetime as dt
import zoneinfo

import pytest
from django.apps import apps
from django.db import transaction

from accounts.models import User
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer
from planning import tasks
from planning.models import (
    EvidenceRun,
    InvolvementRun,
    MovedMeasure,
    Rebalancing,
    RhythmRun,
    SalesRun,
    Situation,
    StandingMark,
)
from territory import clock
from territory.company.models import Company
from territory.jobs.models import JobRun
from tests import factories
from tests.planning import full_day

DAY, NEXT = dt.date(2026, 6, 30), dt.date(2026, 7, 1)
#: by job what keeps its rows as of a day
KEPT = {"evidence": EvidenceRun, "rhythm": RhythmRun, "sales": SalesRun, "involvement": InvolvementRun}
JOBS = ["nightly", *KEPT]
# Keys of rows that are written anew.
ANEW = {"id", "run_id", "figures_id", "moved_id", "situation_id", "history_id", "budget_id"}


@pytest.fixture(params=["Europe/London", "Pacific/Auckland", "America/Los_Angeles"])
def zone(request, cast):
    """The company's zone; people have others of their own."""
    Company.objects.update_or_create(pk=1, defaults={"name": "Company", "currency": "GBP", "time_zone": request.param})
    User.objects.update(time_zone="Asia/Tokyo")
    return zoneinfo.ZoneInfo(request.param)


@pytest.fixture
def before(time_machine, zone):
    """Two seconds before midnight."""
    moment = dt.datetime.combine(DAY, dt.time(23, 59, 58), tzinfo=zone)
    time_machine.move_to(moment, tick=False)
    return moment


@pytest.fixture
def log(cast, before):
    """Somebody who has too much, courses won and lost, hours of managers; and what is only of the next day."""
    full_day.fill(cast, due=3)
    month = dt.timedelta(days=30)
    for number in range(6):
        row = factories.customer(owner=cast.rep_membership, since=DAY - 8 * month)
        for days in (170, 100, 20):
            factories.touch(row, (cast.rep, cast.manager)[number % 2], before - dt.timedelta(days=days), 30)
        factories.order(row, 5_000, "won", before - 3 * month, opened_at=before - 5 * month, salesperson=cast.rep)
        factories.order(row, 900_000, opened_at=before - month, salesperson=cast.rep)
    busy, _free = (factories.membership(factories.person(), cast.leeds) for _each in range(2))
    for _each in range(15):
        mill = factories.customer(owner=busy)
        factories.planned_touch(mill, busy.user, DAY + dt.timedelta(days=7), duration_seconds=7200)
    after = before + dt.timedelta(seconds=10)
    factories.touch(row, cast.rep, after, 500)
    factories.order(row, 7_000_000, "won", after, opened_at=before, salesperson=cast.rep)
    factories.absence(cast.rep, NEXT, NEXT + month)
    factories.membership(factories.person("Manager from tomorrow"), cast.exeter, "Sales manager", starts_on=NEXT)
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=before)


def rows() -> dict[str, list[str]]:
    """All that planning keeps, and the mails that it left."""
    found = {}
    for model in [*apps.get_app_config("planning").get_models(), apps.get_model("mail", "Mail")]:
        names = [row.attname for row in model._meta.concrete_fields if not row.primary_key and row.attname not in ANEW]
        found[model._meta.label] = sorted(map(repr, model._base_manager.values_list(*names)))
    return found


@pytest.mark.parametrize("job", JOBS)
def test_it_leaves_what_it_leaves_where_it_ends_in_time(log, before, job, time_machine, monkeypatch):
    with transaction.atomic():
        getattr(tasks, job)()
        expected = rows()
        transaction.set_rollback(True)
    assert not JobRun.objects.exists()

    def strikes() -> dt.datetime:
        """The clock is looked at once before midnight; whoever looks again sees the next day."""
        moment = dt.datetime.now(dt.UTC)
        time_machine.move_to(before + dt.timedelta(seconds=5), tick=False)
        return moment

    monkeypatch.setattr(clock, "now", strikes)
    getattr(tasks, job)()
    assert clock.company_today() == NEXT
    found = rows()
    for name, wanted in expected.items():
        assert found[name] == wanted, name
    assert [run.key[-10:] for run in JobRun.objects.all()] == [str(DAY)]
    if job in KEPT:
        assert [row.on for row in KEPT[job].objects.all()] == [DAY]

    getattr(tasks, job)()
    assert {run.key[-10:] for run in JobRun.objects.all()} == {str(DAY), str(NEXT)}
    if job in KEPT:
        assert KEPT[job].objects.latest("on").on == NEXT


def test_there_is_something_to_compare(log):
    for job in JOBS:
        getattr(tasks, job)()
    assert Situation.objects.filter(found_at=clock.now()).exists()
    assert Rebalancing.objects.exists()
    assert set(MovedMeasure.objects.values_list("on", flat=True)) == {DAY}
    assert set(StandingMark.objects.values_list("month", flat=True)) == {dt.date(2026, 5, 1)}
