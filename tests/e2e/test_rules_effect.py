"""An administrator changes a contact rule, sees what it would do, saves it, and loads change: browser, worker and all."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer, Potential
from planning.actions.recompute import recompute_all
from planning.models import Budget, ContactRule, RuleDraft
from territory import clock
from territory.embedded.children import wait_until
from tests import factories

from .conftest import DESK, PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rule(cast):
    """The rep calls an A prospect once a week, for 15 minutes."""
    factories.tiers()
    row = factories.customer("Brackwell Dairy", owner=cast.rep_membership, since=dt.date(2025, 1, 6))
    Potential.objects.create(customer=row, amount=Decimal(60_000))
    found = factories.contact_rule(role=cast.rep_membership.role)
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=clock.now())
    recompute_all(now=clock.now())
    return found


def load_of_rep(page):
    """The rep's row of the heat map."""
    page.goto(reverse("workload"))
    row = page.locator("table.heat tr", has=page.get_by_role("rowheader", name=re.compile(r"\bRep$")))
    return row.locator("td").last.inner_text()


def test_an_administrator_changes_a_contact_rule_sees_the_effect_and_saves(opened, cast, rule, worker):
    page = opened(cast.admin, DESK)
    before = load_of_rep(page)
    page.goto(reverse("rule_list", args=["contact-rules"]))
    page.get_by_role("link", name="Salesperson").first.click()
    page.get_by_label("Touches").fill("20")
    page.get_by_label("Minutes each").fill("60")
    page.get_by_role("button", name="See the effect").click()
    page.wait_for_url("**/rules/drafts/**")
    effect = page.locator("#effect")
    expect(effect).to_contain_text("1 of 4", timeout=PATIENCE * 1000)
    expect(effect.get_by_role("row", name=re.compile("Rep"))).to_contain_text("→")
    expect(page.get_by_label("Save without having seen the effect")).to_have_count(0)
    assert ContactRule.objects.get().count == 1
    assert load_of_rep(opened(cast.admin, DESK)) == before

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Say why, the history shows it.")).to_be_visible()
    page.get_by_label("Reason").fill("Two of five were lost unseen")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**{reverse('rule_list', args=['contact-rules'])}")
    assert (ContactRule.objects.get().count, RuleDraft.objects.get().state) == (20, "saved")
    # 20 a week of an hour each, 4.348 weeks a month; the worker hears of it by itself.
    follows = Budget.objects.filter(role=rule.role, touch_minutes__gt=5000)
    assert wait_until(follows.exists, PATIENCE), worker.last_lines()
    assert load_of_rep(page) != before
