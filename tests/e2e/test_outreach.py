"""One outreach to a filtered list on a phone: one touch of each customer, taken back as one."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import Touch
from tests import factories

from .conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_filtered_list_gets_one_marketing_touch_each_undone_as_one(opened, cast):
    types = factories.touch_types()
    mills = [factories.customer(f"{name} Mill", owner=cast.rep_membership) for name in ("Upper", "Middle", "Lower")]

    page = opened(cast.rep, PHONE)
    page.goto(reverse("customer_list"))
    page.get_by_role("searchbox", name="Search customers").fill("mill")
    page.get_by_role("link", name="Log an outreach to these 3 customers").tap()
    expect(page.get_by_text("One touch each of 3 customers, undone as one.")).to_be_visible()
    page.get_by_label("Type").select_option(str(types["marketing"].pk))
    page.get_by_label("Minutes").fill("30")
    page.get_by_label("Note").fill("Spring letter")
    page.get_by_role("button", name="Log for 3 customers").tap()
    expect(page.get_by_text("Marketing outreach to 3 customers logged")).to_be_visible()
    touches = Touch.objects.live().filter(type=types["marketing"])
    assert {touch.customer for touch in touches.all()} == set(mills)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.get_by_role("button", name="Undo").tap()
    expect(page.get_by_text("Marketing outreach to 3 customers taken back")).to_be_visible()
    assert not touches.exists()
