"""Territories: who has which customers, and a division that is more even, looked at before it is accepted."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from customers.actions.hand_over import Changed
from customers.models import Customer
from customers.views.saving import carried_out
from planning.actions.alignment import FactsChanged, ProposalClosed, accept, ask_again, discard, propose
from planning.forms.alignment import AcceptForm, AlignmentForm
from planning.models import AlignmentProposal
from planning.queries.alignment import divides, moves_of, proposal_page, proposals, territory_points
from territory import clock
from territory.conflicts import Conflict
from territory.rows import among
from territory.toasts import toast


def _require_teams(request: HttpRequest) -> None:
    if not divides(request.user):
        raise PermissionDenied


def _proposal(request: HttpRequest, pk: int) -> AlignmentProposal:
    _require_teams(request)
    rows = (
        AlignmentProposal.objects.reached_by(request.user)
        .with_amounts_for(request.user)
        .select_related("team", "role", "author", "closed_by")
    )
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def territory_list(request: HttpRequest) -> HttpResponse:
    """The latest proposals, and the form that asks for another, which a worker computes."""
    _require_teams(request)
    form = AlignmentForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        row = propose(actor=request.user, now=clock.now(), wanted=form.wanted())
        return redirect("territory_detail", row.pk)
    context = {"form": form, "proposals": proposals(request.user)}
    return render(request, "planning/territories/list.html", context, status=422 if form.errors else 200)


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def territory_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Before and after, who would change hands, and the way to accept it whole or in part."""
    return _page(request, _proposal(request, pk), AcceptForm())


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def territory_map(request: HttpRequest, pk: int) -> HttpResponse:
    """Customers by person for the map, before it or after."""
    after = request.GET.get("side") != "before"
    return JsonResponse(territory_points(request.user, _proposal(request, pk), after=after))


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def territory_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that asks again until the division is there; then the whole page is loaded anew."""
    page = proposal_page(request.user, _proposal(request, pk))
    if not page.computing:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "planning/territories/progress.html", {"page": page})


def _page(
    request: HttpRequest, proposal: AlignmentProposal, form: AcceptForm, status: int = 200, ticked: Any = None
) -> HttpResponse:
    page = proposal_page(request.user, proposal, ticked)
    context = {
        "page": page,
        "proposal": proposal,
        "form": form,
        "changed": status == 409,
        "may_export": may(request.user, Area.EXPORT, Act.SEE),
    }
    return render(request, "planning/territories/detail.html", context, status=status)


@require_POST
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def territory_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Compute it once more from what is there now; or, with `stay`, another in which what is not ticked stays."""
    proposal = _proposal(request, pk)
    try:
        if "stay" in request.POST:
            other = _with_more_locked(request, proposal)
            return redirect("territory_detail", other.pk)
        ask_again(proposal=proposal, now=clock.now())
    except ProposalClosed:
        toast(request, _("A part of it was accepted already: ask for another."), tone="danger")
    return redirect("territory_detail", pk)


def _with_more_locked(request: HttpRequest, proposal: AlignmentProposal) -> AlignmentProposal:
    ticked = set(moves_of(request.POST.getlist("rows")) or ())
    page = proposal_page(request.user, proposal)
    stay = [move.customer_id for move in page.moves if move.pk not in ticked]
    locked = {**proposal.locked, "customers": sorted({*proposal.locked.get("customers", ()), *stay})}
    wanted = {
        name: getattr(proposal, name) for name in ("team", "role", "balance", "tolerance", "move_km", "connected")
    }
    return propose(actor=request.user, now=clock.now(), wanted={**wanted, "locked": locked})


@require_POST
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def territory_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """The ticked customers change hands from a day on; or, with `show`, what they come to is only looked at."""
    proposal, form = _proposal(request, pk), AcceptForm(request.POST)
    ticked = moves_of(request.POST.getlist("rows"))
    if "show" in request.POST:
        return _page(request, proposal, form, ticked=ticked)
    done: list[int] = []

    def act() -> None:
        said = form.cleaned_data
        done.append(
            accept(
                actor=request.user, now=clock.now(), proposal=proposal, moves=_within(request, proposal, ticked or []),
                seen=request.POST.get("seen", ""), on=said["on"], with_orders=said["with_orders"],
            )
        )  # fmt: skip

    try:
        if not carried_out(form, act):
            return _page(request, proposal, form, status=422, ticked=ticked)
    except ProposalClosed:
        toast(request, _("This was accepted or thrown away already."), tone="danger")
        return redirect("territory_detail", pk)
    except (FactsChanged, Changed, Conflict):
        return _page(request, _proposal(request, pk), form, status=409, ticked=ticked)
    toast(request, _said(done[0], form.cleaned_data["on"]))
    return redirect("territory_detail", pk)


def _within(request: HttpRequest, proposal: AlignmentProposal, keys: list[int]) -> list[int]:
    """Of these moves those of customers that the person may change."""
    customers = Customer.objects.editable_by(request.user).order_by().values("pk")
    return list(proposal.moves.filter(among("pk", keys), customer__in=customers).values_list("pk", flat=True))


def _said(number: int, on) -> str:
    if not number:
        return _("Accepted already")
    text = ngettext("%(n)s customer changes hands", "%(n)s customers change hands", number)
    return text % {"n": number}


@require_POST
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def territory_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the proposal away, or what is left of it."""
    try:
        discard(proposal=_proposal(request, pk), actor=request.user, now=clock.now())
    except ProposalClosed:
        toast(request, _("This was accepted or thrown away already."), tone="danger")
        return redirect("territory_detail", pk)
    toast(request, _("Thrown away. Nothing else changes hands."))
    return redirect("territory_list")
