"""A manager signs in to the demo and sees how long it takes until business, tier beside tier."""

import pytest
from playwright.sync_api import expect

from planning import demo
from territory import clock

from .conftest import DESK

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_manager_sees_time_to_business_of_tiers_a_to_d_side_by_side(opened):
    [manager] = [row for row in demo.load(clock.now()) if row.label == "Manager"]
    page = opened(None, DESK)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(manager.email)
    page.get_by_label("Password").fill(manager.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Where we stand").click()
    tabs = page.get_by_role("navigation", name="Where we stand")
    tabs.get_by_role("link", name="Time to business").click()

    cards = page.locator("figure[data-chart]")
    expect(cards).to_have_count(4)
    places = []
    for card, tier in zip(cards.all(), "ABCD", strict=True):
        expect(card.locator("p").first).to_contain_text(f"Of tier {tier}, ")
        expect(card).not_to_contain_text("too few to tell")
        expect(card.locator("canvas")).to_be_visible()
        places.append(card.bounding_box())
    assert len({place["y"] for place in places}) == 1
    assert [place["x"] for place in places] == sorted({place["x"] for place in places})

    cards.first.get_by_role("button", name="Table").click()
    expect(cards.first.get_by_role("row")).to_have_count(14)

    page.get_by_label("Another amount").fill("5000")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="£5,000")).to_have_count(4)
