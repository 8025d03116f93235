"""Pages of files that are brought in as a whole: upload, how far it is, what counts now; for rooms above, too."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers import tasks
from customers.data_files import KINDS, bring_in, bring_in_shipped
from customers.forms.places import DataFileForm
from customers.models import DataFile, DataFileState
from customers.views.saving import carried_out, form_page
from territory import clock, limits
from territory.sent import sent
from territory.toasts import toast

LATEST = 10

setting_rules = permission_required_in(Area.RULES, Act.CHANGE)


def data_file_page(
    request: HttpRequest, kind: str, template: str, form_class: type[forms.Form] = DataFileForm, **context: Any
) -> HttpResponse:
    """The files of a kind, and a form for another; what is uploaded is stored by a worker."""
    form = form_class(sent(request), request.FILES or None)

    def save() -> None:
        options = {name: form.cleaned_data[name] for name in KINDS[kind].options}
        file = form.cleaned_data["file"]
        tasks.announce_file(
            bring_in(kind=kind, file=file, actor=request.user, now=clock.now(), options=options)  # type: ignore[arg-type]
        )

    if carried_out(form, save):
        return redirect(request.path)
    files = list(DataFile.objects.filter(kind=kind).select_related("author")[:LATEST])
    in_use = next((row for row in files if row.state == DataFileState.IN_USE), None)
    in_use = in_use or DataFile.objects.filter(kind=kind, state=DataFileState.IN_USE).select_related("author").first()
    about = {"files": files, "in_use": in_use, "most": settings.IMPORT_MOST_MB, **context}
    return form_page(request, template, form, **about)


@require_http_methods(["GET", "HEAD", "POST"])
@setting_rules
@limits.imports
def town_files(request: HttpRequest) -> HttpResponse:
    """Which towns are known, and others to bring in."""
    return data_file_page(request, "towns", "customers/places/towns.html")


@require_POST
@setting_rules
@limits.imports
def town_files_shipped(request: HttpRequest) -> HttpResponse:
    """Take the towns that come with the product."""
    try:
        tasks.announce_file(bring_in_shipped(actor=request.user, now=clock.now()))  # type: ignore[arg-type]
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
    return redirect("town_files")


@require_safe
@setting_rules
def data_file_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a file is; once it is done the page is shown anew."""
    row = get_object_or_404(DataFile, pk=pk)
    if not row.is_working:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "customers/places/progress.html", {"row": row})
