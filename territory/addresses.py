"""What of an address may be kept, in the log and in the audit: nothing that could be the key of a link, or what people typed."""

import re
import uuid

from django.http import HttpRequest

NO_SUCH = "no such address"

# "(?P<key>.+)" of an address that is an expression, "<int:pk>" of one that is a route.
_EXPRESSION = re.compile(r"\(\?P<(\w+)>[^)]*\)")
_BLANK = re.compile(r"<(?:\w+:)?(\w+)>")


def address_of(request: HttpRequest) -> str:
    """The address with its numbers and UUIDs; of anything else that stands in it only the name, and no query."""
    return _written(request, with_ids=True)


def pattern_of(request: HttpRequest) -> str:
    """The address with names in the place of all that differs: as many as there are routes, whatever is asked for."""
    return _written(request, with_ids=False)


def _written(request: HttpRequest, *, with_ids: bool) -> str:
    match = request.resolver_match
    if match is None:
        return NO_SUCH

    def filled(blank: re.Match[str]) -> str:
        value = match.kwargs.get(blank[1])
        return str(value) if with_ids and isinstance(value, int | uuid.UUID) else f"<{blank[1]}>"

    route = _EXPRESSION.sub(r"<\1>", match.route).removeprefix("^").removesuffix("$")
    return "/" + _BLANK.sub(filled, route)
