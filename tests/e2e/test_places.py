"""Customers without a place get one in a browser: towns are brought in, what they propose is set, the rest is pressed on the map."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests import factories

from .conftest import DESK, PATIENCE
from .test_map import HAS, pressed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOWNS = "name;country;latitude;longitude;population\nYork;GB;53.9576;-1.0827;156135\n"


def drawn(page) -> None:
    expect(page.locator(".map-place.leaflet-container")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.wait_for_function(f"({HAS})('land')")


def test_towns_are_brought_in_and_customers_get_their_places(opened, cast, worker):
    cast.own.town, cast.own.country = "York", "GB"
    cast.own.save(update_fields=["town", "country"])
    lost = factories.customer("Lost and found", owner=cast.rep_membership)
    page = opened(cast.admin, DESK)
    page.goto(reverse("town_files"))
    page.locator("input[type=file]").set_input_files(
        {"name": "towns.csv", "mimeType": "text/csv", "buffer": TOWNS.encode()}
    )
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("1 row stored")).to_be_visible(timeout=PATIENCE * 1000)

    page.goto(reverse("place_list"))
    page.get_by_role("button", name="Set Own customer: York").click()
    expect(page.get_by_text("The place of Own customer is set.")).to_be_visible()
    expect(page.get_by_role("link", name="Own customer", exact=True)).to_have_count(0)

    page.get_by_role("link", name="Find Lost and found").click()
    drawn(page)
    pressed(page, 52.0, 9.0)
    expect(page.get_by_label("Latitude")).not_to_have_value("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The place of Lost and found is set.")).to_be_visible()
    lost.refresh_from_db()
    cast.own.refresh_from_db()
    assert (cast.own.latitude, cast.own.longitude) == (53.9576, -1.0827)
    assert abs(lost.latitude - 52) < 1


def test_after_a_mistake_the_map_of_the_form_is_there_again(opened, cast):
    page = opened(cast.manager, DESK)
    page.goto(reverse("customer_create"))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#main .is-invalid").first).to_be_visible()
    page.locator("details.more summary").click()
    drawn(page)
    pressed(page, 52.0, 9.0)
    expect(page.get_by_label("Latitude")).not_to_have_value("")
