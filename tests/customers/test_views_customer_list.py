"""The list of customers: who sees which rows, search, filters, sort, columns, file, and what it costs."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from customers.models import Customer
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def names(response) -> list[str]:
    return [row.subject.name for row in response.context["page"].object_list]


def test_a_rep_sees_own_customers_only(as_user, cast):
    response = as_user(cast.rep).get(reverse("customer_list"))
    assert names(response) == ["Own customer"]


def test_an_administrator_sees_all(as_user, cast):
    response = as_user(cast.admin).get(reverse("customer_list"))
    assert names(response) == ["Foreign customer", "Mate's customer", "Own customer"]
