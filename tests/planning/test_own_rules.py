"""Rules of a customer's own: what they change and when, what is refused, who may, stored and from the log alike."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer
from planning.actions.own_rules import (
    add_own_rule,
    archive_own_rule,
    change_own_rule,
    end_own_rule,
    restore_own_rule,
)
from planning.actions.recompute import recompute_stale
from planning.actions.rules import save_rule
from planning.loaders import load_ground
from planning.loaders.own_rules import load_own_rules
from planning.models import Budget, ContactRule, CustomerRule, DueTouch
from planning.reports import find
from planning.reports.definition import Asked
from planning.staleness import stale_customers
from territory import clock
from territory.conflicts import Conflict
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)  # a Tuesday
FIRST, LAST = dt.date(2026, 6, 15), dt.date(2026, 7, 12)  # a Monday, a Sunday


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def types():
    return factories.touch_types()


@pytest.fixture
def own(cast, types):
    """The rep's customer in tier B: two voice calls a month of 15 minutes, the last one on Friday 5 June."""
    tier, role = factories.tiers()["B"], cast.rep_membership.role
    factories.contact_rule(tier, role, types["voice"], 2, "month", stage="customer")
    factories.order(cast.own, 20_000, "won", NOW - dt.timedelta(days=200), salesperson=cast.rep)
    factories.touch(cast.own, cast.rep, at=dt.datetime(2026, 6, 5, 9, tzinfo=dt.UTC), type=types["voice"])
    rebuild_lifecycle([cast.own.pk], now=NOW)
    cast.own.refresh_from_db()
    return cast.own


@pytest.fixture
def values(cast, types):
    """Weekly instead, for four weeks."""
    return {
        "role": cast.rep_membership.role,
        "touch_type": types["voice"],
        "count": 1,
        "period": "week",
        "duration_seconds": 900,
        "starts_on": FIRST,
        "ends_on": LAST,
        "reason": "New buyer",
    }


def add(cast, customer, values, **other):
    return add_own_rule(actor=cast.rep, now=clock.now(), customer=customer, values=values | other)


def is_stale(customer):
    return stale_customers(clock.company_today()).filter(pk=customer.pk).exists()


def on_the_day(time_machine, customer, day):
    """What is stored once the day has come: minutes a month, when the call is due."""
    time_machine.move_to(dt.datetime.combine(day, NOW.timetz()), tick=False)
    recompute_stale(now=clock.now())
    budget = Budget.objects.get(customer=customer)
    return f"{budget.minutes:.2f}", DueTouch.objects.get(customer=customer).due_on


class TestWhatItChanges:
    def test_due_touch_and_budget_on_its_days_and_back_after(self, cast, own, values, time_machine):
        add(cast, own, values)
        tier, weekly = "30.00", "65.22"  # 2 x 15; 4.348 x 15
        assert on_the_day(time_machine, own, FIRST - dt.timedelta(days=1)) == (tier, dt.date(2026, 6, 22))
        assert on_the_day(time_machine, own, FIRST) == (weekly, FIRST)  # 5 + 7 is 12 June: not before it holds
        assert DueTouch.objects.get().own_rule == CustomerRule.objects.get()
        assert on_the_day(time_machine, own, LAST) == (weekly, FIRST)
        assert on_the_day(time_machine, own, LAST + dt.timedelta(days=1)) == (tier, dt.date(2026, 7, 13))
        assert DueTouch.objects.get().rule == ContactRule.objects.get()

    def test_the_budget_says_why(self, cast, own, values, client):
        add(cast, own, values, starts_on=NOW.date())
        recompute_stale(now=NOW)
        [line] = Budget.objects.get().breakdown
        assert (line["kind"], line["rule"], line["minutes"]) == ("own rule", CustomerRule.objects.get().pk, 65.22)
        page = client_of(cast.rep).get(reverse("customer_detail", args=[own.pk])).content.decode()
        assert "1 x Voice call a week x 15 min, own rule: New buyer" in page

    def test_none_until_spring(self, cast, own, values, types):
        factories.contact_rule(own.tier, values["role"], types["field"], stage="customer", minutes=60)
        add(cast, own, values, count=0, starts_on=NOW.date(), ends_on=None, reason="Not before the merger")
        recompute_stale(now=NOW)
        assert [row.touch_type.name for row in DueTouch.objects.all()] == ["Field sales call"]
        page = client_of(cast.rep).get(reverse("customer_detail", args=[own.pk])).content.decode()
        assert "No Voice call, own rule: Not before the merger" in page
        assert "Voice call: none" in page

    def test_its_minutes_are_the_usual_ones_when_a_touch_is_logged(self, cast, own, values):
        add(cast, own, values, starts_on=NOW.date(), duration_seconds=2400)
        asked = {"customer": own.pk, "type": values["touch_type"].pk}
        form = client_of(cast.rep).get(reverse("log_touch"), asked).context["form"]
        assert form["minutes"].value() == "40"

    def test_reports_from_the_log_say_what_was_stored_on_that_day(self, cast, own, values, time_machine):
        add(cast, own, values)
        seen = [FIRST - dt.timedelta(days=1), FIRST, LAST, LAST + dt.timedelta(days=1)]
        stored = {}
        for day in seen:
            on_the_day(time_machine, own, day)
            stored[day] = _said(None)
        assert len({str(rows) for rows in stored.values()}) == 4
        for day in seen:
            assert _said(day) == stored[day], day


