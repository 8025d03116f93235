"""How rules are kept, computed by night and shown: the page on rhythm, and beside each contact rule."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import StageDecision
from planning.actions.evidence import compute_evidence
from planning.actions.rhythm import compute_rhythm
from planning.actions.runs import run_rhythm
from planning.models import ContactRule, EvidenceRun, RhythmGap, RhythmRun, RhythmSum, RuleDraft
from planning.queries import rhythm as queries
from planning.queries.suggested_rhythm import rhythm_evidence
from planning.reports import Asked
from planning.reports.rhythm import REPORT
from planning.tasks import rhythm as task
from territory.jobs.models import JobRun, JobState
from tests import factories
from tests.accounts.signing_in import client_of

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 30, 10, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def book(cast):
    """All prospects of tier D are called every fortnight: the rep does half of it, the mate nothing, Leeds everything.

    The mate's customer has had a weekly rule of its own for 61 days.
    """
    tiers = factories.tiers()
    factories.contact_rule(tiers["D"], count=2, period="month")
    factories.contact_rule(tiers["D"], factories.role("Technical support"), factories.touch_types()["field"], 1, "year")
    factories.customer("Nobody's", cast.exeter)
    factories.own_rule(cast.team_mates, NOW.date() - dt.timedelta(days=60))
    for number in range(3):
        factories.touch(cast.own, cast.rep, NOW - dt.timedelta(days=12 * number))
    for number in range(13):
        factories.touch(cast.foreign, cast.other_rep, NOW - dt.timedelta(days=14 * number))
    return cast


def page(user, query=""):
    answer = client_of(user).get(reverse("rhythm") + query)
    assert answer.status_code == 200
    return answer


def rows(user, query=""):
    """Names and whole per cents, in order."""
    return [(row.name, round(row.percent)) for row in page(user, query).context["found"].rows]


@pytest.mark.parametrize("window", [30, 90, 365])
@pytest.mark.parametrize("by", ["person", "team", "tier", "rule"])
def test_what_is_kept_is_what_the_report_computes(book, by, window):
    compute_rhythm(now=NOW)
    first = NOW.date() - dt.timedelta(days=window - 1)
    for reader in (book.admin, book.manager, book.other_manager, book.rep):
        asked = Asked(NOW.date(), NOW, starts_on=first, by=by, reader=reader)
        reported = sorted((row["asked"], row["made"]) for row in REPORT.rows(asked)[0])
        shown = sorted((f"{row.asked:.6f}", f"{row.made:.6f}") for row in queries.rhythm(reader, by, window).rows)
        assert shown == reported
        assert reported or (by == "team" and reader == book.rep)


def test_a_manager_sees_people_worst_first_and_in_words(book):
    compute_rhythm(now=NOW)
    found = page(book.manager)
    assert rows(book.manager) == [("Mate", 0), ("Nobody", 0), ("Rep", 49)]
    assert "Furthest behind is Mate, with 0" in found.content.decode()
    assert rows(book.admin, "?by=team") == [("Exeter", 13), ("Leeds", 96)]
    assert rows(book.manager, "?by=tier&days=30")[0][0] == "Tier D"
    assert rows(book.manager, "?by=nothing&days=7") == rows(book.manager)


def test_a_persons_row_opens_their_rules_with_the_interval_kept(book):
    compute_rhythm(now=NOW)
    assert f"?person={book.rep.pk}&amp;days=90" in page(book.manager).content.decode()
    calls, visits = page(book.manager, f"?person={book.rep.pk}").context["found"].rows
    assert (calls.name, calls.kept, calls.interval) == (
        "Voice call, Salesperson, prospect",
        12,
        pytest.approx(15.21875),
    )
    assert (visits.kept, visits.is_telling) == (None, False)  # a quarter of a visit was asked for
    asked_year = page(book.manager, f"?person={book.rep.pk}&days=365").context["found"].rows[0]
    assert (asked_year.kept, asked_year.asked > calls.asked) == (None, True)


def test_a_salesperson_sees_their_own_by_rule(book):
    compute_rhythm(now=NOW)
    assert [name for name, _percent in rows(book.rep)] == [
        "Voice call, Salesperson, prospect",
        "Field sales call, Technical support, prospect",
    ]
    assert rows(book.rep, "?by=team") == rows(book.rep)  # not theirs to choose
    for key in (book.mate.pk, 98_765, "x"):
        assert client_of(book.rep).get(f"{reverse('rhythm')}?person={key}").status_code == 404
    assert rows(book.rep, f"?person={book.rep.pk}") == rows(book.rep)


def test_a_rule_changed_in_the_window_is_said_with_its_day(book, time_machine):
    calls = ContactRule.objects.get(touch_type__name="Voice call")
    calls.duration_seconds = 1200  # no other rhythm
    calls.save()
    compute_rhythm(now=NOW)
    assert page(book.manager).context["found"].changed_on is None
    time_machine.move_to(NOW + dt.timedelta(hours=1), tick=False)
    calls.count = 4
    calls.save()
    assert page(book.manager).context["found"].changed_on is None  # shown is what was computed before
    time_machine.move_to(NOW + dt.timedelta(days=40), tick=False)
    compute_rhythm(now=NOW + dt.timedelta(days=40))
    assert "; the days before are held against it as it is now." in page(book.manager).content.decode()
    assert page(book.manager, "?days=30").context["found"].changed_on is None
    by_rule = {row.name: row.changed_on for row in page(book.manager, "?by=rule").context["found"].rows}
    assert by_rule["Voice call, Salesperson, prospect"] == NOW.date()
    assert by_rule["Field sales call, Technical support, prospect"] is None
    assert queries.beside_rules(book.manager, {calls.pk: calls.version})[1][calls.pk].changed_on == NOW.date()


def test_before_the_first_night_the_page_says_so(book):
    assert "Not computed yet" in page(book.manager).content.decode()


def test_it_is_computed_once_a_day_and_the_last_alone_is_kept(book):
    assert run_rhythm(now=NOW).state == JobState.DONE
    assert run_rhythm(now=NOW + dt.timedelta(hours=3)) is None
    task()
    assert JobRun.objects.filter(name="rhythm").count() == 1
    sums, gaps = RhythmSum.objects.count(), RhythmGap.objects.count()
    compute_rhythm(now=NOW + dt.timedelta(days=1))
    assert [run.on for run in RhythmRun.objects.all()] == [dt.date(2026, 7, 1)]
    assert (RhythmSum.objects.count(), RhythmGap.objects.count()) == (sums, gaps)


def test_beside_each_contact_rule_stands_how_it_is_kept(book):
    compute_rhythm(now=NOW)
    calls = ContactRule.objects.get(touch_type__name="Voice call")

    def text(user):
        return " ".join(client_of(user).get(reverse("rule_list", args=["contact-rules"])).content.decode().split())

    assert "12 days" in text(book.rep)
    assert "asked 15.2" in text(book.rep)
    assert "51 %" in text(book.rep)
    assert "14 days" in text(book.admin)  # of all: 7 gaps of 14 days, 2 of 12
    calls.version += 1
    calls.save()
    assert "12 days" not in text(book.rep)
    assert "tonight" in text(book.rep)
    assert "Interval kept" not in client_of(book.rep).get(reverse("rule_list", args=["order-rules"])).content.decode()


def test_the_pages_are_small_and_cost_the_same_for_few_and_for_many(book):
    """60 people and 40 rules: 12 statements and 60 KB at most, as many as for few."""
    client = client_of(book.admin)
    urls = [f"{reverse('rhythm')}?by={by}" for by in ("person", "team", "rule")]
    urls.append(reverse("rule_list", args=["contact-rules"]))

    def asked():
        compute_rhythm(now=NOW)
        counts = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(url)
            assert len(answer.content) < 60_000, url
            counts.append(len(queries))
        return counts

    few = asked()
    types = factories.touch_types().values()
    roles = [factories.role(f"Role {n}", position=n) for n in range(5)]
    for number, role in enumerate(roles):
        for tier in factories.tiers().values():
            for kind in list(types)[:2]:
                factories.contact_rule(tier, role, kind, number + 1)
    team = factories.team()
    for number in range(60):
        factories.customer(f"C{number}", owner=factories.membership(factories.person(f"Person {number}"), team))
    assert asked() == few
    assert max(few) <= 12


def evidence(rule, *bands):
    """The night's evidence on the rule's rhythm: bands as (from, to, courses, wins, low, high)."""
    told = [
        dict(zip(("starts", "ends", "courses", "wins", "low", "high"), band, strict=True), pace=7.0) for band in bands
    ]
    row = {"type": rule.touch_type_id, "tier": rule.tier_id, "bands": told}
    samples = {"prospect": {"rhythms": [row]}, "customer": {}}
    EvidenceRun.objects.create(on=NOW.date(), computed_at=NOW, engine=2, parameters={}, samples=samples)


BETTER = (3.0, 10.0, 100, 40, 0.34, 0.46)
SLOWER = (10.0, 22.0, 150, 30, 0.16, 0.245)


def test_a_suggested_interval_stands_beside_the_rule_with_its_reason_and_opens_it_filled_in(book):
    rule = ContactRule.objects.get(touch_type__name="Voice call")
    evidence(rule, BETTER, SLOWER)
    url = reverse("rule_edit", args=["contact-rules", rule.pk])
    client = client_of(book.admin)
    text = " ".join(client.get(reverse("rule_list", args=["contact-rules"])).content.decode().split())
    assert "Evidence suggests 1 a week." in text
    assert (
        "With touches 3 to 10 days apart, 40 % (34 to 46) of 100 prospects were won; with 10 to 22 days, as the rule asks, "
        "20 % (16 to 25) of 150." in text
    )
    assert f"{url}?count=1&amp;period=week" in text

    form = client.get(f"{url}?count=1&period=week")
    assert (form.context["form"]["count"].value(), form.context["form"]["period"].value()) == ("1", "week")
    assert "It suggests 1 a week." in form.content.decode()
    assert "It is association, not proof" in form.content.decode()
    typed = {name: form.context["form"][name].value() for name in form.context["form"].fields}
    sent = client.post(f"{url}?count=1&period=week", typed)
    draft = RuleDraft.objects.get()
    assert sent.url == reverse("draft_detail", args=[draft.pk])
    assert (draft.values["count"], draft.values["period"]) == (["1"], ["week"])
    # What an address proposes is checked like anything typed.
    assert client.get(f"{url}?count=x&period=never").status_code == 200
    assert client.post(url, typed | {"period": "never"}).status_code == 422


def test_where_evidence_does_not_tell_the_rule_says_why(book):
    calls, visits = ContactRule.objects.order_by("touch_type__position")
    evidence(calls, BETTER, (10.0, 22.0, 50, 12, 0.16, 0.33))
    client = client_of(book.admin)
    assert "Evidence suggests" not in client.get(reverse("rule_list", args=["contact-rules"])).content.decode()
    page = client.get(reverse("rule_edit", args=["contact-rules", calls.pk])).content.decode()
    assert "It suggests no other." in page
    assert "Too few wins at the rule&#x27;s own rhythm to compare it: 12, 30 are needed." in page
    assert (
        "12, 30 are needed" not in client.get(reverse("rule_edit", args=["contact-rules", visits.pk])).content.decode()
    )


def test_evidence_on_rhythms_is_for_who_sees_all_that_it_is_made_of(book):
    rule = ContactRule.objects.get(touch_type__name="Voice call")
    evidence(rule, BETTER, SLOWER)
    for user in (book.rep, book.manager):
        page = client_of(user).get(reverse("rule_list", args=["contact-rules"])).content.decode()
        assert "Evidence suggests" not in page
        assert "Tier D" in page


def test_the_nightly_evidence_holds_rhythms(book):
    for number in range(4):
        row = factories.customer(f"Q{number}", since=dt.date(2025, 1, 1))
        for days in (0, 8, 16):
            factories.touch(row, at=dt.datetime(2025, 1, 5, 9, tzinfo=dt.UTC) + dt.timedelta(days=days))
        if number:
            factories.order(row, 100, "won", closed_at=dt.datetime(2025, 3, 1, tzinfo=dt.UTC))
        else:
            at = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)
            StageDecision.objects.create(customer=row, stage="lost", at=at, reason="price")
    compute_evidence(now=NOW)
    rule = ContactRule.objects.get(touch_type__name="Voice call")
    [band] = rhythm_evidence(book.admin).bands_of(rule)
    assert (band.starts, band.ends, band.courses, band.wins, band.pace) == (3, 10, 4, 3, 8)
    assert rhythm_evidence(book.rep) is None
