"""One run of the bench, part after part, on the volume that it fills."""

import argparse
import compileall
import json
import subprocess
import sys
from collections.abc import Callable

from django.core.management import call_command
from django.db import connection

from bench.evidence import measure_evidence, measure_sales
from bench.load import load
from bench.machine import commit, description
from bench.pages import SUMS, Cost, compare_ten_times, measure_pages
from bench.people import sign_in_three
from bench.place import PORT, ROOT
from bench.promptness import one_touch_to_stored
from bench.recompute import measure_recompute
from bench.routing.quality import measure_quality
from bench.routing.timings import measure_timings
from bench.servers import family, running
from bench.sessions import sessions
from bench.table import Line, lines_text, verdict
from bench.volume import Size, fill
from bench.weight import EMBEDDED_PORT, SETTLE_SECONDS, Embedded, cold_pages, setup_seconds, web_memory
from planning.actions.evidence import compute_evidence
from planning.actions.recompute import recompute_stale
from planning.actions.runs import renew_sales
from planning.models import EvidenceRun, MovedMeasure
from territory import clock
from territory.company.models import Company, forget_company

SMALL = Size(customers=200, touches=5_000, orders=500, users=100, busiest=200)
MANY, FEW = 50, 10

# Parts that look at no row of the volume: alone, they do not wait for it to be filled.
WITHOUT_ROWS = {"routing", "weight", "embedded"}

# Compiled before anything starts, as they are in the image. Where Python writes no bytecode, each process would compile them
# anew: that takes a second and 50 MB.
COMPILED = ("accounts", "bench", "customers", "planning", "territory")


class Run:
    """What was asked for and what was found. `say` tells how far it is."""

    def __init__(self, asked: argparse.Namespace, say: Callable[[str], None]) -> None:
        self.asked, self.say = asked, say
        self.size = SMALL if asked.small else Size()
        self.tables: list[tuple[str, list[Line]]] = []
        self.costs: dict[tuple[str, str], Cost] = {}

    def prepare(self, is_kept: bool) -> None:
        """Bytecode, tables, statics and rows."""
        for room in COMPILED:
            compileall.compile_dir(ROOT / room, quiet=1)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        self.machine = description()
        self.has_rows = not set(self.asked.parts) <= WITHOUT_ROWS
        if self.has_rows and (not is_kept or not Company.objects.exists()):
            self._fill(self.size)

    def measure(self, part: str) -> None:
        self.say(part)
        getattr(self, f"_{part.replace('-', '_')}")()

    def report(self) -> str:
        size, lines = self.size, [line for _title, rows in self.tables for line in rows]
        volume = (
            f"{size.customers:,} customers, {3 * size.customers:,} contacts, {size.touches:,} touches over 3 years "
            f"(the busiest customer has {size.busiest:,}), {size.orders:,} orders, {size.users} people in 25 teams"
        )
        about = f"{volume}\n" if self.has_rows else ""
        text = [f"{self.machine}\n{about}at {commit()}\n", *(lines_text(*table) for table in self.tables)]
        return "\n".join([*text, verdict(lines)]) + "\n"

    def _fill(self, size: Size) -> None:
        self.say(f"filling: {size.touches:,} touches")
        fill(size, clock.now(), self.say)
        self.say("filled")

    def _fresh_figures(self) -> None:
        recompute_stale(now=clock.now())
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def _add(self, title: str, *lines: Line) -> None:
        self.tables.append((title, list(lines)))
        self.say("\n" + lines_text(title, lines))

    def _recompute(self) -> None:
        self._add(
            "All budgets (floor: one SQL aggregate over the touches, an upsert of the same rows)", *measure_recompute()
        )

    def _evidence(self) -> None:
        self._add("What touches brought, one process", measure_evidence())

    def _sales(self) -> None:
        self._add("What sales take, cost and are moved by, one process", measure_sales())

    def _pages(self) -> None:
        if not EvidenceRun.objects.exists():
            compute_evidence(now=clock.now())
        if not MovedMeasure.objects.exists():
            renew_sales(now=clock.now())
        self._fresh_figures()
        with running("web") as found:
            askers = sign_in_three()
            lines, self.costs = measure_pages(askers, self.asked.times)
            self._add("Pages: one client, 2 web processes (floors: CPU beside that of the floor page)", *lines)
            self._add("Weight", *cold_pages(askers), web_memory(found["web"]))

    def _weight(self) -> None:
        self._add("Start", setup_seconds())

    def _prompt(self) -> None:
        self._fresh_figures()
        with running("web", "worker"):
            self._add("From a touch to stored figures", one_touch_to_stored(sign_in_three()[0]))

    def _load(self) -> None:
        self._fresh_figures()
        with running("web", "worker", "beat") as found:
            cookies = sessions(MANY)
            connection.close()

            def processes() -> dict[int, str]:
                return {pid: name for name, first in found.items() for pid in family(first)}

            self._add("Many at once on PostgreSQL", *load(cookies, self.asked.minutes, PORT, processes))

    def _embedded(self) -> None:
        with Embedded() as embedded:
            from time import sleep

            sleep(SETTLE_SECONDS)
            self._add("./run with its demo, SQLite", embedded.line())
            command = [sys.executable, "-m", "bench.sessions", str(FEW)]
            printed = subprocess.run(command, cwd=ROOT, env=embedded.env, capture_output=True, text=True, check=True)
            cookies = json.loads(printed.stdout)
            self._add(
                "Some at once on SQLite, with the demo",
                *load(cookies, self.asked.minutes, EMBEDDED_PORT, embedded.members),
            )

    def _routing(self) -> None:
        lines = measure_quality(self.asked.data, self.say)
        self._add("Solvers on published instances, 60 s each, two processes", *lines)
        self._add("Plans as screens have them made, one process each", *measure_timings())

    def _ten_times(self) -> None:
        if not self.costs:
            self._pages()
        _empty_database()
        self._fill(self.size.times(10))
        self._fresh_figures()
        with running("web"):
            _lines, costs = measure_pages(sign_in_three(), self.asked.times, but=SUMS)
        self._add("The same with ten times the touches", *compare_ten_times(self.costs, costs))


def _empty_database() -> None:
    """As it was made."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    connection.close()
    forget_company()
    call_command("migrate", verbosity=0)
