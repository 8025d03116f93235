"""What a change of rules would do: the figures shown before it is saved are those stored after, for each kind of rule."""

import datetime as dt

import pytest
from django.db import connection
from django.db.models import F, Sum
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from customers.actions.lifecycle import refresh_due_lifecycles
from customers.models import Assignment, Customer, Tier, TouchType
from planning.actions.drafts import draft_act, draft_change, save_draft
from planning.actions.effects import as_stored, cells_of, effect_of
from planning.actions.recompute import recompute_all
from planning.draft_kinds import DRAFT_KINDS, changed_book
from planning.loaders.rulebook import load_rulebook
from planning.loaders.sides import Side
from planning.models import (
    Budget,
    BudgetShare,
    ContactLoad,
    ContactRule,
    CustomerFigures,
    DraftAct,
    DueTouch,
    OrderRule,
    PlanningSettings,
    RuleDraft,
    RulesVersion,
    TeamLoad,
    TeamSellingLoad,
)
from planning.queries import today as todays
from planning.queries.workload import board
from territory.company.models import Company, Holiday
from tests import factories
from tests.planning.drafting import typed
from tests.planning.test_against_pandas import NOW, book

__all__ = ["book"]


@pytest.fixture
def administrator(book):
    PlanningSettings.objects.get_or_create(pk=1)
    person = factories.membership(factories.person("Administrator"), factories.team(), "Administrator").user
    for number, row in enumerate(Assignment.objects.order_by("pk")[:6]):
        day = NOW.date() - dt.timedelta(days=3 - number)
        factories.planned_touch(row.customer, row.membership.user, due_on=day)
    recompute_all(now=NOW)
    return person


def change(key, row, administrator, **values):
    form = typed(key, row, **values)
    assert form.is_valid(), form.errors
    version = getattr(row, "version", None) if row else None
    return draft_change(kind=DRAFT_KINDS[key], form=form, version=version, actor=administrator, now=NOW)


def act(key, what, row, administrator):
    return draft_act(kind=DRAFT_KINDS[key], act=what, row=row, actor=administrator, now=NOW)


def first_rule():
    """A rule that customers have now."""
    due = DueTouch.objects.order_by("pk").first()
    return ContactRule.objects.get(pk=due.rule_id)


def retired_type():
    row = first_rule().touch_type
    TouchType.objects.filter(pk=row.pk).update(retired_at=NOW)
    row.refresh_from_db()
    recompute_all(now=NOW)
    return row


def retired_tier():
    row = Customer.objects.filter(tier__isnull=False).first().tier
    Tier.objects.filter(pk=row.pk).update(retired_at=NOW)
    Customer.objects.update(next_change_at=NOW)
    refresh_due_lifecycles(now=NOW)
    recompute_all(now=NOW)
    row.refresh_from_db()
    return row


def free_place():
    """A tier, stage, role and type that no contact rule names, of customers there are."""
    here = Customer.objects.filter(tier__isnull=False, stage="customer").first()
    role = factories.role("Technical support")
    return {"tier": here.tier_id, "stage": "customer", "role": role.pk, "touch_type": TouchType.objects.first().pk}


CHANGES = {
    "contact rule more often": lambda who: change("contact-rules", first_rule(), who, count=9, period="month"),
    "contact rule longer": lambda who: change("contact-rules", first_rule(), who, duration_seconds="55.5"),
    "contact rule added": lambda who: change(
        "contact-rules", None, who, **free_place(), count=2, period="week", duration_seconds=12
    ),
    "contact rule removed": lambda who: act("contact-rules", DraftAct.REMOVE, first_rule(), who),
    "order rule": lambda who: change("order-rules", OrderRule.objects.get(tier__isnull=True), who, duration_seconds=77),
    "order rule removed": lambda who: act("order-rules", DraftAct.REMOVE, OrderRule.objects.first(), who),
    "contact load": lambda who: change("contact-loads", ContactLoad.objects.get(), who, duration_seconds=44),
    "team-selling load": lambda who: change(
        "team-selling-loads", TeamSellingLoad.objects.get(), who, duration_seconds=33
    ),
    "team load": lambda who: change("team-loads", TeamLoad.objects.get(), who, duration_seconds=222),
    "team load removed": lambda who: act("team-loads", DraftAct.REMOVE, TeamLoad.objects.get(), who),
    "tier": lambda who: change("tiers", Tier.objects.order_by("position")[1], who, lower_bound="9000"),
    "tier added": lambda who: change("tiers", None, who, name="Middle", lower_bound="7000"),
    "tier retired": lambda who: act("tiers", DraftAct.REMOVE, Customer.objects.filter(tier__isnull=False)[0].tier, who),
    "tier brought back": lambda who: act("tiers", DraftAct.RESTORE, retired_tier(), who),
    "type travels": lambda who: change(
        "touch-types", first_rule().touch_type, who, travels="" if first_rule().touch_type.travels else "on"
    ),
    "type retired": lambda who: act("touch-types", DraftAct.REMOVE, first_rule().touch_type, who),
    "type brought back": lambda who: act("touch-types", DraftAct.RESTORE, retired_type(), who),
    "thresholds": lambda who: change(
        "thresholds",
        PlanningSettings.objects.get(),
        who,
        under_served_below="20",
        over_served_above="60",
        full_up_to="95",
        detour_factor="2.5",
        travel_speed_kmh="30",
    ),
    "working days": lambda who: change("company", Company.objects.get(), who, working_days=["1", "3", "4"]),
    "zone": lambda who: change("company", Company.objects.get(), who, time_zone="Pacific/Auckland"),
    "holiday added": lambda who: change("holidays", None, who, on="2026-06-11", name="Another day off"),
    "holiday removed": lambda who: act("holidays", DraftAct.REMOVE, Holiday.objects.get(), who),
}


