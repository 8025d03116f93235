"""What if: another rhythm beside the rules, its hours, wins and business, and keeping it as drafts."""

import datetime as dt
import math

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from planning.models import BudgetShare, ContactRule, CustomerRule, DraftAct, EvidenceRun, RuleDraft, TeamLoad
from tests import factories

pytestmark = pytest.mark.django_db

WEEKS = 365 / 7


def evidence(tier, voice):
    """Odds of 1 to 99 a week on the tier; a voice call more in 4 weeks makes them half as large again."""
    model = {
        "tiers": [str(tier.pk)],
        "types": [str(voice.pk)],
        "theta": [math.log(1 / 99), 0.0, math.log(1.5)],
        "covariance": [[0.0] * 3] * 3,
        "lost": [0.0],
        "most": {str(voice.pk): 6.0},
    }
    counts = {"won": 12, "lost": 3, "business": "120000"}
    sample = {"is_growing": False, "tiers": {"": counts, str(tier.pk): counts}, "without_touches": "0", "model": model}
    now = dt.datetime(2026, 6, 9, 3, tzinfo=dt.UTC)
    return EvidenceRun.objects.create(
        on=dt.date(2026, 6, 9), computed_at=now, engine=2, parameters={}, samples={"prospect": sample, "customer": {}}
    )


@pytest.fixture
def plan(cast):
    """Two prospects of tier B in Exeter, each with 2 voice calls a month of 15 minutes by a salesperson."""
    tiers, types = factories.tiers(), factories.touch_types()
    rule = factories.contact_rule(tier=tiers["B"], touch_type=types["voice"], count=2, period="month", minutes=15)
    for customer, member in ((cast.own, cast.rep_membership), (cast.team_mates, cast.mate_membership)):
        customer.tier = tiers["B"]
        customer.save(update_fields=["tier"])
        BudgetShare.objects.create(
            customer=customer, role=member.role, membership=member, team=cast.exeter, share=1, touch_minutes=30
        )
    evidence(tiers["B"], types["voice"])
    return rule


def shown(client, person, **typed):
    client.force_login(person)
    answer = client.get(reverse("what_if"), typed)
    assert answer.status_code == 200
    return answer.context["page"]


def with_count(rule, count, minutes=15):
    return {f"r{rule.pk}-count": count, f"r{rule.pk}-minutes": minutes, f"r{rule.pk}-version": rule.version}


def new(rule, **fields):
    values = {"tier": rule.tier_id, "stage": "prospect", "role": rule.role_id, "count": 1, "period": "quarter"}
    return {f"n0-{name}": value for name, value in {**values, "duration_seconds": 60, **fields}.items()}


def test_hours_are_those_of_all_customers_of_the_rule(client, cast, plan):
    TeamLoad.objects.create(role=plan.role, duration_seconds=600)

    page = shown(client, cast.manager, **with_count(plan, 5, minutes=20))

    [line] = [line for group in page.groups for line in group.lines]
    assert (line.hours_now, line.hours_then) == (pytest.approx(2 * 2 * 15 / 60), pytest.approx(2 * 5 * 20 / 60))
    [row] = [row for row in page.roles if row.role == plan.role]
    # Rep and mate: 40 h a week, half of them for customers; each has three others in Exeter, ten minutes a month.
    assert row.capacity == pytest.approx(2 * 20 * 4.348)
    assert row.needed_now == pytest.approx(1 + 2 * 3 * 10 / 60)
    assert row.needed_then - row.needed_now == pytest.approx(200 / 60 - 1)


def test_wins_follow_from_the_model_and_business_from_the_mean_win(client, cast, plan):
    page = shown(client, cast.manager, **with_count(plan, 4))

    def year(calls):
        weekly = 1 / (1 + 99 / 1.5 ** (calls * 28 / 30.4375))
        return 2 * (1 - (1 - weekly) ** WEEKS)

    assert (page.wins.now, page.wins.then) == (pytest.approx(year(2)), pytest.approx(year(4)))
    assert page.business.then == pytest.approx(10_000 * year(4))
    [group] = [group for group in page.groups if group.lines]
    assert group.unknown == []
    assert shown(client, cast.manager, **with_count(plan, 7)).groups[0].unknown == [plan.touch_type]


def test_a_touch_that_no_rule_asks_for_takes_what_its_visits_take(client, cast, plan):
    field = factories.touch_types()["field"]
    other = factories.contact_rule(plan.tier, plan.role, field, count=1, period="quarter", minutes=60, stage="customer")
    factories.customer("Kept", owner=cast.rep_membership, stage="customer", tier=plan.tier)
    BudgetShare.objects.create(
        customer=cast.rep_membership.assignments.latest("pk").customer,
        role=plan.role,
        membership=cast.rep_membership,
        team=cast.exeter,
        share=1,
        touch_minutes=20,
        travel_minutes=41.6,
    )

    page = shown(client, cast.manager, **new(other, touch_type=field.pk))

    [line] = [line for group in page.groups for line in group.lines if line.rule.pk is None]
    # 41.6 minutes a month at one visit a quarter: 124.8 there and back.
    assert line.hours_then == pytest.approx(2 / 3 * (60 + 124.8) / 60)


