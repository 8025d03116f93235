"""One's own sign-in: second factor, passkeys, sessions. And taking the second factor from somebody who lost it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import second_factor, sessions
from accounts.access import recent_sign_in_required
from accounts.actions import second_factors as actions
from accounts.actions.people import end_sessions
from accounts.models import Authenticator
from accounts.permissions import Act, Area, people_within
from territory import clock
from territory.toasts import toast

from .pages import act_page
from .people import changes_people, form_methods


@require_safe
def own_security(request: HttpRequest) -> HttpResponse:
    """What one proves besides the password, and where one is signed in."""
    factors = list(Authenticator.objects.filter(user=request.user).order_by("created_at", "pk"))
    by_type = {row.type: row for row in factors}
    codes = by_type.get(Authenticator.Type.RECOVERY_CODES)
    mine, here = sessions.sessions_of(request.user, now=clock.now()), request.session.session_key
    context = {
        "app": by_type.get(Authenticator.Type.TOTP),
        "passkeys": [row for row in factors if row.type == Authenticator.Type.WEBAUTHN],
        "has_codes": codes is not None,
        "codes_left": second_factor.codes_left(codes) if codes else 0,
        "required": second_factor.is_required(request.user),
        "first": getattr(request, "second_factor_first", False),
        "sessions": sorted(mine, key=lambda row: row.session_id != here),
        "here": here,
    }
    return render(request, "mfa/index.html", context)


@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign another session of one's own out; this one has its own button."""
    others = sessions.sessions_of(request.user, now=clock.now()).exclude(session_id=request.session.session_key)
    sessions.end(get_object_or_404(others, pk=pk))
    toast(request, _("Signed out there"))
    return redirect("mfa_index")


@require_POST
def other_sessions_end(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    number = end_sessions(person=request.user, now=clock.now(), except_key=request.session.session_key)
    toast(request, ngettext("%(n)s session signed out", "%(n)s sessions signed out", number) % {"n": number})
    return redirect("mfa_index")


@form_methods
@changes_people
@recent_sign_in_required
def person_second_factor_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the second factor from somebody who lost it."""
    person = get_object_or_404(people_within(request.user, Area.PEOPLE, Act.CHANGE), pk=pk)
    return act_page(
        request,
        lambda: actions.reset_second_factor(actor=request.user, now=clock.now(), person=person),
        back=reverse("person_detail", args=[pk]),
        done=_("Second factor of %(name)s taken away") % {"name": person.name},
        title=_("Take the second factor of %(name)s away?") % {"name": person.name},
        text=_(
            "For who lost phone and recovery codes. Authenticator app, codes and passkeys stop working, every session ends, and a "
            "mail says so. Be sure that it is them who ask: call back on a number you know."
        ),
        do=_("Take away"),
    )
