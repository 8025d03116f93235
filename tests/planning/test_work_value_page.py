"""The screen of the value of work done."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from accounts.permissions import Area
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer, TouchPerson
from planning.forms.periods import offered, period_of
from planning.models import PlanningSettings
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 7, 10, 10, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
PAGE = "/work-value/"


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


@pytest.fixture
def june(cast):
    """Rep: two calls and, with the technician, a visit; mate: three calls; a call of nobody known; elsewhere one call."""
    tiers, types = factories.tiers(), factories.touch_types()
    factories.touch_value(types["voice"], tiers["D"], 10)
    factories.touch_value(types["field"], tiers["D"], 100)
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=NOW)
    for day in ("2026-06-01", "2026-06-02"):
        factories.touch(cast.own, cast.rep, at(day), 30)
    visit = factories.touch(cast.own, cast.rep, at("2026-06-03"), 60, 30, types["field"])
    TouchPerson.objects.create(touch=visit, user=cast.technician, duration_seconds=1800)
    for _ in range(3):
        factories.touch(cast.team_mates, cast.mate, at("2026-06-04"), 6)
    factories.touch(cast.own, None, at("2026-06-05"), 12)
    factories.touch(cast.foreign, cast.other_rep, at("2026-06-05"), 12)
    factories.touch(cast.own, cast.rep, at("2026-05-31"), 30)
    return cast


def shown(client, query=""):
    board = client.get(PAGE + query).context["board"]
    return [(row.person.name, row.teams, row.work.touches, row.work.value, row.work.minutes) for row in board.rows]


def test_a_manager_sees_the_people_below_by_name_and_all_touches_once(june):
    board = client_of(june.manager).get(PAGE).context["board"]
    assert shown(client_of(june.manager)) == [
        ("Mate", "Exeter", 3, 30, 18),
        ("Rep", "Exeter", 3, 120, 120),
        ("Technician", "Exeter", 1, 100, 30),
    ]
    assert (board.unknown.work.touches, board.unknown.work.value) == (1, 10)
    assert (board.total.touches, board.total.value) == (7, 160)
    assert [(kind.name, work.touches) for kind, work in board.types] == [
        ("Voice call", 6),
        ("Field sales call", 1),
    ]


def test_tiers_and_teams_are_summed_up_each_touch_once(june):
    Role.objects.filter(name="Salesperson").update(cost_per_hour=61)
    both = factories.touch(june.own, june.rep, at("2026-06-06"), 30)
    TouchPerson.objects.create(touch=both, user=june.mate, duration_seconds=1800)
    TouchPerson.objects.create(touch=both, user=june.other_rep, duration_seconds=3600)

    client = client_of(june.admin)
    assert "Sum up by team" in client.get(PAGE).content.decode()
    page = client.get(PAGE + "?teams=1")
    assert "Sum up by team" not in page.content.decode()

    board = page.context["board"]
    assert [(str(tier), work.touches, work.value) for tier, work in board.tiers] == [("D", 9, 180)]
    assert [(team, work.touches, work.value, work.minutes) for team, work in board.teams] == [
        ("Exeter", 7, 160, 228), ("Leeds", 2, 20, 72), ("", 1, 10, 12),
    ]  # fmt: skip
    # Of Exeter's technician nobody knows what an hour costs.
    assert [work.cost for _team, work in board.teams] == [None, Decimal("73.2"), None]
    assert "no team" in page.content.decode()
    # Who sees one team alone is not told of it twice.
    for query in ("", "?teams=1"):
        alone = client_of(june.manager).get(PAGE + query)
        assert (alone.status_code, alone.context["board"].has_teams) == (200, False)


def test_the_list_is_sorted_as_asked_and_by_name_again_for_nonsense(june):
    client = client_of(june.manager)
    assert [row[0] for row in shown(client, "?sort=-value")] == ["Rep", "Technician", "Mate"]
    assert [row[0] for row in shown(client, "?sort=minutes")] == ["Mate", "Technician", "Rep"]
    assert [row[0] for row in shown(client, "?sort=luck&page=99")] == ["Mate", "Rep", "Technician"]


def test_a_salesperson_sees_their_own_work_and_nobody_else_s(june):
    client = client_of(june.rep)
    page = client.get(PAGE)
    own = page.context["own"]
    assert (own.person, own.total.touches, own.total.value) == (june.rep, 3, 120)
    assert [
        (line.touch_type.name, [(str(tier), work.touches) for tier, work in line.by_tier]) for line in own.types
    ] == [
        ("Voice call", [("D", 2)]),
        ("Field sales call", [("D", 1)]),
    ]
    assert client.get(reverse("work_value_person", args=[june.rep.pk])).status_code == 200
    for other in (june.mate, june.technician, june.other_rep):
        assert client.get(reverse("work_value_person", args=[other.pk])).status_code == 404
    assert client_of(june.manager).get(reverse("work_value_person", args=[june.other_rep.pk])).status_code == 404
    assert client_of(june.manager).get(reverse("work_value_person", args=[june.mate.pk])).status_code == 200


def test_cost_is_there_for_those_alone_who_may_see_cost_rates(june):
    Role.objects.filter(name="Salesperson").update(cost_per_hour=61)
    manager = client_of(june.manager).get(PAGE)
    assert "Cost" in manager.content.decode()
    assert [row.work.cost for row in manager.context["board"].rows][1] == pytest.approx(61 * 2.5)  # with travel
    for who in (june.rep, june.coordinator):
        page = client_of(who).get(PAGE)
        assert "Cost" not in page.content.decode()
    assert client_of(june.coordinator).get(PAGE).context["board"].total.cost is None


def test_who_may_not_see_touch_values_or_touches_may_not_open_it(june):
    role = Role.objects.get(name="Salesperson")
    for area in (Area.TOUCH_VALUES, Area.TOUCHES):
        kept = role.access
        role.access = {key: value for key, value in kept.items() if key != area}
        role.save()
        assert client_of(june.rep).get(PAGE).status_code == 403
        role.access = kept
        role.save()


def test_repeats_count_once_where_the_setting_says_so(june):
    PlanningSettings.objects.create(repeats_count_once=True)
    page = client_of(june.manager).get(PAGE)
    assert shown(client_of(june.manager))[0] == ("Mate", "Exeter", 3, 10, 18)
    assert "Repeats of a type with a customer on a day count once" in page.content.decode()


@pytest.mark.parametrize(
    ("today", "key", "first", "last"),
    [
        ("2026-07-10", "month", "2026-07-01", "2026-07-10"),
        ("2026-07-10", "last-month", "2026-06-01", "2026-06-30"),
        ("2026-01-31", "last-month", "2025-12-01", "2025-12-31"),
        ("2026-07-10", "last-quarter", "2026-04-01", "2026-06-30"),
        ("2026-02-28", "last-quarter", "2025-10-01", "2025-12-31"),
        ("2026-07-10", "year", "2025-07-11", "2026-07-10"),
        ("2026-07-10", "nonsense", "2026-06-01", "2026-06-30"),
    ],
)
def test_periods(today, key, first, last):
    found = offered(key, dt.date.fromisoformat(today))
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [
        ("2026-06-02", "2026-06-01", "This is before the first day."),
        ("2025-06-01", "2026-06-02", "At most 366 days can be shown; the file has no limit."),
        ("2026-06-02", "", "This field is required."),
        ("0001-01-01", "0001-01-02", "Choose a day between 1900 and 2200."),
    ],
)
def test_days_that_cannot_be_shown_are_said_and_the_usual_ones_shown(first, last, error):
    period, form = period_of({"first": first, "last": last}, TODAY)
    assert period == offered("last-month", TODAY)
    assert error in [text for errors in form.errors.values() for text in errors]


def test_days_are_asked_for_from_and_until_as_well():
    period, form = period_of({"from": "2026-05-31", "until": "2026-06-01"}, TODAY)
    assert (period.first, period.last, form.errors) == (dt.date(2026, 5, 31), dt.date(2026, 6, 1), {})
    period, form = period_of({"from": "2026-12-01", "until": "2026-01-01"}, TODAY)
    assert (period, form.errors["last"]) == (offered("last-month", TODAY), ["This is before the first day."])


def test_any_days_can_be_asked_for(june):
    page = client_of(june.manager).get(PAGE + "?first=2026-05-31&last=2026-06-01")
    assert [(row.person.name, row.work.touches) for row in page.context["board"].rows] == [("Rep", 2)]
    empty = client_of(june.manager).get(PAGE + "?first=2026-01-01&last=2026-01-02")
    assert "No touch was made in these days." in empty.content.decode()


def test_the_number_of_queries_is_the_same_for_few_and_for_many(june):
    client = client_of(june.admin)

    def queries(url):
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len(captured)

    urls = [PAGE, reverse("work_value_person", args=[june.rep.pk])]
    few = [queries(url) for url in urls]
    for number in range(5):
        owner = factories.membership(team=june.leeds)
        kind = factories.touch_type(f"Type {number}")
        customer = factories.customer(owner=owner)
        rebuild_lifecycle([customer.pk], now=NOW)
        factories.touch(customer, owner.user, at("2026-06-01"), type=kind)
        factories.touch(june.own, june.rep, at("2026-06-01"), type=kind)
    assert [queries(url) for url in urls] == few
