"""A deal is dragged along the board in a real browser: with a finger at 390 px, with the mouse, from the keyboard, by form."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import OrderStep
from territory import clock
from tests import factories

from .conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def steps(cast):
    return [OrderStep.objects.create(name=name, probability=share, position=n) for n, (name, share) in enumerate(
        [("Enquiry", "0.2"), ("Quotation", "0.5")]
    )]  # fmt: skip


@pytest.fixture
def deal(cast, steps):
    """A deal of the rep on the first step that closes today."""
    return factories.order(
        cast.own, 4200, title="Film and labels", step=steps[0], salesperson=cast.rep, expected_on=clock.today(cast.rep)
    )


def middle(locator) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def finger(page):
    """A finger on the screen: real touches, as the browser gets them from the device."""
    session = page.context.new_cdp_session(page)

    def touch(kind, x=None, y=None):
        points = [] if x is None else [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return touch


def column(page, name):
    return page.locator(".board-column", has=page.get_by_role("heading", name=re.compile(name))).locator(".deals")


def test_a_deal_is_dragged_to_the_next_step_on_a_phone(opened, cast, deal, steps):
    page = opened(cast.rep, PHONE)
    page.goto(f"{reverse('order_board')}?by=step")
    card, target = page.locator(".deal"), column(page, "Quotation")
    target.scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    (x, y), (_x, end) = middle(card), middle(target)
    touch = finger(page)
    touch("touchStart", x, y)
    expect(page.locator(".deal-chosen")).to_have_count(1)
    for part in range(1, 11):
        touch("touchMove", x, y + (end - y) * part / 10)
    expect(target.locator(".deal")).to_have_count(1)
    touch("touchEnd")
    expect(page.get_by_text("Film and labels: Quotation")).to_be_visible()
    deal.refresh_from_db()
    assert (deal.step, deal.version, deal.history.count()) == (steps[1], 2, 2)
    page.get_by_role("button", name="Undo").tap()
    expect(page.get_by_text("Film and labels is back where it was")).to_be_visible()
    deal.refresh_from_db()
    assert deal.step == steps[0]


def test_a_finger_that_does_not_stay_scrolls_the_page(opened, cast, deal):
    for _n in range(12):
        factories.order(cast.own, 10, expected_on=deal.expected_on)
    page = opened(cast.rep, PHONE)
    page.goto(reverse("order_board"))
    x, y = middle(page.locator(".deal").nth(1))
    touch = finger(page)
    touch("touchStart", x, y)
    for part in range(1, 11):
        touch("touchMove", x, y - part * 30)
    touch("touchEnd")
    page.wait_for_function("window.scrollY > 100")
    deal.refresh_from_db()
    assert deal.version == 1


def test_with_the_mouse_to_the_next_month(opened, cast, deal):
    page = opened(cast.rep, DESK)
    page.goto(reverse("order_board"))
    following = (deal.expected_on.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    x, y = middle(page.locator(".deal .row-note"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(*middle(column(page, f"Closes in {following:%B}")), steps=12)
    page.mouse.up()
    expect(page.get_by_text("Film and labels: closes on")).to_be_visible()
    deal.refresh_from_db()
    assert deal.expected_on.replace(day=1) == following


def test_with_the_mouse_to_won_asks_for_what_winning_needs(opened, cast, deal):
    page = opened(cast.rep, DESK)
    page.goto(reverse("order_board"))
    page.mouse.move(*middle(page.locator(".deal .row-note")))
    page.mouse.down()
    page.mouse.move(*middle(page.locator("[data-end=win]")), steps=12)
    page.mouse.up()
    panel = page.locator("dialog#panel")
    expect(panel.get_by_label("Amount")).to_have_value("4200.00")
    panel.get_by_role("button", name="Set won").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    deal.refresh_from_db()
    assert deal.status == "won"


def test_from_the_keyboard_by_arrow_and_by_menu(opened, cast, deal, steps):
    page = opened(cast.rep, DESK)
    page.goto(f"{reverse('order_board')}?by=step")
    page.get_by_role("link", name="Move Film and labels").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text("Film and labels: Quotation")).to_be_visible()
    deal.refresh_from_db()
    assert deal.step == steps[1]
    expect(page.get_by_role("link", name="Move Film and labels")).to_be_focused()
    page.keyboard.press("Enter")
    panel = page.locator("dialog#panel")
    panel.get_by_role("button", name="Enquiry").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Film and labels: Enquiry")).to_be_visible()
    deal.refresh_from_db()
    assert deal.step == steps[0]


def test_without_javascript(opened, cast, deal):
    page = opened(cast.rep, PHONE, java_script_enabled=False)
    page.goto(reverse("order_board"))
    page.get_by_role("link", name="Move Film and labels").tap()
    page.get_by_role("button", name="No date").tap()
    expect(page.get_by_text("Film and labels: No date")).to_be_visible()
    deal.refresh_from_db()
    assert deal.expected_on is None
