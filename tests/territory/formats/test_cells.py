"""No cell of an export is a formula, and what was exported is read back unchanged."""

import csv
import datetime as dt
import io
import re
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from territory.formats.cells import csv_download, csv_lines, plain, safe


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+358 40 123",
        "-2+3",
        "@SUM(A1)",
        "\r1",
        "\n1",
        "\0=1",
        "  =1",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "\tharmless",
        "=cmd|' /C calc'!A0",
    ],
)
def test_text_that_a_spreadsheet_would_compute_is_quoted(text):
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["Brackwell Dairy", "a=b", "1-2", "O'Neil", "'quoted'", "", "nell@acme.example", "Ünïcode"]
)
def test_other_text_stays_as_it_is(text):
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Acme;=1+1", "Acme;'=1+1"),
        ("Acme,@SUM(A1)", "Acme,'@SUM(A1)"),
        ("Acme|-1+1", "Acme|'-1+1"),
        ("Acme;  +358", "Acme;'  +358"),
        ("two\n=1", "two\n'=1"),
        ("Acme\t=1+1", "Acme\t'=1+1"),
        ("Acme,\t =1", "Acme,\t' =1"),
        ("\r=1", "'\r'=1"),
        ("\t=1", "'\t'=1"),
        (" \t @x", " \t' @x"),
        ("a;'=1", "a;''=1"),
        ("a; b, c-d", "a; b, c-d"),
    ],
)
def test_no_formula_begins_where_another_separator_cuts(text, cell):
    """Where lists are separated by semicolons, a file with commas is cut there."""
    assert safe(text) == cell
    assert plain(cell) == text


@pytest.mark.parametrize(
    "text", [" " * 50_000, "'" * 50_000, "; " * 25_000, "\t" * 50_000, ";" * 50_000, "';" * 25_000]
)
def test_hostile_text_takes_no_time(text):
    began = time.process_time()
    assert plain(safe(f"{text}x")) == f"{text}x"
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (Decimal("-12.50"), "-12.50"),
        (Decimal("1E+3"), "1000"),
        (-3, -3),
        (None, ""),
        (True, "true"),
        (dt.date(2026, 6, 9), "2026-06-09"),
        (dt.datetime(2026, 6, 9, 12, 30, tzinfo=dt.UTC), "2026-06-09T12:30:00+00:00"),
    ],
)
def test_values_that_are_not_text_keep_their_form(value, cell):
    assert safe(value) == cell


@given(st.text())
def test_what_was_exported_is_read_back_unchanged(text):
    assert plain(safe(text)) == text


@given(st.text(alphabet="'=+-@\t\r\n \0a", max_size=6))
def test_nothing_dangerous_begins_a_cell(text):
    assert safe(text).lstrip(" \t\r\n\0")[:1] not in {"=", "+", "-", "@"}


@given(st.text(alphabet="'=-;,\r\n \0a", max_size=8))
def test_what_was_quoted_within_is_read_back_unchanged(text):
    assert plain(safe(text)) == text
    assert plain(safe(safe(text))) == safe(text)
    for cell in re.split("[;,\r\n]", safe(text)):
        assert cell.lstrip(" \0")[:1] not in {"=", "-"}


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1, max_size=4
    )
)
def test_a_whole_row_survives_a_file(row):
    text = "".join(csv_lines(["a"], [row]))
    back = list(csv.reader(io.StringIO(text, newline="")))[1]
    assert [plain(cell) for cell in back] == row


def test_a_download_is_an_attachment_marked_as_utf_8():
    response = csv_download("Où; est.csv", ["Näme"], [["=1"]])
    assert response["Content-Disposition"] == 'attachment; filename="O-est.csv"'
    assert b"".join(response.streaming_content).decode() == "\ufeffNäme\r\n'=1\r\n"
