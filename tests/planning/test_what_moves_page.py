"""What moves a sale: effects by kind with their intervals, what explains the differences, for whom it is, small enough."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import CircumstanceKind
from planning.actions.runs import renew_sales
from planning.models import ConditionEffect, MovedMeasure
from tests import factories
from tests.accounts.signing_in import client_of
from tests.planning.won_orders import NOW, ON, ORDERS, at, won_orders

pytestmark = pytest.mark.django_db

URL = reverse("what_moves_it")


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def text_of(user, query=""):
    answer = client_of(user).get(URL + query)
    assert answer.status_code == 200
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def names(text, kind):
    """Who stands under a kind's head, in that order."""
    of_kind = next(body for body in text.split("<tbody>") if kind in body.split("</tr>")[0])
    return re.findall(r'<th scope="row">([^<]+)</th>', of_kind)


def test_effects_stand_under_their_kinds_people_by_name(cast):
    won_orders(cast)
    text = text_of(cast.admin)

    assert names(text, "Salespeople") == ["Mate", "Other rep", "Rep"]
    assert names(text, "Circumstances") == ["Budget freeze"]
    row = text.split('<th scope="row">Rep</th>')[1].split("</tr>")[0]
    effect = ConditionEffect.objects.get(moved__measure="days", kind="salesperson", key=cast.rep.pk)
    share = f"−{-(2.718281828459045**effect.mean - 1) * 100:.0f} %"
    assert f'<td class="num strong">{share}</td>' in row
    assert 'class="effect effect-less"' in row  # quicker than normal, and sure of it


def test_it_says_what_explains_the_days_and_of_which_sales(cast):
    won_orders(cast)
    text = text_of(cast.admin)

    told = MovedMeasure.objects.get(measure="days").figures["kinds"]
    first = max(told, key=lambda kind: told[kind]["share"])
    assert (
        f"Of the difference between sales, {'salespeople' if first == 'salesperson' else 'circumstances'} explain"
        in text
    )
    assert f"{ORDERS} orders won from" in text
    assert "Salespeople fall into 2 groups (of 2, 1) without a customer in common" in text


def test_a_manager_sees_their_people_and_customers_others_count_without_a_name(cast):
    won_orders(cast)
    text = text_of(cast.manager)

    assert names(text, "Salespeople") == ["Mate", "Rep"]
    assert "1 is beyond your reach." in text
    assert "Other rep" not in text
    assert "other_rep" not in text


def test_it_is_for_who_leads(cast):
    seen = {
        name: client_of(getattr(cast, name)).get(URL).status_code
        for name in ("rep", "coordinator", "technician", "manager", "admin")
    }

    assert seen == {"rep": 403, "coordinator": 403, "technician": 403, "manager": 200, "admin": 200}


@pytest.mark.parametrize("hidden", ["cost", "amounts"])
def test_what_sales_cost_and_bring_is_for_who_sees_that(cast, hidden):
    areas = {"customers", "touches", "orders", "amounts", "cost", "budgets"} - {hidden}
    access = {area: {"see": "below"} for area in areas}
    leader = factories.membership(
        factories.person("Leader"), cast.south_west, factories.role("Leader", access=access)
    ).user
    measure = {"cost": "cost", "amounts": "amount"}[hidden]

    assert f"?of={measure}" not in text_of(leader)
    assert client_of(leader).get(URL, {"of": measure}).status_code == 403


def test_before_the_first_night_and_with_too_few_sales_it_says_so(cast):
    assert "Nothing to read from yet." in text_of(cast.admin)
    renew_sales(NOW)
    assert "Too few sales to tell, or all alike." in text_of(cast.admin)


def test_an_unknown_measure_is_days(cast):
    assert 'href="?of=days" aria-current="page"' in text_of(cast.admin, "?of=joy")


def test_more_people_and_customers_cost_no_more_queries(cast):
    won_orders(cast)
    client, few, many = client_of(cast.admin), CaptureQueriesContext(connection), CaptureQueriesContext(connection)
    with few:
        client.get(URL)
    repeat = factories.sale_types()["repeat"]
    for number in range(30):
        seat = factories.membership(factories.person(), cast.exeter)
        for days in (number + 3, number + 5):
            customer = factories.customer(owner=seat)
            opened = at(ON - dt.timedelta(days=days))
            factories.order(customer, 10, "won", at(ON, 9), seat.user, opened_at=opened, sale_type=repeat)
    renew_sales(NOW)
    with many:
        text = client.get(URL).content.decode()

    assert len(many) == len(few)
    assert "Salespeople, 30 of 33" in text
    assert "3 more are nearer to normal" in text


def test_a_full_page_is_small(cast):
    """Many of each kind with long names."""
    people = [
        seat.user
        for seat in factories.join(*[(f"Somebody with a name {n}", cast.exeter, "Salesperson", {}) for n in range(40)])
    ]
    rows = {
        "salesperson": people,
        "market": [factories.market(f"A market with a name {n}") for n in range(20)],
        "customer": [factories.customer(f"A customer with a name {n}", cast.exeter) for n in range(20)],
        "circumstance": [CircumstanceKind.objects.create(name=f"Something out of the ordinary {n}") for n in range(20)],
    }
    effects = {(kind, row.pk): 0.3 + n / 50 for kind, of_kind in rows.items() for n, row in enumerate(of_kind)}
    factories.moved_measure(effects=effects)
    client = client_of(cast.admin)
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        content = client.get(URL).content

    assert len(queries) <= 12
    assert content.count(b'class="effect ') == 30 + 15 + 10 + 15
    assert len(content) < 60_000