def _said(day):
    """Budgets and due touches as reports give them, of today or as of a day."""
    asked = Asked(as_of=day, now=clock.now(), today=clock.company_today(), reader=None)
    return {name: find(name).rows(asked)[0] for name in ("budgets", "due")}


class TestStale:
    @pytest.fixture
    def rule(self, own, values):
        rule = factories.own_rule(own, FIRST, LAST, touch_type=values["touch_type"], role=values["role"])
        recompute_stale(now=NOW)
        assert not is_stale(own)
        return rule

    def test_an_added_one_makes_the_figures_stale(self, cast, own, values):
        recompute_stale(now=NOW)
        add(cast, own, values)
        assert is_stale(own)

    def test_so_does_a_changed_one(self, cast, own, rule, values):
        change_own_rule(actor=cast.rep, now=NOW, rule=rule, version=1, values=values | {"count": 2})
        assert is_stale(own)

    def test_so_does_an_ended_one(self, cast, own, rule):
        end_own_rule(actor=cast.rep, now=NOW, rule=rule, version=1, ends_on=FIRST)
        assert is_stale(own)

    def test_so_does_an_archived_one_and_one_brought_back(self, cast, own, rule):
        archive_own_rule(actor=cast.rep, now=NOW, rule=rule)
        assert is_stale(own)
        recompute_stale(now=NOW)
        restore_own_rule(actor=cast.rep, now=NOW, rule=rule)
        assert is_stale(own)

    def test_the_day_on_which_one_begins_does_it_too(self, own, rule, time_machine):
        time_machine.move_to(dt.datetime.combine(FIRST, NOW.timetz()), tick=False)
        assert is_stale(own)


class TestRefused:
    @pytest.mark.parametrize(
        ("first", "last"),
        [
            (FIRST, LAST),
            (LAST, None),
            (dt.date(2026, 6, 1), FIRST),
            (dt.date(2026, 6, 1), None),
            (dt.date(2026, 6, 20), dt.date(2026, 6, 21)),
        ],
    )
    def test_two_on_one_day(self, cast, own, values, first, last):
        add(cast, own, values)
        with pytest.raises(ValidationError) as raised:
            add(cast, own, values, starts_on=first, ends_on=last)
        assert raised.value.message_dict == {
            "starts_on": [
                "There is a rule for this role and touch type from 15 Jun until 12 Jul: change or end that one."
            ]
        }

    def test_not_those_of_another_type_role_customer_or_on_other_days(self, cast, own, values, types):
        add(cast, own, values)
        add(cast, own, values, touch_type=types["field"])
        add(cast, own, values, role=factories.role("Sales coordinator"))
        add(cast, cast.team_mates, values)
        add(cast, own, values, starts_on=LAST + dt.timedelta(days=1), ends_on=None)
        add(cast, own, values, starts_on=NOW.date(), ends_on=FIRST - dt.timedelta(days=1))

    def test_bringing_back_what_another_replaced(self, cast, own, values):
        rule = add(cast, own, values)
        archive_own_rule(actor=cast.rep, now=NOW, rule=rule)
        add(cast, own, values, ends_on=None)
        with pytest.raises(ValidationError):
            restore_own_rule(actor=cast.rep, now=NOW, rule=rule)

    @pytest.mark.parametrize(
        ("wrong", "field"), [({"reason": "  "}, "reason"), ({"ends_on": dt.date(2026, 6, 14)}, "ends_on")]
    )
    def test_without_a_reason_or_ending_before_it_begins(self, cast, own, values, wrong, field):
        with pytest.raises(ValidationError) as raised:
            add(cast, own, values, **wrong)
        assert list(raised.value.message_dict) == [field]

    @pytest.mark.parametrize("wrong", [{"starts_on": FIRST, "ends_on": LAST}, {"starts_on": dt.date(2026, 8, 1)}])
    def test_the_database_itself_refuses_the_same_first_day_and_two_open_ones(self, own, wrong):
        factories.own_rule(own, FIRST)
        with pytest.raises(IntegrityError), transaction.atomic():
            factories.own_rule(own, **wrong)

    def test_what_another_changed_meanwhile(self, cast, own, values):
        rule = add(cast, own, values)
        change_own_rule(actor=cast.manager, now=NOW, rule=rule, version=1, values=values | {"count": 2})
        with pytest.raises(Conflict):
            end_own_rule(actor=cast.rep, now=NOW, rule=rule, version=1, ends_on=FIRST)

    def test_two_who_put_it_away_or_bring_it_back_at_once_do_it_once(self, cast, own, values):
        pk = add(cast, own, values).pk
        for put in (archive_own_rule, restore_own_rule):
            as_both_saw_it = [CustomerRule.objects.get(pk=pk) for _person in range(2)]
            for rule in as_both_saw_it:
                put(actor=cast.rep, now=NOW, rule=rule)
        assert CustomerRule.history.filter(id=pk).count() == 3


