"""What the form pages of this room have in common."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.forms import ActionForm
from territory.conflicts import Conflict, conflict_page
from territory.toasts import toast


def form_page(
    request: HttpRequest,
    form: ActionForm,
    save: Callable[..., Any],
    *,
    back: str,
    done: str,
    draft: str,
    template: str = "accounts/form.html",
    **page: Any,
) -> HttpResponse:
    """Show a form, or save what was posted: `save` gets the form's fields.

    Refused: the form again with what was typed and why (422). Changed by somebody else meanwhile: both values (409).
    """
    if request.method == "POST" and form.is_valid():
        try:
            row = save(**form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Conflict as conflict:
            return conflict_page(request, form, conflict, back)
        else:
            toast(request, done % {"name": row}, saved=draft)
            return redirect(back or row_page(row))
    context = {"form": form, "cancel": back, "draft": draft, **page}
    return render(request, template, context, status=422 if form.errors else 200)


def row_page(row: Any) -> str:
    """The page of a person just created."""
    return reverse("person_detail", args=[row.pk])


def act_page(request: HttpRequest, act: Callable[[], Any], *, back: str, done: str, **page: Any) -> HttpResponse:
    """Ask before an act that is not taken back easily; do it when posted, or say why not."""
    if request.method == "POST":
        try:
            act()
        except ValidationError as error:
            return render(
                request, "accounts/confirm.html", {"errors": error.messages, "back": back, **page}, status=422
            )
        toast(request, done)
        return redirect(back)
    return render(request, "accounts/confirm.html", {"back": back, **page})
