"""Orders from open to won or lost, and back."""

import datetime as dt
from decimal import Decimal

import pytest

from customers.actions.orders import (
    archive_order,
    change_order,
    lose_order,
    open_order,
    reopen_order,
    restore_order,
    win_order,
)
from customers.models import Order, SellingCourse
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def kinds(company):
    factories.tiers()
    return factories.sale_types()


def opened(cast, now=NOW, actor=None, customer=None, **values):
    values = {"amount": Decimal(20000), **values}
    return open_order(actor=actor or cast.rep, now=now, customer=customer or cast.own, values=values)


def won(cast, order, now=NOW + HOUR, **fields):
    return win_order(actor=cast.rep, now=now, order=order, version=order.version, **fields)


def lost(cast, order, now=NOW + HOUR, reason="price", **fields):
    return lose_order(actor=cast.rep, now=now, order=order, version=order.version, reason=reason, **fields)


def stage(customer):
    customer.refresh_from_db()
    return customer.stage


def test_an_order_is_opened_now_by_its_salesperson_in_their_team(cast, heard):
    order = opened(cast, title="Pumps")
    assert (order.status, order.opened_at, order.salesperson, order.team) == ("pending", NOW, cast.rep, cast.exeter)
    assert (order.sale_type, order.sale_type_chosen) == (None, False)
    assert order.history.get().history_user == cast.rep
    assert heard == [[cast.own.pk]]


def test_the_team_is_that_of_the_salesperson_s_membership_on_this_customer(cast):
    second = factories.membership(cast.other_rep, cast.south_west)
    factories.assign(cast.own, second, kind="support")
    assert opened(cast, salesperson=cast.other_rep).team == cast.south_west
    assert opened(cast, customer=cast.foreign, salesperson=cast.other_rep).team == cast.leeds


def test_without_a_salesperson_the_team_is_the_customer_s(cast):
    order = opened(cast, customer=cast.foreign, salesperson=None)
    assert (order.salesperson, order.team) == (None, cast.leeds)


def test_wrong_fields_are_named(cast, refused):
    with refused("amount"):
        opened(cast, amount=Decimal(-1))
    with refused("amount"):
        opened(cast, amount=None)
    with refused("opened_at"):
        opened(cast, opened_at=NOW + HOUR)
    opened(cast, external_id="7")
    with refused("external_id"):
        opened(cast, external_id="7")
    cast.own.archived_at = NOW
    cast.own.save()
    with refused("customer"):
        opened(cast)


def test_a_won_order_makes_a_customer_by_itself_with_new_business(cast, kinds, heard):
    order = opened(cast)
    heard.clear()
    won(cast, order, amount=Decimal(21000))
    order.refresh_from_db()
    assert (order.status, order.closed_at, order.amount) == ("won", NOW + HOUR, 21000)
    assert (order.sale_type, order.sale_type_chosen) == (kinds["new_business"], False)
    assert stage(cast.own) == "customer"
    assert SellingCourse.objects.get(customer=cast.own).order == order
    assert heard == [[cast.own.pk]]
    assert order.history.count() == 2


def test_the_next_order_is_a_repeat(cast, kinds):
    won(cast, opened(cast))
    second = won(cast, opened(cast), NOW + 2 * HOUR)
    assert second.sale_type == kinds["repeat"]


def test_of_orders_closed_at_one_moment_the_first_opened_is_new_business(cast, kinds):
    later = opened(cast, opened_at=NOW - HOUR)
    earlier = opened(cast, opened_at=NOW - 2 * HOUR)
    won(cast, later)
    won(cast, earlier)
    later.refresh_from_db()
    earlier.refresh_from_db()
    assert (later.sale_type, earlier.sale_type) == (kinds["repeat"], kinds["new_business"])


def test_a_chosen_sale_type_stays(cast, kinds):
    order = opened(cast, sale_type=kinds["other"])
    assert (won(cast, order).sale_type, order.sale_type_chosen) == (kinds["other"], True)


def test_a_sale_type_can_be_chosen_later_and_left_to_itself_again(cast, kinds):
    order = won(cast, opened(cast))
    change_order(actor=cast.rep, now=NOW + HOUR, order=order, version=2, values={"sale_type": kinds["other"]})
    assert order.sale_type_chosen
    change_order(actor=cast.rep, now=NOW + HOUR, order=order, version=3, values={"sale_type": None})
    order.refresh_from_db()
    assert (order.sale_type, order.sale_type_chosen) == (kinds["new_business"], False)


