"""What fields are called for people, what belongs into them, and by which words of a file's header they are recognised."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.imports import fields as sorts
from customers.imports.references import TARGETS
from territory.folding import fold

KIND_WORDS = {
    "teams": gettext_lazy("Teams"),
    "people": gettext_lazy("People and memberships"),
    "product_lines": gettext_lazy("Product lines"),
    "customers": gettext_lazy("Customers"),
    "contacts": gettext_lazy("Contacts"),
    "assignments": gettext_lazy("Assignments"),
    "orders": gettext_lazy("Orders"),
    "touches": gettext_lazy("Touches"),
    "internal_work": gettext_lazy("Internal work"),
    "stages": gettext_lazy("Stages set by hand"),
    "absences": gettext_lazy("Absences"),
}

# Names that say little by themselves.
LABELS = {
    "at": gettext_lazy("When"),
    "by": gettext_lazy("By"),
    "spent_on": gettext_lazy("Day"),
    "starts_on": gettext_lazy("From"),
    "ends_on": gettext_lazy("Until"),
    "person": gettext_lazy("Person"),
    "weekly_hours": gettext_lazy("Hours a week"),
    "cost_per_hour": gettext_lazy("Cost an hour"),
    "email": gettext_lazy("E-mail"),
    "parent": gettext_lazy("Part of team"),
    "noted_on": gettext_lazy("Noted on"),
}

# What a mapping says besides its columns, as the page calls it.
SETTINGS = {
    "encoding": gettext_lazy("Encoding"),
    "delimiter": gettext_lazy("Cells end with"),
    "sheet": gettext_lazy("Sheet"),
    "dates": gettext_lazy("Days and times"),
    "numbers": gettext_lazy("Numbers"),
    "time_zone": gettext_lazy("Time zone"),
    "blank": gettext_lazy("Words for blank"),
    "fields": gettext_lazy("Columns"),
    "column": gettext_lazy("Column of the file"),
    "constant": gettext_lazy("The same for all"),
    "if_blank": gettext_lazy("Blank cells"),
    "unit": gettext_lazy("Unit"),
}
_PLACE = re.compile(r"^([a-z_]+(?:\.\w+)*)(?:\[\d+\])?: ")
_CHOSEN = re.compile(r"(?<=[Cc]hoose )“(\w+)”|(?<=own )“(\w+)”")
_NAMED = re.compile(r"(?<=^fields: the mapping must name )[\w ]+")

# Other words of a header, folded and without signs. A name of the field itself is recognised anyway.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "external_id": ("id", "no", "number", "nr", "key", "reference", "ref", "code"),
    "name": (
        "full name",
        "company",
        "company name",
        "account name",
        "contact name",
        "client",
        "client name",
        "customer",
        "customer name",
        "account",
        "employee",
        "employee name",
        "sales agent",
        "sales rep",
    ),
    "customer": ("customer id", "customer name", "account", "account id", "client", "company", "company id"),
    "person": ("employee", "employee id", "user", "owner", "sales agent", "agent", "salesperson", "sales rep"),
    "salesperson": ("employee", "employee id", "owner", "sales agent", "agent", "sales rep", "person"),
    "email": ("mail", "email address", "e mail", "e mail address"),
    "phone": ("telephone", "tel", "phone number", "mobile"),
    "web": ("website", "url", "homepage", "web site"),
    "postcode": ("zip", "zip code", "postal code", "post code"),
    "town": ("city", "place"),
    "address": ("street", "street address"),
    "latitude": ("lat",),
    "visiting_hours": ("opening hours", "hours"),
    "longitude": ("lon", "lng", "long"),
    "market": ("sector", "industry", "segment", "region"),
    "since": ("customer since", "created", "start date", "known since"),
    "potential": ("yearly potential", "annual potential", "revenue potential"),
    "title": ("job title", "position", "subject", "description"),
    "role": ("contact role", "function"),
    "decides": ("decision maker", "decider"),
    "status": ("state", "deal stage", "stage"),
    "amount": ("value", "total", "sum", "close value", "deal value", "net amount"),
    "opened": ("open date", "opened on", "order date", "engage date", "created"),
    "closed": ("close date", "closed on", "shipped", "shipped date", "closing date"),
    "expected": ("expected close", "due", "required date"),
    "product_line": ("product", "product name", "line"),
    "type": ("touch type", "activity", "kind", "channel"),
    "at": ("date", "day", "time", "when", "date and time", "timestamp"),
    "minutes": ("duration", "length", "mins"),
    "travel_minutes": ("travel", "travel time"),
    "spent_on": ("date", "day"),
    "starts_on": ("start", "starts", "from", "start date", "first day"),
    "ends_on": ("end", "ends", "until", "to", "end date", "last day"),
    "note": ("notes", "comment", "comments", "remark", "remarks"),
    "team": ("sales team", "salesteam", "department", "office", "territory"),
    "parent": ("parent team", "part of", "above"),
    "list_price": ("price", "sales price", "unit price"),
    "launched_on": ("launched", "launch date"),
    "weekly_hours": ("hours", "hours a week"),
    "reason": ("lost reason", "why"),
    "lost_reason": ("reason lost", "reason", "why lost"),
}


def label(name: str) -> str:
    """A field in a person's words."""
    return str(LABELS.get(name) or name.replace("_", " ").capitalize())


