"""What curves of time to business and of touches to a customer share in words."""

from django import template
from django.utils.translation import gettext as _

from planning.queries.time_to_business import WithinDays
from planning.queries.touches_to_customer import WithinTouches
from territory.formats.numbers import number_text, percent_text

register = template.Library()


@register.filter
def share_band(step: WithinDays | WithinTouches) -> str:
    """A band in per cent: 18 to 29 %."""
    if step.low is None or step.high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": number_text(step.low * 100), "high": percent_text(step.high)}
