"""50 kB of what makes patterns and searches slow: in every regular expression of the product, every search and every reader."""

import contextlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from urllib.parse import urlencode

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.test import Client
from django.urls import reverse

from bench.faults.outcome import Outcome
from bench.table import Figure
from customers.imports import formats, guessing, words
from customers.phones import check_phone
from territory.folding import fold
from territory.formats.cells import csv_download
from territory.rows import Searchable, matching
from tests.accounts.signing_in import client_of
from tests.at_work.book import made, user

SIZE, MOST_MS = 50_000, 100
ROOMS = ("territory", "accounts", "customers", "planning")
SEEDS = (
    "1", "1 ", "1.1,", "1,234.", " ", "\t\n", "(", "+-", "ext x", "x", "a", "A1", "a b ", "=", "'=", "-", "/", "1/1/", "Z",
    "YYYY", "MMM", "2026-07-30T14:30", "\N{NO-BREAK SPACE}", "\N{RIGHT SINGLE QUOTATION MARK}", "%", "_", "\\\\", "ﷺ", "e\N{COMBINING ACUTE ACCENT}", "<a ", "&amp;",
)  # fmt: skip
# What comes last and lets a pattern fail only there.
ENDS = ("", "!", "\n", "\0")
PAGES = (
    "search",
    "search_suggest",
    "customer_list",
    "customer_options",
    "directory_list",
    "order_list",
    "order_board",
    "people_list",
    "audit_list",
)


def fault(scale: float) -> list[Outcome]:
    texts = [_of_size(seed) + end for seed in SEEDS for end in ENDS]
    book = made(reps=1, customers=20, touches=1)
    patterns, readers = list(_patterns()), list(_readers())
    searches = list(_searches())
    return [
        _measured("a hostile text meets every pattern", f"{len(patterns)} patterns", patterns, texts),
        _measured("a hostile text is read or written", f"{len(readers)} readers", readers, texts),
        _measured("a hostile text is searched for", f"{len(searches)} searches of rows", searches, texts),
        _pages(client_of(user(book.admins[0]), SERVER_NAME="localhost"), texts),
    ]


def _of_size(seed: str) -> str:
    """50 kB as they are sent, in UTF-8."""
    return (seed * SIZE).encode()[:SIZE].decode(errors="ignore")


Tried = tuple[str, Callable[[str], object]]


def _measured(subject: str, tried: str, calls: list[Tried], texts: list[str]) -> Outcome:
    slowest, where = 0.0, ""
    for name, call in calls:
        for text in texts:
            took = _cpu_ms(lambda call=call, text=text: call(text))
            if took > slowest:
                slowest, where = took, f"{name} on {text[:8]!r}…{text[-1:]!r}"
    figures = {"ms of CPU at most": Figure(slowest, MOST_MS, decimals=1)}
    slow = [f"{where}: {slowest:.0f} ms"] if slowest > MOST_MS else []
    return Outcome(subject, f"{tried} × {len(texts)} texts of 50 kB", figures=figures, wrong=slow)


def _cpu_ms(call: Callable[[], object]) -> float:
    """The least of three, where the first took long: somebody else's work in between is not the text's fault."""
    took = []
    while len(took) < (3 if took and took[0] > MOST_MS / 2 else 1):
        start = time.process_time()
        with contextlib.suppress(ValueError, ValidationError):  # refused, as it should be
            call()
        took.append((time.process_time() - start) * 1000)
    return min(took)


def _patterns() -> Iterator[Tried]:
    """Compiled patterns of all modules, of validators of fields, and those built from what a mapping says."""
    built = [formats._compiled(date + hour) for date in guessing.DATES for hour in guessing.TIMES]
    known = {pattern.pattern: pattern for pattern in (*_of_modules(), *_of_fields(), *built)}
    for pattern in known.values():
        for way in ("match", "fullmatch", "search"):
            yield f"{way} of {pattern.pattern[:60]}", getattr(pattern, way)


def _of_modules() -> Iterator[re.Pattern[str]]:
    for room in ROOMS:
        for found in pkgutil.walk_packages(import_module(room).__path__, f"{room}."):
            if ".migrations." in found.name or found.name.endswith("wsgi"):
                continue
            for holder in (module := import_module(found.name), *_classes(module)):
                for value in vars(holder).values():
                    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                        yield value


def _of_fields() -> Iterator[re.Pattern[str]]:
    fields = (field for model in apps.get_models() for field in model._meta.concrete_fields)
    for validator in (validator for field in fields for validator in field.validators):
        if isinstance(validator, RegexValidator):
            yield validator.regex


def _classes(module: object) -> Iterator[type]:
    return (value for value in vars(module).values() if isinstance(value, type) and value.__module__.startswith(ROOMS))


def _readers() -> Iterator[Tried]:
    yield "fold", fold
    yield "check_phone", check_phone
    yield "words", words._folded
    yield "file name", lambda text: csv_download(text, [], [])
    for example in formats.NUMBERS:
        yield f"number {example}", formats.number_reader(example)
    for date in guessing.DATES:
        yield f"date {date}", formats.date_reader(date)


def _searches() -> Iterator[Tried]:
    for model in apps.get_models():
        if issubclass(model, Searchable):
            yield model.__name__, lambda text, model=model: list(matching(model._default_manager.all(), text)[:50])


def _pages(client: Client, texts: list[str]) -> Outcome:
    """Pages with a field to search in: what a hostile text costs more than a short one, and whether there is an answer."""
    slowest, where, statuses = 0.0, "", []
    addresses = [reverse(name) for name in PAGES]

    def look(address: str, text: str) -> None:
        statuses.append(client.get(f"{address}?{urlencode({'q': text})}").status_code)

    for address in addresses:
        usual = min(_cpu_ms(partial(look, address, "mill")) for _ in range(3))
        for text in texts[:: len(ENDS)]:
            took = _cpu_ms(partial(look, address, text)) - usual
            if took > slowest:
                slowest, where = took, f"{address} on {text[:8]!r}"
    wrong = [f"{where}: {slowest:.0f} ms more"] if slowest > MOST_MS else []
    return Outcome(
        "a hostile text is typed into a search", f"{len(addresses)} pages × {len(texts) // len(ENDS)} texts of 50 kB",
        figures={
            "ms of CPU more than for a word": Figure(slowest, MOST_MS, decimals=1),
            "error pages": Figure(sum(status >= 500 for status in statuses), 0),
        },
        wrong=wrong,
    )  # fmt: skip
