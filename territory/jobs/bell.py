"""The bell: asks a worker to do soon what stands in the database. A bell that nobody hears loses nothing.

A broker that is down or hangs must not hold up people: a thread of its own rings, and after a failure this process does
not try again for a while. Sweeps find what was not announced.
"""

import os
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context

import structlog
from celery import Task
from django.db import transaction

from territory.logs import kind_of

SILENT_SECONDS = 60.0

logger = structlog.get_logger(__name__)
_silent_until = 0.0


def publish(task: Task, *args: object) -> None:
    """One message soon, or none where the broker does not answer; whoever asks does not wait for it.

    A process that ends first sees to what it asked for, for as long as the socket timeouts of the settings allow.
    """
    if time.monotonic() >= _silent_until:
        # Logs name the request in a thread, too. No thread is to be had while the process ends: the sweep finds it.
        with suppress(RuntimeError):
            _ringer.submit(copy_context().run, _ring, task, args)


def _ring(task: Task, args: tuple[object, ...]) -> None:
    if time.monotonic() < _silent_until:  # an earlier message of the same queue found nobody
        return
    try:
        task.apply_async(args, retry=False)
    except Exception as error:  # noqa: BLE001  whatever the broker did, the change is committed and a sweep finds it
        _keep_quiet()
        logger.warning("nobody heard the bell", task=task.name, error=kind_of(error))


def _keep_quiet() -> None:
    global _silent_until
    _silent_until = time.monotonic() + SILENT_SECONDS


def _new_ringer() -> None:
    """A forked process has none of its parent's threads."""
    global _ringer
    _ringer = ThreadPoolExecutor(1, thread_name_prefix="bell")


_ringer = ThreadPoolExecutor(1, thread_name_prefix="bell")
os.register_at_fork(after_in_child=_new_ringer)


class Announcer:
    """Announces once a commit, together, what was asked for in its transaction.

    What a rolled-back transaction or savepoint asked for is forgotten with it. `announce` gets the set of what is left.
    """

    def __init__(self, announce: Callable[[set], None]) -> None:
        self._announce = announce
        self._of_thread = _OfThread()

    def soon(self, items: Collection[object]) -> None:
        """Announce these after the commit; at once where there is no transaction."""
        mine = self._of_thread
        wanted = list(items)
        # Django forgets this with the savepoint it is asked in.
        transaction.on_commit(lambda: mine.committed.update(wanted), robust=True)
        call = _Call(self._ring)
        mine.last_call.superseded, mine.last_call = True, call
        connection = transaction.get_connection()
        if connection.in_atomic_block:
            # Bound to no savepoint and after all that was asked so far: the last call of a transaction announces all.
            connection.run_on_commit.append((set(), call, True))
        else:
            call()

    def _ring(self) -> None:
        items, self._of_thread.committed = self._of_thread.committed, set()
        if items:
            self._announce(items)


class _Call:
    """Rings, unless a later call of the same thread does."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self.superseded = False

    def __call__(self) -> None:
        if not self.superseded:
            self._ring()


class _OfThread(threading.local):
    """What a thread has committed and not yet announced, and which call announces it."""

    def __init__(self) -> None:
        self.committed: set = set()
        self.last_call = _Call(lambda: None)
