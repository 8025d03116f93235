"""The time a customer needs: worked examples of domain 3.3, properties, and a second implementation to agree with."""

import math
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.engine.budget import budgets
from planning.engine.facts import CustomerFacts
from planning.engine.rules import ContactLoad, ContactRule, OrderRule, Rules, TeamSellingLoad
from planning.engine.shares import Assigned
from planning.engine.travel import EARTH_RADIUS_KM, great_circle_km, minutes_for_km

HOME = (0.0, 0.0)
#: a place exactly 40 km of great circle north of HOME
FORTY_KM_AWAY = (math.degrees(40 / EARTH_RADIUS_KM), 0.0)
DAY = date(2026, 6, 9)


def rule(
    key=1,
    tier="B",
    stage="customer",
    role="rep",
    touch_type="voice",
    count=1,
    period="month",
    minutes=15,
    travels=False,
):
    return ContactRule(key, tier, stage, role, touch_type, count, period, minutes, travels)


def customer(**facts):
    return CustomerFacts(**{"key": 1, "stage": "customer", "tier": "B", "team": 1, "began_on": DAY} | facts)


def assigned(person="ann", role="rep", key=1, share=None, kind="lead", starts_on=None):
    return Assigned(key, person, role, 1, kind, share, starts_on)


WORKED = (
    rule(1, count=2, minutes=15),
    rule(2, touch_type="field", period="quarter", minutes=60, travels=True),
)


def shown(minutes):
    return f"{minutes:.2f}"


def test_forty_km_are_124_8_minutes_there_and_back():
    assert shown(minutes_for_km(great_circle_km(HOME, FORTY_KM_AWAY))) == "124.80"


def test_worked_example_needs_91_6_minutes_a_month():
    facts = customer(place=FORTY_KM_AWAY, assigned=(assigned(),))

    [budget] = budgets(facts, Rules(WORKED), {"ann": HOME})

    assert shown(budget.minutes) == "91.60"
    assert [shown(part) for part in (budget.touch_minutes, budget.travel_minutes, budget.other_minutes)] == [
        "50.00",
        "41.60",
        "0.00",
    ]


def test_one_senior_officer_adding_10_makes_it_101_6():
    facts = customer(place=FORTY_KM_AWAY, assigned=(assigned(),), contacts={"senior officer": 1})
    rules = Rules(WORKED, contact_loads=(ContactLoad(9, "senior officer", "rep", 10),))

    [budget] = budgets(facts, rules, {"ann": HOME})

    assert shown(budget.minutes) == "101.60"
    assert [(line.kind, shown(line.minutes), shown(line.travel_minutes)) for line in budget.lines] == [
        ("contact rule", "30.00", "0.00"),
        ("contact rule", "20.00", "41.60"),
        ("contacts", "10.00", "0.00"),
    ]


@pytest.mark.parametrize(
    ("period", "minutes"),
    [("day", "217.50"), ("week", "43.48"), ("month", "10.00"), ("quarter", "3.33"), ("year", "0.83")],
)
def test_periods_per_month(period, minutes):
    [budget] = budgets(customer(), Rules((rule(period=period, minutes=10),)), {})

    assert shown(budget.minutes) == minutes


def test_six_orders_a_year_at_30_minutes_are_15_a_month():
    [budget] = budgets(customer(orders_won=6), Rules(order_rules=(OrderRule(1, "coordinator", None, 30),)), {})

    assert (budget.role, shown(budget.other_minutes)) == ("coordinator", "15.00")


def test_a_tiers_order_rule_stands_instead_of_the_general_one():
    rules = Rules(order_rules=(OrderRule(1, "rep", None, 30), OrderRule(2, "rep", "B", 60)))

    [budget] = budgets(customer(orders_won=12), rules, {})

    assert shown(budget.minutes) == "60.00"


def test_team_selling_counts_people_beyond_the_first_once_each():
    team = (
        assigned("ann", key=1),
        assigned("ann", key=2, role="expert"),
        assigned("bob", key=3),
        assigned("cem", key=4),
    )

    [budget] = budgets(customer(assigned=team), Rules(team_selling_loads=(TeamSellingLoad(1, "rep", 12),)), {})

    assert shown(budget.minutes) == "24.00"


def test_one_person_alone_is_no_team_selling():
    assert (
        budgets(customer(assigned=(assigned(),)), Rules(team_selling_loads=(TeamSellingLoad(1, "rep", 12),)), {}) == []
    )


def test_travel_of_several_is_weighted_by_share():
    team = (assigned("ann", share=Decimal("0.75")), assigned("bob", key=2, share=Decimal("0.25"), kind="support"))
    bases = {"ann": HOME, "bob": FORTY_KM_AWAY}

    [budget] = budgets(customer(place=FORTY_KM_AWAY, assigned=team), Rules((rule(minutes=0, travels=True),)), bases)

    assert shown(budget.travel_minutes) == "93.60"


