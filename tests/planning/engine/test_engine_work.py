"""The value of work done, without a database."""

import datetime as dt
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from planning.engine.value import CUSTOMERS, PROSPECTS, OfficialValue
from planning.engine.work import Pile, Rates, Work, summed, time_costs, value_days, value_tables, work_of

JANUARY, MARCH = dt.date(2026, 1, 1), dt.date(2026, 3, 1)
VALUES = [
    OfficialValue("voice", "A", PROSPECTS, None, Decimal(90)),
    OfficialValue("voice", "B", PROSPECTS, None, Decimal(30)),
    OfficialValue("voice", "A", PROSPECTS, MARCH, Decimal(120)),
    OfficialValue("voice", "A", CUSTOMERS, None, Decimal(10)),
]
DAYS = value_days(VALUES, JANUARY, dt.date(2026, 6, 30))
TABLES = value_tables(VALUES, DAYS)


def pile(
    touches=2, *, tier="A", stage="prospect", piece=0, who="Rep", seat="seat", firsts=1, seconds=1800, kind="voice"
):
    return Pile(who, seat, kind, tier, stage, piece, touches, firsts, seconds, 600, 0)


def value(*args, repeats_once=False, **options):
    work = work_of(pile(*args, **options), TABLES, repeats_once=repeats_once)
    return work.value, work.counted, work.not_set


def test_a_window_is_cut_where_an_official_value_starts():
    assert DAYS == (JANUARY, MARCH)
    assert value_days(VALUES, MARCH, MARCH) == (MARCH,)
    assert value_days(VALUES, JANUARY, dt.date(2026, 2, 28)) == (JANUARY,)


def test_touches_are_worth_what_holds_on_their_day_for_tier_and_stage():
    assert value() == (180, 2, 0)
    assert value(piece=1) == (240, 2, 0)
    assert value(stage="customer") == (20, 2, 0)
    assert value(stage="lapsed") == value(stage="lost") == (180, 2, 0)


def test_where_no_value_is_set_it_is_the_mean_of_the_other_tiers_else_nothing():
    assert value(tier="C") == (120, 2, 2)
    assert value(tier="C", piece=1) == (150, 2, 2)
    assert value(kind="field") == (0, 2, 2)


def test_before_the_customers_history_touches_are_counted_and_worth_nothing():
    assert value(tier=None, stage=None) == (0, 2, 2)


def test_repeats_count_once_where_asked_for():
    assert value(5, firsts=3, repeats_once=True) == (270, 3, 0)
    assert value(5, firsts=3, repeats_once=False) == (450, 5, 0)


def test_cost_is_time_and_travel_at_the_rate_and_what_touches_cost_besides():
    rates = Rates({"seat": Decimal(60)}, {"voice": Decimal("1.50")})
    assert rates.of(pile()) == Decimal("43.00")  # 40 minutes of 60 an hour, two touches
    assert rates.of(pile(seat="another")) is None
    assert rates.of(pile(who=None, seat=None)) == Decimal("3.00")
    assert dict(time_costs([("a", rates.of_time(pile())), ("b", rates.of_time(pile(seat=None)))])) == {
        "a": Work(cost=Decimal(40))
    }


MANY = st.lists(
    st.tuples(
        st.sampled_from([None, "A", "C"]),
        st.sampled_from(["prospect", "customer", None]),
        st.sampled_from(["Rep", None]),
    ),
    max_size=6,
)


@settings(max_examples=20)
@given(MANY)
def test_parts_add_up_to_the_whole_in_whatever_order(drawn):
    rates = Rates({"seat": Decimal(60)}, {"voice": Decimal("1.50")})
    piles = [pile(number, tier=tier, stage=stage, who=who) for number, (tier, stage, who) in enumerate(drawn, start=1)]
    works = [(one.who, work_of(one, TABLES, repeats_once=True, cost=rates.of)) for one in piles]
    whole = sum((work for _who, work in works), Work())
    assert sum(summed(works).values(), Work()) == whole
    assert sum(summed(reversed(works)).values(), Work()) == whole
    assert (whole.touches, whole.counted) == (sum(one.touches for one in piles), len(piles))
