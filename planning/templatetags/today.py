"""What is to do today, each a whole `<li>`: the page holds forty, and a template takes long over a dozen values each."""

from django import template
from django.utils.dateformat import format as written
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import template_localtime
from django.utils.translation import gettext as _

from planning.queries.today_row import Row
from territory.links import link_to
from territory.templatetags.look import badge, icon, tier_chip

register = template.Library()


@register.simple_tag
def thing_to_do(row: Row) -> SafeString:
    """Any but the best: a round button for its touch, customer and reasons, *Log*, and a menu to put it off."""
    return format_html(
        '<li class="action">{}<div class="action-body"><a class="action-name" href="{}">{}</a>&nbsp;{}{}'
        '<p class="action-reason">{}</p></div> <a class="btn btn-plain" href="{}?{}" data-panel>{}</a> '
        '<details class="menu wide"><summary class="btn btn-quiet btn-icon" aria-label="{}">{}</summary>'
        '<div class="menu-body"><a href="{}?{}" data-panel>{}</a></div></details></li>',
        _round_button(row),
        row.url,
        row.customer.name,
        tier_chip(row.customer.tier),
        covered_badge(row),
        reasons(row),
        link_to("log_touch"),
        row.about,
        _("Log"),
        row.more,
        icon("three-dots"),
        link_to("planned_put_off"),
        row.about,
        _("Put off"),
    )


def _round_button(row: Row) -> SafeString:
    picture = icon(row.touch_type.icon)
    if link := row.drive or row.call:
        return format_html('<a class="action-do" href="{}" aria-label="{}">{}</a> ', link, row.doing, picture)
    return format_html('<span class="action-do">{}</span> ', picture)


@register.simple_tag
def covered_badge(row: Row) -> SafeString | str:
    """For whom the reader stands in, if it is somebody else's."""
    if not row.covered:
        return ""
    return format_html(" {}", badge(_("for %(name)s") % {"name": row.covered}, "accent", "person-check"))


@register.simple_tag
def reasons(row: Row, picture: str = "") -> SafeString:
    """The touch and when it is due, late ones marked (with a `picture` where one is given), then what else speaks for it."""
    is_late = row.overdue_days > 0
    if not row.lateness:
        when = row.planned and row.planned.due_at and written(template_localtime(row.planned.due_at), "D H:i")
        first = format_html("{} {}", row.touch_type, when or "")
    elif is_late and picture:
        first = format_html('<span class="late">{} {}</span>', icon(picture), row.lateness)
    else:
        first = format_html("<span{}>{}</span>", LATE if is_late else "", row.lateness)
    return format_html("{}{}", first, "".join(f", {reason}" for reason in row.reasons))


LATE = SafeString(' class="late"')
