"""Changing an official value: what it would change is shown first; it is adopted, rejected or set with a reason, once."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from planning.loaders.lists import list_questions, load_lists
from planning.models import KeptAnswer, RejectedSuggestion, TouchEvidence, TouchValue
from planning.queries import today
from territory.together import together
from tests import factories
from tests.accounts.signing_in import client_of
from tests.planning.answering import answered

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 9, 10, tzinfo=dt.UTC)
TUESDAY = dt.date(2026, 6, 9)


@pytest.fixture
def line(cast, time_machine):
    """Voice calls with prospects of tier A: officially 60, while the log shows 155 (113 to 201)."""
    time_machine.move_to(NOW, tick=False)
    tiers, types = factories.tiers(), factories.touch_types()
    evidence = factories.evidence(types["voice"], tiers["A"])
    official = factories.touch_value(types["voice"], tiers["A"], 60)
    return {"evidence": evidence, "official": official, "types": types, "tiers": tiers}


@pytest.fixture
def lists(cast, line):
    """The rep has a field call worth 100 and a voice call worth 60 on the list, each of 15 minutes; the other rep two calls."""
    field, voice = line["types"]["field"], line["types"]["voice"]
    factories.touch_value(field, line["tiers"]["A"], 100)
    calls = factories.contact_rule(touch_type=voice)
    visits = factories.contact_rule(touch_type=field)
    for person, customer, rule, name in (
        (cast.rep, cast.own, visits, "Own customer"),
        (cast.rep, cast.team_mates, calls, "Mate's customer"),
        (cast.other_rep, cast.foreign, calls, "Foreign customer"),
    ):
        customer.tier, customer.stage, customer.name = line["tiers"]["A"], "prospect", name
        customer.save()
        value = 100 if rule == visits else 60
        factories.due_touch(customer, person, TUESDAY, rule, value=value, travel_minutes=0)
    return cast


def address(name, line):
    found = line["evidence"]
    query = f"?for={found.stage}&type={found.touch_type_id}&tier={found.tier_id}"
    return reverse(name) + query


def decide(client, line, name="touch_value_adopt", reason="Below the interval for over a year.", **typed):
    data = {"evidence": line["evidence"].pk, "official": line["official"].pk, "reason": reason, **typed}
    return client.post(address(name, line), data)


def effect_of(client, line):
    """The page with what adopting would change, once it is worked out."""
    return answered(lambda: client.get(address("touch_value_adopt", line)))


def preview(client, line, **more):
    """The page with what setting another value would change, once it is worked out."""
    return answered(lambda: client.post(reverse("touch_value_set"), typed(line, do="preview", **more)))


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_what_adopting_would_change_in_today_is_shown_and_nothing_is_saved(lists, line):
    answer = effect_of(client_of(lists.admin), line)

    effect = answer.context["effect"]
    assert (effect.people, effect.rows, effect.moved, effect.new_first) == (2, 3, 2, 1)
    [rep] = effect.lists
    assert rep.person == "Rep"
    assert [row.customer for row in rep.before] == ["Own customer", "Mate's customer"]
    assert [(row.customer, row.step) for row in rep.after] == [("Mate's customer", 1), ("Own customer", -1)]
    assert "Rows that change place 2 of 3" in text_of(answer)
    assert TouchValue.objects.count() == 2


def test_it_is_the_order_that_today_then_has(lists, line):
    client = client_of(lists.admin)
    shown = effect_of(client, line).context["effect"].lists[0]
    decide(client, line)
    lists.own.due_touches.update(value=100)
    lists.team_mates.due_touches.update(value=155)  # as the worker stores it
    # The rep sees own customers: the mate's becomes one.
    factories.assign(lists.team_mates, lists.rep_membership, kind="support")

    assert [row.customer.name for row in today.rows(lists.rep)] == [row.customer for row in shown.after]


def test_planned_touches_and_covers_are_ranked_as_in_today(lists, line):
    """The mate stands in for the rep: the list is the mate's, with a planned voice call between."""
    absent = TUESDAY - dt.timedelta(days=1), TUESDAY + dt.timedelta(days=1)
    factories.absence(lists.rep, *absent)
    factories.cover(lists.rep, lists.mate_membership, *absent)
    factories.planned_touch(
        lists.own, lists.mate, TUESDAY - dt.timedelta(days=7), type=line["types"]["voice"], duration_seconds=900
    )

    effect = effect_of(client_of(lists.admin), line).context["effect"]

    [mate] = effect.lists
    assert (effect.people, mate.person, mate.rows) == (2, "Mate", 3)
    # Before: planned 60 x 2 / 15 = 8, visit 100 / 15 = 6.7, call 60 / 15 = 4; after: 20.7, 10.3, 6.7.
    assert [row.touch_type for row in mate.before] == ["Voice call", "Field sales call", "Voice call"]
    assert [row.touch_type for row in mate.after] == ["Voice call", "Voice call", "Field sales call"]


