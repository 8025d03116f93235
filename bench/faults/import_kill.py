"""An import of 10,000 rows, 1,000 of them bad, in a real worker that is killed with signal 9 in the middle, again and again.

    DATA_DIR=/a/new/folder REDIS_URL=redis://127.0.0.1:6379/15 [DATABASE_URL=postgres://…] .venv/bin/python bench/faults/import_kill.py

Nobody helps: after each kill a new worker is started, and the product's own sweep takes the import up once the dead one has
been silent for long enough. Takes about ten minutes, most of it that silence. Ends with status 1 where something was lost.
"""

import sys
import time

from scratch import beat, database_name, empty_database, hand_over, set_up, table, worker

set_up()

from django.db import close_old_connections  # noqa: E402

from bench.faults.outcome import Outcome  # noqa: E402
from bench.table import Figure  # noqa: E402
from customers import tasks  # noqa: E402
from customers.actions import imports as actions  # noqa: E402
from customers.models import Customer, Import  # noqa: E402
from planning.actions.starting_rules import create_starting_rules  # noqa: E402
from territory import clock  # noqa: E402
from territory.jobs.models import JobRun  # noqa: E402
from tests import factories  # noqa: E402

ROWS = 10_000
BAD = [number for number in range(ROWS) if number % 10 == 7]
# At which row the worker is killed: once while the file is checked, twice while it is stored.
KILLS = {"checking": [4_000], "running": [3_000, 7_000]}
PATIENCE_SECONDS = 900


def file_of_rows() -> bytes:
    """Bad rows name a team that there is not."""
    lines = ["id,name,team,town"]
    lines += [f"C{n},Customer {n},{'Moon' if n % 10 == 7 else 'Exeter'},Town {n % 97}" for n in range(ROWS)]
    return "\n".join(lines).encode()


def uploaded(author) -> Import:
    fields = {"external_id": "id", "name": "name", "team": "team", "town": "town"}
    return actions.upload(
        actor=author, now=clock.now(), kind="customers", file_name="customers.csv", content=file_of_rows(),
        mapping={"kind": "customers", "fields": fields},
    )  # fmt: skip


class Run:
    """The worker that is killed and started again, and how long the import stood still in between."""

    def __init__(self) -> None:
        self.worker = worker()
        self.kills = 0
        self.stood_still: list[float] = []

    def until_done(self, row: Import, kill_at: list[int]) -> None:
        """Wait until the import's state is another, killing the worker at each of these rows."""
        working, until, left = row.state, time.monotonic() + PATIENCE_SECONDS, list(kill_at)
        killed_at: tuple[float, int] | None = None
        while row.state == working:
            close_old_connections()
            row.refresh_from_db()
            if killed_at and row.cursor > killed_at[1]:
                self.stood_still.append(time.monotonic() - killed_at[0])
                killed_at = None
            if left and row.state == working and row.cursor >= left[0]:
                left.pop(0)
                self.worker.kill()
                row.refresh_from_db()
                self.kills += 1
                killed_at = (time.monotonic(), row.cursor)
                print(f"  killed at row {row.cursor} of {row.total} ({row.get_state_display()})", flush=True)
                self.worker = worker()
            if time.monotonic() > until:
                sys.exit(f"not done after {PATIENCE_SECONDS} s: {row.state} at row {row.cursor}")
            time.sleep(0.02)


def imported(run: Run, author, kills: dict[str, list[int]]) -> Import:
    row = uploaded(author)
    actions.start_check(row=row, version=row.version)
    tasks.announce(row)
    run.until_done(row, kills.get("checking", []))
    checked = (row.state, row.created, row.rejected)
    print(f"  checked: {checked}", flush=True)
    actions.start_run(row=row, now=clock.now())
    tasks.announce(row)
    run.until_done(row, kills.get("running", []))
    return row


def main() -> None:
    empty_database()
    factories.company()
    create_starting_rules(now=clock.now(), on=clock.company_today())
    team = factories.team("Exeter")
    author = factories.membership(factories.person("Admin"), team, "Administrator").user
    print(f"{database_name()}: {ROWS} rows, {len(BAD)} of them bad", flush=True)
    ticks, run = beat(), Run()
    try:
        first = imported(run, author, KILLS)
        again = imported(run, author, {})
    finally:
        run.worker.stop()
        ticks.stop()
    good = {f"C{n}" for n in range(ROWS)} - {f"C{n}" for n in BAD}
    stored = list(Customer.objects.values_list("external_id", flat=True))
    named = list(first.problems.order_by("row").values_list("row", "field", "column", "value"))
    wanted = [(number + 2, "team", "team", "Moon") for number in BAD]  # the header is row 1
    unsaid = first.problems.filter(reason="").count()
    lost, doubled = len(good - set(stored)), len(stored) - len(set(stored)) + Customer.history.count() - len(good)
    still = sorted(run.stood_still)
    table(
        [
            ("rows in the file, bad ones", f"{ROWS}, {len(BAD)}"),
            ("worker killed with signal 9", run.kills),
            ("stood still after a kill, s", ", ".join(f"{each:.0f}" for each in still)),
            ("state; new, rejected", f"{first.state}; {first.created}, {first.rejected}"),
            ("customers there", len(stored)),
            ("good rows lost", lost),
            ("rows stored twice, or with two entries in the history", doubled),
            ("bad rows named with row, column, value and reason", len(named) - unsaid if named == wanted else "NOT ALL"),
            ("bad rows stored", len(set(stored) - good)),
            ("the same file again: new, changed, unchanged, rejected",
             f"{again.created}, {again.changed}, {again.unchanged}, {again.rejected}"),
            ("runs of the job that are still said to run", JobRun.objects.filter(name="import", state="running").count()),
        ]
    )  # fmt: skip
    held = {
        "rows are new and rejected as they should": (first.state, first.created, first.rejected)
        == ("done", len(good), len(BAD)),
        "bad rows are named with row, column, value and reason": named == wanted and not unsaid,
        "no bad row is stored": not set(stored) - good,
        "the same file again changes nothing": (again.created, again.changed, again.unchanged, again.rejected)
        == (0, 0, len(good), len(BAD)),
    }
    outcome = Outcome(
        "the worker is killed while it imports",
        f"{ROWS:,} rows, {len(BAD):,} of them bad, {run.kills} kills",
        lost=lost,
        twice=doubled,
        figures={
            "good rows stored": Figure(len(good & set(stored)), len(good), least=True),
            "bad rows named": Figure(len(named) - unsaid, len(BAD), least=True),
            "s until it went on": Figure(max(still, default=0)),
        },
        wrong=[f"It does not hold that {words}." for words, is_so in held.items() if not is_so],
    )
    sys.exit(hand_over(outcome))


if __name__ == "__main__":
    main()
