"""Imports: upload a file, map its columns, look at what would happen, have it stored, read the report."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in, require_recent_sign_in
from accounts.permissions import Act, Area
from customers import tasks
from customers.actions import imports as actions
from customers.forms.imports import AgainForm, JsonForm, MappingForm, UploadForm, ValuesForm, kinds_for
from customers.imports import jobs
from customers.imports.errors import CouldNot
from customers.imports.guessing import DATES, TIMES
from customers.imports.kinds import kind_named
from customers.imports.reading import is_workbook
from customers.imports.references import Reach
from customers.imports.words import KIND_WORDS, on_page
from customers.models import Import, ImportState, SavedMapping
from customers.queries.imports import content_of, look, unknown_words
from customers.views.saving import carried_out, form_page, to_change
from territory import clock, limits
from territory.conflicts import Conflict
from territory.sent import sent
from territory.toasts import toast

PAGE = 25
FIRST_ROWS = 4

# A file of so few rows is checked while one waits.
CHECKED_AT_ONCE = 200
SIGNED_IN_AGAIN = (Area.PEOPLE, Area.ABSENCES)

importing = permission_required_in(Area.IMPORT, Act.CHANGE)


@require_safe
@importing
def import_list(request: HttpRequest) -> HttpResponse:
    """The reader's imports (everybody's for who may import everything), their mappings, and files to start from."""
    rows = Import.objects.visible_to(request.user).select_related("author").defer("mapping", "sample")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.kind_word = KIND_WORDS[row.kind]
    kinds = [(name, KIND_WORDS[name]) for name in kinds_for(request.user)]
    saved = SavedMapping.objects.filter(author=request.user).defer("mapping")
    mappings = [(row, KIND_WORDS[row.kind]) for row in saved]
    return render(request, "customers/imports/list.html", {"page": page, "kinds": kinds, "mappings": mappings})


@require_http_methods(["GET", "POST"])
@importing
@limits.imports
def import_create(request: HttpRequest) -> HttpResponse:
    """Upload a file."""
    form = UploadForm(sent(request), request.FILES or None, user=request.user, initial=request.GET.dict())
    made: list[Import] = []

    def save() -> None:
        values = form.cleaned_data
        saved = values["saved"]
        made.append(_uploaded(request, values["kind"], values["file"], saved.mapping if saved else None))

    if carried_out(form, save):
        return redirect("import_mapping", made[0].pk)
    return form_page(request, "customers/imports/upload.html", form, most=settings.IMPORT_MOST_MB)


def _uploaded(request: HttpRequest, kind: str, file: Any, mapping: dict[str, Any] | None) -> Import:
    if file.size > settings.IMPORT_MOST_MB * actions.MEGABYTE:
        raise ValidationError({"file": _("The file is larger than %(most)d MB.") % {"most": settings.IMPORT_MOST_MB}})
    now, name = clock.now(), file.name
    return actions.upload(actor=request.user, now=now, kind=kind, file_name=name, content=file.read(), mapping=mapping)


@require_safe
@importing
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an import stands: at work, checked, or done with its report."""
    row = get_object_or_404(Import.objects.visible_to(request.user).select_related("author"), pk=pk)
    own = row.author_id == request.user.pk
    if own and row.state == ImportState.DRAFT:
        return redirect("import_mapping", pk)
    page = Paginator(row.problems.all(), PAGE).get_page(request.GET.get("page"))
    for problem in page:
        problem.reason = on_page(problem.reason)
    context = {
        "row": row,
        "problem": on_page(row.problem),
        "own": own,
        "page": page,
        "kind": KIND_WORDS[row.kind],
        "sample": _sample(row),
        "kept": actions.KEPT_FOR.days,
        "has_file": hasattr(row, "file"),
        "counts": [(name, getattr(row, name)) for name in ("created", "changed", "unchanged", "skipped", "rejected")],
    }
    return render(request, "customers/imports/detail.html", context)


def _sample(row: Import) -> dict[str, Any] | None:
    """The first rows of the file; cells that are wrong are marked, each with its reason."""
    if not row.sample:
        return None
    header = row.sample["header"]
    first = [number for number, _cells in row.sample["rows"]]
    wrong: dict[int, dict[str, str]] = {number: {} for number in first}
    for problem in row.problems.filter(row__in=first):
        wrong[problem.row].setdefault(problem.column, on_page(problem.reason))
    rows = []
    for number, cells in row.sample["rows"]:
        reasons = wrong[number]
        named = [{"text": text, "wrong": reasons.get(name, "")} for name, text in zip(header, cells, strict=False)]
        rows.append({"number": number, "cells": named, "reason": " ".join(reasons.values())})
    return {"header": header, "rows": rows}


