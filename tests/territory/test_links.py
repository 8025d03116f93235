"""Addresses that are put together rather than found anew."""

import pytest
from django.urls import NoReverseMatch, get_script_prefix, reverse, set_script_prefix

from territory.links import link_to, links_of


@pytest.mark.parametrize("name", ["customer_detail", "order_move", "situation_detail"])
def test_the_address_of_a_row_is_what_reverse_gives(name):
    assert [links_of(name)(key) for key in (1, 20_345)] == [reverse(name, args=[key]) for key in (1, 20_345)]


def test_an_address_without_a_key_is_what_reverse_gives():
    assert link_to("order_list") == reverse("order_list")


def test_under_another_prefix_the_addresses_follow():
    before = get_script_prefix()
    try:
        set_script_prefix("/sales/")
        assert (link_to("order_list"), links_of("order_detail")(3)) == ("/sales/orders/", "/sales/orders/3/")
    finally:
        set_script_prefix(before)


def test_a_name_that_is_no_address_is_an_error():
    with pytest.raises(NoReverseMatch):
        link_to("nowhere")
