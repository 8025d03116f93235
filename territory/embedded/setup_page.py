"""The first page of a new installation on one machine: who the company is and who administers it. Part of the front door.

In production there is no such page: whoever came first would own the installation. There `manage.py setup` does it.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from territory import clock
from territory.company.models import Company
from territory.embedded.first_company import Answers, check_answer, set_up
from territory.toasts import toast


def is_new() -> bool:
    """Whether this is an installation on one machine that has no company yet."""
    return not settings.PRODUCTION and Company.current() is None


class SetUpFirst:
    """Leads who wants to sign in to the first page, as long as there is nobody who could."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == reverse("account_login") and is_new():
            return redirect("setup")
        return self.get_response(request)


class SetupForm(forms.Form):
    """What `manage.py setup` asks for, held to the same checks."""

    company = forms.CharField(label=_("Company"), max_length=150)
    currency = forms.CharField(
        label=_("Currency"), max_length=3, initial="EUR", help_text=_("Three letters. All amounts are in it.")
    )
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=64, help_text=_("Such as Europe/Amsterdam: when a day begins for the company.")
    )
    admin = forms.EmailField(
        label=_("Your e-mail"), help_text=_("You become the first administrator and sign in by it.")
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters."),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for name in list(said):
            try:
                said[name] = check_answer(name, said[name])
            except ValidationError as error:
                self.add_error(name, error.messages)  # of whichever field of the company it was
        return said


@login_not_required
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Create the company and its first administrator; there is no such page once there is a company."""
    if not is_new():
        raise Http404
    form = SetupForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _created(form):
        toast(request, _t("%(company)s is set up. Sign in.") % {"company": form.cleaned_data["company"]})
        return redirect("account_login")
    return render(request, "setup.html", {"form": form}, status=422 if form.errors else 200)


def _created(form: SetupForm) -> bool:
    try:
        set_up(Answers(**form.cleaned_data), now=clock.now())
    except ValidationError as error:
        form.add_error(None, error)
    except IntegrityError:  # somebody else was first, a moment ago
        form.add_error(None, _t("This installation has a company already."))
    return form.is_valid()
