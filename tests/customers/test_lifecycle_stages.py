"""Stages and selling courses: one worked case a rule (domain 2)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from customers.lifecycle import Cause, Decision, Facts, Lifecycle, Order, Outcome, Potential, as_of, since_day

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def at(text, zone=AMSTERDAM):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def won(closed, amount=100, *, opened=None, name="W", number=0):
    return Order(name, Decimal(amount), "won", at(opened) if opened else None, at(closed), number=number)


def lost(when, reason="no budget"):
    return Decision("lost", at(when), reason)


def back(when):
    return Decision("prospect", at(when))


def life(since="2020-01-01", *, orders=(), decisions=(), zone=AMSTERDAM, **facts):
    given = date.fromisoformat(since) if since else None
    return Lifecycle.of(Facts(given, tuple(orders), tuple(decisions), **facts), tiers=(), zone=zone)


def told(lifecycle, until=FAR):
    """The stages as short texts, in Amsterdam's time."""
    return [
        f"{period.stage} {period.began_at.astimezone(lifecycle.zone):%Y-%m-%d %H:%M} {period.cause}"
        for period in lifecycle.stage_history(until)
    ]


def courses(lifecycle, until=FAR):
    def day(moment):
        return moment.astimezone(lifecycle.zone).strftime("%Y-%m-%d") if moment else "-"

    return [f"{row.outcome} {day(row.started_at)} {day(row.ended_at)}" for row in lifecycle.courses(until)]


def test_a_customer_begins_as_a_prospect_on_its_since():
    lifecycle = life("2020-01-01")
    assert told(lifecycle) == ["prospect 2020-01-01 00:00 since"]
    assert courses(lifecycle) == ["open 2020-01-01 -"]


def test_a_won_order_makes_a_prospect_a_customer_at_its_closing():
    lifecycle = life(orders=[won("2020-03-05 14:20")])
    assert told(lifecycle, at("2020-12-31")) == ["prospect 2020-01-01 00:00 since", "customer 2020-03-05 14:20 order"]
    assert courses(lifecycle) == ["won 2020-01-01 2020-03-05"]
    assert lifecycle.stage_history(FAR)[1].order.external_id == "W"


def test_pending_and_lost_orders_change_no_stage():
    pending = Order("P", Decimal(5), "pending", at("2020-02-01"))
    gone = Order("L", Decimal(5), "lost", at("2020-02-01"), at("2020-03-01"))
    assert told(life(orders=[pending, gone])) == ["prospect 2020-01-01 00:00 since"]


def test_a_customer_lapses_on_the_365th_day_after_its_last_won_order():
    lifecycle = life(orders=[won("2021-03-05 14:20")])
    assert told(lifecycle)[-1] == "lapsed 2022-03-05 00:00 lapse"
    assert lifecycle.stage_on(date(2022, 3, 4)) == "customer"
    assert lifecycle.stage_on(date(2022, 3, 5)) == "lapsed"


def test_the_365_days_are_counted_over_a_leap_day():
    assert told(life(orders=[won("2020-02-10 09:00")]))[-1] == "lapsed 2021-02-09 00:00 lapse"


def test_an_order_on_the_last_day_before_lapsing_keeps_the_customer():
    lifecycle = life(orders=[won("2021-03-05 14:20"), won("2022-03-04 23:59", name="W2")])
    assert told(lifecycle) == [
        "prospect 2020-01-01 00:00 since",
        "customer 2021-03-05 14:20 order",
        "lapsed 2023-03-04 00:00 lapse",
    ]


def test_an_order_at_the_very_instant_of_lapsing_comes_in_time():
    lifecycle = life(orders=[won("2021-03-05 14:20"), won("2022-03-05 00:00", name="W2")])
    assert told(lifecycle)[1:] == ["customer 2021-03-05 14:20 order", "lapsed 2023-03-05 00:00 lapse"]


def test_an_order_later_on_the_day_of_lapsing_makes_a_customer_anew_without_a_course():
    lifecycle = life(orders=[won("2021-03-05 14:20"), won("2022-03-05 08:00", name="W2")])
    assert told(lifecycle)[2:4] == ["lapsed 2022-03-05 00:00 lapse", "customer 2022-03-05 08:00 order"]
    assert courses(lifecycle) == ["won 2020-01-01 2021-03-05"]
    assert lifecycle.stage_on(date(2022, 3, 5)) == "customer"


def test_the_lapse_is_at_the_company_s_midnight_on_either_side_of_summer_time():
    winter = life(orders=[won("2021-01-10 12:00")]).stage_history(FAR)[-1].began_at
    summer = life(orders=[won("2021-07-10 12:00")]).stage_history(FAR)[-1].began_at
    assert winter == datetime(2022, 1, 9, 23, tzinfo=UTC)
    assert summer == datetime(2022, 7, 9, 22, tzinfo=UTC)


