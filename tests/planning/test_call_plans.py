"""Call plans: what they rest on, who may ask and see, and that they change nothing before somebody says so."""

import datetime as dt
from decimal import Decimal
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from customers.models import Customer
from planning.actions.call_plans import ask_plan, draft_plan, judge, run_plan
from planning.engine.call_rhythm import scaled
from planning.loaders.call_plan import load_call_facts
from planning.loaders.journeys import Roads
from planning.models import (
    CallPlan,
    CallPlanSettings,
    ContactRule,
    FactsMark,
    PlanningSettings,
    ResponseJudgement,
    RoutingServer,
    RuleDraft,
    SpeedBand,
)
from planning.queries.call_plans import TypeLine, latest_plan, plan_shown, plan_teams
from planning.reports import Asked, find
from planning.templatetags.call_plans import calls_change, keepers_words
from territory import clock
from tests import factories
from tests.racing import race

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 9, 9, tzinfo=dt.UTC)
ON = NOW.date()
BETWEEN = Roads.between


@pytest.fixture(autouse=True)
def the_day(time_machine):
    time_machine.move_to(NOW, tick=False)


def customer_of(team, owner, tier, business, **fields):
    row = factories.customer(team=team, owner=owner, **fields)
    type(row).objects.filter(pk=row.pk).update(tier=tier, stage="customer", yearly_value=business)
    row.refresh_from_db()
    return row


@pytest.fixture
def team(cast):
    """Exeter: one customer of tier A with 100,000 and one of C with 1,000 a year; a field call a month of 60 minutes each."""
    tiers, types = factories.tiers(), factories.touch_types()
    for name in "AC":
        factories.contact_rule(
            tier=tiers[name], touch_type=types["field"], count=1, period="month", minutes=60, stage="customer"
        )
    customer_of(cast.exeter, cast.rep_membership, tiers["A"], 100_000)
    customer_of(cast.exeter, cast.mate_membership, tiers["C"], 1_000)
    return cast.exeter


@pytest.fixture
def role():
    return Role.objects.get(name="Salesperson")


def made(team, role, actor, hours=None):
    plan = ask_plan(team=team, role=role, hours=hours, actor=actor, now=NOW)
    run_plan(plan.pk, now=NOW)
    plan.refresh_from_db()
    return plan


def test_hours_go_from_where_little_is_to_be_had_to_where_much_is(cast, team, role):
    plan = made(team, role, cast.manager, Decimal(24))

    top, low = plan_shown(plan).groups
    assert (top.tier.name, low.tier.name) == ("A", "C")
    assert top.figures["times"] > 1.5 > 0.5 > low.figures["times"]
    assert plan.result["minutes_now"] == pytest.approx(24 * 60)
    assert plan.result["minutes_then"] <= 24 * 60
    assert plan.result["value_now"] == pytest.approx(101_000)
    assert plan.result["value_then"] > 101_000
    assert plan.result["value_own"] >= plan.result["value_then"] - 1
    for group in (top, low):
        assert group.figures["low"] <= group.figures["times"] <= group.figures["high"]


def test_without_hours_typed_it_is_what_the_people_of_the_role_have(cast, team, role):
    facts = load_call_facts(team, role.pk, ON, None)
    # Rep and mate: 40 h a week, half of them for customers, in 46 weeks.
    assert facts.capacity == 2 * 20 * 46 * 60
    assert facts.team.minutes == facts.capacity - facts.kept


def test_a_trip_serves_the_customers_of_an_owner_in_a_square(cast, team, role):
    tier = factories.tiers()["A"]
    cast.rep.base_latitude, cast.rep.base_longitude = 50.72, -3.53
    cast.rep.save(update_fields=["base_latitude", "base_longitude"])
    for latitude in (50.371, 50.373):
        customer_of(team, cast.rep_membership, tier, 5_000, latitude=latitude, longitude=-4.14)
    far = customer_of(team, cast.rep_membership, tier, 5_000, latitude=51.45, longitude=-2.58)

    found = load_call_facts(team, role.pk, ON, 100).team

    areas = [row.area for row in found.customers if row.area is not None]
    assert len(areas) == 3
    assert len(set(areas)) == 2
    by_key = {row.key: row for row in found.customers}
    assert by_key[far.pk].hop == 0
    there_and_back = found.trip_minutes[by_key[far.pk].area]
    assert 180 < there_and_back < 360  # some 105 km as the crow flies, twice, on roads


