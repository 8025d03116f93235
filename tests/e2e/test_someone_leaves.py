"""Somebody is away and is covered, then leaves and is followed, through browser, web, database and worker."""

import datetime as dt

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import Cover
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Assignment
from planning.actions.recompute import recompute_all
from territory import clock
from tests import factories

from .conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long road to Exeter 9"


def test_someone_leaves_customers_are_handed_over_and_the_cover_sees_what_is_due_today(opened, cast, worker):
    today = clock.company_today()
    types = factories.touch_types()
    factories.contact_rule(tier=factories.tiers()["D"], role=cast.rep_membership.role)
    rebuild_lifecycle([cast.own.pk], now=clock.now())
    recompute_all(now=clock.now())
    factories.planned_touch(cast.own, cast.rep, today, type=types["field"])
    factories.absence(cast.rep, today, today + dt.timedelta(days=4))

    manager = opened(cast.manager, DESK)
    manager.goto(reverse("cover_create", args=[cast.rep.pk]))
    manager.get_by_label("Who covers").select_option(str(cast.mate_membership.pk))
    manager.get_by_role("button", name="Save").click()
    expect(manager.get_by_text("Mate stands in for Rep")).to_be_visible()
    assert Cover.objects.get().covers_all

    cover = opened(cast.mate, PHONE)
    cover.goto(reverse("today"))
    expect(cover.locator("#to-do .action", has_text="for Rep").first).to_be_visible()
    expect(cover.locator("#to-do .action", has_text="Own customer")).to_have_count(2)

    manager = opened(cast.manager, DESK)
    manager.goto(reverse("person_hand_over", args=[cast.rep.pk]))
    manager.locator("select[name=to]").select_option(str(cast.mate_membership.pk))
    manager.get_by_role("button", name="Preview").click()
    expect(manager.get_by_text("1 planned touch,")).to_be_visible()
    manager.get_by_role("button", name="Hand over to Mate").click()
    expect(manager.get_by_text("1 customer handed over to Mate")).to_be_visible()
    owner = Assignment.objects.on(today).owners().get(customer=cast.own)
    assert owner.membership == cast.mate_membership
    recompute_all(now=clock.now())

    cover = opened(cast.mate, PHONE)
    cover.goto(reverse("today"))
    expect(cover.locator("#to-do .action", has_text="Own customer").first).to_be_visible()
    expect(cover.get_by_text("for Rep")).to_have_count(0)


def test_an_administrator_deactivates_and_what_is_left_elsewhere_goes_to_its_owner(opened, cast):
    today = clock.company_today()
    cast.admin.set_password(PASSWORD)
    cast.admin.save()
    elsewhere = factories.planned_touch(cast.team_mates, cast.rep, today)

    page = opened(cast.admin, DESK)
    page.goto(reverse("person_detail", args=[cast.rep.pk]))
    page.get_by_role("link", name="Deactivate").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    expect(page.get_by_role("heading", name="Deactivate Rep?")).to_be_visible()
    expect(page.get_by_text("1 customer would have nobody")).to_be_visible()
    page.get_by_label("Hand over to").select_option(str(cast.mate_membership.pk))
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="On other customers")).to_be_visible()
    expect(page.get_by_text("to Mate").first).to_be_visible()
    page.get_by_role("button", name="Hand over to Mate and deactivate").click()
    expect(page.get_by_text("Rep deactivated", exact=True)).to_be_visible()
    expect(page.get_by_text("1 customer handed over to Mate")).to_be_visible()
    elsewhere.refresh_from_db()
    cast.rep.refresh_from_db()
    assert (cast.rep.is_active, elsewhere.assignee) == (False, cast.mate)
    assert Assignment.objects.on(today).owners().get(customer=cast.own).membership == cast.mate_membership
