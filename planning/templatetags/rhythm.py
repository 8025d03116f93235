"""Template tags of rhythm: what evidence says of a contact rule, in words with figures."""

from django import template
from django.utils.translation import gettext as _

from planning.engine.suggested_rhythm import FEWEST_WINS, Band, Suggestion, Verdict
from planning.models import ContactRule, Period, ValueStage
from territory.formats.numbers import number_text, percent_text

register = template.Library()


@register.filter
def band_words(band: Band) -> str:
    """Days between touches: up to 3 days, 3 to 10 days, more than 135 days."""
    if band.ends is None:
        return _("more than %(days)s days") % {"days": number_text(band.starts)}
    if not band.starts:
        return _("up to %(days)s days") % {"days": number_text(band.ends)}
    return _("%(first)s to %(last)s days") % {"first": number_text(band.starts), "last": number_text(band.ends)}


@register.filter
def interval_words(band: Band) -> str:
    """The 80 % interval of the share won: 27 to 36."""
    low, high = (number_text(end * 100) for end in (band.low, band.high))
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def share_words(band: Band) -> str:
    """The share won with its interval: 31 % (27 to 36)."""
    return f"{percent_text(band.share)} ({interval_words(band)})"


@register.filter
def suggested_rule(suggestion: Suggestion) -> str:
    """How often: 2 a month."""
    return _("%(count)s a %(period)s") % {"count": suggestion.count, "period": Period(suggestion.period).label}


@register.simple_tag
def suggestion_reason(rule: ContactRule, suggestion: Suggestion) -> str:
    """Why this is suggested, or why nothing is."""
    own, best = suggestion.own, suggestion.best
    if suggestion.verdict == Verdict.TOO_FEW_HERE or own is None:
        words = {"wins": own.wins if own else 0, "fewest": FEWEST_WINS}
        return _("Too few wins at the rule's own rhythm to compare it: %(wins)s, %(fewest)s are needed.") % words
    if suggestion.verdict == Verdict.TOO_FEW_ELSEWHERE:
        return _("No other rhythm has %(fewest)s wins to compare it with.") % {"fewest": FEWEST_WINS}
    words = {"own": band_words(own), "own_share": share_words(own), "own_of": number_text(own.courses)}
    if best is None:
        return (
            _("No other rhythm went with clearly more wins than touches %(own)s apart: %(own_share)s of %(own_of)s.")
            % words
        )
    words |= {"best": band_words(best), "share": share_words(best), "of": number_text(best.courses)}
    if rule.stage == ValueStage.CUSTOMER:
        return (
            _(
                "With touches %(best)s apart, %(share)s of %(of)s customers ordered again; with %(own)s, as the rule asks, "
                "%(own_share)s of %(own_of)s."
            )
            % words
        )
    return (
        _(
            "With touches %(best)s apart, %(share)s of %(of)s prospects were won; with %(own)s, as the rule asks, "
            "%(own_share)s of %(own_of)s."
        )
        % words
    )
