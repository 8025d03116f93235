"""The screen of the normal sale, as the nightly run kept it: of the company, or of a team and all under it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property

from django.db.models import F, QuerySet
from msgspec import Struct

from accounts.models import Team, User
from accounts.permissions import Act, Area, may_all, teams_within
from customers.models import SaleType
from planning.engine.normal_sale import Basis, Quartiles
from planning.models import SaleNorm, SalesRun


class Row(Struct, frozen=True):
    """A sale type and tier (None: all tiers) with its figures, as far as the reader may see them."""

    norm: SaleNorm
    cost_name: str | None
    sees_amounts: bool

    def _figure(self, name: str) -> Quartiles | None:
        found = self.norm.figures.get(name)
        return found and Quartiles(*found)

    @property
    def touches(self) -> Quartiles | None:
        return self._figure("touches")

    @property
    def minutes(self) -> Quartiles | None:
        return self._figure("minutes")

    @property
    def days(self) -> Quartiles | None:
        return self._figure("days")

    @property
    def lost_days(self) -> Quartiles | None:
        return self._figure("lost_days")

    @property
    def people(self) -> Quartiles | None:
        return self._figure("people")

    @property
    def managers(self) -> Quartiles | None:
        return self._figure("managers")

    @property
    def seniors(self) -> Quartiles | None:
        return self._figure("seniors")

    @property
    def amount(self) -> Quartiles | None:
        return self._figure("amount") if self.sees_amounts else None

    @property
    def cost(self) -> Quartiles | None:
        return self._figure(self.cost_name) if self.cost_name else None

    @property
    def is_own(self) -> bool:
        return self.norm.basis == Basis.OWN

    @property
    def is_of_type(self) -> bool:
        return self.norm.basis == Basis.SALE_TYPE


class NormalSale(Struct, frozen=True, dict=True):
    """Rows by sale type and one of all; `everyone` None: no run yet, or nothing ended in the window."""

    run: SalesRun | None
    team: Team | None
    rows: Sequence[Row]
    sees_amounts: bool
    sees_cost: bool

    @cached_property
    def everyone(self) -> Row | None:
        return next((row for row in self.rows if row.norm.sale_type is None and row.norm.ended), None)

    @cached_property
    def groups(self) -> list[tuple[SaleType | None, list[Row]]]:
        """Of each sale type that ended any its tiers that did, and all of them; at last (None) all sales together."""
        of_type: dict[SaleType | None, list[Row]] = {}
        for row in self.rows:
            if row.norm.sale_type is not None and row.norm.ended:
                of_type.setdefault(row.norm.sale_type, []).append(row)
        if self.everyone is not None:
            of_type[None] = [self.everyone]
        return list(of_type.items())

    @cached_property
    def shows_managers(self) -> bool:
        """Whether managers took part in any of these sales; else their columns say nothing."""
        return self._is_anything("managers")

    @cached_property
    def shows_seniors(self) -> bool:
        return self._is_anything("seniors")

    def _is_anything(self, name: str) -> bool:
        figures = (getattr(row, name) for row in self.rows if row.norm.ended)
        return any(figure is not None and figure.high > 0 for figure in figures)

    @cached_property
    def most_days(self) -> float:
        """Where the scale of days ends."""
        return max((row.days.high for row in self.rows if row.days and row.norm.ended), default=0.0)

    @property
    def unknown_share(self) -> float | None:
        """How much of the time of all sales has no cost that the reader may know."""
        if self.everyone is None or not self.sees_cost:
            return None
        norm = self.everyone.norm
        return norm.unknown_share if self.everyone.cost_name == "cost" else norm.unknown_share_below

    @property
    def window(self) -> tuple[dt.date, dt.date] | None:
        return None if self.run is None else (self.run.on - dt.timedelta(days=364), self.run.on)


def teams_offered(reader: User) -> QuerySet[Team]:
    """Teams whose totals the reader may see, from the top."""
    return teams_within(reader, Area.ORDERS, Act.SEE).live().order_by("path")  # type: ignore[attr-defined]


def sees_company(reader: User) -> bool:
    return may_all(reader, Area.ORDERS, Act.SEE)


def normal_sale(reader: User, team: Team | None) -> NormalSale:
    """Of a team, or of the company; three queries at most."""
    sees_amounts, sees_cost = (_sees(reader, area, team) for area in (Area.AMOUNTS, Area.COST))
    rows = SaleNorm.objects.filter(team=team).select_related("run", "sale_type", "tier")
    ordered = rows.order_by(
        F("sale_type__position").asc(nulls_last=True), "sale_type__name", F("tier__position").asc(nulls_last=True)
    )
    cost_name = _cost_name(reader, sees_cost=sees_cost)
    found = [Row(norm, cost_name, sees_amounts) for norm in ordered]
    run = found[0].norm.run if found else SalesRun.objects.first()
    return NormalSale(run, team, found, sees_amounts, sees_cost)


def shown(reader: User, team: Team | None, norm: SaleNorm) -> Row:
    """One row of the same, as far as the reader may see its figures."""
    sees_amounts, sees_cost = (_sees(reader, area, team) for area in (Area.AMOUNTS, Area.COST))
    return Row(norm, _cost_name(reader, sees_cost=sees_cost), sees_amounts)


def _cost_name(reader: User, *, sees_cost: bool) -> str | None:
    if not sees_cost:
        return None
    return "cost" if may_all(reader, Area.COST, Act.SEE) else "cost_below"


def _sees(reader: User, area: str, team: Team | None) -> bool:
    if may_all(reader, area, Act.SEE):
        return True
    return team is not None and teams_within(reader, area, Act.SEE).filter(pk=team.pk).exists()
