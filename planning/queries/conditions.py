"""What moves a sale from the normal one, as the night kept it, of what a reader may see by name (domain 3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Abs
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area, people_within
from customers.models import CircumstanceKind, Customer, Market
from customers.scope import EVERYTHING
from planning.engine.crossed_effects import Effect, Effects, Kind, Normal
from planning.models import ConditionEffect, ConditionKind, MovedMeasure, SaleMeasure
from planning.queries.norms import sees_norm_amounts, sees_norm_costs, sees_norms
from territory.together import together

# What a measure is made of besides orders: whose conditions are named is within reach of both.
AREAS: Mapping[str, tuple[str, ...]] = {
    SaleMeasure.DAYS: (Area.ORDERS,),
    SaleMeasure.TOUCHES: (Area.ORDERS, Area.TOUCHES),
    SaleMeasure.COST: (Area.ORDERS, Area.COST),
    SaleMeasure.AMOUNT: (Area.ORDERS, Area.AMOUNTS),
}
# Of each kind so many are shown, those furthest from normal; files have all.
MOST = {
    ConditionKind.SALESPERSON: 30,
    ConditionKind.MARKET: 15,
    ConditionKind.CUSTOMER: 10,
    ConditionKind.CIRCUMSTANCE: 15,
}


def sees_measure(user: User, measure: str) -> bool:
    """Whoever leads sees what moves sales of the whole company; what they cost or bring, whoever sees that as widely."""
    if measure == SaleMeasure.COST:
        return sees_norm_costs(user)
    return sees_norm_amounts(user) if measure == SaleMeasure.AMOUNT else sees_norms(user)


def measures_seen(user: User) -> list[SaleMeasure]:
    """In their own order."""
    return [measure for measure in SaleMeasure if sees_measure(user, measure)]


def people_named(user: User, measure: str, *besides: str) -> QuerySet[User]:
    """Salespeople whose effect the reader may see: their budgets and loads are within reach, and what is measured."""
    people = User.objects.all()
    for area in (Area.BUDGETS, *AREAS[measure][1:], *besides):
        people = people.filter(pk__in=people_within(user, area, Act.SEE).order_by().values("pk"))
    return people


def customers_named(user: User, measure: str, *besides: str) -> QuerySet[Customer]:
    """Customers whose effect the reader may see."""
    rows = Customer.objects.visible_to(user)
    for area in (*AREAS[measure], *besides):
        rows = rows.within(user, area, Act.SEE)
    return rows


def named_to(user: User, kind: str, measure: str, *besides: str) -> Q:
    """Condition on rows of a kind: markets and circumstances are everyone's, people and customers as far as reach goes."""
    if kind == ConditionKind.SALESPERSON:
        return Q(pk__in=people_named(user, measure, *besides).order_by().values("pk"))
    if kind == ConditionKind.CUSTOMER:
        return Q(pk__in=customers_named(user, measure, *besides).order_by().values("pk"))
    return EVERYTHING


def of_kind(kind: str) -> Any:
    """What the keys of effects of a kind are."""
    models: dict[str, type[Model]] = {
        ConditionKind.SALESPERSON: User,
        ConditionKind.MARKET: Market,
        ConditionKind.CUSTOMER: Customer,
        ConditionKind.CIRCUMSTANCE: CircumstanceKind,
    }
    return models[kind]


def effect_of(row: ConditionEffect) -> Effect:
    return Effect(row.sales, row.mean, row.error)


def effects_kept(moved: MovedMeasure, rows: Sequence[ConditionEffect]) -> Effects | None:
    """As the engine told them, with these of the effects; None: nothing was to be told."""
    told = moved.figures
    if told is None:
        return None
    return Effects(
        sales=moved.sales,
        kinds={
            name: Kind(
                {row.key: effect_of(row) for row in rows if row.kind == name and row.moved_id == moved.pk},
                kind["variance"],
                kind["share"],
                kind["why"],
            )
            for name, kind in told["kinds"].items()
        },
        variance=told["variance"],
        share=told["share"],
        normals={
            (sale_type, tier): Normal(mean, sales, basis) for sale_type, tier, mean, sales, basis in told["normals"]
        },
        apart=tuple(map(tuple, told["apart"])),
        converged=told["converged"],
    )


