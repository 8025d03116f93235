"""How many calls each customer should get, so that the hours there are bring the most (domain 3.7; methods b).

Lodish's CALLPLAN (Management Science 18(4), 1971) as a multiple-choice knapsack (Sinha and Zoltners, Operations Research 27(3),
1979): of the levels k of each account i one is chosen,

    max  sum_ik a_ik y_ik - sum_j c_j NT_j
    s.t. sum_k y_ik = 1,  sum_ik t_ik y_ik + sum_j u_j NT_j <= T,  NT_j >= trips_ik y_ik for each i that lies in area j

An area's trips are counted in steps: w_jm = 1 where it has the m-th number of trips that a level asks for, or more. Then

    sum of y_ik over the levels of i that ask for m or more <= w_jm,  w_jm >= w_j,m+1

which without the row of hours is a problem of closures, whose linear relaxation is whole by itself. So all that relaxing
loses lies in one row, a few accounts' worth however many there are, and branch and bound (HiGHS) ends soon.

No account's unit is fixed here: minutes and money are whatever the caller counts in.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from planning.engine.call_price import Priced, priced
from planning.engine.call_question import Account, Floats, Question

#: a plan this near to the bound counts as the best there is
CLOSE_ENOUGH = 1e-6

#: HiGHS looks at the clock between its steps only: it gets so much of the time there is
OF_THE_TIME = 0.7

__all__ = ["Account", "CallRange", "Plan", "Question", "TooFewMinutes", "best_calls", "ranges_within"]


class Plan(Struct, frozen=True):
    """The level chosen for each account. `bound`: more than this is not possible; `gap`: how much of it may be missing.

    `is_proven`: whether the search ended by itself, and not because its time was over. `price`: what a minute more would bring,
    where accounts lie in one area each.
    """

    levels: tuple[int, ...]
    trips: Floats
    value: float
    minutes: float
    bound: float
    is_proven: bool
    price: float | None = None

    @property
    def gap(self) -> float:
        return max(0.0, self.bound - self.value) / max(abs(self.bound), 1e-9)


class TooFewMinutes(ValueError):
    """Even the fewest calls of all take longer than there is time."""


def best_calls(question: Question, *, seconds: float) -> Plan:
    """The plan that brings the most within a time limit. Raises TooFewMinutes where none is possible."""
    if question.fewest_minutes > question.minutes * (1 + 1e-9) + 1e-6:
        raise TooFewMinutes
    if not question.accounts:
        return _plan(question, (), 0.0, is_proven=True, price=0.0)
    if any(len(account.areas) > 1 for account in question.accounts):
        return _searched(question, seconds=seconds)
    until = monotonic() + seconds
    first = priced(question)
    met = _plan(question, first.levels, first.bound, is_proven=True, price=first.price)
    if met.gap <= CLOSE_ENOUGH:
        return met
    return _better(question, first, met, seconds=max(1.0, OF_THE_TIME * (until - monotonic())))


def _better(question: Question, first: Priced, met: Plan, *, seconds: float) -> Plan:
    """The best among what may be better than the plan met at a price."""
    accounts = [account.with_levels(kept) for account, kept in zip(question.accounts, first.left, strict=True)]
    found = _searched(replace(question, accounts=accounts), seconds=seconds)
    levels = [int(kept[level]) for kept, level in zip(first.left, found.levels, strict=True)]
    # What was left out is no better than the plan met.
    bound = min(first.bound, max(found.bound, met.value))
    return _plan(
        question, levels if found.value > met.value else met.levels, bound, is_proven=found.is_proven, price=first.price
    )


def _searched(question: Question, *, seconds: float) -> Plan:
    """By branch and bound."""
    program = _Program(question)
    found = program.solve(-program.gains, seconds=seconds)
    levels = program.levels(found.x) if found.x is not None else (0,) * len(question.accounts)
    return _plan(question, levels, -found.bound, is_proven=found.is_proven)


def _plan(
    question: Question, levels: Sequence[int], bound: float, *, is_proven: bool, price: float | None = None
) -> Plan:
    value = question.value_of(levels)
    trips, minutes = question.trips_of(levels), question.minutes_of(levels)
    return Plan(tuple(levels), trips, value, minutes, max(value, bound), is_proven=is_proven, price=price)


class CallRange(Struct, frozen=True):
    """From how few to how many calls an account may get so that the whole plan stays within a share of the best.

    `is_proven`: whether both ends are the last there are, and not what was found until the time was over.
    """

    fewest: float
    most: float
    is_proven: bool


def ranges_within(question: Question, plan: Plan, share: float, *, seconds: float) -> list[CallRange]:
    """The range of each account, all others free to make the best of it: the optimum is flat. `seconds` for each end."""
    program = _Program(question)
    program.keep(program.gains, plan.value - share * abs(plan.value))
    found = []
    for number, account in enumerate(question.accounts):
        chosen, proven = [], []
        for sign in (1.0, -1.0):
            end = program.solve(sign * program.calls_of(number), seconds=seconds)
            level = plan.levels[number] if end.x is None else program.levels(end.x)[number]
            chosen.append(float(account.calls[level]))
            proven.append(end.is_proven)
        now = float(account.calls[plan.levels[number]])
        found.append(CallRange(min(*chosen, now), max(*chosen, now), all(proven)))
    return found


class _Found(Struct, frozen=True):
    """What the solver brought: the variables (None: nothing yet), and a bound of what was made small."""

    x: Floats | None
    bound: float
    is_proven: bool


class _Program:
    """The question as rows and columns: all levels of all accounts, then the steps of trips of all areas."""

    def __init__(self, question: Question) -> None:
        self._starts = np.cumsum([0, *(len(account.calls) for account in question.accounts)])
        self._accounts = question.accounts
        steps = _steps(question)
        self._step_starts = self._starts[-1] + np.cumsum([0, *(len(area) for area in steps)])
        count = int(self._step_starts[-1])
        rises = np.concatenate([np.zeros(0), *(np.diff(area, prepend=0.0) for area in steps)])
        areas = np.repeat(np.arange(len(steps)), [len(area) for area in steps])
        self.gains = np.concatenate(
            [*(account.value for account in self._accounts), -question.trip_cost[areas] * rises]
        )
        self._minutes = np.concatenate(
            [*(account.minutes for account in self._accounts), question.trip_minutes[areas] * rises]
        )
        self._count = count
        self._rows: list[tuple[Any, Any, Any]] = []
        self._one_level_each()
        self._trips_asked_for(steps)
        self.keep(-self._minutes, -question.minutes)

    def keep(self, weights: Floats, least: float) -> None:
        """The weighted sum of all columns must not be below `least`."""
        from scipy.sparse import csr_array

        # Numbers of like size on both sides: minutes of a year are large beside a single call's.
        scale = max(float(np.abs(weights).max(initial=0.0)), 1e-9)
        self._rows.append((csr_array(weights[None, :] / scale), np.array([least / scale]), np.array([np.inf])))

    def calls_of(self, number: int) -> Floats:
        """Weights that add up to the calls on one account."""
        weights = np.zeros(self._count)
        weights[self._starts[number] : self._starts[number + 1]] = self._accounts[number].calls
        return weights

    def levels(self, x: Floats) -> tuple[int, ...]:
        """The level of each account that the columns say."""
        pairs = zip(self._starts[:-1], self._starts[1:], strict=True)
        return tuple(int(np.argmax(x[start:end])) for start, end in pairs)

    def solve(self, cost: Floats, *, seconds: float) -> _Found:
        """Make the cost as small as it gets."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        scale = max(float(np.abs(cost).max(initial=0.0)), 1e-9)
        found = milp(
            cost / scale,
            integrality=np.ones(self._count),
            bounds=Bounds(0, 1),
            constraints=[LinearConstraint(*row) for row in self._rows],
            options={"time_limit": seconds, "mip_rel_gap": CLOSE_ENOUGH},
        )
        bound = getattr(found, "mip_dual_bound", None)
        return _Found(found.x, -np.inf if bound is None else float(bound) * scale, found.status == 0)

    def _one_level_each(self) -> None:
        from scipy.sparse import csr_array

        levels = int(self._starts[-1])
        rows = np.repeat(np.arange(len(self._accounts)), np.diff(self._starts))
        matrix = csr_array((np.ones(levels), (rows, np.arange(levels))), shape=(len(self._accounts), self._count))
        self._rows.append((matrix, np.ones(len(self._accounts)), np.ones(len(self._accounts))))

    def _trips_asked_for(self, steps: Sequence[Floats]) -> None:
        from scipy.sparse import csr_array

        rows: list[int] = []
        columns: list[int] = []
        signs: list[float] = []
        number = 0

        def row(plus: Sequence[int], minus: int) -> None:
            """One column at least as much as the sum of others."""
            nonlocal number
            rows.extend([number] * (len(plus) + 1))
            columns.extend([*plus, minus])
            signs.extend([1.0] * len(plus) + [-1.0])
            number += 1

        for place, account in enumerate(self._accounts):
            start = int(self._starts[place])
            for trips in np.unique(account.trips[account.trips > 0]):
                asking = [start + int(level) for level in np.flatnonzero(account.trips >= trips)]
                for area in account.areas:
                    step = int(np.searchsorted(steps[area], trips))
                    row(asking, int(self._step_starts[area]) + step)
        for area, found in enumerate(steps):
            first = int(self._step_starts[area])
            for step in range(len(found) - 1):
                row([first + step + 1], first + step)
        if number:
            matrix = csr_array((signs, (rows, columns)), shape=(number, self._count))
            self._rows.append((matrix, np.full(number, -np.inf), np.zeros(number)))


def _steps(question: Question) -> list[Floats]:
    """For each area the numbers of trips that some level asks for, rising."""
    asked: list[list[Floats]] = [[] for _ in question.trip_minutes]
    for account in question.accounts:
        for area in account.areas:
            asked[area].append(account.trips[account.trips > 0])
    return [np.unique(np.concatenate([np.zeros(0), *found])) for found in asked]
