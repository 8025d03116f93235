"""Markets and product lines: seen by all, changed by who may change the rules."""

import pytest
from django.urls import reverse

from customers.models import Market, ProductLine
from tests import factories


@pytest.fixture
def post(client):
    """Sends a form as somebody."""

    def send(user, name, data, *args):
        client.force_login(user)
        return client.post(reverse(name, args=args), data)

    return send


@pytest.mark.parametrize("name", ["market_list", "product_line_list"])
@pytest.mark.parametrize("who", ["rep", "technician", "manager", "admin"])
def test_all_see_the_lists(client, cast, who, name):
    client.force_login(getattr(cast, who))
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("who", ["rep", "coordinator", "manager"])
def test_only_administrators_change_them(post, cast, who):
    market, line = factories.market("Region"), factories.product_line("Line")
    for name, args in (
        ("market_create", ()),
        ("market_edit", (market.pk,)),
        ("market_archive", (market.pk,)),
        ("product_line_create", ()),
        ("product_line_edit", (line.pk,)),
        ("product_line_archive", (line.pk,)),
    ):
        assert post(getattr(cast, who), name, {"name": "Hacked", "version": 1}, *args).status_code == 403, name
    assert not Market.objects.filter(name="Hacked").exists()
    assert not ProductLine.objects.filter(name="Hacked").exists()


def test_a_market_is_part_of_another(post, cast):
    region = factories.market("Region")
    post(cast.admin, "market_create", {"name": "Town", "parent": region.pk})
    assert Market.objects.get(name="Town").parent == region


def test_a_market_is_never_part_of_one_below_it(post, cast):
    region = factories.market("Region")
    town = factories.market("Town", parent=region)
    response = post(cast.admin, "market_edit", {"name": "Region", "parent": town.pk, "version": 1}, region.pk)
    assert "parent" in response.context["form"].errors


def test_a_name_stands_once_a_parent(post, cast):
    factories.market("Region")
    assert post(cast.admin, "market_create", {"name": "Region"}).status_code == 422


def test_an_edit_of_an_old_version_shows_both_values(post, cast):
    line = factories.product_line("Line", list_price=100)
    post(cast.admin, "product_line_edit", {"name": "Line", "list_price": "110", "version": 1}, line.pk)
    response = post(cast.admin, "product_line_edit", {"name": "Line", "list_price": "120", "version": 1}, line.pk)
    assert response.status_code == 409
    assert ProductLine.objects.get().list_price == 110


def test_archived_ones_are_offered_no_more_and_come_back(post, client, cast):
    line = factories.product_line("Line")
    post(cast.admin, "product_line_archive", {}, line.pk)
    assert list(client.get(reverse("product_line_list")).context["rows"]) == []
    post(cast.admin, "product_line_archive", {"restore": "1"}, line.pk)
    assert list(client.get(reverse("product_line_list")).context["rows"]) == [line]
