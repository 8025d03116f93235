"""A manager has calls planned, an administrator keeps the plan as a draft and looks at its effect: browser, worker and all."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer
from planning.actions.call_plans import judge, run_waiting_plans
from planning.actions.recompute import recompute_all
from planning.models import ContactRule, ResponseJudgement, RuleDraft
from territory import clock
from tests import factories

from .conftest import DESK, PATIENCE
from .keyboard import Keyboard, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rules(cast):
    """Two customers, one of which brings much more than the other, are visited as often."""
    tiers, types = factories.tiers(), factories.touch_types()
    for name, business in (("A", 100_000), ("C", 6_000)):
        factories.contact_rule(
            tier=tiers[name], touch_type=types["field"], count=1, period="month", minutes=60, stage="customer"
        )
        row = factories.customer(f"Brackwell {name}", owner=cast.rep_membership, since=dt.date(2025, 1, 6))
        closed = clock.now() - dt.timedelta(days=30)
        factories.order(row, status="won", amount=business, opened_at=closed, closed_at=closed)
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=clock.now())
    answers = {
        name: Decimal(text) for name, text in (("none", "0.5"), ("half", "0.8"), ("more", "1.1"), ("most", "1.3"))
    }
    today = clock.company_today()
    judge(tier=tiers["A"], answers=answers, starts_on=today, reason="Asked", actor=cast.admin, now=clock.now())
    recompute_all(now=clock.now())


def test_a_plan_is_computed_and_kept_as_a_draft_whose_effect_is_shown(opened, cast, rules, worker):
    before = list(ContactRule.objects.order_by("pk").values())
    page = opened(cast.manager, DESK)
    page.goto(reverse("what_if"))
    page.get_by_role("link", name="Call plan").click()
    expect(page.get_by_text("No plan yet.")).to_be_visible()
    page.get_by_label("Hours a year").fill("24")
    page.get_by_role("button", name="Compute").click()
    plan = page.locator("#call-plan")
    expect(plan.get_by_role("row", name="Field sales call").first).to_contain_text("→", timeout=PATIENCE * 1000)
    expect(page.get_by_role("heading", name="A year")).to_be_visible()
    expect(plan.get_by_role("button", name="Keep as drafts of rules")).to_have_count(0)

    admins = opened(cast.admin, DESK)
    admins.goto(page.url)
    boxes = admins.get_by_role("checkbox")
    expect(boxes).to_have_count(2)
    boxes.last.uncheck()
    admins.get_by_role("button", name="Keep as drafts of rules").click()
    admins.wait_for_url("**/rules/drafts/**")
    expect(admins.locator("#effect")).to_contain_text("of 5", timeout=PATIENCE * 1000)
    assert list(ContactRule.objects.order_by("pk").values()) == before


def test_by_keyboard_alone(opened, cast, rules):
    page = opened(cast.admin, DESK)
    keys = Keyboard(page)

    # What calls do is judged.
    page.goto(reverse("call_judgements"))
    keys.to_content().to("Judge C").enter("**/judgements/set/?**")
    keys.to_content()
    for field, text in (("none", "20"), ("half", "70"), ("more", "120"), ("most", "140")):
        keys.to("", field=field).press("Control+a").type(text)
    keys.to("", field="reason").type("Asked three of them").to("Save", tag="button").press("Enter")
    said(page, "Judged.")
    assert ResponseJudgement.objects.latest("pk").reason == "Asked three of them"

    # Calls are planned, and what they ask of rules is kept as drafts.
    page.goto(f"{reverse('call_plan')}?team={cast.exeter.pk}")
    keys.to_content().to("", field="hours").press("Control+a").type("24").to("Compute").press("Enter")
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    run_waiting_plans(now=clock.now(), until=clock.now() + dt.timedelta(hours=1))
    expect(page.get_by_role("button", name="Keep as drafts of rules")).to_be_visible(timeout=PATIENCE * 1000)
    keys.to_content().to("", field="rule").press("Space").to("Keep as drafts of rules").enter("**/rules/drafts/**")
    assert RuleDraft.objects.count() == 1
