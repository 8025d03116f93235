"""A mapping that is wrong stops the import, and says at which place."""

import pytest

from customers.imports.errors import CouldNot
from customers.imports.kinds import KINDS
from customers.imports.mapping import read_mapping


def read(given, kind="touches"):
    return read_mapping(given, kind=kind, fields=KINDS[kind].fields)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ([], "the mapping: must be an object"),
        ({}, "fields: must name at least one field"),
        ({"fields": {"at": "when"}, "felds": 1}, "the mapping: “felds” is not known here"),
        ({"kind": "orders", "fields": {"at": "when"}}, "kind: the mapping is for “orders”"),
        ({"fields": {"when": "at"}}, "fields.when: there is no such field. Fields: external_id, customer"),
        ({"fields": {"at": 3}}, "fields.at: must be an object"),
        ({"fields": {"at": {"colum": "when"}}}, "fields.at: “colum” is not known here"),
        ({"fields": {"at": {"dates": "DD/MM/YYYY"}}}, "fields.at: give either “column”"),
        ({"fields": {"at": {"column": "a", "constant": "b"}}}, "fields.at: give either “column”"),
        ({"fields": {"minutes": {"from": "a"}}}, "fields.minutes: give either"),
        ({"fields": {"note": {"from": "a", "to": "b"}}}, "fields.note: “from” is not known here"),
        ({"fields": {"at": {"column": "a", "dates": "D/Q/YYYY"}}}, "fields.at.dates: “Q” is no part of a date format"),
        ({"dates": "nonsense", "fields": {"at": "a"}}, "fields.at.dates: "),
        ({"fields": {"minutes": {"column": "a", "numbers": "1,2"}}}, "fields.minutes.numbers: must be one of 1234.56"),
        ({"fields": {"minutes": {"column": "a", "unit": "days"}}}, "fields.minutes.unit: must be one of"),
        ({"fields": {"person": {"column": "a", "by": "age"}}}, "fields.person.by: must be one of external_id"),
        ({"fields": {"person": {"column": "a", "create": "yes"}}}, "fields.person.create: must be true or false"),
        ({"fields": {"note": {"column": "a", "if_blank": "keep"}}}, "fields.note.if_blank: must be “default”"),
        ({"fields": {"note": {"column": "a", "values": ["b"]}}}, "fields.note.values: must say which text"),
        ({"encoding": "utf-9", "fields": {"at": "a"}}, "encoding: “utf-9” is not known"),
        ({"encoding": "base64", "fields": {"at": "a"}}, "encoding: “base64” is not known"),
        ({"delimiter": ";;", "fields": {"at": "a"}}, "delimiter: must be one character"),
        ({"quote": ",", "fields": {"at": "a"}}, "quote: must differ from the delimiter"),
        ({"time_zone": "Mars/Olympus", "fields": {"at": "a"}}, "time_zone: “Mars/Olympus” is not a time zone"),
        ({"blank": "NULL", "fields": {"at": "a"}}, "blank: must be a list of texts"),
    ],
)
def test_the_place_of_the_mistake_is_named(given, place):
    with pytest.raises(CouldNot) as caught:
        read(given)
    assert str(caught.value).startswith(place)


def test_a_field_is_a_column_or_says_more():
    mapping = read({"fields": {"at": "when", "note": {"column": "text", "if_blank": {"column": "summary"}}}})
    assert mapping.fields["at"].columns == ["when"]
    assert mapping.fields["note"].columns == ["text", "summary"]


def test_dates_and_numbers_of_the_top_hold_for_every_field_that_has_them():
    mapping = read({"dates": "DD/MM/YYYY", "fields": {"at": "a", "note": "b", "minutes": "c"}})
    assert mapping.fields["at"].date_is_chosen
    assert mapping.fields["minutes"].date_is_chosen
    assert not mapping.fields["note"].date_is_chosen


@pytest.mark.parametrize("place", ["delimiter", "quote"])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝"])
def test_signs_that_make_formulas_stand_neither_around_nor_between_cells(place, sign):
    """The rejected rows are written as the file is."""
    with pytest.raises(CouldNot, match="would make formulas of cells"):
        read({place: sign, "fields": {"at": "a"}})
