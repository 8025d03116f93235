"""Answers that are kept for their reader: asked for by looking, computed by a job, shown to nobody else and not when they do not hold."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Membership, Role
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Assignment, Customer
from planning import tasks
from planning.actions import answers
from planning.actions.answers import forget_old_answers, renew_wanted_answers, run_answer
from planning.actions.rules import set_touch_value
from planning.engine.value import OfficialValue
from planning.models import AnswerKind, KeptAnswer, PlanningSettings, RulesVersion, TouchValue
from planning.queries import value_effect, work_page
from territory import clock
from territory.jobs.models import JobRun, JobState
from tests import factories
from tests.accounts.signing_in import client_of
from tests.planning.answering import answered, compute_answers

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 9, 10, tzinfo=dt.UTC)
TODAY = NOW.date()
YEAR = "/work-value/?period=year"


@pytest.fixture
def line(cast, time_machine):
    """Voice calls with prospects of tier A: officially 60, while the log shows 155; a visit is worth 100. Both reps have one call to
    make, the rep a visit before it. The rep and the other rep made a call each in February."""
    time_machine.move_to(NOW, tick=False)
    tier, types = factories.tiers()["A"], factories.touch_types()
    evidence = factories.evidence(types["voice"], tier)
    factories.touch_value(types["voice"], tier, 60)
    factories.touch_value(types["field"], tier, 100)
    for person, customer, kind in (
        (cast.rep, cast.own, types["field"]),
        (cast.rep, cast.team_mates, types["voice"]),
        (cast.other_rep, cast.foreign, types["voice"]),
    ):
        Customer.objects.filter(pk=customer.pk).update(tier=tier, stage="prospect")
        factories.due_touch(customer, person, TODAY, factories.contact_rule(touch_type=kind), travel_minutes=0)
    rebuild_lifecycle([cast.own.pk, cast.foreign.pk], now=NOW)
    at = dt.datetime(2026, 2, 3, 9, tzinfo=dt.UTC)
    factories.touch(cast.own, cast.rep, at=at, type=types["voice"])
    factories.touch(cast.foreign, cast.other_rep, at=at, type=types["voice"])
    return evidence


def adopting(line):
    return f"{reverse('touch_value_adopt')}?for=prospect&type={line.touch_type_id}&tier={line.tier_id}"


def later(time_machine, **more):
    time_machine.move_to(NOW + dt.timedelta(**more), tick=False)


def kept():
    return KeptAnswer.objects.get()


def shown(client, path):
    """What a page shows of its answer now: None while it is being worked out."""
    context = client.get(path).context
    return context.get("effect") or context.get("board")


@pytest.fixture(params=["adopting", "year"])
def page(request, cast, line):
    """Both pages that keep an answer, as the administrator sees them."""
    return {"adopting": adopting(line), "year": YEAR}[request.param]


def test_without_a_worker_the_page_waits_and_looks_again_by_itself(cast, line):
    page = client_of(cast.admin).get(adopting(line)).content.decode()
    assert "Being worked out." in page
    assert f'hx-get="{adopting(line)}"'.replace("&", "&amp;") in page
    assert "Look again" in page
    data = {"evidence": line.pk, "official": TouchValue.objects.get(amount=60).pk, "reason": "Below for a year"}
    assert client_of(cast.admin).post(adopting(line), data).status_code == 302
    assert TouchValue.objects.latest("pk").amount == 155


def test_a_value_is_set_without_waiting_for_its_effect(cast, line):
    client, url = client_of(cast.admin), reverse("touch_value_set")
    typed = {
        "touch_type": line.touch_type_id,
        "tier": line.tier_id,
        "stage": "prospect",
        "amount": "90",
        "reason": "So",
    }
    typed |= {"starts_on": "2026-06-09"}
    page = client.post(url, typed | {"do": "preview"})
    assert "Being worked out." in page.content.decode()
    assert "&quot;amount&quot;: &quot;90&quot;" in page.content.decode()
    seen = page.context["form"].data["seen"]
    assert client.post(url, typed | {"do": "save", "seen": seen}).status_code == 302


def test_another_amount_is_another_question(cast, line):
    client = client_of(cast.admin)
    typed = {"touch_type": line.touch_type_id, "tier": line.tier_id, "stage": "prospect", "starts_on": "2026-06-09"}
    for amount, moved in (("99", 0), ("101", 2)):
        data = typed | {"amount": amount, "reason": "So", "do": "preview"}
        page = answered(lambda data=data: client.post(reverse("touch_value_set"), data))
        assert page.context["effect"].moved == moved
    assert KeptAnswer.objects.count() == 2


def test_what_is_kept_is_what_is_computed(cast, line):
    client = client_of(cast.admin)
    effect = answered(lambda: client.get(adopting(line))).context["effect"]
    direct = value_effect.value_effect(
        cast.admin, OfficialValue(line.touch_type_id, line.tier_id, "prospect", TODAY, Decimal(155)), TODAY
    )
    assert (effect.moved, effect.rows, effect.people) == (direct.today.moved, direct.today.rows, direct.today.people)
    assert [row.person for row in effect.lists] == ["Rep"]
    assert (effect.total.before, effect.total.after) == (direct.work.total.before, direct.work.total.after)
    assert len(effect.workers) == len(direct.work.people) == 2

    board = answered(lambda: client.get(YEAR)).context["board"]
    sums = work_page.work_sums(cast.admin, TODAY - dt.timedelta(days=364), TODAY, with_teams=True)
    assert board == work_page.board(cast.admin, sums, "name")
    assert [(row.person.name, row.work.touches) for row in board.rows] == [("Other rep", 1), ("Rep", 1)]


def test_typed_days_are_kept_too_and_those_of_a_quarter_are_not(cast, line):
    client = client_of(cast.manager)
    days = "/work-value/?first=2026-01-01&last=2026-04-30"
    assert answered(lambda: client.get(days)).context["board"].total.touches == 1
    assert "Computed <time" in client.get(days).content.decode()
    assert kept().question == "2026-01-01/2026-04-30"
    assert client.get("/work-value/?first=2026-02-01&last=2026-04-30").context["board"].total.touches == 1
    assert KeptAnswer.objects.count() == 1


def test_two_tabs_ask_once(cast, page, monkeypatch):
    rung = []
    monkeypatch.setattr(answers, "answer_soon", lambda *asked: rung.append(asked))
    for _tab in range(3):
        assert shown(client_of(cast.admin), page) is None
    assert rung == [(kept().pk, 1)]
    tasks.compute_answer(kept().pk, 1)
    tasks.compute_answer(kept().pk, 1)
    assert JobRun.objects.get(key=kept().job_key).attempts == 1
    for _tab in range(2):
        assert shown(client_of(cast.admin), page)
    assert len(rung) == 1


def test_two_that_ask_anew_at_the_same_moment_ring_once(cast, page, monkeypatch):
    answered(lambda: client_of(cast.admin).get(page))
    rung = []
    monkeypatch.setattr(answers, "answer_soon", lambda *asked: rung.append(asked))
    one, other = kept(), kept()
    assert (answers._ask_anew(one, NOW), answers._ask_anew(other, NOW)) == (True, False)
    assert (rung, one.asked, other.asked) == ([(one.pk, 2)], 2, 2)


def test_when_the_day_is_over_it_is_asked_anew(cast, page, time_machine):
    client = client_of(cast.admin)
    assert answered(lambda: client.get(page))
    later(time_machine, hours=14)
    assert shown(client_of(cast.admin), page) is None
    compute_answers()
    assert shown(client_of(cast.admin), page)


def test_when_values_or_rules_change_it_is_asked_anew(cast, line, page):
    client = client_of(cast.admin)
    answered(lambda: client.get(page))
    RulesVersion.raised(changed_at=NOW, what="a tier")
    assert shown(client, page) is None
    compute_answers()
    assert shown(client, page)
    set_touch_value(
        touch_type=line.touch_type, tier=line.tier, stage="prospect", amount=61, starts_on=TODAY, reason="So", actor=cast.admin, now=NOW
    )  # fmt: skip
    assert shown(client, page) is None


def test_when_touches_are_counted_otherwise_it_is_asked_anew(cast, page):
    client = client_of(cast.admin)
    answered(lambda: client.get(page))
    PlanningSettings.objects.create(repeats_count_once=True)
    assert shown(client, page) is None


def test_after_half_an_hour_it_is_shown_and_asked_anew(cast, page, time_machine):
    client = client_of(cast.admin)
    answered(lambda: client.get(page))
    later(time_machine, minutes=31)
    assert shown(client, page)
    assert (kept().asked, kept().answered, kept().computed_at) == (2, 1, NOW)
    compute_answers()
    assert (kept().asked, kept().answered, kept().computed_at) == (2, 2, NOW + dt.timedelta(minutes=31))


def test_what_an_older_version_computed_is_not_shown(cast, page):
    client = client_of(cast.admin)
    answered(lambda: client.get(page))
    KeptAnswer.objects.update(version=0)
    assert shown(client, page) is None


def test_it_is_shown_to_its_reader_alone(cast, page):
    answered(lambda: client_of(cast.admin).get(page))
    other = factories.membership(factories.person("Second administrator"), cast.leeds, "Administrator")
    assert shown(client_of(other.user), page) is None
    assert {row.reader_id for row in KeptAnswer.objects.all()} == {cast.admin.pk, other.user_id}


def test_it_is_not_shown_once_the_reader_s_role_or_team_is_another(cast, line):
    client = client_of(cast.manager)
    year = answered(lambda: client.get(YEAR)).context["board"]
    assert [row.person.name for row in year.rows] == ["Rep"]
    Membership.objects.filter(user=cast.manager).update(team=cast.north)
    assert shown(client, YEAR) is None
    compute_answers()
    assert [row.person.name for row in shown(client, YEAR).rows] == ["Other rep"]
    role = Role.objects.get(name="Sales manager")
    role.access = role.access | {"cost": {}}
    role.save()
    assert shown(client, YEAR) is None
    assert not answered(lambda: client.get(YEAR)).context["board"].sees_cost


def test_it_is_not_shown_once_somebody_has_left_the_reader_s_teams(cast, line):
    client = client_of(cast.manager)
    answered(lambda: client.get(YEAR))
    Membership.objects.filter(pk=cast.rep_membership.pk).update(team=cast.leeds)
    assert shown(client, YEAR) is None


def test_who_may_no_more_is_denied_whatever_is_kept(cast, page):
    client = client_of(cast.admin)
    answered(lambda: client.get(page))
    Role.objects.filter(name="Administrator").update(access={})
    assert client.get(page).status_code == 403


def test_names_are_those_of_now_and_of_customers_that_are_seen_alone(cast, line):
    """The analyst approves values, sees everyone's budgets, and the customers of the own team."""
    access = {"touch_values": {"see": "all", "approve": "all"}, "budgets": {"see": "all"}, "customers": {"see": "team"}}
    role = factories.role("Analyst", access=access | {"touches": {"see": "team"}})
    seat = factories.membership(factories.person("Analyst"), cast.exeter, role)
    client = client_of(seat.user)
    typed = {"touch_type": line.touch_type_id, "tier": line.tier_id, "stage": "prospect", "amount": "155"}
    typed |= {"starts_on": "2026-06-09", "reason": "So", "do": "preview"}

    def customers():
        effect = client.post(reverse("touch_value_set"), typed).context["effect"]
        return [row.customer for row in effect.lists[0].before] if effect else None

    assert answered(customers) == ["Own customer", "Mate's customer"]
    Customer.objects.filter(pk=cast.own.pk).update(name="Forgotten")
    Customer.objects.filter(pk=cast.team_mates.pk).update(team=cast.leeds)
    Assignment.objects.filter(customer=cast.team_mates).update(membership=cast.other_rep_membership)
    assert customers() == ["Forgotten", ""]