def test_travel_of_a_role_with_nobody_is_the_owners():
    rules = Rules((rule(role="expert", minutes=0, travels=True),))

    [budget] = budgets(customer(place=FORTY_KM_AWAY, assigned=(assigned(),)), rules, {"ann": HOME})

    assert shown(budget.travel_minutes) == "124.80"
    assert budget.staffing.unstaffed == 1.0


@pytest.mark.parametrize(
    ("place", "bases", "team"),
    [(None, {"ann": HOME}, True), (FORTY_KM_AWAY, {}, True), (FORTY_KM_AWAY, {"ann": HOME}, False)],
    ids=["customer", "base", "nobody"],
)
def test_unknown_place_counts_0_and_says_so(place, bases, team):
    facts = customer(place=place, assigned=(assigned(),) if team else ())

    [budget] = budgets(facts, Rules((rule(minutes=60, travels=True),)), bases)

    assert (shown(budget.minutes), budget.travel_unknown) == ("60.00", True)


def test_one_of_two_bases_unknown_counts_0_with_its_weight():
    team = (assigned("ann"), assigned("bob", key=2, kind="support"))

    [budget] = budgets(customer(place=FORTY_KM_AWAY, assigned=team), Rules((rule(travels=True),)), {"ann": HOME})

    assert (shown(budget.travel_minutes), budget.travel_unknown) == ("62.40", True)


def test_a_prospect_has_a_budget_by_the_same_formula():
    [budget] = budgets(customer(stage="prospect"), Rules((rule(stage="prospect"),)), {})

    assert shown(budget.minutes) == "15.00"


@pytest.mark.parametrize("stage", ["lapsed", "lost"])
def test_quiet_stages_have_budgets_only_where_a_rule_names_them(stage):
    rules = Rules((rule(),), order_rules=(OrderRule(1, "rep", None, 30),))
    named = Rules((rule(stage=stage),), order_rules=(OrderRule(1, "rep", None, 30), OrderRule(2, "manager", None, 30)))

    assert budgets(customer(stage=stage, orders_won=12), rules, {}) == []
    assert [(b.role, shown(b.minutes)) for b in budgets(customer(stage=stage, orders_won=12), named, {})] == [
        ("rep", "45.00")
    ]


def test_no_tier_means_no_contact_rule():
    assert budgets(customer(tier=None), Rules((rule(),)), {}) == []


def test_explicit_shares_are_kept_and_the_rest_takes_equal_parts():
    team = (
        assigned("ann", key=1, share=Decimal("0.5")),
        assigned("bob", key=2, kind="support"),
        assigned("cem", key=3, kind="support"),
    )

    [budget] = budgets(customer(assigned=team), Rules((rule(),)), {})

    assert [(part.assigned.person, part.share) for part in budget.staffing.parts] == [
        ("ann", 0.5),
        ("bob", 0.25),
        ("cem", 0.25),
    ]
    assert budget.staffing.unstaffed == 0.0


def test_what_explicit_shares_leave_is_unstaffed():
    team = (assigned("ann", key=1, share=Decimal("0.3")), assigned("bob", key=2, share=Decimal("0.4")))

    [budget] = budgets(customer(assigned=team), Rules((rule(),)), {})

    assert budget.staffing.unstaffed == pytest.approx(0.3, abs=1e-15)


# Properties, and an independent second implementation.

PERIODS = {"day": 21.75, "week": 4.348, "month": 1.0, "quarter": 1 / 3, "year": 1 / 12}
places = st.none() | st.tuples(st.floats(-80, 80), st.floats(-179, 179))
contact_rules = st.builds(
    rule,
    key=st.integers(1, 999),
    tier=st.sampled_from("AB"),
    stage=st.sampled_from(["customer", "prospect", "lapsed"]),
    role=st.sampled_from(["rep", "expert"]),
    touch_type=st.sampled_from(["voice", "field"]),
    count=st.integers(1, 20),
    period=st.sampled_from(list(PERIODS)),
    minutes=st.integers(0, 240),
    travels=st.booleans(),
)
teams = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cem"]),
        st.sampled_from(["rep", "expert"]),
        st.sampled_from([None, "0.2", "0.3"]),
    ),
    max_size=3,
).map(
    lambda rows: tuple(
        assigned(person, role, key, None if share is None else Decimal(share), "lead" if key == 0 else "support")
        for key, (person, role, share) in enumerate(rows)
    )
)
facts_of_customers = st.builds(
    customer,
    stage=st.sampled_from(["customer", "prospect", "lapsed"]),
    tier=st.sampled_from("AB"),
    place=places,
    assigned=teams,
    contacts=st.dictionaries(st.sampled_from(["buyer", "boss"]), st.integers(0, 5)),
    orders_won=st.integers(0, 40),
)
rule_sets = st.builds(
    Rules,
    st.lists(contact_rules, max_size=6).map(tuple),
    st.lists(
        st.builds(OrderRule, st.just(1), st.sampled_from(["rep", "expert"]), st.none(), st.integers(0, 90)), max_size=1
    ).map(tuple),
    st.lists(
        st.builds(
            ContactLoad, st.just(1), st.sampled_from(["buyer", "boss"]), st.sampled_from(["rep"]), st.integers(0, 30)
        ),
        max_size=2,
    ).map(tuple),
    st.lists(
        st.builds(TeamSellingLoad, st.just(1), st.sampled_from(["rep", "expert"]), st.integers(0, 30)), max_size=1
    ).map(tuple),
)
all_bases = st.fixed_dictionaries({"ann": places, "bob": places, "cem": places}).map(
    lambda bases: {person: base for person, base in bases.items() if base}
)


