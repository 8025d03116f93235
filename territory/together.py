"""Several small questions in one statement: a page that needs ten short tables asks the database once."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import lru_cache, wraps
from operator import itemgetter
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from django.db.models.query import FlatValuesListIterable, ValuesListIterable
from msgspec import Struct

from territory.blanks import Blank, numbered, taken_apart

Result = TypeVar("Result")

# Statements that a connection to PostgreSQL keeps, of about a megabyte each there: those used last. Of what a company of 200 asks,
# 50 take 4 % more of its time than 100 do, and 30 a third more.
MOST_KEPT = 60

# A function that yields its questions, is sent their rows (`team, contacts = yield [..., ...]`) and returns what it makes of
# them. It may yield again, where a question follows from rows; a function that asks nothing returns before it yields.
Asking = Generator[Sequence["models.QuerySet | Prepared"], list[list[Any]], Result]


def connect() -> None:
    """Let no connection keep more than that."""
    connection_created.connect(_keep_no_more, dispatch_uid="territory keeps so many statements")


def _keep_no_more(connection: Any, **_signal: Any) -> None:
    if connection.vendor == "postgresql":
        connection.connection.prepared_max = MOST_KEPT


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
        asked: dict[int, Sequence[models.QuerySet | Prepared]] = {}
        for place, rows in sent.items():
            try:
                asked[place] = running[place].send(rows)
            except StopIteration as end:
                results[place] = end.value
        if asked:
            found = iter((yield list(itertools.chain.from_iterable(asked.values()))))
        sent = {place: list(itertools.islice(found, len(questions))) for place, questions in asked.items()}
    return results


def together(*questions: models.QuerySet | Prepared) -> list[list[Any]]:
    """What `list(rows)` gives for each of these querysets, in their order, all read in one statement.

    Each may be anything that is read as rows: models with `select_related`, `values_list`, sums by group, an order, a slice.
    What is prefetched is asked for afterwards, as always. Not for long lists: each row is as wide as the widest question.
    """
    # Not django.db.connection: every look at it goes through a proxy, and putting questions into words looks thousands of times.
    connection = connections[DEFAULT_DB_ALIAS]
    ready = [row if isinstance(row, Prepared) else Prepared(_Words(row, connection), ()) for row in questions]
    found: list[list[tuple]] = [[] for _question in ready]
    asked = [(number, question) for number, question in enumerate(ready) if question.words.sql]
    if asked:
        joined = _joined(tuple(question.words for _number, question in asked), connection)
        with joined.cursor(connection) as cursor:
            cursor.execute(joined.sql, joined.parameters([question for _number, question in asked], connection))
            if len(asked) == 1:
                found[asked[0][0]] = cursor.fetchall()
            else:
                for part, _place, *values in cursor:
                    number, question = asked[part]
                    found[number].append(question.words.read(values))
    return [question.words.evaluated(rows, connection) for question, rows in zip(ready, found, strict=True)]


def in_groups(*groups: Sequence[models.QuerySet | Prepared]) -> list[list[list[Any]]]:
    """The same for the questions of several readers: to each group its answers, all read in one statement."""
    answers = iter(together(*itertools.chain.from_iterable(groups)))
    return [list(itertools.islice(answers, len(group))) for group in groups]


# What Django makes of a row of converted values.
_VALUES: dict[type, Callable[[Sequence[Any]], Any]] = {ValuesListIterable: tuple, FlatValuesListIterable: itemgetter(0)}


class _Words:
    """A question put into words: its statement, and how rows are made something of."""

    def __init__(self, question: models.QuerySet, connection: BaseDatabaseWrapper, *, kept: bool = False) -> None:
        self.kept = kept
        self.question = question.all()
        self.vendor = connection.vendor
        self.compiler = self.question.query.get_compiler(connection=connection)
        self.sql, self.width = "", 0
        self.parameters: Sequence[Any] = ()
        if self.question.query.is_empty():
            return
        try:
            self.sql, self.parameters = self.compiler.as_sql()
        except EmptyResultSet:
            return
        self.width = len(self.compiler.select)
        columns = [expression for expression, _sql, _alias in self.compiler.select]
        # Most are rows of values: to find their converters at each answer and a queryset to go through takes longer than to
        # read a few.
        self.made = _VALUES.get(self.question._iterable_class)
        self.converters = self.compiler.get_converters(columns[: self.compiler.col_count]) if self.made else {}
        readers = (_reader(expression, self.vendor) for expression in columns)
        self.readers = [(place, read) for place, read in enumerate(readers) if read is not None]

    def part(self, number: int, width: int, sql: str) -> tuple[str, str]:
        """The statement under a name, its columns numbered; and its rows with the part's number and their place, so wide."""
        columns = [f"c{place}" for place in range(self.width)]
        read = [_COLUMN[self.vendor] % column for column in columns] + ["NULL"] * (width - len(columns))
        return (
            f"part{number} ({', '.join(columns)}) AS ({sql})",
            f"SELECT {number}, ROW_NUMBER() OVER (), {', '.join(read)} FROM part{number}",  # noqa: S608
        )

    def read(self, values: list[Any]) -> tuple:
        """A row of the padded statement, as the driver would have given it."""
        row = values[: self.width]
        for place, read in self.readers:
            row[place] = read(row[place])
        return tuple(row)

    def evaluated(self, rows: Sequence[tuple], connection: BaseDatabaseWrapper) -> list[Any]:
        """Django makes of the rows what it would have made of its own statement's."""
        if not rows:
            return []
        compiler = copy.copy(self.compiler)
        compiler.connection = connection
        if self.made:
            converted = compiler.apply_converters(rows, self.converters) if self.converters else rows
            return [self.made(row) for row in converted]
        question = self.question.all()
        compiler.execute_sql = lambda *args, **kwargs: iter([rows])
        question.query.get_compiler = lambda *args, **kwargs: compiler  # type: ignore[method-assign]
        return list(question)


