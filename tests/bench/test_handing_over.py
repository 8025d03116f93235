"""Runs of many minutes hand over what really came of them, for the one table of all faults."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.faults.__main__ import FAULTS
from bench.faults.outcome import Outcome, handed_over, table_text
from bench.table import Figure

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = (
    "import sys; sys.path[:0] = ['.', 'bench/faults']; from scratch import hand_over; "
    "from bench.faults.outcome import Outcome; print('| what | how often |'); sys.exit(hand_over(Outcome({})))"
)


def said_by(arguments: str) -> Outcome:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return handed_over("backups", ended.stdout, ended.returncode, ended.stderr)


def test_figures_of_a_script_come_into_the_table():
    held = said_by("'backups', '20 backups'")
    assert (held.tried, held.lost, held.twice, held.verdict) == ("20 backups", 0, 0, "held")
    broken = said_by("'backups', '20 backups', lost=3, twice=1, wrong=['half of a move']")
    assert (broken.lost, broken.twice, broken.wrong, broken.verdict) == (3, 1, ["half of a move"], "BROKEN")
    assert "| backups |  | 20 backups | 3 | 1 |" in table_text([broken])


def test_limits_are_handed_over_too():
    said = json.dumps(Outcome("backups", "20 backups", figures={"equal": Figure(19, 20, least=True)}).as_json())
    assert handed_over("backups", f"much\n{said}\n", 0, "").verdict == "short by 1 equal"


@pytest.mark.parametrize("printed", ["", "| what |\n", "12\n", '{"lost": 0}\n'])
def test_a_script_that_does_not_say_what_came_of_it_did_not_hold(printed):
    assert handed_over("backups", printed, 0, "").verdict == "BROKEN"
    ended = handed_over("backups", printed, 1, "not done after 900 s")
    assert ended.wrong[-1] == "ended with status 1: not done after 900 s"


def test_a_script_that_ends_badly_after_all_is_not_held():
    said = json.dumps(Outcome("backups", "20 backups").as_json())
    assert handed_over("backups", said, -9, "killed").is_broken


def test_each_long_run_hands_its_figures_over():
    for fault in FAULTS:
        if fault.script:
            assert "hand_over(" in (ROOT / "bench" / "faults" / f"{fault.name}.py").read_text(), fault.name
