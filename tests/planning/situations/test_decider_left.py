"""Who decided left within 90 days, and no other current contact is known to decide."""

import pytest

from customers.models import Customer
from tests import factories
from tests.planning.situations.finding import ago, customer, day, found_as_of, open_ones, opened, run, settings, why

KIND = "decider_left"


def left(row, days: int, **fields):
    return factories.contact(row, since=day(300), left_on=day(days), decides=True, **fields)


@pytest.mark.parametrize(("days", "opens"), [(-1, False), (0, True), (89, True), (90, False)])
def test_within_90_days(days, opens):
    left(customer(), days)
    assert run(KIND).opened == opens
    assert opened(KIND) == ([day(days)] if opens else [])


def test_for_how_long_is_a_setting():
    left(customer(), 90)
    settings(decider_left_days=91)
    assert run(KIND).opened == 1
    settings(decider_left_days=0)
    left(customer(), 0)
    assert run(KIND).opened == 0
    assert open_ones(KIND) == []


def test_not_where_another_decides():
    row = customer()
    left(row, 5)
    factories.contact(row, decides=True)
    assert run(KIND).opened == 0


def test_who_does_not_decide_or_is_archived_counts_for_nothing():
    row, other = customer(), customer()
    factories.contact(row, left_on=day(5))
    left(other, 5, archived_at=ago(1))
    assert run(KIND).opened == 0


def test_the_last_of_several_counts():
    row = customer()
    left(row, 200)
    last = left(row, 30)
    factories.contact(row)
    run(KIND)
    [found] = open_ones(KIND)
    assert opened(KIND) == [day(30)]
    assert (found.evidence["contact"], found.evidence["deciders_left"], found.evidence["contacts"]) == (last.pk, 2, 1)


@pytest.mark.parametrize(
    ("stage", "opens"), [("prospect", True), ("customer", True), ("lapsed", False), ("lost", False)]
)
def test_of_prospects_and_customers(stage, opens):
    row = customer()
    Customer.objects.filter(pk=row.pk).update(stage=stage)
    left(row, 5)
    assert run(KIND).opened == opens


def test_it_resolves_when_somebody_decides_or_it_is_long_ago_or_the_stage_changed():
    replaced, waited, lost = customer(), customer(), customer()
    left(replaced, 5)
    old = left(waited, 5)
    left(lost, 5)
    run(KIND)
    factories.contact(replaced, decides=True)
    old.left_on = day(90)
    old.save(update_fields=["left_on"])
    Customer.objects.filter(pk=lost.pk).update(stage="lost")
    assert run(KIND).resolved == 3
    assert why() == ["somebody who decides is known", "it is long ago, or they did not leave", "its stage changed"]


def test_as_of_a_day():
    left(customer(), 30)
    assert found_as_of(KIND, day(31)) == []
    assert [found.opened_on for found in found_as_of(KIND, day(30))] == [day(30)]
