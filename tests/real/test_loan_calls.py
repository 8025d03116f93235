"""Calls on loan applications: the plan of tests/mappings/loan-calls gives the known figures, and those of a plain script."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.db.models import Count, Sum

from accounts.models import Role
from customers.models import Assignment, Customer, Order, StagePeriod, Touch, TouchType
from planning.engine.touches_to_customer import curve
from planning.loaders import load_ground
from planning.loaders.courses import load_courses
from planning.models import ActivityGoal
from tests.real.conftest import PLANS

DAY = dt.date(2012, 1, 5)
MINUTES = ("minutes", "touch_minutes", "travel_minutes", "other_minutes", "actual")
GOALS = ("goal", "asked", "done")
WORKLOAD = ("workload_minutes", "prospecting", "keeping", "travel", "team", "set_aside", "capacity_minutes", "load")


# Each test stands within the transaction that holds the imported data.
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loans(import_plan):
    return import_plan("loan-calls", currency="EUR", time_zone="Europe/Amsterdam")


@pytest.fixture(scope="module")
def oracle(loans):
    from tests.real.oracle_loan_calls import Oracle

    return Oracle(loans.folder, json.loads((PLANS / "loan-calls" / "rules.json").read_text()), DAY.isoformat())


def test_everything_goes_in(loans):
    counts = {kind: (step["created"], step["rejected"]) for kind, step in loans.steps.items() if kind != "rules"}
    assert counts == {
        "teams": (1, 0),
        "people": (51, 0),
        "customers": (6430, 0),
        "assignments": (4413, 0),
        "orders": (2398, 0),
        "touches": (34187, 0),
        "stages": (5163, 0),
    }


def test_the_same_plan_again_changes_nothing(loans):
    history = Touch.history.count()
    for step in loans.again().values():
        assert step.get("changed") in (0, {})
        assert step.get("created", 0) == 0
    assert Touch.history.count() == history


def test_touches(loans):
    assert Touch.objects.count() == 34187
    assert Touch.objects.values("customer").distinct().count() == 4731
    assert Touch.objects.filter(people__isnull=True).count() == 6530
    assert Touch.objects.filter(is_implausible=True).count() == 138
    seconds = Touch.objects.filter(is_implausible=False).aggregate(total=Sum("duration_seconds"))["total"]
    assert round(Decimal(seconds) / 60, 2) == Decimal("198774.48")


def test_touches_by_type_and_person(loans):
    by_type = loans.report("touches", by="type", as_of=DAY)
    assert sum(row["touches"] for row in by_type) == 34187
    assert sum(row["implausible"] for row in by_type) == 138
    assert sum(row["person_unknown"] for row in by_type) == 6530
    # Each row is rounded by itself.
    assert sum(Decimal(row["minutes"]) for row in by_type) == pytest.approx(Decimal("198774.48"), abs=Decimal("0.04"))
    by_person = loans.report("touches", by="person", as_of=DAY)
    assert len([row for row in by_person if row["key"] and row["touches"]]) == 51


def test_registration_falls_on_a_day_in_amsterdam(loans):
    assert Customer.objects.get(external_id="173688").since == dt.date(2011, 10, 1)


def test_stages_as_of_the_day(loans):
    rows = loans.report("standing", as_of=DAY)
    found: dict[str, int] = {}
    for row in rows:
        found[row["stage"]] = found.get(row["stage"], 0) + row["customers"]
    assert found == {"prospect": 172, "customer": 1095, "lost": 5163}


def test_won_as_of_the_day(loans):
    (team,) = [row for row in loans.report("sales", by="team", as_of=DAY) if row["name"] == "Sales"]
    assert (team["won"], team["won_amount"], team["won_amount_below"]) == (1095, "16258385.00", "16258385.00")
    assert Order.objects.filter(status="pending").count() == 145


def test_owners(loans):
    """The agent with most touches; of those tied who touched first."""
    owners = dict(Assignment.objects.owners().values_list("customer_id", "membership__user_id"))
    touches = Touch.objects.filter(people__isnull=False).values_list(
        "customer_id", "people__user_id", "at", "external_id"
    )
    counts: dict[int, dict[int, list]] = {}
    for customer, person, at, touch in touches:
        counts.setdefault(customer, {}).setdefault(person, []).append((at, touch))
    expected = {
        customer: min(people, key=lambda person: (-len(people[person]), min(people[person])))
        for customer, people in counts.items()
    }
    assert owners == expected


def test_lost_prospects_keep_their_reason(loans):
    causes = StagePeriod.objects.filter(stage="lost").values_list("cause").annotate(n=Count("pk"))
    assert dict(causes) == {"declined": 3846, "cancelled": 1317}


def number(value):
    """A figure of the script: None where there is none."""
    return None if value is None or value != value else float(value)


def compare(rows, frame, keys, figures, exact=()):
    """Every row of the report agrees with the script's, and neither has a row more."""
    ours = {tuple(row[key] for key in keys): row for row in rows}
    theirs = {
        tuple(row[key] if row[key] == row[key] else None for key in keys): row for row in frame.to_dict("records")
    }
    assert len(ours) == len(rows)
    assert ours.keys() == theirs.keys()
    wrong = []
    for key, row in ours.items():
        other = theirs[key]
        for name in figures:
            mine, yours = number(row[name]), number(other[name])
            # Minutes are printed with 2 decimals, scores and loads with 6.
            near = 5.1e-7 if name in ("score", "load", "asked", "made", "adherence", "won_share") else 0.0051
            if (mine is None) != (yours is None) or (mine is not None and abs(mine - yours) > near):
                wrong.append((key, name, mine, yours))
        wrong += [
            (key, name, row[name], other[name])
            for name in exact
            if row[name] != (other[name] if other[name] == other[name] else None)
        ]
    assert wrong == []


