"""How long it takes until prospects of each tier have brought an amount: curves side by side."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from planning.forms.amounts import AmountForm
from planning.queries import time_to_business as norms
from planning.queries.norms import sees_norm_amounts, sees_norms
from planning.views.curves import SIDE_BY_SIDE, percent, tier_colour


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def time_to_business(request):
    """Each tier at its own amount, or all at the one of ?amount=."""
    if not sees_norms(request.user):
        raise PermissionDenied
    shows_amounts = sees_norm_amounts(request.user)
    if "amount" in request.GET and not shows_amounts:
        raise PermissionDenied
    form = AmountForm(request.GET or None)
    amount = form.cleaned_data["amount"] if form.is_valid() else None
    norm = norms.time_to(amount) if amount else norms.time_to_business()
    context = {
        "norm": norm,
        "pictures": [(f"chart-{row.tier.pk}", row, _chart(row, norm)) for row in norm.rows] if norm else [],
        "shows_amounts": shows_amounts,
        "form": form,
        "amount": amount,
        "may_export": may(request.user, Area.EXPORT, Act.SEE) and may(request.user, Area.BUDGETS, Act.SEE),
    }
    return render(request, "planning/until_it_pays/days.html", context, status=422 if form.errors else 200)


def _chart(shown: norms.OfTier, norm: norms.Norm) -> dict[str, Any]:
    """A tier's curve with its band, those of the others faint behind it, in per cent."""
    others = [row for row in norm.rows if row is not shown] if len(norm.rows) <= SIDE_BY_SIDE else []
    steps = [shown.within(days) for days in norm.scale]
    own = {
        "label": "",
        "colour": tier_colour(None if shown.is_pooled else shown.tier),
        "low": [percent(step.low) for step in steps],
        "high": [percent(step.high) for step in steps],
    }
    return {
        "type": "line",
        "labels": norm.scale,
        "ticks": list(norm.years),
        "x": _("days"),
        "unit": "%",
        "max": norm.highest,
        # The first lies on top.
        "series": [
            _line(shown, norm) | own,
            *(_line(row, norm) | {"colour": "line-2", "faint": True} for row in others),
        ],
    }


def _line(row: norms.OfTier, norm: norms.Norm) -> dict[str, Any]:
    return {"label": "", "stepped": True, "values": [percent(row.within(days).share) for days in norm.scale]}
