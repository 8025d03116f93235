"""What sales cost: who bears what, and that nothing is lost or counted twice."""

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.engine.sale_cost import (
    GRAINS_OF_A_CENT,
    Account,
    Attempt,
    Book,
    Line,
    Rank,
    Spell,
    Spending,
    Unsold,
    Worker,
    cents_of,
    equal_parts,
    in_cents,
    in_proportion,
)

FIRST = dt.date(2026, 1, 1)
# Team 1 is above 2 and 3.
ABOVE = {1: (1,), 2: (2, 1), 3: (3, 1)}


def day(number):
    return FIRST + dt.timedelta(days=number)


def account(*spells, attempts=(), team=2):
    return Account(
        [Spell(order, day(first), day(last)) for order, first, last in spells],
        [Attempt(line, day(first), day(last)) for line, first, last in attempts],
        [(dt.date.min, team)],
    )


def unsold(line, number, team=2):
    return Unsold(line, team, day(number).replace(day=1))


def test_what_is_marked_is_the_order_s_and_the_rest_is_split_over_those_open_that_day():
    mine = account((7, 0, 10), (8, 5, 20))
    assert mine.bearers(day(3), marked=8) == (8,)
    assert mine.bearers(day(3)) == (7,)
    assert mine.bearers(day(10)) == (7, 8)  # both ends count
    assert mine.bearers(day(11)) == (8,)
    assert mine.bearers(day(21)) == (unsold(Line.KEEPING, 21),)


def test_without_an_open_order_it_is_prospecting_or_a_course_without_an_order_or_keeping():
    mine = account((7, 5, 6), attempts=[(Line.NO_ORDER, 0, 20), (Line.PROSPECTING, 40, 60)])
    assert mine.bearers(day(4)) == (unsold(Line.NO_ORDER, 4),)
    assert mine.bearers(day(5)) == (7,)
    assert mine.bearers(day(30)) == (unsold(Line.KEEPING, 30),)
    assert mine.bearers(day(60)) == (unsold(Line.PROSPECTING, 60),)


def test_the_team_is_that_of_the_day():
    mine = Account(teams=[(day(5), 2), (day(9), 3)])
    assert [mine.team_on(day(number)) for number in (0, 5, 8, 9)] == [2, 2, 2, 3]


def test_a_shared_touch_is_a_part_of_a_touch_and_of_its_minutes():
    book = Book({7: 2, 8: 2}, ABOVE)
    book.touch((7, 8), 101, is_demo=True)
    book.work((7, 8), day(5), Worker(1, 10), 601, 60, 6000, Rank.MANAGER)
    one, other = book.efforts[7], book.efforts[8]
    assert (one.touches, one.seconds, one.travel_seconds, one.manager_seconds, one.people) == (0.5, 301, 30, 301, 1)
    assert (other.seconds, other.senior_seconds) == (300, 0)
    assert one.demos + other.demos == 101 * GRAINS_OF_A_CENT
    assert one.time == 301 * 6000
    assert cents_of(one.time + other.time) == round(601 * 60 / 36)


def test_minutes_without_a_rate_are_counted_and_not_costed():
    book = Book({7: 2}, ABOVE)
    book.work((7,), day(0), Worker(1, None), 60, 30, None)
    book.work((7,), day(0), None, 40, 0, None)
    effort = book.efforts[7]
    assert (effort.unknown_seconds, effort.seconds, effort.total, effort.people) == (130, 100, 0, 1)
    assert effort.workers[Worker(1, None)].unknown == 90


def test_overhead_goes_by_the_month_s_minutes_to_the_team_s_and_those_under_it():
    book = Book({7: 2, 8: 3}, ABOVE)
    book.work((7,), day(0), Worker(1, None), 300, 0, None)
    book.work((unsold(Line.KEEPING, 0),), day(0), Worker(1, None), 100, 0, None)
    book.work((8,), day(1), Worker(1, None), 400, 0, None)
    book.work((8,), day(40), Worker(1, None), 9999, 0, None)  # another month
    book.overhead(2, day(20), 100)
    book.overhead(1, day(20), 800)
    book.team_work(3, day(2), 36, 100)
    book.team_work(2, day(2), 60, None)
    book.overhead(2, day(40), 5)
    book.share_overheads()
    cents = {bearer: effort.overhead / GRAINS_OF_A_CENT for bearer, effort in book.efforts.items()}
    assert cents[7] == 75 + 300
    assert cents[unsold(Line.KEEPING, 0)] == 25 + 100
    assert cents[8] == 400 + 1
    assert book.efforts[8].overhead_time == 3600
    assert cents[unsold(Line.UNSHARED, 40)] == 5  # nobody worked for that team then
    assert book.efforts[unsold(Line.UNSHARED, 0)].unknown_seconds == 60


@pytest.mark.parametrize(("amount", "number", "parts"), [(7, 1, [7]), (7, 3, [3, 2, 2]), (0, 2, [0, 0])])
def test_equal_parts_are_as_equal_as_can_be(amount, number, parts):
    assert equal_parts(amount, number) == parts


