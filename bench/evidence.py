"""The nightly runs of evidence and of sales: how long each takes in one process, and in how much memory."""

import json
import subprocess
import sys

from bench.place import ROOT
from bench.table import Figure, Line
from customers.models import Customer, Touch

MOST_SECONDS, MOST_MB = 120, 600


def measure_evidence() -> Line:
    """As a worker runs it: courses read, all three kinds of evidence on both stages, curves, stored."""
    told = _run("evidence")
    what = f"{told['courses']:,} ended courses of {_volume()}"
    return Line(what, {**_took(told), "figures": Figure(told["figures"])})


def measure_sales() -> Line:
    """As a worker runs it: what every order took and cost, the normal sale of all teams and what moves it, stored for the first time."""
    told = _run("sales")
    return Line(f"{told['orders']:,} orders of {_volume()}", _took(told))


def _run(name: str) -> dict:
    command = [sys.executable, "-m", "bench.evidence_worker", name]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return json.loads(printed.splitlines()[-1])


def _volume() -> str:
    return f"{Customer.objects.count():,} customers, {Touch.objects.count():,} touches"


def _took(told: dict) -> dict[str, Figure]:
    return {
        "s": Figure(told["seconds"], MOST_SECONDS, decimals=1),
        "CPU s": Figure(told["cpu"], decimals=1),
        "MB": Figure(told["mb"], MOST_MB),
    }