def test_budgets_agree_with_a_plain_script(loans, oracle):
    rows = loans.report("budgets", as_of=DAY)
    compare(rows, oracle.budgets(), ("customer", "role"), MINUTES, ("status",))
    assert {row["status"] for row in rows} == {"over", "under", "as planned", "too early"}


def test_due_lists_agree_with_a_plain_script(loans, oracle):
    rows = loans.report("due", as_of=DAY)
    compare(rows, oracle.due(), ("customer", "touch_type", "role"), ("overdue_days", "score"), ("person", "due"))


def test_workload_agrees_with_a_plain_script(loans, oracle):
    rows = loans.report("workload", as_of=DAY)
    for row in rows:  # nobody's work has nobody's hours
        if row["person"] is None:
            row["capacity_minutes"] = None
    compare(rows, oracle.workload(), ("person", "week"), WORKLOAD)


def test_rhythm_agrees_with_a_plain_script(loans, oracle):
    figures = ("interval", "asked", "made", "adherence", "kept_median")
    for window, options in ((90, {}), (30, {"starts_on": DAY - dt.timedelta(days=29)})):
        rows = loans.report("rhythm", as_of=DAY, **options)
        compare(rows, oracle.rhythm(window), ("tier", "stage", "role", "type"), figures)
    by_person = loans.report("rhythm", as_of=DAY, starts_on=DAY - dt.timedelta(days=29), by="person")
    for name in ("asked", "made"):
        assert sum(float(row[name]) for row in by_person) == pytest.approx(sum(float(row[name]) for row in rows))


def test_goals_agree_with_a_plain_script(loans, oracle):
    role, touch_type = Role.objects.get(name="Salesperson"), TouchType.objects.get(name="Offer follow-up call")
    goal = ActivityGoal.objects.create(role=role, touch_type=touch_type, count=40, period="week")
    rows = loans.report("goals", as_of=DAY, starts_on=dt.date(2011, 10, 5))
    goal.delete()
    compare(rows, oracle.goals(touch_type.name, 40, "2011-10-05"), ("person", "starts"), GOALS)
    assert {row["asked"] for row in rows} == {40, 32}  # weeks with a holiday
    assert sum(row["done"] for row in rows) > 5000


def test_tiers_and_stages_agree_with_a_plain_script(loans, oracle):
    found = oracle.customers.groupby(["stage", "tier"]).size()
    rows = {
        (row["stage"], row["tier"]): row["customers"] for row in loans.report("standing", as_of=DAY) if row["customers"]
    }
    assert rows == {key: int(count) for key, count in found.items()}


def test_touches_to_a_customer_agree_with_a_plain_script_and_are_the_known_ones(loans, oracle):
    rows = loans.report("touches_to_customer", as_of=DAY)
    compare(rows, oracle.touches_to_customer(), ("tier", "n"), ("at_risk", "won_share"))
    [within] = [row for row in rows if (row["tier"], row["n"]) == (None, 20)]
    assert within["won_share"] == "0.156730"
    assert float(within["low"]) < 0.15673 < float(within["high"])

    found = curve(load_courses(None, load_ground(DAY)).prospects)
    won = oracle.courses().query("outcome == 'won'")["touches"]
    assert list(found.quartiles) == list(won.quantile([0.25, 0.5, 0.75])) == [7, 10, 15]
    assert (found.courses, found.won) == (6430, len(won))


@pytest.fixture(scope="module")
def evidence_oracle(loans):
    from tests.real.oracle_evidence import EvidenceOracle

    return EvidenceOracle(loans.folder, json.loads((PLANS / "loan-calls" / "rules.json").read_text()), DAY.isoformat())


def test_chances_at_the_nth_touch_agree_with_a_plain_script(loans, evidence_oracle):
    rows = loans.report("nth_touch", as_of=DAY)
    compare(rows, evidence_oracle.nth_touch(), ("type", "tier", "n"), ("chance",), ("reached", "wins"))

    calls = [row for row in rows if row["type"] == "Offer follow-up call"]
    told = [
        (sum(row["reached"] for row in calls if row["n"] == n), sum(row["wins"] for row in calls if row["n"] == n))
        for n in (1, 2, 3)
    ]
    assert told == [(2249, 215), (1904, 242), (1480, 212)]


def test_equal_credit_and_its_interval_agree_with_a_plain_script(loans, evidence_oracle):
    rows = [
        row for row in loans.report("touch_values", as_of=DAY) if row["stage"] == "prospect" and row["equal_credit"]
    ]
    compare(
        rows,
        evidence_oracle.equal_credit(),
        ("type", "tier"),
        ("equal_credit", "low", "high"),
        ("touches", "wins", "pooled"),
    )
    assert evidence_oracle.credited() == (16258385, 0)
