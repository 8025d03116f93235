"""Template tags of special situations. Strings only, never a query."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from planning.loaders.months import Month
from planning.queries.situations import Line
from territory.formats.days import day_text, month_text, when_text
from territory.formats.numbers import money_text
from territory.templatetags.look import badge, icon, tier_chip

register = template.Library()


@register.simple_tag
def situation_line(line: Line) -> str:
    """A row of the list: what it is about, its figures, since when, and where it stands."""
    row = line.row
    notes = [part for part in (line.words, str(row.team), row.owner.name if row.owner else "") if part]
    chip = tier_chip(row.customer.tier) if row.customer_id and row.customer.tier_id else ""
    if row.resolved_at:
        at = _("resolved %(when)s") % {"when": when_text(row.resolved_at)}
    else:
        at = _("since %(day)s") % {"day": day_text(row.opened_at)}
    return format_html(
        '<li>{} <span class="row-main"><a class="row-name" href="{}" data-panel data-beside>{}</a> {}<span class="row-note">{}</span></span>'
        '{}<span class="note nowrap">{}</span></li>',
        icon(line.kind.icon),
        reverse("situation_detail", args=[row.pk]),
        row.about,
        chip,
        "; ".join(notes),
        badge(_("Acknowledged"), "good", "check2") if not line.asks and not row.resolved_at else "",
        at,
    )


@register.filter
def as_day(text: str | None) -> str:
    """A day that stands as text in stored evidence."""
    return day_text(dt.date.fromisoformat(text)) if text else ""


# The drawing of months: its own units, as wide as the card.
WIDTH, HEIGHT, BAR = 600, 150, 0.62


@register.simple_tag
def month_bars(months: Sequence[Month]) -> str:
    """What a team won a month; of months to come an average one, outlined, and the order on top of its month, hatched: both
    futures, never anything between them."""
    top = max((row.won + row.added for row in months), default=Decimal(0)) or Decimal(1)
    step, scale = WIDTH / len(months), float(HEIGHT / top)
    bars = format_html_join("", "{}", ((_bar(row, number, step, scale),) for number, row in enumerate(months)))
    labels = format_html_join(
        "", "<tr><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
        ((month_text(row.first), money_text(row.won), money_text(row.won + row.added) if row.added else "") for row in months),
    )  # fmt: skip
    ends = [month_text(row.first) for row in (months[0], months[-1])]
    return format_html(
        '<svg class="drawn months" viewBox="0 0 {} {}" height="{}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<defs><pattern id="hatch" patternUnits="userSpaceOnUse" width="7" height="7" patternTransform="rotate(45)">'
        '<rect class="if-won" width="3.5" height="7"/></pattern></defs>{}</svg>'
        '<p class="months-ends note"><span>{}</span><span>{}</span></p>'
        '<details class="how"><summary>{}</summary><table class="list"><thead><tr><th scope="col">{}</th><th scope="col" class="num">{}'
        '</th><th scope="col" class="num">{}</th></tr></thead><tbody>{}</tbody></table></details>',
        WIDTH,
        HEIGHT,
        HEIGHT,
        _said(months),
        bars,
        *ends,
        _("Table"),
        _("Month"),
        _("Without it"),
        _("If it is won"),
        labels,
    )


def _said(months: Sequence[Month]) -> str:
    """The finding in words, for who cannot see the bars."""
    due = next((row for row in months if row.added), None)
    if due is None:
        return _("What the team won a month")
    words = {"month": month_text(due.first), "without": money_text(due.won), "with": money_text(due.won + due.added)}
    return _("What the team won a month. In %(month)s %(without)s without the order, %(with)s with it.") % words


def _bar(row: Month, number: int, step: float, scale: float) -> str:
    left, width = f"{number * step + step * (1 - BAR) / 2:.1f}", f"{step * BAR:.1f}"
    won, added = float(row.won) * scale, float(row.added) * scale
    parts = format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" vector-effect="non-scaling-stroke"/>',
        "usual" if row.to_come else "as-is",
        left,
        f"{HEIGHT - won:.1f}",
        width,
        f"{won:.1f}",
    )
    if row.added:
        parts += format_html(
            '<rect class="hatched" fill="url(#hatch)" x="{}" y="{}" width="{}" height="{}"/>',
            left,
            f"{HEIGHT - won - added:.1f}",
            width,
            f"{added:.1f}",
        )
    return parts
