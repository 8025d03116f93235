"""Kinds of values a field can hold, and how the text of a cell becomes one. `read` raises ValueError with the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from msgspec import Struct

from customers.imports.formats import Moment, as_day, as_instant
from customers.phones import check_phone
from territory.folding import fold

TRUE = {"yes", "true", "1", "y", "x"}
FALSE = {"no", "false", "0", "n"}
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
MAX_SECONDS = 366 * 24 * 3600


class Finder(Protocol):
    """What finds the things that rows refer to; see references.References."""

    def find(self, target: str, text: str, by: str | None, create: bool) -> Any: ...


class How(Struct, frozen=True):
    """How the mapping says that a field is to be read."""

    zone: ZoneInfo
    date: Callable[[str], Moment]
    number: Callable[[str], Decimal]
    finder: Finder
    by: str | None = None
    create: bool = False
    unit: str = "minutes"


class Field(Struct, frozen=True):
    """A field that a mapping can name. `required`: a row cannot be without; `default` stands for a blank cell."""

    name: str
    required: bool = False
    default: Any = None
    validators: tuple[Callable[[Any], None], ...] = ()

    # What of the mapping applies to fields of this sort, besides where the text comes from.
    options: ClassVar[frozenset[str]] = frozenset()

    def read(self, text: str, how: How) -> Any:
        """The value of a cell's text."""
        value = self.convert(text, how)
        try:
            for check in self.validators:
                check(value)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error
        return value

    def convert(self, text: str, how: How) -> Any:
        raise NotImplementedError


class Text(Field, frozen=True):
    """Text as it stands in the file: formulas and markup stay text."""

    max_length: int | None = None

    def convert(self, text: str, how: How) -> str:
        if self.max_length and len(text) > self.max_length:
            raise ValueError(_("is longer than %(most)d characters") % {"most": self.max_length})
        return text


class Phone(Text, frozen=True):
    """A telephone number as people write one."""

    validators: tuple[Callable[[Any], None], ...] = (check_phone,)


class Number(Field, frozen=True):
    """An exact decimal with at most `places` decimals; more are refused unless they are zeros."""

    digits: int = 14
    places: int = 2
    options: ClassVar[frozenset[str]] = frozenset({"numbers"})

    def convert(self, text: str, how: How) -> Decimal:
        value = how.number(text)
        rounded = value.quantize(Decimal(1).scaleb(-self.places)) if value.adjusted() < 20 else value
        if rounded != value:
            raise ValueError(_("has more than %(places)d decimals") % {"places": self.places})
        if rounded.adjusted() + 1 > self.digits - self.places:
            raise ValueError(_("is too large"))
        return rounded


class Degrees(Field, frozen=True):
    """A latitude or longitude."""

    options: ClassVar[frozenset[str]] = frozenset({"numbers"})

    def convert(self, text: str, how: How) -> float:
        return float(how.number(text))


class Day(Field, frozen=True):
    """A day; a time becomes the day it falls on in the mapping's time zone."""

    options: ClassVar[frozenset[str]] = frozenset({"dates"})

    def convert(self, text: str, how: How) -> dt.date:
        return as_day(how.date(text), how.zone)


class Instant(Field, frozen=True):
    """An instant; a day becomes its first moment in the mapping's time zone."""

    options: ClassVar[frozenset[str]] = frozenset({"dates"})

    def convert(self, text: str, how: How) -> dt.datetime:
        return as_instant(how.date(text), how.zone)


class Length(Field, frozen=True):
    """A length of time in whole seconds: a number in the mapping's unit; or from a start to an end, see sources."""

    options: ClassVar[frozenset[str]] = frozenset({"numbers", "unit", "from", "to", "dates"})

    def convert(self, text: str, how: How) -> int:
        seconds = int((how.number(text) * SECONDS[how.unit]).to_integral_value())
        return checked_seconds(seconds)


def checked_seconds(seconds: int) -> int:
    """A length that can be stored."""
    if seconds < 0:
        raise ValueError(_("is below zero"))
    if seconds > MAX_SECONDS:
        raise ValueError(_("is longer than a year"))
    return seconds


class Choice(Field, frozen=True):
    """One of a fixed set of words, by the word stored or the one shown."""

    choices: tuple[tuple[str, str], ...] = ()

    def convert(self, text: str, how: How) -> str:
        wanted = fold(text)
        for value, label in self.choices:
            if wanted in (fold(value), fold(str(label))):
                return value
        raise ValueError(_("is none of: %(choices)s") % {"choices": ", ".join(value for value, _label in self.choices)})


class YesNo(Field, frozen=True):
    """Yes or no."""

    def convert(self, text: str, how: How) -> bool:
        word = fold(text)
        if word in TRUE:
            return True
        if word in FALSE:
            return False
        raise ValueError(_("is neither yes nor no"))


class Reference(Field, frozen=True):
    """Something that exists already, found by external id or name; what it finds is a references.Found."""

    target: str = ""
    options: ClassVar[frozenset[str]] = frozenset({"by", "create"})

    def convert(self, text: str, how: How) -> Any:
        return how.finder.find(self.target, text, how.by, how.create)


class Currency(Field, frozen=True):
    """The currency of the amounts of a row: none but the company's goes in."""

    currency: Callable[[], str] = str

    def convert(self, text: str, how: How) -> str:
        if text.upper() != self.currency():
            raise ValueError(_("is not the company's currency, %(currency)s") % {"currency": self.currency()})
        return text.upper()


def field_of(model: type[models.Model], name: str, *, field_name: str | None = None, **extra: Any) -> Field:
    """The import field of a model's field: same length, digits, choices and checks."""
    column = model._meta.get_field(name)
    common: dict[str, Any] = {"name": field_name or name, "required": False, "default": _default_of(column), **extra}
    if isinstance(column, models.BooleanField):
        return YesNo(**common)
    if isinstance(column, models.DateTimeField):
        return Instant(**common)
    if isinstance(column, models.DateField):
        return Day(**common)
    checks = tuple(column.validators)
    if isinstance(column, models.DecimalField):
        return Number(
            **common, digits=column.max_digits or 14, places=column.decimal_places or 0, validators=_bounds(column)
        )
    if isinstance(column, models.FloatField):
        return Degrees(**common, validators=checks)
    if isinstance(column, models.CharField) and column.choices:
        return Choice(**common, choices=tuple((str(value), str(label)) for value, label in column.choices))
    if name == "phone":
        return Phone(**common, max_length=column.max_length)
    return Text(**common, max_length=column.max_length, validators=checks)


def _bounds(column: models.DecimalField) -> tuple[Callable[[Any], None], ...]:
    """The checks that a person set on the field; digits and decimals are checked by Number with words of their own."""
    return tuple(column._validators)


def _default_of(column: models.Field) -> Any:
    return column.get_default() if column.has_default() or not column.null else None
