"""Rebalancing proposals: who has too much in a week, and what a colleague could take."""

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.actions.hand_over import Changed
from planning.actions.rebalancing import RebalancingClosed, accept_rebalancing, dismiss_rebalancing
from planning.models import Rebalancing
from planning.queries.alignment import divides
from planning.queries.rebalancing import rebalancings
from territory import clock
from territory.toasts import toast


def _require_teams(request: HttpRequest) -> None:
    if not divides(request.user):
        raise PermissionDenied


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def rebalancing_list(request: HttpRequest) -> HttpResponse:
    """All that is proposed within reach, with the customers it is about and both people before and after."""
    _require_teams(request)
    return render(request, "planning/rebalancing/list.html", {"shown": rebalancings(request.user)})


def _row(request: HttpRequest, pk: int) -> Rebalancing:
    _require_teams(request)
    return get_object_or_404(Rebalancing.objects.reached_by(request.user), pk=pk)


@require_POST
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def rebalancing_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """What it is about goes to the colleague."""
    row = _row(request, pk)
    try:
        number = accept_rebalancing(proposal=row, found_at=_shown_at(request), actor=request.user, now=clock.now())
    except RebalancingClosed:
        toast(request, _("This is proposed no more."), tone="danger")
    except (Changed, ValidationError):
        toast(request, _("Something changed since this was proposed: nothing was done. Look again."), tone="danger")
    else:
        words = ngettext("%(n)s handed over", "%(n)s handed over", number)
        toast(request, words % {"n": number} if number else _("Accepted already"))
    return redirect("rebalancing_list")


def _shown_at(request: HttpRequest) -> dt.datetime:
    try:
        return parse_datetime(request.POST.get("found_at", "")) or clock.now()
    except ValueError:
        return clock.now()


@require_POST
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def rebalancing_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave it as it is."""
    try:
        dismiss_rebalancing(proposal=_row(request, pk), actor=request.user, now=clock.now())
    except RebalancingClosed:
        toast(request, _("This was accepted already."), tone="danger")
    else:
        toast(request, _("Left as it is. The same is not proposed again."))
    return redirect("rebalancing_list")
