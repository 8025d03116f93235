"""Files of the import: templates to start from, the mapping, the rejected rows."""

import json

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.imports.errors import CouldNot
from customers.imports.kinds import KINDS
from customers.models import Import
from customers.queries.imports import explanation_row, rows_to_mend, template_rows, template_workbook
from territory import limits
from territory.formats.cells import csv_download
from territory.toasts import toast

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _attachment(content: bytes, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )


@require_safe
@permission_required_in(Area.IMPORT, Act.CHANGE)
def import_template(request: HttpRequest, kind: str, ending: str) -> HttpResponseBase:
    """A file to start from, for who may import such rows."""
    found = KINDS.get(kind)
    if found is None or ending not in ("csv", "xlsx"):
        raise Http404
    found.require(request.user)
    if ending == "xlsx":
        return _attachment(template_workbook(found), XLSX, f"{kind}.xlsx")
    return csv_download(f"{kind}.csv", template_rows(found)[0], [explanation_row(found)])


@require_safe
@permission_required_in(Area.IMPORT, Act.CHANGE)
def import_mapping_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The mapping, as the command line takes it."""
    row = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    content = json.dumps(row.mapping, ensure_ascii=False, indent=2).encode()
    return _attachment(content, "application/json", f"{row.kind}.json")


@require_safe
@permission_required_in(Area.IMPORT, Act.CHANGE)
@limits.exports
def import_rejected(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rejected rows in the file's own columns, with the reason behind: to be mended and imported again."""
    row = get_object_or_404(Import.objects.visible_to(request.user).select_related("file"), pk=pk)
    try:
        header, lines, layout = rows_to_mend(row)
    except CouldNot as error:
        toast(request, str(error), tone="danger")
        return redirect("import_detail", pk)
    how = {"delimiter": layout.delimiter, "quote": layout.quote, "encoding": layout.encoding}
    return csv_download(f"rejected-{row.kind}-{row.pk}.csv", header, lines, **how)
