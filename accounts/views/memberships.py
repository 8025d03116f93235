"""Memberships of a person: an administrator's act."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import queries
from accounts.access import recent_sign_in_required
from accounts.actions import memberships as actions
from accounts.forms import MembershipCostForm, MembershipForm
from accounts.models import Membership, User
from accounts.permissions import Act, Area, people_within
from territory import clock
from territory.sent import sent

from .pages import form_page
from .people import changes_people, form_methods


def _form_for(viewer: User, person: User) -> type[MembershipForm]:
    return MembershipCostForm if queries.changes_cost_of(viewer, person) else MembershipForm


@form_methods
@changes_people
@recent_sign_in_required
def membership_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a person into a team in a role."""
    person = get_object_or_404(people_within(request.user, Area.PEOPLE, Act.CHANGE), pk=pk)

    def save(**fields) -> Membership:
        return actions.create_membership(
            actor=request.user, now=clock.now(), on=clock.company_today(), user=person, **fields
        )

    return form_page(
        request,
        _form_for(request.user, person)(sent(request), initial={"starts_on": clock.company_today()}),
        save,
        back=reverse("person_detail", args=[pk]),
        done=_("%(name)s added"),
        draft=f"membership-of-{pk}",
        title=_("Add membership"),
        sentence=person.name,
    )


@form_methods
@changes_people
@recent_sign_in_required
def membership_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change or end a membership."""
    reached = people_within(request.user, Area.PEOPLE, Act.CHANGE)
    membership = get_object_or_404(Membership.objects.select_related("user", "team", "role"), pk=pk, user__in=reached)

    def save(**fields) -> Membership:
        return actions.change_membership(
            actor=request.user, now=clock.now(), on=clock.company_today(), membership=membership, **fields
        )

    return form_page(
        request,
        _form_for(request.user, membership.user)(sent(request), instance=membership),
        save,
        back=reverse("person_detail", args=[membership.user_id]),
        done=_("%(name)s saved"),
        draft=f"membership-{pk}",
        title=_("Membership"),
        sentence=str(membership.user),
    )
