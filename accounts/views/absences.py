"""Absences: entered by the manager of a person or an administrator."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts.access import permission_required_in, recent_sign_in_required_of_all
from accounts.actions import absences as actions
from accounts.forms import AbsenceForm
from accounts.models import Absence, User
from accounts.permissions import Act, Area, people_within
from territory import clock
from territory.sent import sent

from .pages import act_page, form_page
from .people import form_methods

changes_absences = permission_required_in(Area.ABSENCES, Act.CHANGE)
administrators_sign_in = recent_sign_in_required_of_all(Area.ABSENCES)


def _absence(viewer: User, pk: int) -> Absence:
    """404 where the person is not seen, and where only others may change: neither says more than the other."""
    reached = people_within(viewer, Area.ABSENCES, Act.CHANGE)
    return get_object_or_404(Absence.objects.select_related("user"), pk=pk, user__in=reached)


def _back(request: HttpRequest, person: int) -> str:
    """The page of this installation that ?next= names (the calendar), else the person's."""
    asked = request.GET.get("next", "")
    if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, {request.get_host()}):
        return asked
    return reverse("person_detail", args=[person])


@form_methods
@changes_absences
@administrators_sign_in
def absence_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A person is away."""
    person = get_object_or_404(people_within(request.user, Area.ABSENCES, Act.CHANGE), pk=pk)

    def save(**fields) -> Absence:
        return actions.add_absence(actor=request.user, now=clock.now(), user=person, **fields)

    return form_page(
        request,
        AbsenceForm(sent(request)),
        save,
        back=_back(request, pk),
        done=_("Absence added"),
        draft=f"absence-of-{pk}",
        title=_("Add absence"),
        sentence=person.name,
    )


@form_methods
@changes_absences
@administrators_sign_in
def absence_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the days."""
    absence = _absence(request.user, pk)

    def save(**fields) -> Absence:
        return actions.change_absence(actor=request.user, now=clock.now(), absence=absence, **fields)

    return form_page(
        request,
        AbsenceForm(sent(request), instance=absence),
        save,
        back=_back(request, absence.user_id),
        done=_("Absence saved"),
        draft=f"absence-{pk}",
        title=_("Absence"),
        sentence=absence.user.name,
        remove=reverse("absence_delete", args=[pk]),
    )


@form_methods
@changes_absences
@administrators_sign_in
def absence_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """The person is not away after all."""
    absence = _absence(request.user, pk)
    return act_page(
        request,
        lambda: actions.remove_absence(actor=request.user, now=clock.now(), absence=absence),
        back=reverse("person_detail", args=[absence.user_id]),
        done=_("Absence removed"),
        title=_("Remove this absence of %(name)s?") % {"name": absence.user.name},
        text=_("Their capacity in these weeks goes up again. The history keeps it."),
        do=_("Remove"),
    )
