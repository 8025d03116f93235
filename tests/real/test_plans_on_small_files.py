"""The plans on small invented files of the same shape: nothing in them is tied to the rows of the public data."""

from decimal import Decimal

import pytest

from customers.models import Assignment, Customer, Order, Touch
from tests.real.conftest import PLANS, prepare_from, run_plan

pytestmark = pytest.mark.django_db


def write(folder, files):
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run(tmp_path, start_company):
    def run(name, files, **company):
        start_company(**company)
        prepare_from(name, write(tmp_path / "files", files), tmp_path / "out")
        return run_plan(PLANS / name / "plan.json", tmp_path / "out")

    return run


PIPELINE = {
    "accounts.csv": (
        "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
        "Brook & Sons,technolgy,1990,1.5,10,Philipines,\n"
        "Dale,retail,1990,1.5,10,Norway,\n"
        "Elm,retail,1990,1.5,10,Norway,\n"
    ),
    "products.csv": "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55.5\n",
    "sales_teams.csv": "sales_agent,manager,regional_office\nAl,Mia,North\nBea,Mia,North\nCoe,Noah,South\n",
    "sales_pipeline.csv": (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "O1,Al,GTXPro,Brook & Sons,Won,2019-01-05,2019-03-01,4000\n"
        "O2,Coe,GTX Pro,Brook & Sons,Won,2019-01-02,2019-02-01,5000\n"
        "O3,Al,MG Special,Brook & Sons,Lost,2019-01-07,2019-02-01,0\n"
        "O4,Bea,GTXPro,Dale,Engaging,2019-02-01,,\n"
        "O5,Bea,MG Special,Dale,Prospecting,,,\n"
        "O6,Bea,MG Special,,Engaging,2019-02-01,,\n"
        "O7,Zed,MG Special,Dale,Engaging,2019-02-01,,\n"
        "O8,Bea,Unheard,Dale,Engaging,2019-02-01,,99\n"
        "O9,Bea,MG Special,Dale,Engaging,2019-02-01,,77.25\n"
    ),
}


def test_a_pipeline(run):
    steps = run("maven-pipeline", PIPELINE, currency="USD", time_zone="America/New_York")
    assert (steps["teams"]["created"], steps["people"]["created"], steps["customers"]["created"]) == (4, 5, 3)
    brook = Customer.objects.get(external_id="Brook & Sons")
    assert (brook.since.isoformat(), brook.market.name, brook.country) == ("2019-01-02", "technology", "Philippines")
    # Both won one order; Coe's closed first.
    assert Assignment.objects.get().membership.user.name == "Coe"
    teams = dict(Customer.objects.values_list("external_id", "team__name"))
    assert teams == {"Brook & Sons": "Noah", "Dale": "Mia", "Elm": "Mia"}
    rejected = [(row["row"], row["column"]) for row in steps["orders"]["rejected_rows"]]
    assert rejected == [(7, "account"), (8, "sales_agent"), (9, "product")]
    amounts = dict(Order.objects.values_list("external_id", "amount"))
    assert amounts == {
        "O1": Decimal(4000),
        "O2": Decimal(5000),
        "O3": Decimal(0),
        "O4": Decimal(4821),
        "O5": Decimal("55.50"),
        "O9": Decimal("77.25"),
    }
    assert dict(Order.objects.values_list("external_id", "team__name"))["O1"] == "Mia"


LOANS = {
    "agents.csv": "agent,touches,main_activity\n1,2,Assessment\n2,2,Assessment\n",
    "prospects.csv": "prospect,registered_at,amount_requested\nP1,2019-01-31T23:30:00Z,25000\nP2,2019-02-01T10:00:00Z,100.50\n",
    "orders.csv": (
        "order,prospect,amount,status,reason,offered_at,closed_at,offers_made\n"
        "O1,P1,9000,won,won,2019-02-02T10:00:00Z,2019-02-05T10:00:00Z,1\n"
        "O2,P2,100,pending,open,2019-02-02T10:00:00Z,,1\n"
        "O3,P9,100,pending,open,2019-02-02T10:00:00Z,,1\n"
    ),
    "touches.csv": (
        "touch,prospect,activity,agent,started_at,ended_at\n"
        "T1,P1,Assessment,2,2019-02-01T08:00:00Z,2019-02-01T08:00:30Z\n"
        "T2,P1,Assessment,1,2019-02-01T07:00:00Z,2019-02-01T16:00:00Z\n"
        "T3,P1,Lead handling,,2019-02-01T08:00:00Z,2019-02-01T08:10:00Z\n"
        "T4,P2,Dancing,1,2019-02-01T08:00:00Z,2019-02-01T08:10:00Z\n"
    ),
    "lost.csv": "prospect,lost_at,reason\nP2,2019-03-01T10:00:00Z,declined\n",
}


def test_loans(run):
    steps = run("loan-calls", LOANS, currency="EUR", time_zone="Europe/Amsterdam")
    assert [(row["row"], row["column"]) for row in steps["orders"]["rejected_rows"]] == [(4, "prospect")]
    assert [(row["row"], row["column"]) for row in steps["touches"]["rejected_rows"]] == [(5, "activity")]
    first = Customer.objects.get(external_id="P1")
    assert (first.since.isoformat(), first.stage) == ("2019-02-01", "lapsed")
    # Both touched once; agent 1 began earlier.
    assert Assignment.objects.get(customer=first).membership.user.external_id == "1"
    assert Order.objects.get(external_id="O1").salesperson.external_id == "1"
    assert Touch.objects.get(external_id="T1").duration_seconds == 30
    assert Touch.objects.get(external_id="T2").is_implausible
    assert not Touch.objects.get(external_id="T3").people.exists()
    assert Customer.objects.get(external_id="P2").stage == "lost"
