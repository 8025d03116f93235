"""A customer's own rules: on their days instead of the rule of tier and stage, in budgets and due touches."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.engine.budget import budgets
from planning.engine.calendar import WorkCalendar
from planning.engine.cover import Away
from planning.engine.customer import windows
from planning.engine.due import due_touches
from planning.engine.facts import CustomerFacts, LastTouches
from planning.engine.own_rules import OwnRule, own_rules_on
from planning.engine.rules import ContactRule, OrderRule, Rules
from planning.engine.shares import Assigned
from planning.engine.value import OfficialValue, ValueTable

MONDAY = date(2026, 6, 15)
BEGAN = date(2026, 1, 5)
TWICE_A_MONTH = ContactRule(1, "B", "customer", "rep", "voice", 2, "month", 15)
RULES = Rules((TWICE_A_MONTH,), (OrderRule(1, "rep", None, 30),))
CALENDAR = WorkCalendar()


def own(count=1, period="week", starts_on=MONDAY, ends_on=None, role="rep", touch_type="voice", key=7, minutes=15):
    rule = ContactRule(key, None, "", role, touch_type, count, period, minutes, own=True) if count else None
    return OwnRule(key, role, touch_type, starts_on, ends_on, rule)


def customer(*rules, on=MONDAY, **facts):
    defaults = {"key": 1, "stage": "customer", "tier": "B", "team": 1, "began_on": BEGAN}
    assigned = (Assigned(1, "ann", "rep", 1, "lead", None, None),)
    return CustomerFacts(**defaults | {"assigned": assigned, "own": own_rules_on(rules, on)} | facts)


def lines(facts, rules=RULES):
    return [
        (budget.role, line.kind, line.about, f"{line.minutes:.2f}")
        for budget in budgets(facts, rules, {})
        for line in budget.lines
    ]


def dues(facts, on=MONDAY, rules=RULES):
    values = ValueTable((OfficialValue("voice", "B", "customer", date(2026, 1, 1), Decimal(90)),), on)
    return [(row.rule.key, row.due_on) for row in due_touches(facts, rules, {}, CALENDAR, Away({}), values, on)]


def spoke(day):
    return LastTouches(by_role={("rep", "voice"): day})


def test_it_takes_the_place_of_the_tiers_rule():
    facts = customer(own(), last=spoke(date(2026, 6, 10)))
    assert lines(facts) == [("rep", "own rule", "voice", "65.22")]
    assert dues(facts) == [(7, date(2026, 6, 17))]


@pytest.mark.parametrize(
    ("on", "kind"), [(14, "contact rule"), (15, "own rule"), (21, "own rule"), (22, "contact rule")]
)
def test_it_holds_from_its_first_to_its_last_day(on, kind):
    facts = customer(own(ends_on=date(2026, 6, 21)), on=date(2026, 6, on))
    assert [line[1] for line in lines(facts)] == [kind]


def test_it_adds_a_rule_where_there_is_none():
    facts = customer(own(touch_type="demo", period="quarter", minutes=60), on=MONDAY, last=spoke(date(2026, 6, 10)))
    assert lines(facts) == [("rep", "contact rule", "voice", "30.00"), ("rep", "own rule", "demo", "20.00")]
    assert dues(facts) == [(1, date(2026, 6, 25)), (7, MONDAY)]


def test_of_a_role_that_no_rule_names_it_makes_a_budget():
    assert ("support", "own rule", "voice", "65.22") in lines(customer(own(role="support")))


@pytest.mark.parametrize(("tier", "stage"), [("A", "customer"), ("B", "prospect"), ("B", "lapsed"), (None, "prospect")])
def test_it_holds_in_every_tier_and_stage(tier, stage):
    facts = customer(own(), tier=tier, stage=stage)
    assert lines(facts) == [("rep", "own rule", "voice", "65.22")]
    assert dues(facts) == [(7, MONDAY)]


def test_none_at_all_leaves_a_line_of_nothing_that_says_so():
    facts = customer(own(0), orders_won=12)
    assert lines(facts) == [("rep", "own rule", "voice", "0.00"), ("rep", "orders", None, "30.00")]
    assert dues(facts) == []


def test_none_at_all_and_nothing_else_is_no_budget():
    assert lines(customer(own(0))) == []


def test_in_a_quiet_stage_none_at_all_takes_the_role_away():
    rules = Rules((ContactRule(1, "B", "lapsed", "rep", "voice", 1, "year", 15),), RULES.order_rules)
    assert lines(customer(stage="lapsed", orders_won=12), rules) != []
    assert lines(customer(own(0), stage="lapsed", orders_won=12), rules) == []


def test_it_asks_for_nothing_before_its_first_day():
    """Last spoken to in March: not overdue for months on the day on which the rule begins."""
    assert dues(customer(own(), last=spoke(date(2026, 3, 2)))) == [(7, MONDAY)]
    assert dues(customer(own())) == [(7, MONDAY)]  # never spoken to


def test_after_its_last_day_the_tiers_rule_asks_from_the_next():
    winter = own(0, starts_on=date(2025, 12, 1), ends_on=date(2026, 6, 14))
    facts = customer(winter, last=spoke(date(2025, 11, 20)))
    assert dues(facts) == [(1, MONDAY)]
    assert dues(customer(winter, last=spoke(date(2026, 6, 12)))) == [
        (1, date(2026, 6, 29))
    ]  # 15 days, a Saturday: Monday


def test_one_after_the_other():
    first = own(0, starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 14), key=6)
    facts = customer(first, own(), last=spoke(date(2026, 5, 4)))
    assert dues(facts) == [(7, MONDAY)]


def test_one_to_come_says_nothing():
    facts = customer(own(starts_on=date(2026, 6, 16)), last=spoke(date(2026, 6, 10)))
    assert (lines(facts), dues(facts)) == ([("rep", "contact rule", "voice", "30.00")], [(1, date(2026, 6, 25))])


def test_a_yearly_one_is_held_against_a_year():
    yearly = customer(own(1, "year"), own(0, touch_type="demo", key=8))
    assert windows(RULES, [yearly.own]) == {90, 366}


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
stretches = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 3)), max_size=6)


@given(stretches, days)
def test_of_rules_one_after_the_other_the_one_of_the_day_holds(stretches, on):
    day, rules, expected, after = date(2026, 1, 1), [], None, None
    for number, (gap, length, count) in enumerate(stretches):
        first = day + timedelta(days=gap)
        last = first + timedelta(days=length)
        rules.append(own(count, starts_on=first, ends_on=last, key=number))
        if first <= on <= last:
            expected = number
        if first <= on:
            after = first if on <= last else last + timedelta(days=1)
        day = last + timedelta(days=1)
    found = own_rules_on(reversed(rules), on)
    assert [rule.key for rule in found.in_force.values()] == ([] if expected is None else [expected])
    assert found.asks_from.get(("rep", "voice")) == after
