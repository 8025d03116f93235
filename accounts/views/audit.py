"""The audit: who changed what and when, from what to what; and what was denied to whom."""

import datetime as dt

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.audit_form import AuditFilterForm
from accounts.permissions import Act, Area, may_all, people_within
from territory import clock
from territory.audit import events
from territory.audit.models import Denial
from territory.cursor import Cursor

DENIED_PER_PAGE = 50
sees_audit = permission_required_in(Area.AUDIT, Act.SEE)


@require_safe
@sees_audit
def audit_list(request: HttpRequest) -> HttpResponse:
    """Events newest first, by kind, person, days, or of one row. Values of areas the reader does not see whole are left out."""
    form = AuditFilterForm(request.GET, people=people_within(request.user, Area.NAMES, Act.SEE))
    after = Cursor.read(request.GET.get("after", ""))
    piece = events.piece(_asked(request, form), lambda area: may_all(request.user, area, Act.SEE), after=after)
    return render(request, "audit/list.html", {"form": form, "piece": piece, "after": after})


@require_safe
@sees_audit
def audit_denied(request: HttpRequest) -> HttpResponse:
    """Requests that were turned away, latest first."""
    form = AuditFilterForm(request.GET, people=people_within(request.user, Area.NAMES, Act.SEE))
    asked = _asked(request, form)
    rows = Denial.objects.select_related("user")
    if asked.person is not None:
        rows = rows.filter(user=asked.person)
    if asked.since is not None:
        rows = rows.filter(Q(at__gte=asked.since) | Q(last_at__gte=asked.since))
    if asked.until is not None:
        rows = rows.filter(at__lt=asked.until)
    page = Paginator(rows, DENIED_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "audit/denied.html", {"form": form, "page": page, "days_kept": settings.DENIALS_KEPT_DAYS})


def _asked(request: HttpRequest, form: AuditFilterForm) -> events.Asked:
    """What the form asks for; what is wrong in it is said there and left out."""
    form.is_valid()
    chosen = form.cleaned_data
    zone = clock.zone_of(request.user)
    first: dt.date | None = chosen.get("since")
    last: dt.date | None = chosen.get("until")
    return events.Asked(
        kind=chosen.get("kind"),
        row=chosen.get("row") if chosen.get("kind") else None,
        person=chosen["person"].pk if chosen.get("person") else None,
        by_nobody=bool(chosen.get("by_nobody")),
        since=clock.start_of_day(first, zone) if first else None,
        until=clock.end_of_day(last, zone) if last else None,
    )
