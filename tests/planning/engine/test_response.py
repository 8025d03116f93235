"""The response curve: fitted to five judgements."""

import pytest

from planning.engine.response import Answers, fitted


def test_default_answers_give_the_curve_of_the_method():
    curve = fitted(Answers(0.70, 0.85, 1.0, 1.10, 1.20))
    assert (round(curve.c, 2), round(curve.d, 2), round(curve.elasticity, 2)) == (2.01, 0.60, 0.23)


def test_a_curve_gives_back_answers_that_lie_on_one():
    # x^2 / (1 + x^2): 1/5 at half, 1/2 as now, 9/13 at half more
    curve = fitted(Answers(0.5, 0.5 + 1 / 5, 1.0, 0.5 + 9 / 13, 1.5))
    assert (curve.c, curve.d) == pytest.approx((2.0, 1.0))
    assert [curve.at(x) for x in (0, 0.5, 1, 1.5)] == pytest.approx([0.5, 0.7, 1.0, 0.5 + 9 / 13])


def test_as_many_calls_as_now_bring_what_they_bring_now():
    curve = fitted(Answers())
    assert curve.at(1) == pytest.approx(1.0121, abs=1e-4)
    assert curve.beside_now(1) == 1


def test_more_calls_never_bring_less_nor_more_than_all_one_could():
    curve = fitted(Answers())
    brought = [curve.at(n / 10) for n in range(60)]
    assert brought == sorted(brought)
    assert brought[0] == 0.70
    assert brought[-1] < 1.20


@pytest.mark.parametrize(
    "answers", [(0.7, 0.7, 1, 1.1, 1.2), (0.7, 0.8, 1, 1.3, 1.2), (-0.1, 0.8, 1, 1.1, 1.2), (0.7, 0.8, 1, 1, 1.2)]
)
def test_answers_that_do_not_rise_are_refused(answers):
    with pytest.raises(ValueError, match="rise"):
        Answers(*answers)