def test_only_the_work_of_those_whom_the_reader_sees_is_read(lists, line):
    """The mate of Exeter stands in for the other rep of Leeds: that call stands on the mate's list."""
    absent = TUESDAY, TUESDAY
    factories.absence(lists.other_rep, *absent)
    factories.cover(lists.other_rep, lists.mate_membership, *absent)
    settings, *rest = together(*list_questions())[1:]

    found = load_lists(TUESDAY, {lists.mate.pk}, settings, *rest)

    assert {pk: [item.customer for item in items] for pk, items in found.items()} == {lists.mate.pk: [lists.foreign.pk]}
    assert load_lists(TUESDAY, {lists.other_rep.pk}, settings, *rest) == {}


def test_what_last_quarter_s_touches_would_have_been_worth_is_shown_by_team_and_person(lists, line):
    """Two calls of the rep, one of them with the mate, and one of the other rep, of January to March; a visit is left out."""
    at = dt.datetime(2026, 2, 3, 9, tzinfo=dt.UTC)
    voice, field = line["types"]["voice"], line["types"]["field"]
    for customer in (lists.own, lists.foreign):
        customer.stage_periods.create(stage="prospect", began_at=at - dt.timedelta(days=90))
        customer.tier_periods.create(tier=line["tiers"]["A"], starts_on=dt.date(2025, 11, 1))
    both = factories.touch(lists.own, lists.rep, at=at, type=voice)
    both.people.create(user=lists.mate)
    factories.touch(lists.own, lists.rep, at=at + dt.timedelta(days=1), type=voice)
    factories.touch(lists.own, lists.rep, at=at, type=field)
    factories.touch(lists.foreign, lists.other_rep, at=at, type=voice)
    factories.touch(lists.foreign, lists.other_rep, at=at + dt.timedelta(days=90), type=voice)  # of this quarter

    answer = effect_of(client_of(lists.admin), line)

    work = answer.context["effect"]
    assert (work.first, work.last, work.keeps) == (dt.date(2026, 1, 1), dt.date(2026, 3, 31), True)
    assert {(row.name, row.team, row.touches, row.before, row.after) for row in work.workers} == {
        ("Rep", "Exeter", 2, 120, 310),
        ("Mate", "Exeter", 1, 60, 155),
        ("Other rep", "Leeds", 1, 60, 155),
    }
    assert {(row.team, row.before, row.after) for row in work.teams} == {("Exeter", 120, 310), ("Leeds", 60, 155)}
    assert (work.total.touches, work.total.before, work.total.after) == (3, 180, 465)
    assert "last quarter's touches keep theirs" in text_of(answer).replace("&#x27;", "'")
    work = preview(client_of(lists.admin), line, amount="155", starts_on="2026-02-04").context["effect"]
    assert (work.keeps, work.total.before, work.total.after) == (False, 60, 155)  # one call of 4 February