class _Joined:
    """Questions joined to one statement."""

    def __init__(self, asked: Sequence[_Words], connection: BaseDatabaseWrapper) -> None:
        said = [self._said(number, words, connection) for number, words in enumerate(asked)]
        if len(asked) == 1:
            self.sql = said[0]
            return
        width = max(words.width for words in asked)
        parts = [words.part(number, width, sql) for number, (words, sql) in enumerate(zip(asked, said, strict=True))]
        self.sql = (
            f"WITH {', '.join(named for named, _rows in parts)} "
            f"{' UNION ALL '.join(rows for _named, rows in parts)} ORDER BY 1, 2"
        )

    def _said(self, number: int, words: _Words, connection: BaseDatabaseWrapper) -> str:
        return words.sql

    def cursor(self, connection: BaseDatabaseWrapper) -> CursorWrapper:
        """With which to ask."""
        return connection.cursor()

    def parameters(self, asked: Sequence[Prepared], connection: BaseDatabaseWrapper) -> list[Any]:
        """What the statement is asked with."""
        return [value for question in asked for value in question.parameters(connection)]


class _Planned(_Joined):
    """The same for PostgreSQL to keep: it reads and plans a statement anew unless what changes is a parameter to it.

    What does not change stands in the text, where it can be grouped by. A blank has one number wherever it stands, for the
    same reason, and its type beside it. psycopg keeps such a statement (`prepare_threshold`).
    """

    def __init__(self, asked: Sequence[_Words], connection: BaseDatabaseWrapper) -> None:
        self.blanks: list[tuple[int, Blank]] = []
        super().__init__(asked, connection)

    def _said(self, number: int, words: _Words, connection: BaseDatabaseWrapper) -> str:
        numbers: dict[int, int] = {}
        said = []
        for each in words.parameters:
            if isinstance(each, Blank):
                if each.value not in numbers:
                    self.blanks.append((number, each))
                    numbers[each.value] = len(self.blanks)
                said.append(f"${numbers[each.value]}{each.type_said(connection)}")
            else:
                said.append(connection.Database.sql.Literal(each).as_string(connection.connection))  # type: ignore[attr-defined]  # psycopg
        return words.sql % tuple(said)

    def cursor(self, connection: BaseDatabaseWrapper) -> CursorWrapper:
        """One that leaves the parameters to the database; it counts as any other."""
        connection.validate_thread_sharing()
        connection.close_if_health_check_failed()
        connection.ensure_connection()
        plain = connection.Database.RawCursor(connection.connection)  # type: ignore[attr-defined]  # psycopg
        return (_Told if connection.queries_logged else CursorWrapper)(plain, connection)

    def parameters(self, asked: Sequence[Prepared], connection: BaseDatabaseWrapper) -> list[Any]:
        """What fills the blanks, as text: of what type it is the statement says."""
        return [_as_text(blank.filled(asked[number].values, connection)) for number, blank in self.blanks]


class _Told(CursorDebugWrapper):
    """Tells a statement as it is asked, with the numbers of its parameters: Django would look for places to put them in."""

    def execute(self, sql: Any, params: Any = None) -> Any:
        with self.debug_sql(sql, params):
            return CursorWrapper.execute(self, sql, params)


def _as_text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case list():
            return f"{{{','.join(map(str, value))}}}"
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def _joined(asked: tuple[_Words, ...], connection: BaseDatabaseWrapper) -> _Joined:
    if not all(words.kept for words in asked):
        return _Joined(asked, connection)
    return _kept(asked, connection.vendor)


@lru_cache(maxsize=300)
def _kept(asked: tuple[_Words, ...], vendor: str) -> _Joined:
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    return (_Planned if vendor == "postgresql" else _Joined)(asked, connection)


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


def prepared(build: Callable[..., models.QuerySet]) -> Callable[..., Prepared]:
    """A question that is put into words once for all days, times, keys and reaches that it is asked about.

    Building a queryset takes longer than answering it. So `build` is called with blanks in the place of constants
    (`blanks.taken_apart`), and its words are kept: for everybody whose conditions are of the same form. What is no constant (a
    name, None) is part of the words. It must rest on its arguments alone: what it reads from anywhere else, such as the
    clock, would be read once for ever.
    """

    @wraps(build)
    def ask(*about: Any) -> Prepared:
        form, constants = taken_apart(about)
        return Prepared(_words_of(build, form), constants)

    return ask


class Prepared(Struct, frozen=True):
    """A question in words, and what fills its blanks."""

    words: _Words
    values: tuple

    def parameters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        """Those of the statement, with the blanks filled."""
        return [
            each.filled(self.values, connection) if isinstance(each, Blank) else each for each in self.words.parameters
        ]


@lru_cache(maxsize=500)
def _words_of(build: Callable[..., models.QuerySet], form: tuple) -> _Words:
    return _Words(build(*numbered(form)), connections[DEFAULT_DB_ALIAS], kept=True)
