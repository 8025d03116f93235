"""What a request carries from the person who made it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from territory import clock


class PersonalFormats:
    """Days, times and numbers as the signed-in person reads them: their zone, else the company's, and their formats."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(clock.zone_of(request.user)), translation.override(request.user.locale):
            return self.get_response(request)