def test_of_lists_and_customers_beyond_the_reader_s_reach_nothing_is_told(lists, line):
    access = {area: {"see": "all"} for area in ("customers", "touches", "orders", "amounts")}
    access |= {"touch_values": {"see": "all", "approve": "all"}, "budgets": {"see": "team"}}
    seat = factories.membership(factories.person("Analyst"), lists.leeds, factories.role("Analyst", access=access))

    effect = effect_of(client_of(seat.user), line).context["effect"]

    assert (effect.people, effect.rows, effect.moved) == (1, 1, 0)


def test_a_mean_over_tiers_that_moves_counts_too(lists, line):
    """Nothing is set on tier B: its calls are worth the mean of the other tiers, which is the value adopted."""
    lists.team_mates.tier = line["tiers"]["B"]
    lists.team_mates.save()

    effect = effect_of(client_of(lists.admin), line).context["effect"]

    assert [(row.person, row.moved) for row in effect.lists] == [("Rep", 2)]


def test_the_number_of_queries_does_not_grow_with_people_and_rows(lists, line):
    client = client_of(lists.admin)

    def asked():
        KeptAnswer.objects.all().delete()
        effect_of(client, line)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address("touch_value_adopt", line)).status_code == 200
        return len([row for row in queries if not row["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    asked()
    few = asked()
    for number in range(4):
        seat = factories.membership(factories.person(f"Rep {number}"), lists.exeter, "Salesperson")
        for place in range(3):
            row = factories.customer(f"Customer {number} {place}", owner=seat)
            row.tier, row.stage = line["tiers"]["A"], "prospect"
            row.save()
            kind = line["types"]["voice" if place else "field"]
            factories.due_touch(row, seat.user, TUESDAY, factories.contact_rule(touch_type=kind), value=60)

    assert (asked(), few) == (9, 9)


def test_adopting_lets_the_suggestion_be_the_official_value_from_today_on(cast, line):
    answer = decide(client_of(cast.admin), line)

    assert answer.status_code == 302
    value = TouchValue.objects.latest("pk")
    assert (value.amount, value.starts_on, value.approved_by) == (155, TUESDAY, cast.admin)
    assert value.reason == "Below the interval for over a year."


@pytest.mark.parametrize("name", ["touch_value_adopt", "touch_value_reject"])
def test_without_a_reason_nothing_is_decided(cast, line, name):
    answer = decide(client_of(cast.admin), line, name, reason="")

    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()
    assert (TouchValue.objects.count(), RejectedSuggestion.objects.count()) == (1, 0)


@pytest.mark.parametrize("name", ["touch_value_adopt", "touch_value_reject"])
def test_who_comes_second_is_told_what_holds_by_now(cast, line, name):
    decide(client_of(cast.admin), line)

    answer = decide(client_of(cast.admin), line, name, reason="Mine")

    assert answer.status_code == 409
    assert "Administrator has set £155 from 9 Jun on" in text_of(answer)
    assert "Mine" in answer.content.decode()
    assert (TouchValue.objects.count(), RejectedSuggestion.objects.count()) == (2, 0)


def test_what_is_adopted_already_is_not_adopted_again(cast, line):
    client = client_of(cast.admin)
    decide(client, line)
    official = TouchValue.objects.latest("pk")

    assert "Adopt £155" not in page(cast, line).content.decode()
    assert "there is nothing to adopt" in text_of(client.get(address("touch_value_adopt", line)))
    again = decide(client, line, official=official.pk)
    assert (again.status_code, TouchValue.objects.count()) == (422, 2)


def test_what_was_computed_anew_meanwhile_is_looked_at_again(cast, line):
    answer = decide(client_of(cast.admin), line, evidence=line["evidence"].pk + 1)

    assert answer.status_code == 409
    assert "Evidence was computed anew meanwhile" in answer.content.decode()
    assert TouchValue.objects.count() == 1


def test_too_few_wins_suggest_nothing(cast, line):
    TouchEvidence.objects.update(is_pooled=True)

    assert client_of(cast.admin).get(address("touch_value_adopt", line)).status_code == 404
    assert decide(client_of(cast.admin), line).status_code == 404


@pytest.mark.parametrize("query", ["", "?for=prospect&type=x&tier=-1", "?for=nobody&type=1&tier=1"])
def test_a_line_that_is_not_there_is_not_found(cast, line, query):
    assert client_of(cast.admin).get(reverse("touch_value_adopt") + query).status_code == 404


@pytest.mark.parametrize("who", ["rep", "manager", "coordinator"])
def test_who_may_not_approve_neither_looks_nor_decides(cast, line, who):
    client = client_of(getattr(cast, who))

    assert client.get(address("touch_value_adopt", line)).status_code == 403
    assert decide(client, line).status_code == 403
    assert decide(client, line, "touch_value_reject").status_code == 403
    assert client.get(reverse("touch_value_set")).status_code == 403


def page(cast, line):
    return client_of(cast.admin).get(address("touch_values", line))


def test_a_rejection_keeps_what_was_seen_and_takes_the_mark_away(cast, line):
    assert page(cast, line).context["table"].outside == 1

    answer = decide(client_of(cast.admin), line, "touch_value_reject", "One campaign is in it.")

    assert answer.status_code == 302
    row = RejectedSuggestion.objects.get()
    assert (row.official, row.on, row.value, row.low, row.high) == (line["official"], TUESDAY, 155.4, 113, 201)
    assert (row.rejected_by, row.rejected_at, row.history.get().history_user) == (cast.admin, NOW, cast.admin)
    answer = page(cast, line)
    assert (answer.context["table"].outside, answer.context["table"].kept) == (0, 1)
    text = text_of(answer)
    assert "0 of 1 official value that can be compared lies outside its interval. 1 more is kept with a reason." in text
    assert "£60 kept rejected: £155 (113 to 201) One campaign is in it., Administrator" in text
    assert "Adopt: " not in answer.content.decode()


def test_it_is_suggested_again_once_evidence_has_moved_further_away(cast, line):
    decide(client_of(cast.admin), line, "touch_value_reject", "One campaign is in it.")

    TouchEvidence.objects.update(value=201, low=150, high=260)
    assert page(cast, line).context["table"].outside == 0
    TouchEvidence.objects.update(value=202)
    assert page(cast, line).context["table"].outside == 1


def test_a_value_that_starts_after_a_rejection_is_judged_anew(cast, line):
    decide(client_of(cast.admin), line, "touch_value_reject", "One campaign is in it.")
    factories.touch_value(line["types"]["voice"], line["tiers"]["A"], 61, starts_on=TUESDAY)

    assert page(cast, line).context["table"].outside == 1


def test_rejecting_twice_is_told(cast, line):
    for reason in ("First", "Second"):
        answer = decide(client_of(cast.admin), line, "touch_value_reject", reason)

    assert answer.status_code == 409
    assert "Administrator has rejected this suggestion" in text_of(answer)
    assert RejectedSuggestion.objects.get().reason == "First"


def test_what_lies_inside_cannot_be_rejected(cast, line):
    TouchEvidence.objects.update(low=50)

    answer = decide(client_of(cast.admin), line, "touch_value_reject")

    assert answer.status_code == 422
    assert "there is nothing to reject" in answer.content.decode()


def test_rejections_are_shown_to_nobody_who_does_not_see_evidence(cast, line):
    decide(client_of(cast.admin), line, "touch_value_reject", "One campaign is in it.")

    text = text_of(client_of(cast.manager).get(address("touch_values", line)))  # in words: a key may be 155

    assert "£60" in text
    assert "155" not in text
    assert "campaign" not in text


def typed(line, **more):
    found = line["evidence"]
    return {
        "touch_type": found.touch_type_id, "tier": found.tier_id, "stage": "prospect", "amount": "90",
        "starts_on": "2026-06-09", "reason": "Measured", **more,
    }  # fmt: skip


def seen_in(answer):
    return re.search(r'name="seen" value="([^"]+)"', answer.content.decode()).group(1)


def test_a_value_is_set_after_its_effect_was_shown(lists, line):
    client, url = client_of(lists.admin), reverse("touch_value_set")
    shown = preview(client, line, amount="101")
    assert (shown.status_code, shown.context["effect"].moved) == (200, 2)
    assert TouchValue.objects.count() == 2

    answer = client.post(url, typed(line, amount="101", do="save", seen=seen_in(shown)))

    assert answer.status_code == 302
    assert TouchValue.objects.latest("pk").amount == 101


def test_what_was_typed_anew_is_shown_before_it_is_saved(lists, line):
    client, url = client_of(lists.admin), reverse("touch_value_set")
    shown = client.post(url, typed(line, do="preview"))

    answer = answered(lambda: client.post(url, typed(line, amount="101", do="save", seen=seen_in(shown))))

    assert (answer.status_code, answer.context["effect"].moved) == (422, 2)
    assert "What you typed had not been looked at" in answer.content.decode()
    assert client.post(url, typed(line, amount="101", do="save", seen=seen_in(answer))).status_code == 302


def test_a_value_that_somebody_set_meanwhile_is_told_before_another_is(cast, line):
    client, url = client_of(cast.admin), reverse("touch_value_set")
    shown = client.post(url, typed(line, starts_on="2026-07-01", do="preview"))
    decide(client, line)

    answer = client.post(url, typed(line, starts_on="2026-07-01", do="save", seen=seen_in(shown)))

    assert answer.status_code == 409
    assert "Administrator has set £155 from 9 Jun on" in text_of(answer)
    assert TouchValue.objects.count() == 2
    again = client.post(url, typed(line, starts_on="2026-07-01", do="save", seen=seen_in(answer)))
    assert (again.status_code, TouchValue.objects.count()) == (302, 3)


def test_a_value_that_starts_later_is_looked_at_as_if_it_held_today(lists, line):
    answer = preview(client_of(lists.admin), line, amount="500", starts_on="2026-07-01")

    assert answer.context["effect"].moved == 2
    assert "as if it held today; it holds from 1 Jul on" in text_of(answer)


def test_a_value_that_ended_before_today_changes_no_list(lists, line):
    """One that starts before the one that holds: it is read in the past only."""
    factories.touch_value(line["types"]["voice"], line["tiers"]["A"], 60, starts_on=dt.date(2026, 6, 1))

    answer = preview(client_of(lists.admin), line, amount="500", starts_on="2026-05-01")

    assert answer.context["effect"].moved == 0
    assert "it holds until 1 Jun only" in text_of(answer)
    assert "holds from 1 May until 1 Jun , when a later one starts" in text_of(answer)
    assert answer.context["before"] == line["official"]


def test_a_history_tells_months_and_what_was_decided_between(cast, line):
    for month, value in ((4, 150.0), (5, 160.0)):
        found = line["evidence"]
        factories.evidence(found.touch_type, found.tier, dt.date(2026, month, 30), value=value, low=100, high=200)
    TouchValue.objects.create(
        touch_type=line["evidence"].touch_type, tier=line["evidence"].tier, stage="prospect", amount=Decimal(70),
        starts_on=dt.date(2026, 5, 4), reason="Judged", approved_by=cast.admin, approved_at=NOW - dt.timedelta(days=36),
    )  # fmt: skip

    context = page(cast, line).context

    assert [(row.on.month, row.official, len(row.decided)) for row in context["past"]] == [
        (4, 60, 0),
        (5, 70, 1),
        (6, 70, 0),
    ]
    assert context["chart"]["series"][0]["marks"] == [False, True, False]
    assert context["finding"] == "Official £70; evidence now £155.40, between £113 and £201."