def test_a_lost_order_needs_a_reason_and_changes_no_stage(cast, refused):
    order = opened(cast)
    with refused("reason"):
        lost(cast, order, reason=" ")
    lost(cast, order)
    order.refresh_from_db()
    assert (order.status, order.lost_reason, order.closed_at) == ("lost", "price", NOW + HOUR)
    assert stage(cast.own) == "prospect"


@pytest.mark.parametrize("first", [won, lost])
@pytest.mark.parametrize("then", [won, lost])
def test_an_ended_order_does_not_end_again(cast, refused, first, then):
    order = first(cast, opened(cast))
    with refused("status"):
        then(cast, order)


def test_a_pending_order_cannot_be_opened_again(cast, refused):
    order = opened(cast)
    with refused("status"):
        reopen_order(actor=cast.rep, now=NOW, order=order, version=1)


def test_an_order_won_by_mistake_is_opened_again_and_the_stage_follows(cast):
    order = won(cast, opened(cast))
    reopen_order(actor=cast.rep, now=NOW + 2 * HOUR, order=order, version=2)
    order.refresh_from_db()
    assert (order.status, order.closed_at, order.sale_type, order.version) == ("pending", None, None, 3)
    assert stage(cast.own) == "prospect"
    lost(cast, order, NOW + 3 * HOUR)


def test_closing_is_neither_in_the_future_nor_before_the_opening(cast, refused):
    order = opened(cast)
    with refused("closed_at"):
        won(cast, order, closed_at=NOW + 2 * HOUR)
    order.refresh_from_db()
    with refused("closed_at"):
        won(cast, order, closed_at=NOW - HOUR)
    assert Order.objects.get(pk=order.pk).status == "pending"


def test_an_order_without_opening_may_close_at_any_time(cast):
    order = opened(cast, opened_at=None)
    won(cast, order, closed_at=NOW - dt.timedelta(days=900))
    assert stage(cast.own) == "lapsed"


def test_the_team_of_a_pending_order_follows_its_salesperson_and_freezes_at_closing(cast, refused):
    order = opened(cast)
    change_order(actor=cast.rep, now=NOW, order=order, version=1, values={"salesperson": cast.other_rep})
    assert order.team == cast.leeds
    won(cast, order)
    with refused("salesperson"):
        change_order(actor=cast.rep, now=NOW, order=order, version=3, values={"salesperson": cast.rep})
    order.refresh_from_db()
    cast.other_rep_membership.team = cast.north
    cast.other_rep_membership.save()
    change_order(actor=cast.rep, now=NOW + HOUR, order=order, version=3, values={"note": "paid"})
    assert order.team == cast.leeds


def test_at_closing_the_team_is_that_of_the_closing_day(cast):
    order = opened(cast)
    cast.rep_membership.ends_on = TODAY - dt.timedelta(days=1)
    cast.rep_membership.save()
    factories.membership(cast.rep, cast.leeds, starts_on=TODAY)
    assert won(cast, order).team == cast.leeds


def test_a_corrected_amount_of_a_won_order_moves_the_yearly_value(cast):
    order = won(cast, opened(cast))
    change_order(
        actor=cast.rep, now=NOW + dt.timedelta(days=1), order=order, version=2, values={"amount": Decimal(50000)}
    )
    cast.own.refresh_from_db()
    assert (cast.own.yearly_value, cast.own.tier.name) == (50000, "A")


def test_a_change_from_an_old_version_is_a_conflict(cast):
    order = opened(cast)
    change_order(actor=cast.rep, now=NOW, order=order, version=1, values={"title": "One"})
    with pytest.raises(Conflict):
        change_order(actor=cast.rep, now=NOW, order=order, version=1, values={"title": "Two"})
    stale = Order.objects.get(pk=order.pk)
    with pytest.raises(Conflict):
        win_order(actor=cast.rep, now=NOW, order=stale, version=1)


def test_an_archived_order_counts_nowhere_until_it_is_brought_back(cast, refused):
    order = won(cast, opened(cast))
    archive_order(actor=cast.rep, now=NOW + 2 * HOUR, order=order)
    assert stage(cast.own) == "prospect"
    with refused("status"):
        reopen_order(actor=cast.rep, now=NOW, order=order, version=order.version)
    restore_order(actor=cast.rep, now=NOW + 3 * HOUR, order=order)
    assert stage(cast.own) == "customer"
