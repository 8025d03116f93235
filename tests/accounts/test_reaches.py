"""Which reach makes sense where, and what stored access gives that nobody knows: nothing."""

import pytest
from django.core.exceptions import ValidationError

from accounts.permissions import may, scope
from accounts.reaches import OFFERED, Act, Area, Reach, check, plain, reach_of
from accounts.starting_access import STARTING_ROLES, starting_access
from tests import factories


def test_what_one_wrote_oneself_is_offered_for_touches_and_expenses_alone():
    assert [cell for cell, reaches in OFFERED.items() if Reach.AUTHORED in reaches] == [
        (Area.TOUCHES, Act.CHANGE),
        (Area.EXPENSES, Act.CHANGE),
    ]


@pytest.mark.parametrize(
    ("area", "acts"),
    [
        (Area.RULES, ["see", "change", "approve"]),
        (Area.TOUCH_VALUES, ["see", "change", "approve"]),
        (Area.AUDIT, ["see"]),
        (Area.PEOPLE, ["change"]),
        (Area.COST, ["change"]),
    ],
)
def test_what_belongs_to_the_company_is_for_all_or_none(area, acts):
    assert {OFFERED[area, Act(act)] for act in acts} == {(Reach.NONE, Reach.ALL)}


def test_every_cell_may_be_none_and_every_area_has_a_cell():
    assert all(reaches[0] == Reach.NONE for reaches in OFFERED.values())
    assert {area for area, _act in OFFERED} == set(Area)


@pytest.mark.parametrize("name", [name for name, _function, _access in STARTING_ROLES])
def test_the_starting_table_holds_only_what_is_offered(name):
    access = next(access for known, _function, access in STARTING_ROLES if known == name)
    given = {(area, act): reach for area, acts in access.items() for act, reach in acts.items()}
    assert all(reach in OFFERED[area, Act(act)] for (area, act), reach in given.items())
    check(access)


def test_the_start_of_a_function_is_that_of_its_starting_roles():
    assert starting_access("sales")["touches"] == {"see": "own", "change": "authored"}
    assert starting_access("unheard of") == {}


@pytest.mark.parametrize(
    "stored",
    [
        {},
        None,
        [],
        "all",
        {"customers": None},
        {"customers": "all"},
        {"customers": ["see"]},
        {"customers": {"see": None}},
        {"customers": {"see": ["all"]}},
        {"customers": {"see": "everything"}},
        {"customers": {"see": "ALL"}},
        {"customers": {"see": "authored"}},
        {"customers": {"look": "all"}},
        {"Customers": {"see": "all"}},
    ],
)
def test_what_nobody_knows_gives_nothing(stored):
    assert reach_of(stored, Area.CUSTOMERS, Act.SEE) == Reach.NONE


@pytest.mark.parametrize("stored", [{}, {"customers": {"see": "below everything"}}, [], {"customers": ["all"]}])
def test_a_role_without_access_may_do_nothing(company, stored):
    seat = factories.membership(role=factories.role("Clerk", access=stored))
    assert not any(may(seat.user, area, act) for area in Area for act in Act)
    assert not scope(seat.user, Area.CUSTOMERS, Act.SEE)


def test_an_unknown_area_is_nobodys(company):
    seat = factories.membership(role=factories.role("Clerk", access={"wages": {"see": "all"}}))
    assert not may(seat.user, "wages", "see")


def test_what_is_stored_leaves_out_what_gives_nothing():
    stored = {"customers": {"see": "own", "change": "none", "look": "all"}, "wages": {"see": "all"}}
    assert plain(stored) == {"customers": {"see": "own"}}


@pytest.mark.parametrize(
    "access",
    [
        {"customers": {"see": "own", "change": "team"}},
        {"orders": {"change": "own"}},
        {"touches": {"change": "authored"}},
        {"rules": {"see": "none", "change": "all"}},
        {"expenses": {"see": "own", "approve": "below"}},
        {"people": {"see": "below", "change": "all"}},
    ],
)
def test_nobody_changes_more_than_they_see(access):
    with pytest.raises(ValidationError, match="Wider than what the role sees"):
        check(access)


def test_who_only_imports_sees_nothing_there():
    check({"import": {"change": "all"}})
