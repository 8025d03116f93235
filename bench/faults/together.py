"""People who do something at the very same moment, each at a browser of their own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


class Crowd:
    """So many threads, each with a connection of its own, for any number of rounds."""

    def __init__(self, number: int) -> None:
        self._start = threading.Barrier(number)
        self._pool = ThreadPoolExecutor(number)

    def at_once(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """What they answered, in their order; errors are raised."""
        return list(self._pool.map(self._one, calls))

    def _one(self, call: Callable[[], Any]) -> Any:
        self._start.wait(timeout=60)
        return call()

    def leave(self) -> None:
        """Close every thread's connection."""
        list(self._pool.map(self._close, range(self._start.parties)))
        self._pool.shutdown()

    def _close(self, _number: int) -> None:
        self._start.wait(timeout=60)
        connection.close()
