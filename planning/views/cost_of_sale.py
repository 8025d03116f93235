"""Cost of sale: what sales cost and of what that is made, the sales behind a line, and why one cost so much."""

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from planning.models import SalesRun
from planning.queries import cost_page as page
from planning.queries.cost_of_sale import BY
from planning.queries.norms import sees_norm_costs
from planning.views.asked import may_export, team_or_first
from territory import clock

SHOWN = 40
DIMENSIONS = (("type", _("Sale type")), ("team", _("Team")), ("person", _("Salesperson")), ("month", _("Month")))
STATUSES = {"won": _("won"), "lost": _("lost"), "pending": _("pending")}


@require_safe
@permission_required_in(Area.COST, Act.SEE)
def cost_of_sale(request):
    """By ?by=, of ?team= and all under it, in the last ?months=."""
    context = _asked(request)
    cost = page.cost_of_sale(request.user, context["team"], context["by"], context["months"])
    lines = cost.lines.sales if cost else []
    context |= {"cost": cost, "sales": Paginator(lines, SHOWN).get_page(request.GET.get("page"))}
    context["may_export"] = may_export(request.user)
    return render(request, "planning/standing/cost_of_sale.html", context)


@require_safe
@permission_required_in(Area.COST, Act.SEE)
def cost_of_sale_orders(request):
    """The sales of ?key= that the reader sees, dearest first; ?status= won, lost or pending."""
    context, run = _asked(request), SalesRun.objects.first()
    status = request.GET.get("status") if request.GET.get("status") in STATUSES else "won"
    days = page.days_of(run.on if run else clock.company_today(), context["months"])
    try:
        rows = page.sales_behind(request.user, context["team"], days, context["by"], request.GET.get("key", ""), status)
    except LookupError as error:
        raise Http404 from error
    found = Paginator(rows, SHOWN).get_page(request.GET.get("page"))
    found.object_list = [page.Sale(*row) for row in found.object_list]
    context |= {
        "page": found,
        "days": days,
        "status": status,
        "statuses": STATUSES,
        "run": run,
    }
    return render(request, "planning/standing/cost_orders.html", context)


@require_safe
@permission_required_in(Area.COST, Act.SEE)
def cost_of_sale_order(request, pk: int):
    """Which touches, whose minutes and which expenses an order bears."""
    order = get_object_or_404(page.orders_with_cost(request.user).select_related("customer"), pk=pk)
    context = {"order": order, "why": page.why(request.user, order)}
    return render(request, "planning/standing/cost_order.html", context)


def _asked(request) -> dict:
    """Team, division and window of the address; who may see no team's costs is refused."""
    if not sees_norm_costs(request.user):
        raise PermissionDenied
    sees_company = page.sees_company(request.user)
    team, offered = team_or_first(request, page.teams_offered(request.user), company=sees_company)
    months = request.GET.get("months", "")
    return {
        "team": team,
        "teams": offered,
        "sees_company": sees_company,
        "by": request.GET.get("by") if request.GET.get("by") in BY else BY[0],
        "dimensions": DIMENSIONS,
        "months": int(months) if months in map(str, page.MONTHS) else 12,
        "offered_months": page.MONTHS,
    }
