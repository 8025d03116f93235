"""A customer of one of the two highest tiers with exactly one current contact."""

import pytest

from customers.actions.lifecycle import rebuild_lifecycle
from tests import factories
from tests.planning.situations.finding import (
    NOW,
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

KIND = "single_contact"


@pytest.mark.parametrize(("worth", "opens"), [(40_000, True), (15_000, True), (14_999, False)])
def test_on_the_two_highest_tiers_only(worth, opens):
    factories.contact(customer(worth))
    assert run(KIND).opened == opens


def test_how_many_tiers_is_a_setting():
    factories.contact(customer(15_000))
    settings(single_contact_tiers=1)
    assert run(KIND).opened == 0
    settings(single_contact_tiers=0)
    factories.contact(customer(50_000))
    assert run(KIND).opened == 0


@pytest.mark.parametrize(("contacts", "opens"), [(0, False), (1, True), (2, False)])
def test_with_exactly_one_contact(contacts, opens):
    row = customer()
    for _ in range(contacts):
        factories.contact(row)
    assert run(KIND).opened == opens


def test_a_prospect_has_none():
    factories.contact(customer(stage="prospect"))
    assert run(KIND).opened == 0


def test_who_left_today_is_gone_who_leaves_tomorrow_is_there():
    row = customer()
    factories.contact(row, since=day(200))
    other = factories.contact(row, since=day(200), left_on=day(-1))
    assert run(KIND).opened == 0
    other.left_on = day(0)
    other.save(update_fields=["left_on"])
    run(KIND)
    [found] = open_ones(KIND)
    assert (found.customer, found.team, found.evidence["left"]) == (row, row.team, 1)
    assert found.opened_at == NOW


def test_it_opened_when_the_other_left():
    row = customer()
    factories.contact(row, since=day(200))
    factories.contact(row, since=day(200), left_on=day(20))
    run(KIND)
    assert opened(KIND) == [day(20)]
    assert found_as_of(KIND, day(21)) == []
    assert [found.opened_on for found in found_as_of(KIND, day(5))] == [day(20)]


def test_it_opened_when_the_tier_was_reached():
    row = customer(14_000)
    factories.contact(row, since=day(350))
    factories.order(row, 30_000, "won", ago(30), opened_at=ago(40))
    rebuild_lifecycle([row.pk], now=NOW)
    run(KIND)
    assert opened(KIND) == [day(29)]


def test_it_resolves_when_another_contact_is_known_and_says_why():
    row = customer()
    factories.contact(row)
    run(KIND)
    factories.contact(row)
    assert run(KIND).resolved == 1
    assert why() == ["another contact is known"]


def test_it_resolves_when_none_is_left_or_the_tier_changed():
    left, lower = customer(), customer()
    contact = factories.contact(left)
    factories.contact(lower)
    run(KIND)
    contact.left_on = day(0)
    contact.save(update_fields=["left_on"])
    type(lower).objects.filter(pk=lower.pk).update(tier=factories.tiers()["C"])
    run(KIND)
    assert why() == ["no contact is left", "its tier or stage changed"]


def test_evidence_names_nobody():
    """A contact's data can be erased, and must not stand anywhere else."""
    factories.contact(customer(), "Jane Roe")
    run(KIND)
    assert "Jane" not in str(open_ones(KIND)[0].evidence)
