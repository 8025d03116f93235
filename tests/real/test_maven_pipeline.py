"""CRM sales opportunities of a hardware vendor: the plan of tests/mappings/maven-pipeline gives the known figures."""

import csv
import datetime as dt
import warnings
from collections import Counter, defaultdict
from decimal import ROUND_DOWN, Decimal

import numpy as np
import pandas
import pytest
from django.db.models import Min, Sum
from statsmodels.regression.mixed_linear_model import MixedLM

from accounts.models import Membership, Team
from customers.models import Assignment, Customer, Order, Potential
from planning.engine.crossed_effects import Sale, crossed_effects
from planning.loaders import load_ground
from planning.loaders.sale_cost import load_sales
from planning.reports import Asked
from planning.reports import effects as effects_report
from tests import factories
from tests.real.conftest import data_folder

YEAR_END = dt.date(2017, 12, 31)
WON_BY_TEAM = ["2251930.00", "1964750.00", "1960545.00", "1603897.00", "1130049.00", "1094363.00"]


# Each test stands within the transaction that holds the imported data.
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def maven(import_plan):
    return import_plan("maven-pipeline", currency="USD", time_zone="America/New_York")


@pytest.fixture(scope="module")
def deals():
    """The deals as the public file has them."""
    with (data_folder("maven-pipeline") / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_plan_again_changes_nothing(maven):
    history = Order.history.count()
    for step in maven.again().values():
        assert step.get("changed") in (0, {})
        assert step.get("created", 0) == 0
    assert Order.history.count() == history


def test_agents_in_teams_under_their_managers_in_offices(maven):
    assert maven.steps["people"]["created"] == 35 + 6
    assert Team.objects.filter(parent__isnull=True).count() == 3
    assert Team.objects.filter(parent__isnull=False).count() == 6
    assert Membership.objects.filter(role__name="Salesperson").count() == 35
    managers = Membership.objects.filter(role__name="Sales manager").select_related("user", "team")
    assert all(row.user.name == row.team.name for row in managers)
    assert Order.objects.values("salesperson").distinct().count() == 30


def test_accounts_since_their_first_deal(maven, deals):
    first = defaultdict(list)
    for deal in deals:
        if deal["engage_date"] or deal["close_date"]:
            first[deal["account"]].append(deal["engage_date"] or deal["close_date"])
    since = {name: day.isoformat() for name, day in Customer.objects.values_list("name", "since")}
    assert len(since) == maven.steps["customers"]["created"] == 85
    assert since == {name: min(days) for name, days in first.items() if name}


def test_the_owner_is_who_won_most_orders_there(maven, deals):
    """An independent count; of those tied, whose first won order closed first."""
    wins, first = Counter(), {}
    for deal in deals:
        if deal["deal_stage"] == "Won":
            pair = (deal["account"], deal["sales_agent"])
            wins[pair] += 1
            first[pair] = min(first.get(pair, "9"), deal["close_date"])
    owners = Assignment.objects.owners().values_list(
        "customer__name", "membership__user__name", "customer__team__name", "membership__team__name"
    )
    assert len(owners) == 85
    for account, owner, team, owners_team in owners:
        best = min((-wins[pair], first[pair]) for pair in wins if pair[0] == account)
        assert (-wins[account, owner], first[account, owner]) == best
        assert team == owners_team
    assert not Potential.objects.exists()


def test_orders_won_lost_and_open(maven):
    won = Order.objects.filter(status="won")
    assert (won.count(), won.aggregate(total=Sum("amount"))["total"]) == (4238, Decimal(10005534))
    assert Order.objects.filter(status="lost").count() == 2473
    assert Order.objects.filter(status="pending").count() == 2089 - 1425


def test_deals_without_an_account_are_rejected_row_by_row(maven, deals):
    step = maven.steps["orders"]
    assert (step["rejected"], step["created"]) == (1425, 8800 - 1425)
    rows = [number for number, deal in enumerate(deals, start=2) if not deal["account"]]
    assert [row["row"] for row in step["rejected_rows"]] == rows
    assert {(row["column"], row["value"], row["reason"]) for row in step["rejected_rows"]} == {
        ("account", "", "is blank")
    }


def test_open_deals_are_valued_at_the_list_price(maven):
    for price, amount in Order.objects.filter(status="pending").values_list("product_line__list_price", "amount"):
        assert price == amount


def test_an_order_without_an_engage_date_was_always_open(maven):
    assert Order.objects.filter(opened_at__isnull=True).count() == 163


def test_sales_by_team_largest_first(maven):
    rows = [row for row in maven.report("sales", by="team", as_of=YEAR_END) if row["won"]]
    assert [row["won_amount"] for row in rows] == WON_BY_TEAM
    assert sum(row["won"] for row in rows) == 4238
    assert sum(row["lost"] for row in rows) == 2473


def test_all_teams_and_people_appear_and_offices_hold_what_is_below(maven):
    teams = {row["name"]: row for row in maven.report("sales", by="team", as_of=YEAR_END)}
    assert len(teams) == 9
    offices = ["Central", "East", "West"]
    assert sum(Decimal(teams[name]["won_amount_below"]) for name in offices) == 10005534
    assert [teams[name]["won"] for name in offices] == [0, 0, 0]
    people = maven.report("sales", by="person", as_of=YEAR_END)
    assert len([row for row in people if row["key"]]) == 41
    assert sum(1 for row in people if row["won"]) == 30


def test_standing_at_the_end_of_the_year(maven):
    rows = maven.report("standing", as_of=YEAR_END)
    assert sum(row["customers"] for row in rows) == 85
    assert {row["stage"] for row in rows} == {"customer"}


def base_of(team: Team) -> Decimal:
    """A team's sales scaled to a year: its first order was won on 2017-03-01, 306 days before the end of the year."""
    won = Order.objects.filter(team=team, status="won")
    first = won.aggregate(first=Min("closed_at"))["first"]
    assert first == dt.datetime(2017, 3, 1, 5, 0, tzinfo=dt.UTC)
    return won.aggregate(total=Sum("amount"))["total"] * 365 / Decimal(306)


@pytest.mark.parametrize(
    "name", ["Melvin Marxen", "Summer Sewald", "Rocco Neubert", "Celia Rouche", "Cara Losch", "Dustin Brinkmann"]
)
def test_a_pending_order_of_a_fifth_opens_nothing_and_a_larger_one_does(maven, name):
    team = Team.objects.get(name=name)
    customer = Customer.objects.filter(team=team).first() or Customer.objects.first()
    base = base_of(team)
    fifth = (base * Decimal("0.2")).quantize(Decimal("0.01"), ROUND_DOWN)
    more = (base * Decimal("0.201")).quantize(Decimal("0.01"), ROUND_DOWN)
    opened = dt.datetime(2017, 12, 30, 12, 0, tzinfo=dt.UTC)
    factories.order(customer, fifth, team=team, external_id="FIFTH", opened_at=opened)
    factories.order(customer, more, team=team, external_id="MORE", opened_at=opened)
    rows = [row for row in maven.report("situations", as_of=YEAR_END) if row["team"] == name]
    (found,) = [row for row in rows if row["subject"] in ("FIFTH", "MORE")]
    assert (found["kind"], found["subject"], found["opened"]) == ("large_order", "MORE", "2017-12-30")
    assert Decimal(found["share"]) == pytest.approx(Decimal("0.201"), abs=Decimal("0.000001"))


@pytest.fixture(scope="module")
def ended():
    """The deals that ended, as pandas reads the public file: days from engage to close, by type as domain 2 defines it."""
    columns = pandas.read_csv(
        data_folder("maven-pipeline") / "sales_pipeline.csv", parse_dates=["engage_date", "close_date"]
    )
    frame = columns[columns.deal_stage.isin(["Won", "Lost"])].copy()
    frame["days"] = (frame.close_date - frame.engage_date).dt.days
    frame["product"] = frame["product"].replace("GTXPro", "GTX Pro")
    order = ["close_date", "engage_date", "opportunity_id"]
    wins = frame[frame.deal_stage == "Won"].sort_values(order).drop_duplicates("account").set_index("account")
    first = wins.loc[frame.account, order].reset_index(drop=True).apply(tuple, axis=1)
    closing = frame[order].reset_index(drop=True).apply(tuple, axis=1)
    frame["sale_type"] = ["New business" if a <= b else "Repeat" for a, b in zip(closing, first, strict=True)]
    return frame


def test_the_normal_sale_is_what_a_plain_script_computes(maven, ended):
    rows = {(row["sale_type"], row["tier"]): row for row in maven.report("normal_sale", as_of=YEAR_END)}
    everyone = rows[None, None]
    assert (everyone["sales"], everyone["won_share"], everyone["basis"]) == (4238, "0.631501", "own")
    assert (everyone["days_median"], everyone["lost_days_median"]) == ("57.0000", "14.0000")
    for sale_type, of_type in ended.groupby("sale_type"):
        row, won = rows[sale_type, None], of_type[of_type.deal_stage == "Won"]
        assert (row["sales"], row["basis"]) == (len(won), "own")
        assert float(row["won_share"]) == pytest.approx(len(won) / len(of_type), abs=1e-6)
        for place, part in (("low", 0.25), ("median", 0.5), ("high", 0.75)):
            assert float(row[f"days_{place}"]) == pytest.approx(won.days.quantile(part), abs=1e-4)
            assert float(row[f"amount_{place}"]) == pytest.approx(won.close_value.quantile(part), abs=0.01)


def test_days_won_and_lost_of_each_product_are_what_a_plain_script_computes(maven, ended):
    sales = load_sales(load_ground(YEAR_END), from_log=True).orders.values()
    products = dict(Order.objects.values_list("pk", "product_line__name"))
    ours = pandas.DataFrame(
        [
            (products[sale.pk], sale.status.capitalize(), sale.days, float(sale.amount))
            for sale in sales
            if sale.closed_on
        ],
        columns=["product", "deal_stage", "days", "close_value"],
    )
    both = [frame.groupby(["product", "deal_stage"])[["days", "close_value"]].describe() for frame in (ours, ended)]
    assert len(both[0]) == 14
    pandas.testing.assert_frame_equal(*both, check_dtype=False)


def won_days(deals):
    """Agent and days of each deal won by the end of the year, from the file."""
    for deal in deals:
        if deal["deal_stage"] == "Won" and deal["close_date"] <= YEAR_END.isoformat():
            engaged, closed = (dt.date.fromisoformat(deal[name]) for name in ("engage_date", "close_date"))
            yield deal["sales_agent"], max(1, (closed - engaged).days)


def test_how_agents_move_the_days_agrees_with_a_mixed_model(maven, deals):
    """statsmodels' one-way result, with agents alone; its own way of searching stops before the top of so flat a likelihood."""
    agents, days = zip(*won_days(deals), strict=True)
    found = crossed_effects([Sale(value, "all", "all", agent) for agent, value in zip(agents, days, strict=True)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = MixedLM(np.log(days), np.ones(len(days)), groups=agents).fit(reml=True, method="nm")

    effects = {agent: effect.mean for agent, effect in found.kinds["salesperson"].effects.items()}
    assert len(effects) == 30
    assert effects == pytest.approx({agent: row.iloc[0] for agent, row in fitted.random_effects.items()}, abs=0.01)


def test_what_moves_the_days_is_told_as_of_the_end_of_the_year(maven):
    now = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)
    answer = effects_report.answer(Asked(YEAR_END, now, YEAR_END, of="days"))
    rows = list(answer.rows)

    assert {row["kind"] for row in rows} >= {"salesperson", "customer", "unexplained"}
    assert sum(row["n"] for row in rows if row["kind"] == "salesperson") == rows[-1]["n"]
    assert sum({row["kind"]: row["share"] for row in rows}.values()) == pytest.approx(1)
