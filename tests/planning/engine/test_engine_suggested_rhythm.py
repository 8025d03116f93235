"""Which rhythm went with more wins: bands by the first three touches, what is suggested and why not."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from planning.engine.courses import LOST, WON, Course
from planning.engine.rhythm import interval_days
from planning.engine.suggested_rhythm import ENDS, RULES, Band, Verdict, as_rule, bands, rhythm_of, suggest


def course(*at, won=True, kind="voice", tier="A", key=1):
    return Course((str(key), 1), tier, WON if won else LOST, touches=(kind,) * len(at), at=at)


def band(starts, ends, courses, wins, low=None, high=None, pace=None):
    share = wins / courses
    return Band(
        starts,
        ends,
        courses,
        wins,
        share - 0.02 if low is None else low,
        share + 0.02 if high is None else high,
        pace or starts + 1,
    )


def of(pace, won, lost):
    """Courses whose first three calls came so many days apart."""
    return [course(0, pace, 2 * pace, won=number < won, key=number) for number in range(won + lost)]


def test_the_rhythm_is_that_of_the_first_three_touches_of_the_type():
    assert rhythm_of(course(1, 2, 15, 400), "voice") == 7
    assert rhythm_of(course(1, 15), "voice") is None
    mixed = Course(("x", 1), "A", WON, touches=("voice", "field", "voice", "field", "voice"), at=(0, 1, 4, 5, 20))
    assert (rhythm_of(mixed, "voice"), rhythm_of(mixed, "field")) == (10, None)


def test_worked_example_weekly_calls_went_with_more_wins_than_monthly_ones():
    found = bands([*of(7, 40, 60), *of(30, 30, 120)])["voice", "A"]
    quick, slow = found
    assert (quick.starts, quick.ends, quick.courses, quick.wins, quick.pace) == (3, 10, 100, 40, 7)
    assert (quick.low, quick.high) == pytest.approx((0.339034, 0.463797), abs=1e-6)
    assert (quick.low, quick.high) == pytest.approx(tuple(beta(40.5, 60.5).ppf([0.1, 0.9])))
    assert (slow.low, slow.high) == pytest.approx(tuple(beta(30.5, 120.5).ppf([0.1, 0.9])))
    said = suggest(found, float(interval_days(1, "month")))
    assert (said.verdict, said.own, said.best) == (Verdict.OTHER, slow, quick)
    assert (said.count, said.period) == (1, "week")
    # Whose rule is weekly already is told that there is no better one.
    assert suggest(found, 7.0).verdict == Verdict.NO_OTHER


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([], Verdict.TOO_FEW_HERE),
        ([band(3, 10, 90, 60)], Verdict.TOO_FEW_HERE),  # no course at the rule's own rhythm
        ([band(3, 10, 90, 60), band(22, 45, 90, 29)], Verdict.TOO_FEW_HERE),
        ([band(3, 10, 90, 29), band(22, 45, 90, 30)], Verdict.TOO_FEW_ELSEWHERE),
        ([band(3, 10, 90, 60, low=0.5), band(22, 45, 90, 30, high=0.5)], Verdict.NO_OTHER),  # intervals touch
        ([band(3, 10, 90, 60, low=0.51), band(22, 45, 90, 30, high=0.5)], Verdict.OTHER),
        ([band(3, 10, 900, 30), band(22, 45, 90, 30)], Verdict.NO_OTHER),
    ],
)
def test_nothing_is_suggested_without_thirty_wins_or_where_intervals_overlap(found, verdict):
    said = suggest(found, 30.4375)
    assert said.verdict == verdict
    assert (said.best is None) == (said.count is None) == (verdict != Verdict.OTHER)


def test_of_several_better_rhythms_the_one_with_the_largest_share():
    found = [band(3, 10, 100, 50), band(10, 22, 100, 70), band(22, 45, 100, 31), band(135, None, 100, 60)]
    assert suggest(found, 30.0).best == found[1]


def test_a_rhythm_becomes_a_rule_that_one_would_set():
    rules = [
        as_rule(band(starts, ends, 100, 50, pace=pace))
        for starts, ends, pace in (
            (0, 3, 0.1),
            (3, 10, 6),
            (10, 22, 14),
            (22, 45, 40),
            (45, 75, 60),
            (75, 135, 80),
            (135, None, 300),
        )
    ]
    assert rules == [(1, "day"), (1, "week"), (2, "month"), (1, "month"), (6, "year"), (1, "quarter"), (1, "year")]
    paces = [float(interval_days(*rule)) for rule in RULES]
    assert paces == sorted(paces)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_properties(seed):
    chance = random.Random(seed)
    courses = [
        course(
            *sorted(chance.uniform(0, 300) for _ in range(chance.randint(0, 5))),
            won=chance.random() < 0.4, tier=chance.choice("AB"), kind=chance.choice(["voice", "field"]), key=number,
        )
        for number in range(40)
    ]  # fmt: skip
    found = bands(courses)
    # Every course with three touches is in one band of its tier and type; bands are in order and hold their median.
    assert sum(row.courses for rows in found.values() for row in rows) == sum(len(one.touches) > 2 for one in courses)
    for rows in found.values():
        assert [row.starts for row in rows] == sorted({row.starts for row in rows})
        assert all(row.holds(row.pace) and row.low <= (row.wins + 0.5) / (row.courses + 1) <= row.high for row in rows)
    assert bands(reversed(courses)) == found
    assert all((0.0, *ENDS)[ENDS.index(row.ends)] == row.starts for rows in found.values() for row in rows)
