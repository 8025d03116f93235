"""How every process writes its log: one line an event, with the ids of request, user, task and job, and nothing about anybody.

Names, addresses, notes, amounts, passwords and tokens come into logs by three ways, and each is closed here or at its source: in
what an error says (a database repeats the row that it refused), in what other packages format into their lines (a path with
the key of a link in it), and in what a caller adds. So in production an error is its kind and where it happened, and a line of another
package is its fixed text. In the local profile, for one machine and its owner, errors keep their words.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

OWN = ("territory", "accounts", "customers", "planning", "django_structlog")

# They speak of processes and connections; a path among what they say is left out.
OF_PROCESSES = ("celery.worker", "celery.beat", "celery.bootsteps", "celery.apps", "kombu", "gunicorn")

# What these say is where something did not answer, never what was stored.
SPEAKS_OF_CONNECTIONS = {"OperationalError", "ConnectionError", "ConnectionRefusedError", "TimeoutError"}

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def kind_of(error: BaseException) -> str:
    """What an error is, for a line of the log; what it says only where that is about a connection."""
    name = type(error).__name__
    return f"{name}: {error}".strip() if name in SPEAKS_OF_CONNECTIONS else name


def trace_of(error: BaseException) -> str:
    """An error and what caused it: kinds and places, the latest place last, without what they say."""
    return "\n".join(
        line for one in reversed(list(_chain(error))) for line in (kind_of(one), *_places(one.__traceback__))
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _places(found: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(found)
    return [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]


def errors_without_words(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """A processor: the error of a line as its kind and places."""
    found = line.pop("exc_info", None)
    if isinstance(found, tuple):
        found = found[1]
    elif found is True:
        found = sys.exc_info()[1]
    if isinstance(found, BaseException):
        line["exception"] = trace_of(found)
    return line


def nothing_of_strangers(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """A processor: what django-structlog adds about browsers, and what errors of tasks say, is left out."""
    if str(line.get("logger", "")).startswith("django_structlog"):
        for name in ("user_agent", "ip", "error", "reason", "exception"):
            line.pop(name, None)
    return line


class Lines(structlog.stdlib.ProcessorFormatter):
    """Lines of other packages without what they format into them, unless they speak of processes."""

    def format(self, record: Any) -> str:
        if not isinstance(record.msg, dict) and not record.name.startswith(OWN):
            record = _bare(record)
        return super().format(record)


def _bare(record: Any) -> Any:
    bare = logging.makeLogRecord(record.__dict__)
    if record.name.startswith("django.security."):
        bare.msg, bare.args = f"refused: {record.name.rpartition('.')[2]}", ()
    elif not record.name.startswith(OF_PROCESSES):
        bare.msg, bare.args = str(record.msg), ()
    elif isinstance(record.args, tuple):
        bare.args = tuple("…" if isinstance(value, str) and value.startswith("/") else value for value in record.args)
    return bare


def logging_settings(*, production: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING: JSON in production, readable lines on one machine."""
    rendered: list[Processor] = (
        [errors_without_words, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if production
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": Lines if production else structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {name: {"level": level} for name in (*OWN, "celery")}
        # A request or a task that failed or was refused has its line already, with its ids.
        | {name: {"level": "CRITICAL"} for name in ("django.request", "celery.app.trace")},
    }


def configure_structlog() -> None:
    """Lines of our own go through the standard library's logging, as everybody else's do."""
    structlog.configure(
        processors=[
            *_SHARED[:1],
            structlog.stdlib.filter_by_level,
            *_SHARED[1:],
            structlog.stdlib.PositionalArgumentsFormatter(),
            nothing_of_strangers,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
