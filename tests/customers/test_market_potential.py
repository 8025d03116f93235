"""What markets could bring with product lines: the row noted last holds; read where amounts are seen."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import MarketPotential
from customers.queries.markets import market_potentials
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def place(db):
    return factories.market("Bakeries"), factories.product_line("Ovens")


def typed(place, **values):
    market, line = place
    given = {"market": market.pk, "product_line": line.pk, "yearly_potential": "700000", "source": "A study"}
    return given | {"growth_percent": "12.5", "noted_on": "2026-06-01", **values}


def test_the_row_noted_last_holds(cast, place):
    old = factories.market_potential(*place, 500, dt.date(2025, 1, 1))
    new = factories.market_potential(*place, 700, dt.date(2026, 1, 1))
    factories.market_potential(*place, 900, dt.date(2026, 2, 1), archived_at=NOW)
    other = factories.market_potential(place[0], factories.product_line("Mixers"), 1)
    assert set(MarketPotential.objects.in_force()) == {new, other}
    lines = {line.holds: line.earlier for line in market_potentials(cast.admin)}
    assert lines == {new: [old], other: []}


def test_of_archived_markets_and_lines_nothing_is_said(cast, place):
    factories.market_potential(*place)
    place[0].archived_at = NOW
    place[0].save()
    assert market_potentials(cast.admin) == []


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("rep", 200, 403),
        ("coordinator", 200, 403),
        ("manager", 200, 403),
        ("technician", 403, 403),
        ("admin", 200, 200),
    ],
)
def test_who_sees_amounts_reads_it_and_who_changes_the_rules_notes_it(cast, place, who, reads, writes):
    row = factories.market_potential(*place)
    client = client_of(getattr(cast, who))
    assert client.get(reverse("market_potential_list")).status_code == reads
    assert client.get(reverse("market_potential_create")).status_code == writes
    assert client.get(reverse("market_potential_edit", args=[row.pk])).status_code == writes
    linked = reverse("market_potential_list") in client.get(reverse("market_list")).content.decode()
    assert linked is (reads == 200)


def test_noting_correcting_and_putting_away(cast, place):
    client = client_of(cast.admin)
    assert client.post(reverse("market_potential_create"), typed(place)).status_code == 302
    row = MarketPotential.objects.get()
    assert (str(row.yearly_potential), str(row.growth_percent), row.noted_by) == ("700000.00", "12.50", cast.admin)
    assert "12.5\N{NO-BREAK SPACE}%" in client.get(reverse("market_potential_list")).content.decode()
    assert client.post(reverse("market_potential_create"), typed(place)).status_code == 422  # the same day again
    edit = reverse("market_potential_edit", args=[row.pk])
    assert client.post(edit, typed(place, growth_percent="", version=1)).status_code == 302
    assert client.post(edit, typed(place, version=1)).status_code == 409
    row.refresh_from_db()
    assert (row.growth_percent, row.history.count()) == (None, 2)
    put_away = reverse("market_potential_archive", args=[row.pk])
    client.post(put_away)
    assert market_potentials(cast.admin) == []
    assert [line.holds for line in market_potentials(cast.admin, archived=True)] == [row]
    factories.market_potential(*place, noted_on=dt.date(2026, 6, 1))
    client.post(put_away, {"restore": "1"})
    row.refresh_from_db()
    assert row.archived_at is not None  # another one stands on its day


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("noted_on", "2026-06-10"),
        ("source", "  "),
        ("yearly_potential", "-1"),
        ("growth_percent", "-101"),
        ("yearly_potential", "a lot"),
    ],
)
def test_what_is_wrong_stands_at_its_field(cast, place, field, value):
    response = client_of(cast.admin).post(reverse("market_potential_create"), typed(place, **{field: value}))
    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_queries_do_not_grow_with_rows(cast, place, django_assert_num_queries):
    factories.market_potential(*place)
    client, url = client_of(cast.rep), reverse("market_potential_list")
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        client.get(url)
    for number in range(5):
        market = factories.market(f"Market {number}")
        for year in (2024, 2025):
            factories.market_potential(market, place[1], noted_on=dt.date(year, 1, 1), noted_by=cast.admin)
    with django_assert_num_queries(len(seen)):
        client.get(url)
