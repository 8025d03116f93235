"""What runs in the background meanwhile: imports through their job, and a worker that computes and sweeps."""

import random

from customers.actions import imports as actions
from customers.models import Customer, Import
from customers.models.imports import WORKING
from customers.tasks import go_on_with_import
from planning import tasks
from territory import clock
from territory.again import again
from territory.jobs.models import JobRun
from tests.at_work.book import Book, user
from tests.at_work.ledger import Ledger
from tests.at_work.people import Shift

ROWS = 100


def importer(book: Book, shift: Shift, seed: int, rows: int = ROWS) -> Ledger:
    """Customers, contacts and touches, of those there are and new ones; each round other files."""
    ledger = Ledger()
    for number in shift:
        mark = f"{seed}-{number}"
        for kind, lines in (
            ("customers", _customers(book, mark, rows)),
            ("contacts", _contacts(book, mark, rows)),
            ("touches", _touches(book, mark, rows)),
        ):
            done = _imported(book, kind, lines)
            if (done.state, done.rejected) != ("done", 0):
                ledger.faults.append(
                    f"import of {kind}: {done.state} {done.problem} {list(done.problems.values()[:2])}"
                )
            ledger.done[f"rows imported ({kind})"] += done.created + done.changed + done.unchanged
            ledger.keep(f"import of {kind}", mark, str(rows))
    return ledger


def _imported(book: Book, kind: str, lines: list[list[str]]) -> Import:
    """Uploaded, checked and stored as the worker does it, in small pieces."""
    header, *_rest = lines
    text = "\n".join(",".join(line) for line in lines)
    fields = {name: name for name in header}
    # The pages that do this are carried out again where they meet others, so is this.
    row = again(
        lambda: actions.upload(
            actor=user(book.admins[0]), now=clock.now(), kind=kind, file_name=f"{kind}.csv", content=text.encode(),
            mapping={"kind": kind, "fields": fields},
        )
    )  # fmt: skip
    again(lambda: actions.start_check(row=row, version=Import.objects.get(pk=row.pk).version))
    _work(row)
    if row.state == "checked":
        again(lambda: actions.start_run(row=row, now=clock.now()))
        _work(row)
    return row


def _work(row: Import) -> None:
    while row.state in WORKING:
        go_on_with_import(row.pk)
        row.refresh_from_db()


def _external_ids(book: Book) -> list[str]:
    return list(Customer.objects.filter(pk__in=book.customers).order_by("-pk").values_list("external_id", flat=True))


def _customers(book: Book, mark: str, rows: int) -> list[list[str]]:
    known = _external_ids(book)[: rows // 2]
    new = [f"N{mark}-{number}" for number in range(rows - len(known))]
    return [
        ["external_id", "name", "team", "town"],
        *([key, key, "Exeter", f"Town {mark}"] for key in known),
        *([key, f"New {key}", "Exeter", f"Town {mark}"] for key in new),
    ]


def _contacts(book: Book, mark: str, rows: int) -> list[list[str]]:
    known = _external_ids(book)[: rows // 2]
    new = [f"N{mark}-{number}" for number in range(rows - len(known))]
    return [
        ["external_id", "customer", "name", "title", "role"],
        *([f"K{key}", key, f"Contact of {key}", f"Title {mark}", "Technical"] for key in known),
        *([f"K{key}", key, f"Contact of {key}", f"Title {mark}", "Buyer"] for key in new if mark),
    ][: rows + 1]


def _touches(book: Book, mark: str, rows: int) -> list[list[str]]:
    known, rng = _external_ids(book), random.Random(mark)
    at = clock.now().strftime("%Y-%m-%d 00:%M")
    return [
        ["external_id", "customer", "type", "at", "minutes", "note"],
        *([f"T{mark}-{n}", rng.choice(known), "Voice call", at, "9", f"From the file {mark}-{n}"] for n in range(rows)),
    ]


def worker(book: Book, going_on, seed: int) -> Ledger:
    """As a worker does: some customers after each change, everything stale at each tick, until `going_on()` is over."""
    ledger, rng = Ledger(), random.Random(seed)
    while going_on():
        tasks.recompute_customers(rng.sample(book.customers, min(10, len(book.customers))))
        tasks.sweep()
        ledger.done["sweeps"] += 1
    return ledger


def failed_jobs() -> list[str]:
    """Whatever a job could not do, for whatever reason."""
    return [f"{run.name}: {run.error}" for run in JobRun.objects.exclude(error="")]
