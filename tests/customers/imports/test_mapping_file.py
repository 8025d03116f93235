"""A mapping as a file: what JSON in Python may hold and no database does is refused."""

import json

import pytest

from customers.forms.imports import JsonForm
from customers.imports.errors import CouldNot
from customers.imports.kinds import KINDS
from customers.imports.mapping import read_mapping

pytestmark = pytest.mark.django_db


def form(text: str) -> JsonForm:
    return JsonForm({"version": 1, "text": text})


@pytest.mark.parametrize(
    "text",
    [
        '{"fields": {"name": {"constant": NaN}}}',
        '{"fields": {"name": {"constant": 1e999}}}',
        '{"about": "\\u0000", "fields": {"name": "Company"}}',
        '{"about": "\\ud800", "fields": {"name": "Company"}}',
        '{"fields": {"name": {"column": "Company", "values": {"\\u0000": "x"}}}}',
        '{"encoding": "\\u0000", "fields": {"name": "Company"}}',
        '{"delimiter": "\\ud800", "fields": {"name": "Company"}}',
    ],
)
def test_what_no_database_keeps_is_refused(text):
    json.loads(text)
    assert list(form(text).errors) == ["__all__"]


@pytest.mark.parametrize("about", ["C:\\u0000", "\\\\u0000", "\N{GRINNING FACE}", "3.5"])
def test_what_only_looks_like_it_is_kept(about):
    said = {"about": about, "fields": {"name": "Company"}}
    asked = form(json.dumps(said))
    assert asked.is_valid()
    assert asked.cleaned_data["mapping"] == said


def test_an_encoding_that_is_no_name_is_said():
    kind = KINDS["customers"]
    with pytest.raises(CouldNot, match="is not known"):
        read_mapping({"encoding": "\0", "fields": {"name": "Company"}}, kind=kind.name, fields=kind.fields)
