"""Through what a change comes that no person's form made: a job, a command. History keeps it as the reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from simple_history.signals import pre_create_historical_record

_origin: ContextVar[str] = ContextVar("origin", default="")

LONGEST = 100


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """What is written meanwhile comes through `name` ("job nightly run")."""
    token = _origin.set(name[:LONGEST])
    try:
        yield
    finally:
        _origin.reset(token)


def current() -> str:
    """The job or command that acts, "" in a request."""
    return _origin.get()


def connect() -> None:
    pre_create_historical_record.connect(_say, dispatch_uid="audit.origin")


def _say(history_instance: Any, **_signal: Any) -> None:
    """A reason that was given stays."""
    if not history_instance.history_change_reason and _origin.get():
        history_instance.history_change_reason = _origin.get()
