"""Touch values: official beside evidence."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from customers.models import Potential, StageDecision
from planning.actions.evidence import compute_evidence
from planning.actions.rules import set_touch_value
from planning.actions.runs import run_evidence
from planning.models import EvidenceRun, TouchEvidence, TouchValue
from planning.queries.touch_values import suggested
from planning.tasks import evidence
from territory.jobs.models import JobRun, JobState
from tests import factories

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, 10, tzinfo=dt.UTC)


@pytest.fixture
def log(cast):
    """Twelve prospects of tier A won with one call each, between 1,000 and 1,011; a thirteenth lost after one."""
    tiers, types = factories.tiers(), factories.touch_types()
    for number in range(13):
        row = factories.customer(f"P{number:02}", cast.exeter, since=dt.date(2025, 1, 1))
        Potential.objects.create(customer=row, amount=50_000)
        factories.touch(row, at=dt.datetime(2025, 2, 1, 9, tzinfo=dt.UTC), type=types["voice"])
        if number < 12:
            at = dt.datetime(2025, 3, 1, 9, tzinfo=dt.UTC)
            factories.order(row, amount=1000 + number, status="won", closed_at=at)
        else:
            StageDecision.objects.create(
                customer=row, stage="lost", at=dt.datetime(2025, 3, 1, 9, tzinfo=dt.UTC), reason="price"
            )
    return {"tier": tiers["A"], "type": types["voice"], "types": types, "tiers": tiers}


def page(client, query=""):
    answer = client.get(reverse("touch_values") + query)
    assert answer.status_code == 200
    return answer


def test_evidence_is_kept_with_what_it_rests_on(log):
    compute_evidence(now=NOW)

    run = EvidenceRun.objects.get()
    assert (run.on, run.engine, run.parameters["draws"]) == (dt.date(2026, 11, 25), 2, 1000)
    sample = run.samples["prospect"]["tiers"][str(log["tier"].pk)]
    assert (sample["won"], sample["lost"], Decimal(sample["business"])) == (12, 1, 12_066)
    row = run.rows.get(stage="prospect", touch_type=log["type"], tier=log["tier"])
    assert (row.touches, row.wins, row.is_pooled) == (13, 12, False)
    assert row.value == pytest.approx(12_066 / 13)
    assert row.low < row.value < row.high


def test_of_a_month_the_last_is_kept(log):
    for day in (10, 25):
        compute_evidence(now=NOW.replace(day=day))
    compute_evidence(now=NOW.replace(month=12, day=1))

    assert [run.on.isoformat() for run in EvidenceRun.objects.order_by("on")] == ["2026-11-25", "2026-12-01"]
    assert TouchEvidence.objects.filter(run__on="2026-11-25").count() == 4 * 4 * 2


def test_where_no_course_has_ended_there_is_none(cast):
    factories.tiers()
    factories.touch_types()

    assert compute_evidence(now=NOW)["courses"] == 0
    assert not EvidenceRun.objects.exists()


def test_it_is_computed_once_a_day(log):
    assert run_evidence(now=NOW).state == JobState.DONE
    assert run_evidence(now=NOW + dt.timedelta(hours=3)) is None


def test_the_task_writes_down_how_it_went(log):
    evidence()

    assert JobRun.objects.get(name="touch evidence").state == JobState.DONE


def test_the_page_shows_official_beside_evidence_and_what_lies_outside(client, cast, log):
    factories.touch_value(log["type"], log["tier"], 120)
    compute_evidence(now=NOW)
    client.force_login(cast.admin)

    text = page(client).content.decode()

    assert "1 of 1 official value that can be compared lies outside its interval." in text
    assert "Most off: Voice call, tier A: £120, the log shows £928." in text
    assert "£928" in text
    assert "−87" in text
    assert "association, not proof" in text
    assert "Adopt £928" in text


def test_a_value_within_the_interval_is_inside(client, cast, log):
    factories.touch_value(log["type"], log["tier"], 930)
    compute_evidence(now=NOW)
    client.force_login(cast.admin)

    assert "0 of 1 official value that can be compared lies outside" in page(client).content.decode()


def test_a_value_lies_outside_where_all_wins_were_worth_nothing(client, cast, log):
    factories.touch_value(log["type"], log["tier"], 120)
    compute_evidence(now=NOW)
    TouchEvidence.objects.filter(is_pooled=False).update(value=0, low=0, high=0)

    client.force_login(cast.admin)

    table = page(client).context["table"]

    assert [(line.drift, line.is_outside, line.suggestion) for line in table.lines if line.figure] == [(None, True, 0)]


def test_too_few_wins_are_said_and_suggest_nothing(client, cast, log):
    compute_evidence(now=NOW)
    client.force_login(cast.admin)

    text = page(client, f"?for=prospect&type={log['type'].pk}&tier={log['tiers']['B'].pk}").content.decode()

    assert "too few wins to tell, the figures of all tiers are shown" in text
    assert "Too few wins to tell: this is the figure of all tiers." in text
    assert "Adopt" not in text


def test_evidence_is_a_sum_of_all_amounts_and_shown_to_nobody_who_may_not_see_them(client, cast, log):
    factories.touch_value(log["type"], log["tier"], 120)
    compute_evidence(now=NOW)

    for person in (cast.rep, cast.manager):
        client.force_login(person)
        text = strip_tags(page(client).content.decode())  # in words: a key may be 928
        assert "£120" in text
        assert "928" not in text
        assert "wins" not in text


@pytest.mark.parametrize("missing", ["customers", "touches", "orders", "amounts"])
def test_who_does_not_see_all_that_evidence_is_made_of_neither_sees_nor_adopts_it(client, cast, log, missing):
    access = {area: {"see": "all"} for area in ("customers", "touches", "orders", "amounts")}
    access |= {"touch_values": {"see": "all", "approve": "all"}, missing: {"see": "own"}}
    seat = factories.membership(factories.person("Clerk"), cast.exeter, factories.role("Clerk", access=access))
    factories.touch_value(log["type"], log["tier"], 120)
    compute_evidence(now=NOW)
    client.force_login(seat.user)

    text = strip_tags(page(client).content.decode())  # in words: a key may be 928

    assert "£120" in text
    assert "928" not in text
    assert "wins" not in text
    found = TouchEvidence.objects.filter(is_pooled=False).first()
    about = f"?for={found.stage}&type={found.touch_type_id}&tier={found.tier_id}"
    assert client.get(reverse("touch_value_adopt") + about).status_code == 403
    assert client.post(reverse("touch_value_reject") + about).status_code == 403


def test_months_with_too_few_wins_are_left_out_of_a_line_s_own(client, cast, log):
    compute_evidence(now=NOW.replace(month=10))
    TouchEvidence.objects.update(is_pooled=True)
    compute_evidence(now=NOW)
    client.force_login(cast.admin)

    past = page(client, f"?for=prospect&type={log['type'].pk}&tier={log['tier'].pk}").context["past"]

    assert [row.on.month for row in past] == [11]


def test_business_without_touches_is_told(client, cast, log):
    row = factories.customer("Untouched", cast.exeter, since=dt.date(2025, 1, 1))
    factories.order(row, amount=777, status="won", closed_at=dt.datetime(2025, 3, 1, 9, tzinfo=dt.UTC))
    compute_evidence(now=NOW)
    client.force_login(cast.admin)

    assert "£777 was won without any touch." in page(client).content.decode()


def test_two_who_set_a_value_at_the_same_moment_set_one(log, cast, monkeypatch):
    monkeypatch.setattr(TouchValue, "full_clean", lambda self: None)  # neither saw the other's
    said = {"touch_type": log["type"], "tier": log["tier"], "stage": "prospect", "starts_on": NOW.date(), "reason": "x"}
    set_touch_value(**said, amount=5, actor=cast.admin, now=NOW)

    with pytest.raises(ValidationError, match="A value starts on this day already"):
        set_touch_value(**said, amount=6, actor=cast.admin, now=NOW)

    assert TouchValue.objects.get().amount == 5


@pytest.mark.parametrize(("value", "amount"), [(155.5, 156), (155.49, 155), (9.994, "9.99"), (0.125, "0.13")])
def test_a_suggestion_is_an_amount_one_would_set(value, amount):
    assert suggested(value) == Decimal(amount)


def test_months_side_by_side(client, cast, log):
    factories.touch_value(log["type"], log["tier"], 120, starts_on=dt.date(2026, 11, 1))
    for month in (10, 11):
        compute_evidence(now=NOW.replace(month=month))
    client.force_login(cast.admin)

    past = page(client, f"?for=prospect&type={log['type'].pk}&tier={log['tier'].pk}").context["past"]

    assert [(row.on.month, row.official) for row in past] == [(10, None), (11, 120)]


def test_the_number_of_queries_does_not_grow_with_types_tiers_values_and_months(client, cast, log):
    client.force_login(cast.admin)
    compute_evidence(now=NOW)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            page(client)
        return len(queries)

    factories.touch_value(log["type"], log["tier"], 120)
    asked()
    few = asked()
    for number in range(3):
        kind = factories.touch_type(f"Kind {number}")
        factories.tier(f"T{number}", 100 + number, 10 + number)
        factories.touch_value(kind, log["tier"], 10, starts_on=dt.date(2026, 1, 1 + number))
        compute_evidence(now=NOW.replace(month=1 + number))
    assert asked() == few


def test_the_file_of_today_is_what_the_screen_shows(client, cast, log):
    compute_evidence(now=NOW)
    TouchEvidence.objects.filter(value__isnull=False).update(value=4321)  # as if the log said something else by now
    client.force_login(cast.admin)
    address = reverse("report", args=["touch_values"])

    stored = client.get(address).json()
    of_a_day = client.get(address, {"as_of": "2026-11-25"}).json()

    assert stored["computed_at"] == "2026-11-25T10:00:00Z"
    assert {row["equal_credit"] for row in stored["rows"]} == {"4321.00", None}
    assert "928.15" in {row["equal_credit"] for row in of_a_day["rows"]}


def test_who_sees_a_part_gets_it_from_the_log(client, cast, log):
    compute_evidence(now=NOW)
    client.force_login(cast.manager)

    told = client.get(reverse("report", args=["touch_values"])).json()

    assert told["computed_at"] != "2026-11-25T10:00:00Z"


def nth(n, reached, wins, chance, value):
    return {
        "n": n, "reached": reached, "wins": wins, "chance": chance, "low": chance / 2, "high": chance * 2, "value": value,
    }  # fmt: skip


@pytest.fixture
def kinds(log):
    """All three kinds; what a call brings falls below its cost from the third on."""
    return factories.evidence(
        log["type"], log["tier"], chance=0.08, chance_value=140.0, chance_low=90.0, chance_high=190.0, cost=12.0,
        stops_at=3, chances=[nth(1, 400, 32, 0.08, 140.0), nth(2, 120, 6, 0.05, 40.0), nth(3, 30, 0, 0.01, -2.0)],
        added_value=121.0, added_low=80.0, added_high=160.0,
    )  # fmt: skip


def shown(client, kinds):
    answer = page(client, f"?for=prospect&type={kinds.touch_type_id}&tier={kinds.tier_id}")
    return answer, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_three_kinds_of_evidence_stand_side_by_side_with_where_to_stop(client, cast, kinds):
    kinds.run.left_out = {"future": 3, "before": 0, "outside": 12}
    kinds.run.save()
    client.force_login(cast.admin)

    answer, text = shown(client, kinds)

    assert [(kind.name, kind.figure.value) for kind in answer.context["kinds"].kinds] == [
        ("Equal credit", 155.4), ("Chance at the n-th touch", 140), ("Added chance", 121),
    ]  # fmt: skip
    assert "Stop after touch 2: from touch 3 on one more costs more than it brings." in text
    assert "Left out: 15 touches: 3 in the future, 12 while nothing was under way." in text
    kinds.run.left_out = {"future": 0, "before": 0, "outside": 1}
    kinds.run.save()
    assert "Left out: 1 touch while nothing was under way." in shown(client, kinds)[1]
    assert "50 100 % 150 Evidence" in text
    assert answer.context["kinds"].finding == "The chance is highest at touch 1 (8.0\xa0%); at touch 3 it is 1.0\xa0%."
    assert answer.context["kinds"].reached_finding == "400 courses had a first such touch, 30 reached touch 3."
    assert answer.context["nth_chart"]["series"][0]["values"] == [8, 5, 1]
    assert answer.context["reached_chart"]["series"][0]["values"] == [400, 120, 30]


def test_where_to_stop_is_not_said_of_a_touch_that_few_courses_reached(client, cast, kinds):
    client.force_login(cast.admin)
    assert "It rests on 30 courses that got that far." in shown(client, kinds)[1]

    TouchEvidence.objects.filter(pk=kinds.pk).update(chances=[*kinds.chances[:2], nth(3, 9, 0, 0.01, -2.0)])

    answer, text = shown(client, kinds)
    assert answer.context["kinds"].stops_at is None
    assert "Stop after" not in text


def test_an_interval_of_no_touches_is_not_shown(client, cast, log):
    compute_evidence(now=NOW)
    client.force_login(cast.admin)

    rows = re.findall(r"<tr role=\"row\".*?</tr>", page(client).content.decode(), re.DOTALL)

    of_b = next(row for row in rows if f"type={log['type'].pk}&" in row and f"tier={log['tiers']['B'].pk}#" in row)
    assert "£928" in of_b
    assert "all tiers" in of_b
    assert "too few wins" in of_b
    assert " to " not in of_b


def test_what_tells_of_costs_is_shown_to_nobody_who_may_not_see_them(client, cast, kinds):
    access = {area: {"see": "all"} for area in ("customers", "touches", "orders", "amounts", "touch_values")}
    seat = factories.membership(factories.person("Analyst"), cast.exeter, factories.role("Analyst", access=access))
    client.force_login(seat.user)

    answer, text = shown(client, kinds)

    chance = answer.context["kinds"].kinds[1]
    assert (chance.figure, answer.context["kinds"].stops_at) == (None, None)
    assert "£140" not in text
    assert "Stop after" not in text
    assert {row.value for row in answer.context["kinds"].touches} == {None}


def test_where_nothing_can_be_told_the_reason_is(client, cast, kinds):
    TouchEvidence.objects.update(chance=None, chance_value=None, added_value=None, chances=[], stops_at=None)
    kinds.run.samples["prospect"]["added"] = {"reason": "only wins", "weeks": 0}
    kinds.run.save()
    client.force_login(cast.admin)

    _answer, text = shown(client, kinds)

    assert "everything was won: it cannot be told" in text
    assert "nothing was won: it cannot be told" in text
    TouchEvidence.objects.update(touches=0)
    assert "no course reached such a touch" in shown(client, kinds)[1]


def test_a_run_of_an_older_version_says_from_when_the_other_kinds_are_there(client, cast, kinds):
    TouchEvidence.objects.update(chance=None, chance_value=None, added_value=None, chances=[], stops_at=None)
    kinds.run.engine = 1
    kinds.run.save()
    client.force_login(cast.admin)

    found = shown(client, kinds)[0].context["kinds"].kinds

    assert [kind.note for kind in found[1:]] == ["from tonight on"] * 2


def test_a_run_of_evidence_as_of_a_day_before_somebody_became_a_prospect(cast):
    """Of a customer whose history begins later nothing is known that day."""
    factories.customer("Newcomer", cast.exeter, since=NOW.date())

    assert compute_evidence(now=NOW - dt.timedelta(days=60)) == {"courses": 0, "figures": 0}
