"""Sums of money: equal to their parts, to the last cent, on both databases."""

import random
from decimal import Decimal

import pytest
from django.db.models import F, Q

from customers.models import Order
from territory.sums import MoneySum, MoneyWindow
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def amounts(company):
    """Many cents, small ones and large ones: as floats they add up to something else."""
    chance = random.Random(0)
    found = [Decimal(chance.randint(1, 10 ** chance.choice([3, 5, 7]))) / 100 for _ in range(2000)]
    customer = factories.customer()
    Order.objects.bulk_create(
        Order(customer=customer, team=customer.team, amount=amount, status="pending", probability=Decimal("0.3333"))
        for amount in found
    )
    return found


def test_a_sum_equals_its_parts(amounts):
    assert Order.objects.aggregate(sum=MoneySum("amount"))["sum"] == sum(amounts)


def test_so_does_one_of_some_of_them_in_groups(amounts):
    rows = Order.objects.order_by().values("status").annotate(sum=MoneySum("amount", filter=Q(amount__gt=1)))

    assert [row["sum"] for row in rows] == [sum(amount for amount in amounts if amount > 1)]


def test_parts_of_cents_are_added_up_as_well(amounts):
    found = Order.objects.aggregate(sum=MoneySum(F("amount") * F("probability"), places=6))["sum"]

    assert found == sum(amount * Decimal("0.3333") for amount in amounts)


def test_a_sum_of_nothing_is_none(company):
    assert Order.objects.aggregate(sum=MoneySum("amount"))["sum"] is None


def test_over_a_window_they_do_as_well(amounts):
    rows = Order.objects.annotate(
        sum=MoneyWindow("amount", partition_by=F("status")),
        parts=MoneyWindow(F("amount") * F("probability"), places=6, partition_by=F("status")),
    )

    assert set(rows.values_list("sum", "parts")) == {
        (sum(amounts), sum(amount * Decimal("0.3333") for amount in amounts))
    }