def test_a_computation_that_fails_says_so_and_is_tried_again(cast, page, monkeypatch, time_machine):
    def broken(*_about):
        raise ValueError

    client = client_of(cast.admin)
    with monkeypatch.context() as patch:
        patch.setattr(answers, "KINDS", {kind: answers.Kind(broken, version=1) for kind in AnswerKind})
        answer = answered(lambda: client.get(page))
        assert answer.context["kept"].failed
        assert "could not be worked out" in answer.content.decode()
        assert "hx-trigger" not in answer.content.decode().split("could not be worked out")[0].split("<main")[1]
        for _sweep in range(6):
            compute_answers()
    run = JobRun.objects.get(key=kept().job_key)
    assert (run.state, run.attempts) == (JobState.FAILED, 5)
    later(time_machine, minutes=31)
    assert not client.get(page).context["kept"].failed
    compute_answers()
    assert shown(client, page)


def test_what_a_worker_died_over_another_takes_up(cast, page, time_machine):
    client = client_of(cast.admin)
    client.get(page)
    JobRun.objects.create(
        name=answers.ANSWER, key=kept().job_key, state=JobState.RUNNING, attempts=1, queued_at=NOW, started_at=NOW, heard_at=NOW
    )  # fmt: skip
    compute_answers()
    assert shown(client, page) is None
    later(time_machine, minutes=11)
    compute_answers()
    assert shown(client, page)


