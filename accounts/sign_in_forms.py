"""Forms of signing in, in the words of this product."""

import time

from allauth.account.forms import LoginForm, ResetPasswordForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from territory.mail import outbox

# Far above what writing a mail takes, so that how long it took tells nothing.
ANSWERS_AFTER_SECONDS = 0.25


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
