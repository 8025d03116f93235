"""`bench/faults/run`: every fault on an installation of its own, one table, and status 1 where anything was lost or doubled."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.faults.installation import POSTGRESQL, SQLITE, Installations
from bench.faults.outcome import Outcome, handed_over, table_text
from bench.place import ROOT

BOTH = (POSTGRESQL, SQLITE)


@dataclass(frozen=True)
class Fault:
    """A module of this folder with `fault(scale)`; or, where `script`, one that prints a table and, on its last line, what came of it."""

    name: str
    words: str
    databases: Sequence[str] = BOTH
    script: bool = False


# What takes longest comes first, so that nothing long is left alone at the end of several at once.
FAULTS = (
    Fault("broker_away", "Redis is stopped, and hangs, while touches are saved"),
    Fault("backup", "backups are made while people work, and restored", BOTH, script=True),
    Fault("import_kill", "the worker is killed while it imports", BOTH, script=True),
    Fault("worker_killed", "the worker is killed while it computes"),
    Fault("people_at_work", "a team works while rules change", BOTH, script=True),
    Fault("hostile_text", "50 kB of hostile text in every pattern and search"),
    Fault("racing_edits", "two people change the same row at once"),
    Fault("double_submits", "the same form is sent ten times at once"),
    Fault("busy_sqlite", "eight processes write at once", (SQLITE,)),
    Fault("rolled_back", "transactions are rolled back"),
    Fault("guessing", "passwords are guessed"),
    Fault("clock_changes", "clocks are changed, in every time zone"),
    Fault("money", "sums of many amounts"),
)


def main() -> None:
    asked = _asked()
    server = os.environ.get("DATABASE_URL")
    wanted = [
        (fault, database)
        for fault in FAULTS
        for database in fault.databases
        if fault.name in asked.faults and (database == SQLITE or server)
    ]
    with TemporaryDirectory(prefix="territory-faults-") as folder:
        installations = Installations(Path(folder), server)
        try:
            installations.prepare({database for _fault, database in wanted})
            with ThreadPoolExecutor(asked.at_once) as pool:
                told = pool.map(lambda one: _done(*one, installations, asked.scale), wanted)
                outcomes = [outcome for one in told for outcome in one]
        finally:
            installations.remove()
    print("\n" + table_text(outcomes))
    if not server:
        print("Without DATABASE_URL on SQLite alone.")
    sys.exit(1 if any(outcome.is_broken for outcome in outcomes) else 0)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/faults/run",
        description="Make go wrong what can, on installations of its own (SQLite, and PostgreSQL where DATABASE_URL names "
        "a server), and print what was lost and what came twice. Ends with status 1 where anything was.",
        epilog="; ".join(f"{fault.name}: {fault.words}" for fault in FAULTS),
    )
    known = [fault.name for fault in FAULTS]
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of {', '.join(known)}")
    parser.add_argument("--long", action="store_true", help="also those of many minutes, and Redis away for ten")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="so many side by side: most of them wait")
    parser.add_argument("--small", action="store_true", help="a tenth of everything: to see that it works")
    asked = parser.parse_args()
    if unknown := set(asked.faults) - set(known):
        parser.error(f"no fault {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if asked.at_once < 1:
        parser.error("--at-once: one at least")
    asked.faults = asked.faults or [fault.name for fault in FAULTS if asked.long or not fault.script]
    asked.scale = 0.1 if asked.small else 10.0 if asked.long else 1.0
    return asked


def _done(fault: Fault, database: str, installations: Installations, scale: float) -> list[Outcome]:
    """What came of it; a fault that could not be carried through is wrong, too."""
    print(f"{time.strftime('%H:%M:%S')}  {fault.name}, {database}", flush=True)
    start = time.monotonic()
    with installations.one(database) as environment:
        outcomes = _script(fault, environment) if fault.script else _function(fault, environment, scale)
    for outcome in outcomes:
        outcome.database, outcome.seconds = database, time.monotonic() - start
        print(f"          {outcome.subject}: {outcome.verdict}", *outcome.wrong[:5], sep="\n          ", flush=True)
    return outcomes


def _function(fault: Fault, environment: dict[str, str], scale: float) -> list[Outcome]:
    told = Path(environment["DATA_DIR"]) / "told.json"
    command = [sys.executable, "-m", "bench.faults.one", fault.name, str(scale), str(told)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if ended.returncode or not told.exists():
        return [Outcome(fault.words, "", wrong=[f"ended with status {ended.returncode}: {ended.stderr[-3000:]}"])]
    return [Outcome.from_json(row) for row in json.loads(told.read_text())]


def _script(fault: Fault, environment: dict[str, str]) -> list[Outcome]:
    """One that prints a table of its own and hands over its figures; it needs a Redis of the same kind as the others."""
    from bench.faults.redis_server import private_redis

    with private_redis(Path(environment["DATA_DIR"])):
        command = [sys.executable, f"bench/faults/{fault.name}.py"]
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    print(ended.stdout, flush=True)
    return [handed_over(fault.words, ended.stdout, ended.returncode, ended.stderr)]


if __name__ == "__main__":
    main()
