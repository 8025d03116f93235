"""The nightly evidence run: how long it takes in one process, and in how much memory."""

import json
import subprocess
import sys

from bench.place import ROOT
from bench.table import Figure, Line
from customers.models import Customer, Touch

MOST_SECONDS, MOST_MB = 120, 600


def measure_evidence() -> Line:
    """As a worker runs it: courses read, all three kinds of evidence on both stages, curves, stored."""
    command = [sys.executable, "-m", "bench.evidence_worker"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    told = json.loads(printed.splitlines()[-1])
    what = f"{told['courses']:,} ended courses of {Customer.objects.count():,} customers, {Touch.objects.count():,} touches"
    return Line(
        what,
        {
            "s": Figure(told["seconds"], MOST_SECONDS, decimals=1),
            "CPU s": Figure(told["cpu"], decimals=1),
            "MB": Figure(told["mb"], MOST_MB),
            "figures": Figure(told["figures"]),
        },
    )
