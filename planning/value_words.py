"""Figures of evidence in words."""

from django.utils.translation import gettext as _

from planning.models import RejectedSuggestion, TouchEvidence
from planning.queries.touch_values import WHOLE_FROM, suggested
from territory.formats.numbers import money_text, number_text


def worth_text(value: float | None) -> str:
    """What evidence came to, as an amount one would set: whole from 10 on."""
    return "" if value is None else money_text(suggested(value))


def interval_text(found: TouchEvidence | RejectedSuggestion | None) -> str:
    """The ends of an interval without the currency, which stands beside it: 113 to 201."""
    if found is None or found.value is None or found.low is None or found.high is None:
        return ""
    decimals = 0 if found.value >= WHOLE_FROM else 2
    return _("%(low)s to %(high)s") % {
        "low": number_text(found.low, decimals),
        "high": number_text(found.high, decimals),
    }
