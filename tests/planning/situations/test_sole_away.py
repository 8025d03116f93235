"""Who is the only contact of customers is away for five working days or more, and nobody stands in. Today is a Tuesday."""

import datetime as dt

import pytest

from customers.models import Customer
from territory.company.models import Holiday
from tests import factories
from tests.planning.situations.finding import NOW, customer, found_as_of, open_ones, opened, run, settings, why

KIND = "sole_away"
MONDAY = dt.date(2026, 6, 15)


def monday(days: int) -> dt.date:
    return MONDAY + dt.timedelta(days=days)


@pytest.fixture
def nell():
    """The sole contact of one customer in her team."""
    seat = factories.membership(factories.person("Nell"), factories.team("Exeter"), "Salesperson")
    row = customer(team=seat.team)
    factories.assign(row, seat, "sole")
    return seat


@pytest.mark.parametrize(("days", "opens"), [(3, False), (4, True), (11, True)])
def test_five_working_days(nell, days, opens):
    factories.absence(nell.user, MONDAY, monday(days))
    assert run(KIND).opened == opens


def test_weekends_and_holidays_are_none(nell):
    Holiday.objects.create(on=monday(2), name="Day off")
    factories.absence(nell.user, MONDAY, monday(6))
    assert run(KIND).opened == 0


def test_absences_that_follow_each_other_are_one(nell):
    factories.absence(nell.user, MONDAY, monday(1))
    factories.absence(nell.user, monday(2), monday(4), kind="sick")
    run(KIND)
    [found] = open_ones(KIND)
    assert (found.evidence["starts_on"], found.evidence["ends_on"]) == ("2026-06-15", "2026-06-19")
    assert found.evidence["working_days"] == 5


def test_a_weekend_between_joins_a_working_day_does_not(nell):
    factories.absence(nell.user, monday(2), monday(4))
    other = factories.absence(nell.user, monday(8), monday(9))
    assert run(KIND).opened == 0
    other.starts_on = monday(7)
    other.save(update_fields=["starts_on"])
    assert run(KIND).opened == 1


@pytest.mark.parametrize(("days", "opens"), [(14, True), (15, False)])
def test_from_14_days_before(nell, days, opens):
    starts_on = NOW.date() + dt.timedelta(days=days)
    factories.absence(nell.user, starts_on, starts_on + dt.timedelta(days=20))
    assert run(KIND).opened == opens


def test_it_names_how_many_customers_and_stands_once(nell):
    for _ in range(2):
        factories.assign(customer(team=nell.team), nell, "sole")
    factories.assign(customer(team=nell.team), nell, "lead")
    factories.absence(nell.user, MONDAY, monday(4))
    run(KIND)
    [found] = open_ones(KIND)
    assert (found.person, found.team, found.customer, len(found.evidence["customers"])) == (
        nell.user, nell.team, None, 3,
    )  # fmt: skip


def test_not_where_somebody_stands_in(nell):
    by = factories.membership(factories.person("Tom"), nell.team, "Salesperson")
    factories.absence(nell.user, MONDAY, monday(4))
    factories.cover(nell.user, by, MONDAY, monday(4))
    assert run(KIND).opened == 0


def test_a_cover_of_a_day_leaves_too_few(nell):
    by = factories.membership(factories.person("Tom"), nell.team, "Salesperson")
    factories.absence(nell.user, MONDAY, monday(4))
    cover = factories.cover(nell.user, by, MONDAY, MONDAY)
    assert run(KIND).opened == 0
    cover.delete()
    assert run(KIND).opened == 1


def test_a_cover_of_chosen_customers_leaves_the_others(nell):
    by = factories.membership(factories.person("Tom"), nell.team, "Salesperson")
    other = customer(team=nell.team)
    factories.assign(other, nell, "sole")
    first = Customer.objects.exclude(pk=other.pk).get()
    factories.absence(nell.user, MONDAY, monday(4))
    factories.cover(nell.user, by, MONDAY, monday(4), first)
    run(KIND)
    assert open_ones(KIND)[0].evidence["customers"] == [other.pk]


def test_not_of_a_lead_nor_of_lost_customers(nell):
    Customer.objects.update(stage="lost")
    factories.assign(customer(team=nell.team), nell, "lead")
    factories.absence(nell.user, MONDAY, monday(4))
    assert run(KIND).opened == 0


def test_it_resolves_when_they_are_back_and_not_before(nell):
    factories.absence(nell.user, MONDAY, monday(4))
    run(KIND)
    last = dt.datetime.combine(monday(4), NOW.time(), dt.UTC)
    assert run(KIND, last).resolved == 0
    assert run(KIND, last + dt.timedelta(days=1)).resolved == 1
    assert why() == ["they are back, or somebody stands in"]


def test_it_opened_14_days_before_or_when_it_became_known(nell, time_machine):
    time_machine.move_to(NOW - dt.timedelta(days=60))
    factories.absence(nell.user, MONDAY, monday(4))
    time_machine.move_to(NOW, tick=False)
    assert [found.opened_on for found in found_as_of(KIND, NOW.date())] == [monday(-14)]
    other = factories.membership(factories.person("Owen"), nell.team, "Salesperson")
    factories.assign(customer(team=nell.team), other, "sole")
    factories.absence(other.user, MONDAY, monday(4))
    run(KIND)
    assert opened(KIND) == [monday(-14), NOW.date()]


def test_days_and_notice_are_settings(nell):
    factories.absence(nell.user, MONDAY, monday(1))
    settings(sole_away_days=2)
    assert run(KIND).opened == 1
    settings(sole_away_notice=5)
    assert run(KIND).resolved == 1


def test_it_is_the_managers_turn(nell):
    manager = factories.membership(factories.person("Ruth"), nell.team, "Sales manager")
    factories.absence(nell.user, MONDAY, monday(4))
    run(KIND)
    assert open_ones(KIND)[0].owner == manager.user
