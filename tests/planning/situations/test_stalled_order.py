"""A pending order without a touch for longer than 90 % of normal sales of its type and tier ever went without one."""

import pytest

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Touch
from planning.situations.registry import BY_KEY
from tests import factories
from tests.planning.situations.finding import (
    NOW,
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

KIND = "stalled_order"


@pytest.fixture
def sales():
    """Of tier A six repeat sales, with longest gaps of 10, 12, 14, 16, 18 and 30 days: 90 % stayed within 24."""
    row, repeat = customer(), factories.sale_types()["repeat"]
    for number, gap in enumerate((10, 12, 14, 16, 18, 30)):
        closed = 100 + 33 * number
        factories.order(row, 50_000, "won", ago(closed), opened_at=ago(closed + gap), sale_type=repeat)
    rebuild_lifecycle([row.pk], now=NOW)
    return repeat


def pending(silent: int, sale_type=None, stage="prospect", **fields):
    """Of a prospect of tier A, which brings no sale of its own into the norm."""
    row = customer(stage=stage)
    factories.touch(row, at=ago(silent))
    return factories.order(row, 9_000, opened_at=ago(max(silent, 1) + 50), sale_type=sale_type, **fields)


@pytest.mark.parametrize(("silent", "opens"), [(24, False), (25, True)])
def test_longer_than_nine_in_ten(sales, silent, opens):
    pending(silent, sales)
    run(KIND)
    assert [(row.evidence["limit"], row.evidence["sales"], row.evidence["basis"]) for row in open_ones(KIND)] == (
        [("24.0", 6, "own")] if opens else []
    )


@pytest.mark.parametrize(("silent", "opens"), [(44, False), (45, True)])
def test_a_silence_as_long_as_the_norm_is_not_longer(silent, opens):
    """Of 19 sales the norm is a fifth of the way from the 17th, 42 days, to the 18th, 52: a float would fall short of 44."""
    row, repeat = customer(), factories.sale_types()["repeat"]
    for number, gap in enumerate([10] * 16 + [42, 52, 60]):
        closed = 20 + 12 * number
        factories.order(row, 50_000, "won", ago(closed), opened_at=ago(closed + gap), sale_type=repeat)
    rebuild_lifecycle([row.pk], now=NOW)
    pending(silent, repeat)
    assert run(KIND).opened == opens


def test_its_words_tell_the_silence_from_the_norm(sales):
    pending(25, sales)
    run(KIND)
    [row] = open_ones(KIND)
    kind = BY_KEY[KIND]
    assert kind.words(row, TODAY) == "25 days without a touch, normal up to 24"
    row.evidence["limit"] = "24.3"
    assert kind.words(row, TODAY) == "25 days without a touch, normal up to 24.3"


def test_it_opened_on_the_first_day_beyond(sales):
    pending(40, sales)
    run(KIND)
    assert opened(KIND) == [day(40 - 25)]


def test_a_touch_without_an_answer_ends_no_silence_one_for_another_order_neither(sales):
    order = pending(40, sales)
    factories.touch(order.customer, at=ago(3), outcome="no_answer")
    other = factories.order(order.customer, 10, "lost", ago(2), opened_at=ago(5))
    factories.touch(order.customer, at=ago(3), order=other)
    assert run(KIND).opened == 1


def test_without_a_touch_it_counts_from_its_opening(sales):
    row = customer()
    factories.touch(row, at=ago(90))
    factories.order(row, 10, opened_at=ago(25), sale_type=sales)
    run(KIND)
    [found] = open_ones(KIND)
    assert (found.evidence["since"], found.evidence["touched"]) == (day(25).isoformat(), False)


def test_never_up_to_14_days(sales):
    pending(14, sales)
    settings(stalled_order_share="0.0000")
    assert run(KIND).opened == 0
    pending(15, sales)
    assert run(KIND).opened == 1
    settings(stalled_order_days=16)
    assert run(KIND).resolved == 0
    settings(stalled_order_days=17)
    assert run(KIND).resolved == 1


def test_few_sales_of_its_tier_look_at_all_of_its_type_and_few_of_these_at_all(sales):
    other = factories.sale_types()["other"]
    pending(60, other)
    run(KIND)
    assert open_ones(KIND)[0].evidence["basis"] == "everyone"
    order = pending(40, sales)
    type(order).objects.filter(pk=order.pk).update(opened_at=ago(390))
    order.customer.tier_periods.update(tier=None)
    run(KIND)
    assert open_ones(KIND)[1].evidence["basis"] == "sale type"


def test_with_fewer_than_five_sales_nothing_is_said():
    row, repeat = customer(), factories.sale_types()["repeat"]
    for number in range(3):
        factories.order(row, 10, "won", ago(50 + number), opened_at=ago(60), sale_type=repeat)
    pending(200, repeat)
    assert run(KIND).opened == 0


def test_it_resolves_with_a_touch_or_when_the_order_ends(sales):
    touched, ended = pending(40, sales), pending(40, sales)
    run(KIND)
    factories.touch(touched.customer, at=ago(0.1))
    type(ended).objects.filter(pk=ended.pk).update(status="lost", closed_at=NOW)
    assert run(KIND).resolved == 2
    assert why() == ["somebody was reached", "the order ended"]


def test_it_stays_one_while_the_norm_moves_a_little(sales):
    order = pending(25, sales)
    run(KIND)
    Touch.objects.filter(customer=order.customer).update(at=ago(22))
    assert run(KIND).resolved == 0
    Touch.objects.filter(customer=order.customer).update(at=ago(21))
    assert run(KIND).resolved == 1


def test_a_first_order_counts_its_whole_course(sales):
    new = factories.sale_types()["new_business"]
    for number in range(5):
        row = factories.customer(since=day(300), team=factories.team())
        factories.order(row, 50_000, "won", ago(200 + number), opened_at=ago(210 + number), sale_type=new)
        rebuild_lifecycle([row.pk], now=NOW)
    waiting = factories.customer(since=day(300))
    factories.order(waiting, 10, opened_at=ago(95), sale_type=new)
    run(KIND)
    assert open_ones(KIND) == []
    settings(stalled_order_days=0)
    factories.order(waiting, 10, opened_at=ago(110), sale_type=new)
    run(KIND)
    # 96 to 100 days from the day they became prospects, and the 100 of the customer whose repeat sales these are.
    assert [(row.evidence["limit"], row.evidence["sales"]) for row in open_ones(KIND)] == [("100.0", 6)]


def test_an_order_without_a_type_is_what_it_would_become(sales):
    pending(40, stage="customer")
    run(KIND)
    assert open_ones(KIND)[0].evidence["basis"] == "own"


def test_as_of_a_day_an_order_that_ended_later_is_pending(sales):
    order = pending(60, sales)
    type(order).objects.filter(pk=order.pk).update(status="lost", closed_at=ago(1))
    assert found_as_of(KIND, TODAY) == []
    assert [found.opened_on for found in found_as_of(KIND, day(20))] == [day(60 - 25)]


def test_a_sale_with_another_situation_while_it_was_pending_is_no_normal_one(sales):
    """Without the one of 30 days: 10 to 18, of which 90 % stayed within 17.2."""
    longest = sales.orders.get(opened_at=ago(100 + 33 * 5 + 30))
    factories.situation(longest, opened_at=ago(280), resolved_at=ago(265))
    pending(18, sales)
    run(KIND)
    assert [row.evidence["limit"] for row in open_ones(KIND)] == ["17.2"]
