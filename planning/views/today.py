"""A rep's home: what to do next, best first; and which home is whose."""

from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from msgspec.structs import asdict

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may, may_all, scope
from planning.queries.today_page import today_page

SHOWN = 34


@require_safe
def home(request):
    """Each signs in to the screen that is theirs: rules for administrators, the team's load for managers, Today for the rest."""
    if may_all(request.user, Area.RULES, Act.CHANGE):
        return redirect("rules_home")
    led = scope(request.user, Area.BUDGETS, Act.CHANGE)
    if led.everything or led.has_teams:
        return redirect("workload")
    if may(request.user, Area.TOUCHES, Act.SEE):
        return redirect("today")
    return redirect("profile")


@require_safe
@permission_required_in(Area.TOUCHES, Act.SEE)
def today(request):
    """Due, overdue and planned touches ranked by score; the week's load; visits, situations and my role beside."""
    page = today_page(request.user, None if request.GET.get("all") == "1" else SHOWN)
    return render(request, "planning/today/today.html", asdict(page) | {"more": page.total - len(page.rows)})
