"""Drafts of changes of rules on screen: seen by who may change all rules, computed by a job, saved once or thrown away."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer, Potential, TouchType
from planning import tasks
from planning.actions import effects
from planning.actions.effects import run_waiting_effects
from planning.actions.recompute import recompute_all
from planning.actions.starting_rules import create_starting_rules
from planning.marks import mark_changed
from planning.models import ContactRule, DraftState, RuleDraft, RulesVersion
from planning.queries.workload import board
from territory import clock
from territory.jobs.models import JobRun
from tests import factories
from tests.planning.drafting import sent

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def prospect(cast):
    """An A prospect of the rep, called weekly."""
    create_starting_rules(now=NOW, on=NOW.date())
    row = factories.customer("Brackwell Dairy", owner=cast.rep_membership, since=dt.date(2025, 1, 6))
    Potential.objects.create(customer=row, amount=160_000)
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=NOW)
    recompute_all(now=NOW)
    row.refresh_from_db()
    return row


@pytest.fixture
def rule(prospect):
    return ContactRule.objects.get(
        tier=prospect.tier, stage="prospect", role__name="Salesperson", touch_type__name="Voice call"
    )


@pytest.fixture
def draft(client, cast, rule):
    client.force_login(cast.admin)
    return typed(client, rule, count=9)


def typed(client, rule, **values):
    data = sent("contact-rules", rule, **values) | {"version": rule.version}
    answer = client.post(reverse("rule_edit", args=["contact-rules", rule.pk]), data)
    assert answer.status_code == 302
    return RuleDraft.objects.first()


def compute(draft):
    draft.refresh_from_db()
    tasks.compute_rule_effect(draft.pk, draft.asked)
    draft.refresh_from_db()


def page(client, draft):
    return client.get(reverse("draft_detail", args=[draft.pk]))


def save(client, draft, **data):
    return client.post(reverse("draft_save", args=[draft.pk]), {"reason": "We lose them", **data})


def test_without_a_worker_the_page_waits_and_asks_again(client, draft):
    answer = page(client, draft)
    assert "Waiting for a worker" in answer.content.decode()
    assert f'hx-get="{reverse("draft_effect", args=[draft.pk])}"' in answer.content.decode()
    assert "Touches" in answer.content.decode()


def test_saving_without_the_effect_is_done_knowingly(client, draft, rule):
    answer = save(client, draft)
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"unseen": ["Wait for the effect, or tick this to save without it."]}
    rule.refresh_from_db()
    assert rule.count == 4
    assert save(client, draft, unseen="on").status_code == 302
    rule.refresh_from_db()
    assert rule.count == 9


def test_the_effect_is_computed_and_asked_for_no_more(client, draft, prospect):
    compute(draft)
    shown = page(client, draft)
    body = shown.content.decode()
    assert "hx-get" not in body.split('id="effect"')[1].split(">")[0]
    assert 'name="unseen"' not in body
    effect = shown.context["page"].effect
    assert (effect.touched, effect.customers) == (1, Customer.objects.count())
    assert [(row.role, row.all.differs) for row in effect.roles if row.all.differs] == [("Salesperson", True)]
    assert "Brackwell Dairy" in body
    job = JobRun.objects.get(key=draft.job_key)
    assert (job.state, job.result) == ("done", {"customers": effect.customers, "touched": 1})


def test_who_becomes_overloaded_is_named_with_the_weeks_that_become_full(client, cast, rule, prospect):
    """5 % more capacity than work; in the second week the rep is away for three days, so that it is full already."""
    work = next(row for row in board(cast.admin).rows if row.person.pk == cast.rep.pk).cells[0].workload
    Membership.objects.filter(pk=cast.rep_membership.pk).update(
        weekly_hours=round(work * 1.05 / 60, 2), selling_share=1
    )
    factories.absence(cast.rep, dt.date(2026, 6, 15), dt.date(2026, 6, 17))
    client.force_login(cast.admin)
    draft = typed(client, rule, count=9)
    compute(draft)
    shown = page(client, draft)
    effect = shown.context["page"].effect
    (row,) = effect.overloaded
    weeks = [dt.date(2026, 6, 8) + dt.timedelta(weeks=number) for number in (0, 2, 3, 4, 5, 6, 7)]
    assert (row.person, row.fills, row.full_weeks) == (cast.rep, weeks, (1, 8))
    assert "W24" in shown.content.decode()
    assert effect.due_soon.after > effect.due_soon.before


def test_a_reason_is_asked_for(client, draft):
    compute(draft)
    answer = save(client, draft, reason="")
    assert answer.status_code == 422
    assert "Say why, the history shows it." in answer.content.decode()


def test_it_is_saved_once_with_its_reason(client, cast, draft, rule):
    compute(draft)
    number = RulesVersion.current()
    assert save(client, draft).status_code == 302
    assert save(client, draft).status_code == 302
    assert client.post(reverse("draft_discard", args=[draft.pk])).status_code == 302
    version = RulesVersion.objects.first()
    assert version.number == number + 1
    assert (version.reason, version.changed_by) == ("We lose them", cast.admin)
    assert "Touches 4 → 9" in version.what
    draft.refresh_from_db()
    assert (draft.state, draft.closed_by) == (DraftState.SAVED, cast.admin)
    last = rule.history.first()
    assert (last.count, last.history_user, last.history_change_reason) == (9, cast.admin, "We lose them")
    assert "We lose them" in client.get(reverse("rules_home")).content.decode()
    assert "It is in force." in page(client, draft).content.decode()


def test_thrown_away_nothing_has_changed(client, draft, rule):
    assert client.post(reverse("draft_discard", args=[draft.pk])).status_code == 302
    assert save(client, draft, unseen="on").status_code == 302
    rule.refresh_from_db()
    assert rule.count == 4
    assert "Nothing has changed." in page(client, draft).content.decode()


def test_of_two_drafts_the_second_is_shown_both_values(client, draft, rule):
    second = typed(client, rule, count=5)
    save(client, draft, unseen="on")
    answer = save(client, second, unseen="on")
    assert answer.status_code == 409
    body = answer.content.decode()
    assert ">9<" in body
    assert ">5<" in body
    second.refresh_from_db()
    assert second.is_open
    rule.refresh_from_db()
    again = answer.context["conflict"]
    assert client.post(again["action"], dict(again["data"])).status_code == 302
    third = RuleDraft.objects.first()
    assert (third.row_version, third.changes) == (rule.version, [["Touches", "9", "5"]])
    second.refresh_from_db()
    assert second.state == DraftState.DISCARDED


def test_rules_that_changed_since_make_it_outdated(client, cast, draft, rule):
    compute(draft)
    RulesVersion.objects.create(changed_at=NOW, what="something else")
    answer = page(client, draft)
    assert answer.context["page"].state == "outdated"
    assert "Compute again" in answer.content.decode()
    assert save(client, draft).status_code == 422
    assert client.post(reverse("draft_compute", args=[draft.pk])).status_code == 302
    assert page(client, draft).context["page"].state == "waiting"
    compute(draft)
    assert page(client, draft).context["page"].state == "current"


def test_facts_that_changed_since_are_counted(client, draft, prospect):
    compute(draft)
    mark_changed([prospect.pk], now=NOW + dt.timedelta(minutes=1))
    answer = page(client, draft)
    assert "Facts of 1 customer have changed since." in answer.content.decode()
    assert save(client, draft).status_code == 302


def test_an_effect_of_an_older_version_is_outdated(client, draft, monkeypatch):
    compute(draft)
    monkeypatch.setattr("planning.queries.drafts.EFFECT_VERSION", effects.EFFECT_VERSION + 1)
    assert page(client, draft).context["page"].state == "outdated"


def test_what_no_message_announced_the_sweep_computes(client, draft):
    run_waiting_effects(now=clock.now(), until=clock.now() + dt.timedelta(seconds=9))
    assert page(client, draft).context["page"].state == "current"


def test_a_computation_that_fails_says_so_and_can_be_asked_for_again(client, draft, monkeypatch):
    def broken(*_args, **_more):
        raise ValueError

    with monkeypatch.context() as patch:
        patch.setattr(effects, "effect_of", broken)
        compute(draft)
    assert page(client, draft).context["page"].state == "failed"
    client.post(reverse("draft_compute", args=[draft.pk]))
    compute(draft)
    assert page(client, draft).context["page"].state == "current"


def test_a_row_removed_meanwhile_is_said_to_be_gone(client, draft, rule):
    rule.delete()
    compute(draft)
    assert "has been removed meanwhile" in page(client, draft).content.decode()
    assert save(client, draft, unseen="on").status_code == 422
    draft.refresh_from_db()
    assert draft.is_open


def test_where_nothing_changes_the_page_says_so(client, cast, prospect):
    client.force_login(cast.admin)
    row = TouchType.objects.first()
    data = sent("touch-types", row, name="Talk") | {"version": row.version}
    client.post(reverse("rule_edit", args=["touch-types", row.pk]), data)
    draft = RuleDraft.objects.get()
    compute(draft)
    assert "Nothing changes." in page(client, draft).content.decode()


def test_a_form_sent_without_a_change_makes_no_draft(client, cast, rule):
    client.force_login(cast.admin)
    data = sent("contact-rules", rule) | {"version": rule.version}
    client.post(reverse("rule_edit", args=["contact-rules", rule.pk]), data)
    assert not RuleDraft.objects.exists()


def test_a_form_sent_empty_is_not_valid(client, cast, rule):
    client.force_login(cast.admin)
    assert client.post(reverse("rule_edit", args=["contact-rules", rule.pk]), {}).status_code == 422
    assert client.post(reverse("rule_create", args=["order-steps"]), {}).status_code == 422


def test_typed_again_it_takes_the_older_drafts_place(client, draft, rule):
    url = f"{reverse('rule_edit', args=['contact-rules', rule.pk])}?draft={draft.pk}"
    form = client.get(url).context["form"]
    assert form["count"].value() == "9"
    client.post(url, sent("contact-rules", rule, count=7) | {"version": rule.version})
    assert RuleDraft.objects.get(state=DraftState.OPEN).changes == [["Touches", "4", "7"]]


def test_the_last_tier_is_not_retired(client, cast, prospect):
    from customers.models import Tier

    client.force_login(cast.admin)
    last = Tier.objects.first()
    Tier.objects.exclude(pk=last.pk).update(retired_at=NOW)
    answer = client.post(reverse("rule_remove", args=["tiers", last.pk]), follow=True)
    assert "There must be one tier at least." in answer.content.decode()
    assert not RuleDraft.objects.exists()


def test_nobody_else_sees_a_draft_or_whether_there_is_one(client, cast, draft):
    for user in (cast.rep, cast.manager, cast.coordinator):
        client.force_login(user)
        for pk in (draft.pk, 98765):
            assert client.get(reverse("draft_detail", args=[pk])).status_code == 403
            assert client.get(reverse("draft_effect", args=[pk])).status_code == 403
            for name in ("draft_save", "draft_discard", "draft_compute"):
                assert client.post(reverse(name, args=[pk])).status_code == 403
        assert str(draft.title) not in client.get(reverse("rules_home")).content.decode()


def test_pages_stay_small(client, draft):
    compute(draft)
    for name, args in [("draft_detail", [draft.pk]), ("draft_effect", [draft.pk]), ("rules_home", [])]:
        client.get(reverse(name, args=args))
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(reverse(name, args=args))
        statements = [row["sql"] for row in queries if not row["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(statements) <= 12, "\n".join(statements)
        assert len(answer.content) < 60_000
