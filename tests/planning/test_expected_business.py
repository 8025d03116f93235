"""What the present prospects may bring: what the nightly run keeps, and who sees how much of it."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer, Potential, StageDecision
from planning.actions.evidence import compute_evidence
from planning.models import CurveKind, ExpectedBusiness, TierCurve
from planning.reports import Asked
from planning.reports.expected_business import REPORT
from tests import factories
from tests.accounts.signing_in import client_of

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 15, 10, tzinfo=dt.UTC)


@pytest.fixture
def log(cast):
    """Of 40 courses of tier A 20 were lost on day 50 and 20 won on day 60 with 1,000 each. Open today: the rep's of 45 days, the
    mate's of 55, nobody's of 10 in Leeds, and the other rep's of 500 days."""
    tiers = factories.tiers()
    factories.touch_types()
    Customer.objects.update(archived_at=NOW)
    first = dt.date(2025, 9, 1)
    for number in range(40):
        row = prospect(f"P{number:02}", 0, cast.exeter, since=first)
        if number < 20:
            factories.order(row, 1000, "won", closed_at=at(first + dt.timedelta(60)))
        else:
            StageDecision.objects.create(customer=row, stage="lost", at=at(first + dt.timedelta(50)), reason="price")
    prospect("Of the rep", 45, owner=cast.rep_membership)
    prospect("Of the mate", 55, owner=cast.mate_membership)
    prospect("Of nobody", 10, cast.leeds)
    prospect("Of the other rep", 500, owner=cast.other_rep_membership)
    return tiers


def at(day):
    return dt.datetime.combine(day, dt.time(9), dt.UTC)


def prospect(name, age, team=None, **more):
    """A prospect of tier A for so many days."""
    row = factories.customer(name, team, **{"since": NOW.date() - dt.timedelta(age), **more})
    Potential.objects.create(customer=row, amount=50_000)
    return row


# At day 50 the 40, the mate's and the old one are under way, 20 are lost; the mate's leaves; 20 of 21 are won at day 60.
REP, MATE = 1000 * 22 / 42 * 20 / 21, 1000 * 20 / 21


def test_it_is_kept_by_team_owner_tier_and_month(cast, log):
    compute_evidence(now=NOW)

    rows = {
        (row.membership_id, row.month and row.month.isoformat()[:7]): row
        for row in ExpectedBusiness.objects.filter(tier=log["A"])
    }
    rep, mate, old = cast.rep_membership.pk, cast.mate_membership.pk, cast.other_rep_membership.pk
    assert len(rows) == 4 * 14
    assert {key for key, row in rows.items() if row.mean} == {
        (rep, "2026-11"),
        (rep, None),
        (mate, "2026-11"),
        (mate, None),
        (None, "2027-01"),
        (None, None),
    }
    assert rows[rep, "2026-11"].mean == rows[rep, None].mean == pytest.approx(REP)
    assert rows[mate, "2026-11"].mean == pytest.approx(MATE)
    assert rows[None, "2027-01"].mean == pytest.approx(REP)
    assert rows[rep, "2026-11"].variance == pytest.approx(REP * (1000 - REP))
    assert (rows[old, None].prospects, rows[old, None].unknown) == (1, 1)
    assert rows[None, None].team == cast.leeds


def test_what_it_rests_on_is_kept_by_tier(log):
    compute_evidence(now=NOW)

    row = TierCurve.objects.get(kind=CurveKind.CHANCE_OF_WINNING, tier=log["A"])
    assert (row.steps["at"], row.steps["share"]) == ([50, 60], [0, round(REP / 1000, 4)])
    assert row.figures["chances"] == {
        "30": 0,
        "90": pytest.approx(REP / 1000),
        "180": pytest.approx(REP / 1000),
        "365": pytest.approx(REP / 1000),
    }
    assert (row.figures["wins"], row.figures["pooled"]) == (20, False)
    assert row.figures["worth"] == {"mean": 1000, "wins": 20, "pooled": False}


def test_a_prospect_won_since_is_no_prospect_of_the_next_run(cast, log):
    compute_evidence(now=NOW)
    mine = Customer.objects.get(name="Of the rep")
    factories.order(mine, 500, "won", closed_at=NOW + dt.timedelta(hours=1))

    compute_evidence(now=NOW + dt.timedelta(days=20))

    assert not ExpectedBusiness.objects.filter(membership=cast.rep_membership).exists()
    assert ExpectedBusiness.objects.values("run").distinct().count() == 1


URL = reverse("expected_business")


def page_of(user, query=""):
    return client_of(user).get(URL + query)


def shown(user, query=""):
    """Expected in all of whom the page tells: by tier, by team, by person."""
    found = page_of(user, query).context["found"]
    return (
        round(found.total.mean),
        {str(line.of): round(line.mean) for line in found.teams},
        {str(line.of): round(line.mean) for line in found.people},
    )


