"""A manager's week on one sheet."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from planning.queries.managers_week import leads
from planning.queries.managers_week import managers_week as week_of


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def managers_week(request):
    """Load this week and next, special situations, what changed last week, what to decide; to be printed as one page."""
    if not leads(request.user):
        raise PermissionDenied
    return render(request, "planning/standing/week.html", {"week": week_of(request.user)})
