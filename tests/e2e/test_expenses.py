"""A rep notes what they spent, with a photo, on the phone; their manager approves it at the desk; without JavaScript too."""

import random
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import Expense, Receipt
from tests import factories
from tests.factories import receipts as files

from .conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def photo():
    return {
        "name": "IMG_0001.png",
        "mimeType": "image/png",
        "buffer": files.png(2400, 900, noise=random.Random(1)),
    }


def test_with_one_thumb_and_the_photo_is_made_smaller_before_it_leaves(opened, cast):
    page = opened(cast.rep, PHONE)
    page.goto(f"{reverse('expense_create')}?customer={cast.own.pk}")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_label("Take a photo").set_input_files(photo())
    expect(page.locator("[data-receipt-picked]")).to_contain_text("receipt.jpg")
    page.locator(".choice", has_text="Sample").tap()
    page.get_by_role("button", name="Submit").tap()
    # Something else is wrong: the photo that was taken stays.
    expect(page.get_by_text("Say how much it was.")).to_be_visible()
    page.get_by_label("Amount").fill("12.50")
    page.get_by_role("button", name="Submit").tap()
    expect(page.get_by_text("£12.50 for Own customer submitted")).to_be_visible()
    row = Expense.objects.get()
    assert (row.amount, row.kind, row.status, row.receipt_type) == (
        Decimal("12.50"),
        "sample",
        "submitted",
        "image/jpeg",
    )
    assert len(bytes(Receipt.objects.get().content)) < len(photo()["buffer"])


def test_a_way_is_noted_in_one_tap_and_can_be_taken_back(opened, cast):
    factories.company(rate_per_km=Decimal("0.30"))
    cast.rep.base_latitude, cast.rep.base_longitude = 50.72, -3.53
    cast.rep.save()
    cast.own.latitude, cast.own.longitude = 51.45, -2.59
    cast.own.save()
    factories.touch(cast.own, cast.rep, minutes=60, travel=120)
    page = opened(cast.rep, PHONE)
    page.goto(reverse("expense_list"))
    page.get_by_role("button", name="Note £").tap()
    expect(page.get_by_text("noted, not submitted yet")).to_be_visible()
    page.get_by_role("button", name="Undo").tap()
    expect(page.get_by_role("button", name="Note £")).to_be_visible()


def test_a_manager_approves_several_and_refuses_one(opened, cast):
    rows = [factories.expense(cast.rep, amount, "submitted", customer=cast.own) for amount in (11, 12, 13)]
    page = opened(cast.manager, DESK)
    page.goto(reverse("today"))
    link = page.get_by_role("link", name="Expenses 3")
    expect(link).to_be_visible()
    link.click()
    page.get_by_role("link", name="To approve").click()
    for amount in ("£11", "£12"):
        page.get_by_label(f"Choose {amount}").check()
    page.get_by_role("button", name="Approve the chosen ones").click()
    expect(page.get_by_text("2 expenses approved")).to_be_visible()
    page.get_by_role("link", name="Own customer").click()
    page.get_by_label("Reason of refusal").fill("No receipt")
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_text("refused").first).to_be_visible()
    assert [Expense.objects.get(pk=row.pk).status for row in rows] == ["approved", "approved", "refused"]


def test_without_javascript(opened, cast):
    page = opened(cast.rep, PHONE, java_script_enabled=False)
    page.goto(f"{reverse('expense_create')}?customer={cast.own.pk}")
    page.get_by_label("Amount").fill("9")
    page.get_by_label("Receipt, a photo or a PDF").set_input_files(
        {"name": "r.pdf", "mimeType": "application/pdf", "buffer": files.PDF}
    )
    page.get_by_role("button", name="Keep as a draft").click()
    page.wait_for_url(f"**{reverse('expense_list')}")
    row = Expense.objects.get()
    assert (row.status, row.receipt_type) == ("draft", "application/pdf")