def on_page(problem: str) -> str:
    """An error for who sees the page: its labels where the mapping has keys, so “Since, days and times” for `fields.since.dates`."""

    def chosen(found: re.Match) -> str:
        key = found[1] or found[2]
        return f"“{SETTINGS.get(key, key)}”"

    def named(found: re.Match) -> str:
        return _(" or ").join(f"“{label(name)}”" for name in found[0].split(_(" or ")))

    problem = _NAMED.sub(named, _CHOSEN.sub(chosen, problem))
    place = _PLACE.match(problem)
    parts = place[1].split(".") if place else []
    if not place or parts[0] not in SETTINGS:
        return problem
    words = [str(SETTINGS[parts[0]])] if len(parts) == 1 else [label(parts[1])]
    words += [str(SETTINGS[part]).lower() for part in parts[2:] if part in SETTINGS]
    return f"{', '.join(words)}: {problem[place.end() :]}"


def explained(field: sorts.Field) -> str:
    """What belongs into a field, in a sentence or two."""
    words = what_belongs(field)
    return _("Needed. %(what)s") % {"what": words} if field.required else words


def what_belongs(field: Any) -> str:
    """The same without whether it is needed."""
    if isinstance(field, sorts.Reference):
        return _("External id or name of the %(word)s; it must exist.") % {"word": TARGETS[field.target].word}
    if isinstance(field, sorts.Choice):
        return _("One of: %(words)s.") % {"words": ", ".join(value for value, _label in field.choices)}
    if isinstance(field, sorts.Text) and field.max_length:
        return _("Text of at most %(most)d characters.") % {"most": field.max_length}
    sentences = {
        sorts.Number: _("A number, such as 1234.50."),
        sorts.Degrees: _("Degrees, such as 50.72."),
        sorts.Day: _("A day, such as 2026-06-09."),
        sorts.Instant: _("A day or a time, such as 2026-06-09 14:30."),
        sorts.Length: _("A number of minutes."),
        sorts.YesNo: _("yes or no."),
        sorts.Currency: _("The company's currency; any other is refused."),
    }
    return sentences.get(type(field), _("Text."))


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", fold(text)).split())


def recognised(fields: tuple[sorts.Field, ...], header: list[str]) -> dict[str, str]:
    """Field -> column, where the header names it: by its own name first, then by other words; each column once."""
    columns: dict[str, str] = {}
    for column in header:
        if column and header.count(column) == 1:
            columns.setdefault(_folded(column), column)
    found: dict[str, str] = {}
    for words_of in (lambda name: (name, label(name)), lambda name: SYNONYMS.get(name, ())):
        for field in fields:
            if field.name in found:
                continue
            words = [_folded(str(word)) for word in words_of(field.name)]
            column = next((columns[word] for word in words if word in columns), None)
            if column is not None and column not in found.values():
                found[field.name] = column
    return found
