"""Signing in with e-mail and password: no sign-up, links from SITE_URL, guesses counted by address."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.invitations import post_new_password
from accounts.models import User
from territory import clock


class SignIn(DefaultAccountAdapter):
    """How allauth behaves here: an administrator adds people."""

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

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Without the host, which the client chooses: another port in it would start a new count.
        return str(credentials.get("email", "")).strip().lower()
