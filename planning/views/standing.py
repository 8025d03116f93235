"""Where we stand: counts and their trend, movements, and what else a manager looks at, a card each."""

import datetime as dt
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.models import Stage, Tier
from planning.engine.months import last_day_of, month_after, month_before
from planning.queries import standing_page as page
from planning.queries.managers_week import leads
from planning.queries.standing import DIMENSIONS
from planning.queries.standing_moves import Move, stage_moves, tier_moves
from planning.reports.definition import read_day
from planning.standing_cards import cards_for
from planning.views.asked import may_export
from territory import clock
from territory.together import answer

MONTHS = (12, 24)
LINES_SHOWN, MOVED_SHOWN = 30, 40

COLOURS = {"prospect": "c2", "customer": "accent", "lapsed": "c3", "lost": "c4"}


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def standing(request):
    """The front page: what a manager answers at a glance."""
    window = page.Window.of(request.user, page.YEAR)
    trend = answer(page.trend_of(window))
    context = {"trend": trend, "tiles": trend.tiles, "cards": cards_for(request.user), "leads": leads(request.user)}
    return render(request, "planning/standing/front.html", context)


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def standing_counts(request):
    """By tier, team, market or person (?by=), the trend of all or of one (?of=) over 12 or 24 months, and movements."""
    by = request.GET.get("by") if request.GET.get("by") in DIMENSIONS else DIMENSIONS[0]
    months = 24 if request.GET.get("months") == "24" else 12
    window = page.Window.of(request.user, months)
    try:
        counts = answer(page.counts_of(window, by, request.GET.get("of", "")))
    except LookupError as error:
        raise Http404 from error
    context = {
        "counts": counts,
        "lines": Paginator(counts.lines, LINES_SHOWN).get_page(request.GET.get("page")),
        "by": by,
        "months": months,
        "offered_months": MONTHS,
        "dimensions": [("tier", _("Tier")), ("team", _("Team")), ("market", _("Market")), ("person", _("Person"))],
        "stages": list(page.NAMES.values()),
        "moves": list(Move),
        "chart": _trend_chart(counts.trend),
        "moves_chart": _moves_chart(counts.moves),
        "may_export": may_export(request.user),
    }
    return render(request, "planning/standing/counts.html", context)


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def standing_counts_moved(request):
    """Who did ?move= (first: became customers) in ?month= (first: the present one), the latest first."""
    window, zone = page.Window.of(request.user, 1), clock.company_zone()
    first = _month_asked(request.GET.get("month", ""), window.months[-1])
    move = Move(request.GET["move"]) if request.GET.get("move") in Move.values else Move.WON
    rows: QuerySet
    if move.is_of_tiers:
        rows = tier_moves(window.hanging, first, last_day_of(first), move).order_by("-starts_on", "-pk")
        names = dict(Tier.objects.values_list("position", "name"))
    else:
        since, until = clock.start_of_day(first, zone), clock.end_of_day(last_day_of(first), zone)
        rows = stage_moves(window.hanging, since, until, move).order_by("-began_at", "-pk")
        names = dict(Stage.choices)
    rows = rows.select_related("customer__tier", "customer__team")
    context = {
        "page": Paginator(rows, MOVED_SHOWN).get_page(request.GET.get("page")),
        "month": first,
        "move": move,
        "moves": list(Move),
        "names": names,
        "before": month_before(first),
        "after": month_after(first) if first < window.months[-1] else None,
    }
    return render(request, "planning/standing/moved.html", context)


def _month_asked(text: str, present: dt.date) -> dt.date:
    """A month written as 2026-05; 404 for what is none, and for one to come."""
    if not text:
        return present
    try:
        month = read_day(f"{text}-01")
    except ValueError as error:
        raise Http404 from error
    if month > present:
        raise Http404
    return month


def _month(day: dt.date, *, is_end: bool) -> str:
    """Nov 2025, Dec, Jan 2026, Feb …"""
    return date_format(day, "M Y" if is_end or day.month == 1 else "M")


def _labels(months: list[dt.date]) -> list[str]:
    return [_month(month, is_end=month in (months[0], months[-1])) for month in months]


def _trend_chart(trend: page.Trend) -> dict[str, Any]:
    return {
        "type": "line",
        "labels": _labels(list(trend.months)),
        "series": [
            {"label": str(page.NAMES[stage]), "values": trend.of(stage), "colour": COLOURS[stage]}
            for stage in page.STAGES
        ],
    }


def _moves_chart(moves: list[page.Moved]) -> dict[str, Any]:
    months = moves[::-1]
    shown = ((Move.WON, "accent"), (Move.BACK, "tier-c"), (Move.LAPSED, "c3"), (Move.LOST, "c4"))
    return {
        "type": "bar",
        "labels": _labels([row.month for row in months]),
        "series": [
            {"label": str(move.label), "values": [row.counts.get(move, 0) for row in months], "colour": colour}
            for move, colour in shown
        ],
    }
