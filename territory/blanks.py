"""Constants taken out of what a question is asked about, so that its words are the same for everybody."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import uuid
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, Q, When
from django.db.models.expressions import RawSQL


class Blank(models.Value):
    """The place of a constant, the how-manieth of those taken out."""

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list]:
        """Its own place among the parameters."""
        return "%s", [self]

    def filled(self, values: Sequence[Any], connection: BaseDatabaseWrapper) -> Any:
        """The value as the database is given it."""
        return self.output_field.get_db_prep_value(values[self.value], connection)

    def type_said(self, connection: BaseDatabaseWrapper) -> str:
        """What stands behind its place in a statement that is planned before its values are known."""
        return f"::{self.output_field.db_type(connection)}"

    def at(self, place: int) -> Blank:
        """The same kind of blank in another place."""
        return type(self)(place, self._output_field_or_none)  # type: ignore[attr-defined]


class _Keys(Blank):
    """The place of a frozenset of keys, as rows of one column; it goes to the database as a list."""

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list]:
        """Its own place among the parameters."""
        return _KEYS[connection.vendor], [self]

    def filled(self, values: Sequence[Any], connection: BaseDatabaseWrapper) -> Any:
        """The keys as the database is given them."""
        keys = sorted(values[self.value])
        return json.dumps(keys) if connection.vendor == "sqlite" else keys

    def type_said(self, connection: BaseDatabaseWrapper) -> str:
        """Nothing: `_KEYS` says it."""
        return ""


class _OneKey(Blank):
    """The place of a frozenset of one key: PostgreSQL expects ten of a list that it does not know, and plans for these."""

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list]:
        """Its own place among the parameters."""
        return "(%s)", [self]

    def filled(self, values: Sequence[Any], connection: BaseDatabaseWrapper) -> Any:
        """The key as the database is given it."""
        (key,) = values[self.value]
        return self.output_field.get_db_prep_value(key, connection)


class _Parameter(Blank):
    """The place of a parameter of a statement that is in words already: the database is given it as it is."""

    def filled(self, values: Sequence[Any], connection: BaseDatabaseWrapper) -> Any:
        """The value as the database is given it."""
        return values[self.value]


_KEYS = {"postgresql": "(SELECT UNNEST(%s::bigint[]))", "sqlite": "(SELECT value FROM JSON_EACH(%s))"}

_BLANKS: dict[type, Blank] = {
    dt.date: Blank(0, models.DateField()),
    dt.datetime: Blank(0, models.DateTimeField()),
    int: Blank(0, models.BigIntegerField()),
    uuid.UUID: Blank(0, models.UUIDField()),
    frozenset: _Keys(0, models.BigIntegerField()),
}
_ONE_KEY = _OneKey(0, models.BigIntegerField())
_PARAMETERS: dict[type, Blank] = {
    dt.date: _Parameter(0, models.DateField()),
    dt.datetime: _Parameter(0, models.DateTimeField()),
    int: _Parameter(0, models.BigIntegerField()),
    str: _Parameter(0, models.TextField()),
}


def _blank_for(thing: Any) -> Blank | None:
    """What takes the place of a constant; None for what is none."""
    return _ONE_KEY if type(thing) is frozenset and len(thing) == 1 else _BLANKS.get(type(thing))


# What has its constants inside.
_DEEP = (Q, Case, RawSQL, tuple)

# Given a constant and what kind of blank takes its place, what stands there instead.
Take = Callable[[Any, Blank], Any]


@runtime_checkable
class HasConstants(Protocol):
    """What a room above is asked about that knows its own constants."""

    def with_constants(self, take: Callable[[Any], Any]) -> Any:
        """The same with what `take` makes of each constant."""


def taken_apart(about: Sequence[Hashable]) -> tuple[tuple, tuple]:
    """These with blanks in the place of constants, and the constants in their order.

    A constant is a day, a time, a whole number, a UUID or a frozenset of keys (for `__in`; one key has another blank than
    several or none), alone or in a condition; a parameter of SQL in a condition; and what something calls a constant of its
    own. All else stays.
    """
    form: list[Any] = []
    constants: list[Any] = []
    for each in about:
        blank = _blank_for(each)
        if blank is not None:
            form.append(blank)
            constants.append(each)
        elif isinstance(each, str | bool | None):
            form.append(each)
        else:
            part, within = _apart(each)
            form.append(part)
            constants += within
    return tuple(form), tuple(constants)


def numbered(form: Sequence[Any]) -> list[Any]:
    """The same with each blank in a place of its own."""
    places = itertools.count()
    return [_replaced(each, lambda blank, _kind: blank.at(next(places))) for each in form]


@lru_cache(maxsize=3000, typed=True)
def _apart(thing: Hashable) -> tuple[Any, tuple]:
    constants: list[Any] = []

    def take(constant: Any, blank: Blank) -> Blank:
        constants.append(constant)
        return blank

    return _first_of_equals(_replaced(thing, take)), tuple(constants)


@lru_cache(maxsize=1000, typed=True)
def _first_of_equals(form: Hashable) -> Hashable:
    """A form is looked for each time something is asked: to compare it with itself takes no time."""
    return form


def _replaced(thing: Any, take: Take) -> Any:
    """The same with what `take` makes of each constant; the thing itself where it has none."""
    match thing:
        case Q():
            return _condition(thing, take)
        case RawSQL():
            parameters = [_taken(each, take) for each in thing.params]
            return RawSQL(thing.sql, parameters) if parameters else thing  # noqa: S611  SQL of a condition of our own
        case Case():
            return _case(thing, take)
        case tuple():
            parts = tuple(_replaced(each, take) if isinstance(each, _DEEP) else each for each in thing)
            return parts if _differ(parts, thing) else thing
        case models.Model():
            return _replaced(thing.pk, take)
        case HasConstants():
            return thing.with_constants(lambda constant: _replaced(constant, take))
        case Blank():
            return take(thing, thing)
        case _:
            blank = _blank_for(thing)
            return thing if blank is None else take(thing, blank)


def _condition(condition: Q, take: Take) -> Q:
    parts = [child[1] if isinstance(child, tuple) else child for child in condition.children]
    replaced = [_replaced(part, take) for part in parts]
    if not _differ(replaced, parts):
        return condition
    children = [
        (child[0], part) if isinstance(child, tuple) else part
        for child, part in zip(condition.children, replaced, strict=True)
    ]
    return Q(*children, _connector=condition.connector, _negated=condition.negated)


def _case(case: Case, take: Take) -> Case:
    conditions = [when.condition for when in case.cases]
    replaced = [_replaced(condition, take) for condition in conditions]
    if not _differ(replaced, conditions):
        return case
    whens = [When(condition, then=when.result) for condition, when in zip(replaced, case.cases, strict=True)]
    return Case(*whens, default=case.default, output_field=case.__dict__.get("output_field"))


def _taken(parameter: Any, take: Take) -> Any:
    blank = parameter if isinstance(parameter, Blank) else _PARAMETERS.get(type(parameter))
    return parameter if blank is None else take(parameter, blank)


def _differ(ones: Sequence[Any], others: Sequence[Any]) -> bool:
    return any(one is not other for one, other in zip(ones, others, strict=True))
