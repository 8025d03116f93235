"""Writes down every request that was turned away: whatever the view, after the answer is known.

The same by the same person at the same address counts as one row a day, and rows are removed in time: nobody fills the table.

A form that names a row which its sender may not choose is answered as any form with something wrong in it (422), and is no
denial: it offers only what one may choose, says so beside the field, and nothing is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest
from django.http import HttpRequest, HttpResponse

from territory import clock
from territory.addresses import address_of, pattern_of
from territory.again import again
from territory.audit.models import Denial
from territory.rows import key_in

DENIED = (403, 429)
LONGEST_PATH = 300
SAME_WITHIN = dt.timedelta(days=1)
# So many rows of a person in a day say exactly which row was asked for; what goes beyond only says which route.
MOST_ADDRESSES = 200
# What a query may name by number ("?customer=17"). Anything else in it may be what somebody typed, a telephone number too.
ROWS_IN_A_QUERY = ("customer", "order", "person", "planned", "team", "tier", "touch", "type")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

logger = structlog.get_logger(__name__)


class Denials:
    """Middleware: 403 and 429 of anybody, and 404 where somebody signed in asked for a row that is not there for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code in DENIED or (response.status_code == 404 and _asked_for_a_row(request)):
            keep(request, response.status_code, request.user if request.user.is_authenticated else None)
        return response


def _asked_for_a_row(request: HttpRequest) -> bool:
    """Whether the address is one of ours and names a row, in its path or query: others are slips of the pen."""
    match = request.resolver_match
    return request.user.is_authenticated and match is not None and bool(match.kwargs or _query_of(request))


def _query_of(request: HttpRequest) -> str:
    """The rows that the query names: "?customer=17"; nothing else of it."""
    try:
        asked = [(name, key_in(request.GET.get(name))) for name in ROWS_IN_A_QUERY]
    except SuspiciousOperation:  # more fields than may be read
        return ""
    named = "&".join(f"{name}={key}" for name, key in asked if key is not None)
    return f"?{named}" if named else ""


def connect() -> None:
    user_login_failed.connect(_sign_in_failed, dispatch_uid="audit.sign_in")


def _sign_in_failed(credentials: dict, request: HttpRequest | None = None, **_signal: object) -> None:
    if request is not None:
        keep_guess(request, 401, credentials)


def keep_guess(request: HttpRequest, status: int, credentials: dict) -> None:
    """A password that was refused: of who is signed in and was asked for it again, or of the person whose address was typed."""
    user = request.user
    if not user.is_authenticated:
        email = str(credentials.get("email") or credentials.get("username") or "")
        user = get_user_model().objects.filter(email__iexact=email).first()
    keep(request, status, user)


def keep(request: HttpRequest, status: int, user) -> None:
    """A denial that cannot be written must not become an error page: it is in the log then."""
    try:
        again(lambda: _count(request, status, user))
    except DatabaseError:
        logger.exception("denial not kept", status=status)


def _count(request: HttpRequest, status: int, user) -> None:
    """Once more of the same within a day is counted; anything else is a row."""
    now = clock.now()
    lately = Denial.objects.filter(user=user, at__gt=now - SAME_WITHIN)
    # Whoever is not signed in, or asks for one row after the other, must not fill the table: there are only so many routes.
    said = {
        "method": request.method if request.method in METHODS else "other",
        "path": _path(request, lately if user else None)[:LONGEST_PATH],
        "status": status,
    }
    same = lately.filter(**said).values_list("pk", flat=True).first()
    if same is None:
        Denial.objects.create(at=now, user=user, **said)
    else:
        Denial.objects.filter(pk=same).update(
            # Of two at once the later one stands, whichever is written first.
            times=F("times") + 1,
            last_at=Greatest(Coalesce("last_at", "at"), Value(now)),
        )


def _path(request: HttpRequest, lately: QuerySet[Denial] | None) -> str:
    """The address with the rows that it names, for somebody with few denials `lately`; else its route.

    A page of signing in names no row: nothing is counted, and its answer takes as long whether there is such a person or not.
    """
    exact, route = address_of(request) + _query_of(request), pattern_of(request)
    return exact if exact != route and lately is not None and lately.count() < MOST_ADDRESSES else route


def remove_old_denials(now: dt.datetime) -> int:
    """Remove what was denied before the days that are kept (settings.DENIALS_KEPT_DAYS); returns how many rows.

    A day later, so that a database whose clock is behind does not refuse it.
    """
    return Denial.objects.filter(at__lt=now - dt.timedelta(days=settings.DENIALS_KEPT_DAYS) - SAME_WITHIN).delete()[0]
