"""The manager's home: who has how much to do in the coming weeks, and where time does not go where it should."""

import datetime as dt
import itertools

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.models import Team, User
from accounts.permissions import Act, Area, people_within, teams_within
from planning.engine.calendar import monday
from planning.models import BudgetStatus, Situation
from planning.models.situations import SituationQuerySet, situations_within
from planning.queries import goals, service
from planning.queries import workload as weeks
from planning.queries.alignment import divides
from planning.queries.rebalancing import ON_HOME, on_home
from planning.views.asked import row_asked
from territory import clock
from territory.together import in_groups, prepared

# Lines of the heat map on a page, and situations that are named.
LINES_SHOWN = 12
SITUATIONS_NAMED = 2


def team_asked(request) -> Team | None:
    """The team of ?team=, if it is one whose totals the reader may see."""
    return row_asked(request, "team", teams_within(request.user, Area.BUDGETS, Act.SEE))


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def workload(request):
    """Person x week for 8 weeks, budget against actual, who is under- and over-served, who is away."""
    user, team = request.user, team_asked(request)
    board = weeks.board(user, team)
    seen, below, today = situations_within(user, Act.SEE), team.path if team else "", clock.today(user)
    page = Paginator(board.lines, LINES_SHOWN).get_page(request.GET.get("page"))
    people = {line.person.pk: line.person.name for _rows, line in page if line}
    table, (under_rows, over_rows), (situations, situation_counts), goal_rows, (rebalancings,) = in_groups(
        service.table_questions(user, team),
        [service.most_served(user, status, team) for status in (BudgetStatus.UNDER, BudgetStatus.OVER)],
        (_situations(seen, below, today), _situation_count(seen, below, today)),
        goals.progress_questions(frozenset(people), goals.company_now()),
        (on_home(user, team),),
    )
    under, under_count = service.served_of(under_rows)
    over, over_count = service.served_of(over_rows)
    context = {
        "board": board,
        "page": page,
        "lines": _by_team(page),
        "team": team,
        "teams": [row for row in board.seen if row.archived_at is None],
        "service": service.table_of(*table),
        "under": under,
        "under_count": under_count,
        "over": over,
        "over_count": over_count,
        "situations": situations,
        "situation_count": sum(count for _kind, count in situation_counts),
        "rebalancings": rebalancings[:ON_HOME] if divides(user) else [],
        "more_rebalancings": len(rebalancings) > ON_HOME,
        "goals": goals.board(people, *goal_rows, calendar=board.calendar),
        "chart": _chart(board),
    }
    return render(request, "planning/workload/board.html", context)


def _by_team(lines):
    """Teams with those of their lines that a page of the map shows."""
    return [
        (rows, [line for _rows, line in found]) for rows, found in itertools.groupby(lines, key=lambda line: line[0])
    ]


@prepared
def _situations(seen: Q, below: str, today: dt.date) -> QuerySet[Situation]:
    """The most pressing situations that somebody should look at, of all teams or below one."""
    named = _asking(seen, below, today).most_pressing()
    named = named.select_related("customer", "person", "market", "product_line", "team")
    return named.only("kind", "customer__name", "person__name", "market__name", "product_line__name", "team__name")[
        :SITUATIONS_NAMED
    ]


@prepared
def _situation_count(seen: Q, below: str, today: dt.date) -> QuerySet:
    return _asking(seen, below, today).how_many()


def _asking(seen: Q, below: str, today: dt.date) -> SituationQuerySet:
    """Those that the navigation counts."""
    found = Situation.objects.open().loud().asking(today).filter(seen)
    return found.filter(team__path__startswith=below) if below else found


def _chart(board: weeks.Board) -> dict:
    """Hours of work against capacity by week."""
    sums = board.by_week
    return {
        "type": "bar",
        "labels": [f"W{week.isocalendar().week}" for week in board.weeks],
        "unit": _("hours"),
        "series": [
            {"label": _("work"), "values": [round(row.workload / 60, 1) for row in sums], "colour": "accent"},
            {"label": _("capacity"), "values": [round(row.capacity / 60, 1) for row in sums], "colour": "c4"},
        ],
    }


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def workload_person(request, pk: int, week: str):
    """What one person's week is made of."""
    person = get_object_or_404(people_within(request.user, Area.BUDGETS, Act.SEE), pk=pk)
    return _explained(request, person, None, week)


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def workload_unstaffed(request, pk: int, week: str):
    """What a team's unstaffed work of a week is made of."""
    team = get_object_or_404(teams_within(request.user, Area.BUDGETS, Act.SEE), pk=pk)
    return _explained(request, None, team, week)


def _explained(request, person: User | None, team: Team | None, week: str):
    explained = weeks.explain(request.user, person, team, _monday_or_404(week))
    if explained is None:
        raise Http404
    return render(request, "planning/workload/cell.html", {"explained": explained, "cell": explained.cell})


def _monday_or_404(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
    if day.year not in clock.YEARS or day != monday(day):
        raise Http404
    return day
