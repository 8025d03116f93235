"""The calendar of absences: people by day over eight weeks, who stands in, and who is away without anybody."""

import datetime as dt

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.models import Team
from accounts.permissions import Act, Area, teams_within
from planning.engine.calendar import monday
from planning.loaders.workload import WEEKS_SHOWN, weeks_from
from planning.queries import absences
from territory import clock

PER_PAGE = 30
STEP = dt.timedelta(weeks=4)


@require_safe
@permission_required_in(Area.ABSENCES, Act.SEE)
def absence_calendar(request):
    """?from= a day of the first week, ?team= a team within reach."""
    first = _first(request.GET.get("from", ""))
    teams = list(teams_within(request.user, Area.ABSENCES, Act.SEE))
    team = _team(teams, request.GET.get("team", ""))
    people = absences.people_seen(request.user, first, team)
    page = Paginator([row for row in people if row.is_shown], PER_PAGE).get_page(request.GET.get("page"))
    lines = absences.lines(request.user, page.object_list, first, {row.pk for row in people})
    context = {
        "weeks": weeks_from(first, WEEKS_SHOWN),
        "last": absences.last_day(first),
        "earlier": first - STEP,
        "later": first + STEP,
        "is_now": first == monday(clock.company_today()),
        "today_at": (clock.company_today() - first).days,
        "page": page,
        "lines": lines,
        "away": sum(bool(line.gone) for line in lines),
        "uncovered": sum(line.is_uncovered for line in lines),
        "team": team,
        "teams": [row for row in teams if row.archived_at is None],
    }
    return render(request, "planning/absences/calendar.html", context)


def _first(text: str) -> dt.date:
    """The Monday of the week asked for; of this one where none is, or no day that anybody means."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = clock.company_today()
    return monday(day if day.year in clock.YEARS else clock.company_today())


def _team(teams: list[Team], asked: str) -> Team | None:
    if not asked:
        return None
    if not (asked.isascii() and asked.isdecimal()):
        raise Http404
    found = next((row for row in teams if row.pk == int(asked[:18])), None)
    if found is None:
        raise Http404
    return found
