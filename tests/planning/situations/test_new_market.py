"""A product line launched within 24 months, a market that grows by 20 % a year, where we hold under 5 % of its potential."""

import datetime as dt
from decimal import Decimal

import pytest

from tests import factories
from tests.planning.situations.finding import (
    TODAY,
    ago,
    customer,
    day,
    found_as_of,
    open_ones,
    opened,
    run,
    settings,
    why,
)

KIND = "new_market"
POTENTIAL = 640_000


@pytest.fixture
def line():
    factories.team()
    return factories.product_line("Vision check", launched_on=day(200))


@pytest.fixture
def fish():
    return factories.market("Fish and seafood")


def noted(market, line, growth=20, **fields):
    return factories.market_potential(market, line, POTENTIAL, day(100), growth_percent=growth, **fields)


@pytest.mark.parametrize(
    ("launched_on", "opens"),
    [(dt.date(2024, 6, 9), True), (dt.date(2024, 6, 8), False), (TODAY, True), (day(-1), False), (None, False)],
)
def test_launched_within_24_months(fish, line, launched_on, opens):
    noted(fish, factories.product_line(launched_on=launched_on))
    assert run(KIND).opened == opens


@pytest.mark.parametrize(("growth", "opens"), [("20", True), ("19.99", False)])
def test_growth_of_20_percent(fish, line, growth, opens):
    noted(fish, line, growth)
    assert run(KIND).opened == opens


@pytest.mark.parametrize(("won", "opens"), [("31999.99", True), ("32000", False)])
def test_under_5_percent_of_the_potential(fish, line, won, opens):
    noted(fish, line)
    factories.order(customer(market=fish), won, "won", ago(10), product_line=line)
    assert run(KIND).opened == opens
    assert [row.evidence["won"] for row in open_ones(KIND)] == ([won] if opens else [])


def test_only_what_was_won_there_of_the_line_within_a_year_counts(fish, line):
    noted(fish, line)
    row = customer(market=fish)
    factories.order(row, 90_000, "won", ago(10))
    factories.order(row, 90_000, "won", ago(366), product_line=line)
    factories.order(row, 90_000, product_line=line)
    factories.order(customer(), 90_000, "won", ago(10), product_line=line)
    assert run(KIND).opened == 1
    below = factories.market(parent=fish)
    factories.order(customer(market=below), 90_000, "won", ago(10), product_line=line)
    assert run(KIND).resolved == 1
    assert why() == ["we are there"]


@pytest.mark.parametrize(("now", "opens"), [("12000", True), ("11999.99", False)])
def test_growth_that_nobody_noted_is_measured_on_what_was_won_there(fish, line, now, opens):
    noted(fish, line, growth=None)
    row = factories.customer(market=fish)
    factories.order(row, 10_000, "won", ago(366))
    factories.order(row, now, "won", ago(364))
    assert run(KIND).opened == opens


def test_without_anything_won_before_the_growth_is_not_known(fish, line):
    noted(fish, line, growth=None)
    factories.order(factories.customer(market=fish), 1_000, "won", ago(10))
    assert run(KIND).opened == 0


def test_the_potential_noted_last_holds(fish, line):
    noted(fish, line, growth=5)
    factories.market_potential(fish, line, POTENTIAL, day(10), growth_percent=30)
    run(KIND)
    [found] = open_ones(KIND)
    assert (found.market, found.product_line, found.evidence["growth"]) == (fish, line, "0.300000")
    assert opened(KIND) == [day(10)]
    assert [row.opened_on for row in found_as_of(KIND, day(20))] == []


def test_it_stays_one_a_little_further(fish, line):
    row = noted(fish, line)
    order = factories.order(customer(market=fish), 1_000, "won", ago(10), product_line=line)
    run(KIND)
    row.growth_percent = Decimal(15)
    row.save(update_fields=["growth_percent"])
    order.amount = Decimal("38399.99")
    order.save(update_fields=["amount"])
    assert run(KIND).resolved == 0
    order.amount = Decimal(38_400)
    order.save(update_fields=["amount"])
    assert run(KIND).resolved == 1
    other = noted(factories.market(), line)
    run(KIND)
    other.growth_percent = Decimal("14.99")
    other.save(update_fields=["growth_percent"])
    run(KIND)
    assert why() == ["we are there", "the market grows less"]


def test_it_resolves_when_the_line_is_archived(fish, line):
    noted(fish, line)
    run(KIND)
    line.archived_at = ago(0)
    line.save(update_fields=["archived_at"])
    run(KIND)
    assert why() == ["the product line is no longer new, or no potential is noted"]


def test_without_any_team_there_is_none(fish):
    noted(fish, factories.product_line(launched_on=day(200)))
    assert run(KIND).opened == 0


def test_it_is_the_lowest_team_under_which_all_there_stand_and_its_managers_turn(fish, line):
    west = factories.team("West")
    exeter, bristol = factories.team("Exeter", west), factories.team("Bristol", west)
    factories.team("East")
    manager = factories.membership(factories.person("Ruth"), west, "Sales manager")
    noted(fish, line)
    customer(market=fish, team=exeter)
    customer(market=fish, team=exeter, stage="prospect")
    run(KIND)
    [found] = open_ones(KIND)
    assert (found.team, found.owner) == (exeter, manager.user)
    assert (found.evidence["customers"], found.evidence["prospects"]) == (1, 1)
    customer(market=fish, team=bristol, stage="prospect")
    assert run(KIND).updated == 1
    assert [(row.pk, row.team, row.evidence["prospects"]) for row in open_ones(KIND)] == [(found.pk, west, 2)]


def test_under_several_teams_at_the_top_it_says_so(fish, line):
    west, east = factories.team("West"), factories.team("East")
    noted(fish, line)
    customer(market=fish, team=west)
    customer(market=fish, team=west)
    run(KIND)
    assert "shared" not in open_ones(KIND)[0].evidence
    customer(market=fish, team=east)
    run(KIND)
    [found] = open_ones(KIND)
    assert (found.team, found.evidence["shared"]) == (west, True)


def test_with_nobody_there_it_is_the_top_teams(fish, line):
    factories.team("Exeter", factories.team("All"))
    noted(fish, line)
    run(KIND)
    assert open_ones(KIND)[0].team.parent is None


def test_thresholds_are_settings(fish, line):
    noted(fish, line, growth=10)
    settings(new_market_growth="0.1000", new_market_growth_until="0.0500")
    assert run(KIND).opened == 1
    settings(new_market_months=6)
    assert run(KIND).resolved == 1
