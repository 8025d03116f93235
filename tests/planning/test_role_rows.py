"""A new role that starts with another's contact rules, order rules and loads."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import Role
from customers.actions.lifecycle import rebuild_lifecycle
from planning.actions.recompute import recompute
from planning.models import BudgetShare, ContactRule, OrderRule, RulesVersion, TeamLoad
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def like(cast):
    role = factories.role("Salesperson")
    factories.contact_rule(role=role, minutes=15)
    OrderRule.objects.create(role=role, duration_seconds=1800)
    TeamLoad.objects.create(role=role, duration_seconds=600)
    return role


def typed(like, **more):
    return {"name": "Senior", "function": "sales", "like": like.pk, **more}


def add(user, like, **more):
    return client_of(user).post(reverse("role_create"), typed(like, **more))


def test_the_form_says_how_many_rows_each_role_has(cast, like):
    page = client_of(cast.admin).get(reverse("role_create")).content.decode()
    assert "Salesperson (3 rows)" in page
    assert "Copy its contact rules, order rules and loads as well" in page
    assert ">Engineering</option>" in page
    assert "checked" not in page[page.index('name="with_rows"') :].split(">")[0]


def test_rules_and_loads_are_copied_with_the_role(cast, like):
    before = RulesVersion.current()

    assert add(cast.admin, like, with_rows="on").status_code == 302

    role = Role.objects.get(name="Senior")
    rule = ContactRule.objects.get(role=role)
    assert (rule.count, rule.period, rule.duration_seconds, rule.version) == (1, "week", 900, 1)
    assert OrderRule.objects.get(role=role).duration_seconds == 1800
    assert TeamLoad.objects.get(role=role).duration_seconds == 600
    assert ContactRule.objects.filter(role=like).count() == 1
    version = RulesVersion.objects.first()
    assert (version.number > before, version.changed_by) == (True, cast.admin)
    assert version.what == "rules and loads of Salesperson copied to Senior"
    assert rule.history.get().history_user == cast.admin


def test_who_works_in_the_new_role_has_its_hours(cast, like):
    add(cast.admin, like, with_rows="on")
    senior = factories.membership(factories.person("Ann"), cast.exeter, Role.objects.get(name="Senior"))
    customer = factories.customer("Alder", owner=senior)
    rebuild_lifecycle([customer.pk], now=NOW)

    recompute([customer.pk], now=NOW)

    assert BudgetShare.objects.get(customer=customer, membership=senior).touch_minutes == pytest.approx(15 * 4.348)


def test_customers_are_asked_for_the_work_of_both_roles(cast, like):
    customer = factories.customer("Alder", owner=factories.membership(factories.person("Ann"), cast.exeter, like))
    add(cast.admin, like, with_rows="on")
    rebuild_lifecycle([customer.pk], now=NOW)

    recompute([customer.pk], now=NOW)

    shares = BudgetShare.objects.filter(customer=customer).values_list("role__name", "membership__role__name")
    assert sorted(shares) == [("Salesperson", "Salesperson"), ("Senior", None)]


def test_without_it_the_new_role_starts_with_none(cast, like):
    before = RulesVersion.current()
    add(cast.admin, like)
    role = Role.objects.get(name="Senior")
    assert role.access == like.access
    assert not ContactRule.objects.filter(role=role).exists()
    assert RulesVersion.current() == before


def test_of_a_role_without_any_nothing_is_copied(cast, like):
    before = RulesVersion.current()
    assert add(cast.admin, factories.role("Engineering"), with_rows="on").status_code == 302
    assert RulesVersion.current() == before


def test_who_may_not_change_the_rules_is_not_offered_and_copies_none(cast, like):
    clerk = factories.role("Clerk", access={"people": {"see": "all", "change": "all"}, "names": {"see": "all"}})
    user = factories.membership(factories.person("Clerk"), cast.exeter, clerk).user
    page = client_of(user).get(reverse("role_create"))
    assert page.status_code == 200
    assert "with_rows" not in page.content.decode()

    assert add(user, like, with_rows="on").status_code == 302

    assert not ContactRule.objects.filter(role__name="Senior").exists()
