"""How long it takes until prospects of each tier have brought an amount: curves side by side."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from planning.forms.amounts import AmountForm
from planning.queries import time_to_business as queries
from planning.queries.norms import sees_norm_amounts, sees_norms
from planning.views.asked import may_export
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
    norm = queries.time_to(amount) if amount else queries.time_to_business()
    context = {
        "norm": norm,
        "pictures": list(_pictures(norm)) if norm else [],
        "shows_amounts": shows_amounts,
        "form": form,
        "amount": amount,
        "may_export": may_export(request.user),
    }
    return render(request, "planning/until_it_pays/days.html", context, status=422 if form.errors else 200)


def _pictures(
    norm: queries.TimeToBusiness,
) -> Iterator[tuple[str, queries.OfTier, list[queries.WithinDays], dict[str, Any]]]:
    """Of each tier the name of its picture, its curve, that read at the days drawn, and its curve with its band before
    those of the others, which stand faint behind it; in per cent."""
    lines = [{"label": "", "stepped": True, "values": [percent(step.share) for step in steps]} for steps in norm.drawn]
    faint = [line | {"colour": "line-2", "faint": True} for line in lines] if len(lines) <= SIDE_BY_SIDE else []
    for place, (row, steps) in enumerate(zip(norm.rows, norm.drawn, strict=True)):
        own = {
            "colour": tier_colour(None if row.is_pooled else row.tier),
            "low": [percent(step.low) for step in steps],
            "high": [percent(step.high) for step in steps],
        }
        # The first lies on top.
        series = [lines[place] | own, *faint[:place], *faint[place + 1 :]]
        yield f"chart-{row.tier.pk}", row, steps, _chart(series, norm)  # type: ignore[union-attr]  # those of tiers


def _chart(series: list[dict[str, Any]], norm: queries.TimeToBusiness) -> dict[str, Any]:
    return {
        "type": "line",
        "labels": norm.scale,
        "ticks": list(norm.years),
        "x": _("days"),
        "unit": "%",
        "max": norm.highest,
        "series": series,
    }