def test_areas_may_be_markets(cast, team, role):
    CallPlanSettings.objects.create(areas="market")
    market, tier = factories.market(), factories.tiers()["A"]
    cast.rep.base_latitude, cast.rep.base_longitude = 50.72, -3.53
    cast.rep.save(update_fields=["base_latitude", "base_longitude"])
    for latitude in (50.3, 51.4):
        customer_of(team, cast.rep_membership, tier, 5_000, latitude=latitude, longitude=-4.1, market=market)
    areas = [row.area for row in load_call_facts(team, role.pk, ON, 100).team.customers if row.area is not None]
    assert (len(areas), len(set(areas))) == (2, 1)


def test_who_has_a_rule_of_their_own_is_left_as_is(cast, team, role):
    apart = customer_of(team, cast.rep_membership, factories.tiers()["A"], 5_000)
    factories.own_rule(apart, ON)
    facts = load_call_facts(team, role.pk, ON, 100)
    assert facts.own_rules == 1
    assert apart.pk not in [row.key for row in facts.team.customers]


def queries_of_loading(team, role):
    with CaptureQueriesContext(connection) as found:
        load_call_facts(team, role.pk, ON, None)
    return len(found)


def test_loading_takes_as_many_queries_for_more_customers(cast, team, role):
    before = queries_of_loading(team, role)
    for _ in range(3):
        customer_of(team, cast.rep_membership, factories.tiers()["A"], 5_000)
    assert queries_of_loading(team, role) == before


def in_areas(cast, team, count):
    """A customer of the rep in each of so many areas; somewhere the mate has one too."""
    tier = factories.tiers()["A"]
    for place in range(count):
        customer_of(team, cast.rep_membership, tier, 5_000, latitude=50.0 + place / 2, longitude=-4.0)
    customer_of(team, cast.mate_membership, tier, 5_000, latitude=50.0, longitude=-4.0)


def at_home(*people):
    for person in people:
        person.base_latitude, person.base_longitude = 50.72, -3.53
        person.save(update_fields=["base_latitude", "base_longitude"])


def test_loading_takes_as_many_queries_for_more_areas_and_people(cast, team, role):
    at_home(cast.rep)
    in_areas(cast, team, 2)
    before = queries_of_loading(team, role)
    at_home(cast.mate)
    in_areas(cast, team, 6)
    assert queries_of_loading(team, role) == before


def test_journeys_are_asked_for_once_a_person(cast, team, role, monkeypatch):
    asked = []
    monkeypatch.setattr(Roads, "between", lambda self, *places: asked.append(places) or BETWEEN(self, *places))
    at_home(cast.rep, cast.mate)
    in_areas(cast, team, 5)
    facts = load_call_facts(team, role.pk, ON, None)
    assert len(facts.team.trip_minutes) == 6
    assert len(asked) == 2


def test_a_judgement_holds_from_its_day_on(cast, team, role):
    tier = factories.tiers()["A"]
    answers = {
        name: Decimal(text)
        for name, text in zip(("none", "half", "more", "most"), ("0.2", "0.6", "1.3", "1.9"), strict=True)
    }
    judge(tier=tier, answers=answers, starts_on=ON, reason="Asked the team", actor=cast.admin, now=NOW)
    judge(
        tier=tier,
        answers=answers | {"none": Decimal("0.1")},
        starts_on=ON + dt.timedelta(1),
        reason="Next",
        actor=cast.admin,
        now=NOW,
    )

    curve = load_call_facts(team, role.pk, ON, 100).team.curves[tier.pk, "customer"]
    assert (curve.floor, curve.ceiling) == (0.2, 1.9)
    with pytest.raises(ValidationError, match="already"):
        judge(tier=tier, answers=answers, starts_on=ON, reason="Again", actor=cast.admin, now=NOW)
    with pytest.raises(ValidationError, match="More calls must bring more"):
        judge(
            tier=tier,
            answers=answers | {"half": Decimal("0.1")},
            starts_on=ON + dt.timedelta(2),
            reason="Falls",
            actor=cast.admin,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("rule", "times", "asked"),
    [
        ((2, "month"), 1.5, (3, "month")),
        ((1, "month"), 1.5, (18, "year")),
        ((1, "quarter"), 0.1, (0, "year")),
        ((1, "week"), 1.0, (1, "week")),
        ((4, "year"), 0.0, (0, "year")),
    ],
)
def test_a_rule_asks_for_whole_numbers(rule, times, asked):
    assert scaled(*rule, times) == asked


