"""manage.py report and recompute: what machines read and run."""

import csv
import datetime as dt
import io
import json

import pytest
from django.core.management import CommandError, call_command

from customers.actions.lifecycle import rebuild_lifecycle
from planning.models import ContactRule, Situation, SituationHours, TouchValue
from planning.reports import Asked, find, names
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)  # a Tuesday
TODAY = NOW.date()


@pytest.fixture
def book(time_machine, company):
    """One customer of a rep, one with nobody, a rule, a touch, a large order, two hours set aside."""
    time_machine.move_to(NOW, tick=False)
    tier, voice = factories.tiers()["D"], factories.touch_types()["voice"]
    team = factories.team("South", external_id="T1")
    rep = factories.membership(factories.person("Rep", external_id="R1"), team)
    own = factories.customer("=Acme", owner=rep, external_id="C1", since=dt.date(2026, 1, 5))
    alone = factories.customer("Beta", team=team, since=dt.date(2026, 6, 1))
    ContactRule.objects.create(
        tier=tier, stage="prospect", role=rep.role, touch_type=voice, count=1, period="week", duration_seconds=900
    )
    TouchValue.objects.create(
        touch_type=voice, tier=tier, stage="prospect", amount=90, starts_on=TODAY, reason="start", approved_at=NOW
    )
    factories.touch(own, rep.user, NOW - dt.timedelta(days=14), minutes=30)
    factories.order(own, 50_000, opened_at=NOW - dt.timedelta(days=3), external_id="O1")
    rebuild_lifecycle([own.pk, alone.pk], now=NOW)
    call_command("recompute", stdout=io.StringIO())
    for row in Situation.objects.all():
        SituationHours.objects.create(situation=row, user=rep.user, hours_per_week=2)
    return own


def printed(name, *args):
    out = io.StringIO()
    call_command("report", name, *args, stdout=out)
    return out.getvalue()


def envelope(name, *args):
    return json.loads(printed(name, *args))


def test_the_envelope(book):
    found = envelope("budgets")

    assert {key: value for key, value in found.items() if key != "rows"} == {
        "report": "budgets",
        "as_of": "2026-06-09",
        "computed_at": "2026-06-09T10:00:00Z",
        "time_zone": "Europe/London",
        "currency": "GBP",
    }


def test_budgets(book):
    assert envelope("budgets")["rows"] == [
        {
            "customer": "Beta",
            "role": "Salesperson",
            "minutes": "65.22",
            "touch_minutes": "65.22",
            "travel_minutes": "0.00",
            "other_minutes": "0.00",
            "actual": None,
            "status": "too early",
        },
        {
            "customer": "C1",
            "role": "Salesperson",
            "minutes": "65.22",
            "touch_minutes": "65.22",
            "travel_minutes": "0.00",
            "other_minutes": "0.00",
            "actual": "10.15",
            "status": "under",
        },
    ]


def test_due(book):
    assert envelope("due")["rows"] == [
        {
            "customer": "Beta",
            "touch_type": "Voice call",
            "role": "Salesperson",
            "person": None,
            "due": "2026-06-01",
            "overdue_days": 8,
            "score": "12.857143",
        },
        {
            "customer": "C1",
            "touch_type": "Voice call",
            "role": "Salesperson",
            "person": "R1",
            "due": "2026-06-02",
            "overdue_days": 7,
            "score": "12.000000",
        },
    ]


def test_workload(book):
    rows = envelope("workload")["rows"]

    assert [row["week"] for row in rows if row["person"] == "R1"] == [
        "2026-06-08",
        "2026-06-15",
        "2026-06-22",
        "2026-06-29",
        "2026-07-06",
        "2026-07-13",
        "2026-07-20",
        "2026-07-27",
    ]
    assert rows[0] == {
        "person": "R1",
        "unstaffed_team": None,
        "week": "2026-06-08",
        "workload_minutes": "135.00",
        "prospecting": "15.00",
        "keeping": "0.00",
        "travel": "0.00",
        "team": "0.00",
        "set_aside": "120.00",
        "capacity_minutes": "1200.00",
        "load": "0.112500",
    }
    unstaffed = [row for row in rows if row["person"] is None]
    assert (len(unstaffed), unstaffed[0]["unstaffed_team"], unstaffed[0]["workload_minutes"], unstaffed[0]["load"]) == (
        8,
        "T1",
        "15.00",
        None,
    )


def test_situations(book):
    assert envelope("situations")["rows"] == [
        {"kind": "large_order", "subject": "O1", "team": "T1", "share": None, "opened": "2026-06-06"}
    ]


@pytest.mark.parametrize("name", ["budgets", "due", "workload", "situations"])
def test_stored_and_as_of_today_agree(book, name):
    assert envelope(name)["rows"] == envelope(name, "--as-of", "2026-06-09")["rows"]


@pytest.mark.parametrize("name", ["budgets", "due"])
def test_an_archived_customer_is_left_out_before_anything_is_computed_anew(book, name):
    before = envelope(name)["rows"]
    book.archived_at = NOW
    book.save(update_fields=["archived_at"])

    assert [row for row in before if row["customer"] != "C1"] == envelope(name)["rows"] != before


def test_as_of_an_earlier_day(book):
    [row] = envelope("due", "--as-of", "2026-05-25")["rows"]

    # never touched by then: due on the day the stage began; no value was in force
    assert (row["customer"], row["due"], row["overdue_days"], row["score"]) == ("C1", "2026-01-05", 140, "0.000000")


def test_csv_neutralises_formulas_and_keeps_numbers(book):
    book.external_id = None
    book.save(update_fields=["external_id"])

    rows = list(csv.DictReader(io.StringIO(printed("due", "--as-of", "2026-06-02", "--format", "csv"))))

    assert [(row["customer"], row["overdue_days"], row["score"]) for row in rows] == [
        ("'=Acme", "0", "0.000000"),
        ("Beta", "1", "0.000000"),
    ]


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["budgets", "--as-of", "09.06.2026"],
        ["budgets", "--by", "team"],
        ["budgets", "--from", "2026-01-01"],
        ["budgets", "--format", "xml"],
        ["budgets", "--amount", "5"],
        ["time_to_business", "--amount", "much"],
        ["time_to_business", "--amount", "0"],
    ],
)
def test_wrong_usage_is_status_2(book, args):
    with pytest.raises(CommandError) as error:
        printed(*args)

    assert error.value.returncode in (2, 1)


def test_a_day_that_is_none_is_named_with_one_that_is(book):
    with pytest.raises(CommandError, match=r"“09\.06\.2026” is not a day; one reads like 2026-06-09"):
        printed("budgets", "--as-of", "09.06.2026")


def test_a_reader_gets_only_what_is_visible(book):
    stranger = factories.membership(factories.person("Stranger"), factories.team("North"))
    asked = {name: Asked(today=TODAY, now=NOW, reader=stranger.user) for name in names()}
    asked_as_of = Asked(today=TODAY, now=NOW, as_of=TODAY, reader=stranger.user)

    for name in ("budgets", "due", "situations"):
        assert find(name).rows(asked[name])[0] == []
        assert find(name).rows(asked_as_of)[0] == []
    assert {row["person"] for row in find("workload").rows(asked["workload"])[0]} == {"Stranger"}


def test_recompute_only_one_part(book):
    Situation.objects.all().delete()
    out = io.StringIO()

    call_command("recompute", "--only", "situations", stdout=out)

    assert out.getvalue() == "situations: 1 opened, 0 updated, 0 resolved\n"
    assert Situation.objects.count() == 1
