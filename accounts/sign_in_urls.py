"""Addresses of signing in and of what one proves besides the password."""

from importlib import import_module

from allauth.account import views as sign_in
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, re_path
from django.views.decorators.http import require_http_methods

from accounts.views import security

# The library's views take PUT for POST: nobody asked for that.
as_form = require_http_methods(["GET", "HEAD", "POST"])


def late(name: str):
    """A view of accounts.views.second_factors, imported when it is first asked for: the start need not know cryptography."""

    def view(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        answer = getattr(import_module("accounts.views.second_factors"), name)(request, *args, **kwargs)
        if request.method == "POST" and answer.status_code == 200 and isinstance(answer, TemplateResponse):
            answer.status_code = 422  # the form again, with what was wrong; the library says 200
        return answer

    return as_form(view)


# Of the sign-in library only what is used: nobody signs up, nobody changes their own address. Names are the library's.
urlpatterns = [
    path("accounts/login/", as_form(sign_in.login), name="account_login"),
    path("accounts/login/code/", login_not_required(late("authenticate")), name="mfa_authenticate"),
    path("accounts/login/passkey/", login_not_required(late("sign_in_with_passkey")), name="mfa_login_webauthn"),
    path("accounts/logout/", as_form(sign_in.logout), name="account_logout"),
    path("accounts/inactive/", as_form(sign_in.account_inactive), name="account_inactive"),
    path("accounts/reauthenticate/", as_form(sign_in.reauthenticate), name="account_reauthenticate"),
    path("accounts/reauthenticate/code/", late("prove_with_code"), name="mfa_reauthenticate"),
    path("accounts/reauthenticate/passkey/", late("prove_with_passkey"), name="mfa_reauthenticate_webauthn"),
    path("accounts/password/change/", as_form(sign_in.password_change), name="account_change_password"),
    path("accounts/password/set/", as_form(sign_in.password_set), name="account_set_password"),
    path("accounts/password/reset/", as_form(sign_in.password_reset), name="account_reset_password"),
    path("accounts/password/reset/done/", as_form(sign_in.password_reset_done), name="account_reset_password_done"),
    path(
        "accounts/password/reset/key/done/",
        as_form(sign_in.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        as_form(sign_in.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("profile/security/", security.own_security, name="mfa_index"),
    path("profile/security/app/", late("app_on"), name="mfa_activate_totp"),
    path("profile/security/app/off/", late("app_off"), name="mfa_deactivate_totp"),
    path("profile/security/codes/", late("codes"), name="mfa_view_recovery_codes"),
    path("profile/security/codes/new/", late("new_codes"), name="mfa_generate_recovery_codes"),
    path("profile/security/codes/file/", late("codes_file"), name="mfa_download_recovery_codes"),
    path("profile/security/passkeys/add/", late("add_passkey"), name="mfa_add_webauthn"),
    path("profile/security/passkeys/<int:pk>/", late("name_passkey"), name="mfa_edit_webauthn"),
    path("profile/security/passkeys/<int:pk>/remove/", late("remove_passkey"), name="mfa_remove_webauthn"),
    path("profile/security/sessions/<int:pk>/end/", security.session_end, name="session_end"),
    path("profile/security/sessions/end/", security.other_sessions_end, name="other_sessions_end"),
]
