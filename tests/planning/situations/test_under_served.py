"""A customer of the highest tiers gets less than 75 % of its budget, an hour a month or more."""

import pytest

from customers.models import Customer
from planning.models import CustomerFigures, PlanningSettings
from tests import factories
from tests.planning.situations.finding import customer, open_ones, run, settings, why

KIND = "under_served"


def served(row, actual, budget=1000, **fields):
    CustomerFigures.objects.filter(customer=row).delete()
    return factories.figures(row, budget, actual, **fields)


@pytest.mark.parametrize(("actual", "opens"), [(749.9, True), (750, False)])
def test_below_75_percent(actual, opens):
    served(customer(), actual)
    assert run(KIND).opened == opens


def test_the_bound_is_that_of_the_bands():
    PlanningSettings.objects.create(under_served_below="0.5")
    served(customer(), 600)
    assert run(KIND).opened == 0


@pytest.mark.parametrize(("actual", "opens"), [(40, True), (40.1, False)])
def test_from_an_hour_a_month_on(actual, opens):
    served(customer(), actual, budget=100)
    assert run(KIND).opened == opens


def test_it_stays_one_up_to_80_percent_and_resolves_from_there():
    row = customer()
    served(row, 700)
    run(KIND)
    served(row, 799.9)
    assert run(KIND).resolved == 0
    served(row, 800)
    assert run(KIND).resolved == 1
    assert why() == ["it gets enough time"]
    served(row, 760)
    assert run(KIND).opened == 0


@pytest.mark.parametrize(("worth", "opens"), [(15_000, True), (14_999, False)])
def test_on_the_two_highest_tiers(worth, opens):
    served(customer(worth), 100)
    assert run(KIND).opened == opens


@pytest.mark.parametrize(("budget", "actual"), [(0, 0), (1000, None)])
def test_not_without_a_budget_nor_too_early(budget, actual):
    served(customer(), actual, budget)
    assert run(KIND).opened == 0


def test_not_of_a_prospect():
    served(customer(stage="prospect"), 100)
    assert run(KIND).opened == 0


def test_it_resolves_when_it_cannot_be_told_any_more_or_the_stage_changed():
    early, lost = customer(), customer()
    served(early, 100)
    served(lost, 100)
    run(KIND)
    served(early, None)
    Customer.objects.filter(pk=lost.pk).update(stage="lost")
    run(KIND)
    assert why() == ["it has no budget any more, or it is too early to tell", "its tier or stage changed"]


def test_its_figures_follow():
    row = customer()
    served(row, 500)
    run(KIND)
    served(row, 400)
    assert run(KIND).updated == 1
    [found] = open_ones(KIND)
    assert (found.share, found.evidence["actual"], found.evidence["budget"]) == (0.4, "400", "1000")
    assert run(KIND).updated == 0


def test_thresholds_are_settings():
    served(customer(5_000), 700)
    settings(under_served_tiers=3, under_served_minutes=300)
    assert run(KIND).opened == 1
    settings(under_served_minutes=301)
    assert run(KIND).resolved == 0
