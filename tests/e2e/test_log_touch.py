"""A rep logs touches in a real browser: with one thumb at 390 px, beside a page at 1,440 px, without JavaScript, without a net."""

import re

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import PlannedTouch, Touch
from planning.models import ContactRule
from tests import factories

from .conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def types(cast):
    return factories.touch_types()


def choose(page, word):
    """Tap one of the large buttons."""
    page.locator(".choice", has_text=word).tap()


def kept_on_the_device(page) -> str:
    """What the page keeps, once it has (the policy of the pages forbids the driver's own waiting for it)."""
    for _turn in range(200):
        kept = page.evaluate("JSON.stringify(localStorage)")
        if ":touch" in kept:
            return kept
        page.wait_for_timeout(50)
    raise AssertionError("Nothing was kept.")


def test_a_planned_touch_takes_two_taps_and_can_be_taken_back(opened, cast, types):
    planned = factories.planned_touch(cast.own, cast.rep, type=types["field"], duration_seconds=2700)
    page = opened(cast.rep, PHONE)
    page.goto(reverse("today"))
    page.get_by_role("link", name="Log", exact=True).first.tap()
    page.get_by_role("button", name="Save field sales call").tap()
    expect(page.get_by_text("Field sales call with Own customer logged")).to_be_visible()
    assert page.url.endswith(reverse("today"))
    touch = Touch.objects.get()
    assert (touch.duration_seconds, touch.customer) == (2700, cast.own)
    page.get_by_role("button", name="Undo").tap()
    expect(page.get_by_text("Field sales call with Own customer taken back")).to_be_visible()
    touch.refresh_from_db()
    planned.refresh_from_db()
    assert touch.archived_at is not None
    assert planned.closed_at is None


def test_a_customer_by_a_few_letters_and_whom_one_met(opened, cast, types):
    factories.contact(cast.own, "Martin Kell", role=factories.contact_role("Buyer"))
    page = opened(cast.rep, PHONE)
    page.goto(reverse("log_touch"))
    page.get_by_role("combobox").tap()
    page.get_by_role("combobox").fill("own")
    page.get_by_role("option", name=re.compile("Own customer")).tap()
    choose(page, "Voice call")
    expect(page.locator("input[name=minutes]")).to_have_value("15")
    page.get_by_text("Whom you met").tap()
    page.get_by_text("Martin Kell").tap()
    choose(page, "No answer")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Save voice call").tap()
    expect(page.get_by_text("Voice call with Own customer logged, next on")).to_be_visible()
    touch = Touch.objects.get()
    assert [contact.name for contact in touch.contacts.all()] == ["Martin Kell"]
    assert PlannedTouch.objects.get().source == "retry"


def test_travel_is_asked_for_only_where_the_type_travels(opened, cast, types):
    page = opened(cast.rep, PHONE)
    page.goto(f"{reverse('log_touch')}?customer={cast.own.pk}&type={types['voice'].pk}")
    travel = page.get_by_label("Travel, there and back").first
    expect(travel).to_be_hidden()
    choose(page, "Field sales call")
    expect(travel).to_be_visible()
    expect(page.locator("input[name=minutes]")).to_have_value("60")
    travel.fill("40")
    choose(page, "Voice call")
    page.get_by_role("button", name="Save voice call").tap()
    expect(page.get_by_text("Voice call with Own customer logged")).to_be_visible()
    assert Touch.objects.get().travel_seconds == 0


def test_what_was_typed_survives_an_expired_sign_in(opened, cast, types):
    factories.contact(cast.own, "Martin Kell")
    page = opened(cast.rep, PHONE)
    page.goto(f"{reverse('log_touch')}?customer={cast.own.pk}&type={types['voice'].pk}")
    page.get_by_text("Next step").tap()
    page.get_by_label("Note").fill("Wants a quote <b>today</b>")
    page.get_by_text("Whom you met").tap()
    page.get_by_text("Martin Kell").tap()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Save voice call").tap()
    page.wait_for_url("**/accounts/login/**")
    page.locator("input[name=login]").fill(cast.rep.email)
    page.locator("input[name=password]").fill("correct horse 1")
    page.locator("input[name=password]").press("Enter")
    expect(page.get_by_text("Here is what you had typed before.")).to_be_visible()
    page.get_by_role("button", name="Save voice call").tap()
    expect(page.get_by_text("Voice call with Own customer logged")).to_be_visible()
    touch = Touch.objects.get()
    assert touch.note == "Wants a quote <b>today</b>"
    assert [contact.name for contact in touch.contacts.all()] == ["Martin Kell"]


