"""Published instances are read as they stand, and the table says how near the solvers come."""

import json
from pathlib import Path

import pytest

from bench.routing import callplan, districting, top
from bench.routing.found import Found, until
from bench.routing.quality import KINDS, Kind, measure_quality

# A square with prizes at its corners, start and end in its middle and beside it; one corner is too far.
TOP = """n 6
m 2
tmax 3.0
0 0 0
1 0 5
0 1 7
-1 0 3
9 9 90
0 0 0
"""

# Four units on a line, two activities that count, one without tolerance; two territories.
DISTRICTING = """4
0 0 0 1 10 5 0
1 1 0 1 10 900 0
2 5 0 1 10 5 0
3 6 0 1 10 5 0
3
0 1
1 2
2 3
2 2 0.05 0.05 0 0.05
"""

CALLPLAN = {
    "time_budget_min": 100,
    "accounts": [
        {"area": 7, "min_per_call": 30, "levels": [0, 1, 2], "value": [0, 100, 150]},
        {"area": 7, "min_per_call": 30, "levels": [0, 1, 2], "value": [0, 80, 90]},
    ],
    "areas": [{"id": 7, "trip_min": 20, "trip_cost": 5}],
}


def test_tours_are_planned_and_checked_against_the_file(tmp_path):
    path = tmp_path / "small.txt"
    path.write_text(TOP)
    assert [visit.key for visit in top.Instance(TOP).week().visits] == [1, 2, 3]
    assert top.solved(path, until(1), 1, 15, 300) == 12
    instance = top.Instance(TOP)
    assert instance.total([[1], []]) == 5
    for wrong in ([[1, 2]], [[1], [1]], [[1], [2], [3]]):
        with pytest.raises(ValueError, match=r"\["):
            instance.total(wrong)


def test_where_the_end_is_out_of_reach_nothing_is_toured(tmp_path):
    path = tmp_path / "far.txt"
    path.write_text(TOP.replace("tmax 3.0", "tmax 0.5").replace("9 9 90\n0 0 0", "9 9 90\n1 1 0"))
    assert top.solved(path, until(1), 1, 15, 300) == 0


def test_districts_are_balanced_and_checked_against_the_file(tmp_path):
    path = tmp_path / "small.dat"
    path.write_text(DISTRICTING)
    instance = districting.read(path)
    assert (instance.territories, instance.tolerance, instance.activities.shape) == (2, [0.05, 0.05], (4, 2))
    wishes, distance, territory, centres = districting.solved(path, until(5), 1)
    assert (wishes, distance) == (0, 2)
    assert districting.checked(path, territory, centres) == 2
    with pytest.raises(ValueError, match="balance"):
        districting.checked(path, [0, 0, 0, 1], [0, 3])


def test_calls_are_planned_within_the_hours(tmp_path):
    path = tmp_path / "small.json"
    path.write_text(json.dumps(CALLPLAN))
    found = callplan.measured(path, 12)
    # Both once, with one trip: 80 minutes; another call would need another trip.
    assert (found.value, found.told) == (175, "within the hours")


@pytest.mark.parametrize(
    ("most", "value", "gap"), [(True, 99.0, 1.0), (False, 101.0, 1.0), (True, 101.0, -1.0), (True, None, None)]
)
def test_the_gap_is_what_is_missing(most, value, gap):
    found = Found("x", value, 100.0, 1.0, "told", most)
    assert found.gap == gap


def test_without_instances_the_table_says_so_and_goes_on(tmp_path):
    lines = measure_quality(tmp_path, lambda _text: None)
    assert [line.what for line in lines] == [kind.name for kind in KINDS]
    assert all(line.note.startswith("skipped: no instances in ") and not line.short for line in lines)


def test_an_answer_that_fails_or_breaks_a_wish_is_short(tmp_path, monkeypatch):
    def answer(path: Path, _seconds: float) -> Found:
        if path.stem == "b":
            raise ValueError("no")
        return Found(path.stem, None if path.stem == "c" else 98.0, 100.0, 9.0, "told")

    monkeypatch.setattr("bench.routing.quality.KINDS", (Kind("top", "*.txt", answer, 1.0),))
    (tmp_path / "top").mkdir()
    for name in "abc":
        (tmp_path / "top" / f"{name}.txt").touch()

    lines = measure_quality(tmp_path, lambda _text: None)

    assert [line.short for line in lines] == ["1.00 % worse", "1 answers", "1 answers"]
    assert lines[1].note == "failed: ValueError: no"
