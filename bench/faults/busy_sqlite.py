"""Eight processes at once on one SQLite file, each reading a row and then changing it through the product's own actions."""

import multiprocessing
import random
import time
import uuid
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from statistics import median, quantiles

import django
from django.db import OperationalError, connection, connections, transaction

from bench.faults.outcome import Outcome
from bench.table import Figure

PROCESSES, TIMES, MOST_SECONDS = 8, 200, 2


def fault(scale: float) -> list[Outcome]:
    from customers.models import Contact, Touch
    from tests.at_work.book import made

    times = max(5, round(TIMES * min(scale, 1)))
    book = made(reps=1, customers=10, touches=0)
    before = Touch.objects.count()
    connections.close_all()
    with ProcessPoolExecutor(
        PROCESSES, mp_context=multiprocessing.get_context("spawn"), initializer=django.setup
    ) as pool:
        told = list(pool.map(_work, range(PROCESSES), [book] * PROCESSES, [times] * PROCESSES))
    took = sorted(seconds for one, _ in told for seconds in one)
    errors = sum((one for _, one in told), Counter())
    changes = sum(Contact.objects.filter(pk__in=book.contacts).values_list("version", flat=True)) - len(book.contacts)
    touches, wanted = Touch.objects.count() - before, PROCESSES * times
    there = changes + touches
    return [
        Outcome(
            "eight processes write to SQLite at once",
            f"{PROCESSES} × {times} times read, then written",
            max(0, wanted - there),
            max(0, there - wanted),
            {
                "times locked": Figure(errors["locked"], 0),
                "other errors": Figure(errors.total() - errors["locked"], 0),
                "s p99": Figure(quantiles(took, n=100)[-1], MOST_SECONDS, decimals=2),
                "s slowest": Figure(took[-1], decimals=2),
                "s p50": Figure(median(took), decimals=2),
            },
            [f"{number} × {name}" for name, number in errors.items() if name != "locked"],
        )
    ]


def _work(number: int, book, times: int) -> tuple[list[float], Counter]:
    """How long each took, and what went wrong. What found the database locked is not tried again."""
    chance, took, errors = random.Random(number), [], Counter()
    for turn in range(times):
        start = time.monotonic()
        try:
            with transaction.atomic():
                (_change_contact if turn % 2 else _log)(book, chance, f"{number}-{turn}")
        except OperationalError as error:
            errors["locked" if "locked" in str(error) else str(error)] += 1
        except Exception as error:  # noqa: BLE001  whatever it is, it is told
            errors[type(error).__name__] += 1
        took.append(time.monotonic() - start)
    connection.close()
    return took, errors


def _change_contact(book, chance: random.Random, text: str) -> None:
    from customers.actions.contacts import change_contact
    from customers.models import Contact
    from territory import clock
    from tests.at_work.book import user

    row = Contact.objects.get(pk=chance.choice(book.contacts))
    change_contact(actor=user(book.reps[0]), now=clock.now(), contact=row, version=row.version, values={"note": text})


def _log(book, chance: random.Random, text: str) -> None:
    from customers.actions.touches import Participant, TouchEntry, log_touch
    from customers.models import Customer, TouchType
    from territory import clock
    from tests.at_work.book import user

    actor = user(book.reps[0])
    entry = TouchEntry(
        customer=Customer.objects.get(pk=chance.choice(book.customers)), type=TouchType.objects.get(name="Voice call"),
        participants=(Participant(user=actor, duration_seconds=600),), note=text,
    )  # fmt: skip
    log_touch(actor=actor, now=clock.now(), uuid=uuid.uuid4(), entry=entry)
