"""Template tags of time to business: what a curve reads in words. Never a query."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planning.queries.expected_business import Line
from planning.queries.time_to_business import POINTS, OfTier, WithinDays
from territory.formats.numbers import money_text, number_text, percent_text, rounded

register = template.Library()

# A table of a curve has so many lines.
LINES = 12


@register.filter
def after_days(days: int | None) -> str:
    """After how many days; a share that no day reaches is not reached."""
    if days is None:
        return _("not reached")
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": number_text(days)}


@register.filter
def known_share(share: float | None) -> str:
    """A share; beyond the longest follow-up nobody knows it yet."""
    return _("not known yet") if share is None else percent_text(share)


@register.simple_tag
def in_table(drawn: list[WithinDays]) -> list[WithinDays]:
    """Of a curve read on the days of its picture, what its table shows."""
    return drawn[:: POINTS // LINES]


@register.simple_tag
def curve_reads(row: OfTier, shows_amount: bool) -> str:
    """A curve in a sentence."""
    what = money_text(rounded(row.amount, 0)) if shows_amount else _("the amount")
    whose = _("all prospects") if row.is_pooled or not row.tier else _("tier %(tier)s") % {"tier": row.tier}
    words = {"whose": whose, "what": what, "half": after_days(row.figures["median"])}
    known = [(days, share) for days, share in row.chances if share is not None]
    if not known:
        return _("No prospect has been followed for 30 days yet.")
    words |= {"days": known[-1][0], "share": percent_text(known[-1][1])}
    if row.figures["median"] is None:
        return _("Of %(whose)s, %(share)s brought %(what)s within %(days)s days; half have not yet.") % words
    return _("Of %(whose)s, %(share)s brought %(what)s within %(days)s days, and half after %(half)s.") % words


@register.simple_tag
def money_range(line: Line) -> str:
    """The middle 80 % of a sum: £38,000 to £52,000."""
    low, high = (money_text(rounded(value, 0)) for value in (line.low, line.high))
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


@register.simple_tag
def known_of(line: Line) -> str:
    """Of how many prospects all is known."""
    known = {"known": number_text(line.known), "all": number_text(line.prospects)}
    return known["all"] if not line.unknown else _("%(known)s of %(all)s") % known