class TestWhoMay:
    @pytest.fixture
    def rule(self, own):
        return factories.own_rule(own, FIRST, reason="Wants to be left alone")

    @pytest.mark.parametrize(
        ("who", "sees", "changes"),
        [
            ("rep", True, True),
            ("coordinator", True, True),
            ("manager", True, True),
            ("admin", True, True),
            ("technician", True, False),
            ("mate", False, False),
            ("other_manager", False, False),
        ],
    )
    def test_who_sees_the_budget_sees_it_and_who_changes_the_customer_changes_it(self, cast, rule, who, sees, changes):
        user = getattr(cast, who)
        assert CustomerRule.objects.visible_to(user).exists() is sees
        assert CustomerRule.objects.editable_by(user).exists() is changes

    def test_one_who_changes_customers_but_sees_no_budgets_may_not(self, cast, own):
        role = cast.rep_membership.role
        role.access = {**role.access, "budgets": {"see": "none"}}
        role.save()
        assert client_of(cast.rep).get(reverse("own_rule_create", args=[own.pk])).status_code == 403


class TestThePage:
    def typed(self, values, **other):
        told = {name: getattr(value, "pk", value) for name, value in values.items()}
        return told | {"duration_seconds": "", "count": "1", **other}

    def test_adding_one(self, cast, own, values):
        url = reverse("own_rule_create", args=[own.pk])
        response = client_of(cast.rep).post(url, self.typed(values))
        assert (response.status_code, response.url) == (302, f"/customers/{own.pk}/#own-rules")
        rule = CustomerRule.objects.get()
        assert (rule.duration_seconds, rule.reason) == (values["touch_type"].default_seconds, "New buyer")
        told = rule.history.get()
        assert (told.history_user, told.history_date) == (cast.rep, NOW)

    def test_no_touches_need_no_minutes(self, cast, own, values):
        url = reverse("own_rule_create", args=[own.pk])
        assert client_of(cast.rep).post(url, self.typed(values, duration_seconds="0")).status_code == 422
        assert client_of(cast.rep).post(url, self.typed(values, duration_seconds="0", count="0")).status_code == 302
        assert CustomerRule.objects.get().count == 0

    def test_what_it_does_is_seen_before_it_is_saved(self, cast, own, values):
        url = reverse("own_rule_create", args=[own.pk])
        response = client_of(cast.rep).post(url, self.typed(values, act="look"))
        effect = response.context["effect"]
        assert (effect.on, f"{effect.before:.2f}", f"{effect.after:.2f}") == (FIRST, "30.00", "65.22")
        assert (effect.due_before, effect.due_after) == (dt.date(2026, 6, 22), FIRST)
        assert [(role, f"{after:.2f}") for role, _before, after in effect.roles] == [("Salesperson", "65.22")]
        assert not CustomerRule.objects.exists()

    def test_what_is_wrong_stands_at_its_field(self, cast, own, values):
        factories.own_rule(own, FIRST, role=values["role"], touch_type=values["touch_type"])
        for act in ("", "look"):
            response = client_of(cast.rep).post(reverse("own_rule_create", args=[own.pk]), self.typed(values, act=act))
            assert response.status_code == 422
            assert "change or end that one" in response.context["form"].errors["starts_on"][0]

    def test_ending_archiving_and_bringing_back(self, cast, own):
        rule, client = factories.own_rule(own, NOW.date()), client_of(cast.rep)
        assert (
            client.post(reverse("own_rule_end", args=[rule.pk]), {"ends_on": "2026-06-30", "version": 1}).status_code
            == 302
        )
        rule.refresh_from_db()
        assert rule.ends_on == dt.date(2026, 6, 30)
        client.post(reverse("own_rule_archive", args=[rule.pk]))
        assert not CustomerRule.objects.live().exists()
        client.post(reverse("own_rule_restore", args=[rule.pk]))
        assert CustomerRule.objects.live().get() == rule

    def test_the_timeline_tells_who_sees_the_budget_what_became_of_it(self, cast, own, values):
        rule = add(cast, own, values)
        end_own_rule(actor=cast.manager, now=NOW, rule=rule, version=1, ends_on=FIRST)
        archive_own_rule(actor=cast.rep, now=NOW, rule=rule)
        url = f"{reverse('customer_detail', args=[own.pk])}?tab=changes"
        entries = [
            (entry.title, entry.people, entry.text)
            for entry in client_of(cast.technician).get(url).context["piece"].entries
            if "customerrule" in entry.key
        ]
        assert entries == [
            ("Own rule archived", "Rep", ""),
            ("Own rule changed: Voice call, 1 a week x 15 min", "Manager", "Until 12 July 2026 to 15 June 2026"),
            ("Own rule added: Voice call, 1 a week x 15 min", "Rep", "Salesperson, New buyer"),
        ]
        role = cast.technician_membership.role
        role.access = {**role.access, "budgets": {"see": "none"}}
        role.save()
        assert "Own rule" not in client_of(cast.technician).get(url).content.decode()

    def test_two_who_change_it_at_once(self, cast, own, values):
        rule = factories.own_rule(own, FIRST, role=values["role"], touch_type=values["touch_type"])
        CustomerRule.objects.update(version=2)
        url = reverse("own_rule_edit", args=[rule.pk])
        assert client_of(cast.rep).post(url, self.typed(values, version="1", period="month")).status_code == 409


