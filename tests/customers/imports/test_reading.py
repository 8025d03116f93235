"""Files as they come: encodings, delimiters, blank lines, rows of another width."""

import pytest

from customers.imports.errors import CouldNot
from customers.imports.mapping import Layout
from customers.imports.reading import read_table


def numbers(table):
    return [(line.number, line.cells) for line in table.lines]


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    table = read_table(b'a,b\n1,"two\nlines"\n\n,\n3,4\n', Layout())
    assert table.header == ["a", "b"]
    assert numbers(table) == [(2, ["1", "two\nlines"]), (5, ["3", "4"])]


def test_a_byte_order_mark_is_no_part_of_the_first_column():
    assert read_table("\ufeffname\nAcme\n".encode(), Layout()).header == ["name"]


def test_windows_line_ends_and_spaces_around_cells():
    assert numbers(read_table(b" a , b \r\n 1 , 2 \r\n", Layout())) == [(2, ["1", "2"])]


def test_the_encoding_of_the_mapping():
    assert numbers(read_table("name\nMüller\n".encode("cp1252"), Layout("cp1252"))) == [(2, ["Müller"])]
    assert numbers(read_table("name\nMüller\n".encode("utf-16"), Layout("utf-16"))) == [(2, ["Müller"])]


def test_a_wrong_encoding_names_the_line():
    with pytest.raises(CouldNot) as caught:
        read_table("name\nAcme\nMüller\n".encode("cp1252"), Layout())
    assert str(caught.value) == "Line 3 is not UTF-8 (byte 0xFC). Choose the file's own “encoding” in the mapping."


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty"),
        (b"\n\n", "The file is empty"),
        ("name\nAcme\n".encode("utf-16"), "looks like UTF-16"),
        ("name\nAcme\n".encode("utf-16-le"), "Line 1 holds a zero byte"),
        (b"name;town\nAcme;Exeter\n", "Choose “delimiter”: “;”"),
        (b"name\ttown\nAcme\tExeter\n", "Choose “delimiter”: “\\t”"),
        (b'name,town\n"Acme,Exeter\nBeta,Leeds\n', "Row 2, ending in line 3, cannot be read"),
    ],
)
def test_what_cannot_be_read_at_all_is_said(data, words):
    with pytest.raises(CouldNot) as caught:
        read_table(data, Layout())
    assert words in str(caught.value)


def test_rows_of_another_width_are_marked_but_for_blank_cells_at_the_end():
    table = read_table(b"a,b\n1\n1,2,3\n1,2,,\n", Layout())
    assert [line.problem for line in table.lines] == [
        "The row has 1 cells, the header 2.",
        "The row has 3 cells, the header 2.",
        "",
    ]


def test_a_missing_or_doubled_column_is_named():
    table = read_table(b"a,b,b\n1,2,3\n", Layout())
    with pytest.raises(CouldNot, match=r"no column “c”\. It has: a, b, b"):
        table.position("c")
    with pytest.raises(CouldNot, match="the column “b” twice"):
        table.position("b")


def test_another_delimiter_and_quote():
    assert numbers(read_table(b"a;b\n'1;1';2\n", Layout(delimiter=";", quote="'"))) == [(2, ["1;1", "2"])]
