"""An administrator sees which official value is off, adopts what the log shows, and Today has another order."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer, Potential
from planning.actions.recompute import recompute_all
from planning.models import TouchValue
from planning.queries import today
from territory import clock
from tests import factories
from tests.planning.answering import compute_answers

from .conftest import DESK, PATIENCE, PHONE
from .keyboard import Keyboard, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def values(cast):
    """The rep has a call (60, 15 minutes) and a visit (480, 60 minutes) to make; calls brought 155."""
    tier, types = factories.tiers()["A"], factories.touch_types()
    row = factories.customer("Brackwell Dairy", owner=cast.rep_membership, since=dt.date(2025, 1, 6))
    Potential.objects.create(customer=row, amount=Decimal(60_000))
    for kind, value, minutes in ((types["voice"], 60, 15), (types["field"], 480, 60)):
        factories.contact_rule(tier, cast.rep_membership.role, kind, minutes=minutes)
        factories.touch_value(kind, tier, value)
    factories.evidence(types["voice"], tier)
    compute()


def compute():
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=clock.now())
    recompute_all(now=clock.now())


def test_an_administrator_adopts_a_value_and_today_has_another_order(opened, cast, values, worker):
    def first_of_today():
        phone = opened(cast.rep, PHONE)
        phone.goto(reverse("today"))
        return phone.locator(".action").first.inner_text()

    assert [row.touch_type.name for row in today.rows(cast.rep)] == ["Field sales call", "Voice call"]
    before = first_of_today()
    page = opened(cast.admin, DESK)
    page.goto(reverse("touch_values"))
    expect(page.get_by_text("Most off: Voice call, tier A: £60, the log shows £155.")).to_be_visible()

    page.get_by_role("link", name="Adopt: Voice call, tier A").click()
    effect = page.locator("#effect")
    page.get_by_label("Reason").fill("Below the interval")  # while the effect is worked out
    expect(effect.get_by_role("listitem").filter(has_text="People with a new first touch")).to_contain_text(
        "1 of 1", timeout=PATIENCE * 1000
    )
    expect(effect.locator(".order-sides li").nth(2)).to_have_text("Brackwell Dairy, Voice call up 1 place")
    expect(page.get_by_label("Reason")).to_have_value("Below the interval")
    page.get_by_label("Reason").fill("")
    page.get_by_role("button", name="Adopt £155").click()
    expect(page.get_by_text("This field is required")).to_be_visible()
    page.get_by_label("Reason").fill("Below the interval for over a year")
    page.get_by_role("button", name="Adopt £155").click()
    expect(page.get_by_text("0 of 1 official value that can be compared lies outside its interval.")).to_be_visible()

    compute()
    assert first_of_today() != before
    assert [row.touch_type.name for row in today.rows(cast.rep)] == ["Voice call", "Field sales call"]


def test_a_suggestion_is_rejected_and_another_value_set(opened, cast, values):
    """The two forms in a browser: the second button of one, and what the device keeps of the other."""
    page = opened(cast.admin, DESK)
    page.goto(reverse("touch_values"))
    page.get_by_role("link", name="Adopt: Voice call, tier A").click()
    page.get_by_label("Reason").fill("One campaign is in it")
    page.get_by_role("button", name="Reject, keep £60").click()
    expect(page.get_by_text("1 more is kept with a reason.")).to_be_visible()

    page.get_by_role("link", name="Voice call").first.click()
    page.get_by_role("link", name="Set another").click()
    page.get_by_label("Value").fill("90")
    page.get_by_label("Reason").fill("Between the two")
    page.get_by_role("button", name="See what it changes").click()
    effect = page.locator("#effect")
    expect(effect).to_contain_text("Being worked out.")
    page.get_by_label("Value").fill("91")  # what is typed meanwhile is not what is looked at
    compute_answers()
    expect(effect).to_contain_text("Every list keeps its order", timeout=PATIENCE * 1000)
    page.get_by_label("Value").fill("90")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The new value starts on its day")).to_be_visible()
    assert [value.amount for value in TouchValue.objects.filter(reason="Between the two")] == [90]


def test_by_keyboard_alone(opened, cast, values):
    page = opened(cast.admin, DESK)
    keys = Keyboard(page)
    page.goto(reverse("touch_values"))
    keys.to_content().to("Adopt: Voice call, tier A").enter("**/adopt/**")
    keys.to("", field="reason").type("One campaign is in it").to("Reject, keep £60").press("Enter")
    expect(page.get_by_text("1 more is kept with a reason.")).to_be_visible()
    page.wait_for_load_state()

    keys.to_content().to("Voice call").enter("**/touch-values/?**")
    keys.to_content().to("Set another", tag="a").enter("**/touch-values/set/?**")
    keys.to_content().to("", field="amount").press("Control+a").type("90")
    keys.to("", field="reason").type("Between the two").to("See what it changes", tag="button").press("Enter")
    expect(page.locator("#effect")).to_contain_text("Being worked out.")
    compute_answers()
    expect(page.locator("#effect")).to_contain_text("Every list keeps its order", timeout=PATIENCE * 1000)
    keys.to_content().to("Save", tag="button").press("Enter")
    said(page, "The new value starts on its day")
    assert [value.amount for value in TouchValue.objects.filter(reason="Between the two")] == [90]
