"""Signing in with e-mail and password: no sign-up, links from SITE_URL, guesses counted by address."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts import known_devices
from accounts.access import signed_in_recently
from accounts.invitations import post_new_password
from accounts.models import User
from territory import clock
from territory.audit import denials

PROOFS = {
    "reauthenticate": _("With the password"),
    "mfa_reauthenticate": _("With a code"),
    "mfa_reauthenticate:webauthn": _("With a passkey"),
}


class SignIn(DefaultAccountAdapter):
    """How allauth behaves here: an administrator adds people."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("E-mail or password is not right.")
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL + path.replace("UID-KEY", key)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("profile")

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Through the outbox, to the address that is stored: a mail server that hangs holds up nobody."""
        post_new_password(user, now=clock.now())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Beyond so many guesses none is evaluated, and nothing but this says that one was turned away."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            denials.keep_guess(request, 429, credentials)
            raise

    def is_safe_url(self, url: str | None) -> bool:
        """Only pages of this site; what is no address at all is none of them."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts={context.request.get_host()})

    def is_reauthentication_required(self, *, app: str) -> bool:
        """One rule for everything that asks again: accounts.access."""
        return not signed_in_recently(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        methods = super().get_reauthentication_methods(user)
        return [{**method, "description": PROOFS[method["id"]]} for method in methods]

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        if user.email:
            known_devices.remember(response, user.email)
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Without the host, which the client chooses: another port in it would start a new count.
        email = str(credentials.get("email", "")).strip().lower()
        return f"{email} {known_devices.device_of(request, email)}".strip()
