"""The calendar of absences: whose are on it, what is said of them, and what it costs the database."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from planning.queries import absences
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
MONDAY = dt.date(2026, 6, 8)
FRIDAY = dt.date(2026, 6, 12)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def page(client):
    def get(user, **query):
        client.force_login(user)
        return client.get(reverse("absence_calendar"), query)

    return get


def line_of(cast, reader=None, person=None):
    seen = absences.people_seen(reader or cast.manager, MONDAY)
    people = [row for row in seen if row == (person or cast.rep)]
    return absences.lines(reader or cast.manager, people, MONDAY, {row.pk for row in seen})[0]


def test_only_people_within_reach_are_on_it(page, cast):
    shown = {
        who: [line.person.name for line in page(user).context["lines"]]
        for who, user in cast.everyone().items()
        if user.is_active
    }
    assert shown["salesperson"] == ["Rep"]
    assert shown["coordinator"] == ["Coordinator", "Mate", "Rep", "Technician"]
    assert shown["manager"] == ["Administrator", "Coordinator", "Manager", "Mate", "Rep", "Technician"]
    assert shown["other team's manager"] == ["Other manager", "Other rep"]


def test_days_that_nobody_covers_are_counted_in_working_days(cast):
    factories.absence(cast.rep, MONDAY, MONDAY + 13 * DAY)
    factories.cover(cast.rep, cast.mate_membership, MONDAY, FRIDAY)
    (gone,) = line_of(cast).gone
    assert gone.uncovered_days == 5


@pytest.mark.parametrize(("days", "covered", "count"), [(5, False, 1), (4, False, 0), (5, True, 0)])
def test_a_sole_contact_away_five_working_days_without_cover_is_said(page, cast, days, covered, count):
    cast.own.assignments.filter(membership=cast.rep_membership).update(kind="sole")
    factories.absence(cast.rep, MONDAY, MONDAY + (days - 1) * DAY)
    if covered:
        factories.cover(cast.rep, cast.mate_membership, MONDAY, MONDAY)
    assert line_of(cast).gone[0].sole_on == count
    words = "sole contact on 1 customer away 5 working days or more without cover"
    assert (words in page(cast.manager).content.decode()) == bool(count)


def test_who_may_change_adds_from_there_and_others_do_not(page, cast):
    factories.absence(cast.rep, MONDAY, FRIDAY)
    add, cover = reverse("absence_create", args=[cast.rep.pk]), reverse("cover_create", args=[cast.rep.pk])
    seen = {
        who: page(user).content.decode() for who, user in [("manager", cast.manager), ("coordinator", cast.coordinator)]
    }
    assert [(add in text, cover in text) for text in seen.values()] == [(True, True), (False, False)]
    assert "5 working days without cover" in seen["coordinator"]


def test_bars_are_counted_from_the_first_day(cast):
    factories.absence(cast.rep, MONDAY - 3 * DAY, FRIDAY)
    factories.cover(cast.rep, cast.mate_membership, MONDAY + DAY, FRIDAY)
    assert [(bar.start, bar.days, bar.kind) for bar in line_of(cast).bars] == [(0, 5, "free"), (1, 4, "covered")]


def test_whom_somebody_covers_is_said_only_to_who_sees_their_absence(cast):
    factories.cover(cast.rep, cast.other_rep_membership, MONDAY, FRIDAY)
    line = line_of(cast, cast.other_manager, cast.other_rep)
    assert line.covers == []
    line = line_of(cast, cast.admin, cast.other_rep)
    assert [cover.user for cover in line.covers] == [cast.rep]


@pytest.mark.parametrize("team", ["x", "98765432"])
def test_what_is_no_team_is_not_found(page, cast, team):
    assert page(cast.manager, team=team).status_code == 404


@pytest.mark.parametrize("day", ["soon", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_what_is_no_day_shows_this_week(page, cast, day):
    shown = page(cast.manager, **{"from": day})
    assert (shown.status_code, shown.context["is_now"]) == (200, True)


def test_months_are_stepped_through(page, cast):
    factories.absence(cast.rep, dt.date(2026, 9, 1), dt.date(2026, 9, 2))
    assert "1 Sep" not in page(cast.manager).content.decode()
    assert "1 Sep – 2 Sep" in page(cast.manager, **{"from": "2026-08-03"}).content.decode()


def test_statements_and_size(client, cast):
    def one_more():
        seat = factories.membership(factories.person(), cast.exeter)
        customer = factories.customer(owner=seat)
        customer.assignments.update(kind="sole")
        factories.absence(seat.user, MONDAY, FRIDAY)
        factories.cover(seat.user, cast.mate_membership, MONDAY, FRIDAY, customer)

    client.force_login(cast.manager)
    client.get(reverse("profile"))  # the first request notes the session

    def asked():
        with CaptureQueriesContext(connection) as queries:
            response = client.get(reverse("absence_calendar"))
        return len(queries), response

    one_more()
    first, _ = asked()
    for _number in range(60):
        one_more()
    later, response = asked()
    assert (first, later) == (12, 12)
    assert len(response.content) < 60_000