def test_nothing_changes_before_a_draft_is_saved(client, cast, team, role):
    plan = made(team, role, cast.manager, Decimal(24))
    before = list(ContactRule.objects.order_by("pk").values())
    rules = [line["rule"] for row in plan.result["groups"] for line in row["lines"]]
    client.force_login(cast.admin)

    for _ in range(2):  # twice is once
        assert client.post(reverse("call_plan_adopt", args=[plan.pk]), {"rule": rules}).status_code == 302

    assert list(ContactRule.objects.order_by("pk").values()) == before
    drafts = RuleDraft.objects.filter(state="open")
    assert {draft.row_key for draft in drafts} == set(rules)
    assert drafts.count() == len(rules)


@pytest.mark.django_db(transaction=True)
def test_taking_it_in_two_tabs_at_once_is_taking_it_once(cast, team, role):
    plan = made(team, role, cast.manager, Decimal(24))
    rules = {line["rule"] for row in plan.result["groups"] for line in row["lines"]}
    done = race(*[lambda: draft_plan(plan=plan, rules=rules, actor=cast.admin, now=NOW)] * 2)
    assert [len(drafts) for drafts in done] == [len(rules)] * 2
    assert RuleDraft.objects.filter(state="open").count() == len(rules)


@pytest.mark.django_db(transaction=True)
def test_asking_in_two_tabs_at_once_is_asking_once(cast, team, role):
    ask = partial(ask_plan, team=team, role=role, hours=None, actor=cast.manager, now=NOW)
    one, other = race(ask, ask)
    assert one == other
    assert CallPlan.objects.count() == 1


def test_what_failed_is_asked_for_once_more_at_once(cast, team, role, monkeypatch):
    ask = partial(ask_plan, team=team, role=role, hours=None, actor=cast.manager, now=NOW)
    failed = ask()
    monkeypatch.setattr("planning.actions.call_plans.computed", lambda *_asked: 1 / 0)
    for _attempt in range(6):
        run_plan(failed.pk, now=NOW)
    monkeypatch.undo()
    again = ask()
    assert again != failed
    assert ask() == again
    run_plan(again.pk, now=NOW)
    assert latest_plan(team).computed_at == NOW


def test_a_plan_that_is_out_of_date_says_so_before_it_is_taken(client, cast, team, role, time_machine):
    plan = made(team, role, cast.manager, Decimal(24))
    time_machine.move_to(NOW + dt.timedelta(minutes=1), tick=False)
    FactsMark.objects.update_or_create(
        customer=team.customers.first(), defaults={"number": 9, "changed_at": clock.now()}
    )
    client.force_login(cast.admin)
    rules = {"rule": [line["rule"] for row in plan.result["groups"] for line in row["lines"]]}

    assert "Out of date" in client.get(reverse("call_plan"), {"team": team.pk}).text
    assert client.post(reverse("call_plan_adopt", args=[plan.pk]), rules).status_code == 409
    assert not RuleDraft.objects.exists()
    assert client.post(reverse("call_plan_adopt", args=[plan.pk]), rules | {"although": "1"}).status_code == 302


def test_what_was_ticked_stays_ticked_where_it_could_not_be_taken(client, cast, team, role, time_machine):
    plan = made(team, role, cast.manager, Decimal(24))
    time_machine.move_to(NOW + dt.timedelta(minutes=1), tick=False)
    FactsMark.objects.update_or_create(
        customer=team.customers.first(), defaults={"number": 9, "changed_at": clock.now()}
    )
    client.force_login(cast.admin)
    first, other = (line["rule"] for row in plan.result["groups"] for line in row["lines"])
    page = client.post(reverse("call_plan_adopt", args=[plan.pk]), {"rule": [first]}).text
    assert f'value="{first}" checked' in page
    assert f'value="{other}"> ' in page
    assert 'name="although"' in page


