"""Several small questions in one statement: a page that needs ten short tables asks the database once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

Result = TypeVar("Result")

# A function that yields its questions, is sent their rows (`team, contacts = yield [..., ...]`) and returns what it makes of
# them. It may yield again, where a question follows from rows; a function that asks nothing returns before it yields.
Asking = Generator[Sequence[models.QuerySet], list[list[Any]], Result]


def answers(**askings: Asking) -> dict[str, Any]:
    """What each of these comes to, by name. What they ask at the same step is one statement."""
    return dict(zip(askings, answer(side_by_side(askings.values())), strict=True))


def answer(asking: Asking[Result]) -> Result:
    """What this comes to: one statement a step."""
    rows = None
    while True:
        try:
            questions = asking.send(rows)  # type: ignore[arg-type]  # the first step is sent nothing
        except StopIteration as end:
            return end.value
        rows = together(*questions)


def side_by_side(askings: Iterable[Asking]) -> Asking[list[Any]]:
    """These as one, whose every step asks what theirs ask; it comes to what each of them comes to, in their order."""
    running = list(askings)
    results: list[Any] = [None] * len(running)
    sent: dict[int, Any] = dict.fromkeys(range(len(running)))
    while sent:
        asked: dict[int, Sequence[models.QuerySet]] = {}
        for place, rows in sent.items():
            try:
                asked[place] = running[place].send(rows)
            except StopIteration as end:
                results[place] = end.value
        if asked:
            found = iter((yield list(itertools.chain.from_iterable(asked.values()))))
        sent = {place: list(itertools.islice(found, len(questions))) for place, questions in asked.items()}
    return results


def together(*questions: models.QuerySet) -> list[list[Any]]:
    """What `list(rows)` gives for each of these querysets, in their order, all read in one statement.

    Each may be anything that is read as rows: models with `select_related`, `values_list`, sums by group, an order, a slice.
    What is prefetched is asked for afterwards, as always. Not for long lists: each row is as wide as the widest question.
    """
    # Not django.db.connection: every look at it goes through a proxy, and putting questions into words looks thousands of times.
    connection = connections[DEFAULT_DB_ALIAS]
    parts = [_Part(number, rows, connection) for number, rows in enumerate(questions)]
    asked = [part for part in parts if part.sql]
    if asked:
        width = max(part.width for part in asked)
        named = ", ".join(part.named for part in asked)
        read = " UNION ALL ".join(part.padded(width) for part in asked)
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH {named} {read} ORDER BY 1, 2",
                tuple(itertools.chain.from_iterable(part.parameters for part in asked)),
            )
            for number, _place, *values in cursor:
                parts[number].add(values)
    return [part.evaluated() for part in parts]


class _Part:
    """One question: its statement, and the rows that came for it."""

    def __init__(self, number: int, question: models.QuerySet, connection: BaseDatabaseWrapper) -> None:
        self.number, self.vendor = number, connection.vendor
        self.question = question.all()
        self.rows: list[tuple] = []
        self.compiler = self.question.query.get_compiler(connection=connection)
        self.sql, self.parameters = "", ()
        try:
            self.sql, self.parameters = self.compiler.as_sql()
        except EmptyResultSet:
            return
        self.width = len(self.compiler.select)
        readers = (_reader(expression, self.vendor) for expression, _sql, _alias in self.compiler.select)
        self.readers = [(place, read) for place, read in enumerate(readers) if read is not None]

    @property
    def columns(self) -> list[str]:
        return [f"c{number}" for number in range(self.width)]

    @property
    def named(self) -> str:
        """The statement under a name, its columns numbered."""
        return f"part{self.number} ({', '.join(self.columns)}) AS ({self.sql})"

    def padded(self, width: int) -> str:
        """Its rows with the part's number and their place, as wide as those of the others."""
        columns = [_COLUMN[self.vendor] % column for column in self.columns]
        columns += ["NULL"] * (width - self.width)
        return f"SELECT {self.number}, ROW_NUMBER() OVER (), {', '.join(columns)} FROM part{self.number}"  # noqa: S608

    def add(self, values: list[Any]) -> None:
        """A row of the padded statement, as the driver would have given it."""
        row = values[: self.width]
        for place, read in self.readers:
            row[place] = read(row[place])
        self.rows.append(tuple(row))

    def evaluated(self) -> list[Any]:
        """Django makes of the rows what it would have made of its own statement's."""
        if not self.sql:
            return []
        self.compiler.execute_sql = lambda *args, **kwargs: iter([self.rows])
        self.question.query.get_compiler = lambda *args, **kwargs: self.compiler  # type: ignore[method-assign]
        return list(self.question)


# PostgreSQL wants one type a column. SQLite must not take a column for what stands above it: "+" takes its declared type away.
_COLUMN = {"postgresql": "%s::text", "sqlite": "+%s"}


def _reader(expression: Any, vendor: str) -> Callable[[Any], Any] | None:
    """How a value of the padded statement is read as the driver would have given it; None where it is that already."""
    if vendor == "sqlite":
        return None
    field = expression.output_field
    if isinstance(field, models.JSONField | models.CharField | models.TextField):
        return None
    if isinstance(field, models.BooleanField):
        return {"true": True, "false": False}.get
    # A foreign key's column is read as the key that it holds.
    return getattr(field, "target_field", field).to_python
