"""Rows that an address asks for by their key, such as ?team=5."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404


def row_asked(request: HttpRequest, name: str, rows: QuerySet) -> Any:
    """The row of ?name=; None where nothing is asked, 404 where it is none of these."""
    asked = request.GET.get(name, "")
    if not asked:
        return None
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 16):
        raise Http404
    return get_object_or_404(rows, pk=asked)