@require_safe
@importing
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an import is; once it is done the page is shown anew."""
    row = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    if not row.is_working:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "customers/imports/progress.html", {"row": row})


@require_http_methods(["GET", "POST"])
@importing
@limits.import_steps
def import_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which column is what."""
    row = to_change(Import, request.user, pk, "author")
    if row.state in (ImportState.RUNNING, ImportState.DONE, ImportState.FAILED):
        return redirect("import_detail", pk)
    problem, header, lines = row.problem, [], []
    try:
        table = look(row)
        header, lines = table.header, table.lines[:FIRST_ROWS]
    except CouldNot as error:
        problem = str(error)
    try:
        workbook = is_workbook(content_of(row))
    except CouldNot:
        workbook = False
    kind = kind_named(row.kind)
    about = {"kind": kind, "header": header, "mapping": row.mapping, "workbook": workbook, "user": request.user}
    form = MappingForm(sent(request), initial={"version": row.version}, **about)

    def save() -> None:
        layout_before = row.mapping
        actions.set_mapping(row=row, version=form.cleaned_data["version"], mapping=form.json())
        if form.cleaned_data["name"]:
            actions.keep_mapping(row=row, name=form.cleaned_data["name"], now=clock.now())
        form.reread = _written_otherwise(layout_before, row.mapping)

    try:
        if carried_out(form, save):
            return _after_mapping(request, row, reread=form.reread)
    except Conflict:
        return _changed_meanwhile(request, row)
    context = {
        "row": row,
        "kind": KIND_WORDS[row.kind],
        "problem": on_page(problem),
        "first": [line.cells[: jobs.SAMPLE_COLUMNS] for line in lines],
        "header": header[: jobs.SAMPLE_COLUMNS],
        "date_formats": [day + time for time in TIMES[:2] for day in DATES],
    }
    return form_page(request, "customers/imports/mapping.html", form, **context)


def _written_otherwise(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the file is to be read in another way than the columns were shown."""
    unsaid = {"encoding": "utf-8", "delimiter": ",", "quote": '"', "sheet": ""}
    return any(before.get(key, usual) != after.get(key, usual) for key, usual in unsaid.items())


def _after_mapping(request: HttpRequest, row: Import, *, reread: bool = False) -> HttpResponse:
    """On to the columns as they are now read, to words the mapping does not know, or to the check."""
    if reread:
        toast(request, _("The file was read anew. Look at its columns."))
        return redirect("import_mapping", row.pk)
    try:
        if unknown_words(row):
            return redirect("import_values", row.pk)
    except CouldNot as error:
        Import.objects.filter(pk=row.pk).update(problem=str(error))
        return redirect("import_mapping", row.pk)
    return _check(request, row)


def _changed_meanwhile(request: HttpRequest, row: Import) -> HttpResponse:
    toast(request, _("This import was changed in another window. This is how it stands now."), tone="danger")
    return redirect("import_detail", row.pk)


def _check(request: HttpRequest, row: Import) -> HttpResponse:
    """Have it checked: at once where it is small, else by a worker."""
    actions.start_check(row=row, version=row.version)
    try:
        few = len(look(row).lines) <= CHECKED_AT_ONCE
    except CouldNot:
        few = True
    if few:
        jobs.go_on(row.pk)
    else:
        tasks.announce(row)
    return redirect("import_detail", row.pk)


@require_http_methods(["GET", "POST"])
@importing
@limits.import_steps
def import_values(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what words of the file stand for."""
    row = to_change(Import, request.user, pk, "author")
    try:
        words = unknown_words(row, known_too=True)
    except CouldNot as error:
        Import.objects.filter(pk=pk).update(problem=str(error))
        return redirect("import_mapping", pk)
    reach = Reach(request.user, kind_named(row.kind).area)
    form = ValuesForm(sent(request), initial={"version": row.version}, words=words, reach=reach)

    def save() -> None:
        actions.set_mapping(row=row, version=form.cleaned_data["version"], mapping=form.json(row.mapping))

    try:
        if carried_out(form, save):
            return _check(request, row)
    except Conflict:
        return _changed_meanwhile(request, row)
    return form_page(request, "customers/imports/values.html", form, row=row, kind=KIND_WORDS[row.kind])


@require_http_methods(["GET", "POST"])
@importing
@limits.import_steps
def import_json(request: HttpRequest, pk: int) -> HttpResponse:
    """The mapping as JSON: uploaded or pasted."""
    row = to_change(Import, request.user, pk, "author")
    form = JsonForm(sent(request), request.FILES or None, initial={"version": row.version})

    def save() -> None:
        actions.set_mapping(row=row, version=form.cleaned_data["version"], mapping=form.cleaned_data["mapping"])

    try:
        if carried_out(form, save):
            return redirect("import_mapping", pk)
    except Conflict:
        return _changed_meanwhile(request, row)
    return form_page(request, "customers/imports/json.html", form, row=row)


@require_POST
@importing
@limits.imports
def import_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it stored. Asked twice it is stored once."""
    row = to_change(Import, request.user, pk, "author")
    if kind_named(row.kind).area in SIGNED_IN_AGAIN:
        require_recent_sign_in(request)
    if actions.start_run(row=row, now=clock.now()):
        tasks.announce(row)
    return redirect("import_detail", pk)


@require_http_methods(["GET", "POST"])
@importing
@limits.imports
def import_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Upload the mended rows; the mapping is the same, so they are checked at once."""
    row = to_change(Import, request.user, pk, "author")
    form = AgainForm(sent(request), request.FILES or None)
    made: list[Import] = []
    if carried_out(form, lambda: made.append(_uploaded(request, row.kind, form.cleaned_data["file"], row.mapping))):
        return _after_mapping(request, made[0])
    return form_page(request, "customers/imports/again.html", form, row=row, kind=KIND_WORDS[row.kind])


@require_POST
@importing
def import_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw an import away; what it stored stays."""
    row = to_change(Import, request.user, pk)
    try:
        actions.remove(row=row)
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
        return redirect("import_detail", pk)
    toast(request, _("The import of %(file)s was removed.") % {"file": row.file_name})
    return redirect("import_list")


@require_POST
@importing
def import_mapping_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a kept mapping."""
    row = get_object_or_404(SavedMapping.objects.filter(author=request.user), pk=pk)
    row.delete()
    toast(request, _("The mapping %(name)s was removed.") % {"name": row.name})
    return redirect("import_list")
