"""Crossed effects: by hand, plain dense equations, statsmodels' MixedLM, and simulated sales of which the truth is known."""

import warnings
from math import exp, log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from statsmodels.regression.mixed_linear_model import MixedLM

from planning.engine.crossed_effects import (
    CIRCUMSTANCE,
    CUSTOMER,
    KINDS,
    MARKET,
    NOTHING_TO_COMPARE,
    NOTHING_TWICE,
    OF_EVERYONE,
    OF_TYPE,
    OWN,
    SALESPERSON,
    SAME_AS_ANOTHER,
    Effects,
    Sale,
    crossed_effects,
    expected,
)
from planning.engine.mixed_equations import Factor, _Equations, estimate

TRUE = {SALESPERSON: 0.25, MARKET: 0.2, CUSTOMER: 0.5, CIRCUMSTANCE: 0.35}
LEVELS = {SALESPERSON: 40, MARKET: 30, CUSTOMER: 600, CIRCUMSTANCE: 12}
REST = 0.6


def sale(value, *, who="Ann", customer="C", sale_type="new", tier="A", market=None, circumstances=()):
    return Sale(value, sale_type, tier, who, market, customer, circumstances)


def simulated(seed, number=3000, *, deviations=TRUE, levels=LEVELS, rest=REST):
    """Sales and the true effects: a customer has one market; of ten sales four or so have a circumstance, some two."""
    chance = np.random.default_rng(seed)
    effects = {kind: deviations[kind] * chance.standard_normal(levels[kind]) for kind in KINDS}
    market_of = chance.integers(0, levels[MARKET], levels[CUSTOMER])
    normal = {("new", "A"): 4.5, ("new", "B"): 4.0, ("repeat", "A"): 2.5, ("repeat", "B"): 2.0}
    cells = list(normal)
    sales = []
    for _ in range(number):
        cell = cells[chance.integers(0, len(cells))]
        customer, who = int(chance.integers(0, levels[CUSTOMER])), int(chance.integers(0, levels[SALESPERSON]))
        held = tuple(np.flatnonzero(chance.random(levels[CIRCUMSTANCE]) < 0.04).tolist())
        market = int(market_of[customer])
        y = normal[cell] + rest * chance.standard_normal() + effects[CIRCUMSTANCE][list(held)].sum()
        y += effects[SALESPERSON][who] + effects[MARKET][market] + effects[CUSTOMER][customer]
        sales.append(Sale(exp(y + 3), *cell, who, market, customer, held))
    return sales, effects


def means(found: Effects, kind):
    return {level: effect.mean for level, effect in found.kinds[kind].effects.items()}


# By hand


def test_one_factor_alone_is_shrunk_by_its_number_of_sales():
    chance = np.random.default_rng(3)
    values = [
        ("ABCDEFGH"[n % 8 if n < 40 else 0], exp(3 + 0.4 * (n % 8) + chance.standard_normal())) for n in range(60)
    ]
    found = crossed_effects([sale(value, who=who, customer=n) for n, (who, value) in enumerate(values)])

    of_people = found.kinds[SALESPERSON]
    assert found.kinds[CUSTOMER].why == NOTHING_TWICE
    normal = found.normal("new", "A").mean
    for who, effect in of_people.effects.items():
        left = [log(value) - normal for name, value in values if name == who]
        weight = len(left) / (len(left) + found.variance / of_people.variance)
        assert effect.mean == pytest.approx(weight * sum(left) / len(left), abs=1e-9)
        assert effect.sales == len(left)


