"""What a web process loads: nothing heavy, neither at its start nor for what pages compute themselves."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CODE = """
import sys
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
from planning.engine.added_chance import ChanceModel
from planning.engine.what_if import Rhythm, expected_wins
model = ChanceModel(("A",), ("call",), (-3.0, 0.1, 0.2), ((0.01,) * 3,) * 3, (0.01,), {"call": 4.0})
assert expected_wins(model, "prospect", [Rhythm("A", 10, {"call": 1.0}, {"call": 2.0})])
print(*sorted({"icalendar", "matplotlib", "numpy", "openpyxl", "pandas", "pyvrp", "scipy"} & sys.modules.keys()))
"""


def test_a_web_process_loads_no_library_for_numbers():
    """Jobs and files that need one load it where they do."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr
