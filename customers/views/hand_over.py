"""Handing somebody's customers over, and somebody leaving: a preview first, then one act."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import permission_required_in, recent_sign_in_required
from accounts.models import User
from accounts.permissions import Act, Area, people_within, scope
from customers.actions.hand_over import Changed, Done, Move, hand_over, moves
from customers.actions.leaving import first_day_without, leave
from customers.forms.hand_over import HandOverForm, LeaveForm, keys, ticked
from customers.views.saving import carried_out
from territory import clock
from territory.conflicts import Conflict
from territory.toasts import toast

# Rows drawn one by one; whoever works on more has one box for the rest, which keeps the page small.
SHOWN = 120
STAYING_SHOWN = 40

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@form_methods
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def person_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """All or selected customers of a person go to somebody else; for who reaches more than their own."""
    reached = scope(request.user, Area.CUSTOMERS, Act.CHANGE)
    if not (reached.everything or reached.has_teams):
        raise PermissionDenied
    person = get_object_or_404(people_within(request.user, Area.CUSTOMERS, Act.CHANGE), pk=pk)
    asked = request.POST if request.method == "POST" else request.GET if "to" in request.GET else None
    form = HandOverForm(request.user, person, asked or None)
    if request.method == "POST" and request.POST.get("act") != "look":
        return _hand_over(request, form, person)
    return _preview(request, "customers/hand_over.html", form, person, status=422 if form.errors else 200)


def _hand_over(request: HttpRequest, form: HandOverForm, person: User) -> HttpResponse:
    done: list[Done] = []

    def act() -> None:
        said = form.cleaned_data
        done.append(
            hand_over(
                actor=request.user, now=clock.now(), person=person, receiver=said["to"], on=said["on"],
                chosen=_chosen(request), with_orders=said["orders"],
            )
        )  # fmt: skip

    template = "customers/hand_over.html"
    try:
        if form.is_valid() and not request.POST.getlist("rows"):
            form.add_error(None, _("Tick at least one customer."))
        if carried_out(form, act):
            toast(request, _said(done[0], form.cleaned_data["to"].user))
            return redirect("person_detail", pk=person.pk)
    except (Changed, Conflict):
        return _preview(request, template, form, person, status=409, changed=True)
    return _preview(request, template, form, person, status=422)


@form_methods
@permission_required_in(Area.PEOPLE, Act.CHANGE, whole_company=True)
@recent_sign_in_required
def person_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """End a person's access at once; what they work on is handed over, ends, or stands as unstaffed."""
    person = get_object_or_404(people_within(request.user, Area.PEOPLE, Act.CHANGE), pk=pk)
    form = LeaveForm(request.user, person, request.POST or None)
    sent = request.method == "POST" and request.POST.get("act") != "look"
    if request.method == "POST" and not request.POST:
        form = LeaveForm(request.user, person, {"orders": "on"})
    # Nothing is handed over unseen.
    if sent and form.is_valid() and (not form.cleaned_data["to"] or request.POST.get("act") == "do"):
        return _leave(request, form, person)
    return _preview(request, "customers/leave.html", form, person, status=422 if form.errors else 200)


def _leave(request: HttpRequest, form: LeaveForm, person: User) -> HttpResponse:
    done: list[Done] = []
    said = form.cleaned_data

    def act() -> None:
        chosen = _chosen(request) if said["to"] else None
        done.append(
            leave(
                actor=request.user, now=clock.now(), today=clock.company_today(), person=person,
                last_day=said["last_day"], receiver=said["to"], chosen=chosen, with_orders=said["orders"],
            )
        )  # fmt: skip

    template = "customers/leave.html"
    try:
        if not carried_out(form, act):
            return _preview(request, template, form, person, status=422)
    except (Changed, Conflict):
        return _preview(request, template, form, person, status=409, changed=True)
    toast(request, _("%(name)s deactivated") % {"name": person.name})
    if done[0].customers:
        toast(request, _said(done[0], said["to"].user))
    return redirect("person_detail", pk=person.pk)


def _chosen(request: HttpRequest) -> dict[int, int]:
    found = ticked(request.POST.getlist("rows"))
    if found is None:
        raise Changed
    return found


def _preview(
    request: HttpRequest, template: str, form: Any, person: User, *, status: int = 200, changed: bool = False
) -> HttpResponse:
    """What would go, what stays and why: of customers that the reader may change."""
    said = getattr(form, "cleaned_data", {})
    today = clock.company_today()
    receiver = said.get("to")
    on = said.get("on") or first_day_without(said.get("last_day"), today)
    rows = moves(actor=request.user, person=person, receiver=receiver, on=on)
    going = [row for row in rows if not row.stays]
    first_look = request.method != "POST" or request.POST.get("seen") != str(receiver.pk if receiver else "")
    # After a change everything is as it is now; else as it was ticked.
    sent = None if first_look or changed else set(keys(request.POST.getlist("rows")))
    staying, rest = [row for row in rows if row.stays], going[SHOWN:]
    context = {
        "form": form,
        "person": person,
        "receiver": receiver,
        "on": on,
        "going": [(row, sent is None or row.key in sent) for row in going[:SHOWN]],
        "rest": rest,
        "rest_keys": " ".join(row.key for row in rest),
        "rest_ticked": sent is None or any(row.key in sent for row in rest),
        "staying": staying[:STAYING_SHOWN],
        "staying_count": len(staying),
        "staying_rest": len(staying[STAYING_SHOWN:]),
        "sums": _sums(row for row in going if sent is None or row.key in sent),
        "changed": changed,
    }
    return render(request, template, context, status=status)


def _sums(rows: Iterable[Move]) -> dict[str, int]:
    found = list(rows)
    owned = sum(row.assignment.kind != "support" for row in found)
    return {
        "customers": len({row.customer.pk for row in found}),
        "owned": owned,
        "supported": len(found) - owned,
        "planned": sum(row.planned for row in found),
        "orders": sum(row.orders for row in found),
    }


def _said(done: Done, to: User) -> str:
    if not done.customers:
        return _("Handed over to %(name)s already") % {"name": to}
    words = {"n": done.customers, "name": to}
    return (
        ngettext("%(n)s customer handed over to %(name)s", "%(n)s customers handed over to %(name)s", done.customers)
        % words
    )
