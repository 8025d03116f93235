"""Template tags of open orders held against the normal sale: figures, lines and what is unusual, in words. Never a query."""

import math
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planning.engine.crossed_effects import OF_EVERYONE, OWN
from planning.models import SaleMeasure
from planning.queries.against_normal import Held, Moves, OpenOrder
from territory.formats.numbers import money_text, number_text

register = template.Library()

# How much further than what is on it a line goes.
ROOM = 1.1


def _figure(measure: SaleMeasure, value: float) -> str:
    """Days as whole numbers, touches with a decimal below 10 where they have one, money as whole amounts."""
    if measure in (SaleMeasure.COST, SaleMeasure.AMOUNT):
        return money_text(Decimal(round(value)))
    if measure == SaleMeasure.TOUCHES and round(value, 1) != round(value) and value < 10:
        return number_text(value, 1)
    return number_text(value)


@register.filter
def held_now(held: Held) -> str:
    """Where an order is; not known yet: a dash."""
    return "–" if held.now is None else _figure(held.measure, held.now)


@register.filter
def held_expected(held: Held) -> str:
    """What half of such sales stay below."""
    return _figure(held.measure, held.expected.value)


@register.filter
def held_range(held: Held) -> str:
    """What the middle 80 % of such sales come to: 34 to 80."""
    low, high = (_figure(held.measure, value) for value in (held.expected.low, held.expected.high))
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


@register.filter
def unusual_words(held: Held) -> str:
    """What is out of the ordinary about a measure, with the figure it is held against."""
    # Days are whole: what had closed by 36.6 had closed by 36.
    high = math.floor(held.expected.high) if held.measure == SaleMeasure.DAYS else held.expected.high
    now, most, least = (_figure(held.measure, value) for value in (held.now or 0, high, held.expected.low))
    words = {"now": now, "most": most, "least": least}
    match held.measure:
        case SaleMeasure.DAYS:
            text = ngettext(
                "Open %(now)s day: nine of ten such sales that were won had closed by %(most)s.",
                "Open %(now)s days: nine of ten such sales that were won had closed by %(most)s.",
                round(held.now or 0),
            )
            return text % words
        case SaleMeasure.TOUCHES:
            text = ngettext(
                "%(now)s touch: nine of ten such sales took no more than %(most)s.",
                "%(now)s touches: nine of ten such sales took no more than %(most)s.",
                round(held.now or 0),
            )
            return text % words
        case SaleMeasure.COST:
            return _("It cost %(now)s so far: nine of ten such sales cost no more than %(most)s.") % words
    if held.is_above:
        return _("Its amount of %(now)s is large: nine of ten such sales bring no more than %(most)s.") % words
    return _("Its amount of %(now)s is small: nine of ten such sales bring more than %(least)s.") % words


@register.simple_tag
def held_line(held: Held) -> SafeString:
    """Where an order is, as a dot on the middle 80 % and the median of such sales."""
    low, middle, high = held.expected.low, held.expected.value, held.expected.high
    whole = max(high, held.now or 0, 1) * ROOM
    start, width, half = (f"{value / whole * 100:.1f}%" for value in (low, high - low, middle))
    here = "" if held.now is None else _dot(held, f"{held.now / whole * 100:.1f}%")
    return format_html(
        '<svg class="place" height="20" aria-hidden="true"><line class="place-axis" x1="0" x2="100%" y1="10" y2="10"/>'
        '<rect class="place-half" x="{}" y="3" width="{}" height="14" rx="2"/>'
        '<line class="place-median" x1="{}" x2="{}" y1="1" y2="19"/>{}</svg>',
        start, width, half, half, here,
    )  # fmt: skip


def _dot(held: Held, at: str) -> SafeString:
    unusual = " is-unusual" if held.is_above or held.is_below else ""
    return format_html('<circle class="place-here{}" cx="{}" cy="10" r="4.5"/>', unusual, at)


@register.filter
def moves_name(moves: Moves) -> str:
    """What moves it: this customer, this salesperson, its market, budget freeze."""
    return moves.name or capfirst(str(moves.kind.label))


@register.filter
def normal_basis(held: Held) -> str:
    """Of which sales the normal one is."""
    normal = held.expected.normal
    words = {"n": number_text(normal.sales)}
    if normal.basis == OWN:
        return (
            ngettext(
                "Normal for its type and tier (%(n)s sale)", "Normal for its type and tier (%(n)s sales)", normal.sales
            )
            % words
        )
    if normal.basis == OF_EVERYONE:
        return ngettext("Normal for everyone (%(n)s sale)", "Normal for everyone (%(n)s sales)", normal.sales) % words
    return ngettext("Normal for its type (%(n)s sale)", "Normal for its type (%(n)s sales)", normal.sales) % words


@register.simple_tag
def normal_days(order: OpenOrder) -> str:
    """The normal sale that its days are held against."""
    return _figure(SaleMeasure.DAYS, order.days.expected.normal_value) if order.days else ""


@register.simple_tag
def open_words(order: OpenOrder) -> str:
    """How long it has been open, and what one expects: open 96 days, expected 62 (34 to 80)."""
    days = order.days
    if days is None or days.now is None:
        return _("Its opening is not known.")
    words = {"now": held_now(days), "expected": held_expected(days), "range": held_range(days)}
    text = ngettext(
        "Open %(now)s day; such sales close after %(expected)s, eight of ten after %(range)s.",
        "Open %(now)s days; such sales close after %(expected)s, eight of ten after %(range)s.",
        round(days.now),
    )
    return text % words