def test_equal_numbers_of_sales_give_the_variances_of_the_analysis_of_variance():
    chance = np.random.default_rng(5)
    y = 4 + np.repeat(0.8 * chance.standard_normal(6), 5) + chance.standard_normal(30)
    found = crossed_effects([sale(exp(value), who=n // 5, customer=n) for n, value in enumerate(y)])

    groups = y.reshape(6, 5)
    within = groups.var(axis=1, ddof=1).mean()
    between = groups.mean(axis=1).var(ddof=1) - within / 5
    assert found.variance == pytest.approx(within, rel=1e-3)
    assert found.kinds[SALESPERSON].variance == pytest.approx(between, rel=2e-3)
    assert found.kinds[SALESPERSON].share == pytest.approx(between / (between + within), rel=2e-3)
    assert found.share + found.kinds[SALESPERSON].share == pytest.approx(1)


def test_an_effect_reads_as_a_share_of_the_normal_with_its_interval():
    found, _ = simulated(1)
    effect = next(iter(crossed_effects(found).kinds[SALESPERSON].effects.values()))

    assert effect.share == pytest.approx(exp(effect.mean) - 1)
    assert effect.low == pytest.approx(exp(effect.mean - 1.2815515655446004 * effect.error) - 1)
    assert effect.high == pytest.approx(exp(effect.mean + 1.2815515655446004 * effect.error) - 1)
    assert (effect.chance_of_more > 0.5) == (effect.mean > 0)


def test_values_below_one_count_as_one():
    sales, _ = simulated(1, 200)
    with_none = [*sales, sale(0.0, customer=1)]
    with_one = [*sales, sale(1.0, customer=1)]

    assert crossed_effects(with_none) == crossed_effects(with_one)


# What is too little, and what cannot be told apart


def test_fewer_than_20_sales_tell_nothing():
    sales = [sale(value + 1, who=value % 3, customer=value % 4) for value in range(20)]

    assert crossed_effects(sales[:19]) is None
    assert crossed_effects(sales) is not None


def test_sales_that_are_all_alike_tell_nothing():
    assert crossed_effects([sale(30, who=n % 3, customer=n % 5) for n in range(40)]) is None


def test_of_one_salesperson_and_one_market_nothing_can_be_compared():
    sales = [sale(n + 1, customer=n % 5, market="one") for n in range(40)]
    found = crossed_effects(sales)

    assert (
        found.kinds[SALESPERSON].why == found.kinds[MARKET].why == found.kinds[CIRCUMSTANCE].why == NOTHING_TO_COMPARE
    )
    assert not found.kinds[SALESPERSON].effects
    assert found.kinds[CUSTOMER].why == ""


def test_who_sells_alone_in_a_type_and_tier_of_their_own_cannot_be_compared():
    sales = [sale(n + 1, who=n % 2, customer=n % 5, sale_type=n % 2) for n in range(40)]

    assert crossed_effects(sales).kinds[SALESPERSON].why == NOTHING_TO_COMPARE


def test_where_each_salesperson_has_a_market_the_market_is_told():
    sales = [sale(n + 1, who=n % 4, market=f"market {n % 4}", customer=n % 12) for n in range(60)]
    found = crossed_effects(sales)

    assert found.kinds[MARKET].why == ""
    assert found.kinds[SALESPERSON].why == SAME_AS_ANOTHER


def test_without_any_condition_all_variation_is_unexplained():
    found = crossed_effects([Sale(n + 1, "new", "A") for n in range(30)])

    assert found.share == 1
    assert found.kinds[CUSTOMER].effects == {}
    assert found.normal("new", "A").mean == pytest.approx(np.log(np.arange(1, 31)).mean())


def test_salespeople_are_joined_by_customers_in_common():
    pairs = [("Ann", 1), ("Bob", 1), ("Bob", 2), ("Cid", 3), ("Dora", 4), ("Dora", 3), ("Eve", 5)]
    found = crossed_effects([sale(n + 1, who=pairs[n % 7][0], customer=pairs[n % 7][1]) for n in range(70)])

    assert found.apart == (("Ann", "Bob"), ("Cid", "Dora"), ("Eve",))


# What is normal


def test_few_sales_of_a_type_and_tier_are_held_against_their_type_then_everyone():
    often = [sale(10 + n, customer=n % 7, who=n % 3) for n in range(30)]
    few = [sale(40 + n, customer=n % 7, who=n % 3, tier="B") for n in range(4)]
    rare = [sale(400, customer=1, who=1, sale_type="tender")]
    found = crossed_effects([*often, *few, *rare])

    assert (found.normal("new", "A").basis, found.normal("new", "A").sales) == (OWN, 30)
    assert (found.normal("new", "B").basis, found.normal("new", "B").sales) == (OF_TYPE, 34)
    assert (found.normal("tender", "A").basis, found.normal("tender", "A").sales) == (OF_EVERYONE, 35)
    assert found.normal("new", "A").mean < found.normal("new", "B").mean < found.normal("tender", "A").mean


def test_what_one_expects_of_a_sale_is_the_normal_times_what_moves_it():
    sales, _ = simulated(2)
    found = crossed_effects(sales)
    told = expected(found, Sale(1, "new", "A", 3, 4, 5, (6, 7)))
    known = [found.kinds[kind].effects[level] for kind, level in zip(KINDS, (3, 4, 5, 6), strict=True)]
    known.append(found.kinds[CIRCUMSTANCE].effects[7])

    assert told.value == pytest.approx(exp(found.normal("new", "A").mean) * np.prod([1 + row.share for row in known]))
    assert told.deviation**2 == pytest.approx(found.variance + sum(row.error**2 for row in known))
    assert told.share_below(told.value) == pytest.approx(0.5)
    assert told.share_below(told.high) == pytest.approx(0.9)
    assert told.share_below(told.low) == pytest.approx(0.1)
    assert [(kind, level) for kind, level, _ in told.parts] == [
        *zip(KINDS, (3, 4, 5, 6), strict=True),
        (CIRCUMSTANCE, 7),
    ]


def test_an_unknown_customer_moves_nothing_and_widens_the_band():
    found = crossed_effects(simulated(2)[0])
    known, unknown = (expected(found, Sale(1, "new", "A", 3, 4, customer)) for customer in (5, "nobody"))

    assert unknown.deviation**2 - known.deviation**2 == pytest.approx(
        found.kinds[CUSTOMER].variance - found.kinds[CUSTOMER].effects[5].error ** 2
    )


# Properties


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_sales_does_not_matter(seed, chance):
    sales, _ = simulated(seed, 150, levels={SALESPERSON: 4, MARKET: 3, CUSTOMER: 40, CIRCUMSTANCE: 3})
    turned = list(sales)
    chance.shuffle(turned)
    one, other = crossed_effects(sales), crossed_effects(turned)

    assert one.apart == other.apart
    for kind in KINDS:
        assert one.kinds[kind].share == pytest.approx(other.kinds[kind].share, abs=1e-3)
        assert means(one, kind) == pytest.approx(means(other, kind), abs=1e-3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.5, 1000))
def test_other_units_change_what_is_normal_and_nothing_else(seed, unit):
    sales, _ = simulated(seed, 150, levels={SALESPERSON: 4, MARKET: 3, CUSTOMER: 40, CIRCUMSTANCE: 3})
    sales = [row for row in sales if row.value > 1]
    others = [
        Sale(row.value * unit, *(getattr(row, name) for name in ("sale_type", "tier", *KINDS[:3]))) for row in sales
    ]
    plain = [Sale(row.value, *(getattr(row, name) for name in ("sale_type", "tier", *KINDS[:3]))) for row in sales]
    one, other = crossed_effects(plain), crossed_effects(others)

    assert other.normal("new", "A").mean - one.normal("new", "A").mean == pytest.approx(log(unit), abs=1e-3)
    for kind in KINDS:
        assert one.kinds[kind].share == pytest.approx(other.kinds[kind].share, abs=1e-3)
        assert means(one, kind) == pytest.approx(means(other, kind), abs=1e-3)


# Oracles


def dense(y, cell, factors, ratios):
    """Henderson's equations written out, with everything inverted."""
    columns, ridge = [np.eye(int(cell.max()) + 1)[cell]], [np.zeros(int(cell.max()) + 1)]
    for factor, ratio in zip(factors, ratios, strict=True):
        incidence = np.zeros((len(y), factor.levels))
        incidence[factor.rows, factor.of] = 1
        columns.append(incidence)
        ridge.append(np.full(factor.levels, 1 / ratio))
    m = np.hstack(columns)
    inverse = np.linalg.inv(m.T @ m + np.diag(np.concatenate(ridge)))
    solved = inverse @ m.T @ y
    variance = y @ (y - m @ solved) / (len(y) - columns[0].shape[1])
    return solved, variance, np.sqrt(variance * np.diag(inverse)), m


def crossed(seed, number, levels):
    chance = np.random.default_rng(seed)
    cell = np.arange(number) % 3
    y, factors = 0.5 * chance.standard_normal(number) + cell, []
    for count in levels:
        of = chance.permutation(np.arange(number) % count)
        y += (0.5 * chance.standard_normal(count))[of]
        factors.append(Factor(np.arange(number), of, count))
    rows, of = np.nonzero(chance.random((number, 4)) < 0.2)
    return y, cell, [*factors, Factor(rows, of, 4)]


@pytest.mark.parametrize("levels", [(6, 3, 40), (40, 6, 3), (25, 25, 25)])
def test_absorbing_the_largest_factor_is_exact(levels):
    y, cell, factors = crossed(1, 160, levels)
    ratios = np.array([0.3, 0.7, 0.2, 0.5])
    equations = _Equations(y, cell, factors, len(y) - 3)
    found = equations.at(ratios)
    solved, variance, errors, _ = dense(y, cell, factors, ratios)

    assert found.variance == pytest.approx(variance)
    effects, spreads = equations.effects(found)
    assert np.concatenate([found.solved[:3], *effects]) == pytest.approx(solved)
    assert np.concatenate(spreads) == pytest.approx(errors[3:])
    begin = 3
    for place, factor in enumerate(factors):
        block = slice(begin, begin + factor.levels)
        # u'u + s2 trace, by the plain step of methods (f).
        step = (solved[block] @ solved[block] + (errors[block] ** 2).sum()) / factor.levels
        assert found.following[place] * variance == pytest.approx(step)
        begin += factor.levels


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_variances_are_those_that_maximise_the_restricted_likelihood(seed):
    """Written out as the density of what cells leave (Harville 1974), held against points about the one found."""
    y, cell, factors = crossed(seed, 120, (5, 4, 30))
    found = estimate(y, cell, factors)

    def height(variance, variances):
        _, _, _, m = dense(y, cell, factors, np.ones(4))
        x, begin, v = m[:, :3], 3, variance * np.eye(len(y))
        for factor, part in zip(factors, variances, strict=True):
            z = m[:, begin : begin + factor.levels]
            v, begin = v + part * z @ z.T, begin + factor.levels
        inverse = np.linalg.inv(v)
        around = x.T @ inverse @ x
        left = y - x @ np.linalg.solve(around, x.T @ inverse @ y)
        return -(np.linalg.slogdet(v)[1] + np.linalg.slogdet(around)[1] + left @ inverse @ left) / 2

    best = height(found.variance, found.variances)
    assert found.converged
    for place in range(5):
        for factor in (0.8, 0.97, 1.03, 1.25):
            moved = [found.variance, *(part or 1e-4 for part in found.variances)]
            moved[place] *= factor
            assert height(moved[0], moved[1:]) <= best + 1e-5


def test_one_factor_alone_agrees_with_statsmodels():
    sales, _ = simulated(7, 400, levels={**LEVELS, SALESPERSON: 15})
    plain = [Sale(row.value, row.sale_type, row.tier, row.salesperson) for row in sales]
    found = crossed_effects(plain)

    y = np.log([row.value for row in plain])
    cells = pd.get_dummies([f"{row.sale_type} {row.tier}" for row in plain]).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = MixedLM(y, cells.to_numpy(), groups=[row.salesperson for row in plain]).fit(reml=True)

    assert found.variance == pytest.approx(fitted.scale, rel=1e-3)
    assert means(found, SALESPERSON) == pytest.approx(
        {who: row.iloc[0] for who, row in fitted.random_effects.items()}, abs=2e-3
    )


def test_crossed_factors_agree_with_statsmodels():
    sales, _ = simulated(11, 240, levels={SALESPERSON: 6, MARKET: 3, CUSTOMER: 20, CIRCUMSTANCE: 2})
    plain = [Sale(row.value, "new", "A", row.salesperson, None, row.customer) for row in sales]
    found = crossed_effects(plain)

    frame = pd.DataFrame({"y": np.log([row.value for row in plain]), "one": 1})
    frame["who"], frame["customer"] = [row.salesperson for row in plain], [row.customer for row in plain]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        formulas = {"who": "0 + C(who)", "customer": "0 + C(customer)"}
        fitted = MixedLM.from_formula("y ~ 1", frame, groups="one", re_formula="0", vc_formula=formulas).fit(reml=True)
    variances = dict(zip(fitted.model.exog_vc.names, fitted.vcomp, strict=True))
    effects = fitted.random_effects[1]

    assert found.variance == pytest.approx(fitted.scale, rel=1e-2)
    assert found.kinds[SALESPERSON].variance == pytest.approx(variances["who"], rel=2e-2)
    assert found.kinds[CUSTOMER].variance == pytest.approx(variances["customer"], rel=2e-2)
    assert list(means(found, SALESPERSON).values()) == pytest.approx(
        [effects[f"who[C(who)[{who}]]"] for who in found.kinds[SALESPERSON].effects], abs=5e-3
    )


# Simulated sales


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shares_of_variation_are_found_again(seed):
    sales, _ = simulated(seed)
    found = crossed_effects(sales)

    # Of a sale one of each, and so many circumstances on average.
    parts = {kind: TRUE[kind] ** 2 * (LEVELS[kind] * 0.04 if kind == CIRCUMSTANCE else 1) for kind in KINDS}
    total = sum(parts.values()) + REST**2
    assert found.share == pytest.approx(REST**2 / total, abs=0.1)
    for kind in KINDS:
        assert found.kinds[kind].share == pytest.approx(parts[kind] / total, abs=0.1), kind
    assert found.converged


def test_a_circumstance_that_hardly_ever_holds_explains_little():
    sales, _ = simulated(5, deviations={**TRUE, CIRCUMSTANCE: 0.0})
    rare = [
        replace(row, circumstances=("freeze",), value=row.value * 4) if n % 100 == 0 else row
        for n, row in enumerate(sales)
    ]
    told = crossed_effects(
        [
            replace(row, circumstances=row.circumstances[:1]) if n % 100 == 0 else replace(row, circumstances=())
            for n, row in enumerate(rare)
        ]
    )

    assert told.kinds[CIRCUMSTANCE].effects["freeze"].low > 1
    assert told.kinds[CIRCUMSTANCE].share < 0.05


def test_of_ten_intervals_about_eight_contain_the_true_effect():
    told, inside = 0, 0
    for seed in range(4):
        sales, true = simulated(seed)
        found = crossed_effects(sales)
        for kind in (SALESPERSON, CUSTOMER):
            for level, effect in found.kinds[kind].effects.items():
                told += 1
                inside += effect.low <= exp(true[kind][level]) - 1 <= effect.high

    assert inside / told == pytest.approx(0.8, abs=0.03)


def test_of_ten_later_sales_about_eight_lie_in_the_band():
    sales, _ = simulated(9, 6000)
    found = crossed_effects(sales[:3000])
    inside = [(told := expected(found, row)).low <= row.value <= told.high for row in sales[3000:]]

    assert sum(inside) / len(inside) == pytest.approx(0.8, abs=0.03)


def test_what_moves_nothing_explains_nothing():
    nothing = dict.fromkeys(KINDS, 0.0)
    found = crossed_effects(simulated(4, deviations=nothing)[0])

    assert found.converged
    assert found.share == pytest.approx(1, abs=0.05)
    largest = max(abs(effect.mean) for effect in found.kinds[SALESPERSON].effects.values())
    assert largest < 0.05
