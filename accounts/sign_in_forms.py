"""Forms of signing in, in the words of this product."""

import time
from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordForm
from allauth.core import context
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from territory.audit import denials
from territory.mail import outbox

# Far above what writing a mail takes, so that how long it took tells nothing.
ANSWERS_AFTER_SECONDS = 0.25

# What the library says of a proof that it does not take, and what the audit calls it.
REFUSED = {"incorrect_code": 401, "enter_current_password": 401, "too_many_login_attempts": 429}


class Proof:
    """A form of what one proves: what is refused is kept in the audit, as neither signal nor answer says it of all of them."""

    def full_clean(self: Any) -> None:
        super().full_clean()  # type: ignore[misc]
        refused = [error.code for errors in self.errors.as_data().values() for error in errors if error.code in REFUSED]
        if refused:
            denials.keep(context.request, REFUSED[refused[0]], self.user)


class ChangedPasswordForm(Proof, ChangePasswordForm):
    """A new password, for who knows the old one."""


class SignInForm(LoginForm):
    """E-mail and password, and whether to stay signed in on this device."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["remember"].label = _("Stay signed in on this device")
        for name in ("login", "password"):  # it would say the label once more
            self.fields[name].widget.attrs.pop("placeholder", None)


class ForgottenPasswordForm(ResetPasswordForm):
    """The address to which a link is sent."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["email"].widget.attrs.pop("placeholder", None)

    def save(self, request: HttpRequest, **kwargs) -> str:
        """Known address or not, the page says the same and takes as long: for a known one a mail is written besides."""
        answered_at = time.monotonic() + ANSWERS_AFTER_SECONDS
        email = super().save(request, **kwargs)
        outbox.ring()
        time.sleep(max(0.0, answered_at - time.monotonic()))
        return email
