"""Redirects for pages that htmx asked for."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers


class RedirectMiddleware:
    """Turns a redirect answered to htmx into a navigation of the whole window.

    A browser follows a redirect unseen, and htmx would put the page it ends at into the part it meant to replace. When
    the sign-in has expired, the way back is the page the person is looking at, not the part that was asked for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.headers.get("HX-Request") == "true" and isinstance(response, HttpResponseRedirectBase):
            target = self._back_to_page(request, response.url)
            cookies = response.cookies
            response = HttpResponse(headers={"HX-Redirect": target})
            response.cookies = cookies
        # One address answers with a page or, for the panel, with less: a browser must not mix them up.
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    @staticmethod
    def _back_to_page(request: HttpRequest, target: str) -> str:
        """The sign-in page with the way back to the page shown; any other target as it is."""
        parts = urlsplit(target)
        try:
            shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        except ValueError:  # no address at all
            return target
        if parts.path != resolve_url(settings.LOGIN_URL) or "next" not in parse_qs(parts.query) or not shown.path:
            return target
        page = shown.path + (f"?{shown.query}" if shown.query else "")
        return f"{parts.path}?{urlencode({'next': page})}"
