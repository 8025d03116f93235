"""The mapping: a JSON object that says how a file is written and which column is what. Every error names its place."""

from __future__ import annotations

import codecs
import zoneinfo
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct, field

from customers.imports.errors import CouldNot
from customers.imports.fields import SECONDS, Field
from customers.imports.formats import NUMBERS, Moment, date_reader, number_reader, read_iso, read_plain_number

TOP_KEYS = {
    "about", "kind", "encoding", "delimiter", "quote", "sheet", "time_zone", "dates", "numbers", "currency", "blank",
    "fields",
}  # fmt: skip
SOURCE_KEYS = {"column", "constant", "values", "if_blank"}
IF_BLANK_WORDS = ("default", "reject", "skip")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
# The rejected rows are written as the file is: with one of these around or between cells a spreadsheet would compute them.
FORMULA_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
# Encodings that Python knows and no file of a table is in; some take for ever over a large one.
NOT_OF_FILES = {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"}
LOOK_UP_BY = ("external_id", "name", "email")


class Layout(Struct, frozen=True):
    """How the file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    sheet: str = ""


class FieldMapping(Struct, frozen=True):
    """Where a field's text comes from and how it is read. `place` is where the mapping says so, for errors."""

    spec: Field
    place: str
    column: str | None = None
    constant: str | None = None
    starts: str | None = None
    ends: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    if_blank: str = "default"
    blank_text: str | None = None
    blank_column: str | None = None
    date: Callable[[str], Moment] = read_iso
    date_is_chosen: bool = False
    number: Callable[[str], Decimal] = read_plain_number
    number_example: str | None = None
    by: str | None = None
    create: bool = False
    unit: str = "minutes"

    @property
    def columns(self) -> list[str]:
        """The columns of the file it reads."""
        return [name for name in (self.column, self.starts, self.ends, self.blank_column) if name is not None]


class Mapping(Struct, frozen=True):
    """A checked mapping."""

    layout: Layout
    fields: dict[str, FieldMapping]
    time_zone: zoneinfo.ZoneInfo | None
    currency: str | None
    blank: frozenset[str]

    def has(self, *names: str) -> bool:
        """Whether the mapping names one of these fields."""
        return any(name in self.fields for name in names)


def read_mapping(given: Any, *, kind: str, fields: Iterable[Field]) -> Mapping:
    """Check a mapping for a kind; raises CouldNot with the place of what is wrong."""
    known = {row.name: row for row in fields}
    top = _object(given, "the mapping", TOP_KEYS)
    if top.get("kind", kind) != kind:
        raise CouldNot(
            _("kind: the mapping is for “%(other)s”, not for “%(kind)s”.") % {"other": top["kind"], "kind": kind}
        )
    named = top.get("fields")
    if not isinstance(named, dict) or not named:
        raise CouldNot(_("fields: must name at least one field of: %(fields)s.") % {"fields": ", ".join(known)})
    shared = {key: top[key] for key in ("dates", "numbers") if key in top}
    return Mapping(
        layout=_layout(top),
        fields={name: _field(name, value, known, shared) for name, value in named.items()},
        time_zone=_zone(top["time_zone"], "time_zone") if "time_zone" in top else None,
        currency=_text(top["currency"], "currency").upper() if "currency" in top else None,
        blank=frozenset(_texts(top.get("blank", []), "blank")),
    )


def _layout(top: dict[str, Any]) -> Layout:
    encoding = _text(top.get("encoding", "utf-8"), "encoding").lower()
    try:
        info = codecs.lookup(encoding)
        if not getattr(info, "_is_text_encoding", True) or info.name in NOT_OF_FILES:
            raise LookupError
    except (LookupError, ValueError) as error:  # ValueError: no text that could be a name
        raise CouldNot(_("encoding: “%(name)s” is not known.") % {"name": encoding}) from error
    encoding = "utf-8" if info.name in ("utf-8", "utf-8-sig") else info.name
    delimiter = _text(top.get("delimiter", ","), "delimiter")
    delimiter = DELIMITERS.get(delimiter, delimiter)
    quote = _text(top.get("quote", '"'), "quote")
    for place, mark in (("delimiter", delimiter), ("quote", quote)):
        if len(mark) != 1 or mark in "\r\n":
            raise CouldNot(_("%(place)s: must be one character.") % {"place": place})
        if mark in FORMULA_SIGNS:
            raise CouldNot(_("%(place)s: “%(mark)s” would make formulas of cells.") % {"place": place, "mark": mark})
    if delimiter == quote:
        raise CouldNot(_("quote: must differ from the delimiter."))
    return Layout(encoding, delimiter, quote, _text(top["sheet"], "sheet") if "sheet" in top else "")


def _field(name: str, given: Any, known: dict[str, Field], shared: dict[str, Any]) -> FieldMapping:
    place = f"fields.{name}"
    if name not in known:
        raise CouldNot(
            _("%(place)s: there is no such field. Fields: %(fields)s.") % {"place": place, "fields": ", ".join(known)}
        )
    spec = known[name]
    options = {"column": given} if isinstance(given, str) else _object(given, place, SOURCE_KEYS | spec.options)
    settings = {key: value for key, value in shared.items() if key in spec.options} | options
    return FieldMapping(
        spec=spec,
        place=place,
        **_source(options, place),
        **_if_blank(options.get("if_blank", "default"), f"{place}.if_blank"),
        **_reading(settings, place),
    )


def _source(options: dict[str, Any], place: str) -> dict[str, Any]:
    ways = [way for way in ("column", "constant", "from") if way in options]
    if len(ways) != 1 or ("from" in options) != ("to" in options):
        raise CouldNot(_("%(place)s: give either “column”, or “constant”, or “from” and “to”.") % {"place": place})
    values = options.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise CouldNot(_("%(place)s.values: must say which text stands for which.") % {"place": place})
    return {
        "column": _text(options["column"], f"{place}.column") if "column" in options else None,
        "constant": _scalar(options["constant"], f"{place}.constant") if "constant" in options else None,
        "starts": _text(options["from"], f"{place}.from") if "from" in options else None,
        "ends": _text(options["to"], f"{place}.to") if "to" in options else None,
        "values": {key.strip(): value for key, value in values.items()},
    }


def _if_blank(given: Any, place: str) -> dict[str, Any]:
    if isinstance(given, str) and given in IF_BLANK_WORDS:
        return {"if_blank": given}
    if isinstance(given, dict) and len(given) == 1:
        [(way, value)] = given.items()
        if way == "default":
            return {"blank_text": _scalar(value, f"{place}.default")}
        if way == "column":
            return {"blank_column": _text(value, f"{place}.column")}
    raise CouldNot(
        _("%(place)s: must be “default”, “reject”, “skip”, {“default”: value} or {“column”: name}.") % {"place": place}
    )


def _reading(settings: dict[str, Any], place: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "dates" in settings:
        pattern = _text(settings["dates"], f"{place}.dates")
        try:
            found |= {"date": date_reader(pattern), "date_is_chosen": True}
        except ValueError as error:
            raise CouldNot(_("%(place)s.dates: %(error)s.") % {"place": place, "error": error}) from error
    if "numbers" in settings:
        example = settings["numbers"]
        if example not in NUMBERS:
            raise CouldNot(
                _("%(place)s.numbers: must be one of %(examples)s.") % {"place": place, "examples": ", ".join(NUMBERS)}
            )
        found |= {"number": number_reader(example), "number_example": example}
    if "by" in settings:
        found["by"] = _one_of(settings["by"], LOOK_UP_BY, f"{place}.by")
    if "unit" in settings:
        found["unit"] = _one_of(settings["unit"], tuple(SECONDS), f"{place}.unit")
    if "create" in settings:
        found["create"] = _truth(settings["create"], f"{place}.create")
    return found


def _object(given: Any, place: str, keys: Iterable[str]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise CouldNot(_("%(place)s: must be an object.") % {"place": place})
    for key in given:
        if key not in keys:
            raise CouldNot(
                _("%(place)s: “%(key)s” is not known here. Known: %(keys)s.")
                % {"place": place, "key": key, "keys": ", ".join(sorted(keys))}
            )
    return given


def _text(given: Any, place: str) -> str:
    if not isinstance(given, str) or not given:
        raise CouldNot(_("%(place)s: must be a text.") % {"place": place})
    return given


def _scalar(given: Any, place: str) -> str:
    """A text, number or yes/no of the JSON as the text of a cell."""
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, str | int | float):
        return str(given)
    raise CouldNot(_("%(place)s: must be a text or a number.") % {"place": place})


def _texts(given: Any, place: str) -> list[str]:
    if not isinstance(given, list):
        raise CouldNot(_("%(place)s: must be a list of texts.") % {"place": place})
    return [_text(value, f"{place}[{index}]") for index, value in enumerate(given)]


def _one_of(given: Any, words: tuple[str, ...], place: str) -> str:
    if given not in words:
        raise CouldNot(_("%(place)s: must be one of %(words)s.") % {"place": place, "words": ", ".join(words)})
    return given


def _truth(given: Any, place: str) -> bool:
    if not isinstance(given, bool):
        raise CouldNot(_("%(place)s: must be true or false.") % {"place": place})
    return given


def _zone(given: Any, place: str) -> zoneinfo.ZoneInfo:
    name = _text(given, place)
    if name not in zoneinfo.available_timezones():
        raise CouldNot(
            _("%(place)s: “%(name)s” is not a time zone such as Europe/Amsterdam.") % {"place": place, "name": name}
        )
    return zoneinfo.ZoneInfo(name)
