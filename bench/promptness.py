"""How soon a touch is in the stored figures, by the real broker and worker."""

import time
from statistics import median, quantiles

from bench.pages import log_one
from bench.people import Asker
from bench.table import Figure, Line
from customers.models import Touch
from planning.models import CustomerFigures, FactsMark

TIMES, MOST_SECONDS, OF_HUNDRED, PATIENCE, STEP = 100, 2.0, 95, 10.0, 0.02


def one_touch_to_stored(asker: Asker) -> Line:
    """From the sending of the form until all figures, next due among them, are stored from these facts (one transaction)."""
    taken = [_one(asker, asker.customers[n % len(asker.customers)]) for n in range(TIMES)]
    in_time = sum(seconds <= MOST_SECONDS for seconds in taken)
    return Line(
        "one touch to stored figures",
        {
            "p50 s": Figure(median(taken), decimals=2),
            "p95 s": Figure(quantiles(taken, n=20)[-1], decimals=2),
            "within 2 s": Figure(in_time, OF_HUNDRED, least=True),
        },
    )


def _one(asker: Asker, customer: int) -> float:
    log = log_one(asker.browser, customer)
    before = Touch.objects.filter(customer=customer).count()
    start = time.perf_counter()
    answer = log(0)
    assert answer.status == 302, answer.status
    while time.perf_counter() - start < PATIENCE:
        if _is_stored(customer):
            break
        time.sleep(STEP)
    seconds = time.perf_counter() - start
    assert Touch.objects.filter(customer=customer).count() == before + 1
    return seconds


def _is_stored(customer: int) -> bool:
    number = FactsMark.objects.values_list("number", flat=True).get(customer=customer)
    return CustomerFigures.objects.filter(customer=customer, facts_number=number).exists()