def test_where_clocks_skip_midnight_the_day_begins_when_they_jump():
    order = Order("W", Decimal(1), "won", None, datetime(2016, 11, 4, 15, tzinfo=SAO_PAULO))
    lapse = life("2015-01-01", orders=[order], zone=SAO_PAULO).stage_history(FAR)[-1]
    assert lapse.began_at == datetime(2017, 11, 4, 2, tzinfo=UTC)
    jumped = replace(order, closed_at=datetime(2016, 10, 15, 15, tzinfo=SAO_PAULO))
    lapse = life("2015-01-01", orders=[jumped], zone=SAO_PAULO).stage_history(FAR)[-1]
    assert lapse.began_at == datetime(2017, 10, 15, 3, tzinfo=UTC)


def test_the_day_of_an_order_is_the_company_s_day():
    late = Order("W", Decimal(1), "won", None, datetime(2021, 3, 5, 23, 30, tzinfo=UTC))
    assert told(life(orders=[late]))[-1] == "lapsed 2022-03-06 00:00 lapse"


def test_lost_by_hand_ends_the_course_and_keeps_the_reason():
    lifecycle = life(decisions=[lost("2020-05-01 10:00", "chose another")])
    assert told(lifecycle) == ["prospect 2020-01-01 00:00 since", "lost 2020-05-01 10:00 hand"]
    assert lifecycle.stage_history(FAR)[-1].reason == "chose another"
    assert courses(lifecycle) == ["lost 2020-01-01 2020-05-01"]


def test_lost_prospect_comes_back_and_starts_a_new_course():
    lifecycle = life(decisions=[lost("2020-05-01 10:00"), back("2020-09-01 09:00")])
    assert told(lifecycle)[-1] == "prospect 2020-09-01 09:00 hand"
    assert courses(lifecycle) == ["lost 2020-01-01 2020-05-01", "open 2020-09-01 -"]


def test_lapsed_customer_comes_back_as_a_prospect_and_wins():
    lifecycle = life(
        orders=[won("2020-03-01 10:00"), won("2021-06-15 10:00", name="W2")], decisions=[back("2021-05-01 09:00")]
    )
    assert told(lifecycle)[2:5] == [
        "lapsed 2021-03-01 00:00 lapse",
        "prospect 2021-05-01 09:00 hand",
        "customer 2021-06-15 10:00 order",
    ]
    assert courses(lifecycle) == ["won 2020-01-01 2020-03-01", "won 2021-05-01 2021-06-15"]


def test_a_prospect_that_came_back_does_not_lapse():
    lifecycle = life(orders=[won("2020-03-01 10:00")], decisions=[lost("2020-04-01 10:00"), back("2020-04-02 10:00")])
    assert told(lifecycle)[-1] == "prospect 2020-04-02 10:00 hand"


def test_a_lost_one_that_orders_is_a_customer_without_a_new_course():
    lifecycle = life(orders=[won("2020-06-01 10:00")], decisions=[lost("2020-05-01 10:00")])
    assert told(lifecycle, at("2020-12-31"))[-1] == "customer 2020-06-01 10:00 order"
    assert courses(lifecycle) == ["lost 2020-01-01 2020-05-01"]


def test_a_lost_customer_does_not_lapse():
    lifecycle = life(orders=[won("2020-03-01 10:00")], decisions=[lost("2020-05-01 10:00")])
    assert told(lifecycle)[-1] == "lost 2020-05-01 10:00 hand"


def test_lost_twice_keeps_the_first():
    lifecycle = life(decisions=[lost("2020-05-01 10:00", "first"), lost("2020-06-01 10:00", "second")])
    assert [period.reason for period in lifecycle.stage_history(FAR)] == ["", "first"]


def test_prospect_set_for_a_customer_changes_nothing():
    lifecycle = life(orders=[won("2020-03-01 10:00")], decisions=[back("2020-04-01 10:00")])
    assert told(lifecycle, at("2020-12-31"))[-1] == "customer 2020-03-01 10:00 order"


def test_an_order_imported_years_later_undoes_a_lapse_and_a_return():
    lifecycle = life(orders=[won("2020-03-01 10:00")], decisions=[back("2021-05-01 09:00")])
    assert told(lifecycle)[-1] == "prospect 2021-05-01 09:00 hand"
    mended = life(
        orders=[won("2020-03-01 10:00"), won("2020-12-01 10:00", name="W2")], decisions=[back("2021-05-01 09:00")]
    )
    assert told(mended)[-1] == "lapsed 2021-12-01 00:00 lapse"


def test_facts_of_one_instant_take_effect_in_the_order_of_a_sale():
    same = "2020-05-01 00:00"
    first_won = life(orders=[won(same)], decisions=[lost(same)])
    assert told(first_won) == ["prospect 2020-01-01 00:00 since", "lost 2020-05-01 00:00 hand"]
    assert courses(first_won) == ["won 2020-01-01 2020-05-01"]
    returned = life(orders=[won("2020-06-01 00:00")], decisions=[lost("2020-05-01 10:00"), back("2020-06-01 00:00")])
    assert told(returned, at("2020-12-31"))[-1] == "customer 2020-06-01 00:00 order"
    assert courses(returned) == ["lost 2020-01-01 2020-05-01", "won 2020-06-01 2020-06-01"]


