"""What signing in asks of every request: a second factor where a role requires one, and a note of the session."""

from collections.abc import Callable
from typing import Any

import structlog
from django.contrib.auth.middleware import get_user
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import second_factor, sessions
from territory import clock

logger = structlog.get_logger(__name__)

# What stays open to who must set up a second factor first; besides, all pages of the set-up itself.
OPEN = {"account_logout", "account_reauthenticate", "health", "help"}
SET_UP = "mfa_"


class PersonAtHand:
    """Puts the person themselves in the place of Django's proxy for them: a page asks hundreds of things of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = get_user(request)
        return self.get_response(request)


class SecondFactorFirst:
    """Leads who must have a second factor and has none to setting one up, and nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Callable, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """A redirect to the set-up, or None where the request may go on."""
        if not request.user.is_authenticated or not second_factor.is_missing(request.user):
            return None
        request.second_factor_first = True  # type: ignore[attr-defined]
        name = (request.resolver_match and request.resolver_match.url_name) or ""
        return None if name in OPEN or name.startswith(SET_UP) else redirect("mfa_index")


class NoteSessions:
    """Keeps the list of a person's sessions true; a write once in some minutes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        now = clock.now()
        # Afterwards: then whoever has just signed in is known, and who has just signed out is not.
        if request.user.is_authenticated and not sessions.is_noted(request, now=now):
            try:
                sessions.note(request, now=now)
            except OperationalError as error:  # what was asked for is done; the next request notes it
                logger.info("session not noted", error=type(error).__name__)
        return response