def test_a_customer_with_a_rule_of_its_own_keeps_it(client, cast, plan):
    CustomerRule.objects.create(
        customer=cast.own,
        role=plan.role,
        touch_type=plan.touch_type,
        count=0,
        starts_on=dt.date(2026, 1, 1),
        reason="Not before spring",
    )
    page = shown(client, cast.manager, **with_count(plan, 4))
    [line] = [line for group in page.groups for line in group.lines]
    assert (line.hours_now, line.hours_then) == (pytest.approx(0.5), pytest.approx(1))
    # One of two prospects gets two calls a month more: on the mean one more.
    weekly = 1 / (1 + 99 / 1.5 ** (3 * 28 / 30.4375))
    assert page.wins.then == pytest.approx(2 * (1 - (1 - weekly) ** WEEKS))


def test_what_cannot_be_is_marked_and_reckoned_as_the_rule_is(client, cast, plan):
    client.force_login(cast.manager)
    answer = client.get(reverse("what_if"), with_count(plan, -1))
    assert answer.status_code == 422
    assert answer.context["page"].groups[0].lines[0].hours_then == pytest.approx(1)
    page = answer.content.decode()
    assert page.count("form-control is-invalid") == page.count("Type a whole number, 0 to 1,000.") == 1
    field = f"id_r{plan.pk}-count"
    assert page.count(f'href="#{field}"') == page.count(f' id="{field}"') == 1


def test_the_alert_leads_to_what_is_wrong_in_a_new_line_too(client, cast, plan):
    client.force_login(cast.manager)
    answer = client.get(reverse("what_if"), new(plan, touch_type=factories.touch_types()["marketing"].pk, count="x"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.count('href="#id_n0-count"') == page.count(' id="id_n0-count"') == 1


def test_it_is_kept_as_drafts_and_nothing_is_in_force(client, cast, plan):
    types = factories.touch_types()
    gone = factories.contact_rule(plan.tier, plan.role, types["field"], count=1, period="quarter", minutes=60)
    client.force_login(cast.admin)

    answer = client.post(
        reverse("what_if_save"),
        with_count(plan, 4) | with_count(gone, 0, 60) | new(plan, touch_type=types["marketing"].pk),
    )

    assert answer.status_code == 302
    assert RuleDraft.objects.filter(act=DraftAct.REMOVE).get().row_key == gone.pk
    changed, added = RuleDraft.objects.filter(act=DraftAct.SAVE).order_by("pk")
    assert (changed.row_key, changed.changes) == (plan.pk, [["Touches", "2", "4"]])
    assert added.row_key is None
    assert ContactRule.objects.count() == 2
    assert ContactRule.objects.get(pk=plan.pk).count == 2


def test_sent_twice_it_is_kept_once(client, cast, plan):
    client.force_login(cast.admin)
    typed = with_count(plan, 4) | new(plan, touch_type=factories.touch_types()["marketing"].pk)
    for _turn in range(2):
        assert client.post(reverse("what_if_save"), typed).status_code == 302
    assert RuleDraft.objects.filter(state="open").count() == 2


def test_a_rule_changed_meanwhile_keeps_no_draft_at_all(client, cast, plan):
    other = factories.contact_rule(plan.tier, plan.role, factories.touch_types()["field"])
    client.force_login(cast.admin)
    typed = with_count(other, 3) | with_count(plan, 4)
    ContactRule.objects.filter(pk=plan.pk).update(version=2)

    answer = client.post(reverse("what_if_save"), typed)

    assert answer.status_code == 409
    assert RuleDraft.objects.count() == 0


def test_two_lines_for_the_same_touch_are_refused(client, cast, plan):
    demo = factories.touch_types()["marketing"].pk
    twice = {name.replace("n0", "n1"): value for name, value in new(plan, touch_type=demo).items()}
    client.force_login(cast.admin)
    answer = client.post(reverse("what_if_save"), new(plan, touch_type=demo) | twice)
    assert answer.status_code == 422
    assert "Another line adds this already." in answer.content.decode()


def test_who_leads_may_look_and_who_sets_rules_may_keep(client, cast, plan):
    for person, look, keep in ((cast.rep, 403, 403), (cast.manager, 200, 403), (cast.admin, 200, 302)):
        client.force_login(person)
        assert client.get(reverse("what_if")).status_code == look
        assert client.post(reverse("what_if_save"), with_count(plan, 4)).status_code == keep


def test_a_manager_reckons_with_their_own_teams_only(client, cast, plan):
    page = shown(client, cast.other_manager)
    assert [group.number for group in page.groups if group.lines] == [0]
    assert sum(row.needed_now for row in page.roles) == 0


def test_queries_do_not_grow(client, cast, plan):
    client.force_login(cast.admin)
    url = reverse("what_if")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url, with_count(plan, 4))
    for tier in factories.tiers().values():
        for kind in factories.touch_types().values():
            factories.contact_rule(tier, plan.role, kind, count=3)
    with CaptureQueriesContext(connection) as many:
        client.get(url, with_count(plan, 4))
    assert len(many) == len(few) <= 12


def test_lines_typed_for_new_touches_are_looked_up_together(client, cast, plan):
    tiers, types = factories.tiers(), factories.touch_types()
    url, typed = reverse("what_if"), {}
    client.force_login(cast.admin)
    client.get(url)
    asked = []
    for number, tier in enumerate(tiers.values()):
        line = {"tier": tier.pk, "stage": "customer", "role": plan.role_id, "touch_type": types["field"].pk}
        line |= {"count": 1, "period": "quarter", "duration_seconds": 60}
        typed |= {f"n{number}-{name}": value for name, value in line.items()}
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url, typed).context["page"]
        assert sum(line.rule.pk is None for group in page.groups for line in group.lines) == number + 1
        asked.append(len(queries))
    assert len(set(asked)) == 1
    assert asked[0] <= 12
