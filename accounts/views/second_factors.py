"""Turning an authenticator app, recovery codes and passkeys on and off, and signing in with them.

The library's views with pages of our own; imported late (accounts.sign_in_urls), as they bring cryptography along.
"""

from typing import Any

import structlog
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, view_recovery_codes
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    EditWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django import forms
from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import second_factor
from accounts.access import recent_sign_in_required
from accounts.models import Authenticator
from accounts.sign_in_forms import Proof
from territory import clock
from territory.toasts import toast

__all__ = [
    "add_passkey", "app_off", "app_on", "authenticate", "codes", "codes_file", "name_passkey", "new_codes", "prove_with_code",
    "prove_with_passkey", "remove_passkey", "sign_in_with_passkey",
]  # fmt: skip

logger = structlog.get_logger(__name__)
OWN_SECURITY = reverse_lazy("mfa_index")
NAME_LENGTH = 60

app_on = never_cache(activate_totp)
app_off = deactivate_totp
codes = never_cache(view_recovery_codes)


def _name_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Name"),
        max_length=NAME_LENGTH,
        help_text=gettext_lazy("So that you tell it from others: the device that keeps it."),
    )


class Careful:
    """A form of what a browser answers, which may be anything: whatever the library stumbles over is no passkey."""

    def full_clean(self: Any) -> None:
        try:
            super().full_clean()  # type: ignore[misc]
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001  key, type, value, encoding, signature: it raises them all
            logger.info("no passkey", error=type(error).__name__)
            self.data = {**self.data.dict(), "credential": ""}  # nor is it shown again
            self.add_error("credential", get_adapter().validation_error("incorrect_code"))


class SignInForm(Proof, Careful, LoginWebAuthnForm):
    pass


class SecondFactorForm(Proof, Careful, AuthenticateWebAuthnForm):
    pass


class ProofForm(Proof, Careful, ReauthenticateWebAuthnForm):
    pass


class CodeForm(Proof, AuthenticateForm):
    pass


class CodeProofForm(Proof, ReauthenticateForm):
    pass


class PasskeyForm(Careful, AddWebAuthnForm):
    """A passkey and what it is called. It always checks who holds it (finger, face, PIN), so that it stands for both factors."""

    name = _name_field()
    passwordless = None

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["passwordless"] = True
        return super().clean()


class SignInWithPasskey(LoginWebAuthnView):
    form_class = SignInForm


class Authenticate(AuthenticateView):
    form_class = CodeForm
    webauthn_form_class = SecondFactorForm


class ProveWithCode(ReauthenticateView):
    form_class = CodeProofForm


class AddPasskey(AddWebAuthnView):
    form_class = PasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"options": auth.begin_registration(self.request.user, passwordless=True)}


class PasskeyNameForm(EditWebAuthnForm):
    name = _name_field()


class NamePasskey(EditWebAuthnView):
    form_class = PasskeyNameForm
    success_url = OWN_SECURITY


class RemovePasskey(RemoveWebAuthnView):
    success_url = OWN_SECURITY


class ProveWithPasskey(ReauthenticateWebAuthnView):
    form_class = ProofForm

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        """To the same page anew: each try needs another challenge."""
        for error in form.errors.get("credential", []):
            toast(self.request, error, tone="danger")
        return redirect(self.passthrough_next_url(self.request.path))


class NewCodes(GenerateRecoveryCodesView):
    def form_valid(self, form: forms.Form) -> HttpResponse:
        with transaction.atomic():
            response = super().form_valid(form)
            second_factor.tell(self.request.user, "codes", now=clock.now())
        return response


authenticate = Authenticate.as_view()
sign_in_with_passkey = never_cache(SignInWithPasskey.as_view())
add_passkey = never_cache(AddPasskey.as_view())
name_passkey = NamePasskey.as_view()
remove_passkey = RemovePasskey.as_view()
prove_with_code = ProveWithCode.as_view()
prove_with_passkey = never_cache(ProveWithPasskey.as_view())
new_codes = NewCodes.as_view()


@require_POST
@never_cache
@recent_sign_in_required
def codes_file(request: HttpRequest) -> HttpResponse:
    """The codes as a file, for who has just been shown them: the page sends all of them along."""
    row = get_object_or_404(Authenticator, user=request.user, type=Authenticator.Type.RECOVERY_CODES)
    # All or none: a part of them would tell whether a guess is right.
    if request.POST.getlist("code") != row.wrap().get_unused_codes():
        raise Http404
    lines = [
        _("Recovery codes of %(email)s. Each works once.") % {"email": request.user.email},
        "",
        *request.POST.getlist("code"),
    ]
    disposition = {"Content-Disposition": 'attachment; filename="recovery-codes.txt"'}
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8", headers=disposition)
