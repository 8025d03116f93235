"""What holds for every kind: one open situation a subject, all or nothing, queries that do not grow, a line of history each."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from planning.models import Situation
from planning.situations import runner
from planning.situations.kind import Finding, Kind, Look
from planning.situations.registry import BY_KEY, KINDS
from planning.situations.runner import find_situations
from tests import factories
from tests.planning.situations.finding import NOW, ago, customer, day


def out_of_the_ordinary(number: int):
    """A customer with a situation of every kind that is about customers, orders and people, and a market with one."""
    seat = factories.membership(factories.person(), factories.team(), "Salesperson")
    row = customer(team=seat.team, market=factories.market())
    factories.assign(row, seat, "sole")
    factories.contact(row)
    factories.contact(row, decides=True, left_on=day(3))
    factories.figures(row, 1000, 100)
    factories.absence(seat.user, day(2), day(-9))
    factories.order(row, 90_000, opened_at=ago(200))
    line = factories.product_line(launched_on=day(30))
    factories.market_potential(row.market, line, 1_000_000, day(10), growth_percent=30)
    for gap in range(4):
        factories.order(row, 10 + number, "won", ago(100 + gap), opened_at=ago(110))
    return row


def test_every_kind_is_found():
    out_of_the_ordinary(1)
    out_of_the_ordinary(2)
    find_situations(now=NOW)
    assert set(Situation.objects.values_list("kind", flat=True)) == {kind.key for kind in KINDS}


def test_twice_is_once():
    out_of_the_ordinary(1)
    first = find_situations(now=NOW)
    again = find_situations(now=NOW)
    assert (again.opened, again.updated, again.resolved) == (0, 0, 0)
    assert Situation.objects.count() == first.opened > 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_its_queries_do_not_grow(kind):
    def queries() -> int:
        Situation.objects.all().delete()
        with CaptureQueriesContext(connection) as asked:
            find_situations(now=NOW, kinds=[kind])
        return len(asked)

    out_of_the_ordinary(0)
    out_of_the_ordinary(1)
    first = queries()
    for number in range(3):
        out_of_the_ordinary(number + 2)
    assert queries() == first


def test_each_has_an_owner_a_history_and_words():
    out_of_the_ordinary(1)
    find_situations(now=NOW)
    for row in Situation.objects.all():
        assert row.history.get().history_type == "+"
        assert BY_KEY[row.kind].words(row, NOW.date())
        assert str(row.get_kind_display()) == str(BY_KEY[row.kind].label)


def test_the_database_refuses_a_second_open_one_and_one_about_nothing():
    out_of_the_ordinary(1)
    find_situations(now=NOW)
    for row in Situation.objects.all():
        row.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
    row.subject, row.customer, row.person, row.market = "nothing", None, None, None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


class Killed(BaseException):
    """The worker is gone, whatever it was doing."""


@pytest.mark.parametrize("after", ["opened", "history", "told"])
def test_a_worker_killed_at_any_point_leaves_nothing_half_open(after, monkeypatch):
    """Of the kind it was at nothing stands, of those before all; the next run finds the rest, once."""
    out_of_the_ordinary(1)
    kinds = [BY_KEY["decider_left"], BY_KEY["single_contact"]]

    def killed(*_args, **_options):
        raise Killed

    if after == "told":
        monkeypatch.setattr(type(kinds[1]), "tell", killed)
    else:
        told = runner.bulk_create_with_history

        def create(rows, *args, **options):
            if rows[0].kind == "single_contact":
                if after == "history":
                    told(rows, *args, **options)
                raise Killed
            return told(rows, *args, **options)

        monkeypatch.setattr(runner, "bulk_create_with_history", create)
    with pytest.raises(Killed):
        find_situations(now=NOW, kinds=kinds)
    assert list(Situation.objects.values_list("kind", flat=True)) == ["decider_left"]
    assert Situation.history.count() == 1
    monkeypatch.undo()
    assert find_situations(now=NOW, kinds=kinds).opened == 1
    assert Situation.objects.count() == Situation.history.count() == 2


class Anything(Kind):
    """A kind whose looks are told beforehand."""

    key, label, help, gone, reasons = "decider_left", "anything", "", "gone", {}

    def __init__(self, *looks: Look) -> None:
        self.looks = list(looks)

    def look(self, day, was_open=()):
        return self.looks.pop(0)

    def words(self, row, today):
        return ""


def test_what_another_run_opened_in_between_stands_and_is_looked_at_anew(monkeypatch):
    row = customer()
    finding = Finding(subject="x", team=row.team_id, customer=row.pk, evidence={})
    write, calls = runner._write, []

    def raced(*args):
        calls.append(args)
        if len(calls) == 1:
            raise IntegrityError
        write(*args)

    monkeypatch.setattr(runner, "_write", raced)
    assert find_situations(now=NOW, kinds=[Anything(Look([finding]), Look([finding]))]).opened == 1
    assert len(calls) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one at a time write")
def test_several_runs_at_once_open_one_each():
    out_of_the_ordinary(1)
    out_of_the_ordinary(2)
    failed: list[Exception] = []

    def run():
        try:
            find_situations(now=NOW)
        except Exception as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    rows = list(Situation.objects.values_list("kind", "subject"))
    assert len(rows) == len(set(rows)) == Situation.history.count() > 0
    assert not Situation.objects.filter(resolved_at__isnull=False).exists()
