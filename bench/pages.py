"""What each page costs: time for who waits, CPU of the web process, statements, size; beside the floor page."""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from statistics import median, quantiles

from bench.browser import Answer, Browser, Form
from bench.counting import HEADER
from bench.people import Asker
from bench.table import Figure, Line
from planning.models import EvidenceRun, TouchEvidence

WARM_UP, TIMES = 4, 40
KB = 1_000
MOST_SQL, MOST_KB, MOST_FLOORS = 12, 60, 4
LOG_SQL, LOG_FLOORS = 20, 3

PAGES = {
    "Today": "/today/",
    "customer list": "/customers/",
    "search": "/search/?q=mill",
    "busiest customer": "/customers/{busiest}/",
    "pipeline": "/orders/pipeline/",
    "team workload": "/workload/",
    "time to business": "/time-to-business/",
    "expected business": "/expected-business/",
    "value of work, 12 months": "/work-value/?period=year",
    "goals": "/goals/",
    "rhythm": "/rhythm/",
    "touch values": "/touch-values/",
    "adopt a value": "/touch-values/adopt/?{line}",
    "what-if": "/what-if/",
    "standing counts": "/reports/standing/?format=json",
}
# Sums over the touches of a window, which grow with them: of no use beside ten times the touches.
SUMS = {"value of work, 12 months", "adopt a value"}
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
    """Every page but these as everyone, each beside that person's floor page."""
    lines, costs, pages = [], {}, pages_to_ask(but)
    for asker in askers:
        floor = measure(lambda _n, asker=asker: asker.browser.get("/bench/floor/"), times=times)
        assert floor is not None
        lines.append(_line("floor page", asker.label, floor))
        for name, path in pages.items():
            address = path.format(busiest=asker.customers[0])
            cost = measure(lambda _n, asker=asker, address=address: asker.browser.get(address), times=times)
            if cost is not None:
                costs[(name, asker.label)] = cost
                lines.append(_line(name, asker.label, cost, floor, MOST_SQL, MOST_FLOORS))
        cost = measure(log_one(asker.browser, asker.customers[1]), 302, times)
        if cost is not None:
            costs[(LOG, asker.label)] = cost
            lines.append(_line(LOG, asker.label, cost, floor, LOG_SQL, LOG_FLOORS))
    return lines, costs


def _line(
    name: str,
    who: str,
    cost: Cost,
    floor: Cost | None = None,
    most_sql: int | None = None,
    most_floors: int | None = None,
) -> Line:
    figures = {
        "p50 ms": Figure(cost.p50, decimals=1),
        "p95 ms": Figure(cost.p95, decimals=1),
        "CPU ms": Figure(cost.cpu, decimals=1),
        "SQL": Figure(cost.sql, most_sql),
        "KB": Figure(cost.size / KB, MOST_KB if floor else None, decimals=1),
    }
    if floor is not None:
        figures["floors"] = Figure(cost.cpu / floor.cpu, most_floors, decimals=1)
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
