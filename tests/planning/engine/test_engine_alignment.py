"""Territories: as good as trying all, every wish kept or named, the same seed the same plan."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.engine import alignment_search
from planning.engine.aligned import BALANCE, CONNECTED, LOCKED, OUTSIDE, broken
from planning.engine.alignment import Effort, assign, districts, locate, neighbours

QUICK = Effort(starts=3, rounds=8)


def world(seed, units, people):
    """Places of units and bases, distances, weights."""
    chance = np.random.default_rng(seed)
    places, bases = chance.random((units, 2)) * 100, chance.random((people, 2)) * 100
    distance = np.linalg.norm(places[:, None] - bases[None], axis=2)
    return places, distance, chance.integers(1, 5, units).astype(float)


def cost_of(task, given):
    rows = np.arange(len(given))
    moved = (task.owner >= 0) & (given != task.owner)
    return float(task.distance[rows, given].sum() + task.move_cost[moved].sum())


def by_trying(task):
    """The cheapest of all divisions that keep every wish; None where there is none."""
    divisions = (np.array(each) for each in itertools.product(range(task.territories), repeat=task.units))
    return min((cost_of(task, each) for each in divisions if not broken(task, each)), default=None)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("is_connected", [False, True])
def test_as_good_as_trying_all(seed, is_connected):
    places, distance, weight = world(seed, 8, 2 + seed % 2)
    owner = np.random.default_rng(seed).integers(0, distance.shape[1], 8)
    task = districts(
        distance, weight, tolerance=0.4, territories=distance.shape[1], owner=owner, move_cost=5.0,
        locked=np.arange(8) == 3, edges=neighbours(places) if is_connected else None,
    )  # fmt: skip
    best, plan = by_trying(task), assign(task, QUICK)
    if best is None:
        assert broken(task, plan.territory)
    else:
        assert not broken(task, plan.territory)
        assert plan.cost == pytest.approx(best)
        assert plan.cost == pytest.approx(cost_of(task, plan.territory))


@pytest.mark.parametrize("seed", range(4))
def test_some_at_a_time_is_nearly_as_good_as_all_at_once(seed, monkeypatch):
    places, distance, weight = world(seed, 40, 4)
    task = districts(distance, weight, tolerance=0.15, territories=4, edges=neighbours(places))
    whole = assign(task)
    monkeypatch.setattr("planning.engine.alignment.EXACT_CHOICES", 0)
    monkeypatch.setattr(alignment_search, "EXACT_CHOICES", 100)
    parts = assign(task, QUICK)
    assert not broken(task, whole.territory)
    assert not broken(task, parts.territory)
    assert parts.cost <= whole.cost * 1.05


@pytest.mark.parametrize("seed", range(4))
def test_centres_are_as_good_as_trying_all(seed):
    places, _distance, weight = world(seed, 9, 2)
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    task = districts(distance, weight, tolerance=0.2, territories=2, edges=neighbours(places))
    best = float("inf")
    for centres in itertools.combinations(range(9), 2):
        fixed = districts(distance[:, centres], weight, tolerance=0.2, territories=2, edges=task.edges)
        for each in itertools.product(range(2), repeat=9):
            division = np.array(each)
            if division[centres[0]] == 0 and division[centres[1]] == 1 and not broken(fixed, division):
                best = min(best, cost_of(fixed, division))
    plan = locate(task, Effort(starts=4, rounds=20))
    assert not broken(task, plan.territory)
    assert plan.cost == pytest.approx(best)


def test_centres_are_the_same_again():
    places, _distance, weight = world(7, 80, 5)
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    task = districts(distance, weight, tolerance=0.1, territories=5, edges=neighbours(places))
    one, other = (locate(task, Effort(seed=3, starts=2, rounds=2, refinements=3)) for _again in range(2))
    assert (one.centres, one.territory.tolist()) == (other.centres, other.territory.tolist())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(2, 5), st.booleans())
def test_everyone_goes_somewhere_who_is_locked_stays_and_it_is_the_same_again(seed, units, people, is_connected):
    places, distance, weight = world(seed, units, people)
    chance = np.random.default_rng(seed)
    owner, locked = chance.integers(0, people, units), chance.random(units) < 0.3
    task = districts(
        distance, weight, tolerance=0.3, territories=people, owner=owner, move_cost=3.0, locked=locked,
        edges=neighbours(places) if is_connected else None,
    )  # fmt: skip
    plan = assign(task, Effort(rounds=2))
    wishes = {each.wish for each in broken(task, plan.territory)}
    assert not wishes & {LOCKED, OUTSIDE}
    assert (plan.territory[locked] == owner[locked]).all()
    assert plan.moved == int((plan.territory != owner).sum())
    assert (assign(task, Effort(rounds=2)).territory == plan.territory).all()


def test_who_works_half_gets_half():
    places, distance, _weight = world(5, 30, 2)
    task = districts(distance, np.ones(30), tolerance=0.05, territories=2, shares=[2, 1])
    assert np.bincount(assign(task).territory).tolist() == [20, 10]
    assert places.shape == (30, 2)


def test_dear_moves_are_few():
    _places, distance, weight = world(1, 30, 3)
    owner = np.arange(30) % 3
    free, dear = (
        assign(districts(distance, weight, tolerance=0.2, territories=3, owner=owner, move_cost=cost))
        for cost in (0, 1000)
    )
    assert dear.moved < free.moved


def test_a_wish_that_cannot_be_kept_is_named_and_the_rest_is_kept():
    distance = np.array([[0.0, 9.0], [0.0, 9.0], [9.0, 0.0]])
    task = districts(distance, [1.0, 1.0, 10.0], tolerance=0.1, territories=2)
    found = broken(task, assign(task).territory)
    assert {(each.wish, each.territory) for each in found} == {(BALANCE, 0), (BALANCE, 1)}
    assert next(each.by for each in found if each.territory == 1) == pytest.approx(10 / 6 - 1)


def test_the_checker_sees_what_is_cut_off_and_what_is_lost():
    task = districts(
        np.zeros((4, 2)), np.ones(4), tolerance=1.0, territories=2, owner=[0, 0, 1, 1], locked=[True, False, False, False],
        edges=[(0, 1), (1, 2), (2, 3)],
    )  # fmt: skip
    assert broken(task, np.array([0, 0, 1, 1])) == []
    found = broken(task, np.array([1, 0, 0, 1]))
    assert {(each.wish, each.territory, each.by) for each in found} == {(CONNECTED, 1, 1.0), (LOCKED, 0, 1.0)}
    assert [each.wish for each in broken(task, np.array([0, 0, 1, 2]))] == [OUTSIDE]
    assert [each.wish for each in broken(task, np.array([0, 0, 1]))] == [OUTSIDE]


def test_areas_are_connected_where_it_is_asked_for():
    places, distance, weight = world(8, 60, 4)
    owner = np.random.default_rng(8).integers(0, 4, 60)
    for edges in (None, neighbours(places)):
        task = districts(distance, weight, tolerance=0.2, territories=4, owner=owner, move_cost=0.0, edges=edges)
        assert not broken(task, assign(task, QUICK).territory)


def test_neighbours_hang_together_also_on_a_line_at_one_spot_and_on_islands():
    line = np.column_stack([np.arange(6.0), np.zeros(6)])
    spot = np.zeros((5, 2))
    islands = np.vstack([np.random.default_rng(1).random((10, 2)), np.random.default_rng(2).random((10, 2)) + 50])
    for places in (line, spot, islands, np.zeros((2, 2))):
        edges = neighbours(places)
        reached, more = {0}, True
        while more:
            further = {int(b) for a, b in edges if a in reached} | {int(a) for a, b in edges if b in reached}
            more = not further <= reached
            reached |= further
        assert len(reached) == len(places)
    assert len(neighbours(np.zeros((1, 2)))) == 0


def test_centres_are_not_chosen_for_people():
    task = districts(np.zeros((3, 3)), np.ones(3), tolerance=1.0, territories=1, owner=[0, 0, 0])
    with pytest.raises(ValueError, match="centres are not chosen"):
        locate(task)


def test_progress_is_told():
    _places, distance, weight = world(2, 30, 3)
    told = []
    locate(
        districts(distance @ distance.T, weight, tolerance=0.5, territories=3),
        Effort(starts=2, rounds=2, on_progress=lambda done, total: told.append((done, total))),
    )
    assert told[-1][0] == told[-1][1]
