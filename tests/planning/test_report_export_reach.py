"""A report as a file holds rows within both reaches: that of what it is about, and that of exports."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import Role
from customers.models import Customer
from planning import reports
from planning.models import Budget
from tests import factories
from tests.accounts.signing_in import client_of


@pytest.fixture
def manager(cast, time_machine):
    """Sees what is below the South West in every area, and may export what their test says."""
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    factories.tiers()
    factories.sale_types()
    return cast.manager


def exports(reach):
    role = Role.objects.get(name="Sales manager")
    role.access["export"] = {"see": reach}
    role.save()


def rows(user, name, query=""):
    response = client_of(user).get(f"{reverse('report', args=[name])}?{query}")
    assert response.status_code == 200
    return response.json()["rows"]


def filled(cast):
    factories.customer("Open prospect", cast.exeter, since=dt.date(2026, 5, 1))
    Customer.objects.update(stage_began_at=dt.datetime(2026, 6, 1, tzinfo=dt.UTC))
    for customer, seat in ((cast.own, cast.rep_membership), (cast.team_mates, cast.mate_membership)):
        factories.order(customer, 100, "won", salesperson=seat.user)
        factories.touch(customer, seat.user)
        Budget.objects.create(customer=customer, role=seat.role, touch_minutes=10)
        factories.due_touch(customer, seat.user, dt.date(2026, 6, 12))
        factories.activity_goal(seat.user)
    factories.contact_rule(factories.tiers()["D"])
    factories.market_potential(factories.market(), factories.product_line())
    factories.situation(factories.order(cast.own, 290_000, salesperson=cast.rep))
    factories.call_plan(cast.exeter, cast.manager)
    factories.alignment(cast.exeter, cast.admin, (cast.own, cast.mate_membership))
    factories.visit_plan(cast.rep, dt.date(2026, 6, 8), (cast.own, dt.date(2026, 6, 10)))


NAMES = reports.names()
# A row for each type and tier, or line of costs, with nothing in it.
FRAMES = {"normal_sale": "sales", "cost_of_sale": "total"}


# Conditions are told apart from a few sales on only: tests of their own.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "effects"])
def test_with_the_reach_of_exports_there_are_rows(cast, manager, name):
    filled(cast)
    exports("below")
    assert rows(manager, name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("query", ["", "as_of=2026-06-08"])
def test_what_is_seen_but_not_exported_is_not_in_the_file(cast, manager, name, query):
    filled(cast)
    exports("own")
    found = [row for row in rows(manager, name, query) if row.get("person") != "Manager"]
    assert [row for row in found if name not in FRAMES or float(row[FRAMES[name]])] == []


@pytest.mark.parametrize("by", ["team", "person", "market", "line"])
def test_sales_are_of_who_may_be_exported(cast, manager, by):
    filled(cast)
    exports("own")
    found = [row for row in rows(manager, "sales", f"by={by}") if row["won"] or row["pending"]]
    assert found == []


def test_the_reach_of_exports_opens_nothing_that_is_not_seen(cast, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    filled(cast)
    role = Role.objects.get(name="Salesperson")
    role.access["export"] = {"see": "all"}
    role.save()
    names = {row["customer"] for row in rows(cast.rep, "budgets")}
    assert names == {"Own customer"}


@pytest.mark.parametrize("by", ["type", "person", "tier"])
def test_ones_own_touch_with_a_customer_out_of_reach_is_in_no_sum(cast, time_machine, by):
    """The author sees the touch itself; by tier it would tell the tier of a customer that does not exist for them."""
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    tiers = factories.tiers()
    cast.foreign.tier = tiers["A"]
    cast.foreign.save()
    factories.touch(cast.foreign, cast.rep, at=dt.datetime(2026, 6, 8, 9, 0, tzinfo=dt.UTC))
    assert rows(cast.rep, "touches", f"by={by}") == []
