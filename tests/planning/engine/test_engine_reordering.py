"""What another value does to a list: rows that change place, and the first of them."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from planning.engine.due import Candidate
from planning.engine.reordering import places, reordered

TUESDAY = date(2026, 6, 9)


def test_one_row_that_jumps_to_the_front_moves_those_that_it_passes():
    found = reordered("ann", [(1, "v"), (2, "v"), (3, "f"), (4, "v")], [(3, "f"), (1, "v"), (2, "v"), (4, "v")])

    assert (found.rows, found.moved, found.up, found.down) == (4, 3, 1, 2)
    assert (found.has_new_first, found.first_changed) == (True, 3)
    assert found.was == {(3, "f"): 3, (1, "v"): 1, (2, "v"): 2, (4, "v"): 4}


def test_the_same_order_changes_nothing():
    found = reordered("ann", [(1, "v"), (2, "v")], [(1, "v"), (2, "v")])

    assert (found.moved, found.has_new_first) == (0, False)


def test_an_empty_list_has_no_first_row():
    assert not reordered("ann", [], []).has_new_first


@given(st.permutations(range(9)))
def test_as_many_places_are_won_as_lost(order):
    before, after = [(number, "v") for number in range(9)], [(number, "v") for number in order]
    found = reordered("ann", before, after)

    assert found.moved == sum(one != other for one, other in zip(before, after, strict=True))
    assert found.has_new_first == (order[0] != 0)


def test_a_list_holds_what_is_due_by_the_day_best_first_one_row_a_customer_and_type():
    def row(customer, score, planned_on=None, kind="v"):
        return Candidate(
            key=(customer, score), customer=customer, touch_type=kind, score=score, overdue_days=0, tier_rank=1,
            name=str(customer), planned_on=planned_on,
        )  # fmt: skip

    rows = [
        row(1, 1.0),
        row(2, 3.0),
        row(2, 2.0, TUESDAY),
        row(3, 9.0, date(2026, 6, 10)),
        row(3, 8.0),
        row(4, 2.5, kind="f"),
    ]

    assert places(rows, TUESDAY) == [(2, "v"), (4, "f"), (1, "v")]
