"""Many people at once: each reads nine times and logs a touch once, with a pause between, over and over."""

import random
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench.browser import Answer, Browser
from bench.pages import log_one
from bench.servers import cpu_seconds, resident_mb
from bench.table import Figure, Line

# A person looks at a page for some seconds; here each asks as often as three such people.
PAUSE = (1.0, 3.0)
READS = ("/today/", "/customers/", "/search/?q=mill", "/orders/pipeline/", "/workload/", "/today/")
A_CUSTOMER = "/customers/{}/"
MOST_P95_MS, MOST_GROWTH = 300, 5
# Caches fill in the first part: memory is held against what it is after it.
WARM_PART = 0.2


@dataclass
class Seen:
    """What all saw: milliseconds of each request by page, what went wrong, how many were written."""

    by_page: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    first_looks: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def times(self) -> list[float]:
        return [took for page in self.by_page.values() for took in page]


def load(
    cookies: list[dict[str, str]], minutes: float, port: str, processes: Callable[[], dict[int, str]]
) -> list[Line]:
    """These people for so many minutes; what they waited, by page too, and what these processes used and grew by.

    Before, each of them looks once at each page, all at the same time, at processes that have just started: a line of its own.
    """
    seen, all_have_looked = Seen(), threading.Barrier(len(cookies) + 1)
    people = [
        threading.Thread(target=_person, args=(n, one, port, minutes * 60, seen, all_have_looked))
        for n, one in enumerate(cookies)
    ]
    for person in people:
        person.start()
    try:
        all_have_looked.wait()
    except threading.BrokenBarrierError:
        sys.exit("\n".join(seen.errors[:5]))
    end, used = time.monotonic() + minutes * 60, _cpu(processes())
    time.sleep(minutes * 60 * WARM_PART)
    before = {pid: resident_mb(pid) for pid in processes()}
    names = processes()
    time.sleep(max(0.0, end - time.monotonic()))
    after = {pid: resident_mb(pid) for pid in before if pid in processes()}
    for person in people:
        person.join()
    for error in seen.errors[:5]:
        print("   ", error)
    all_of_them = f"{len(cookies)} people, {minutes:g} minutes"
    return [
        Line(all_of_them, {"errors": Figure(len(seen.errors), 0), **_waited(seen.times, MOST_P95_MS)}),
        *(Line(f"  {page}", _waited(times)) for page, times in sorted(seen.by_page.items()) if len(times) > 1),
        Line("  before: each page once, all at once", _waited(seen.first_looks)),
        _growth(names, before, after),
        _share(used, _cpu(processes()), minutes),
    ]


def _waited(times: list[float], most: float | None = None) -> dict[str, Figure]:
    return {
        "requests": Figure(len(times)),
        "p50 ms": Figure(median(times)),
        "p95 ms": Figure(quantiles(times, n=20)[-1], most),
    }


def _cpu(processes: dict[int, str]) -> dict[str, float]:
    """CPU seconds so far, by kind of process."""
    used: dict[str, float] = defaultdict(float)
    for pid, name in processes.items():
        used[name] += cpu_seconds(pid)
    return used


def _share(before: dict[str, float], after: dict[str, float], minutes: float) -> Line:
    """Of one core each; the database and the people who ask have the rest of the machine."""
    figures = {f"{name} %": Figure((after[name] - before[name]) / minutes / 0.6) for name in after}
    return Line("CPU meanwhile, of one core", figures)


def _growth(names: dict[int, str], before: dict[int, float], after: dict[int, float]) -> Line:
    """By kind of process, in per cent; a process that was replaced counts as grown by all it has."""
    figures = {}
    for name in dict.fromkeys(names[pid] for pid in before):
        pids = [pid for pid in before if names[pid] == name]
        grown = sum(after.get(pid, 2 * before[pid]) for pid in pids) / sum(before[pid] for pid in pids) - 1
        figures[f"{name} %"] = Figure(grown * 100, MOST_GROWTH, decimals=1)
    return Line("memory meanwhile, grown by", figures)


def _person(
    number: int, cookies: dict[str, str], port: str, seconds: float, seen: Seen, all_have_looked: threading.Barrier
) -> None:
    chance = random.Random(number)
    browser = Browser(port, cookies)
    try:
        mine = _first_look(browser, chance, seen)
    except Exception as error:  # noqa: BLE001  whatever it is, it is told, and nobody waits for this one
        seen.errors.append(f"{type(error).__name__}: {error}")
        all_have_looked.abort()
        browser.close()
        return
    try:
        all_have_looked.wait()
        end = time.monotonic() + seconds
        time.sleep(chance.uniform(0, PAUSE[1]))
        while time.monotonic() < end:
            for turn in chance.sample(range(10), 10):
                if time.monotonic() < end:
                    _ask(browser, chance, mine, seen, is_write=turn == 0)
                    time.sleep(chance.uniform(*PAUSE))
    except threading.BrokenBarrierError:
        pass  # the one who could not look has told why
    except Exception as error:  # noqa: BLE001  whatever it is, it is counted and told
        seen.errors.append(f"{type(error).__name__}: {error}")
    finally:
        browser.close()


def _first_look(browser: Browser, chance: random.Random, seen: Seen) -> list[int]:
    """Every page once; gives the customers that the person finds in their list."""
    answers = [browser.get(page) for page in dict.fromkeys(("/customers/", *READS))]
    mine = [int(pk) for pk in re.findall(r'href="/customers/(\d+)/"', answers[0].text)]
    answers.append(browser.get(A_CUSTOMER.format(chance.choice(mine))))
    seen.first_looks += [answer.seconds * 1000 for answer in answers]
    seen.errors += [f"{answer.status} instead of 200" for answer in answers if answer.status != 200]
    return mine


def _ask(browser: Browser, chance: random.Random, mine: list[int], seen: Seen, *, is_write: bool) -> None:
    customer = chance.choice(mine)
    if is_write:
        page, answer, expected = "log a touch", log_one(browser, customer)(0), 302
    else:
        page = chance.choice([*READS, A_CUSTOMER])
        answer, expected = browser.get(page.format(customer)), 200
    _note(page, answer, expected, seen)


def _note(page: str, answer: Answer, expected: int, seen: Seen) -> None:
    seen.by_page[page].append(answer.seconds * 1000)
    if answer.status != expected:
        seen.errors.append(f"{answer.status} instead of {expected}")
