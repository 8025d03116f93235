"""A sales team at work for some minutes in several processes, while files are imported, rules changed and customers handed over.

    DATA_DIR=/a/new/folder REDIS_URL=redis://127.0.0.1:6379/15 [DATABASE_URL=postgres://…] \\
        .venv/bin/python bench/faults/people_at_work.py [seconds] [salespeople]

The same as tests/test_people_at_work.py, with real time, more people and one process each for salespeople, the office, the
jobs. Prints what was tried, how often, what was lost and what came twice; ends with status 1 where anything did.
"""

import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from scratch import database_name, empty_database, hand_over, set_up, table

set_up()

from django.conf import settings  # noqa: E402
from django.db import connection, connections  # noqa: E402

from bench.faults.outcome import Outcome  # noqa: E402
from bench.table import Figure  # noqa: E402
from customers.models import Customer, Touch  # noqa: E402
from tests.at_work import jobs, people  # noqa: E402
from tests.at_work.book import Book, made  # noqa: E402
from tests.at_work.checks import wrong  # noqa: E402
from tests.at_work.ledger import Ledger  # noqa: E402
from tests.at_work.people import Shift  # noqa: E402

SEED = 100


def together(book: Book, seconds: float, seeds: dict[Callable[..., Ledger], list[int]]) -> Ledger:
    """Those of one process, each in a thread of their own."""
    settings.LOGGING_CONFIG = None
    ledger = Ledger()
    with ThreadPoolExecutor(16) as pool:
        running = [
            pool.submit(_alone, function, book, Shift(seconds=seconds), seed)
            for function, numbers in seeds.items()
            for seed in numbers
        ]
        for one in running:
            ledger.add(one.result())
    return ledger


def _alone(function: Callable[..., Ledger], *args) -> Ledger:
    try:
        return function(*args)
    finally:
        connection.close()


def worker(book: Book, shift: Shift, seed: int) -> Ledger:
    """Computes as long as the others work."""
    turns = iter(shift)
    return jobs.worker(book, lambda: next(turns, None) is not None, seed)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 180
    salespeople = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    empty_database()
    book = made(reps=salespeople, customers=12, touches=3)
    connections.close_all()
    half = salespeople // 2
    processes = [
        {people.salesperson: list(range(half))},
        {people.salesperson: list(range(half, salespeople)), people.coordinator: [SEED]},
        {people.manager: [SEED + 1], people.administrator: [SEED + 2, SEED + 3]},
        {jobs.importer: [SEED + 4], worker: [SEED + 5]},
    ]
    ledger = Ledger()
    with ProcessPoolExecutor(len(processes), mp_context=multiprocessing.get_context("spawn")) as pool:
        for one in [pool.submit(together, book, seconds, seeds) for seeds in processes]:
            ledger.add(one.result())
    found = [*wrong(book, ledger), *jobs.failed_jobs()]
    sys.exit(hand_over(_told(ledger, found, seconds)))


def _told(ledger: Ledger, found: list[str], seconds: float) -> Outcome:
    """Prints the table of its own; gives what goes into the one of all faults."""
    sent = {key: number for key, number in ledger.answers.items() if key[0].startswith("send")}

    def answered(*statuses: int) -> int:
        return sum(number for (_what, status), number in sent.items() if status in statuses)

    lost = [words for words in found if "lost" in words or "written over" in words]
    doubled = [words for words in found if "times" in words]
    unequal = [words for words in found if "from scratch" in words]
    errors = sum(n for (_, status), n in ledger.answers.items() if status >= 500)
    print(f"{database_name()}, {seconds:.0f} s")
    table(
        [
            ("requests, of them forms sent", f"{ledger.answers.total()}, {sum(sent.values())}"),
            ("touches logged (each sent twice)", len({key for key, _ in ledger.stored.get("touch", [])})),
            ("touches corrected; plans made; plans changed", "; ".join(
                str(len({text for _, text in ledger.stored.get(kind, [])}))
                for kind in ("correction", "plan", "change of plan")
            )),
            ("orders moved; contacts mended", f"{len(ledger.stored.get('move', []))}; {len(ledger.stored.get('contact', []))}"),
            *sorted(ledger.done.items()),
            ("refused with both values (409), with what was wrong (422)", f"{answered(409)}, {answered(422)}"),
            ("no longer theirs (403, 404)", answered(403, 404)),
            ("error pages (5xx)", errors),
            ("lost", len(lost)),
            ("came twice", len(doubled)),
            ("stored figures that differ from those from scratch",
             f"{len(unequal)}, of {Customer.objects.count()} customers with {Touch.objects.count()} touches"),
            ("anything else", len(found) - len(lost) - len(doubled) - len(unequal)),
        ]
    )  # fmt: skip
    for words in found[:20]:
        print(words[:600])
    return Outcome(
        "a team works while rules change",
        f"{ledger.answers.total():,} requests in {seconds:.0f} s, {ledger.done['customers handed over']} customers handed "
        f"over, {ledger.done['rules changed']} changes of rules",
        lost=len(lost),
        twice=len(doubled),
        figures={
            "error pages": Figure(errors, 0),
            f"figures other than from scratch, of {Customer.objects.count()} customers": Figure(len(unequal), 0),
        },
        wrong=found,
    )


if __name__ == "__main__":
    main()
