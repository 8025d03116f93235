"""Lines of what sales cost."""

from decimal import Decimal

from planning.engine.cost_lines import Sum, Sums, Told, lines_of, medians_of

CENT = 3600


def of(orders, *cents, business=0):
    return Sum(orders, tuple(int(cent * CENT) for cent in (*cents, 0, 0, 0, 0, 0))[:5], Decimal(business))


def test_sales_by_key_then_lost_ones_open_ones_and_what_belongs_to_none():
    sums = Sums(
        {
            ("a", "won"): of(2, 100, 50, business=300),
            ("a", "lost"): of(1, 30),
            ("b", "lost"): of(1, 5),
            ("b", "pending"): of(1),
        },
        {"keeping": of(0, 7), "unshared": Sum()},
        {"a": 80 * CENT},
    )
    lines = lines_of(sums, ["b", "c", "a", None])
    assert [(line.told, line.key, line.orders, line.total) for line in lines] == [
        (Told.SALES, "b", 0, Decimal(0)),
        (Told.SALES, "a", 2, Decimal("1.50")),
        (Told.LOST, None, 2, Decimal("0.35")),
        (Told.OPEN, None, 1, Decimal(0)),
        (Told.KEEPING, None, 0, Decimal("0.07")),
    ]
    assert lines.total == Decimal("1.92")
    b, a = lines.sales
    assert (a.per_100, a.median, a.mean, a.lost_orders, a.lost) == (
        Decimal("0.5"),
        Decimal("0.8"),
        Decimal("0.75"),
        1,
        Decimal("0.3"),
    )
    assert (b.per_100, b.median, b.mean, b.lost) == (None, None, None, Decimal("0.05"))


def test_parts_of_cents_are_not_lost_to_rounding():
    sums = Sums({(key, "won"): of(1, 0.5, 0.5) for key in range(3)})
    assert [line.total for line in lines_of(sums, range(3))] == [Decimal("0.01"), Decimal("0.01"), Decimal("0.01"), 0]
    sums = Sums({(key, "won"): of(1, 0.4) for key in range(3)})
    assert [line.total for line in lines_of(sums, range(3))] == [Decimal("0.01"), 0, 0, 0]


def test_business_that_nobody_may_know_has_no_cost_of_100():
    sums = Sums({("a", "won"): of(1, 100, business=300)}, sees_business=False)
    [line] = lines_of(sums, ["a"]).sales
    assert (line.business, line.per_100) == (None, None)


def test_the_middle_cost():
    assert medians_of([("a", 1), ("a", 4), ("b", 9)]) == {"a": 2.5, "b": 9}
