"""Rings the bell: asks a worker to recompute soon. The record is the database; a bell that nobody hears loses nothing.

A broker that is down or hangs must not hold up people: publishing is bounded by the socket timeouts of the
settings, and after a failure this process does not try again for a while. The sweep finds what was not announced.
"""

import threading
import time
from collections.abc import Collection

import structlog
from celery import Task
from django.db import transaction

# More customers than these in one transaction (an import): the sweep does them, in chunks.
MOST_IDS = 300

SILENT_SECONDS = 60.0

# Ringing takes a millisecond or so. Whoever finds somebody else ringing for longer leaves it: the broker hangs.
PATIENCE_SECONDS = 0.1

logger = structlog.get_logger(__name__)


class _Bell(threading.local):
    """What a thread has still to announce, and until when it keeps quiet."""

    def __init__(self) -> None:
        self.waiting: set[int] = set()
        self.sweep = False


_bell = _Bell()
_ringing = threading.Lock()
_silent_until = 0.0


def recompute_soon(customer_ids: Collection[int] = (), *, everything: bool = False) -> None:
    """After the commit, ask for these customers (or for whatever is stale): once a transaction, however often asked.

    What a transaction that was rolled back had asked for is announced with the next one; recomputing needlessly is
    harmless.
    """
    _bell.waiting.update(customer_ids)
    _bell.sweep = _bell.sweep or everything
    transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    """Announce everything that waits with one message."""
    from planning import tasks

    ids, _bell.waiting = sorted(_bell.waiting), set()
    everything, _bell.sweep = _bell.sweep, False
    if not ids and not everything:
        return
    if everything or len(ids) > MOST_IDS:
        _publish(tasks.sweep)
    else:
        _publish(tasks.recompute_customers, ids)


def _publish(task: Task, *args: object) -> None:
    if time.monotonic() < _silent_until or not _ringing.acquire(timeout=PATIENCE_SECONDS):
        return
    try:
        task.apply_async(args, retry=False)
    except Exception as error:  # noqa: BLE001  whatever the broker did, the change is committed and the sweep finds it
        _keep_quiet()
        logger.warning("nobody heard the bell", task=task.name, error=f"{type(error).__name__}: {error}")
    finally:
        _ringing.release()


def _keep_quiet() -> None:
    global _silent_until
    _silent_until = time.monotonic() + SILENT_SECONDS
