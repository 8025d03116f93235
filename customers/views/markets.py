"""What markets could bring with product lines: read by who may see amounts, noted by who may change the rules."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may, may_all, scope
from customers.actions.markets import archive_market_potential, restore_market_potential, save_market_potential
from customers.forms.catalogue import MarketPotentialForm
from customers.models import MarketPotential
from customers.queries.markets import market_potentials
from customers.views.saving import carried_out, form_page
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast


def _to_change(request: HttpRequest, pk: int) -> MarketPotential:
    """The row; 404 where the person cannot see it, 403 where the catalogue is not theirs to change."""
    row = get_object_or_404(
        MarketPotential.objects.visible_to(request.user).select_related("market", "product_line"), pk=pk
    )
    _require_change(request)
    return row


def _require_change(request: HttpRequest) -> None:
    if not may_all(request.user, Area.RULES, Act.CHANGE):
        raise PermissionDenied


def _may_export(request: HttpRequest) -> bool:
    """A market is nobody's own: its file is for who exports more than their own."""
    exported = scope(request.user, Area.EXPORT, Act.SEE)
    return (exported.everything or exported.has_teams) and may(request.user, Area.BUDGETS, Act.SEE)


@require_safe
@permission_required_in(Area.RULES, Act.SEE)
@permission_required_in(Area.AMOUNTS, Act.SEE)
def market_potential_list(request: HttpRequest) -> HttpResponse:
    """Per market and product line what holds, with what was noted before."""
    archived = "archived" in request.GET
    context = {
        "lines": market_potentials(request.user, archived=archived),
        "archived": archived,
        "may_change": may_all(request.user, Area.RULES, Act.CHANGE),
        "may_export": _may_export(request),
    }
    return render(request, "customers/market_potentials.html", context)


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.RULES, Act.CHANGE)
@permission_required_in(Area.AMOUNTS, Act.SEE)
def market_potential_create(request: HttpRequest) -> HttpResponse:
    """Note what a market could bring with a product line; the address may name both."""
    _require_change(request)
    given = {name: request.GET[name] for name in ("market", "product_line") if name in request.GET}
    return _form(request, MarketPotential(), {"noted_on": clock.company_today(), **given})


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.RULES, Act.CHANGE)
@permission_required_in(Area.AMOUNTS, Act.SEE)
def market_potential_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a row."""
    return _form(request, _to_change(request, pk), {})


def _form(request: HttpRequest, row: MarketPotential, initial: dict) -> HttpResponse:
    form = MarketPotentialForm(sent(request), instance=row, initial=initial)

    def save() -> None:
        version = form.cleaned_data.get("version")
        save_market_potential(actor=request.user, now=clock.now(), row=row, version=version, values=form.values())

    try:
        if carried_out(form, save):
            toast(request, _("Saved"))
            return redirect("market_potential_list")
    except Conflict as conflict:
        return conflict_page(request, form, conflict, reverse("market_potential_list"))
    return form_page(request, "customers/market_potential_form.html", form, row=row)


@require_POST
@permission_required_in(Area.RULES, Act.CHANGE)
@permission_required_in(Area.AMOUNTS, Act.SEE)
def market_potential_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a row away, or bring it back where the button said so."""
    row = _to_change(request, pk)
    action = restore_market_potential if "restore" in request.POST else archive_market_potential
    try:
        action(actor=request.user, now=clock.now(), row=row)
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
    else:
        toast(request, _("Saved"))
    return redirect("market_potential_list")
