"""Yearly value, tiers, sale types and the next change: one worked case a rule (domain 2)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from customers.lifecycle import Decision, Facts, Lifecycle, Order, Potential, TierBound, TierFix, tier_for

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
A, B, C = 11, 12, 13
TIERS = (TierBound(A, Decimal(1000), 1), TierBound(B, Decimal(100), 2), TierBound(C, Decimal(10), 3))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


def day(text):
    return date.fromisoformat(text)


def won(closed, amount, name="W", opened=None):
    return Order(name, Decimal(amount), "won", at(opened) if opened else None, at(closed))


def potential(amount, noted=None, number=0):
    return Potential(Decimal(amount), day(noted) if noted else None, number)


def life(since="2020-01-01", *, orders=(), decisions=(), potentials=(), fixes=(), tiers=TIERS):
    facts = Facts(day(since) if since else None, tuple(orders), tuple(decisions), tuple(potentials), tuple(fixes))
    return Lifecycle.of(facts, tiers=tiers, zone=AMSTERDAM)


def values(lifecycle, *days):
    return [int(lifecycle.yearly_value(day(text))) for text in days]


@pytest.mark.parametrize(
    ("value", "expected"), [(0, C), (9, C), (10, C), (99, C), (100, B), (999, B), (1000, A), (5000, A), (-5, C)]
)
def test_the_tier_is_the_highest_whose_bound_is_reached(value, expected):
    assert tier_for(Decimal(value), TIERS) == expected


def test_without_tiers_there_is_none():
    lifecycle = life(tiers=())
    assert tier_for(Decimal(1), ()) is None
    assert lifecycle.tier_on(day("2020-02-02")) is None
    assert lifecycle.standing(at("2020-02-02")).tier is None


def test_a_prospect_is_worth_its_potential_by_the_day_it_was_noted():
    lifecycle = life(potentials=[potential(50), potential(1000, "2020-03-01"), potential(0, "2020-04-01")])
    assert values(lifecycle, "2020-01-01", "2020-02-29", "2020-03-01", "2020-04-01") == [50, 50, 1000, 0]
    assert [(row.tier, str(row.starts_on), str(row.ends_on)) for row in lifecycle.tier_history(day("2021-01-01"))] == [
        (C, "2020-01-01", "2020-02-29"),
        (A, "2020-03-01", "2020-03-31"),
        (C, "2020-04-01", "None"),
    ]


def test_without_a_potential_it_is_nothing_and_the_lowest_tier():
    assert (values(life(), "2020-01-01"), life().tier_on(day("2020-01-01"))) == ([0], C)


def test_a_potential_noted_before_the_since_counts_from_the_first_day():
    assert values(life("2020-06-01", potentials=[potential(77, "2019-01-01")]), "2020-06-01") == [77]


def test_of_two_potentials_noted_on_a_day_the_one_entered_last_counts():
    rows = [potential(5, "2020-02-01", number=2), potential(9, "2020-02-01", number=1)]
    assert values(life(potentials=rows), "2020-02-01") == [5]


def test_on_the_day_of_its_first_order_the_potential_still_counts():
    lifecycle = life(orders=[won("2021-03-01 09:00", 500)], potentials=[potential(50)])
    assert values(lifecycle, "2021-03-01", "2021-03-02") == [50, 500]


def test_in_the_first_year_the_larger_of_potential_and_won_counts():
    lifecycle = life(
        orders=[won("2021-03-01 09:00", 300), won("2021-06-01 09:00", 800, "W2")], potentials=[potential(1000)]
    )
    assert values(lifecycle, "2021-03-02", "2021-06-01", "2021-06-02", "2022-02-28") == [1000, 1000, 1100, 1100]


def test_from_day_365_only_orders_won_in_the_last_365_days_count():
    lifecycle = life(
        orders=[won("2021-03-01 09:00", 300), won("2021-06-01 09:00", 200, "W2")], potentials=[potential(1000)]
    )
    assert values(lifecycle, "2022-02-28", "2022-03-01", "2022-03-02") == [1000, 500, 200]


def test_an_order_counts_from_the_day_after_its_closing_for_365_days():
    lifecycle = life(
        orders=[
            won("2019-06-01 12:00", 1, "W0"),
            won("2020-05-10 12:00", 1, "W1"),
            won("2021-03-01 12:00", 500, "W"),
            won("2022-02-01 12:00", 7, "W3"),
        ],
        since="2019-01-01",
    )
    assert values(lifecycle, "2021-03-01", "2021-03-02", "2022-03-01", "2022-03-02") == [1, 501, 507, 7]


def test_in_lapsed_the_value_stays_that_of_the_day_after_the_last_won_order():
    lifecycle = life(
        orders=[won("2020-06-01 12:00", 400), won("2021-01-01 12:00", 700, "W2")], potentials=[potential(50)]
    )
    assert values(lifecycle, "2021-01-02", "2021-05-31", "2021-06-02", "2021-12-31") == [1100, 1100, 700, 700]
    assert values(lifecycle, "2022-01-01", "2025-01-01") == [1100, 1100]
    assert lifecycle.tier_on(day("2021-12-31")) == B
    assert lifecycle.tier_on(day("2022-01-01")) == A


def test_on_the_day_a_lapsed_customer_orders_again_it_is_still_judged_as_lapsed():
    lifecycle = life(orders=[won("2020-06-01 12:00", 400), won("2022-01-01 12:00", 30, "W2")])
    assert values(lifecycle, "2021-12-31", "2022-01-01", "2022-01-02") == [400, 400, 30]


def test_in_lost_the_value_stays_that_of_the_last_day_before():
    lifecycle = life(
        potentials=[potential(50), potential(200, "2020-05-01"), potential(900, "2020-07-01")],
        decisions=[Decision("lost", at("2020-05-01 10:00"))],
    )
    assert values(lifecycle, "2020-04-30", "2020-05-01", "2020-07-01") == [50, 50, 50]


def test_a_lost_customer_keeps_the_value_of_its_orders():
    lifecycle = life(
        orders=[won("2020-03-01 12:00", 400), won("2020-04-01 09:00", 5, "W2")],
        decisions=[Decision("lost", at("2020-04-01 10:00"))],
    )
    assert values(lifecycle, "2020-03-31", "2020-04-01", "2020-04-02", "2024-01-01") == [400, 400, 400, 400]


def test_lost_on_its_first_day_it_is_judged_by_its_potential():
    lifecycle = life("2020-05-01", potentials=[potential(200)], decisions=[Decision("lost", at("2020-05-01 10:00"))])
    assert values(lifecycle, "2020-05-01", "2020-09-01") == [200, 200]


def test_a_prospect_that_comes_back_is_worth_its_potential_again():
    lifecycle = life(
        orders=[won("2020-03-01 12:00", 400)],
        potentials=[potential(50)],
        decisions=[Decision("lost", at("2020-04-01 10:00")), Decision("prospect", at("2020-06-01 10:00"))],
    )
    assert values(lifecycle, "2020-05-31", "2020-06-01", "2020-09-01") == [400, 50, 50]


def test_the_first_year_counts_from_the_first_order_ever_also_after_a_return():
    lifecycle = life(
        orders=[won("2020-03-01 12:00", 400), won("2022-03-01 12:00", 30, "W2")],
        potentials=[potential(5000)],
        decisions=[Decision("prospect", at("2022-01-01 10:00"))],
    )
    assert values(lifecycle, "2021-12-31", "2022-01-01", "2022-03-01", "2022-03-02") == [5000, 5000, 5000, 30]


def test_a_lost_one_that_orders_is_worth_its_orders_from_the_next_day():
    lifecycle = life(
        orders=[won("2020-06-01 12:00", 70)], potentials=[potential(20)], decisions=[Decision("lost", at("2020-02-01"))]
    )
    assert values(lifecycle, "2020-06-01", "2020-06-02") == [20, 70]


def test_a_fixed_tier_holds_on_its_days_both_included():
    lifecycle = life(potentials=[potential(50)], fixes=[TierFix(A, day("2020-02-01"), day("2020-02-10"))])
    assert [(row.tier, str(row.starts_on), str(row.ends_on)) for row in lifecycle.tier_history(day("2021-01-01"))] == [
        (C, "2020-01-01", "2020-01-31"),
        (A, "2020-02-01", "2020-02-10"),
        (C, "2020-02-11", "None"),
    ]
    assert values(lifecycle, "2020-02-05") == [50]


def test_of_overlapping_fixes_the_one_that_starts_last_holds():
    lifecycle = life(fixes=[TierFix(A), TierFix(B, day("2020-02-01"), day("2020-02-10"))])
    assert [lifecycle.tier_on(day(text)) for text in ("2020-01-01", "2020-02-01", "2020-02-11")] == [A, B, A]


def test_a_fix_for_ever_written_as_the_last_day_of_the_calendar_is_no_error():
    lifecycle = life(fixes=[TierFix(A, date.min, date.max)])
    assert lifecycle.tier_on(day("2020-02-01")) == A
    assert lifecycle.stage_on(day("2020-02-01")) == "prospect"


def test_a_fix_that_ended_has_no_after_effect_in_lost():
    lifecycle = life(
        potentials=[potential(50)],
        fixes=[TierFix(A, day("2020-02-01"), day("2020-03-01"))],
        decisions=[Decision("lost", at("2020-03-01 10:00"))],
    )
    assert [lifecycle.tier_on(day(text)) for text in ("2020-03-01", "2020-03-02")] == [A, C]


def kinds(lifecycle):
    return {order.external_id: lifecycle.sale_type(order) for order in lifecycle.facts.orders}


def test_the_order_that_wins_the_course_is_new_business_and_later_ones_repeat():
    lifecycle = life(orders=[won("2020-03-01", 1, "first"), won("2020-03-02", 1, "second")])
    assert kinds(lifecycle) == {"first": "new_business", "second": "repeat"}


def test_of_orders_closed_at_one_instant_the_one_opened_first_is_new_business():
    same = "2020-03-01 12:00"
    orders = [won(same, 1, "a", "2020-02-02"), won(same, 1, "b", "2020-02-01"), won(same, 1, "c", "2020-02-01")]
    assert kinds(life(orders=orders)) == {"a": "repeat", "b": "new_business", "c": "repeat"}
    assert kinds(life(orders=[*orders, won(same, 1, "d")]))["d"] == "new_business"


def test_lost_orders_are_judged_alike():
    def gone(closed, name):
        return Order(name, Decimal(1), "lost", None, at(closed))

    lifecycle = life(orders=[gone("2020-02-01", "before"), won("2020-03-01", 1), gone("2020-04-01", "after")])
    assert kinds(lifecycle) == {"before": "new_business", "W": "new_business", "after": "repeat"}
    assert kinds(life("2020-03-01", orders=[gone("2020-02-01", "early")])) == {"early": "new_business"}


def test_a_pending_order_has_no_sale_type_and_a_chosen_one_stays():
    pending = Order("p", Decimal(1), "pending", at("2020-02-01"))
    chosen = Order("t", Decimal(1), "won", None, at("2020-02-05"), chosen_sale_type="tender")
    assert kinds(life(orders=[pending, chosen])) == {"p": None, "t": "tender"}


def test_a_chosen_first_order_still_is_the_first_of_the_course():
    chosen = Order("t", Decimal(1), "won", None, at("2020-02-05"), chosen_sale_type="tender")
    assert kinds(life(orders=[chosen, won("2020-03-01", 1)])) == {"t": "tender", "W": "repeat"}


def test_a_lapsed_customer_that_simply_orders_brings_a_repeat():
    assert kinds(life(orders=[won("2020-03-01", 1, "a"), won("2022-03-01", 1, "b")])) == {
        "a": "new_business",
        "b": "repeat",
    }


def test_a_prospect_that_came_back_brings_new_business():
    lifecycle = life(
        orders=[won("2020-03-01", 1, "a"), won("2022-03-01", 1, "b"), won("2022-04-01", 1, "c")],
        decisions=[Decision("prospect", at("2022-01-01"))],
    )
    assert kinds(lifecycle) == {"a": "new_business", "b": "new_business", "c": "repeat"}


def test_a_lost_prospect_that_simply_orders_brings_new_business_once():
    lifecycle = life(
        orders=[won("2020-03-01", 1, "a"), won("2020-04-01", 1, "b")], decisions=[Decision("lost", at("2020-02-01"))]
    )
    assert kinds(lifecycle) == {"a": "new_business", "b": "repeat"}


def next_changes(lifecycle, start, count):
    found, moment = [], at(start)
    while len(found) < count and (moment := lifecycle.next_change_at(moment)):
        found.append(moment.astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M"))
    return found


def test_what_changes_by_itself_after_the_last_fact():
    lifecycle = life(
        orders=[won("2021-03-01 09:00", 300), won("2021-06-01 09:00", 200, "W2")], potentials=[potential(1000)]
    )
    assert next_changes(lifecycle, "2021-06-01 09:00", 9) == [
        "2022-03-01 00:00",  # the first year is over: 500
        "2022-03-02 00:00",  # the first order leaves the window: 200
        "2022-06-01 00:00",  # lapsed; the value of 2021-06-02 again: 1000
    ]


def test_an_order_changes_the_value_at_the_next_midnight():
    lifecycle = life(orders=[won("2021-03-01 09:00", 300)])
    assert next_changes(lifecycle, "2021-03-01 09:00", 1) == ["2021-03-02 00:00"]


def test_a_prospect_changes_by_itself_only_where_a_fix_does():
    assert life(potentials=[potential(5)]).next_change_at(at("2020-02-01")) is None
    fixed = life(potentials=[potential(5)], fixes=[TierFix(A, day("2020-03-01"), day("2020-03-31"))])
    assert next_changes(fixed, "2020-02-01", 9) == ["2020-03-01 00:00", "2020-04-01 00:00"]


def test_standing_says_it_all_at_an_instant():
    standing = life(orders=[won("2021-03-01 09:00", 300)], potentials=[potential(50)]).standing(at("2021-03-02 00:00"))
    assert (standing.stage, standing.tier, standing.tier_is_fixed, standing.yearly_value) == ("customer", B, False, 300)
    assert standing.stage_began_at == datetime(2021, 3, 1, 8, tzinfo=UTC)
    assert standing.next_change_at == at("2022-03-01 00:00")


def test_an_order_is_judged_by_its_opening_else_its_closing():
    lifecycle = life()
    assert lifecycle.judged_on(won("2021-03-01 09:00", 1, opened="2021-02-01")) == day("2021-02-01")
    assert lifecycle.judged_on(won("2021-03-01 09:00", 1)) == day("2021-03-01")
