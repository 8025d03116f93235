"""What is measured when nothing is chosen, and of whom a page is weighed."""

import sys

import pytest

from bench.__main__ import PARTS, _asked
from bench.pages import PAGES
from bench.weight import MOST_COLD_KB, MOST_MAP_KB, Weight, heaviest


@pytest.mark.parametrize(("said", "parts"), [([], list(PARTS)), (["pages"], ["pages"])])
def test_without_a_choice_everything_is_measured(monkeypatch, said, parts):
    monkeypatch.setattr(sys, "argv", ["bench/run", *said])
    assert _asked().parts == parts


def test_a_page_counts_as_whom_it_is_heaviest():
    line = heaviest(
        "team workload", [(Weight(179_000, 27, False), "manager"), (Weight(186_000, 26, False), "administrator")]
    )
    assert line.what == "team workload, administrator, cold"
    assert (line.figures["KB"].limit, line.short) == (MOST_COLD_KB, "6 KB")
    assert heaviest("map", [(Weight(186_000, 26, True), "manager")]).figures["KB"].limit == MOST_MAP_KB


def test_what_is_named_a_page_is_one():
    reports = {name for name, path in PAGES.items() if path.startswith("/reports/")}
    assert reports == {"standing counts as JSON"}
