"""All rows that rules are made of, in memory: as they are stored, or as they would be after a change.

What is computed under rules in force and what a change would do both come out of here, so that the two cannot differ.
"""

import copy
import zoneinfo
from collections.abc import Mapping
from typing import Any

from django.db import models
from msgspec import Struct
from msgspec.structs import replace

from accounts.models import Role
from customers.lifecycle import TierBound
from customers.models import Tier, TouchType
from planning.engine import rules as engine
from planning.engine.calendar import WorkCalendar
from planning.engine.workload_facts import TeamLoad as EngineTeamLoad
from planning.models import (
    ContactLoad,
    ContactRule,
    OrderRule,
    PlanningSettings,
    RulesVersion,
    TeamLoad,
    TeamSellingLoad,
)
from territory.company.models import Company, Holiday, monday_to_friday

MODELS: tuple[type[models.Model], ...] = (
    Role,
    TouchType,
    Tier,
    ContactRule,
    OrderRule,
    ContactLoad,
    TeamSellingLoad,
    TeamLoad,
    PlanningSettings,
    Holiday,
)

#: the key of a row that is not stored yet: after all that are
NEW = 2**62


class RuleBook(Struct, frozen=True):
    """Rows by table and key; `number` is the version of the rules that is in force while they are read."""

    number: int
    tables: Mapping[type[models.Model], Mapping[int, Any]]

    def of(self, model: type[models.Model]) -> list[Any]:
        """All rows of a table, in a steady order."""
        rows = self.tables[model]
        return [rows[pk] for pk in sorted(rows)]

    def in_use(self, model: type[models.Model]) -> dict[int, Any]:
        """Rows that are not retired, by key."""
        return {pk: row for pk, row in self.tables[model].items() if row.retired_at is None}

    def with_row(self, row: models.Model) -> "RuleBook":
        """The same with a row added, or in the place of the one with its key."""
        row = copy.copy(row)
        if row.pk is None:
            row.pk = NEW
        return self._with(type(row), {**self.tables[type(row)], row.pk: row})

    def without(self, row: models.Model) -> "RuleBook":
        """The same with a row taken away."""
        return self._with(type(row), {pk: other for pk, other in self.tables[type(row)].items() if pk != row.pk})

    def _with(self, model: type[models.Model], rows: Mapping[int, Any]) -> "RuleBook":
        return replace(self, tables={**self.tables, model: _ranked(rows) if model is Tier else rows})

    @property
    def settings(self) -> PlanningSettings:
        return self.tables[PlanningSettings].get(1) or PlanningSettings()

    @property
    def company(self) -> Company | None:
        return self.tables[Company].get(1)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.company.time_zone if self.company else "UTC")

    @property
    def calendar(self) -> WorkCalendar:
        days = self.company.working_days if self.company else monday_to_friday()
        return WorkCalendar(frozenset(day - 1 for day in days), frozenset(row.on for row in self.of(Holiday)))

    @property
    def tier_bounds(self) -> tuple[TierBound, ...]:
        """The tiers in use, as lifecycles need them."""
        return tuple(TierBound(pk, row.lower_bound, row.position) for pk, row in sorted(self.in_use(Tier).items()))

    @property
    def team_loads(self) -> list[EngineTeamLoad]:
        """Loads of roles in use."""
        roles = self.in_use(Role)
        return [
            EngineTeamLoad(row.role_id, row.duration_seconds / 60) for row in self.of(TeamLoad) if row.role_id in roles
        ]

    @property
    def rules(self) -> engine.Rules:
        """Rules of roles and touch types in use, in a steady order."""
        roles, settings = self.in_use(Role), self.settings
        return engine.Rules(
            contact_rules=tuple(self._contact_rules()),
            order_rules=tuple(
                engine.OrderRule(row.pk, row.role_id, row.tier_id, row.duration_seconds / 60)
                for row in self.of(OrderRule)
                if row.role_id in roles
            ),
            contact_loads=tuple(
                engine.ContactLoad(row.pk, row.contact_role_id, row.role_id, row.duration_seconds / 60)
                for row in self.of(ContactLoad)
                if row.role_id in roles
            ),
            team_selling_loads=tuple(
                engine.TeamSellingLoad(row.pk, row.role_id, row.duration_seconds / 60)
                for row in self.of(TeamSellingLoad)
                if row.role_id in roles
            ),
            detour=float(settings.detour_factor),
            speed_kmh=float(settings.travel_speed_kmh),
        )

    def _contact_rules(self) -> list[engine.ContactRule]:
        roles, types = self.in_use(Role), self.in_use(TouchType)
        rows = [row for row in self.of(ContactRule) if row.role_id in roles and row.touch_type_id in types]
        rows.sort(key=lambda row: (roles[row.role_id].position, types[row.touch_type_id].position, row.pk))
        return [
            engine.ContactRule(
                row.pk,
                row.tier_id,
                row.stage,
                row.role_id,
                row.touch_type_id,
                row.count,
                row.period,
                row.duration_seconds / 60,
                types[row.touch_type_id].travels,
            )
            for row in rows
        ]


def _ranked(rows: Mapping[int, Tier]) -> dict[int, Tier]:
    """Tiers with the places that follow from their bounds, as they are stored after a change."""
    ranked = {pk: copy.copy(row) for pk, row in rows.items()}
    live = [row for row in ranked.values() if row.retired_at is None]
    for position, row in enumerate(sorted(live, key=lambda row: -row.lower_bound), start=1):
        row.position = position
    return ranked


def load_rulebook() -> RuleBook:
    """The rules in force, in 12 queries."""
    # The number is read first: rules that change while they are read leave the figures stale, never wrongly fresh.
    number = RulesVersion.current()
    tables: dict[type[models.Model], dict[int, Any]] = {
        model: model._default_manager.order_by().in_bulk() for model in MODELS
    }
    # Asked anew: what this process remembers of the company may be older than the number.
    tables[Company] = Company.objects.order_by().in_bulk()
    return RuleBook(number, tables)
