"""Template tags of touches to a customer: numbers of touches, and lines that hold them against each other. Never a query."""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planning.queries.place_on_curve import Place
from planning.queries.touches_to_customer import OfTier, TouchesToCustomer, TypeOfWon, WithinTouches
from territory.formats.numbers import number_text, percent_text
from territory.templatetags.look import bar, icon

register = template.Library()

# A table of a curve has so many steps.
ROWS = 10
# Parts below are told otherwise than as nought.
LITTLE, LITTLE_EACH = 0.005, 0.05
# How much further than what is on it a line goes.
ROOM = 1.2


@register.filter
def touch_count(value: float) -> str:
    """A number of touches, of which a median may lie between two: 6 or 6.5."""
    return number_text(value, 0 if value == int(value) else 1)


@register.simple_tag
def share_within(row: OfTier, n: int) -> str:
    """The share that became customers within n touches; beyond what any open course has, nobody knows yet."""
    share = row.curve.share_within(n)
    return format_html('<span class="faint">{}</span>', _("not known yet")) if share is None else percent_text(share)


@register.simple_tag
def steps_told(row: OfTier, norm: TouchesToCustomer) -> list[WithinTouches]:
    """What the table of a curve tells: some ten steps, up to the first that nobody got to."""
    steps = [row.curve.within(n) for n in range(0, norm.until + 1, max(norm.until // ROWS, 1))]
    return steps[: 1 + next((place for place, step in enumerate(steps) if not step.at_risk), len(steps))]


@register.simple_tag
def finding(row: OfTier, n: int) -> str:
    """A curve in a sentence."""
    share = row.curve.share_within(n)
    words = {"tier": row.tier, "n": n, "share": percent_text(share)}
    if not row.curve.figures["courses"]:
        return _("Nobody was a prospect of tier %(tier)s yet.") % words
    if row.tier and share is None:
        return _("No prospect of tier %(tier)s has had %(n)s touches yet.") % words
    if share is None:
        return _("No prospect has had %(n)s touches yet.") % words
    if row.tier:
        return _("Of prospects of tier %(tier)s, %(share)s became customers within %(n)s touches.") % words
    return _("Of all prospects, %(share)s became customers within %(n)s touches.") % words


@register.simple_tag
def place_line(place: Place) -> str:
    """A prospect's touches as a bar, on the middle half and the median of those that became customers."""
    low, middle, high = place.curve.quartiles  # type: ignore[misc]  # a place is on a curve with wins
    whole = max(place.touches, high, 1) * ROOM
    words = ngettext(
        "%(count)s touch; of those that became customers half had by %(half)s, the middle half by %(low)s to %(high)s",
        "%(count)s touches; of those that became customers half had by %(half)s, the middle half by %(low)s to %(high)s",
        place.touches,
    )
    here, start, width, half = (f"{value / whole * 100:.1f}%" for value in (place.touches, low, high - low, middle))
    return format_html(
        '<svg class="place" height="20" role="img" aria-label="{}"><line class="place-axis" x1="0" x2="100%" y1="10" y2="10"/>'
        '<rect class="place-half" x="{}" y="3" width="{}" height="14" rx="2"/>'
        '<line class="place-made" x1="0" x2="{}" y1="10" y2="10"/><circle class="place-here" cx="{}" cy="10" r="4.5"/>'
        '<line class="place-median" x1="{}" x2="{}" y1="1" y2="19"/></svg>',
        words % {"count": place.touches, **_named(place.curve.quartiles)},
        start, width, here, here, half, half,
    )  # fmt: skip


@register.simple_tag
def quartile_line(row: OfTier, norm: TouchesToCustomer) -> str:
    """The middle half of the touches of those that became customers as a line, their median as a dot, all tiers on one scale."""
    quartiles = row.curve.quartiles
    if quartiles is None:
        return ""
    low, middle, high = (f"{min(value / norm.until, 1) * 100:.1f}%" for value in quartiles)
    words = _("Half by %(half)s touches, the middle half by %(low)s to %(high)s") % _named(quartiles)
    return format_html(
        '<svg class="place" height="16" role="img" aria-label="{}"><line class="place-axis" x1="0" x2="100%" y1="8" y2="8"/>'
        '<line class="place-made" x1="{}" x2="{}" y1="8" y2="8"/><circle class="place-here" cx="{}" cy="8" r="4.5"/></svg>',
        words, low, high, middle,
    )  # fmt: skip


@register.simple_tag
def mix_line(part: TypeOfWon) -> str:
    """A type's part of the touches in words and as a bar, and how many each customer had."""
    share = percent_text(part.share) if part.share >= LITTLE else _("under 1 %")
    each = (
        _("%(count)s each") % {"count": number_text(part.each, 1)} if part.each >= LITTLE_EACH else _("under 0.1 each")
    )
    return format_html(
        '<div><dt>{} {}</dt><dd class="num">{}</dd><dd class="num faint">{}</dd><dd class="mix-bar">{}</dd></div>',
        icon(part.touch_type.icon), part.touch_type.name, share, each, bar(part.share * 100),
    )  # fmt: skip


def _named(quartiles: Sequence[float] | None) -> dict[str, str]:
    low, half, high = quartiles or (0, 0, 0)
    return {"low": touch_count(low), "half": touch_count(half), "high": touch_count(high)}
