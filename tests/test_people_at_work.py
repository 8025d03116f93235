"""An import, changed rules and a hand-over while people work: nobody gets an error page, nothing is lost, budgets are right."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from planning.models import Budget, BudgetShare, DueTouch
from tests.at_work import jobs, people
from tests.at_work.book import made
from tests.at_work.checks import wrong
from tests.at_work.ledger import Ledger
from tests.at_work.people import Shift

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)  # a Tuesday


def on_its_own_connection(function: Callable[..., Ledger], start: threading.Barrier, *args) -> Ledger:
    try:
        start.wait(timeout=30)
        return function(*args)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_an_import_changed_rules_and_a_hand_over_while_people_work(time_machine):
    time_machine.move_to(NOW, tick=False)
    book = made(reps=3, customers=4, touches=2)
    shifts = [
        *((people.salesperson, book, Shift(2), number) for number in range(3)),
        (people.coordinator, book, Shift(2), 10),
        (people.manager, book, Shift(2), 20),
        (people.administrator, book, Shift(3), 30),
        (people.administrator, book, Shift(3), 31),
        (jobs.importer, book, Shift(1), 40, 60),
    ]
    start = threading.Barrier(len(shifts) + 1)
    ledger = Ledger()
    with ThreadPoolExecutor(len(shifts) + 1) as pool:
        running = [pool.submit(on_its_own_connection, function, start, *args) for function, *args in shifts]
        going_on = lambda: not all(one.done() for one in running)  # noqa: E731
        worker = pool.submit(on_its_own_connection, jobs.worker, start, book, going_on, 50)
        for one in (*running, worker):
            ledger.add(one.result())

    assert not wrong(book, ledger)
    assert not jobs.failed_jobs()
    # All of it happened: of who kept their customers an old page and minutes that are none were refused.
    assert ledger.answers["send touch_edit", 409] >= 1
    assert ledger.answers["send touch_edit", 422] >= 1
    assert ledger.done["rules changed"] >= 4
    assert ledger.done["customers handed over"] >= 3
    assert ledger.done["absences"] >= 1
    kinds = ("touch", "correction", "plan", "change of plan", "move", "contact", "import of touches")
    assert [kind for kind in kinds if not ledger.stored.get(kind)] == []
    assert all(model.objects.exists() for model in (Budget, BudgetShare, DueTouch))
