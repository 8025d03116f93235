"""How far salesperson, market, customer and circumstances move a sale from the normal one (domain 3.6; methods f).

For days, touches, cost or amount, y = ln(max(1, value)) is what is normal for the sale's type and tier, and the partially pooled
effects of all that holds for it, estimated together:

    y = normal + salesperson + market + customer + circumstances + the sale's own

Each kind has a variance of its own (planning.engine.mixed_equations). The share of all variation that it explains is its variance x
how many of its conditions hold for a sale on average (a circumstance that hardly ever holds explains little, however far it moves
a sale), beside the variance of what is the sale's own. For one kind alone an effect is n / (n + s2 within / s2
between) x mean difference from the normal (Buehlmann and Straub 1970): few sales move little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from math import exp, expm1, log, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from planning.engine.interval import Z
from planning.engine.mixed_equations import Factor, estimate
from planning.engine.rules import Key

if TYPE_CHECKING:
    import numpy as np

SALESPERSON, MARKET, CUSTOMER, CIRCUMSTANCE = "salesperson", "market", "customer", "circumstance"
KINDS = (SALESPERSON, MARKET, CUSTOMER, CIRCUMSTANCE)
# With fewer sales a type and tier is held against what is normal for its type, then for everyone.
FEWEST_OF_CELL = 5
# With fewer nothing is told.
FEWEST_SALES = 20
# Logarithms that lie nearer are the same.
ALIKE = 1e-9
TINY = 1e-12

# Why a kind of condition tells nothing.
NOTHING_TO_COMPARE, NOTHING_TWICE, SAME_AS_ANOTHER = "nothing to compare", "nothing twice", "same as another"
# What is normal is that of the sale's own type and tier, of its type, or of everyone.
OWN, OF_TYPE, OF_EVERYONE = "own", "sale type", "everyone"

Cell = tuple[Key, Key]
EVERYONE: Cell = (None, None)
Coded = TypeVar("Coded", bound=Hashable)


class Sale(Struct, frozen=True):
    """A value above 0 (below 1 counts as 1) of a sale, its type and tier, and what holds for it; None: nobody, nothing."""

    value: float
    sale_type: Key
    tier: Key
    salesperson: Key = None
    market: Key = None
    customer: Key = None
    circumstances: tuple[Key, ...] = ()

    def levels(self, kind: str) -> tuple[Key, ...]:
        """What of this kind holds for the sale."""
        if kind == CIRCUMSTANCE:
            return self.circumstances
        one = getattr(self, kind)
        return () if one is None else (one,)


class Effect(Struct, frozen=True):
    """Of `sales` with this condition: by how much it moves ln y, and the standard error of its prediction."""

    sales: int
    mean: float
    error: float

    @property
    def share(self) -> float:
        """By which share of the normal it moves a sale: 0.1 is 10 % more."""
        return expm1(self.mean)

    @property
    def low(self) -> float:
        """The lower end of the 80 % interval of the share."""
        return expm1(self.mean - Z * self.error)

    @property
    def high(self) -> float:
        return expm1(self.mean + Z * self.error)

    @property
    def chance_of_more(self) -> float:
        """How probable it is that it moves a sale upwards at all."""
        return 0.5 if not self.error else NormalDist().cdf(self.mean / self.error)


class Kind(Struct, frozen=True):
    """All effects of one kind of condition, their variance and its share of all variation. `why` nothing is told ("": it is)."""

    effects: Mapping[Key, Effect]
    variance: float = 0.0
    share: float = 0.0
    why: str = ""


class Normal(Struct, frozen=True):
    """What is normal, as ln y, over so many `sales`; `basis` says of which."""

    mean: float
    sales: int
    basis: str


class Effects(Struct, frozen=True):
    """All that moves a measure. `variance` and `share`: of what no condition explains.

    `normals`: by type and tier; under (type, None) that of the type, under (None, None) that of everyone. `apart`: groups of
    salespeople that have no customer in common, the largest first. `converged`: whether the search for variances ended.
    """

    sales: int
    kinds: Mapping[str, Kind]
    variance: float
    share: float
    normals: Mapping[Cell, Normal]
    apart: tuple[tuple[Key, ...], ...]
    converged: bool

    def normal(self, sale_type: Key, tier: Key) -> Normal:
        """Of a type and tier, else of the type, else of everyone."""
        cells = ((sale_type, tier), (sale_type, None), EVERYONE)
        return next(self.normals[cell] for cell in cells if cell in self.normals)


def crossed_effects(sales: Sequence[Sale]) -> Effects | None:
    """None: fewer than 20 sales, or no two of a type and tier that differ. The order of sales does not matter."""
    import numpy as np

    if len(sales) < FEWEST_SALES:
        return None
    y = np.log(np.maximum(1.0, [sale.value for sale in sales]))
    names, cell = _coded(_cells(sales))
    means = np.bincount(cell, weights=y) / np.bincount(cell)
    if np.abs(y - means[cell]).max() < ALIKE:
        return None
    columns = {kind: _Column(sales, kind) for kind in KINDS}
    why = _why(columns, cell)
    used = [kind for kind in KINDS if not why[kind]]
    found = estimate(y, cell, [columns[kind].factor for kind in used])
    parts = [part * columns[kind].per_sale for kind, part in zip(used, found.variances, strict=True)]
    all_variation = found.variance + sum(parts)
    kinds = {kind: Kind({}, why=why[kind]) for kind in KINDS}
    for place, kind in enumerate(used):
        effects = columns[kind].named(found.effects[place], found.errors[place])
        kinds[kind] = Kind(effects, found.variances[place], parts[place] / all_variation)
    return Effects(
        sales=len(sales),
        kinds=kinds,
        variance=found.variance,
        share=found.variance / all_variation,
        normals=_normals(sales, names, cell, found.cells),
        apart=_apart(sales),
        converged=found.converged,
    )


def _cells(sales: Sequence[Sale]) -> list[Cell]:
    """Of each sale whose normal it is held against: its type and tier, what else is of its type, what else there is."""
    own = Counter((sale.sale_type, sale.tier) for sale in sales)
    few = [sale for sale in sales if sale.tier is None or own[sale.sale_type, sale.tier] < FEWEST_OF_CELL]
    of_type = Counter(sale.sale_type for sale in few)
    found: list[Cell] = []
    for sale in sales:
        if sale.tier is not None and own[sale.sale_type, sale.tier] >= FEWEST_OF_CELL:
            found.append((sale.sale_type, sale.tier))
        else:
            found.append((sale.sale_type if of_type[sale.sale_type] >= FEWEST_OF_CELL else None, None))
    return found


def _normals(sales: Sequence[Sale], cells: Sequence[Cell], of: np.ndarray, means: np.ndarray) -> dict[Cell, Normal]:
    """From what is normal for the cell `of` each sale; that of a type, or of everyone, is the mean over all its sales."""
    import numpy as np

    number = np.bincount(of).tolist()
    found = {
        cell: Normal(mean, number[k], OWN)
        for k, (cell, mean) in enumerate(zip(cells, means.tolist(), strict=True))
        if cell[1] is not None
    }
    types, of_type = _coded([sale.sale_type for sale in sales])
    for key, count, mean in zip(
        types, np.bincount(of_type).tolist(), np.bincount(of_type, weights=means[of]).tolist(), strict=True
    ):
        if key is not None and count >= FEWEST_OF_CELL:
            found[key, None] = Normal(mean / count, count, OF_TYPE)
    return found | {EVERYONE: Normal(float(means[of].mean()), len(sales), OF_EVERYONE)}


def _coded(keys: Sequence[Coded]) -> tuple[list[Coded], np.ndarray]:
    """What occurs, and where in that each stands."""
    import numpy as np

    places: dict[Coded, int] = {}
    codes = [places.setdefault(key, len(places)) for key in keys]
    return list(places), np.array(codes, dtype=np.int64)


class _Column:
    """The levels of one kind, and in which sales they hold."""

    def __init__(self, sales: Sequence[Sale], kind: str) -> None:
        import numpy as np

        pairs = [(row, level) for row, sale in enumerate(sales) for level in dict.fromkeys(sale.levels(kind))]
        self.names, of = _coded([level for _row, level in pairs])
        rows = np.array([row for row, _level in pairs], dtype=np.int64)
        self.factor = Factor(rows, of, len(self.names))
        self.number = len(sales)
        self.sales = np.bincount(of, minlength=len(self.names))

    @property
    def per_sale(self) -> float:
        """How many of them hold for a sale on average."""
        return len(self.factor.rows) / self.number

    def named(self, means: np.ndarray, errors: np.ndarray) -> dict[Key, Effect]:
        rows = zip(self.names, self.sales.tolist(), means.tolist(), errors.tolist(), strict=True)
        return {name: Effect(number, mean, error) for name, number, mean, error in rows}

    def differs_within(self, cell: np.ndarray) -> bool:
        """Whether, of a type and tier, some sales have a level that others do not have."""
        import numpy as np

        width = int(cell.max()) + 1
        of_cell = np.bincount(cell)
        both = np.unique(self.factor.of * width + cell[self.factor.rows], return_counts=True)
        return bool((both[1] < of_cell[both[0] % width]).any())

    def groups(self) -> tuple[int, ...] | None:
        """The sales grouped by level, in a form that is equal for equal groups; None where one has several levels."""
        import numpy as np

        if len(np.unique(self.factor.rows)) < len(self.factor.rows):
            return None
        level = np.full(self.number, -1)
        level[self.factor.rows] = self.factor.of
        first: dict[int, int] = {}
        return tuple(first.setdefault(one, row) for row, one in enumerate(level.tolist()))


def _why(columns: Mapping[str, _Column], cell: np.ndarray) -> dict[str, str]:
    """By kind why it cannot be estimated ("": it can). Of two that group sales alike, the one nearer the customer is kept."""
    why, seen = {}, set()
    for kind in (CUSTOMER, MARKET, SALESPERSON, CIRCUMSTANCE):
        column = columns[kind]
        groups = column.groups()
        if not column.differs_within(cell):
            why[kind] = NOTHING_TO_COMPARE
        elif column.sales.max() < 2:
            why[kind] = NOTHING_TWICE
        elif groups is not None and groups in seen:
            why[kind] = SAME_AS_ANOTHER
        else:
            why[kind] = ""
            seen.add(groups)
    return why


def _apart(sales: Sequence[Sale]) -> tuple[tuple[Key, ...], ...]:
    """Salespeople joined by customers whom both sold to: connected parts of their graph."""
    part: dict[Key, set[Key]] = {}
    sold: dict[Key, Key] = {}
    for sale in sales:
        if sale.salesperson is None:
            continue
        own = part.setdefault(sale.salesperson, {sale.salesperson})
        other = part[sold.setdefault(sale.customer, sale.salesperson)]
        if own is not other:
            small, large = sorted((own, other), key=len)
            large |= small
            part.update(dict.fromkeys(small, large))
    groups = {id(group): tuple(sorted(group, key=str)) for group in part.values()}
    return tuple(sorted(groups.values(), key=lambda group: (-len(group), str(group[0]))))


class ExpectedSale(Struct, frozen=True):
    """What one expects of a sale, as ln y: a normal distribution about its mean. `parts`: kind, level and effect, where known."""

    mean: float
    deviation: float
    normal: Normal
    parts: tuple[tuple[str, Key, Effect], ...] = ()

    @property
    def value(self) -> float:
        """The median: half of such sales take less."""
        return exp(self.mean)

    @property
    def normal_value(self) -> float:
        """The median of normal sales, whatever holds for this one."""
        return exp(self.normal.mean)

    @property
    def low(self) -> float:
        """What one of ten such sales stays below."""
        return exp(self.mean - Z * self.deviation)

    @property
    def high(self) -> float:
        """What nine of ten such sales stay below."""
        return exp(self.mean + Z * self.deviation)

    def share_below(self, value: float) -> float:
        """The share of such sales that stay below a value."""
        return NormalDist(self.mean, self.deviation or TINY).cdf(log(max(1.0, value)))


def expected(found: Effects, sale: Sale) -> ExpectedSale:
    """Of a sale that is not over, its value aside. What is not known of its conditions widens the band."""
    normal = found.normal(sale.sale_type, sale.tier)
    mean, variance, parts = normal.mean, found.variance, []
    for kind, of_kind in found.kinds.items():
        for level in sale.levels(kind):
            effect = of_kind.effects.get(level)
            if effect is None:
                variance += of_kind.variance
                continue
            mean, variance = mean + effect.mean, variance + effect.error**2
            parts.append((kind, level, effect))
    return ExpectedSale(mean, sqrt(variance), normal, tuple(parts))
