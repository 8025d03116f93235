"""What the present prospects may bring: what the nightly run keeps, and who sees how much of it."""

import datetime as dt

import pytest

from customers.models import Customer, Potential, StageDecision
from planning.actions.evidence import compute_evidence
from planning.models import CurveKind, ExpectedBusiness, TierCurve
from tests import factories

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
