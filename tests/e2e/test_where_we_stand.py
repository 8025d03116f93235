"""A manager signs in to the demo and sees where they stand, who moved, their week on one sheet of paper; and without help what a
normal sale is, what moves it, what it costs, what is out of the ordinary, and who is a sole contact who should not be."""

import re

import pytest
from playwright.sync_api import expect

from planning import demo
from territory import clock

from .conftest import DESK

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(opened):
    """The front page of where we stand, after the manager signed in to the demo."""
    [manager] = [row for row in demo.load(clock.now()) if row.label == "Manager"]
    page = opened(None, DESK)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(manager.email)
    page.get_by_label("Password").fill(manager.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Where we stand").click()
    return page


def test_a_manager_sees_counts_movements_and_the_week(page):
    tiles = page.locator("#stages .tile")
    expect(tiles).to_have_count(4)
    expect(tiles.nth(1)).to_contain_text("this month")
    expect(tiles.nth(1)).to_contain_text("in 12 months")
    expect(page.locator("#card-situations")).to_contain_text("Out of the ordinary today")
    expect(page.locator("#card-time-to-business")).to_contain_text("within a year")

    page.get_by_role("link", name="Counts").click()
    expect(page.locator("figure[data-chart=chart-trend] canvas")).to_be_visible()
    trend = page.locator("figure[data-chart=chart-trend]")
    trend.get_by_role("button", name="Table").click()
    expect(trend.get_by_role("row")).to_have_count(14)
    page.get_by_role("link", name="Team", exact=True).click()
    expect(page.locator("#counts tbody tr")).not_to_have_count(1)
    moves = page.locator("figure[data-chart=chart-moves]")
    moves.get_by_role("button", name="Table").click()
    moves.get_by_role("cell").get_by_role("link").first.click()
    expect(page.locator("#results tbody tr").first).to_be_visible()

    page.get_by_role("link", name="My teams' week").first.click()
    for name in ("To decide", "Load", "Last week", "Special situations"):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    assert page.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n") == 1


def test_a_manager_reads_what_is_normal_what_moves_and_costs_a_sale_what_is_odd_and_who_is_not_sole(page):
    def card(key):
        return page.locator(f"#card-{key}")

    def follow(key, heading):
        card(key).get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)

    def back():
        page.get_by_role("link", name="Where we stand").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Where we stand")

    # What is a normal sale for us?
    expect(card("normal-sale").locator(".tile-figure")).to_have_text(re.compile(r"^\d+ days$"))
    expect(card("normal-sale")).to_contain_text(
        re.compile(r"\d+ touches, [\d.]+ h of work, an amount of £[\d,]+; \d+\s%")
    )
    follow("normal-sale", "The normal sale")
    for name in ("New business", "Repeat"):
        table = page.locator("section.normal-sale", has=page.get_by_role("heading", name=name, exact=True))
        everyone = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="All", exact=True))
        expect(everyone).to_contain_text("£")
    back()

    # Which two conditions move it most?
    named = card("what-moves-it").locator(".tile-figure").inner_text()
    conditions = re.findall(r"([^;]+?) ([+−]\d+)\s%", named)
    assert len(conditions) == 2
    follow("what-moves-it", "What moves a sale")
    for name, share in conditions:
        row = page.locator("#effects").get_by_role("row").filter(has=page.get_by_role("rowheader", name=name.strip()))
        expect(row).to_contain_text(share)
    expect(page.locator("#explained")).to_contain_text("share of all variation")
    # Customers whom several have sold to tell salespeople from their customers.
    expect(page.get_by_text("customer in common")).to_have_count(0)
    back()

    # What does a new-business sale cost us, and why?
    expect(card("cost-of-sale").locator(".tile-figure")).to_have_text(re.compile(r"^£[\d,]+$"))
    follow("cost-of-sale", "Cost of sale")
    line = page.locator("#cost").get_by_role("row").filter(has=page.get_by_role("rowheader", name="New business"))
    expect(line).to_contain_text("£")
    expect(line.get_by_role("img")).to_have_accessible_name(re.compile("time.*travel.*demo", re.IGNORECASE))
    expect(line).to_contain_text(re.compile(r"time\s\d+\s%, travel\s\d+\s%, demos\s\d+\s%"))
    why = page.locator("#why")
    # Which of the parts are the largest two differs from day to day: the demo's history ends today.
    part = r"\d+\s% (time|travel|demos|overhead|other)"
    expect(why).to_contain_text(re.compile(rf"New business: £[\d,]+ a sale, of which {part} and {part}\."))
    for name in ("Touches", "Hours of work", "Time", "Travel", "Demos", "Overhead", "Cost of a sale"):
        expect(why.get_by_role("row", name=re.compile(f"^ *{name} "))).to_have_count(1)
    back()

    # What is out of the ordinary today?
    expect(card("situations")).to_contain_text("Large pending order: ")
    follow("situations", "Special situations")
    beside = page.get_by_role("region", name="The chosen situation")
    expect(beside).to_contain_text("Sales as they are")
    expect(beside).to_contain_text("Who is in it")
    stalled = page.locator("section.card", has=page.get_by_role("heading", name=re.compile("Stalled order")))
    stalled.get_by_role("link").first.click()
    expect(beside).to_contain_text("days without a touch, normal up to")
    expect(beside).to_be_focused()
    back()

    # Is anybody sole who should not be?
    expect(card("involvement").locator(".tile-figure")).to_have_text(re.compile(r"^[1-9]\d*$"))
    follow("involvement", "Involvement")
    first = page.get_by_role("row").filter(has_text="touched this sole customer in 90 days").first
    expect(first).to_contain_text("Make it a lead and put the others on the team, or keep them away.")
    page.get_by_role("link", name="Orders", exact=True).last.click()
    seniors = page.locator("section.table-card", has=page.get_by_role("heading", name="Senior managers alone"))
    expect(seniors.get_by_role("row")).to_have_count(6)
