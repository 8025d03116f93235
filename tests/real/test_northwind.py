"""Orders of a food wholesaler: the plan of tests/mappings/northwind gives what the public files say."""

import csv
import datetime as dt
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest

from accounts.models import Membership, Team
from customers.models import Assignment, Contact, Customer, Order
from tests.real.conftest import data_folder

# Each test stands within the transaction that holds the imported data.
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def northwind(import_plan):
    return import_plan("northwind", currency="USD", time_zone="America/Los_Angeles")


def rows_of(name):
    """A public file as it is."""
    with (data_folder("northwind") / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def by_person():
    """Employee -> won orders, their sum, pending orders, their sum: counted from the public files alone."""
    lines = defaultdict(Decimal)
    for row in rows_of("OrderDetails.csv"):
        line = Decimal(row["UnitPrice"]) * int(row["Quantity"]) * (100 - Decimal(row["Discount"]) * 100) / 100
        lines[row["OrderID"]] += line.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    found = defaultdict(lambda: [0, Decimal(0), 0, Decimal(0)])
    for row in rows_of("Orders.csv"):
        at = 0 if row["ShippedDate"].strip() else 2
        found[row["EmployeeID"]][at] += 1
        found[row["EmployeeID"]][at + 1] += lines[row["OrderID"]]
    return dict(found)


def test_everything_goes_in_and_the_same_again_changes_nothing(northwind):
    created = {kind: step["created"] for kind, step in northwind.steps.items() if kind != "rules"}
    assert created == {
        "teams": 2, "people": 9, "customers": 91, "contacts": 91, "assignments": 89, "orders": 830,
    }  # fmt: skip
    assert all(step.get("rejected", 0) == 0 for step in northwind.steps.values())
    for step in northwind.again().values():
        assert step.get("changed") in (0, {})
        assert step.get("created", 0) == 0


def test_who_reports_to_whom_is_the_tree_of_teams(northwind):
    assert [(team.name, str(team.parent or "")) for team in Team.objects.order_by("path")] == [
        ("Andrew Fuller", ""),
        ("Steven Buchanan", "Andrew Fuller"),
    ]
    members = Counter(Membership.objects.values_list("team__name", "role__name"))
    assert members == {
        ("Andrew Fuller", "Senior manager"): 1,
        ("Andrew Fuller", "Salesperson"): 3,
        ("Andrew Fuller", "Sales coordinator"): 1,
        ("Steven Buchanan", "Sales manager"): 1,
        ("Steven Buchanan", "Salesperson"): 3,
    }


def test_titles_say_what_contacts_are_in_buying(northwind):
    assert Counter(Contact.objects.values_list("role__name", flat=True)) == {
        "Management team": 33,
        "Buyer": 27,
        "Senior officer": 18,
        "Agent": 7,
        "User": 6,
    }


def test_the_owner_is_who_took_most_orders(northwind):
    taken, first = Counter(), {}
    for row in rows_of("Orders.csv"):
        pair = row["CustomerID"], row["EmployeeID"]
        taken[pair] += 1
        first.setdefault(pair, int(row["OrderID"]))
    owners = Assignment.objects.owners().values_list("customer__external_id", "membership__user__external_id")
    assert len(owners) == 89
    for customer, owner in owners:
        best = min((-taken[pair], first[pair]) for pair in taken if pair[0] == customer)
        assert (-taken[customer, owner], first[customer, owner]) == best


def test_orders_by_person_to_the_cent(northwind):
    reported = northwind.report("sales", by="person", as_of=dt.date(1998, 5, 6))
    known = {
        row["key"]: [row["won"], Decimal(row["won_amount"]), row["pending"], Decimal(row["pending_amount"])]
        for row in reported
        if row["won"] or row["pending"]
    }
    assert known == by_person()
    assert sum(row[0] for row in known.values()) == 809
    assert sum(row[2] for row in known.values()) == 21


def test_who_never_ordered_is_a_prospect(northwind):
    without = Customer.objects.exclude(pk__in=Order.objects.values("customer"))
    assert sorted(without.values_list("external_id", "stage")) == [("FISSA", "prospect"), ("PARIS", "prospect")]
