"""Carrying out once more what the database asked to be carried out once more: two who waited for each other, a lock held long.

Such a fault says nothing of what was asked for: the transaction was undone as a whole, and most often passes at once when
it is begun anew. People who work at the same time must not see it.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

TIMES = 4
LONGEST_PAUSE_SECONDS = 0.2
GIVES_WAY_SECONDS = 0.12

# Serialization failure, deadlock, lock not available in time (PostgreSQL); SQLite says it in words.
STATES = {"40001", "40P01", "55P03"}

Answer = TypeVar("Answer")

logger = structlog.get_logger(__name__)


def asks_again(error: BaseException) -> bool:
    """Whether the database undid a transaction only because of what others did at the same time."""
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.__cause__, "sqlstate", None) in STATES or "database is locked" in str(error)


def again(function: Callable[[], Answer], *, times: int = TIMES) -> Answer:
    """What `function` answers; it is called anew, `times` times at most, while the database asks for that.

    It must be a transaction of its own that starts from what is stored; within another one it is not called anew.
    """
    for left in reversed(range(times)):
        try:
            return function()
        except OperationalError as error:
            if not left or not asks_again(error) or connection.in_atomic_block:
                raise
            logger.info("carried out again", left=left, error=str(error).splitlines()[0])
            _pause()
    raise AssertionError("times must be at least 1")


def _pause() -> None:
    """For a moment, each another one, so that two who met do not meet again."""
    time.sleep(random.uniform(0.01, LONGEST_PAUSE_SECONDS))  # noqa: S311


def give_way() -> None:
    """Between two transactions of a long job: lets those write who wait.

    On SQLite one writes at a time, and who waits looks every tenth of a second only: a job that went on at once would keep
    them waiting until it is done.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(GIVES_WAY_SECONDS)


class AgainMiddleware(MiddlewareMixin):
    """Calls a view anew where the database asked for that; if it keeps asking, a page to send the same once more.

    The last of the middlewares: whatever the others decide about a request is decided already.
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not asks_again(exception) or connection.in_atomic_block:
            return None

        def view() -> HttpResponse:
            for _name, files in request.FILES.lists():
                for file in files:
                    file.seek(0)
            return match.func(request, *match.args, **match.kwargs)

        _pause()
        try:
            return again(view, times=TIMES - 1)
        except OperationalError as error:
            if not asks_again(error):
                raise
            logger.warning("given up after several times", error=str(error).splitlines()[0])
            return busy_page(request)


def busy_page(request: HttpRequest) -> HttpResponse:
    """503: nothing was stored, and all that was typed is sent again by one button (but files)."""
    sent = [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]
    context = {"sent": sent, "is_post": request.method == "POST"}
    answer = render(request, "errors/503.html", context, status=503)
    answer["Retry-After"] = "5"
    return answer
