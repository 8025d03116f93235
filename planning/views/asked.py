"""What an address asks for, such as ?team=5, and what of a page its reader may take away."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import Team, User
from accounts.permissions import Act, Area, may
from territory.rows import key_in


def row_asked(request: HttpRequest, name: str, rows: QuerySet) -> Any:
    """The row of ?name=; None where nothing is asked, 404 where it is none of these."""
    asked = request.GET.get(name, "")
    if not asked:
        return None
    key = key_in(asked)
    if key is None:
        raise Http404
    return get_object_or_404(rows, pk=key)


def team_or_first(request: HttpRequest, teams: QuerySet[Team], *, company: bool) -> tuple[Team | None, Sequence[Team]]:
    """The team of ?team= and all to choose from. Where none is asked for: None, the company, for who sees it; else the first.

    Who sees neither is refused.
    """
    team, offered = row_asked(request, "team", teams), list(teams)
    if team is None and not company:
        if not offered:
            raise PermissionDenied
        team = offered[0]
    return team, offered


def may_export(user: User) -> bool:
    """Whether reports are within reach as files: who exports anything, and sees budgets, as whoever opens a report must."""
    return may(user, Area.EXPORT, Act.SEE) and may(user, Area.BUDGETS, Act.SEE)
