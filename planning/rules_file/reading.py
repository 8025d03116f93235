"""The file read and checked, before anything is changed: places of errors, names that exist, rules that contradict others."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from msgspec import Struct, field

from planning.models import PlanningSettings
from planning.rules_file.dumping import live_rows
from planning.rules_file.sections import (
    BY_NAME,
    OF_SITUATIONS,
    SECTIONS,
    SETTINGS,
    SITUATIONS,
    WEEKDAYS,
    RulesFileError,
    Section,
    Value,
    day,
    text,
)
from territory.company.models import Holiday

ABOUT = "about"


class Entry(Struct):
    """A row of the file: its place, and its values by field name (names for what it refers to)."""

    place: str
    values: dict[str, Any]

    def key(self, section: Section) -> tuple:
        return tuple(self.values.get(name) for name in section.key)


class RulesFile(Struct):
    """The checked file. A section that the file leaves out is not here, and stays as it is."""

    sections: dict[str, list[Entry]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    working_days: list[int] | None = None
    holidays: dict[dt.date, str] | None = None


def read_rules(given: Any) -> RulesFile:
    """Check all of the file; raises RulesFileError with the place of the first thing that is wrong."""
    known = {ABOUT, "working_days", "holidays", "settings", *BY_NAME}
    if not isinstance(given, dict):
        raise RulesFileError(_("The file must hold one object."))
    for name in given:
        if name not in known:
            raise RulesFileError(
                _("%(name)s: is not known. Known: %(known)s.") % {"name": name, "known": ", ".join(sorted(known))}
            )
    rules = RulesFile()
    for section in SECTIONS:
        if section.name in given:
            rules.sections[section.name] = _entries(section, given[section.name])
    _no_contradictions(rules)
    _names_exist(rules)
    _kept_rules_still_hold(rules)
    if "settings" in given:
        rules.settings = _settings(given["settings"])
    if "working_days" in given:
        rules.working_days = _working_days(given["working_days"])
    if "holidays" in given:
        rules.holidays = _holidays(given["holidays"])
    return rules


def _entries(section: Section, given: Any) -> list[Entry]:
    if not isinstance(given, list):
        raise RulesFileError(_("%(place)s: must be a list.") % {"place": section.name})
    entries = []
    first: dict[tuple, str] = {}
    for index, row in enumerate(given):
        place = f"{section.name}[{index}]"
        entry = Entry(place, _values(row, section.values, place))
        _check_columns(section, entry)
        key = entry.key(section)
        if key in first:
            raise RulesFileError(
                _("%(place)s: says again what %(first)s says.") % {"place": place, "first": first[key]}
            )
        first[key] = place
        entries.append(entry)
    return entries


def _values(given: Any, values: tuple[Value, ...], place: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise RulesFileError(_("%(place)s: must be an object.") % {"place": place})
    names = {value.name for value in values}
    for name in given:
        if name not in names:
            raise RulesFileError(
                _("%(place)s.%(name)s: is not known. Known: %(known)s.")
                % {"place": place, "name": name, "known": ", ".join(sorted(names))}
            )
    found: dict[str, Any] = {}
    for value in values:
        if given.get(value.name) is None:
            if value.required:
                raise RulesFileError(_("%(place)s.%(name)s: is missing.") % {"place": place, "name": value.name})
            if value.name in given:
                found[value.name] = None
            continue
        try:
            found[value.name] = value.read(given[value.name])
        except ValueError as error:
            raise RulesFileError(f"{place}.{value.name}: {error}.") from error
    return found


def _check_columns(section: Section, entry: Entry) -> None:
    """What the model's own fields say: choices, bounds, digits."""
    for value in section.values:
        if value.target:
            entry.values.setdefault(value.name, None)
        elif entry.values.get(value.name) is not None:
            entry.values[value.name] = _cleaned(section.model, value, entry.values[value.name], entry.place)


def _cleaned(model: type[models.Model], value: Value, given: Any, place: str) -> Any:
    try:
        cleaned = model._meta.get_field(value.column).clean(given, None)
    except ValidationError as error:
        raise RulesFileError(f"{place}.{value.name}: {' '.join(error.messages)}") from error
    return _quantised(model._meta.get_field(value.column), cleaned)


def _quantised(column: Any, value: Any) -> Any:
    """Money and shares with the decimals that are stored, so that they compare equal to stored ones."""
    return value.quantize(Decimal(1).scaleb(-column.decimal_places)) if isinstance(value, Decimal) else value


def _names_exist(rules: RulesFile) -> None:
    """Every name refers to a row of the file, or of the database where the file leaves that section out."""
    for section_name, entries in rules.sections.items():
        for value in BY_NAME[section_name].values:
            if not value.target:
                continue
            names = _names(rules, BY_NAME[value.target])
            for entry in entries:
                name = entry.values[value.name]
                if name is not None and name not in names:
                    raise RulesFileError(
                        _("%(place)s.%(field)s: no %(field)s “%(name)s”.")
                        % {"place": entry.place, "field": value.name, "name": name}
                    )