def test_what_was_typed_survives_a_closed_page_for_its_user_alone(opened, cast, types):
    page = opened(cast.rep, PHONE)
    page.goto(reverse("log_touch"))
    page.get_by_text("Next step").tap()
    page.get_by_label("Note").fill("Half a thought")
    kept = kept_on_the_device(page)
    page.close()
    again = opened(cast.rep, PHONE)
    again.goto(reverse("health"))
    again.evaluate(
        "(kept) => Object.entries(JSON.parse(kept)).forEach(([name, value]) => localStorage.setItem(name, value))", kept
    )
    again.goto(reverse("log_touch"))
    expect(again.get_by_label("Note")).to_have_value("Half a thought")
    mate = opened(cast.mate, PHONE)
    mate.goto(reverse("health"))
    mate.evaluate(
        "(kept) => Object.entries(JSON.parse(kept)).forEach(([name, value]) => localStorage.setItem(name, value))", kept
    )
    mate.goto(reverse("log_touch"))
    expect(mate.get_by_label("Note")).to_have_value("")


def test_without_a_net_it_says_so_and_tries_again_once(opened, cast, types):
    page = opened(cast.rep, PHONE)
    page.goto(f"{reverse('log_touch')}?customer={cast.own.pk}&type={types['voice'].pk}")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save voice call").tap()
    expect(page.get_by_text("Not saved: no connection. Kept here.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").tap()
    expect(page.get_by_text("Voice call with Own customer logged")).to_be_visible()
    assert Touch.objects.count() == 1


def test_tapped_twice_it_is_one(opened, cast, types):
    page = opened(cast.rep, PHONE)
    page.goto(f"{reverse('log_touch')}?customer={cast.own.pk}&type={types['voice'].pk}")
    page.get_by_role("button", name="Save voice call").dblclick()
    expect(page.get_by_text("Voice call with Own customer logged").first).to_be_visible()
    assert Touch.objects.count() == 1


def test_beside_a_page_with_the_keyboard_alone(opened, cast, types):
    page = opened(cast.rep, DESK)
    page.goto(reverse("customer_list"))
    page.keyboard.press("l")
    expect(page.locator("dialog#panel")).to_be_visible()
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("own")
    expect(page.get_by_role("option", name=re.compile("Own customer"))).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="Voice call").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("Whom you met")).to_be_visible()
    page.locator("input[name=minutes]").press("Enter")
    expect(page.get_by_text("Voice call with Own customer logged")).to_be_visible()
    assert page.url.endswith(reverse("customer_list"))
    assert Touch.objects.get().customer == cast.own


def test_what_is_wrong_is_said_in_the_panel(opened, cast, types):
    page = opened(cast.rep, DESK)
    page.goto(reverse("customer_list"))
    page.keyboard.press("l")
    panel = page.locator("dialog#panel")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_text("Choose the customer.")).to_be_visible()
    expect(panel.get_by_text("Choose what you did.")).to_be_visible()
    assert not Touch.objects.exists()


def test_without_javascript(opened, cast, types):
    factories.contact(cast.own, "Martin Kell")
    page = opened(cast.rep, PHONE, java_script_enabled=False)
    page.goto(reverse("log_touch"))
    page.locator("select[name=customer]").select_option(label="Own customer")
    choose(page, "Voice call")
    page.locator("input[name=minutes]").fill("15")
    page.get_by_role("button", name="Show the contacts and orders of this customer").tap()
    page.get_by_text("Whom you met").tap()
    page.get_by_text("Martin Kell").tap()
    page.get_by_role("button", name="Save voice call").tap()
    expect(page.get_by_text("Voice call with Own customer logged")).to_be_visible()
    assert [contact.name for contact in Touch.objects.get().contacts.all()] == ["Martin Kell"]


def test_internal_work_is_the_second_tab(opened, cast, types):
    factories.order(cast.own, title="Winter order")
    page = opened(cast.rep, PHONE)
    page.goto(f"{reverse('log_touch')}?customer={cast.own.pk}")
    page.get_by_role("link", name="Internal work").tap()
    page.wait_for_url(f"**{reverse('work_log')}**")
    page.locator("input[name=minutes]").fill("25")
    page.get_by_label("For the order").select_option(label="Winter order")
    page.get_by_role("button", name="Save internal work").tap()
    expect(page.get_by_text("Coordination logged")).to_be_visible()
    assert cast.own.internal_work.get().duration_seconds == 1500


def test_the_usual_minutes_follow_the_customer_until_one_gives_others(opened, cast, types):
    cast.own.tier = factories.tier("A")
    cast.own.save()
    rule = {"tier": cast.own.tier, "stage": cast.own.stage, "role": cast.rep_membership.role}
    ContactRule.objects.create(touch_type=types["voice"], duration_seconds=1200, **rule)
    page = opened(cast.rep, PHONE)
    page.goto(reverse("log_touch"))
    choose(page, "Voice call")
    minutes = page.locator("input[name=minutes]")
    expect(minutes).to_have_value("15")
    page.get_by_role("combobox").tap()
    page.get_by_role("option", name=re.compile("Own customer")).tap()
    expect(page.get_by_text("20 is usual for tier A")).to_be_visible()
    expect(minutes).to_have_value("20")
    page.get_by_role("button", name="5 minutes more").first.tap()
    choose(page, "Online meeting")
    expect(minutes).to_have_value("25")
