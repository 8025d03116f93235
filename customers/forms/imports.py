"""Forms of the import: the file, the mapping as a form over the same JSON that the command line takes, the words of a file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Act, Area, may_all
from customers.forms.fields import VersionField
from customers.imports import fields as sorts
from customers.imports.formats import NUMBERS
from customers.imports.guessing import ENCODINGS
from customers.imports.kinds import KINDS
from customers.imports.references import TARGETS, Reach
from customers.imports.words import KIND_WORDS, SETTINGS, label, what_belongs
from customers.models import SavedMapping

DELIMITERS = ((",", _("comma")), (";", _("semicolon")), ("\t", _("tab")), ("|", _("pipe")))
IF_BLANK = (("default", _("as it is")), ("reject", _("reject")), ("skip", _("leave row out")))
CONSTANT, AS_IS = "=", "as-is"

# So many choices fit into a page as lists; beyond that columns are typed, with suggestions.
MOST_CHOICES = 340


def kinds_for(user) -> list[str]:
    """The kinds of rows the person may import."""
    found = []
    for name, kind in KINDS.items():
        try:
            kind.require(user)
        except PermissionDenied:
            continue
        found.append(name)
    return found


class UploadForm(forms.Form):
    """A file, what its rows are, and perhaps a mapping that was kept."""

    kind = forms.ChoiceField(label=_("What the rows are"))
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    saved = forms.ModelChoiceField(
        SavedMapping.objects.none(), label=_("Mapping"), required=False, empty_label=_("recognise the columns")
    )

    def __init__(self, *args, user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        kinds = kinds_for(user)
        self.fields["kind"].choices = [(name, KIND_WORDS[name]) for name in kinds]
        saved = SavedMapping.objects.filter(author=user, kind__in=kinds)
        self.fields["saved"].queryset = saved
        self.fields["saved"].label_from_instance = lambda row: f"{KIND_WORDS[row.kind]}: {row.name}"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        saved = values.get("saved")
        if saved and values.get("kind") and saved.kind != values["kind"]:
            self.add_error("saved", _("This mapping is for other rows. Choose one for these, or none."))
        return values


class AgainForm(forms.Form):
    """The mended rows of an import."""

    file = forms.FileField(
        label=_("Mended file"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"})
    )


class MappingForm(forms.Form):
    """A mapping as a form. What it does not ask for (see docs/import.md) stays as the JSON says."""

    version = VersionField()
    encoding = forms.ChoiceField(label=SETTINGS["encoding"], choices=[(name, name) for name in ENCODINGS])
    delimiter = forms.ChoiceField(label=SETTINGS["delimiter"], choices=DELIMITERS)
    sheet = forms.CharField(label=SETTINGS["sheet"], required=False, help_text=_("Empty: the first."))
    dates = forms.CharField(
        label=SETTINGS["dates"],
        required=False,
        help_text=_("Such as DD/MM/YYYY. Empty: 2026-06-09 only."),
        widget=forms.TextInput(attrs={"list": "date-formats", "autocomplete": "off"}),
    )
    numbers = forms.ChoiceField(label=SETTINGS["numbers"], choices=[(name, name) for name in NUMBERS])
    time_zone = forms.CharField(
        label=SETTINGS["time_zone"], required=False, help_text=_("Such as Europe/Paris. Empty: the company's.")
    )
    blank = forms.CharField(
        label=SETTINGS["blank"], required=False, help_text=_("Such as NULL, n/a. Several: with commas between.")
    )
    name = forms.CharField(
        label=_("Keep this mapping as"), required=False, max_length=100, help_text=_("For the next such file.")
    )

    def __init__(self, *args, kind, header: list[str], mapping: dict[str, Any], workbook: bool, user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.header, self.mapping, self.workbook = kind, header, mapping, workbook
        for name in ("encoding", "delimiter") if workbook else ("sheet",):
            del self.fields[name]
        self.columns = list(dict.fromkeys(name for name in header if name))
        self.listed = len(self.columns) * len(kind.fields) <= MOST_CHOICES
        self.creates = may_all(user, Area.RULES, Act.CHANGE)
        self._start()
        for field in kind.fields:
            self._add(field)
        _dressed(self, ("from_", "constant_", "blank_", "unit_"))

    def _start(self) -> None:
        """What the mapping says about the file as a whole."""
        given = self.mapping
        for name in ("dates", "time_zone", "sheet"):
            if name in self.fields:
                self.initial[name] = given.get(name, "")
        self.initial["numbers"] = given.get("numbers", "1234.56")
        self.initial["blank"] = ", ".join(given.get("blank", []))
        if not self.workbook:
            self._offer("encoding", given.get("encoding", "utf-8"))
            self._offer("delimiter", given.get("delimiter", ","))

    def _offer(self, name: str, present: str) -> None:
        """A value that the JSON holds and the list does not is kept."""
        self.initial[name] = present
        if present not in [value for value, _words in self.fields[name].choices]:
            self.fields[name].choices = [*self.fields[name].choices, (present, present)]

    def _add(self, field: sorts.Field) -> None:
        said = self._said(field.name)
        source = (
            forms.ChoiceField(required=False, label=label(field.name))
            if self.listed
            else forms.CharField(required=False)
        )
        if self.listed:
            choices = [
                ("", "–"),
                (CONSTANT, _("the same for every row")),
                *((f"c:{name}", name) for name in self.columns),
            ]
            present = said.get("column")
            if present and present not in self.columns:
                choices.append((f"c:{present}", f"{present} ({_('not in this file')})"))
            if "from" in said:
                choices.append((AS_IS, f"{said['from']} – {said.get('to')}"))
            source.choices = choices
            source.widget.choices = choices
        else:
            source.widget.attrs |= {"list": "columns", "autocomplete": "off"}
        self.fields[f"from_{field.name}"] = source
        self.fields[f"constant_{field.name}"] = forms.CharField(required=False, max_length=200)
        self.fields[f"blank_{field.name}"] = forms.ChoiceField(required=False, choices=IF_BLANK)
        self.initial[f"from_{field.name}"] = self._shown(said)
        self.initial[f"constant_{field.name}"] = said.get("constant", "")
        blank = said.get("if_blank", "default")
        if not isinstance(blank, str):
            self.fields[f"blank_{field.name}"].choices = [*IF_BLANK, (AS_IS, json.dumps(blank, ensure_ascii=False))]
            blank = AS_IS
        self.initial[f"blank_{field.name}"] = blank
        if "unit" in field.options:
            self.fields[f"unit_{field.name}"] = forms.ChoiceField(
                choices=[(unit, unit) for unit in ("minutes", "hours", "seconds")], required=False
            )
            self.initial[f"unit_{field.name}"] = said.get("unit", "minutes")
        if isinstance(field, sorts.Reference) and TARGETS[field.target].creatable and self.creates:
            self.fields[f"create_{field.name}"] = forms.BooleanField(required=False)
            self.initial[f"create_{field.name}"] = said.get("create", False)

    def _said(self, name: str) -> dict[str, Any]:
        said = self.mapping.get("fields", {}).get(name, {})
        return {"column": said} if isinstance(said, str) else said

    def _shown(self, said: dict[str, Any]) -> str:
        if "constant" in said:
            return CONSTANT
        if "from" in said:
            return AS_IS
        column = said.get("column", "")
        return f"c:{column}" if column and self.listed else column

    def rows(self) -> Iterable[dict[str, Any]]:
        """The fields of the kind, as the page shows them."""
        for field in self.kind.fields:
            name = field.name
            parts = {
                part: self[f"{part}_{name}"]
                for part in ("from", "constant", "blank", "unit", "create")
                if f"{part}_{name}" in self.fields
            }
            needed = any(name in group for group in self.kind.needs if len(group) == 1)
            values = self._said(name).get("values") or {}
            yield {
                "label": label(name),
                "help": what_belongs(field),
                "needed": needed or field.required,
                "values": len(values),
                **parts,
            }

    def tables(self) -> list[dict[str, Any]]:
        """The same in two: what is needed, has a column or is wrong; and the rest, folded where no column is left for it."""
        rows = list(self.rows())
        first = [row for row in rows if row["needed"] or row["from"].value() or row["from"].errors]
        rest = [row for row in rows if row not in first]
        taken = {str(row["from"].value()).removeprefix("c:") for row in first}
        left = [name for name in self.columns if name not in taken]
        return [{"rows": first}, *([{"rows": rest, "folds": True, "open": bool(left)}] if rest else [])]

    def json(self) -> dict[str, Any]:
        """The mapping as typed."""
        values = self.cleaned_data
        said: dict[str, Any] = {key: self.mapping[key] for key in ("about", "quote", "currency") if key in self.mapping}
        said["kind"] = self.kind.name
        for name in ("encoding", "delimiter", "sheet", "dates", "time_zone"):
            if values.get(name):
                said[name] = values[name]
        if values["numbers"] != "1234.56":
            said["numbers"] = values["numbers"]
        if words := [word.strip() for word in values["blank"].split(",") if word.strip()]:
            said["blank"] = words
        fields = {field.name: self._json_of(field.name) for field in self.kind.fields}
        return said | {"fields": {name: row for name, row in fields.items() if row is not None}}

    def _json_of(self, name: str) -> Any:
        values, before = self.cleaned_data, self._said(name)
        source = values.get(f"from_{name}") or ""
        if source == AS_IS:
            row = {key: value for key, value in before.items() if key not in ("if_blank", "unit", "create")}
        elif source == CONSTANT:
            return {"constant": values.get(f"constant_{name}") or ""}
        elif source:
            column = source.removeprefix("c:") if self.listed else source
            kept = ("values", "by", "dates", "numbers") if before.get("column") == column else ()
            row = {"column": column} | {key: before[key] for key in kept if key in before}
        else:
            return None
        blank = values.get(f"blank_{name}") or "default"
        if blank == AS_IS:
            row["if_blank"] = before["if_blank"]
        elif blank != "default":
            row["if_blank"] = blank
        if values.get(f"unit_{name}") not in (None, "", "minutes"):
            row["unit"] = values[f"unit_{name}"]
        if values.get(f"create_{name}"):
            row["create"] = True
        return row["column"] if set(row) == {"column"} else row


class JsonForm(forms.Form):
    """A mapping as the file that the command line takes: uploaded, or pasted."""

    version = VersionField()
    file = forms.FileField(
        label=_("Mapping file"), required=False, widget=forms.ClearableFileInput(attrs={"accept": ".json"})
    )
    text = forms.CharField(
        label=_("Or paste it"),
        required=False,
        max_length=200_000,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        file = values.get("file")
        if file is not None and file.size > 200_000:
            raise forms.ValidationError(_("This is no mapping: it is too large."))
        try:
            text = file.read().decode("utf-8-sig") if file is not None else values.get("text", "")
            values["mapping"] = json.loads(text)
            _refuse_what_cannot_be_kept(values["mapping"])
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is no JSON: %(error)s"), params={"error": str(error)[:200]}) from error
        if not isinstance(values["mapping"], dict):
            raise forms.ValidationError(_("A mapping is an object: {…}."))
        return values


def _refuse_what_cannot_be_kept(mapping: Any) -> None:
    """ValueError for what JSON in Python may hold and no database does: NaN, half of a sign, the sign of no sign."""
    written = json.dumps(mapping, ensure_ascii=False, allow_nan=False)
    written.encode()
    if "\\u0000" in written.replace("\\\\", ""):
        raise ValueError(_("a text holds the sign “\\u0000”"))


class ValuesForm(forms.Form):
    """What the words of a file stand for, field by field."""

    version = VersionField()

    def __init__(
        self, *args, words: list[tuple[sorts.Field, list[str], dict[str, str]]], reach: Reach, **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        self.words, self.lists = words, {}
        for field, texts, said in words:
            choices = choices_of(field, reach)
            self.lists[field.name] = choices
            for index, text in enumerate(texts):
                few = isinstance(field, sorts.Choice | sorts.YesNo)
                row: forms.Field = forms.CharField(required=False, max_length=200, label=text)
                if few:
                    row = forms.ChoiceField(required=False, choices=[("", "–"), *choices], label=text)
                else:
                    row.widget.attrs |= {"list": f"list-{field.name}", "autocomplete": "off"}
                self.fields[f"{field.name}-{index}"] = row
                self.initial[f"{field.name}-{index}"] = said.get(text, "")
        _dressed(self, tuple(f"{field.name}-" for field, _texts, _said in words))

    def groups(self) -> Iterable[dict[str, Any]]:
        for field, texts, _said in self.words:
            few = isinstance(field, sorts.Choice | sorts.YesNo)
            yield {
                "label": label(field.name),
                "name": field.name,
                "rows": [(text, self[f"{field.name}-{index}"]) for index, text in enumerate(texts)],
                "list": [] if few else self.lists[field.name],
            }

    def json(self, mapping: dict[str, Any]) -> dict[str, Any]:
        """The mapping with these words in it."""
        fields = dict(mapping["fields"])
        for field, texts, said in self.words:
            row = fields[field.name]
            row = {"column": row} if isinstance(row, str) else dict(row)
            typed = {text: self.cleaned_data.get(f"{field.name}-{index}") or "" for index, text in enumerate(texts)}
            values = {text: word for text, word in (said | typed).items() if word}
            row.pop("values", None)
            fields[field.name] = row | ({"values": values} if values else {})
        return mapping | {"fields": fields}


def _dressed(form: forms.Form, starts: tuple[str, ...]) -> None:
    """Fields that a table of the page shows one by one look like those of any other form."""
    for name, field in form.fields.items():
        if name.startswith(starts):
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"


def choices_of(field: sorts.Field, reach: Reach) -> list[tuple[str, str]]:
    """The words that a field takes."""
    if isinstance(field, sorts.Choice):
        return [(value, text) for value, text in field.choices]
    if isinstance(field, sorts.YesNo):
        return [("yes", str(_("yes"))), ("no", str(_("no")))]
    rows = TARGETS[field.target].rows(reach)
    for gone in ("retired_at", "archived_at"):
        if any(column.name == gone for column in rows.model._meta.fields):
            rows = rows.filter(Q(**{f"{gone}__isnull": True}))
    return [(name, name) for name in rows.order_by("name").values_list("name", flat=True)[:100]]