def test_each_sees_as_far_as_their_amounts_reach(cast, log):
    compute_evidence(now=NOW)
    rep, mate = round(REP), round(MATE)

    assert shown(cast.rep) == (rep, {}, {"Rep": rep})
    assert shown(cast.mate) == (mate, {}, {"Mate": mate})
    assert shown(cast.coordinator) == (round(REP + MATE), {"Exeter": round(REP + MATE)}, {"Rep": rep, "Mate": mate})
    assert shown(cast.manager) == shown(cast.coordinator)
    assert shown(cast.other_manager) == (rep, {"Leeds": rep}, {"None": rep, "Other rep": 0})
    assert shown(cast.admin)[1] == {"Exeter": round(REP + MATE), "Leeds": rep}
    assert page_of(cast.technician).status_code == 403


def test_who_stands_in_for_somebody_sees_theirs_on_the_days_of_the_cover(cast, log, time_machine):
    """The mate stands in for the rep on all customers; a cover of chosen ones shows no sum."""
    time_machine.move_to(NOW, tick=False)
    compute_evidence(now=NOW)
    day = NOW.date()
    factories.cover(cast.rep, cast.mate_membership, day, day)
    factories.cover(cast.other_rep, cast.mate_membership, day, day, Customer.objects.get(name="Of the other rep"))
    rep, mate = round(REP), round(MATE)

    assert shown(cast.mate) == (round(REP + MATE), {}, {"Rep": rep, "Mate": mate})
    time_machine.move_to(NOW + dt.timedelta(days=1), tick=False)
    assert shown(type(cast.mate).objects.get(pk=cast.mate.pk)) == (mate, {}, {"Mate": mate})


def test_amounts_of_customers_whom_one_does_not_see_are_in_no_sum(cast, log):
    compute_evidence(now=NOW)
    access = {"customers": {"see": "own"}, "amounts": {"see": "all"}, "export": {"see": "all"}}
    clerk = factories.role("Clerk", access=access)
    seat = factories.membership(factories.person("Clerk"), cast.exeter, role=clerk)

    assert shown(seat.user) == (0, {}, {})
    assert REPORT.rows(Asked(NOW.date(), NOW, reader=seat.user))[0] == []


def test_a_team_a_person_and_a_tier_can_be_chosen_within_reach(cast, log):
    compute_evidence(now=NOW)

    assert shown(cast.admin, f"?team={cast.north.pk}")[0] == round(REP)
    assert shown(cast.admin, f"?person={cast.mate.pk}")[0] == round(MATE)
    assert shown(cast.admin, f"?tier={log['A'].pk}")[0] == round(REP + MATE + REP)
    assert shown(cast.admin, f"?tier={log['B'].pk}")[0] == 0
    strangers = [f"?team={cast.leeds.pk}", f"?person={cast.other_rep.pk}", "?team=x", "?tier=98765432"]
    assert [page_of(cast.manager, query).status_code for query in strangers] == [404] * 4


def test_it_says_how_much_until_when_what_is_not_known_and_how_it_is_computed(cast, log):
    compute_evidence(now=NOW)

    text = page_of(cast.manager).content.decode()

    assert "2 open prospects may bring £1,451 of business until November 2027" in text
    assert "what is left of it" in text
    assert "A win brought" in text
    assert "A win brought" not in page_of(cast.rep).content.decode()
    assert "Of 1 prospect not every month is known" in page_of(cast.other_manager).content.decode()
    theirs = page_of(cast.other_manager, f"?person={cast.other_rep.pk}").content.decode()
    assert "not known yet" in theirs
    assert re.search(r"\b0 of \d known<", theirs)  # on a phone, where the column is not


def test_the_file_holds_the_same_rows_within_reach(cast, log):
    compute_evidence(now=NOW)

    def rows(reader, **asked):
        found, _at = REPORT.rows(Asked(NOW.date(), NOW, reader=reader, **asked))
        return {(row["team"], row["person"]): row for row in found if row["month"] is None}

    mine = rows(cast.manager)
    assert {key: row["expected"] for key, row in mine.items()} == {
        ("Exeter", "Rep"): f"{REP:.2f}",
        ("Exeter", "Mate"): f"{MATE:.2f}",
    }
    assert mine["Exeter", "Rep"]["high"] == f"{REP + 1.2815515655446004 * (REP * (1000 - REP)) ** 0.5:.2f}"
    assert rows(None, as_of=NOW.date()) == rows(None)
    # On that day the rep's was five days old and the mate's fifteen.
    assert rows(None, as_of=NOW.date() - dt.timedelta(60)).keys() == {("Leeds", "Other rep")}


def test_more_prospects_are_asked_for_as_often_and_the_page_stays_small(cast, log):
    def look():
        compute_evidence(now=NOW)
        client = client_of(cast.admin)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(URL)
        return len(queries), len(answer.content)

    few, _size = look()
    role = factories.role("Salesperson")
    for number in range(25):
        seat = factories.membership(factories.person(f"Rep {number}"), factories.team(f"Team {number}"), role=role)
        prospect(f"Prospect {number}", 20 + number, owner=seat)
    many, size = look()

    assert many == few <= 12
    assert size < 60_000
