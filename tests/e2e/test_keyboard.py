"""Whole journeys by keyboard alone: no mouse, no finger, the focus seen at every stop and never lost."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import Role
from customers.imports import jobs
from customers.models import Assignment, Customer, Expense, Import, Order, OrderStep, PlannedTouch, Touch
from planning.actions.effects import run_effect
from planning.engine.calendar import monday
from planning.models import BudgetShare, RuleDraft
from territory import clock
from tests import factories

from .conftest import DESK
from .keyboard import Keyboard, back_at, offered, said

pytestmark = [pytest.mark.browser, pytest.mark.walk, pytest.mark.django_db(transaction=True)]


def test_a_salesperson(opened, cast):
    types = factories.touch_types()
    for n, name in enumerate(("Enquiry", "Quotation")):
        OrderStep.objects.create(name=name, probability="0.2", position=n)
    planned = factories.planned_touch(cast.own, cast.rep, type=types["voice"], duration_seconds=900)
    page = opened(cast.rep, DESK)
    keys = Keyboard(page)

    page.goto(reverse("today"))
    keys.to_content().to("Log", tag="a").press("Enter")
    panel = page.locator("dialog#panel")
    expect(panel).to_be_visible()
    keys.press("Escape")
    expect(panel).to_be_hidden()
    back_at(page, "Log")
    keys.press("Enter")
    expect(panel).to_be_visible()
    keys.to("Save voice call").press("Enter")
    said(page, "Voice call with Own customer logged")
    keys.to("Undo").press("Enter")
    said(page, "Voice call with Own customer taken back")
    planned.refresh_from_db()
    assert (Touch.objects.live().count(), planned.closed_at) == (0, None)

    # A menu gives the focus back to its button.
    keys.to_content().to("More").press("Enter").to("Put off").press("Enter")
    expect(panel).to_be_visible()
    keys.press("Escape")
    expect(panel).to_be_hidden()
    back_at(page, "More")
    keys.press("Enter").to("Put off").press("Enter")
    expect(panel).to_be_visible()
    keys.to("", field="reason").type("On holiday").to("Put off", tag="button").press("Enter")
    said(page, "put off")
    assert PlannedTouch.objects.get(closed_at=None).due_on > planned.due_on

    # Search, a customer, a plan for it.
    keys.press("/").type("own").enter("**/search/?q=own").to("Own customer")
    keys.enter(f"**{reverse('customer_detail', args=[cast.own.pk])}")
    keys.to_content().to("Plan").press("Enter")
    expect(panel).to_be_visible()
    keys.to("", field="touch_type").type("Field").to("", field="reason").type("Spring range").to("Save").press("Enter")
    said(page, "planned")
    assert PlannedTouch.objects.get(type=types["field"]).reason == "Spring range"

    # An order, moved along the board by Shift and an arrow.
    with page.expect_navigation(url=f"**{reverse('order_list')}"):
        keys.press("g", "o")
    keys.to_content().to("Add order").enter(f"**{reverse('order_create')}")
    keys.to(re.compile("Customer"), tag="input").type("own")
    offered(page, "Own customer")
    keys.press("Enter").to("", field="title").type("Tray sealer").to("", field="amount").type("4200").to("Save").press(
        "Enter"
    )
    said(page, "Tray sealer")
    page.goto(f"{reverse('order_board')}?by=step")
    keys.to_content().to("Move Tray sealer, Own customer").press("Shift+ArrowLeft")
    said(page, "Tray sealer:")
    back_at(page, re.compile("^Move Tray sealer"))
    assert Order.objects.get().step.name == "Quotation"

    # One outreach to a list.
    page.goto(reverse("customer_list"))
    keys.to_content().to(re.compile("Log an outreach")).enter("**/touches/outreach/**")
    keys.to("", field="type").type("Marketing").to("", field="minutes").type("30").to(
        re.compile("Log for 1 customer")
    ).press("Enter")
    said(page, "Marketing outreach")
    assert Touch.objects.live().get().type == types["marketing"]


def test_a_manager(opened, cast):
    today = clock.company_today()
    situation = factories.situation(factories.order(cast.own, 290_000, salesperson=cast.rep), team=cast.exeter)
    BudgetShare.objects.create(
        customer=cast.own, role=cast.rep_membership.role, team=cast.exeter, share=1, touch_minutes=100
    )
    page = opened(cast.manager, DESK)
    keys = Keyboard(page)
    panel = page.locator("dialog#panel")

    # A person's week opens beside the map, and gives the focus back to its cell.
    page.goto(reverse("workload"))
    keys.to_content().to(re.compile(r"^Rep, week")).press("Enter")
    expect(panel.get_by_text("Capacity").first).to_be_visible()
    for _turn in range(8):
        assert keys.stop() is None or page.evaluate("document.activeElement.closest('dialog#panel') !== null")
    keys.press("Escape")
    expect(panel).to_be_hidden()
    back_at(page, re.compile("^Rep, week"))

    # What is special is acknowledged; what is missing is said where the focus then is.
    page.goto(reverse("situation_detail", args=[situation.pk]))
    keys.to_content().to("Acknowledge", tag="button").press("Enter")
    wrong = page.locator(".is-invalid")
    expect(wrong).to_be_focused()
    keys.type("I join the line trial.").to("Acknowledge", tag="button").press("Enter")
    expect(page.get_by_role("button", name="Change the note")).to_be_visible()

    # Somebody is away, another stands in.
    page.goto(reverse("absence_calendar"))
    keys.to_content().to("Add absence of Rep").press("Enter")
    expect(panel).to_be_visible()
    keys.to("Save", tag="button").press("Enter")
    expect(panel.locator(".is-invalid").first).to_be_focused()
    for field in ("starts_on", "ends_on"):
        keys.to("", field=field, back=field == "starts_on") if keys.focused()["field"] != field else None
        keys.date(today)
    keys.to("Save", tag="button").press("Enter")
    expect(panel).to_be_hidden()
    assert cast.rep.absences.get().starts_on == today
    keys.to_content().to("Add cover").press("Enter")
    expect(panel).to_be_visible()
    keys.to("", field="membership").type("Mate").to("Save", tag="button").press("Enter")
    said(page, "Mate stands in for Rep")

    # Customers go to another.
    page.goto(reverse("person_detail", args=[cast.rep.pk]))
    keys.to_content().to("Hand over customers").enter("**/hand-over/")
    keys.to("", field="to").type("Mate").to("Preview").press("Enter")
    expect(page.get_by_role("button", name="Hand over to Mate")).to_be_visible()
    keys.to("Hand over to Mate").press("Enter")
    said(page, "1 customer handed over to Mate")
    assert Assignment.objects.on(today).owners().get(customer=cast.own).membership == cast.mate_membership


def test_an_administrator(opened, cast, tmp_path):
    rule = factories.contact_rule(tier=factories.tiers()["D"], role=cast.rep_membership.role)
    page = opened(cast.admin, DESK)
    keys = Keyboard(page)

    # A rule is changed, its effect seen, and saved.
    page.goto(reverse("rule_list", args=["contact-rules"]))
    keys.to_content().to("Salesperson").enter("**/rules/contact-rules/*/")
    keys.to("", field="count").press("Control+a").type("20").to("See the effect").enter("**/rules/drafts/**")
    draft = RuleDraft.objects.get()
    run_effect(draft.pk, draft.asked, now=clock.now())
    keys.to("", field="reason").type("Two were lost unseen")
    expect(page.locator("#effect")).to_contain_text("Loads", ignore_case=True)
    assert keys.focused()["field"] == "reason"
    keys.to("Save", tag="button").enter("**/rules/contact-rules/")
    rule.refresh_from_db()
    assert rule.count == 20

    # Somebody is added and invited.
    page.goto(reverse("person_create"))
    keys.to("", field="password").type("correct horse 1").enter(f"**{reverse('person_create')}")
    keys.to_content().to("", field="name").type("Nell Ashcombe").to("", field="email").type("nell@example.com")
    keys.to("Save", tag="button").press("Enter")
    said(page, "Nell Ashcombe added")
    page.goto(f"{reverse('people_list')}?state=no_sign_in")
    keys.to_content().to(re.compile("Nell"), tag="input").press("Space").to("Invite chosen").enter("**/invite/**")
    keys.to_content().to("Invite", tag="button").press("Enter")
    said(page, "1 ")

    # What a role may do.
    page.goto(reverse("role_access", args=[cast.technician_membership.role_id]))
    keys.to_content().to("", field="orders_see").type("none").to("See what changes").press("Enter")
    keys.to("Save", tag="button").press("Enter")
    said(page, "Access of Technical support saved")
    assert "orders" not in Role.objects.get(pk=cast.technician_membership.role_id).access

    # A file is imported (which one, the system's own window asks).
    page.goto(reverse("import_create"))
    old = tmp_path / "old.csv"
    old.write_text("Firm,Sales team,Customer since\nMill,Exeter,2021-04-03\n")
    keys.to_content().to("", field="kind").type("Customers").to("", field="file")
    page.locator("input[type=file]").set_input_files(old)
    keys.to("Upload").enter("**/mapping/**")
    keys.to_content().to("Name: column").type("Firm").to("Check the file").enter("**/imports/*/**")
    keys.to_content().to("Store it").press("Enter")
    expect(page.get_by_text("Being stored.")).to_be_visible()
    run = Import.objects.get()
    jobs.go_on(run.pk)
    expect(page.get_by_text("Stored. This is the report.")).to_be_visible()
    assert Customer.objects.filter(name="Mill").exists()

    # Who changed what.
    page.goto(reverse("audit_list"))
    keys.to_content().to("Filter").press("Enter").to("", field="kind").type("Contact rule").to("Show").press("Enter")
    expect(page.get_by_role("link", name="Filtered")).to_be_visible()


def test_signing_in(opened, cast):
    page = opened(None, DESK)
    keys = Keyboard(page)
    page.goto(reverse("account_login"))
    keys.to("", field="login").type(cast.rep.email).to("", field="password").type("a wrong one 1").press("Enter")
    expect(page.get_by_text("E-mail or password is not right.")).to_be_visible()
    page.wait_for_load_state()
    keys.to("", field="password").type("correct horse 1").enter(f"**{reverse('today')}")
    keys.to_content().to("See customers")


def test_an_expense(opened, cast):
    page = opened(cast.rep, DESK)
    keys = Keyboard(page)
    page.goto(reverse("expense_list"))
    keys.to_content().to("Note an expense").enter(f"**{reverse('expense_create')}")
    keys.to_content().to("", field="amount").type("12.50").to("", field="kind").press("ArrowDown", "ArrowDown")
    keys.to(re.compile("Customer"), tag="input").type("own")
    offered(page, "Own customer")
    keys.press("Enter").to("", field="note").type("Trays to try").to("Submit").press("Enter")
    said(page, "£12.50 for Own customer submitted")
    row = Expense.objects.get()
    assert (row.status, row.kind, row.note) == ("submitted", "sample", "Trays to try")


def test_an_order_is_won(opened, cast):
    order = factories.order(cast.own, 4_200, salesperson=cast.rep)
    page = opened(cast.rep, DESK)
    keys = Keyboard(page)
    page.goto(reverse("order_detail", args=[order.pk]))
    keys.to_content().to("Won", tag="a").enter(f"**{reverse('order_win', args=[order.pk])}")
    keys.to("", field="amount").press("Control+a").press("Delete").to("Set won").press("Enter")
    expect(page.locator(".is-invalid")).to_be_visible()
    page.wait_for_load_state()
    keys.to("", field="amount").type("4500").to("Set won").enter(f"**{reverse('order_detail', args=[order.pk])}")
    said(page, "Saved")
    order.refresh_from_db()
    assert (order.status, order.amount) == ("won", 4_500)


def test_my_week(opened, cast):
    cast.rep.base_latitude, cast.rep.base_longitude = 50.7184, -3.5339
    cast.rep.save()
    cast.own.latitude, cast.own.longitude = 50.799, -3.189
    cast.own.save()
    week = monday(clock.company_today()) + dt.timedelta(days=7)
    thursday = week + dt.timedelta(days=3)
    plan = factories.visit_plan(cast.rep, week, (cast.own, week))
    page = opened(cast.rep, DESK)
    keys = Keyboard(page)

    # A visit is moved by its form, kept there, and planned with the week.
    page.goto(f"{reverse('my_week')}?week={week}")
    keys.to_content().to("More for Own customer").press("Enter").to("Move or leave out").press("Enter")
    panel = page.locator("dialog#panel")
    expect(panel).to_be_visible()
    keys.to("", field="day").press("ArrowDown", "ArrowDown", "ArrowDown")
    keys.to("Move", tag="button").press("Enter")
    said(page, "Own customer: ")
    keys.to_content().to("More for Own customer").press("Enter").to("Lock day and time").press("Enter")
    said(page, "Own customer stays at its time")
    stop = plan.stops.get()
    assert (stop.day, stop.is_locked) == (thursday, True)
    keys.to_content().to(re.compile("^Accept")).press("Enter")
    said(page, "1 visit planned")
    assert PlannedTouch.objects.open().get().due_on == thursday


def test_a_rebalancing(opened, cast):
    factories.rebalancing(cast.own, cast.rep_membership, cast.mate_membership)
    page = opened(cast.manager, DESK)
    keys = Keyboard(page)
    page.goto(reverse("rebalancing_list"))
    keys.to_content().to("Own customer").to("Hand over", tag="button").press("Enter")
    said(page, "1 handed over")
    today = clock.company_today()
    assert Assignment.objects.on(today).owners().get(customer=cast.own).membership == cast.mate_membership


def test_what_if(opened, cast):
    types = factories.touch_types()
    rule = factories.contact_rule(factories.tiers()["B"], cast.rep_membership.role, types["voice"], count=2, minutes=15)
    page = opened(cast.admin, DESK)
    keys = Keyboard(page)

    # What cannot be is marked, and a link leads to it.
    page.goto(reverse("what_if"))
    count = f"r{rule.pk}-count"
    keys.to_content().to("", field=count).press("Control+a").type("-1").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Something typed cannot be")
    page.wait_for_load_state()
    keys.to_content().to("Go to what is wrong").press("Enter")
    assert keys.focused()["field"] == count
    keys.press("Control+a").type("4").to("See what it takes and brings").enter(f"**{reverse('what_if')}?**")
    keys.to_content().to("Keep as drafts of rules").enter(f"**{reverse('rules_home')}")
    said(page, "1 ")
    assert RuleDraft.objects.get().changes == [["Touches", "2", "4"]]
