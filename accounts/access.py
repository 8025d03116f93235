"""Guards for views: what a signed-in person must be allowed to do before the view runs."""

import time
from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.permissions import Act, may_all, require

View = Callable[..., HttpResponse]


def permission_required_in(area: str, act: str, *, whole_company: bool = False) -> Callable[[View], View]:
    """Answer 403 unless the person may `act` in `area` for anything at all (`whole_company`: for everything).

    Which rows they may touch is still decided by the view's queryset (`visible_to`, `people_within`).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if whole_company and not may_all(request.user, area, act):
                raise PermissionDenied
            require(request.user, area, act)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def recent_sign_in_required(view: View) -> View:
    """Ask who they are again when they last proved it longer ago than ACCOUNT_REAUTHENTICATION_TIMEOUT (seconds).

    Stands inside the permission check. What was posted is kept and done afterwards.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        require_recent_sign_in(request)
        return view(request, *args, **kwargs)

    return guarded


def recent_sign_in_required_of_all(area: str) -> Callable[[View], View]:
    """The same, but only of who may change `area` for the whole company: an administrator, not a team's manager."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if may_all(request.user, area, Act.CHANGE):
                require_recent_sign_in(request)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def require_recent_sign_in(request: HttpRequest) -> None:
    """Ask for a proof again where it was given too long ago; for views that know only inside whether they must."""
    from allauth.core.exceptions import ReauthenticationRequired  # late: allauth needs the app registry

    if not signed_in_recently(request):
        raise ReauthenticationRequired


def signed_in_recently(request: HttpRequest) -> bool:
    """Whether password, authenticator app, recovery code or passkey was given ACCOUNT_REAUTHENTICATION_TIMEOUT ago at most."""
    from allauth.account import app_settings  # late: allauth needs the app registry
    from allauth.account.authentication import get_authentication_records

    times = [record["at"] for record in get_authentication_records(request, request.user)]
    return bool(times) and time.time() - max(times) <= app_settings.REAUTHENTICATION_TIMEOUT