def test_a_message_that_comes_late_computes_nothing(cast, page, time_machine):
    client = client_of(cast.admin)
    client.get(page)
    later(time_machine, minutes=31)
    client.get(page)
    run_answer(kept().pk, 1, now=clock.now())
    assert (kept().asked, kept().answered, JobRun.objects.count()) == (2, 0, 0)


def test_for_who_has_left_nothing_is_computed(cast, page):
    client_of(cast.admin).get(page)
    cast.admin.is_active = False
    cast.admin.save()
    compute_answers()
    assert kept().answered == 0


def test_what_somebody_looked_at_lately_is_there_in_the_morning(cast, line, time_machine):
    client = client_of(cast.admin)
    for path in (YEAR, adopting(line)):
        answered(lambda path=path: client.get(path))
    later(time_machine, days=5, hours=15)
    renew_wanted_answers(now=clock.now(), until=clock.now() + dt.timedelta(minutes=1))
    assert shown(client_of(cast.admin), YEAR).total.touches == 2
    assert KeptAnswer.objects.get(kind=AnswerKind.WORK).wanted_on == dt.date(2026, 6, 15)
    assert KeptAnswer.objects.get(kind=AnswerKind.VALUE_EFFECT).day == TODAY


def test_what_nobody_looks_at_is_neither_renewed_nor_kept(cast, line, time_machine):
    answered(lambda: client_of(cast.admin).get(YEAR))
    later(time_machine, days=7, hours=15)
    renew_wanted_answers(now=clock.now(), until=clock.now() + dt.timedelta(minutes=1))
    assert kept().day == TODAY
    assert forget_old_answers(clock.now()) == 1


def test_a_reader_keeps_the_last_ones_alone(cast, line, monkeypatch):
    monkeypatch.setattr(answers, "MOST", 3)
    client = client_of(cast.admin)
    for month in range(1, 6):
        client.get(f"/work-value/?first=2025-{month:02}-01&last=2025-12-31")
    assert [row.question[5:7] for row in KeptAnswer.objects.order_by("pk")] == ["03", "04", "05"]


def test_the_page_of_work_is_loaded_anew_once_it_is_there(cast, line):
    client, asks = client_of(cast.admin), {"HX-Request": "true", "HX-Target": "waiting"}
    assert 'hx-trigger="every 2s"' in client.get(YEAR).content.decode()
    assert client.get(YEAR, headers=asks).status_code == 204
    compute_answers()
    assert client.get(YEAR, headers=asks).headers["HX-Refresh"] == "true"
