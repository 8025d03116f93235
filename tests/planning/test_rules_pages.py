"""Rules on screen: administrators set them, everyone reads them, each change raises the version."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer, Tier
from planning.actions.starting_rules import create_starting_rules
from planning.models import ContactRule, PlanningSettings, RuleDraft, RulesVersion, TouchValue
from planning.rule_kinds import RULE_KINDS
from territory.company.models import Company, Holiday
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def rules(cast):
    create_starting_rules(now=NOW, on=TODAY)
    return cast


def test_starting_rules_are_created_once(rules):
    before = (ContactRule.objects.count(), TouchValue.objects.count(), RulesVersion.current())
    create_starting_rules(now=NOW, on=TODAY)
    assert (ContactRule.objects.count(), TouchValue.objects.count(), RulesVersion.current()) == before


@pytest.mark.parametrize("key", list(RULE_KINDS))
def test_every_kind_is_read_by_all_and_changed_by_administrators_alone(client, rules, key):
    row = RULE_KINDS[key].rows().first()
    for user, status in [(rules.rep, 403), (rules.manager, 403), (rules.admin, 200)]:
        client.force_login(user)
        assert client.get(reverse("rule_list", args=[key])).status_code == 200
        assert client.get(reverse("rule_create", args=[key])).status_code == status
        assert client.get(reverse("rule_edit", args=[key, row.pk])).status_code == status


def test_the_first_steps_stand_there_until_there_is_a_customer(client, rules):
    client.force_login(rules.admin)
    assert "First steps" not in client.get(reverse("rules_home")).content.decode()
    for customer in Customer.objects.all():
        customer.assignments.all().delete()
        customer.delete()
    assert "First steps" in client.get(reverse("rules_home")).content.decode()


@pytest.mark.parametrize("key", list(RULE_KINDS))
def test_a_row_is_named_a_starting_value_until_it_is_changed(client, rules, key):
    client.force_login(rules.rep)
    model, address = RULE_KINDS[key].model, reverse("rule_list", args=[key])
    before = client.get(address).content.decode().count("starting value")
    row = model.objects.first()
    row.version += 1
    row.save()
    after = client.get(address).content.decode().count("starting value")
    assert (before, after) == (model.objects.count(), before - 1)


def test_a_kind_that_is_none_is_not_found(client, rules):
    client.force_login(rules.admin)
    assert client.get(reverse("rule_list", args=["secrets"])).status_code == 404


def saved(client, answer):
    """Goes on from a form that was sent: saves the draft it made, knowingly without its effect."""
    assert answer.status_code == 302, answer.context["form"].errors
    draft = RuleDraft.objects.first()
    assert answer.url == reverse("draft_detail", args=[draft.pk])
    return client.post(reverse("draft_save", args=[draft.pk]), {"reason": "for a test", "unseen": "on"})


def edit(client, rule, **changes):
    data = {
        "tier": rule.tier_id,
        "stage": rule.stage,
        "role": rule.role_id,
        "touch_type": rule.touch_type_id,
        "count": rule.count,
        "period": rule.period,
        "duration_seconds": rule.duration_seconds // 60,
        "version": rule.version,
        **changes,
    }
    return client.post(reverse("rule_edit", args=["contact-rules", rule.pk]), data)


def test_a_change_raises_the_version_of_the_rules(client, rules):
    client.force_login(rules.admin)
    rule = ContactRule.objects.first()
    before = RulesVersion.current()
    assert saved(client, edit(client, rule, count=9, duration_seconds="12.5")).status_code == 302
    rule.refresh_from_db()
    assert (rule.count, rule.duration_seconds, rule.version) == (9, 750, 2)
    assert RulesVersion.current() == before + 1
    assert RulesVersion.objects.first().changed_by == rules.admin


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("order-steps", {"name": "Offer", "probability": "35", "position": "1"}),
        ("contact-roles", {"name": "Advisor", "position": "1"}),
        ("sale-types", {"name": "Upgrade", "kind": "other", "position": "9"}),
    ],
)
def test_what_no_figure_rests_on_leaves_them_fresh(client, rules, key, typed):
    client.force_login(rules.admin)
    before, model = RulesVersion.current(), RULE_KINDS[key].model
    answer = client.post(reverse("rule_create", args=[key]), typed)
    assert answer.status_code == 302, answer.context["form"].errors
    row = model.objects.get(name=typed["name"])
    changed = {**typed, "name": "Renamed", "version": row.version}
    assert client.post(reverse("rule_edit", args=[key, row.pk]), changed).status_code == 302
    client.post(reverse("rule_remove", args=[key, row.pk]))
    client.post(reverse("rule_restore", args=[key, row.pk]))
    row.refresh_from_db()
    assert (row.name, row.retired_at, row.history.count()) == ("Renamed", None, 4)
    assert RulesVersion.current() == before


def test_a_denied_change_changes_nothing(client, rules):
    client.force_login(rules.manager)
    rule = ContactRule.objects.first()
    before = RulesVersion.current()
    assert edit(client, rule, count=9).status_code == 403
    rule.refresh_from_db()
    assert rule.count != 9
    assert RulesVersion.current() == before


def test_a_contradicting_rule_is_named(client, rules):
    client.force_login(rules.admin)
    rule = ContactRule.objects.first()
    data = {
        "tier": rule.tier_id,
        "stage": rule.stage,
        "role": rule.role_id,
        "touch_type": rule.touch_type_id,
        "count": 7,
        "period": "year",
        "duration_seconds": 10,
    }
    answer = client.post(reverse("rule_create", args=["contact-rules"]), data)
    assert answer.status_code == 422
    assert f"already: {rule.count} per {rule.get_period_display()}" in answer.content.decode()


def test_of_two_edits_the_second_is_shown_both_values(client, rules):
    client.force_login(rules.admin)
    rule = ContactRule.objects.first()
    saved(client, edit(client, rule, count=9))
    answer = edit(client, rule, count=5)
    assert answer.status_code == 409
    rule.refresh_from_db()
    assert rule.count == 9
    assert ">9<" in answer.content.decode()
    assert ">5<" in answer.content.decode()


def test_removing_and_retiring(client, rules):
    client.force_login(rules.admin)
    rule = ContactRule.objects.first()
    saved(client, client.post(reverse("rule_remove", args=["contact-rules", rule.pk])))
    assert not ContactRule.objects.filter(pk=rule.pk).exists()
    assert ContactRule.history.filter(id=rule.pk, history_type="-").exists()
    tier = Tier.objects.get(name="D")
    saved(client, client.post(reverse("rule_remove", args=["tiers", tier.pk])))
    assert not Tier.objects.live().filter(pk=tier.pk).exists()
    saved(client, client.post(reverse("rule_restore", args=["tiers", tier.pk])))
    assert Tier.objects.live().filter(pk=tier.pk).exists()


def test_a_change_of_tiers_asks_for_every_customers_tier_anew(client, rules):
    client.force_login(rules.admin)
    tier = Tier.objects.get(name="A")
    data = {"name": "A", "lower_bound": "50000", "version": tier.version}
    saved(client, client.post(reverse("rule_edit", args=["tiers", tier.pk]), data))
    rules.own.refresh_from_db()
    assert rules.own.next_change_at <= NOW


def test_a_new_tier_stands_where_its_bound_puts_it(client, rules):
    client.force_login(rules.admin)
    data = {"name": "Between", "lower_bound": "1000"}
    saved(client, client.post(reverse("rule_create", args=["tiers"]), data))
    assert list(Tier.objects.values_list("name", "position")) == [
        ("A", 1),
        ("B", 2),
        ("C", 3),
        ("Between", 4),
        ("D", 5),
    ]


def test_a_name_that_another_has_is_said_plainly(client, rules):
    client.force_login(rules.admin)
    response = client.post(reverse("rule_create", args=["tiers"]), {"name": "A", "lower_bound": "1000"})
    assert response.context["form"].errors == {"name": ["Another one has this already, perhaps a retired one."]}


def test_thresholds_must_be_in_order(client, rules):
    client.force_login(rules.admin)
    page = client.get(reverse("thresholds"))
    data = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    answer = client.post(reverse("thresholds"), {**data, "room_below": "95"})
    assert answer.status_code == 422
    saved(client, client.post(reverse("thresholds"), {**data, "room_below": "60"}))
    assert PlanningSettings.current().room_below == Decimal("0.6")


def test_how_evidence_is_counted_is_saved_at_once_and_makes_no_figure_stale(client, rules):
    before = RulesVersion.current()
    client.force_login(rules.admin)
    version = client.get(reverse("counting")).context["form"]["version"].value()
    data = {"repeats_count_once": "on", "margin_share": "37.5", "version": version}
    assert client.post(reverse("counting"), {**data, "margin_share": "101"}).status_code == 422
    assert client.post(reverse("counting"), data).status_code == 302
    row = PlanningSettings.current()
    assert (row.repeats_count_once, row.margin_share) == (True, Decimal("0.375"))
    assert row.history.first().history_user == rules.admin
    assert RulesVersion.current() == before
    assert not RuleDraft.objects.exists()
    page = client.post(reverse("counting"), {**data, "margin_share": ""})
    assert page.status_code == 409
    client.force_login(rules.rep)
    assert "37.5" in client.get(reverse("counting")).content.decode()
    assert client.post(reverse("counting"), data).status_code == 403


def test_working_days_and_holidays(client, rules):
    client.force_login(rules.admin)
    company = Company.objects.get()
    data = {
        "name": "Test company",
        "time_zone": "Europe/London",
        "working_days": [1, 2, 3, 4],
        "version": company.version,
    }
    saved(client, client.post(reverse("calendar"), data))
    assert Company.objects.get().working_days == [1, 2, 3, 4]
    saved(client, client.post(reverse("holiday_create"), {"on": "2026-06-24", "name": "Midsummer"}))
    holiday = Holiday.objects.get()
    saved(client, client.post(reverse("holiday_delete", args=[holiday.pk])))
    assert not Holiday.objects.exists()


def test_a_new_value_starts_and_the_old_one_stays(client, rules):
    client.force_login(rules.admin)
    old = TouchValue.objects.first()
    data = {
        "touch_type": old.touch_type_id,
        "tier": old.tier_id,
        "stage": old.stage,
        "amount": "321.50",
        "starts_on": "2026-06-10",
        "reason": "measured",
    }
    data |= {"do": "save", "seen": f"{old.touch_type_id}/{old.tier_id}/{old.stage}/321.50/2026-06-10/{old.pk}"}
    assert client.post(reverse("touch_value_set"), data).status_code == 302
    assert client.post(reverse("touch_value_set"), data).status_code == 422  # the same day again
    values = TouchValue.objects.filter(touch_type=old.touch_type, tier=old.tier, stage=old.stage)
    assert sorted(values.values_list("amount", flat=True)) == sorted([old.amount, Decimal("321.50")])
    assert values.get(amount=Decimal("321.50")).approved_by == rules.admin


def test_only_who_may_approve_sets_values(client, rules):
    client.force_login(rules.manager)
    assert client.get(reverse("touch_values")).status_code == 200
    assert client.post(reverse("touch_value_set"), {}).status_code == 403


def test_queries_of_a_list_do_not_grow(client, rules):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("rule_list", args=["contact-rules"]))
        return len(queries)

    client.force_login(rules.admin)
    client.get(reverse("profile"))  # the first request notes the session
    first = count()
    tier = factories.tier("E", 1, 9)
    for touch_type in factories.touch_types().values():
        factories.contact_rule(tier=tier, touch_type=touch_type)
    assert count() == first


def test_a_tier_without_contact_rules_is_said_to_have_none(client, rules):
    client.force_login(rules.admin)
    data = {"name": "AA", "lower_bound": "90000"}
    answer = saved(client, client.post(reverse("rule_create", args=["tiers"]), data))
    page = client.get(answer.url)
    assert "Tier AA has no contact rules yet" in page.content.decode()
