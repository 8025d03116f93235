"""What each page costs: time for who waits, CPU of the web process, statements, size; beside the floor page."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter

from django.db.models import F

from bench.browser import Answer, Browser, Form
from bench.counting import HEADER
from bench.people import Asker
from bench.table import Figure, Line
from planning.actions.answers import run_waiting_answers
from planning.models import EvidenceRun, KeptAnswer, TouchEvidence
from territory import clock

# Warm: each of the four threads of the process that answers has seen a page several times, and its connection keeps what it asks.
WARM_UP, TIMES = 16, 40
KB = 1_000
MOST_SQL, MOST_KB, MOST_FLOORS = 12, 60, 4
LOG_SQL, LOG_FLOORS = 20, 3

PAGES = {
    "Today": "/today/",
    "customer list": "/customers/",
    "customers without a place": "/customers/places/",
    "map of customers": "/map/",
    "search": "/search/?q=mill",
    "busiest customer": "/customers/{busiest}/",
    "pipeline": "/orders/pipeline/",
    "team workload": "/workload/",
    "time to business": "/time-to-business/",
    "what moves a sale": "/standing/what-moves-it/",
    "call plan": "/call-plan/",
    "expected business": "/expected-business/",
    "value of work, a quarter": "/work-value/?period=last-quarter",
    "value of work, 12 months": "/work-value/?period=year",
    "my week": "/my-week/",
    "goals": "/goals/",
    "expenses": "/expenses/?view=all",
    "rhythm": "/rhythm/",
    "involvement": "/involvement/",
    "involvement by order": "/involvement/?by=order",
    "involvement by person": "/involvement/?by=person",
    "touch values": "/touch-values/",
    "adopt a value": "/touch-values/adopt/?{line}",
    "what-if": "/what-if/",
    "territories": "/territories/",
    "where we stand": "/standing/",
    "manager's week": "/managers-week/",
    "standing counts": "/standing/counts/",
    "special situations": "/situations/",
    "standing counts as JSON": "/reports/standing/?format=json",
    "the normal sale": "/standing/normal-sale/",
    "cost of sale, 24 months": "/standing/cost-of-sale/?months=24",
    "sales and their cost": "/standing/cost-of-sale/orders/?months=24",
}
# Sums over the touches of a window, which grow with them: of no use beside ten times the touches.
SUMS = {"value of work, a quarter"}
# What they show is computed by a job for who looks, and kept: it is there when they are measured.
KEPT = {"value of work, 12 months", "adopt a value"}
LOG = "log a touch"


@dataclass(frozen=True)
class Cost:
    """Of many requests: milliseconds, CPU milliseconds of the web process each (mean), statements, bytes."""

    p50: float
    p95: float
    cpu: float
    sql: int
    size: int


def measure(ask: Callable[[int], Answer], expected: int = 200, times: int = TIMES) -> Cost | None:
    """Ask often, one request after the other on one connection; None where the person may not."""
    first = ask(-1)
    if first.status == 403:
        return None
    for n in range(WARM_UP):
        ask(-2 - n)
    answers = [ask(n) for n in range(times + 1)]
    wrong = [answer.status for answer in answers if answer.status != expected]
    assert not wrong, f"{wrong[0]} instead of {expected}: {answers[0].text[:2000]}"
    told = [answer.headers[HEADER].split() for answer in answers]
    # Between two answers of a process lies all that it did for the later one, its sending of the earlier one included.
    used: dict[str, list[float]] = {}
    for process, seconds, _statements in told:
        used.setdefault(process, []).append(float(seconds) * 1000)
    times = [answer.seconds * 1000 for answer in answers[1:]]
    return Cost(
        p50=median(times),
        p95=quantiles(times, n=20)[-1],
        cpu=sum(row[-1] - row[0] for row in used.values()) / (len(told) - len(used)),
        sql=max(int(row[2]) for row in told),
        size=max(len(answer.body) for answer in answers),
    )


def log_one(browser: Browser, customer: int) -> Callable[[int], Answer]:
    """Logs a touch a call: the form as it is, filled in and sent under a number of its own."""
    address = f"/touches/log/?customer={customer}"
    page = browser.get(address).text
    form = Form(page, "/touches/log/")
    touch_type = page.split('name="type"', 1)[1].split('value="', 1)[1].split('"', 1)[0]

    def log(_number: int) -> Answer:
        fields = form.filled(uuid=str(uuid.uuid4()), type=touch_type, minutes="10", note="Asked for prices.")
        return browser.post(address, fields)

    return log


def seconds_of_answer(browser: Browser, address: str) -> float | None:
    """Looks once and computes what that asks for, as a worker does; how long it took, None where there was nothing to compute."""
    browser.get(address)
    asked = KeptAnswer.objects.filter(answered__lt=F("asked")).exists()
    start = perf_counter()
    run_waiting_answers(now=clock.now(), until=clock.now() + dt.timedelta(hours=1))
    return perf_counter() - start if asked else None


def suggested_line() -> str | None:
    """The line of touch values with most touches of those that evidence suggests something for, in an address."""
    rows = TouchEvidence.objects.filter(run__in=EvidenceRun.latest(), is_pooled=False, value__isnull=False)
    found = rows.order_by("-touches").first()
    return found and f"for={found.stage}&type={found.touch_type_id}&tier={found.tier_id}"


def pages_to_ask(but: Collection[str] = ()) -> dict[str, str]:
    """Addresses of every page but these, by name; some name the `busiest` customer of who asks."""
    line = suggested_line()
    asked = {name: path for name, path in PAGES.items() if name not in but and (line or "{line}" not in path)}
    return {name: path.replace("{line}", line or "") for name, path in asked.items()}


def measure_pages(
    askers: list[Asker], times: int = TIMES, *, but: Collection[str] = ()
) -> tuple[list[Line], dict[tuple[str, str], Cost]]:
    """Every page but these as everyone, each beside the floor page as that person saw it just before and just after.

    A machine is faster one minute and slower the next; beside a floor of minutes ago a page would look dearer or cheaper.
    """
    lines, costs, pages = [], {}, pages_to_ask(but)
    for asker in askers:

        def floor_now(asker: Asker = asker) -> Cost:
            found = measure(lambda _n: asker.browser.get("/bench/floor/"), times=times)
            assert found is not None
            return found

        before = floor_now()
        lines.append(_line("floor page", asker.label, before))
        for name, path in pages.items():
            address = path.format(busiest=asker.customers[0])
            seconds = seconds_of_answer(asker.browser, address) if name in KEPT else None
            cost = measure(lambda _n, asker=asker, address=address: asker.browser.get(address), times=times)
            if cost is not None:
                after = floor_now()
                costs[(name, asker.label)] = cost
                line = _line(name, asker.label, cost, (before.cpu + after.cpu) / 2, MOST_SQL, MOST_FLOORS)
                line.note = f"its answer took a job {seconds:.1f} s" if seconds else ""
                lines.append(line)
                before = after
        cost = measure(log_one(asker.browser, asker.customers[1]), 302, times)
        if cost is not None:
            costs[(LOG, asker.label)] = cost
            lines.append(_line(LOG, asker.label, cost, (before.cpu + floor_now().cpu) / 2, LOG_SQL, LOG_FLOORS))
    return lines, costs


def _line(
    name: str,
    who: str,
    cost: Cost,
    floor_cpu: float | None = None,
    most_sql: int | None = None,
    most_floors: int | None = None,
) -> Line:
    figures = {
        "p50 ms": Figure(cost.p50, decimals=1),
        "p95 ms": Figure(cost.p95, decimals=1),
        "CPU ms": Figure(cost.cpu, decimals=1),
        "SQL": Figure(cost.sql, most_sql),
        "KB": Figure(cost.size / KB, MOST_KB if floor_cpu else None, decimals=1),
    }
    if floor_cpu is not None:
        figures["floors"] = Figure(cost.cpu / floor_cpu, most_floors, decimals=1)
    return Line(f"{name}, {who}", figures)


def compare_ten_times(one: dict[tuple[str, str], Cost], ten: dict[tuple[str, str], Cost]) -> list[Line]:
    """The same pages with ten times the touches."""
    return [
        Line(
            f"{name}, {who}",
            {
                "p50 ms": Figure(one[name, who].p50, decimals=1),
                "then p50 ms": Figure(cost.p50, decimals=1),
                "times": Figure(cost.p50 / one[name, who].p50, 1.2, decimals=2),
                "times CPU": Figure(cost.cpu / one[name, who].cpu, 1.2, decimals=2),
            },
        )
        for (name, who), cost in ten.items()
    ]
