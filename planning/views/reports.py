"""Every report as a file: what a screen shows, as CSV or JSON, for the rows that the reader may see."""

import datetime as dt
from decimal import Decimal, InvalidOperation

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from planning import reports
from planning.reports import Asked, Report, read_day
from planning.reports.writing import csv_text, envelope
from territory import clock, limits


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
@limits.exports
def report(request, name: str) -> HttpResponse:
    """The report `name`: ?format=csv or json, ?by=, ?as_of=, ?from=, ?to=, ?amount=, ?months=, ?of=."""
    if not may(request.user, Area.EXPORT, Act.SEE):
        raise PermissionDenied
    found = reports.find(name)
    if found is None:
        raise Http404
    try:
        asked = _asked(request, found)
    except ValueError as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain; charset=utf-8")
    if request.GET.get("format", "json") == "csv":
        response = HttpResponse(csv_text(found, asked), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{found.name}-{asked.on.isoformat()}.csv"'
        return response
    return JsonResponse(envelope(found, asked), json_dumps_params={"ensure_ascii": False})


def _asked(request, found: Report) -> Asked:
    """What the address asks for; raises ValueError with what is wrong."""
    by, of = request.GET.get("by") or None, request.GET.get("of") or None
    starts_on, ends_on = _day(request, "from"), _day(request, "to")
    amount, months = _amount(request), _months(request)
    found.check(by=by, starts_on=starts_on, ends_on=ends_on, amount=amount, months=months, of=of)
    return Asked(
        today=clock.company_today(),
        now=clock.now(),
        as_of=_day(request, "as_of"),
        starts_on=starts_on,
        ends_on=ends_on,
        by=by or (found.by[0] if found.by else None),
        reader=request.user,
        amount=amount,
        months=months,
        of=of or (found.of[0] if found.of else None),
    )


def _amount(request) -> Decimal | None:
    text = request.GET.get("amount")
    if not text:
        return None
    try:
        return Decimal(text[:30])
    except InvalidOperation as error:
        raise ValueError(_("“amount” is a sum of money above 0, such as 5000 or 12.50.")) from error


def _months(request) -> int | None:
    text = request.GET.get("months")
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else -1


def _day(request, name: str) -> dt.date | None:
    text = request.GET.get(name)
    if not text:
        return None
    try:
        return read_day(text)
    except ValueError as error:
        raise ValueError(_("“%(name)s” is a day such as 2026-06-09.") % {"name": name}) from error
