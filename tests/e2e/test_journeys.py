"""The two journeys that the product is for, through everything that is real: browser, web, database, Redis, worker."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer, Potential, Touch
from planning import tasks
from planning.actions.recompute import recompute_all
from planning.models import CustomerFigures, Situation
from territory import clock
from territory.embedded.children import wait_until
from tests import factories

from .conftest import DESK, PATIENCE, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def prospect(cast):
    """An A prospect whom the rep should call weekly for 15 minutes, and called a fortnight ago."""
    factories.tiers()
    types = factories.touch_types()
    row = factories.customer("Brackwell Dairy", owner=cast.rep_membership, since=dt.date(2025, 1, 6))
    Potential.objects.create(customer=row, amount=Decimal(60_000))
    factories.touch(row, cast.rep, clock.now() - dt.timedelta(days=14), type=types["voice"])
    factories.contact_rule(role=cast.rep_membership.role)
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=clock.now())
    recompute_all(now=clock.now())
    return row


def figures_shown(page):
    """Actual of budget on the customer's page, in minutes a month."""
    return page.locator("#budgets summary").first.inner_text().replace("\n", " ")


def test_a_rep_logs_a_touch_on_a_phone_and_actual_and_next_due_change(opened, cast, prospect, worker):
    page = opened(cast.rep, PHONE)
    customer_page = reverse("customer_detail", args=[prospect.pk])
    page.goto(customer_page)
    assert "5.1 of 65.2" in figures_shown(page)
    next_due = page.locator("section.card", has=page.get_by_role("heading", name="Next due touches"))
    expect(next_due.locator(".late")).to_contain_text(re.compile(r"[5-7] days ago"))
    next_due.get_by_role("link", name="Log").tap()
    page.get_by_role("button", name="Save voice call").tap()
    expect(page.get_by_text("Voice call with Brackwell Dairy logged")).to_be_visible()
    touch = Touch.objects.latest("at")
    figures = CustomerFigures.objects.filter(customer=prospect, computed_at__gte=touch.logged_at)
    assert wait_until(figures.exists, PATIENCE), worker.last_lines()
    page.goto(customer_page)
    # 30 minutes x 30.4375 / 90 days
    assert "10.1 of 65.2" in figures_shown(page)
    # In a week; what falls on a weekend is due on Monday.
    expect(next_due).to_contain_text(re.compile(r"in [7-9] days"))
    expect(next_due.locator(".late")).to_have_count(0)


def test_a_manager_opens_a_cell_of_the_heat_map_and_acknowledges_the_large_order(opened, cast, prospect, worker):
    now = clock.now()
    for amount, days in [(1_000, 400), (1_000_000, 200)]:
        factories.order(cast.own, amount, "won", now - dt.timedelta(days=days), salesperson=cast.rep)
    factories.order(cast.own, 290_000, salesperson=cast.rep)
    tasks.find_situations.delay()
    found = Situation.objects.filter(team=cast.exeter)
    assert wait_until(found.exists, PATIENCE), worker.last_lines()

    page = opened(cast.manager, DESK)
    page.goto(reverse("home"))
    page.wait_for_url(f"**{reverse('workload')}")
    row = page.locator("table.heat tr", has=page.get_by_role("rowheader", name=re.compile(r"\bRep$")))
    row.locator("td a").first.click()
    panel = page.locator("dialog#panel")
    expect(panel).to_be_visible()
    expect(panel.get_by_role("heading", name=re.compile("Rep"))).to_be_visible()
    expect(panel.get_by_text("Capacity").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    page.get_by_role("link", name=re.compile("large pending order")).first.click()
    page.wait_for_url(f"**{reverse('situation_list')}**")
    # The team above has one of its own.
    page.get_by_role("listitem").filter(has_text="of the year of Exeter").get_by_role("link").click()
    expect(page.locator("#beside").get_by_text("Sales of Exeter in the last 365 days")).to_be_visible()
    page.get_by_label("What happens next").fill("I join the line trial in July.")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("button", name="Change the note")).to_be_visible()
    situation = found.get()
    assert (situation.acknowledged_by, situation.note) == (cast.manager, "I join the line trial in July.")


def test_who_acknowledges_beside_the_list_stays_in_it(opened, cast):
    for number in range(30):
        row = factories.customer(f"Mill {number:02}", owner=cast.rep_membership)
        factories.situation_of("decider_left", cast.exeter, customer=row, owner=cast.manager, weight=-number)
    page = opened(cast.manager, DESK)
    here = f"{reverse('situation_list')}?view=mine&kind=decider_left"
    page.goto(here)
    line = page.locator("#results").get_by_role("link", name="Mill 20")
    line.click()
    beside = page.locator("#beside")
    expect(beside.get_by_role("heading", name="Mill 20")).to_be_visible()
    place = page.evaluate("window.scrollY")
    assert place > 0
    beside.get_by_role("button", name="Acknowledge").click()
    expect(beside.locator(".is-invalid").first).to_be_focused()
    beside.get_by_label("What happens next").fill("I call them.")
    beside.get_by_role("button", name="Acknowledge").click()
    # It is no longer one's turn: gone from this list, open beside it as it is now.
    expect(line).to_have_count(0)
    expect(beside.get_by_role("button", name="Change the note")).to_be_visible()
    expect(beside.get_by_text("Here is what you had typed before.")).to_have_count(0)
    expect(page.locator("#toasts").get_by_text("Acknowledged.")).to_be_visible()
    expect(page.locator("#counts [aria-current=page] .count")).to_have_text("29")
    expect(page.locator("#pages").get_by_role("link", name="Special situations")).to_contain_text("29")
    assert page.url.endswith(here)
    assert page.evaluate("window.scrollY") == place
    page.locator("#results").get_by_role("link", name="Mill 21").click()
    expect(beside.get_by_role("heading", name="Mill 21")).to_be_visible()
    beside.get_by_label("What happens next").fill("I call these, too.")
    beside.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#counts [aria-current=page] .count")).to_have_text("28")


def test_keys_lead_everywhere_but_not_while_typing(opened, cast, prospect):
    page = opened(cast.rep, DESK)
    page.goto(reverse("customer_list"))
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url(f"**{reverse('today')}")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox").first
    expect(search).to_be_focused()
    page.keyboard.type("gl?")
    expect(search).to_have_value("gl?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    search.fill("brackwell")
    search.press("Enter")
    page.wait_for_url("**/search/?q=brackwell")
    expect(page.get_by_role("link", name="Brackwell Dairy").first).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("?")
    help_ = page.locator("dialog#keys")
    expect(help_).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    page.keyboard.press("l")
    expect(page.locator("dialog#panel")).to_be_visible()