def test_several_orders_of_one_instant_the_first_opened_wins_the_course():
    same = "2020-05-01 12:00"
    opened = {"B": "2020-02-01", "A": "2020-03-01", "C": "2020-02-01"}
    lifecycle = life(orders=[won(same, name=name, opened=day) for name, day in opened.items()])
    assert [course.order.external_id for course in lifecycle.courses(FAR)] == ["B"]


def test_a_since_that_facts_precede_gives_way_to_the_first_of_them():
    lifecycle = life("2022-01-01", orders=[won("2021-11-05 10:00")])
    assert told(lifecycle) == ["customer 2021-11-05 10:00 order", "lapsed 2022-11-05 00:00 lapse"]
    assert courses(lifecycle) == ["won 2021-11-05 2021-11-05"]
    decided = life("2022-01-01", decisions=[lost("2021-11-05 10:00")])
    assert told(decided) == ["lost 2021-11-05 10:00 hand"]
    assert courses(decided) == ["lost 2021-11-05 2021-11-05"]


def test_an_opening_or_a_potential_before_an_imported_since_moves_nothing():
    lifecycle = life(
        "2022-01-01",
        orders=[won("2022-02-01 10:00", opened="2021-06-01")],
        potentials=(Potential(Decimal(5), date(2021, 1, 1)),),
    )
    assert told(lifecycle)[0] == "prospect 2022-01-01 00:00 since"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(since=date(2021, 5, 5), known_from=date(2019, 1, 1)), date(2021, 5, 5)),
        (Facts(known_from=date(2019, 1, 1), orders=(won("2019-03-01", opened="2018-12-31"),)), date(2018, 12, 31)),
        (Facts(orders=(won("2019-03-01"),)), date(2019, 3, 1)),
        (Facts(potentials=(Potential(Decimal(1), date(2017, 1, 1)), Potential(Decimal(1)))), date(2017, 1, 1)),
        (Facts(decisions=(lost("2018-02-03"),)), date(2018, 2, 3)),
        (Facts(known_from=date(2016, 6, 6)), date(2016, 6, 6)),
        (Facts(), date(2024, 2, 2)),
    ],
)
def test_since_is_as_imported_else_the_earliest_fact_else_today(facts, expected):
    assert since_day(facts, zone=AMSTERDAM, today=date(2024, 2, 2)) == expected


def test_where_nothing_is_known_there_is_no_history():
    lifecycle = life(None)
    assert (lifecycle.stage_history(FAR), lifecycle.courses(FAR), lifecycle.stage_on(date(2024, 1, 1))) == (
        [],
        [],
        None,
    )
    assert lifecycle.standing(FAR) is None


def test_before_its_since_a_customer_has_no_stage():
    lifecycle = life("2020-01-02")
    assert lifecycle.stage_on(date(2020, 1, 1)) is None
    assert lifecycle.stage_on(date(2020, 1, 2)) == "prospect"


def test_a_day_has_the_stage_at_its_end():
    lifecycle = life(orders=[won("2020-05-01 23:59")], decisions=[lost("2020-06-01 00:00")])
    assert lifecycle.stage_on(date(2020, 4, 30)) == "prospect"
    assert lifecycle.stage_on(date(2020, 5, 1)) == "customer"
    assert lifecycle.stage_on(date(2020, 5, 31)) == "customer"
    assert lifecycle.stage_on(date(2020, 6, 1)) == "lost"


def test_history_up_to_an_instant_leaves_later_facts_out():
    lifecycle = life(orders=[won("2020-05-01 12:00")])
    earlier = lifecycle.stage_history(at("2020-05-01 11:59"))
    assert [(period.stage, period.ended_at, period.cause) for period in earlier] == [("prospect", None, Cause.SINCE)]
    assert [course.outcome for course in lifecycle.courses(at("2020-05-01 11:59"))] == [Outcome.OPEN]
    assert [course.outcome for course in lifecycle.courses(at("2020-05-01 12:00"))] == [Outcome.WON]


def test_as_of_a_day_an_order_that_ended_later_is_pending():
    order = won("2020-05-02 00:00", opened="2020-02-01")
    seen = as_of(Facts(orders=(order,)), date(2020, 5, 1), zone=AMSTERDAM)
    assert [(row.status, row.closed_at) for row in seen.orders] == [("pending", None)]
    assert as_of(Facts(orders=(order,)), date(2020, 5, 2), zone=AMSTERDAM).orders == (order,)


def test_as_of_a_day_what_is_dated_later_is_left_out():
    facts = Facts(
        orders=(won("2020-05-02", opened="2020-02-02"),),
        decisions=(lost("2020-02-02"),),
        potentials=(Potential(Decimal(1), date(2020, 2, 2)), Potential(Decimal(2))),
        known_from=date(2020, 2, 2),
    )
    assert as_of(facts, date(2020, 2, 1), zone=AMSTERDAM) == Facts(potentials=(Potential(Decimal(2)),))


def test_an_order_without_opening_was_always_open():
    order = won("2020-05-02")
    seen = as_of(Facts(orders=(order,)), date(2001, 1, 1), zone=AMSTERDAM)
    assert [row.status for row in seen.orders] == ["pending"]