# What explains less is not said to explain anything.
LITTLE = 0.005


class Moving(Struct, frozen=True):
    """One condition by name, and what it does."""

    name: str
    effect: Effect

    @property
    def is_off(self) -> bool:
        """Whether its interval does not reach normal."""
        return self.effect.low > 0 or self.effect.high < 0


class KindShown(Struct, frozen=True):
    """A kind of condition: which share of all variation it explains, of how many `levels`, and those that are shown.

    `why` nothing is told of it ("": it is). `named`: how many the reader may see by name. Of a kind that explains nothing none
    is shown.
    """

    kind: ConditionKind
    share: float
    levels: int
    why: str
    named: int
    rows: list[Moving]


class Shown(Struct, frozen=True):
    """All that moves a measure, for a page."""

    moved: MovedMeasure
    kinds: list[KindShown]

    @property
    def unexplained(self) -> float:
        """The share of variation that no condition explains."""
        return self.moved.figures["share"]

    @property
    def explaining(self) -> list[KindShown]:
        """The kinds that explain anything, the largest share first."""
        return sorted((kind for kind in self.kinds if kind.share >= LITTLE), key=lambda kind: -kind.share)

    def told(self, kind: ConditionKind) -> KindShown:
        """What is told of a kind."""
        return next(row for row in self.kinds if row.kind == kind)

    @property
    def groups(self) -> list[int]:
        """How many salespeople are in each group that has no customer in common with another, the largest first."""
        return [len(group) for group in self.moved.figures["apart"]]


def what_moves(user: User, measure: str) -> Shown | None:
    """For whom `sees_measure`; three statements. None before the first night; no kinds where nothing can be told."""
    moved = MovedMeasure.objects.filter(measure=measure).first()
    if moved is None:
        return None
    if moved.figures is None:
        return Shown(moved, [])
    seen = [_seen(user, kind, measure).filter(moved=moved) for kind in ConditionKind]
    found = together(
        *[_furthest(rows, kind, MOST[kind]) for rows, kind in zip(seen, ConditionKind, strict=True)],
        *[rows.values_list("kind").annotate(Count("pk")) for rows in seen],
    )
    named = dict(row for rows in found[len(seen) :] for row in rows)
    told = moved.figures["kinds"]
    return Shown(
        moved,
        [
            _shown(kind, told[kind.value], named.get(kind.value, 0), rows)
            for kind, rows in zip(ConditionKind, found[: len(seen)], strict=True)
        ],
    )


def _seen(user: User, kind: ConditionKind, measure: str) -> QuerySet[ConditionEffect]:
    """Effects of a kind that the reader may see by name, of any measure made of what this one is."""
    named = of_kind(kind).objects.filter(named_to(user, kind, measure)).order_by().values("pk")
    return ConditionEffect.objects.filter(kind=kind, key__in=named).order_by()


def _furthest(rows: QuerySet[ConditionEffect], kind: ConditionKind, most: int) -> QuerySet:
    name = of_kind(kind).objects.filter(pk=OuterRef("key")).order_by().values("name")[:1]
    furthest = rows.order_by(Abs("mean").desc(), "key").annotate(name=Subquery(name))
    return furthest.values_list("name", "sales", "mean", "error")[:most]


def _shown(kind: ConditionKind, told: Mapping[str, Any], named: int, rows: Sequence[tuple]) -> KindShown:
    """People by name, so that nobody reads a ranking into what chance may have ordered; all else from less to more."""
    moving = [Moving(name, Effect(*effect)) for name, *effect in rows if told["share"]]
    by_name = kind == ConditionKind.SALESPERSON
    moving.sort(key=lambda row: (row.name.casefold(),) if by_name else (row.effect.mean, row.name))
    return KindShown(kind, told["share"], told["levels"], told["why"], named, moving)
