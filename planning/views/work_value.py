"""The value of work done: for managers by person, for everyone their own."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.models import User
from accounts.permissions import Act, Area, people_within, require
from planning.actions.answers import answer_for
from planning.forms.periods import OFFERED, Period, period_of
from planning.models import AnswerKind
from planning.queries.kept import Kept
from planning.queries.work_page import SORTS, USUAL_SORT, WorkSums, board, kept_sums, own_work, question_of, work_sums
from planning.queries.work_value import sees_others
from planning.views.asked import may_export
from territory import clock

# People on a page.
SHOWN = 25

# The work of a quarter is summed up while somebody waits.
DAYS_AT_ONCE = 92


@require_safe
@permission_required_in(Area.TOUCHES, Act.SEE)
def work_value(request):
    """Everyone within reach; who has only their own work in reach sees that."""
    require(request.user, Area.TOUCH_VALUES, Act.SEE)
    if not sees_others(request.user):
        return _one(request, request.user)
    context = _context(request)
    kept, sums = _sums(request.user, context["period"], "teams" in request.GET)
    context["kept"] = kept
    if kept is not None and request.headers.get("HX-Target") == "waiting":
        return HttpResponse(status=204) if kept.computing else HttpResponse(headers={"HX-Refresh": "true"})
    if sums is None:
        return render(request, "planning/work_value/waiting.html", context)
    asked = request.GET.get("sort", "")
    sort = asked if asked.removeprefix("-") in SORTS else USUAL_SORT
    found = board(request.user, sums, sort)
    page = Paginator(found.rows, SHOWN).get_page(request.GET.get("page"))
    context |= {"board": found, "page": page, "sort": sort, "types": [touch_type for touch_type, _work in found.types]}
    return render(request, "planning/work_value/board.html", context)


def _sums(reader: User, period: Period, with_teams: bool) -> tuple[Kept | None, WorkSums | None]:
    """Of some months at once, by team where asked; of more, by team too, the answer that is kept (None: it is being worked out), and since when it stands."""
    if (period.last - period.first).days < DAYS_AT_ONCE:
        return None, work_sums(reader, period.first, period.last, with_teams=with_teams)
    question = question_of(period.first, period.last, follows=bool(period.key))
    kept = answer_for(reader, AnswerKind.WORK, question, now=clock.now())
    return kept, None if kept.result is None else kept_sums(kept.result)


@require_safe
@permission_required_in(Area.TOUCHES, Act.SEE)
def work_value_person(request, pk: int):
    """One person's work by type and tier."""
    require(request.user, Area.TOUCH_VALUES, Act.SEE)
    return _one(request, get_object_or_404(people_within(request.user, Area.TOUCHES, Act.SEE), pk=pk))


def _one(request, person: User):
    context = _context(request)
    period = context["period"]
    context |= {"own": own_work(request.user, person, period.first, period.last), "is_self": person == request.user}
    return render(request, "planning/work_value/person.html", context)


def _context(request) -> dict:
    period, form = period_of(request.GET, clock.company_today())
    return {
        "period": period,
        "form": form,
        "offered": OFFERED,
        "may_export": may_export(request.user),
        "sees_others": sees_others(request.user),
    }
