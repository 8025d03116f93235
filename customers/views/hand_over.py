"""Handing somebody's customers over, and somebody leaving: a preview first, then one act."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from msgspec.structs import replace

from accounts.access import permission_required_in, recent_sign_in_required
from accounts.models import User
from accounts.permissions import Act, Area, people_within, scope
from customers import extensions
from customers.actions.foreseen import foresee
from customers.actions.hand_over import Changed, Done, hand_over
from customers.actions.leaving import first_day_without, leave
from customers.forms.hand_over import HandOverForm, LeaveForm, ticked
from customers.queries.hand_over import preview
from customers.views.saving import carried_out
from territory import clock
from territory.conflicts import Conflict
from territory.sent import sent
from territory.toasts import toast

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@form_methods
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def person_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """All or selected customers of a person go to somebody else; for who reaches more than their own."""
    reached = scope(request.user, Area.CUSTOMERS, Act.CHANGE)
    if not (reached.everything or reached.has_teams):
        raise PermissionDenied
    person = get_object_or_404(people_within(request.user, Area.CUSTOMERS, Act.CHANGE), pk=pk)
    # Asked for with somebody in the address, it shows what would go to them.
    asked = {**request.GET.dict(), "others": "on"} if "to" in request.GET else None
    form = HandOverForm(request.user, person, asked if request.method != "POST" else request.POST)
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
                chosen=_chosen(request), with_orders=said["orders"], with_others=said["others"],
            )
        )  # fmt: skip

    template = "customers/hand_over.html"
    try:
        if form.is_valid() and not (request.POST.getlist("rows") or form.cleaned_data["others"]):
            form.add_error(None, _("Tick at least one customer."))
        if form.is_valid() and not _was_shown(request, form):
            return _preview(request, template, form, person)
        if carried_out(form, act):
            toast(request, _said(done[0], form.cleaned_data["to"].user))
            return redirect("person_detail", pk=person.pk)
    except (Changed, Conflict):
        return _preview(request, template, form, person, status=409)
    return _preview(request, template, form, person, status=422)


def _was_shown(request: HttpRequest, form: Any) -> bool:
    """Whether the page that was sent showed what goes to this receiver: nothing is handed over unseen."""
    receiver = form.cleaned_data.get("to")
    return request.POST.get("seen") == str(receiver.pk if receiver else "")


@form_methods
@permission_required_in(Area.PEOPLE, Act.CHANGE, whole_company=True)
@recent_sign_in_required
def person_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """End a person's access at once; what they work on is handed over, ends, or stands as unstaffed."""
    person = get_object_or_404(people_within(request.user, Area.PEOPLE, Act.CHANGE), pk=pk)
    form = LeaveForm(request.user, person, sent(request))
    does = request.method == "POST" and request.POST.get("act") != "look"
    if does and form.is_valid() and (not form.cleaned_data["to"] or _was_shown(request, form)):
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
                with_others=said["others"],
            )
        )  # fmt: skip

    template = "customers/leave.html"
    try:
        if not carried_out(form, act):
            return _preview(request, template, form, person, status=422)
    except (Changed, Conflict):
        return _preview(request, template, form, person, status=409)
    toast(request, _("%(name)s deactivated") % {"name": person.name})
    if done[0].customers or done[0].elsewhere:
        toast(request, _said(done[0], said["to"] and said["to"].user))
    return redirect("person_detail", pk=person.pk)


def _chosen(request: HttpRequest) -> dict[int, int]:
    found = ticked(request.POST.getlist("rows"))
    if found is None:
        raise Changed
    return found


def _preview(request: HttpRequest, template: str, form: Any, person: User, *, status: int = 200) -> HttpResponse:
    """What would go, what stays and why: of customers that the reader may change; what was ticked stays ticked."""
    said = getattr(form, "cleaned_data", {})
    receiver = said.get("to")
    on = said.get("on") or first_day_without(said.get("last_day"), clock.company_today())
    first_look = request.method != "POST" or request.POST.get("seen") != str(receiver.pk if receiver else "")
    ticks = None if first_look else ticked(request.POST.getlist("rows")) or {}
    seen = foresee(actor=request.user, person=person, receiver=receiver, on=on)
    shown = preview(request.user, replace(seen, leaves=isinstance(form, LeaveForm)), ticks)
    context = {
        "form": form,
        "person": person,
        "receiver": receiver,
        "on": on,
        "preview": shown,
        "changed": status == 409,
        "panels": extensions.hand_over_parts(request, shown.seen, shown.ticked) if receiver else [],
    }
    return render(request, template, context, status=status)


def _said(done: Done, to: User | None) -> str:
    """What was handed over, in words; nothing where it was somebody's who has it already."""
    words = {"n": done.customers, "name": to}
    if done.customers:
        text = ngettext(
            "%(n)s customer handed over to %(name)s", "%(n)s customers handed over to %(name)s", done.customers
        )
        return text % words
    if done.elsewhere:
        text = ngettext(
            "%(n)s planned touch or order handed over", "%(n)s planned touches and orders handed over", done.elsewhere
        )
        return text % {"n": done.elsewhere}
    return _("Handed over to %(name)s already") % words
