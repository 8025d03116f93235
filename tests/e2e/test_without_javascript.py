"""With JavaScript off, each who works here signs in, logs a touch and corrects it (that every page can be read: test_without_javascript)."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import Touch
from tests import factories

from .conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse 1"


def test_each_signs_in_logs_a_touch_and_corrects_it(opened, cast):
    factories.touch_types()
    for user, device in ((cast.rep, PHONE), (cast.manager, DESK), (cast.admin, DESK)):
        page = opened(None, device, java_script_enabled=False)
        page.goto(reverse("customer_list"))
        page.get_by_label("E-mail").fill(user.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Password").press("Enter")
        page.get_by_role("link", name="Own customer").first.click()
        page.locator(".page-actions").get_by_role("link", name="Log").click()
        page.locator(".choice", has_text="Voice call").click()
        page.locator("input[name=minutes]").fill("15")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Voice call with Own customer logged")).to_be_visible()
        page.locator(".timeline").get_by_role("link", name="Voice call").first.click()
        page.get_by_role("link", name="Edit").click()
        page.locator("input[name=minutes]").fill("25")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("25 min").first).to_be_visible()
    logged = Touch.objects.order_by("pk").values_list("logged_by", "duration_seconds")
    assert list(logged) == [(user.pk, 1500) for user in (cast.rep, cast.manager, cast.admin)]
