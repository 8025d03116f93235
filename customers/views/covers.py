"""Cover: who stands in for a person who is away. A right over the absences of whom it is about."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import permission_required_in, recent_sign_in_required_of_all
from accounts.models import Absence, Cover
from accounts.permissions import Act, Area, people_within
from accounts.views.pages import act_page
from customers.actions.covers import add_cover, change_cover, remove_cover
from customers.forms.covers import CoverForm
from customers.views.returning import way_back
from customers.views.saving import carried_out, form_page
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast

form_methods = require_http_methods(["GET", "HEAD", "POST"])
changes_absences = permission_required_in(Area.ABSENCES, Act.CHANGE)
administrators_sign_in = recent_sign_in_required_of_all(Area.ABSENCES)


@form_methods
@changes_absences
@administrators_sign_in
def cover_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody stands in for a person who is away; ?absence= gives the days."""
    person = get_object_or_404(people_within(request.user, Area.ABSENCES, Act.CHANGE), pk=pk)
    back = way_back(request, reverse("person_detail", args=[pk]))
    form = CoverForm(request.user, person, sent(request), initial=_days(person, request.GET.get("absence", "")))
    if "search" in request.POST:
        form.show_only()
    elif carried_out(form, lambda: add_cover(actor=request.user, now=clock.now(), user=person, **form.values())):
        words = {"who": form.cleaned_data["membership"].user, "name": person}
        toast(request, _("%(who)s stands in for %(name)s") % words)
        return redirect(back)
    return form_page(request, "customers/cover_form.html", form, person=person, back=back)


def _days(person, absence: str) -> dict[str, dt.date]:
    """The days of the absence that was asked for, else of the one that is or comes next."""
    rows = Absence.objects.filter(user=person, ends_on__gte=clock.company_today())
    if absence.isascii() and absence.isdecimal():
        rows = Absence.objects.filter(user=person, pk=absence[:18])
    found = rows.order_by("starts_on").first()
    return {"starts_on": found.starts_on, "ends_on": found.ends_on} if found else {}


@form_methods
@changes_absences
@administrators_sign_in
def cover_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another who covers, other days, other customers."""
    cover = _cover(request, pk)
    back = way_back(request, reverse("person_detail", args=[cover.user_id]))
    form = CoverForm(request.user, cover.user, sent(request), instance=cover)

    def save() -> None:
        version = form.cleaned_data["version"]
        change_cover(actor=request.user, now=clock.now(), cover=cover, version=version, **form.values())

    try:
        if "search" in request.POST:
            form.show_only()
        elif carried_out(form, save):
            toast(request, _("Cover saved"))
            return redirect(back)
    except Conflict as conflict:
        present = CoverForm(request.user, cover.user, instance=conflict.row)
        return conflict_page(request, form, conflict, back, present)
    return form_page(request, "customers/cover_form.html", form, person=cover.user, back=back, cover=cover)


@form_methods
@changes_absences
@administrators_sign_in
def cover_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Nobody stands in after all."""
    cover = _cover(request, pk)
    words = {"who": cover.membership.user, "name": cover.user}
    return act_page(
        request,
        lambda: remove_cover(actor=request.user, now=clock.now(), cover=cover),
        back=reverse("person_detail", args=[cover.user_id]),
        done=_("Cover removed"),
        title=_("Remove the cover of %(name)s?") % words,
        text=_("%(who)s no longer sees these customers nor is shown their touches. The history keeps it.") % words,
        do=_("Remove"),
    )


def _cover(request: HttpRequest, pk: int) -> Cover:
    reached = people_within(request.user, Area.ABSENCES, Act.CHANGE)
    return get_object_or_404(Cover.objects.select_related("user", "membership__user"), pk=pk, user__in=reached)