def naive_km(one, other):
    """Great circle by the angle between two vectors."""

    def vector(place):
        lat, lon = map(math.radians, place)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    a, b = vector(one), vector(other)
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return 6371.0 * math.atan2(math.hypot(*cross), sum(x * y for x, y in zip(a, b, strict=True)))


def naive_budget(facts, rules, bases, role):
    """Minutes a month, straight from the definition."""
    rows = [r for r in rules.contact_rules if (r.tier, r.stage, r.role) == (facts.tier, facts.stage, role)]
    if facts.stage in ("lapsed", "lost") and not rows:
        return 0.0
    mine = [a for a in facts.assigned if a.role == role]
    given = sum(float(a.share) for a in mine if a.share is not None)
    unset = [a for a in mine if a.share is None]
    weights = [float(a.share) if a.share is not None else (1 - given) / len(unset) for a in mine]
    if not mine:
        mine = [a for a in facts.assigned if a.kind in ("sole", "lead")]
        weights = [1.0] * len(mine)
    travel = 0.0
    if facts.place and mine:
        trips = [naive_km(bases[a.person], facts.place) * 1.3 / 50 * 60 * 2 if a.person in bases else 0.0 for a in mine]
        travel = sum(t * w for t, w in zip(trips, weights, strict=True)) / sum(weights)
    total = sum(float(r.count) * PERIODS[r.period] * (r.minutes + (travel if r.travels else 0)) for r in rows)
    total += sum(facts.orders_won / 12 * r.minutes for r in rules.order_rules if r.role == role)
    total += sum(
        load.minutes * facts.contacts.get(load.contact_role, 0) for load in rules.contact_loads if load.role == role
    )
    people = len({a.person for a in facts.assigned})
    return total + sum(load.minutes * max(0, people - 1) for load in rules.team_selling_loads if load.role == role)


@settings(max_examples=300)
@given(facts_of_customers, rule_sets, all_bases)
def test_agrees_with_a_second_implementation(facts, rules, bases):
    found = {budget.role: budget.minutes for budget in budgets(facts, rules, bases)}

    for role in ("rep", "expert"):
        assert found.get(role, 0.0) == pytest.approx(naive_budget(facts, rules, bases, role), rel=1e-6, abs=1e-4)


@given(facts_of_customers, rule_sets, all_bases)
def test_parts_lines_and_shares_add_up(facts, rules, bases):
    for budget in budgets(facts, rules, bases):
        assert budget.minutes == pytest.approx(
            sum(line.minutes + line.travel_minutes for line in budget.lines), rel=1e-12
        )
        assert sum(part.share for part in budget.staffing.parts) + budget.staffing.unstaffed == pytest.approx(1.0)
        assert budget.minutes > 0


@given(facts_of_customers, rule_sets, all_bases, st.integers(2, 5))
def test_other_minutes_are_linear_in_orders_and_contacts(facts, rules, bases, times):
    contacts = {role: count * times for role, count in facts.contacts.items()}
    more = CustomerFacts(
        facts.key,
        facts.stage,
        facts.tier,
        facts.team,
        facts.began_on,
        facts.place,
        facts.assigned,
        contacts,
        facts.orders_won * times,
    )
    plain = Rules(rules.contact_rules, rules.order_rules, rules.contact_loads)

    once = {budget.role: budget.other_minutes for budget in budgets(facts, plain, bases)}
    often = {budget.role: budget.other_minutes for budget in budgets(more, plain, bases)}

    assert often == pytest.approx({role: minutes * times for role, minutes in once.items()})


@given(facts_of_customers, rule_sets, all_bases, contact_rules)
def test_one_rule_more_never_lowers_a_budget(facts, rules, bases, extra):
    more = Rules((*rules.contact_rules, extra), rules.order_rules, rules.contact_loads, rules.team_selling_loads)

    before = {budget.role: budget.minutes for budget in budgets(facts, rules, bases)}
    after = {budget.role: budget.minutes for budget in budgets(facts, more, bases)}

    assert all(after[role] >= minutes - 1e-9 for role, minutes in before.items())
