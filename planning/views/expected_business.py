"""What the present prospects may bring by month, of a team, a person, a tier."""

import datetime as dt
from typing import Any

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, people_within, teams_within
from customers.models import Tier
from planning.queries.expected_business import Chosen, Expectation, expectation
from planning.queries.norms import sees_norm_amounts
from planning.views.asked import may_export, row_asked

PEOPLE_SHOWN = 20


@require_safe
@permission_required_in(Area.AMOUNTS, Act.SEE)
def expected_business(request):
    """All that the reader's amounts reach, or those of ?team=, ?person= and ?tier=."""
    chosen = Chosen(
        team=row_asked(request, "team", teams_within(request.user, Area.AMOUNTS, Act.SEE)),
        person=row_asked(request, "person", people_within(request.user, Area.AMOUNTS, Act.SEE)),
        tier=row_asked(request, "tier", Tier.objects.all()),
    )
    found = expectation(request.user, chosen)
    context = {
        "chosen": chosen,
        "found": found,
        "teams": teams_within(request.user, Area.AMOUNTS, Act.SEE).filter(archived_at__isnull=True).order_by("name"),
        "people": Paginator(found.people, PEOPLE_SHOWN).get_page(request.GET.get("page")),
        "chart": _chart(found),
        "shows_basis": sees_norm_amounts(request.user),
        "may_export": may_export(request.user),
    }
    return render(request, "planning/expected_business.html", context)


def _chart(found: Expectation) -> dict[str, Any]:
    return {
        "type": "bar",
        "labels": [
            _month(line.of, is_end=line.of in (found.months[0].of, found.months[-1].of)) for line in found.months
        ],
        "series": [
            {
                "label": _("expected"),
                "colour": "tier-c",
                "values": [round(line.mean) for line in found.months],
                "low": [round(line.low) for line in found.months],
                "high": [round(line.high) for line in found.months],
            }
        ],
    }


def _month(day: dt.date, *, is_end: bool) -> str:
    """Nov 2026, Dec, Jan 2027, Feb … Nov 2027"""
    return date_format(day, "M Y" if is_end or day.month == 1 else "M")
