"""Guards for views: what a signed-in person must be allowed to do before the view runs."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.permissions import may, require

View = Callable[..., HttpResponse]


def permission_required_in(area: str, act: str) -> Callable[[View], View]:
    """Answer 403 unless the person may `act` in `area` for anything at all.

    Which rows they may touch is still decided by the view's queryset (`visible_to`, `people_within`).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            require(request.user, area, act)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def permission_required_in_any(*pairs: tuple[str, str]) -> Callable[[View], View]:
    """Answer 403 unless the person may do at least one of the (area, act) pairs."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not any(may(request.user, area, act) for area, act in pairs):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def recent_sign_in_required(view: View) -> View:
    """Ask for the password again when the last sign-in is too long ago. Stands inside the permission check.

    How long counts as recent: ACCOUNT_REAUTHENTICATION_TIMEOUT, in seconds.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        # Imported late: allauth's views need the app registry.
        from allauth.account.decorators import reauthentication_required

        return reauthentication_required(view)(request, *args, **kwargs)

    return guarded