def test_the_plan_shows_the_whole_number_that_becomes_the_rule():
    line = TypeLine(
        rule=1, touch_type="Visit", icon="", count=6, period="year", count_then=8, period_then="year", now=6, then=8.4,
        low=8.4, high=8.4, minutes_now=60, minutes_then=84,
    )  # fmt: skip
    assert "<b>8</b>" in calls_change(line)


def test_who_may_not_change_rules_is_told_who_may(client, cast, team, role):
    made(team, role, cast.manager, Decimal(24))
    client.force_login(cast.manager)
    page = client.get(reverse("call_plan"), {"team": team.pk}).text
    assert f"look at the effect first: {cast.admin.name}." in page
    assert keepers_words(["Ann", "Bea", "Cas", "Dan"]).endswith("first: Ann, Bea, Cas and others.")
    assert "first." in keepers_words([])


def test_groups_that_are_left_out_are_told_with_the_reason(client, cast, team, role):
    tiers = factories.tiers()
    for _ in range(2):
        factories.customer(team=team, owner=cast.rep_membership, tier=tiers["D"])
    customer_of(team, cast.rep_membership, tiers["A"], 0)
    made(team, role, cast.manager, Decimal(24))
    client.force_login(cast.manager)
    page = client.get(reverse("call_plan"), {"team": team.pk}).text
    assert (
        "no contact rule asks this role for touches with them: 2 prospects of tier D, 2 prospects without a tier."
        in page
    )
    assert "no business is to be expected of them: 1 customer of tier A." in page
    assert "No other plan for these hours brings more." in page


def test_a_call_plan_is_found_from_rules_and_touch_values(client, cast):
    client.force_login(cast.manager)
    for name in ("rules_home", "touch_values"):
        assert reverse("call_plan") + '"' in client.get(reverse(name)).text
    client.force_login(cast.rep)
    for name in ("rules_home", "touch_values"):
        assert reverse("call_plan") + '"' not in client.get(reverse(name)).text


def test_a_rule_that_changed_since_is_not_overwritten(client, cast, team, role):
    plan = made(team, role, cast.manager, Decimal(24))
    ContactRule.objects.update(version=2)
    client.force_login(cast.admin)
    rules = [line["rule"] for row in plan.result["groups"] for line in row["lines"]]
    assert client.post(reverse("call_plan_adopt", args=[plan.pk]), {"rule": rules}).status_code == 409
    assert not RuleDraft.objects.exists()


@pytest.mark.parametrize("change", ["judgement", "settings", "people", "margin", "speeds", "server", "customer left"])
def test_what_a_plan_rests_on_makes_it_out_of_date(cast, team, role, change):
    plan = made(team, role, cast.manager, Decimal(24))
    assert not plan_shown(plan).is_stale
    if change == "judgement":
        answers = {"none": Decimal("0.5"), "half": Decimal("0.8"), "more": Decimal("1.1"), "most": Decimal("1.2")}
        judge(tier=factories.tiers()["A"], answers=answers, starts_on=ON, reason="x", actor=cast.admin, now=NOW)
    elif change == "settings":
        CallPlanSettings.objects.create(weeks=40)
    elif change == "margin":
        PlanningSettings.objects.update_or_create(pk=1, defaults={"margin_share": Decimal("0.3")})
    elif change == "speeds":
        SpeedBand.objects.create(from_km=30, kmh=90)
    elif change == "server":
        RoutingServer.objects.create(kind="osrm", address="http://routes.example")
    elif change == "customer left":
        Customer.objects.filter(pk=team.customers.first().pk).update(team=cast.north)
    else:
        cast.rep_membership.weekly_hours = 20
        cast.rep_membership.save(update_fields=["weekly_hours"])
    assert plan_shown(plan).is_stale


def test_a_plan_is_seen_by_who_sees_all_below_the_team(cast):
    assert {team.pk for team in plan_teams(cast.manager)} == {cast.south_west.pk, cast.exeter.pk}
    assert cast.north.pk in {team.pk for team in plan_teams(cast.admin)}
    assert not plan_teams(cast.coordinator).exists()
    assert not plan_teams(cast.rep).exists()
    assert not plan_teams(cast.technician).exists()
    assert {team.pk for team in plan_teams(cast.other_manager)} == {cast.north.pk, cast.leeds.pk}


