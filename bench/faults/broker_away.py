"""Redis is stopped, and then hangs, while people save touches: nobody waits for it, and what it did not announce is done soon after."""

import os
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from django.db import close_old_connections

from bench.browser import Browser, Form
from bench.faults.outcome import Outcome
from bench.faults.redis_server import private_redis
from bench.place import PORT
from bench.servers import running
from bench.sessions import sessions
from bench.table import Figure
from customers.models import Touch
from planning.staleness import stale_customers
from territory import clock
from tests.at_work.book import Book, made

SECONDS = 60
PEOPLE, PAUSE = 4, 0.5
MOST_P95_MS, MOST_DRAINED = 500, 300


@dataclass
class Saves:
    """What all who save were answered."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def fault(scale: float) -> list[Outcome]:
    seconds = SECONDS * scale
    book = made(reps=PEOPLE, customers=5, touches=1)
    with (
        private_redis(Path(os.environ["DATA_DIR"])) as redis,
        running("web", "worker", "beat", settings="territory.settings"),
    ):
        cookies = sessions(PEOPLE)
        usual = _saves(book, cookies, min(seconds, 30))
        found = []
        for words, away, back in (("stopped", redis.stop, redis.start), ("hangs", redis.hang, redis.go_on)):
            away()
            saves = _saves(book, cookies, seconds)
            back()
            found.append(_outcome(words, seconds, saves, usual, _drained()))
    return found


def _saves(book: Book, cookies: list[dict[str, str]], seconds: float) -> Saves:
    saves, end = Saves(), time.monotonic() + seconds
    people = [threading.Thread(target=_person, args=(book, one, end, saves)) for one in cookies]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return saves


def _person(book: Book, cookies: dict[str, str], end: float, saves: Saves) -> None:
    """Saves a touch every half second, on whichever customer they may log on."""
    browser = Browser(PORT, cookies)
    address = next(path for pk in book.customers if browser.get(path := f"/touches/log/?customer={pk}").status == 200)
    form = Form(browser.get(address).text, "/touches/log/")
    voice = str(book.types["Voice call"])
    while time.monotonic() < end:
        key = str(uuid.uuid4())
        answer = browser.post(address, form.filled(uuid=key, type=voice, minutes="10", note="Asked for prices."))
        saves.times.append(answer.seconds * 1000)
        if answer.status == 302:
            saves.keys.append(key)
        else:
            saves.errors.append(f"{answer.status}")
        time.sleep(PAUSE)
    browser.close()


def _drained() -> float:
    """Seconds until nothing is stale after Redis is back."""
    since = time.monotonic()
    while time.monotonic() - since < 2 * MOST_DRAINED:
        close_old_connections()
        if not stale_customers(clock.company_today()).exists():
            break
        time.sleep(0.2)
    return time.monotonic() - since


def _outcome(words: str, seconds: float, saves: Saves, usual: Saves, drained: float) -> Outcome:
    rows = Counter(str(key) for key in Touch.objects.filter(uuid__in=saves.keys).values_list("uuid", flat=True))
    return Outcome(
        f"Redis {words} while touches are saved",
        f"{len(saves.times)} saves by {PEOPLE} people in {seconds:.0f} s",
        len(set(saves.keys) - set(rows)),
        sum(number - 1 for number in rows.values()),
        {
            "errors": Figure(len(saves.errors), 0),
            "ms p95": Figure(quantiles(saves.times, n=20)[-1], MOST_P95_MS),
            "ms slowest": Figure(max(saves.times)),
            "ms p50": Figure(median(saves.times)),
            "ms p95 with Redis": Figure(quantiles(usual.times, n=20)[-1]),
            "s until nothing was stale": Figure(drained, MOST_DRAINED),
        },
        [f"answered {status}, {number} times" for status, number in Counter(saves.errors).items()],
    )
