"""Where a person is chosen, only names within reach are offered and taken."""

import pytest
from django.urls import reverse

from customers.models import Order
from tests import factories
from tests.accounts.signing_in import client_of


@pytest.fixture
def narrow(cast):
    """Sees the customers of the team and changes orders and customers there, and may see no names."""
    reach = {"see": "team", "change": "team"}
    access = {"customers": reach, "orders": reach, "amounts": {"see": "team"}}
    role = factories.role("Narrow", access=access, function="sales")
    return factories.membership(factories.person("Narrow"), cast.exeter, role).user


@pytest.mark.parametrize("name", ["customer_filters", "order_filters", "order_create"])
def test_pages_that_choose_a_person_name_nobody_beyond_reach(cast, narrow, name):
    assert "Other rep" in client_of(cast.rep).get(reverse(name)).content.decode()
    assert "Other rep" not in client_of(narrow).get(reverse(name)).content.decode()


def test_nor_does_a_customers_team(cast, narrow):
    page = reverse("assignment_create", args=[cast.own.pk])
    assert "Other rep" in client_of(cast.rep).get(page).content.decode()
    answer = client_of(narrow).get(page).content.decode()
    assert "Other rep" not in answer
    assert "Narrow, Narrow, Exeter" in answer


def test_a_list_is_not_filtered_by_whom_one_may_not_name(cast, narrow):
    def listed(person):
        page = client_of(person).get(reverse("customer_list"), {"person": cast.mate.pk}).context["page"]
        return [row.subject for row in page.object_list]

    assert listed(cast.manager) == [cast.team_mates]
    assert listed(narrow) == [cast.team_mates, cast.own]


def test_an_order_is_not_given_to_whom_one_may_not_name(cast, narrow):
    data = {"customer": cast.own.pk, "title": "Oven", "amount": "10", "salesperson": cast.other_rep.pk}
    client = client_of(narrow)
    assert client.post(reverse("order_create"), data).status_code == 422
    assert client.post(reverse("order_create"), data | {"salesperson": narrow.pk}).status_code == 302
    assert Order.objects.get().salesperson == narrow
