"""The report on market potential: the row noted last by the day, where the reader sees amounts."""

import datetime as dt

import pytest

from planning.reports import Asked, find
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)


def rows(reader=None, on=None):
    found, _computed = find("market_potential").rows(Asked(NOW.date(), NOW, as_of=on, reader=reader))
    return found


@pytest.fixture
def noted(cast):
    market, line = factories.market("Bakeries", external_id="M1"), factories.product_line("Ovens")
    factories.market_potential(market, line, 500, dt.date(2025, 1, 1), growth_percent="-2.5")
    factories.market_potential(market, line, 700, dt.date(2026, 1, 1), source="A study")
    factories.market_potential(market, line, 900, dt.date(2026, 2, 1), archived_at=NOW)
    gone = factories.market("Gone", archived_at=NOW)
    factories.market_potential(gone, line, 1)


def test_the_row_noted_last_by_the_day(noted):
    assert rows() == [
        {
            "market": "M1",
            "product_line": "Ovens",
            "yearly_potential": "700.00",
            "growth": None,
            "source": "A study",
            "noted_on": "2026-01-01",
        }
    ]
    (earlier,) = rows(on=dt.date(2025, 12, 31))
    assert (earlier["yearly_potential"], earlier["growth"]) == ("500.00", "-0.025000")
    assert rows(on=dt.date(2024, 12, 31)) == []


@pytest.mark.parametrize(
    ("who", "count"), [("rep", 0), ("coordinator", 1), ("manager", 1), ("technician", 0), ("admin", 1)]
)
def test_who_sees_amounts_and_exports_more_than_their_own_has_it(cast, noted, who, count):
    assert len(rows(getattr(cast, who))) == count
