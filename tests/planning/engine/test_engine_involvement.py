"""Who is involved, held against what those assigned are: each kind on both sides of its bound."""

import datetime as dt

import pytest

from planning.engine.involvement import Deed, Happened, Seat, band_of, involvement

DAY = dt.date(2026, 6, 1)
REP, MATE, BOSS, CHIEF = 1, 2, 3, 4
FUNCTIONS = {REP: "sales", MATE: "technical", BOSS: "management", CHIEF: "senior_management"}


def seat(user=REP, kind="sole", profile="sole", since=None, key=1):
    return Seat(key, user, kind, profile, since)


def touch(user=REP, minutes=15, on=DAY, **more):
    return Deed(user, FUNCTIONS.get(user), on, minutes * 60, **{"is_contact": True, **more})


def happened(seats, deeds):
    return [(row.happened, row.others, row.share) for row in involvement(seats, deeds).findings]


def test_time_by_person_and_function_and_the_shares_of_managers():
    work = Deed(MATE, "technical", DAY, 1800, is_contact=False)
    unknown = Deed(None, None, DAY, 600, is_contact=False)
    found = involvement([], [touch(REP, 30), touch(REP, 10), touch(BOSS, 20), touch(CHIEF, 10), work, unknown])
    assert found.by_function == {
        "sales": 2400, "management": 1200, "senior_management": 600, "technical": 1800, None: 600,
    }  # fmt: skip
    assert (found.seconds, found.people, found.touches) == (6600, 4, 4)
    assert found.share("management") == pytest.approx(2 / 11)
    assert found.share("management", "senior_management") == pytest.approx(3 / 11)
    assert involvement([], []).share("management") is None


class TestSole:
    def test_others_are_told_those_with_most_time_first(self):
        deeds = [touch(REP, 30), touch(MATE, 10), touch(BOSS, 20)]
        assert happened([seat()], deeds) == [(Happened.SOLE_TOUCHED, (BOSS, MATE), 0.5)]

    def test_nobody_else(self):
        assert happened([seat()], [touch(), touch()]) == []
        assert happened([seat()], []) == []

    def test_what_was_before_the_assignment_is_nobodys_fault(self):
        assert happened([seat(since=DAY)], [touch(MATE, on=DAY - dt.timedelta(days=1))]) == []
        assert happened([seat(since=DAY)], [touch(MATE, on=DAY)]) == [(Happened.SOLE_TOUCHED, (MATE,), 1.0)]

    @pytest.mark.parametrize(
        "deed",
        [
            touch(MATE, is_contact=False),  # internal work, an outreach to many
            touch(None),
            touch(MATE, covers=frozenset({REP})),
        ],
    )
    def test_what_is_no_contact_of_another(self, deed):
        assert happened([seat()], [touch(), deed]) == []

    def test_a_cover_of_somebody_else_is_another(self):
        assert happened([seat()], [touch(MATE, covers=frozenset({BOSS}))]) == [(Happened.SOLE_TOUCHED, (MATE,), 1.0)]

    def test_touches_without_time_count_all_the_same(self):
        assert happened([seat()], [touch(MATE, 0)]) == [(Happened.SOLE_TOUCHED, (MATE,), None)]

    def test_a_lead_may_have_others(self):
        assert happened([seat(kind="lead")], [touch(), touch(MATE), touch(BOSS)]) == []


@pytest.mark.parametrize(
    ("kind", "profile", "fits"),
    [
        ("sole", "sole", True),
        ("sole", "lead", False),
        ("lead", "lead", True),
        ("lead", "support", False),
        ("support", "support", True),
        ("support", "sole", True),
    ],
)
def test_no_more_than_the_profile_authorises(kind, profile, fits):
    assert happened([seat(kind=kind, profile=profile)], []) == ([] if fits else [(Happened.BEYOND_PROFILE, (), None)])


class TestSupport:
    lead = seat(BOSS, "lead", key=1)
    support = seat(REP, "support", key=2)

    def test_alone_from_three_touches_on(self):
        assert happened([self.lead, self.support], [touch(), touch()]) == []
        assert happened([self.lead, self.support], [touch(), touch(), touch()]) == [
            (Happened.SUPPORT_ALONE, (BOSS,), 1.0)
        ]

    def test_not_alone_where_anybody_else_made_one(self):
        deeds = [touch(REP, 60), touch(REP, 60), touch(REP, 60), touch(MATE, 70)]
        assert Happened.SUPPORT_ALONE not in [row[0] for row in happened([self.support], deeds)]

    def test_with_nobody_leading(self):
        assert happened([self.support], [touch()] * 3) == [(Happened.SUPPORT_ALONE, (), 1.0)]

    def test_who_stands_in_for_the_owner_is_not_alone(self):
        assert happened([self.lead, self.support], [touch(covers=frozenset({BOSS}))] * 3) == []


class TestLead:
    def test_behind_below_a_quarter_of_the_time(self):
        assert happened([seat(kind="lead")], [touch(REP, 25), touch(MATE, 50), touch(BOSS, 25)]) == []
        assert happened([seat(kind="lead")], [touch(REP, 24), touch(MATE, 51), touch(BOSS, 25)]) == [
            (Happened.LEAD_BEHIND, (MATE, BOSS), 0.76)
        ]

    def test_only_with_enough_touches(self):
        assert happened([seat(kind="lead")], [touch(MATE), touch(MATE)]) == []

    def test_work_in_their_place_is_theirs(self):
        assert happened([seat(kind="lead")], [touch(MATE, covers=frozenset({REP}))] * 3) == []


@pytest.mark.parametrize(
    ("share", "band"), [(0, 0), (0.001, 1), (0.1, 1), (0.11, 2), (0.25, 2), (0.5, 3), (0.51, 4), (1, 4)]
)
def test_bands(share, band):
    assert band_of(share) == band
