"""A rep's week on a phone, with no other host answering: planned by the worker, moved, accepted, found in Today and in the feed."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import PlannedTouch
from planning.engine.calendar import monday
from planning.models import VisitPlan
from territory import clock
from territory.company.models import Company
from territory.embedded.children import wait_until
from tests import factories

from .conftest import DESK, PATIENCE, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOWNS = {
    "Honiton": (50.799, -3.189),
    "Sidmouth": (50.679, -3.239),
    "Exmouth": (50.62, -3.414),
    "Tiverton": (50.903, -3.488),
}


@pytest.fixture
def week(cast):
    """Next week of the rep, who lives in Exeter: four visits due. Every day is worked, whatever day it is."""
    Company.objects.update(working_days=[1, 2, 3, 4, 5, 6, 7])
    cast.rep.base_latitude, cast.rep.base_longitude = 50.7184, -3.5339
    cast.rep.save()
    visit = factories.touch_type("Field sales call", "field", default_seconds=3600, travels=True, icon="geo-alt")
    for number, (name, (latitude, longitude)) in enumerate(TOWNS.items()):
        row = factories.customer(name, owner=cast.rep_membership, town=name, latitude=latitude, longitude=longitude)
        rule = factories.contact_rule(touch_type=visit, tier=factories.tier(f"T{number}", number + 1, number + 9))
        factories.due_touch(row, cast.rep, clock.company_today(), rule, value=90 + number, minutes=60)
    return monday(clock.company_today()) + dt.timedelta(days=7)


def only_here(page, live_server):
    """Lets nothing out to any other host; what was asked for stands in the list."""
    asked = []

    def answer(route):
        if route.request.url.startswith((live_server.url, "data:", "blob:")):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    page.route("**/*", answer)
    return asked


def test_a_rep_plans_moves_and_accepts_on_a_phone(opened, cast, week, worker, live_server):
    page = opened(cast.rep, PHONE)
    elsewhere = only_here(page, live_server)
    page.goto(f"{reverse('my_week')}?week={week.isoformat()}")
    assert wait_until(VisitPlan.objects.filter(answered__gt=0).exists, PATIENCE), worker.last_lines()
    expect(page.locator(".stops .stop").first).to_be_visible()
    expect(page.locator("[data-map] .map-place")).to_be_visible()

    name = page.locator(".stops .stop .row-name").first.inner_text()
    stop = page.locator(".stops .stop", has_text=name)
    stop.locator("summary").tap()
    stop.get_by_role("link", name="Move or leave out").tap()
    friday = week + dt.timedelta(days=4)
    offered = page.get_by_label("Where in the day").locator("option:not([hidden])")
    page.locator('input[name="day"][value="out"]').check()
    expect(offered).to_have_count(1)
    page.locator(f'input[name="day"][value="{friday.isoformat()}"]').check()
    page.get_by_role("button", name="Move").tap()
    expect(page.get_by_text(re.compile(rf"{name}: .*driving"))).to_be_visible()
    expect(page.locator(".stops .stop", has_text=name)).to_be_visible()

    # What was done is said above the bar with which the day is accepted.
    toast, bar = (page.locator(what).bounding_box() for what in (".note-toast:not([hidden])", ".week-foot"))
    assert toast["y"] + toast["height"] <= bar["y"]
    expect(page.get_by_role("button", name="Accept the whole week")).to_be_visible()

    page.get_by_role("button", name=re.compile("^Accept Friday")).tap()
    expect(page.get_by_text(re.compile(r"visits? planned"))).to_be_visible()
    planned = PlannedTouch.objects.open().filter(assignee=cast.rep)
    assert {row.due_on for row in planned} == {friday}
    assert name in {row.customer.name for row in planned.select_related("customer")}

    page.goto(reverse("my_week_feed"))
    page.get_by_role("button", name="Make an address").tap()
    address = page.get_by_label("Your private address").last.input_value()
    feed = Client().get(address[address.index("/calendar/") :]).content.decode()
    assert f"SUMMARY:{name}" in feed
    assert not elsewhere

    # On its day it stands in Today.
    row = planned.get(customer__name=name)
    row.due_on = clock.company_today()
    row.save()
    page.goto(reverse("today"))
    expect(page.locator("#visits")).to_contain_text(name)
    assert not elsewhere


def test_a_visit_is_dragged_onto_another_day_at_a_desk(opened, cast, week, worker, live_server):
    page = opened(cast.rep, DESK)
    elsewhere = only_here(page, live_server)
    page.goto(f"{reverse('my_week')}?week={week.isoformat()}")
    assert wait_until(VisitPlan.objects.filter(answered__gt=0).exists, PATIENCE), worker.last_lines()
    block = page.locator(".cal-visit").first
    expect(block).to_be_visible()
    page.wait_for_load_state("networkidle")  # its scripts are there then
    name = block.locator("b").inner_text()
    thursday = (week + dt.timedelta(days=3)).isoformat()
    block.drag_to(page.locator(f'.cal-head[data-drop="{thursday}"]'))
    expect(page.get_by_text(re.compile(rf"{name}: "))).to_be_visible()
    expect(page.locator(f'.cal-day[data-day="{thursday}"] .cal-visit', has_text=name)).to_be_visible()
    assert not elsewhere
