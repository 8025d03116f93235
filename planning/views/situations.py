"""Special situations: what is open, its evidence in figures, since when, whose turn."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, people_within, teams_within
from customers.models import Order
from planning.actions.situations import acknowledge, set_hours_aside
from planning.forms.situations import AcknowledgeForm, HoursForm
from planning.models import Situation
from territory import clock
from territory.conflicts import Conflict
from territory.toasts import toast


def _seen(request):
    return Situation.objects.visible_to(request.user).select_related(
        "customer__tier", "order__salesperson", "team", "acknowledged_by"
    )


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def situation_list(request):
    """Open ones first seen first, or those that resolved."""
    resolved = request.GET.get("view") == "resolved"
    situations = _seen(request).filter(resolved_at__isnull=not resolved)
    page = Paginator(situations.order_by("-opened_at", "-pk"), 25).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "resolved": resolved,
        "figures": _figures(request.user, page),
        "orders": 0 if resolved else sum(count for _kind, count in situations.how_many()),
    }
    return render(request, "planning/situations/list.html", context)


def _figures(user, situations) -> set[int]:
    """The situations whose figures the reader may see: amounts of the order, and totals of the team."""
    orders = set(
        Order.objects.amounts_visible_to(user)
        .filter(pk__in=[s.order_id for s in situations])
        .values_list("pk", flat=True)
    )
    teams = set(teams_within(user, Area.AMOUNTS, Act.SEE).values_list("pk", flat=True))
    return {s.pk for s in situations if s.order_id in orders and s.team_id in teams}


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def situation_detail(request, pk: int):
    """One situation with its evidence, both futures, who saw it and what is set aside for it."""
    return _page(request, get_object_or_404(_seen(request), pk=pk))


def _page(request, situation: Situation, acknowledge_form=None, hours_form=None):
    may_act = Situation.objects.acknowledgeable_by(request.user).filter(pk=situation.pk).exists()
    people = people_within(request.user, Area.BUDGETS, Act.CHANGE).filter(is_active=True)
    context = {
        "situation": situation,
        "shows_figures": situation.pk in _figures(request.user, [situation]),
        "may_act": may_act and not situation.resolved_at,
        "form": acknowledge_form or AcknowledgeForm(initial={"version": situation.version, "note": situation.note}),
        "hours_form": (hours_form or HoursForm(people=people)) if may_act else None,
        "hours": situation.hours.select_related("user"),
    }
    invalid = (acknowledge_form and acknowledge_form.errors) or (hours_form and hours_form.errors)
    return render(request, "planning/situations/detail.html", context, status=422 if invalid else 200)


def _to_act_on(request, pk: int) -> Situation:
    """The situation if the reader may act on it: 404 when they do not see it, 403 when they only see it."""
    situation = get_object_or_404(_seen(request), pk=pk)
    if not Situation.objects.acknowledgeable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied
    return situation


@require_POST
@permission_required_in(Area.BUDGETS, Act.SEE)
def situation_acknowledge(request, pk: int) -> HttpResponse:
    """Take note of it, in words."""
    situation = _to_act_on(request, pk)
    form = AcknowledgeForm(request.POST)
    if form.is_valid():
        try:
            acknowledge(situation=situation, actor=request.user, now=clock.now(), **form.cleaned_data)
        except Conflict as conflict:
            form.add_error(None, _("%(who)s was first and wrote: %(note)s") % _first(conflict.row))
            form.data = form.data.copy()
            form.data["version"] = conflict.row.version
            response = _page(request, situation, acknowledge_form=form)
            response.status_code = 409
            return response
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("Acknowledged."), saved=f"situation-{pk}")
            return redirect("situation_detail", pk)
    return _page(request, situation, acknowledge_form=form)


def _first(row: Situation) -> dict[str, str]:
    return {"who": str(row.acknowledged_by or _("Somebody")), "note": row.note}


@require_POST
@permission_required_in(Area.BUDGETS, Act.SEE)
def situation_hours(request, pk: int) -> HttpResponse:
    """Set a person's hours a week aside for it."""
    situation = _to_act_on(request, pk)
    people = people_within(request.user, Area.BUDGETS, Act.CHANGE).filter(is_active=True)
    form = HoursForm(request.POST, people=people)
    if form.is_valid():
        try:
            set_hours_aside(situation=situation, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("The workload follows."))
            return redirect("situation_detail", pk)
    return _page(request, situation, hours_form=form)
