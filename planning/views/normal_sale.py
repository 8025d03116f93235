"""The normal sale: what a won order takes, by sale type and tier."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from planning.queries import normal_sale_page as page
from planning.queries.norms import sees_norms
from planning.views.asked import may_export, team_or_first


@require_safe
@permission_required_in(Area.ORDERS, Act.SEE)
def normal_sale(request):
    """Of ?team= and all under it; first of the company, or of the topmost team whose totals the reader sees."""
    if not sees_norms(request.user):
        raise PermissionDenied
    sees_company = page.sees_company(request.user)
    team, offered = team_or_first(request, page.teams_offered(request.user), company=sees_company)
    context = {
        "normal": page.normal_sale(request.user, team),
        "team": team,
        "teams": offered,
        "sees_company": sees_company,
        "may_export": may_export(request.user),
    }
    return render(request, "planning/standing/normal_sale.html", context)
