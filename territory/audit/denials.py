"""Writes down every request that was turned away: whatever the view, after the answer is known."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_login_failed
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from territory import clock
from territory.again import again
from territory.audit.models import Denial

DENIED = (403, 429)
LONGEST_PATH = 300

logger = structlog.get_logger(__name__)


class Denials:
    """Middleware: 403 and 429 of anybody, and 404 where somebody signed in asked for a row that is not there for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code in DENIED or (response.status_code == 404 and _asked_for_a_row(request)):
            _keep(request, response.status_code, request.user if request.user.is_authenticated else None)
        return response


def _asked_for_a_row(request: HttpRequest) -> bool:
    """Whether the address is one of ours and names a row: others are slips of the pen."""
    match = request.resolver_match
    return request.user.is_authenticated and match is not None and bool(match.kwargs)


def connect() -> None:
    user_login_failed.connect(_sign_in_failed, dispatch_uid="audit.sign_in")


def _sign_in_failed(credentials: dict, request: HttpRequest | None = None, **_signal: object) -> None:
    if request is not None:
        email = str(credentials.get("email") or credentials.get("username") or "")
        _keep(request, 401, get_user_model().objects.filter(email__iexact=email).first() if email else None)


def _keep(request: HttpRequest, status: int, user) -> None:
    """A denial that cannot be written must not become an error page: it is in the log then."""
    try:
        again(
            lambda: Denial.objects.create(
                at=clock.now(),
                user=user,
                method=(request.method or "")[:10],
                path=request.path[:LONGEST_PATH].replace("\0", ""),
                status=status,
            )
        )
    except DatabaseError:
        logger.exception("denial not kept", status=status)