def _names(rules: RulesFile, section: Section) -> set[str]:
    """The names there will be."""
    names = {entry.values["name"] for entry in rules.sections.get(section.name, [])}
    if section.name not in rules.sections or section.keeps_others:
        names |= set(live_rows(section).values_list("name", flat=True))
    return names


def _kept_rules_still_hold(rules: RulesFile) -> None:
    """A section that the file leaves out may not name a row that the file does away with."""
    for section in SECTIONS:
        if section.name in rules.sections or section.keeps_others:
            continue
        for value in section.values:
            if value.target not in rules.sections:
                continue
            names = _names(rules, BY_NAME[value.target])
            for row in live_rows(section):
                target = getattr(row, value.column)
                if target is not None and target.name not in names:
                    raise RulesFileError(
                        _("%(place)s: “%(name)s” is left out, but %(section)s name it; give %(section)s as well.")
                        % {"place": value.target, "name": target.name, "section": section.name}
                    )


def _no_contradictions(rules: RulesFile) -> None:
    if "tiers" in rules.sections:
        _tiers(rules.sections["tiers"])
    if "sale_types" in rules.sections:
        _sale_types(rules.sections["sale_types"])
    for entry in rules.sections.get("activity_goals", []):
        starts_on, ends_on = entry.values.get("starts_on"), entry.values.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            raise RulesFileError(_("%(place)s.ends_on: is before starts_on.") % {"place": entry.place})


def _tiers(entries: list[Entry]) -> None:
    if not entries:
        raise RulesFileError(_("tiers: there must be one tier at least."))
    bounds: dict[Decimal, str] = {}
    for entry in entries:
        bound = entry.values["lower_bound"]
        if bound in bounds:
            raise RulesFileError(
                _("%(place)s.lower_bound: %(first)s begins at %(bound)s already.")
                % {"place": entry.place, "first": bounds[bound], "bound": bound}
            )
        bounds[bound] = entry.place


def _sale_types(entries: list[Entry]) -> None:
    for kind in ("new_business", "repeat"):
        found = [entry.place for entry in entries if entry.values.get("kind") == kind]
        if len(found) != 1:
            raise RulesFileError(
                _("sale_types: exactly one must be of the kind %(kind)s; there are %(count)d.")
                % {"kind": kind, "count": len(found)}
            )


# What must not be larger than what: else a figure would be both.
ORDERED = (
    ("under_served_below", "over_served_above"),
    ("room_below", "good_up_to"),
    ("good_up_to", "full_up_to"),
    ("full_up_to", "over_up_to"),
    *((row.name, row.below) for row in OF_SITUATIONS.values() if row.below),
)


def _settings(given: Any) -> dict[str, Any]:
    """Values of planning settings by column; what kinds of special situations declare is in one of them."""
    current = PlanningSettings.current()
    found, of_situations = {}, {}
    for name, value in _values(given, SETTINGS + SITUATIONS, "settings").items():
        if name in OF_SITUATIONS:
            if value is not None:
                of_situations[name] = _of_situations(name, value)
            continue
        spec = next(one for one in SETTINGS if one.name == name)
        if value is not None:
            found[name] = _cleaned(PlanningSettings, spec, value, "settings")
        elif PlanningSettings._meta.get_field(spec.column).null:
            found[name] = None
    for lower, upper in ORDERED:
        low, high = (_then(name, {**found, **of_situations}, current) for name in (lower, upper))
        if low > high:
            raise RulesFileError(
                _("settings.%(lower)s: %(low)s is above %(upper)s, %(high)s.")
                % {"lower": lower, "low": low, "upper": upper, "high": high}
            )
    changed = {name: value for name, value in of_situations.items() if value != OF_SITUATIONS[name].of(current)}
    if changed:
        kept = {name: OF_SITUATIONS[name].kept(value) for name, value in changed.items()}
        found["situations"] = {**current.situations, **kept}
    return found


def _of_situations(name: str, value: Any) -> Any:
    try:
        return OF_SITUATIONS[name].checked(value)
    except ValidationError as error:
        raise RulesFileError(f"settings.{name}: {' '.join(error.messages)}") from error


def _then(name: str, given: dict[str, Any], current: PlanningSettings) -> Any:
    """What will hold: as given, else as it is."""
    if name in given:
        return given[name]
    return OF_SITUATIONS[name].of(current) if name in OF_SITUATIONS else getattr(current, name)


def _working_days(given: Any) -> list[int]:
    if not isinstance(given, list) or not given:
        raise RulesFileError(_("working_days: must be a list of at least one weekday."))
    numbers = []
    for index, name in enumerate(given):
        if name not in WEEKDAYS or WEEKDAYS.index(name) + 1 in numbers:
            raise RulesFileError(
                _("working_days[%(index)d]: must be one of %(days)s, each once.")
                % {"index": index, "days": ", ".join(WEEKDAYS)}
            )
        numbers.append(WEEKDAYS.index(name) + 1)
    return sorted(numbers)


def _holidays(given: Any) -> dict[dt.date, str]:
    section = Section("holidays", Holiday, ("on",), (day("on"), text("name")))
    return {entry.values["on"]: entry.values["name"] for entry in _entries(section, given)}
