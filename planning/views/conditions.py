"""What moves a sale from the normal one: effects with intervals, and the share of all variation that they explain."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from planning.models import SaleMeasure
from planning.queries.conditions import measures_seen, what_moves
from planning.views.asked import may_export


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def what_moves_it(request):
    """Of ?of=, else of days, as the night computed it."""
    measures = measures_seen(request.user)
    asked = request.GET.get("of", "")
    measure = SaleMeasure(asked) if asked in SaleMeasure.values else SaleMeasure.DAYS
    if measure not in measures:
        raise PermissionDenied
    context = {
        "measure": measure,
        "measures": measures,
        "shown": what_moves(request.user, measure),
        "may_export": may_export(request.user),
    }
    return render(request, "planning/standing/what_moves_it.html", context)