def test_what_is_left_goes_to_the_largest_remainders():
    assert in_proportion(10, [1, 1, 1]) == [4, 3, 3]
    assert in_proportion(100, [1, 5, 0]) == [17, 83, 0]
    assert in_proportion(5, [0, 0]) == [0, 0]


@given(st.lists(st.lists(st.integers(0, 10**7), min_size=3, max_size=3), max_size=8))
def test_rounded_rows_add_up_to_the_rounded_sum_and_no_part_is_a_cent_away(rows):
    rounded = in_cents(rows)
    assert sum(sum(row) for row in rounded) == cents_of(sum(sum(row) for row in rows))
    for row, cents in zip(rows, rounded, strict=True):
        for grains, cent in zip(row, cents, strict=True):
            assert abs(Fraction(grains, GRAINS_OF_A_CENT) - cent) < 1


numbers = st.integers(0, 70)
spells = st.lists(st.tuples(numbers, numbers).map(sorted), max_size=4)
attempts = st.lists(st.tuples(st.sampled_from([Line.NO_ORDER, Line.PROSPECTING]), numbers, numbers), max_size=2)
customers = st.lists(st.tuples(spells, attempts, st.sampled_from([2, 3])), min_size=1, max_size=4)
places = st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9)), numbers)
rates = st.one_of(st.none(), st.integers(0, 20_000))
works = st.lists(
    st.tuples(places, st.integers(1, 3), st.integers(0, 40_000), st.integers(0, 9_000), rates), max_size=12
)
touches = st.lists(st.tuples(places, st.integers(0, 5_000), st.booleans()), max_size=8)
spent = st.lists(st.tuples(places, st.sampled_from(list(Spending)), st.integers(1, 100_000)), max_size=8)
overheads = st.lists(st.tuples(st.sampled_from([1, 2, 3]), numbers, st.integers(1, 100_000)), max_size=6)
meetings = st.lists(st.tuples(st.sampled_from([1, 2, 3]), numbers, st.integers(1, 40_000), rates), max_size=6)


@given(customers, touches, works, spent, overheads, meetings)
def test_nothing_is_lost_and_nothing_counts_twice(customers, touches, works, spent, overheads, meetings):
    """Orders and what belongs to none come to all minutes and money, whatever is shared: by type, by team, in all."""
    accounts, teams = [], {}
    for its_spells, its_attempts, team in customers:
        keys = range(len(teams), len(teams) + len(its_spells))
        teams |= dict.fromkeys(keys, team)
        accounts.append(
            account(
                *((key, *span) for key, span in zip(keys, its_spells, strict=True)), attempts=its_attempts, team=team
            )
        )
    book = Book(teams, ABOVE)

    def bearers(place):
        about, marked, number = place
        return accounts[about % len(accounts)].bearers(day(number), marked if marked in teams else None)

    for place, cents, is_demo in touches:
        book.touch(bearers(place), cents, is_demo)
    for place, user, seconds, travel, rate in works:
        book.work(bearers(place), day(place[2]), Worker(user, None), seconds, travel, rate)
    for place, kind, cents in spent:
        book.expense(bearers(place), kind, cents)
    for team, number, cents in overheads:
        book.overhead(team, day(number), cents)
    for team, number, seconds, rate in meetings:
        book.team_work(team, day(number), seconds, rate)
    book.share_overheads()

    efforts = book.efforts
    money = (
        sum(cents for _place, cents, _demo in touches) + sum(row[2] for row in spent) + sum(row[2] for row in overheads)
    )
    time = sum((seconds + travel) * (rate or 0) for _place, _user, seconds, travel, rate in works)
    time += sum(seconds * (rate or 0) for _team, _number, seconds, rate in meetings)
    everything = money * GRAINS_OF_A_CENT + time
    assert sum(effort.total for effort in efforts.values()) == everything
    assert sum(effort.touches for effort in efforts.values()) == pytest.approx(len(touches))
    assert sum(effort.seconds for effort in efforts.values()) == sum(row[2] for row in works)
    unknown = sum(row[2] + row[3] for row in works if row[4] is None) + sum(
        row[2] for row in meetings if row[3] is None
    )
    assert sum(effort.unknown_seconds for effort in efforts.values()) == unknown
    for effort in efforts.values():
        assert effort.time == sum(share.time for share in effort.workers.values())
        assert 0 <= effort.overhead_time <= effort.overhead

    def by(key):
        rows = {}
        for bearer, effort in efforts.items():
            parts = rows.setdefault(key(bearer), [0] * 5)
            rows[key(bearer)] = [a + b for a, b in zip(parts, effort.parts, strict=True)]
        return sum(map(sum, in_cents(rows.values())))

    of_kind = by(lambda bearer: bearer.line if isinstance(bearer, Unsold) else bearer % 3)
    of_team = by(lambda bearer: bearer.team if isinstance(bearer, Unsold) else teams[bearer])
    assert of_kind == of_team == cents_of(everything)
