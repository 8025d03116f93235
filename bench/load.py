"""Many people at once: each reads nine times and logs a touch once, with a pause between, over and over."""

import random
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench.browser import Answer, Browser
from bench.pages import log_one
from bench.servers import cpu_seconds, resident_mb
from bench.table import Figure, Line

# How long a person looks at a page, seconds.
PAUSE = (3.0, 9.0)
READS = ("/today/", "/customers/", "/search/?q=mill", "/orders/pipeline/", "/workload/", "/today/")
A_CUSTOMER = "/customers/{}/"
MOST_P95_MS, MOST_GROWTH = 300, 5
# Then for a part of the time the same people ask so many times as often: how much is left before it gets slow.
HURRY, HURRIED_PART = 3, 0.4
# Caches fill in the first part: memory is held against what it is after it.
WARM_PART = 0.2


@dataclass
class Seen:
    """What all saw: milliseconds of each request by page, and what went wrong."""

    by_page: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)

    @property
    def times(self) -> list[float]:
        return [took for page in self.by_page.values() for took in page]

    def note(self, page: str, answer: Answer, expected: int = 200) -> None:
        self.by_page[page].append(answer.seconds * 1000)
        if answer.status != expected:
            self.errors.append(f"{page}: {answer.status} instead of {expected}")


def load(
    cookies: list[dict[str, str]], minutes: float, port: str, processes: Callable[[], dict[int, str]]
) -> list[Line]:
    """These people for so many minutes, then for some more in a hurry; what they waited, by page too, and what these
    processes used and grew by.

    Before, each of them looks once at each page, all at the same time, at processes that have just started: a line of its own.
    """
    people = [_Person(number, Browser(port, one)) for number, one in enumerate(cookies)]
    looked = Seen()
    _all_at_once(people, lambda person: person.trying(looked, person.look_around))
    if not all(person.mine for person in people):
        sys.exit("\n".join(["Somebody finds no customers.", *looked.errors[:5]]))
    used = _Use(processes)
    usual = _phase(people, minutes, 1, used.after_warm_part)
    used.stop(minutes)
    hurried_minutes = minutes * HURRIED_PART
    hurried = _phase(people, hurried_minutes, HURRY)
    for person in people:
        person.browser.close()
    for error in (looked.errors + usual.errors + hurried.errors)[:5]:
        print("   ", error)
    return [
        Line(f"{len(people)} people, {minutes:g} minutes", _found(usual, MOST_P95_MS)),
        *(Line(f"  {page}", _waited(times)) for page, times in sorted(usual.by_page.items()) if len(times) > 1),
        Line("  before: each page once, all at once", _found(looked)),
        used.growth(),
        used.share(),
        Line(f"  after: {HURRY} times as often, {hurried_minutes:g} minutes", _found(hurried)),
    ]


def _found(seen: Seen, most: float | None = None) -> dict[str, Figure]:
    return {"errors": Figure(len(seen.errors), 0), **_waited(seen.times, most)}


def _waited(times: list[float], most: float | None = None) -> dict[str, Figure]:
    return {
        "requests": Figure(len(times)),
        "p50 ms": Figure(median(times)),
        "p95 ms": Figure(quantiles(times, n=20)[-1], most),
    }


class _Use:
    """Memory and CPU of these processes, by kind, from now on."""

    def __init__(self, processes: Callable[[], dict[int, str]]) -> None:
        self.processes = processes
        self.cpu = self._cpu()
        self.names: dict[int, str] = {}
        self.before: dict[int, float] = {}

    def after_warm_part(self) -> None:
        """What memory is held against."""
        self.names = self.processes()
        self.before = self._memory(self.names)

    def stop(self, minutes: float) -> None:
        self.minutes = minutes
        self.after = self._memory(self.processes())
        self.then = self._cpu()

    def _memory(self, pids: Iterable[int]) -> dict[int, float]:
        """Of those that have not ended meanwhile."""
        return {pid: found for pid in pids if (found := resident_mb(pid))}

    def _cpu(self) -> dict[str, float]:
        """Seconds so far."""
        used: dict[str, float] = defaultdict(float)
        for pid, name in self.processes().items():
            used[name] += cpu_seconds(pid)
        return used

    def share(self) -> Line:
        """Of one core each; the database and the people who ask have the rest of the machine."""
        figures = {f"{name} %": Figure((self.then[name] - self.cpu[name]) / self.minutes / 0.6) for name in self.then}
        return Line("CPU meanwhile, of one core", figures)

    def growth(self) -> Line:
        """In per cent; a process that was replaced counts as grown by all it has."""
        if not self.before:
            return Line("memory meanwhile: not measured", {"errors": Figure(1, 0)})
        figures = {}
        for name in dict.fromkeys(self.names[pid] for pid in self.before):
            pids = [pid for pid in self.before if self.names[pid] == name]
            after = sum(self.after.get(pid, 2 * self.before[pid]) for pid in pids)
            grown = after / sum(self.before[pid] for pid in pids) - 1
            figures[f"{name} %"] = Figure(grown * 100, MOST_GROWTH, decimals=1)
        return Line("memory meanwhile, grown by", figures)


def _phase(
    people: list["_Person"], minutes: float, hurry: int, after_warm_part: Callable[[], None] | None = None
) -> Seen:
    seen, end = Seen(), time.monotonic() + minutes * 60
    timer = threading.Timer(minutes * 60 * WARM_PART, after_warm_part) if after_warm_part else None
    if timer:
        timer.start()
    _all_at_once(people, lambda person: person.work(end, hurry, seen))
    if timer:
        timer.join()
    return seen


def _all_at_once(people: list["_Person"], do: Callable[["_Person"], None]) -> None:
    """Each in a thread."""

    threads = [threading.Thread(target=do, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class _Person:
    """Somebody signed in, with their own chances and the customers that they find in their list."""

    def __init__(self, number: int, browser: Browser) -> None:
        self.chance, self.browser = random.Random(number), browser
        self.mine: list[int] = []

    def look_around(self, seen: Seen) -> None:
        """Every page once."""
        for page in dict.fromkeys(("/customers/", *READS)):
            answer = self.browser.get(page)
            seen.note(page, answer)
            if not self.mine:
                self.mine = [int(pk) for pk in re.findall(r'href="/customers/(\d+)/"', answer.text)]
        seen.note(A_CUSTOMER, self.browser.get(A_CUSTOMER.format(self.chance.choice(self.mine))))

    def work(self, end: float, hurry: int, seen: Seen) -> None:
        """Nine times of ten read a page, once log a touch, and look at what comes; until then."""
        time.sleep(self.chance.uniform(0, PAUSE[1] / hurry))
        while time.monotonic() < end:
            for turn in self.chance.sample(range(10), 10):
                if time.monotonic() < end:
                    self.trying(seen, self._write if turn == 0 else self._read)
                    time.sleep(self.chance.uniform(*PAUSE) / hurry)

    def trying(self, seen: Seen, do: Callable[[Seen], None]) -> None:
        """What goes wrong is counted, and the person goes on with a new connection."""
        try:
            do(seen)
        except Exception as error:  # noqa: BLE001  whatever it is
            seen.errors.append(f"{type(error).__name__}: {error}")
            self.browser.close()

    def _write(self, seen: Seen) -> None:
        seen.note("log a touch", log_one(self.browser, self.chance.choice(self.mine))(0), 302)

    def _read(self, seen: Seen) -> None:
        page = self.chance.choice([*READS, A_CUSTOMER])
        seen.note(page, self.browser.get(page.format(self.chance.choice(self.mine))))
