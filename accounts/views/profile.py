"""One's own profile."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import queries
from accounts.actions import people as actions
from accounts.forms import ProfileForm
from accounts.models import User
from territory import clock
from territory.sent import sent

from .pages import form_page
from .people import form_methods


@form_methods
def profile(request: HttpRequest) -> HttpResponse:
    """Zone, formats and base; password by a page of its own. Name and address are an administrator's to change."""
    person = User.objects.get(pk=request.user.pk)

    def save(**fields) -> User:
        return actions.change_profile(actor=person, now=clock.now(), **fields)

    return form_page(
        request,
        ProfileForm(sent(request), instance=User.objects.get(pk=person.pk)),
        save,
        back=reverse("profile"),
        done=_("Profile saved"),
        draft=f"profile-{person.pk}",
        title=_("My profile"),
        template="accounts/profile.html",
        me=person,
        memberships=queries.memberships_by_time(person, clock.company_today()).current,
    )
