"""Template tags of "Where we stand": its pages as tabs, differences, small trends. Strings only, never a query."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from customers.models import TierPeriod
from planning.queries.standing_moves import Move
from planning.queries.standing_page import Line
from planning.standing_screens import TABS
from territory.formats.numbers import number_text, percent_text
from territory.links import link_to, links_of
from territory.templatetags.look import before_after, tier_chip
from territory.templatetags.territory import short_date

register = template.Library()

WIDTH, HEIGHT = 88, 24


@register.simple_tag(takes_context=True)
def standing_tabs(context: dict) -> str:
    """The pages that the reader may open, the present one marked; a page belongs to the tab whose name its own begins with."""
    request = context["request"]
    here = getattr(request.resolver_match, "url_name", "")
    marked = max((tab.url_name for tab in TABS if here.startswith(tab.url_name)), key=len, default="")
    links = (
        (link_to(tab.url_name), mark_safe(' aria-current="page"') if tab.url_name == marked else "", tab.label)
        for tab in TABS
        if tab.meant(request.user)
    )
    return format_html(
        '<nav class="tabs" aria-label="{}">{}</nav>',
        _("Where we stand"),
        format_html_join("", '<a href="{}"{}>{}</a>', links),
    )


@register.filter
def signed(number: int | None) -> str:
    """A difference with its sign: +3, −2, ±0."""
    if number is None:
        return ""
    return f"{'+' if number > 0 else '−' if number < 0 else '±'}{number_text(abs(number))}"


@register.simple_tag
def spark(values: Sequence[int], label: str = "") -> str:
    """A small trend, the last value as a dot; read out as its label."""
    low, high = min(values), max(values)
    height = (high - low) or 1
    step = (WIDTH - 8) / max(len(values) - 1, 1)
    points = [
        (4 + place * step, HEIGHT - 4 - (value - low) / height * (HEIGHT - 8)) for place, value in enumerate(values)
    ]
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}"><polyline points="{}"/><circle cx="{}" cy="{}" r="2.5"/></svg>',
        WIDTH,
        HEIGHT,
        label,
        " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        f"{points[-1][0]:.1f}",
        f"{points[-1][1]:.1f}",
    )


@register.simple_tag
def standing_name(line: Line, by: str) -> str:
    """What a line is about: a tier's chip, a name, or that there is none."""
    if line.of is None:
        return NONE[by]() if line.key is None else ""
    return tier_chip(line.of) if by == "tier" else line.of.name


NONE: dict[str, Callable[[], str]] = {
    "tier": lambda: _("no tier"),
    "team": lambda: _("no team"),
    "market": lambda: _("no market"),
    "person": lambda: _("nobody's"),
}


@register.simple_tag
def count_cell(number: int, change: int) -> str:
    """How many now, and the difference to the end of last month where there is one."""
    note = format_html('<span class="row-note">{}</span>', signed(change)) if change else ""
    return format_html('<td class="num">{}{}</td>', number_text(number), note)


@register.simple_tag
def moved_cell(month: dt.date, move: Move, number: int) -> str:
    """How many moved; who they were is a link away."""
    if not number:
        return mark_safe('<td class="num faint">0</td>')
    url = link_to("standing_counts_moved")
    return format_html(
        '<td class="num"><a href="{}?month={}&amp;move={}">{}</a></td>',
        url,
        f"{month:%Y-%m}",
        move.value,
        number_text(number),
    )


@register.simple_tag
def moved_row(row: Any, names: Mapping[Any, str]) -> str:
    """A customer that moved: from what to what, why where that is known, and when. `names`: of stages, or of tiers by place."""
    of_tier = isinstance(row, TierPeriod)
    before = names.get(row.place_before if of_tier else row.before)
    after = row.tier.name if of_tier else names[row.stage]
    cause = "" if of_tier else row.cause
    return format_html(
        '<tr><td>{} <a class="row-name" href="{}">{}</a></td><td class="wide second">{}</td><td>{}{}</td><td class="num">{}</td></tr>',
        tier_chip(row.customer.tier),
        links_of("customer_detail")(row.customer_id),
        row.customer.name,
        row.customer.team.name,
        before_after(before, after) if before else format_html("<b>{}</b>", after),
        format_html('<span class="row-note">{}</span>', cause) if cause else "",
        short_date(row.starts_on if of_tier else row.began_at),
    )


@register.simple_tag
def load_of(load: float | None, band: str) -> str:
    """A load in per cent of capacity in the colour of its band; nobody there: away."""
    text = _("away") if load is None else percent_text(load)
    return format_html('<td class="num"><span class="load load-inline band-{}">{}</span></td>', band, text)
