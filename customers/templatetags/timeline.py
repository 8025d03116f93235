"""The entries of a customer's stream, each a whole `<li>`: a template takes long over a dozen values each."""

from django import template
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers.extensions import Entry
from territory.templatetags.look import badge, icon
from territory.templatetags.territory import stacked_date

register = template.Library()


@register.simple_tag
def stream_entry(entry: Entry) -> SafeString:
    """When, what, who, and what was typed."""
    return format_html(
        '<li>{}<span class="timeline-icon">{}</span>\n  <div>{}<p>{} <span class="faint">{}</span></p>{}</div></li>\n',
        stacked_date(entry.at),
        icon(entry.icon),
        badge(*entry.badge) if entry.badge else "",
        _title(entry),
        entry.people,
        format_html('<p class="second">{}</p>', linebreaksbr(entry.text)) if entry.text else "",
    )


def _title(entry: Entry) -> SafeString:
    if not entry.url:
        return format_html("<b>{}</b>", entry.title)
    return format_html('<a class="text-reset text-decoration-none" href="{}"><b>{}</b></a>', entry.url, entry.title)
