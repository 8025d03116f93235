"""How many touches it takes until prospects become customers, by tier: curves, shares, and the mix of types."""

from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from planning.queries.norms import sees_norms
from planning.queries.touches_to_customer import OfTier, TouchesToCustomer
from planning.queries.touches_to_customer import touches_to_customer as norm_of_touches
from planning.views.asked import may_export
from planning.views.curves import SIDE_BY_SIDE, percent, tier_colour

# A picture has so many points at most: pages stay small.
POINTS = 60


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def touches_to_customer(request):
    """The curves of the latest run side by side."""
    if not sees_norms(request.user):
        raise PermissionDenied
    norm = norm_of_touches()
    context = {
        "norm": norm,
        "pictures": [_picture(row, norm) for row in norm.rows] if norm else [],
        "may_export": may_export(request.user),
    }
    return render(request, "planning/until_it_pays/touches.html", context)


def _picture(row: OfTier, norm: TouchesToCustomer) -> dict[str, Any]:
    """A curve, what the page calls it, and up to how many touches its share is known."""
    key = f"chart-{row.tier.pk if row.tier else 'all'}"
    return {"key": key, "row": row, "known": row.curve.last_known(norm.until), "chart": _chart(row, norm)}


def _chart(shown: OfTier, norm: TouchesToCustomer) -> dict[str, Any]:
    """A tier's curve with its band, those of the others faint behind it, in per cent."""
    touches = range(0, norm.until + 1, ceil(norm.until / POINTS))
    others = [row for row in norm.rows if row != shown] if len(norm.rows) <= SIDE_BY_SIDE else []
    faint = [_line(row, touches) | {"colour": "line-2", "faint": True} for row in others]
    steps = [shown.curve.within(n) for n in touches]
    own = {
        "label": str(shown.tier or _("all")),
        "colour": tier_colour(shown.tier),
        "low": [percent(step.low) for step in steps],
        "high": [percent(step.high) for step in steps],
    }
    return {
        "type": "line",
        "labels": list(touches),
        "x": _("touches"),
        "unit": "%",
        "max": norm.highest,
        "series": [_line(shown, touches) | own, *faint],  # what comes first is drawn on top
    }


def _line(row: OfTier, touches: range) -> dict[str, Any]:
    return {"label": "", "stepped": True, "values": [percent(row.curve.share_within(n)) for n in touches]}
