"""The normal sale of a sale type and tier."""

import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from planning.engine.normal_sale import Basis, Cell, Ended, Quartiles, first_day, normal_sales, quartiles

NEW, REPEAT, A, B = 1, 2, 10, 20


def sales(number, sale_type=NEW, tier=A, *, is_won=True, days=range(1, 100)):
    return [Ended(sale_type, tier, is_won, {"days": float(day)}) for day in list(days)[:number]]


def test_a_cell_of_five_sales_stands_for_itself():
    normal = normal_sales([*sales(5), *sales(3, is_won=False)], [Cell(NEW, A)])[Cell(NEW, A)]
    assert (normal.sales, normal.ended, normal.basis, normal.won_share) == (5, 8, Basis.OWN, 5 / 8)
    assert normal.figures == {"days": Quartiles(2, 3, 4), "lost_days": Quartiles(1.5, 2, 2.5)}


def test_with_fewer_the_sale_type_s_and_then_everyone_s_figures_stand_in():
    rows = [*sales(4), *sales(2, tier=B, days=[50, 60]), *sales(3, REPEAT, days=[7, 8, 9])]
    found = normal_sales(rows, [Cell(NEW, A), Cell(NEW, B), Cell(REPEAT, A), Cell(REPEAT), Cell(NEW), Cell(3, B)])
    assert {cell: (row.sales, row.basis, row.basis_sales) for cell, row in found.items()} == {
        Cell(NEW, A): (4, Basis.SALE_TYPE, 6),
        Cell(NEW, B): (2, Basis.SALE_TYPE, 6),
        Cell(REPEAT, A): (3, Basis.EVERYONE, 9),
        Cell(REPEAT): (3, Basis.EVERYONE, 9),
        Cell(NEW): (6, Basis.OWN, 6),
        Cell(3, B): (0, Basis.EVERYONE, 9),
    }
    assert found[Cell(REPEAT)].figures["days"].median == 7


def test_orders_without_a_sale_type_or_tier_count_where_they_can():
    found = normal_sales([*sales(5, None, None), *sales(5, NEW, None)], [Cell(NEW, A), Cell(NEW), Cell()])
    assert [row.sales for row in found.values()] == [0, 5, 10]
    assert found[Cell(NEW, A)].basis == Basis.SALE_TYPE


def test_nothing_has_ended():
    normal = normal_sales([], [Cell(NEW, A)])[Cell(NEW, A)]
    assert (normal.sales, normal.basis, normal.won_share, normal.figures) == (0, Basis.EVERYONE, None, {})


def test_what_is_not_known_is_left_out():
    rows = [Ended(NEW, A, True, {"days": None, "cost": 5.0}), *sales(4, days=[1, 2, 3, 4])]
    figures = normal_sales(rows, [Cell()])[Cell()].figures
    assert (figures["days"].median, figures["cost"]) == (2.5, Quartiles(5, 5, 5))


def test_the_window_is_365_days_with_the_day_itself():
    assert first_day(dt.date(2017, 12, 31)) == dt.date(2017, 1, 1)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_quartiles_interpolate_linearly(values):
    found = quartiles(values)
    assert np.allclose([found.low, found.median, found.high], np.quantile(values, [0.25, 0.5, 0.75]))
