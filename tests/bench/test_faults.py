"""Runs of `bench/faults/` at a small size: that they go on working, and that nothing is lost meanwhile."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from bench.faults import clock_changes, money


@pytest.mark.parametrize("fault", [clock_changes.fault, money.fault])
def test_sums_of_days_and_of_money(db, fault):
    for outcome in fault(0.02):
        assert not outcome.is_broken, outcome.wrong[:5]
        assert outcome.tried


@pytest.mark.slow
def test_the_command_hurts_an_installation_of_its_own(tmp_path):
    """Eight processes that write to one SQLite file: all that they wrote is there, once."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    command = [sys.executable, "-m", "bench.faults", "--small", "busy_sqlite"]
    ended = subprocess.run(
        command, cwd=settings.BASE_DIR, env={**kept, "TMPDIR": str(tmp_path)}, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (
        "| eight processes write to SQLite at once | SQLite | 8 × 20 times read, then written | 0 | 0 |" in ended.stdout
    )