class TestLoading:
    def test_those_of_many_customers_come_in_one_query(self, cast, own, django_assert_num_queries):
        for customer in (own, cast.team_mates, cast.foreign):
            factories.own_rule(customer, NOW.date())
        ground = load_ground(NOW.date())
        with django_assert_num_queries(1):
            found = load_own_rules(None, ground)
        assert found.keys() == {own.pk, cast.team_mates.pk, cast.foreign.pk}

    def test_not_those_of_roles_and_types_that_are_retired_nor_archived_ones(self, cast, own, types):
        factories.own_rule(own, NOW.date(), role=factories.role("Retired", retired_at=NOW))
        factories.own_rule(own, NOW.date(), archived_at=NOW)
        types["online"].retired_at = NOW
        types["online"].save()
        factories.own_rule(own, NOW.date(), touch_type=types["online"])
        assert {
            place for row in load_own_rules(None, load_ground(NOW.date())).values() for place in row.in_force
        } == set()

    def test_a_tiers_rule_that_changes_leaves_it_alone(self, cast, own, values):
        add(cast, own, values, starts_on=NOW.date())
        rule = ContactRule.objects.get()
        rule.count = 9
        save_rule(row=rule, version=1, actor=cast.admin, now=NOW)
        recompute_stale(now=NOW)
        assert f"{Budget.objects.get().minutes:.2f}" == "65.22"

    def test_it_stays_with_a_customer_that_is_archived_and_brought_back(self, cast, own, values):
        add(cast, own, values, starts_on=NOW.date())
        Customer.objects.filter(pk=own.pk).update(archived_at=NOW)
        recompute_stale(now=NOW)
        assert not DueTouch.objects.exists()
        Customer.objects.filter(pk=own.pk).update(archived_at=None)
        recompute_stale(now=NOW)
        assert DueTouch.objects.get().own_rule is not None
