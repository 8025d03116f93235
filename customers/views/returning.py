"""Where to go once something was logged: back to the page it was asked from."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

# Forms that are done with: nobody wants to come back to them.
FORMS = {
    "log_touch",
    "work_log",
    "planned_create",
    "planned_put_off",
    "planned_cancel",
    "planned_edit",
    "touch_edit",
    "work_edit",
    "expense_create",
    "expense_edit",
    "cover_create",
    "cover_edit",
    "cover_delete",
}


def page_before(request: HttpRequest) -> str:
    """The page of this installation that the person comes from, as a path; "" when there is none worth going back to."""
    asked = request.GET.get("next") or request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    return own_page(request, asked)


def own_page(request: HttpRequest, url: str) -> str:
    """The path of a page that people look at; "" for anything else, whatever it pretends to be."""
    if not url_has_allowed_host_and_scheme(url, {request.get_host()}):
        return ""
    parts = urlsplit(url)
    try:
        name = resolve(parts.path).url_name or ""
    except Resolver404:
        return ""
    if name in FORMS or name.startswith("account_"):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def way_back(request: HttpRequest, fallback: str) -> str:
    """Where the form said it came from, else the page that the request came from, else `fallback`."""
    return own_page(request, request.POST.get("back", "")) or page_before(request) or fallback
