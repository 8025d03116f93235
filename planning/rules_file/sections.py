"""The sections of the file: which rows each holds, by which fields a row is known again, and how each field is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import Role
from customers.models import CircumstanceKind, ContactRole, OrderStep, SaleType, Tier, TouchType
from planning.models import (
    ActivityGoal,
    ContactLoad,
    ContactRule,
    OrderRule,
    PlanningSettings,
    SpeedBand,
    TeamLoad,
    TeamSellingLoad,
    TouchValue,
)
from planning.situations.registry import KINDS
from planning.situations.threshold import Threshold, Unit
from territory.fields import A_DAY, A_MONTH


class RulesFileError(Exception):
    """The file cannot be loaded; says at which place and why. Nothing was changed."""


class Value(Struct, frozen=True):
    """A field of a row: its name in the file and in the database, and how it is read and written.

    `read` raises ValueError with the reason. `target`: the section whose row it names.
    """

    name: str
    column: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    required: bool = True
    target: str = ""


class Section(Struct, frozen=True):
    """A list of rows of the file. Rows that it leaves out are removed, or retired where the past names them."""

    name: str
    model: type[models.Model]
    key: tuple[str, ...]
    values: tuple[Value, ...]
    keeps_others: bool = False

    @property
    def retires(self) -> bool:
        return hasattr(self.model, "retired_at")

    def value(self, name: str) -> Value:
        return next(value for value in self.values if value.name == name)


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError(_("must be a text"))
    return given.strip()


def _whole(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise ValueError(_("must be a whole number"))
    return given


def _truth(given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError(_("must be true or false"))
    return given


def _decimal(given: Any) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError(_("must be a number"))
    try:
        value = Decimal(str(given))
    except InvalidOperation as error:
        raise ValueError(_("must be a number")) from error
    if not value.is_finite():
        raise ValueError(_("must be a number"))
    return value


def _seconds(most: int) -> Callable[[Any], int]:
    """Reads minutes up to what the forms take: a touch or an order a day, a load a month."""

    def read(given: Any) -> int:
        minutes = _decimal(given)
        if not 0 <= minutes <= most:
            raise ValueError(_("must be minutes from 0 to %(most)d") % {"most": most})
        return int((minutes * 60).to_integral_value())

    return read


def _minutes(seconds: int) -> int | float:
    minutes = round(seconds / 60, 4)
    return int(minutes) if minutes == int(minutes) else minutes


def _day(given: Any) -> dt.date:
    try:
        return dt.date.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise ValueError(_("must be a day like 2026-06-09")) from error


def text(name: str, required: bool = True) -> Value:
    return Value(name, name, _text, str, required)


def whole(name: str, required: bool = True) -> Value:
    return Value(name, name, _whole, int, required)


def yes_no(name: str) -> Value:
    return Value(name, name, _truth, bool, required=False)


def decimal(name: str, required: bool = True) -> Value:
    return Value(name, name, _decimal, str, required)


def minutes(name: str, column: str = "duration_seconds", *, most: int) -> Value:
    return Value(name, column, _seconds(most), _minutes)


def day(name: str, required: bool = True) -> Value:
    return Value(name, name, _day, dt.date.isoformat, required)


def reference(name: str, target: str, required: bool = True) -> Value:
    return Value(name, name, _text, str, required, target)


SECTIONS: tuple[Section, ...] = (
    Section("roles", Role, ("name",), (text("name"), text("function")), keeps_others=True),
    Section("tiers", Tier, ("name",), (text("name"), decimal("lower_bound"))),
    Section(
        "touch_types",
        TouchType,
        ("name",),
        (
            text("name"),
            text("channel"),
            minutes("minutes", "default_seconds", most=A_DAY),
            yes_no("travels"),
            decimal("cost", required=False),
            yes_no("is_demo"),
            text("icon", required=False),
        ),
    ),
    Section("contact_roles", ContactRole, ("name",), (text("name"), yes_no("expected_in_top_tiers"))),
    Section("order_steps", OrderStep, ("name",), (text("name"), decimal("probability"))),
    Section("sale_types", SaleType, ("name",), (text("name"), text("kind", required=False))),
    Section("circumstances", CircumstanceKind, ("name",), (text("name"),)),
    Section(
        "contact_rules",
        ContactRule,
        ("tier", "stage", "role", "touch_type"),
        (
            reference("tier", "tiers"),
            text("stage"),
            reference("role", "roles"),
            reference("touch_type", "touch_types"),
            whole("count"),
            text("period"),
            minutes("minutes", most=A_DAY),
        ),
    ),
    Section(
        "order_rules",
        OrderRule,
        ("role", "tier"),
        (reference("role", "roles"), reference("tier", "tiers", required=False), minutes("minutes", most=A_DAY)),
    ),
    Section(
        "contact_loads",
        ContactLoad,
        ("contact_role", "role"),
        (reference("contact_role", "contact_roles"), reference("role", "roles"), minutes("minutes", most=A_MONTH)),
    ),
    Section(
        "team_selling_loads", TeamSellingLoad, ("role",), (reference("role", "roles"), minutes("minutes", most=A_MONTH))
    ),
    Section("team_loads", TeamLoad, ("role",), (reference("role", "roles"), minutes("minutes", most=A_MONTH))),
    Section("speeds", SpeedBand, ("from_km",), (decimal("from_km"), decimal("kmh"))),
    Section(
        "touch_values",
        TouchValue,
        ("touch_type", "tier", "stage", "starts_on"),
        (
            reference("touch_type", "touch_types"),
            reference("tier", "tiers"),
            text("stage"),
            decimal("amount"),
            day("starts_on"),
            text("reason"),
        ),
        keeps_others=True,
    ),
    # Of roles alone: a person's own goal is no rule. One is ended by its last day, never by being left out.
    Section(
        "activity_goals",
        ActivityGoal,
        ("role", "touch_type", "period", "starts_on"),
        (
            reference("role", "roles"),
            reference("touch_type", "touch_types"),
            whole("count"),
            text("period"),
            day("starts_on", required=False),
            day("ends_on", required=False),
        ),
        keeps_others=True,
    ),
)
BY_NAME: dict[str, Section] = {section.name: section for section in SECTIONS}

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _setting(field: models.Field) -> Value:
    if isinstance(field, models.BooleanField):
        return yes_no(field.name)
    if isinstance(field, models.PositiveSmallIntegerField):
        return whole(field.name, required=False)
    if isinstance(field, models.CharField):
        return text(field.name, required=False)
    return decimal(field.name, required=False)


def _threshold(threshold: Threshold) -> Value:
    if threshold.unit == Unit.SWITCH:
        return yes_no(threshold.name)
    return (whole if threshold.unit == Unit.NUMBER else decimal)(threshold.name, required=False)


# Thresholds and how is counted: the fields of the one row of planning settings, and what each kind of special situation
# declares, by its own name.
SETTINGS: tuple[Value, ...] = tuple(
    _setting(field) for field in PlanningSettings._meta.fields if field.name not in ("id", "version", "situations")
)
OF_SITUATIONS: dict[str, Threshold] = {row.name: row for kind in KINDS for row in kind.thresholds}
SITUATIONS: tuple[Value, ...] = tuple(_threshold(row) for row in OF_SITUATIONS.values())