def test_another_teams_plan_does_not_exist(client, cast, team, role):
    plan = made(team, role, cast.manager, Decimal(24))
    client.force_login(cast.other_manager)
    assert client.get(reverse("call_plan"), {"team": team.pk}).status_code == 404
    assert client.post(reverse("call_plan_ask") + f"?team={team.pk}", {"role": role.pk}).status_code == 404
    client.force_login(cast.rep)
    assert client.get(reverse("call_plan")).status_code == 403
    assert client.post(reverse("call_plan_adopt", args=[plan.pk])).status_code == 403
    client.force_login(cast.coordinator)  # sees the team's budgets and amounts, and leads nobody
    assert client.get(reverse("call_plan")).status_code == 403
    assert client.post(reverse("call_plan_ask"), {"role": role.pk}).status_code == 403


def test_asking_twice_computes_once(client, cast, team, role):
    client.force_login(cast.manager)
    for _ in range(2):
        asked = client.post(reverse("call_plan_ask") + f"?team={team.pk}", {"role": role.pk, "hours": "24"})
        assert asked.status_code == 302
    assert CallPlan.objects.count() == 1
    assert client.post(reverse("call_plan_ask"), {"role": ""}).status_code == 422


def test_the_page_takes_as_many_queries_for_more_rules(client, cast, team, role):
    def queries():
        made(team, role, cast.manager, Decimal(24))
        client.force_login(cast.manager)
        client.get(reverse("call_plan"), {"team": team.pk})
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse("call_plan"), {"team": team.pk}).status_code == 200
        return len(found)

    before = queries()
    tiers, types = factories.tiers(), factories.touch_types()
    for name in "ABC":
        factories.contact_rule(tier=tiers[name], touch_type=types["voice"], count=2, period="month", stage="customer")
    customer_of(team, cast.rep_membership, tiers["B"], 9_000)
    assert queries() == before
    assert before <= 12


def test_a_team_without_customers_or_rules_is_told_so(client, cast, role):
    made(cast.leeds, role, cast.other_manager)
    client.force_login(cast.other_manager)
    assert "No contact rule asks this role" in client.get(reverse("call_plan"), {"team": cast.leeds.pk}).text


def test_judging_is_for_who_may_change_rules(client, cast):
    tier = factories.tiers()["A"]
    typed = {
        "tier": tier.pk,
        "none": "60",
        "half": "85",
        "more": "110",
        "most": "125",
        "starts_on": "2026-06-09",
        "reason": "Asked",
    }
    client.force_login(cast.manager)
    assert client.get(reverse("call_judgements")).status_code == 200
    assert client.post(reverse("call_judgement_set"), typed).status_code == 403
    client.force_login(cast.admin)
    assert client.post(reverse("call_judgement_set"), typed | {"half": "50"}).status_code == 422
    assert client.post(reverse("call_judgement_set"), typed).status_code == 302
    assert ResponseJudgement.objects.get().none == Decimal("0.6")
    assert "Asked" in client.get(reverse("call_judgements")).text


def test_settings_are_saved_with_their_history(client, cast):
    client.force_login(cast.admin)
    typed = {"within": "2", "most_times": "2", "weeks": "44", "areas": "market", "cell_km": "30", "km_cost": "0.4"}
    assert client.post(reverse("call_plan_settings"), typed).status_code == 302
    row = CallPlanSettings.objects.get()
    assert (row.within, row.km_cost, row.history.get().history_user) == (Decimal("0.02"), Decimal("0.4"), cast.admin)
    assert client.post(reverse("call_plan_settings"), typed | {"version": "7"}).status_code == 409


def test_the_report_gives_the_latest_plan_as_of_a_day(cast, team, role):
    plan = made(team, role, cast.manager, Decimal(24))
    report = find("call_plan")

    def rows(reader, **asked):
        return report.rows(Asked(today=ON, now=NOW, reader=reader, **{"by": "tier", **asked}))[0]

    first, second = rows(cast.manager)
    assert (first["tier"], first["touch_type"], first["calls"]) == ("A", "Field sales call", "12.000000")
    assert first["business"] == "100000.00"
    assert second["computed_on"] == "2026-06-09"
    assert rows(None) == [first, second]
    assert rows(cast.manager, as_of=ON) == [first, second]
    assert rows(cast.manager, as_of=ON - dt.timedelta(1)) == []
    assert rows(cast.other_manager) == []
    assert len(rows(cast.manager, by="customer")) == len(plan.result["own"]) == 2
