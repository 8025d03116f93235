"""The value of work done: for managers by person, for everyone their own."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.models import User
from accounts.permissions import Act, Area, may, people_within, require
from planning.forms.periods import OFFERED, period_of
from planning.queries.work_page import SORTS, USUAL_SORT, board, own_work
from planning.queries.work_value import sees_others
from territory import clock

# People on a page.
SHOWN = 40


@require_safe
@permission_required_in(Area.TOUCHES, Act.SEE)
def work_value(request):
    """Everyone within reach; who has only their own work in reach sees that."""
    require(request.user, Area.TOUCH_VALUES, Act.SEE)
    if not sees_others(request.user):
        return _one(request, request.user)
    context = _context(request)
    asked = request.GET.get("sort", "")
    sort = asked if asked.removeprefix("-") in SORTS else USUAL_SORT
    period = context["period"]
    found = board(request.user, period.first, period.last, sort)
    page = Paginator(found.rows, SHOWN).get_page(request.GET.get("page"))
    context |= {"board": found, "page": page, "sort": sort, "types": [row.touch_type for row in found.types]}
    return render(request, "planning/work_value/board.html", context)


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
    may_export = may(request.user, Area.EXPORT, Act.SEE) and may(request.user, Area.BUDGETS, Act.SEE)
    return {
        "period": period,
        "form": form,
        "offered": OFFERED,
        "may_export": may_export,
        "sees_others": sees_others(request.user),
    }
