"""Template tags of involvement: rows of orders. Strings only, never a query."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from planning.queries.involvement import Pending
from territory.formats.numbers import percent_text
from territory.links import links_of
from territory.templatetags.territory import short_date

register = template.Library()


@register.simple_tag
def pending_row(row: Pending) -> SafeString:
    """A pending order, with how far managers took part."""
    seniors = percent_text(row.seniors)
    note = _("senior managers %(share)s") % {"share": seniors}
    return format_html(
        '<tr><td><a class="row-name" href="{}">{}</a><span class="row-note">{}</span>{}</td><td class="wide second">{}</td>'
        '<td class="num wide">{}</td><td class="num">{}</td><td class="num">{}</td><td class="num wide">{}</td></tr>',
        links_of("order_detail")(row.pk),
        row.customer,
        row.name,
        format_html('<span class="row-note phone">{}</span>', note) if row.seniors else "",
        row.salesperson or "",
        short_date(row.opened_on),
        row.people,
        percent_text(row.managers),
        seniors,
    )
