"""What a request carries from the person who made it, and what the log keeps of it."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django_structlog.middlewares import RequestMiddleware

from territory import clock
from territory.addresses import address_of


class PersonalFormats:
    """Days, times and numbers as the signed-in person reads them: their zone, else the company's, and their formats."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(clock.zone_of(request.user)), translation.override(request.user.locale):
            return self.get_response(request)


class Policy(CSPMiddleware):
    """The Content-Security-Policy; a page with a map may also load pictures from where an administrator has tiles come from."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if origin := getattr(request, "map_origin", ""):
            parts.update = {**(parts.update or {}), "img-src": [origin]}
        return parts


class LoggedRequests(RequestMiddleware):
    """One line a request in the log, with its id, the user's and the address, and without what anybody typed.

    A proxy may give the id.
    """

    GIVEN_ID = re.compile(r"[0-9A-Za-z-]{8,64}")

    def prepare(self, request: HttpRequest) -> None:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if self.GIVEN_ID.fullmatch(given) else str(uuid.uuid4())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        self.bind_user_id(request)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {address_of(request)}"


class Utf8:
    """Reads what is sent as UTF-8, whatever else it says it is: browsers send nothing else.

    Django refuses a form in another encoding with a page that reads the form again, and breaks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.encoding:
            request.encoding = "utf-8"
        return self.get_response(request)


class KeptNowhere:
    """Pages and files of a person are kept by no browser and no proxy: after signing out, Back shows none of them.

    An answer that says itself how long it may be kept is left alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response


MEGABYTE = 1024 * 1024


class BodyLimit:
    """Refuses what is larger than the largest import or receipt, by the length it says it has, before any of it is read.

    Stands before the check against forgery, which is the first to read a form. A megabyte more is left for what a form
    says besides the file. A body that does not say its length is empty to Django.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *asked: Any) -> HttpResponse | None:
        length = request.headers.get("Content-Length", "")
        most = max(settings.IMPORT_MOST_MB, settings.RECEIPT_MOST_MB)
        if not length.isdecimal() or int(length[:18]) <= (most + 1) * MEGABYTE:
            return None
        return render(request, "errors/413.html", {"most": most}, status=413)
