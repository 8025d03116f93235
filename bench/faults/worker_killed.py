"""A worker that gets signal 9 in the middle of a recomputation, again and again: what is stored in the end is what one gets from scratch."""

import os
import random
import time
from collections import Counter
from pathlib import Path

from django.db import close_old_connections
from django.db.models import Count

from bench.faults.outcome import Outcome
from bench.faults.redis_server import private_redis
from bench.faults.scratch import Process, beat, worker
from bench.servers import family
from bench.table import Figure
from customers.models import Customer
from planning import tasks
from planning.marks import mark_changed
from planning.models import BudgetShare, CustomerFigures, DueTouch, Situation
from planning.staleness import stale_customers
from territory import clock
from territory.jobs.bell import publish
from territory.jobs.models import JobRun, JobState
from territory.mail.models import Mail
from tests import factories
from tests.at_work.book import Book, made
from tests.at_work.checks import differences, from_scratch, stored

KILLS, CUSTOMERS, MOST_SECONDS, PATIENCE = 50, 500, 120, 900
# Of so many kills one takes the whole worker with all its processes; the others the one that computes.
WHOLE = 10


def fault(scale: float) -> list[Outcome]:
    kills = max(3, round(KILLS * min(scale, 1)))
    reps = max(1, round(10 * min(scale, 1)))
    book = made(reps=reps, customers=CUSTOMERS // 10, touches=3)
    _large_orders(book)
    with private_redis(Path(os.environ["DATA_DIR"])):
        running, ticks = worker(), beat()
        try:
            running, whole = _killed(running, book, kills)
            seconds = _drained(time.monotonic())
            _mails_left()
        finally:
            running.stop()
            ticks.stop()
    return [_outcome(book, kills, whole, seconds)]


def _large_orders(book: Book) -> None:
    """Pending orders that are out of the ordinary, so that there are situations to open and mails to send."""
    rows = Customer.objects.filter(pk__in=book.customers).order_by("pk")[:20]
    for row in rows:
        factories.order(row, 4_000_000, title=f"Large order of {row}")


def _killed(running: Process, book: Book, kills: int) -> tuple[Process, int]:
    """So many kills, each while the worker was computing; the worker that runs at last, and how often all of it was killed."""
    chance, whole = random.Random(1), 0
    for number in range(kills):
        _until_computing(book)
        time.sleep(chance.uniform(0, 0.3))
        if number % WHOLE == WHOLE - 1:
            running.kill()
            running, whole = worker(), whole + 1
        else:
            for pid in family(running.pid)[1:]:
                os.kill(pid, 9)
    # What was to be done when the last one died.
    mark_changed(book.customers, now=clock.now())
    return running, whole


def _until_computing(book: Book) -> None:
    """All customers stale, the bell rung, and a run of the sweep that says it goes on."""
    since, until, rung = clock.now(), time.monotonic() + PATIENCE, 0.0
    while time.monotonic() < until:
        if time.monotonic() - rung > 5:
            mark_changed(book.customers, now=clock.now())
            publish(tasks.sweep)
            rung = time.monotonic()
        close_old_connections()
        if JobRun.objects.filter(name="sweep", state=JobState.RUNNING, started_at__gte=since).exists():
            return
        time.sleep(0.01)
    raise SystemExit("no worker computes")


def _drained(since: float) -> float:
    """Seconds until nothing is stale, nobody helping."""
    while time.monotonic() - since < PATIENCE:
        close_old_connections()
        if not stale_customers(clock.company_today()).exists() and Situation.objects.exists():
            break
        time.sleep(0.1)
    return time.monotonic() - since


def _mails_left() -> None:
    """Another look by the job itself, whose situations and mails must be there once."""
    tasks.find_situations()
    tasks.find_situations()


def _outcome(book: Book, kills: int, whole: int, seconds: float) -> Outcome:
    found = differences(stored(), from_scratch())
    number = CustomerFigures.objects.filter(customer__in=book.customers).count()
    doubled = {
        "due touches": DueTouch.objects.values("customer", "role", "touch_type"),
        "shares": BudgetShare.objects.values("customer", "role", "membership"),
        "situations": Situation.objects.filter(resolved_at__isnull=True).values("kind", "order", "team"),
        "mails": Mail.objects.values("recipient", "kind", "subject", "facts"),
    }
    twice = Counter(
        {
            name: rows.order_by().annotate(number=Count("pk")).filter(number__gt=1).count()
            for name, rows in doubled.items()
        }
    )
    return Outcome(
        "the worker is killed (signal 9) while it computes",
        f"{kills} kills, {whole} of them of the whole worker; {len(book.customers)} stale customers each time",
        len(book.customers) - number,
        twice.total(),
        {
            "s until nothing was stale": Figure(seconds, MOST_SECONDS),
            "figures other than from scratch": Figure(len(found), 0),
        },
        [*found, *(f"{count} {name} twice" for name, count in twice.items() if count)],
    )
