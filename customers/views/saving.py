"""What the views of forms have in common: the row to change, the action, the page that shows what was wrong."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

Row = TypeVar("Row", bound=Model)


def to_change(model: type[Row], user, pk: int, *related: str) -> Row:
    """The row, for a change: 404 where the person cannot see it, 403 where they can but may not change it."""
    row = get_object_or_404(model._default_manager.visible_to(user).select_related(*related), pk=pk)  # type: ignore[attr-defined]
    if not model._default_manager.editable_by(user).filter(pk=pk).exists():  # type: ignore[attr-defined]
        raise PermissionDenied
    return row


def carried_out(form: forms.BaseForm, action: Callable[[], Any]) -> bool:
    """Whether the form was right and the action done; broken rules become errors of the form, at their fields."""
    if not form.is_valid():
        return False
    try:
        action()
    except ValidationError as error:
        add_errors(form, error)
        return False
    return True


def add_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """An action's errors at the fields of the form; those of fields that it does not have stand above all."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


def form_page(request: HttpRequest, template: str, form: forms.BaseForm, **context: Any) -> HttpResponse:
    """The form's page; 422 when what was sent is wrong, so that nothing takes it for saved."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)