def stored_budgets():
    rows = Budget.objects.order_by().values_list("role_id", "customer__tier_id")
    sums = rows.annotate(minutes=Sum(F("touch_minutes") + F("travel_minutes") + F("other_minutes")))
    return {(role, tier): pytest.approx(minutes) for role, tier, minutes in sums}


def minutes_only(budgets):
    return {place: value.expected for place, value in budgets.items()}


def stored_loads(administrator):
    rows = {row.person.pk: row for row in board(administrator).rows}
    return {pk: [None if c.load is None else round(c.load, 6) for c in row.cells] for pk, row in rows.items()}


def lists():
    people = User.objects.filter(pk__in=BudgetShare.objects.values("membership__user"))
    found = {user.pk: [(row.customer.pk, row.touch_type.pk) for row in todays.rows(user)] for user in people}
    return {pk: rows for pk, rows in found.items() if rows}


def both(draft):
    book = load_rulebook()
    before = Side.of(book, NOW)
    after = Side.of(changed_book(book, draft, NOW), NOW)
    return before, after, effect_of(before, after, now=NOW)


def assert_stored(tally, side, administrator):
    """The tally of a side is what is stored now."""
    loads = {
        pk: [None if cell.load is None else round(cell.load, 6) for cell in cells]
        for pk, cells in cells_of(side, tally).items()
    }
    present = stored_loads(administrator)
    assert {key: minutes for key, minutes in tally.minutes.items() if minutes} == stored_budgets()
    assert {pk: loads.get(pk) for pk in present} == present
    assert tally.due == DueTouch.objects.filter(due_on__lte=side.ground.on).count()
    soon = [(row.due_on, max(1, int(row.interval_days + 0.5))) for row in DueTouch.objects.all()]
    days = [side.ground.on + dt.timedelta(days=number) for number in range(29)]
    asked = sum(day >= due and (day - max(due, days[0])).days % step == 0 for due, step in soon for day in days)
    assert tally.due_soon == asked
    assert {pk: rows for pk, rows in tally.lists().items() if rows} == lists()
    for status in ("under", "over"):
        assert tally.status.get(status, 0) == CustomerFigures.objects.filter(status=status).count()


@pytest.mark.parametrize("book", [2], indirect=True)
@pytest.mark.parametrize("name", list(CHANGES))
def test_the_effect_is_what_is_stored_after_saving(name, administrator):
    draft = CHANGES[name](administrator)
    number = RulesVersion.current()
    before, after, effect = both(draft)
    assert_stored(effect.before, before, administrator)
    shown = as_stored(effect, before, after)

    assert RulesVersion.current() == number
    old = [minutes_only(stored_budgets()), stored_loads(administrator), lists()]
    save_draft(draft=draft, reason="for a test", actor=administrator, now=NOW)
    refresh_due_lifecycles(now=NOW)
    recompute_all(now=NOW)

    assert_stored(effect.after, after, administrator)
    moved = old != [minutes_only(stored_budgets()), stored_loads(administrator), lists()]
    assert not moved or shown["touched"] or shown["loads"]
    version = RulesVersion.objects.first()
    assert version.number > number
    assert version.reason == "for a test"
    assert version.changed_by == administrator


@pytest.mark.parametrize("book", [1], indirect=True)
def test_a_change_of_a_name_changes_nothing(administrator):
    draft = change("touch-types", TouchType.objects.first(), administrator, name="Talk")
    before, after, effect = both(draft)
    shown = as_stored(effect, before, after)
    assert (shown["customers"], shown["touched"], shown["loads"], shown["days"]) == (14, 0, [], [])
    assert shown["budgets"] != []
    assert all(old == new for _role, _tier, old, new in shown["budgets"])


@pytest.mark.parametrize("book", [1], indirect=True)
def test_a_draft_affects_nothing(administrator):
    number, rules = RulesVersion.current(), list(ContactRule.objects.values())
    draft = change("contact-rules", first_rule(), administrator, count=9)
    both(draft)
    assert list(ContactRule.objects.values()) == rules
    assert RulesVersion.current() == number
    assert RuleDraft.objects.get().effect is None


@pytest.mark.parametrize("book", [1], indirect=True)
@pytest.mark.parametrize("name", ["contact rule more often", "tier"])
def test_queries_of_a_chunk_do_not_grow_with_customers(name, administrator, monkeypatch):
    draft = CHANGES[name](administrator)
    book = load_rulebook()
    before, after = Side.of(book, NOW), Side.of(changed_book(book, draft, NOW), NOW)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            effect_of(before, after, now=NOW)
        return len(queries)

    all_of_them = count()
    Customer.objects.filter(pk__in=list(Customer.objects.order_by("-pk").values_list("pk", flat=True)[:8])).update(
        archived_at=NOW
    )
    assert count() == all_of_them <= 45
