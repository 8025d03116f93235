"""What one touch more adds: weeks by hand, statsmodels' logit with clustered errors, and SciPy's optimiser for the ridge."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from scipy.optimize import minimize
from statsmodels.discrete.discrete_model import Logit

from planning.engine.added_chance import Added, added_chance, design, fit
from planning.engine.courses import LOST, WON, Course
from planning.engine.weeks import weeks

VOICE, FIELD = "voice", "field"
ON = dt.date(2026, 6, 30)


def course(name, outcome, days, *touches, business=0, tier="A"):
    """`touches`: pairs of a type and how many days after the beginning it was made."""
    kinds, at = tuple(kind for kind, _ in touches), tuple(float(at) for _, at in touches)
    return Course((name, 1), tier, outcome, ON, Decimal(business), kinds, at=at, days=float(days))


def table(rows):
    """Of each week: course, tier, counts, won."""
    return [
        (int(course), int(rows.tier[pattern]), *map(int, rows.counts[pattern]), bool(won))
        for course, pattern, won in zip(rows.course, rows.pattern, rows.is_won, strict=True)
    ]


def test_a_touch_counts_in_the_weeks_that_end_up_to_28_days_after_it():
    rows = weeks([course("P", LOST, 49, (VOICE, 3), (VOICE, 7), (FIELD, 8))], [VOICE, FIELD], ["A"])

    assert [row[2:4] for row in table(rows)] == [(2, 0), (2, 1), (2, 1), (2, 1), (0, 1), (0, 0), (0, 0)]


def test_the_last_week_is_cut_off_at_the_end_and_it_alone_is_won():
    rows = weeks([course("P", WON, 16, (VOICE, 1), (VOICE, 16))], [VOICE], ["A"])

    assert table(rows) == [(0, 0, 1, False), (0, 0, 1, False), (0, 0, 2, True)]


def test_a_course_won_at_its_very_beginning_has_one_week():
    assert table(weeks([course("P", WON, 0)], [VOICE], ["A"])) == [(0, 0, 0, True)]


def test_what_is_touched_later_changes_no_earlier_week():
    early = course("P", LOST, 40, (VOICE, 2))
    more = course("P", LOST, 40, (VOICE, 2), (VOICE, 21.5), (FIELD, 39))

    before, after = (table(weeks([row], [VOICE, FIELD], ["A"])) for row in (early, more))

    assert before[:3] == after[:3]
    assert before[3:] != after[3:]


def test_the_weeks_of_many_courses_are_those_counted_one_by_one(monkeypatch):
    monkeypatch.setattr("planning.engine.weeks.COURSES_AT_ONCE", 7)
    made = simulated(30)

    found = table(weeks(made, [VOICE, FIELD], ["A", "B"]))

    expected = []
    for place, row in enumerate(made):
        ends = [end for end in range(7, 1000, 7) if end < row.days] + [row.days]
        for end in ends:
            within = [kind for kind, at in zip(row.touches, row.at, strict=True) if end - 28 < at <= end]
            won = row.outcome == WON and end == row.days
            expected.append((place, "AB".index(row.tier), within.count(VOICE), within.count(FIELD), won))
    assert found == expected


def simulated(number, seed=3):
    """Courses of two tiers; calls raise the chance of a win, visits more so."""
    chance = np.random.default_rng(seed)
    made = []
    for n in range(number):
        tier = "AB"[n % 2]
        touches, won, week = [], False, 0
        for week in range(26):
            for kind, rate in ((VOICE, 0.6), (FIELD, 0.2)):
                touches += [(kind, 7 * week + 7 * chance.random()) for _ in range(chance.poisson(rate))]
            recent = [kind for kind, at in touches if at > 7 * (week + 1) - 28]
            hazard = -4.5 + (0.5 if tier == "A" else 0) + 0.25 * recent.count(VOICE) + 0.6 * recent.count(FIELD)
            won = chance.random() < 1 / (1 + np.exp(-hazard))
            if won:
                break
        business = 1000 + 100 * (n % 7) if won else 0
        made.append(
            course(f"P{n:04}", WON if won else LOST, 7 * (week + 1), *sorted(touches, key=lambda row: row[1]),
                   business=business, tier=tier)
        )  # fmt: skip
    return made


def week_by_week(rows, tiers):
    """A line a week, as estimators want it."""
    return design(rows, tiers)[rows.pattern], rows.is_won.astype(float)


def test_the_fit_agrees_with_statsmodels():
    rows = weeks([row for row in simulated(400) if row.tier == "A"], [VOICE, FIELD], ["A"])
    z, won = week_by_week(rows, 1)
    z = z[:, [0, 2, 3]]  # of one tier its own column is the intercept once more

    theirs = Logit(won, z).fit(
        disp=False, tol=1e-12, cov_type="cluster", cov_kwds={"groups": rows.course, "use_correction": False}
    )
    ours = fit(rows, 1, ridge=1e-9)

    groups = rows.course.max() + 1
    assert ours.theta[[2, 3]] == pytest.approx(theirs.params[1:], rel=1e-5)
    assert np.sqrt(np.diag(ours.covariance))[[2, 3]] == pytest.approx(
        theirs.bse[1:] * np.sqrt(groups / (groups - 1)), rel=1e-5
    )


def test_the_ridge_agrees_with_an_optimiser():
    rows = weeks(simulated(120), [VOICE, FIELD], ["A", "B"])
    z, won = week_by_week(rows, 2)

    def height(theta):
        eta = z @ theta
        return np.logaddexp(0, eta).sum() - won @ eta + (theta[1:] ** 2).sum() / 2

    theirs = minimize(height, np.zeros(5), method="BFGS", options={"gtol": 1e-7}).x

    assert fit(rows, 2).theta == pytest.approx(theirs, abs=1e-5)


def test_what_a_touch_adds_is_the_mean_change_over_the_tier_s_weeks_times_the_business_of_a_win():
    made = simulated(300)
    rows = weeks(made, [FIELD, VOICE], ["A", "B"])
    z, _won = week_by_week(rows, 2)
    fitted = fit(rows, 2)

    found = added_chance(made, [(FIELD, "A")]).cells[FIELD, "A"]

    won_on_a = [float(row.business) for row in made if row.tier == "A" and row.is_won]

    def value(theta):
        one_more = z.copy()
        one_more[:, 3] += 1
        change = 1 / (1 + np.exp(-one_more @ theta)) - 1 / (1 + np.exp(-z @ theta))
        return 4 * change[z[:, 1] == 1].mean() * np.mean(won_on_a)

    slopes = np.array([(value(fitted.theta + d) - value(fitted.theta - d)) / 2e-5 for d in 1e-5 * np.eye(5)])
    width = 1.2815515655446004 * np.sqrt(slopes @ fitted.covariance @ slopes)
    assert found.value == pytest.approx(value(fitted.theta))
    assert (found.low, found.high) == pytest.approx((found.value - width, found.value + width), rel=1e-6)
    assert found.low > 0


def test_a_pooled_cell_has_the_change_over_all_weeks_and_the_business_of_all_wins():
    made = simulated(300)

    own, pooled = (added_chance(made, [(FIELD, "A"), (FIELD, "B")], part).cells for part in ([], [(FIELD, "B")]))

    assert pooled[FIELD, "A"] == own[FIELD, "A"]
    assert min(own[FIELD, tier].value for tier in "AB") < pooled[FIELD, "B"].value < max(
        own[FIELD, tier].value for tier in "AB"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ([], "no wins"),
        ([course("P", LOST, 30, (VOICE, 1))], "no wins"),
        ([course("P", WON, 3, (VOICE, 1))], "only wins"),
    ],
)
def test_why_nothing_is_known_is_said(made, reason):
    found = added_chance(made, [(VOICE, "A")])

    assert (found.cells, found.reason) == ({(VOICE, "A"): Added()}, reason)


def test_a_type_that_parts_wins_from_losses_and_a_tier_without_wins_keep_finite_figures():
    won = [course(f"W{n}", WON, 20, (FIELD, 15), business=100) for n in range(20)]
    lost = [course(f"L{n}", LOST, 60, (VOICE, 5)) for n in range(20)]
    elsewhere = [course(f"M{n}", LOST, 60, (VOICE, 5), tier="B") for n in range(20)]

    found = added_chance([*won, *lost, *elsewhere], [(FIELD, "A"), (VOICE, "A"), (VOICE, "B"), ("mail", "A")]).cells

    assert 0 < found[FIELD, "A"].value < 4 * 100
    assert found[VOICE, "A"].value < 0
    assert found[VOICE, "B"] == found["mail", "A"] == Added()


def test_the_order_of_rows_does_not_matter():
    made = simulated(60)

    first, turned = (added_chance(rows, [(VOICE, "A")]).cells[VOICE, "A"] for rows in (made, made[::-1]))

    assert (turned.value, turned.low, turned.high) == pytest.approx((first.value, first.low, first.high))


def test_the_model_is_handed_on_with_what_was_usual():
    made = simulated(300)
    rows = weeks(made, [FIELD, VOICE], ["A", "B"])
    z, _won = week_by_week(rows, 2)

    model = added_chance(made, [(FIELD, "A")]).model

    assert (model.tiers, model.types) == (("A", "B"), (FIELD, VOICE))
    assert model.theta == pytest.approx(fit(rows, 2).theta)
    lost_on_b = sum(row.tier == "B" and row.outcome == LOST for row in made)
    assert model.lost[1] == pytest.approx(lost_on_b / z[:, 2].sum())
    assert model.most[VOICE] == np.quantile(z[z[:, 4] > 0, 4], 0.99)
    assert added_chance([course("P", LOST, 30, (VOICE, 1))], [(VOICE, "A")]).model is None
