"""Blocks of the week's calendar, stops of a day and what is left out, each a whole `<li>`."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from planning.queries.my_week_rows import Block, LeftRow, StopRow
from territory.links import link_to, links_of
from territory.templatetags.look import icon, tier_chip

register = template.Library()

# How many rows the stylesheet knows.
MOST_ROW, MOST_ROWS = 216, 144


@register.simple_tag
def calendar_block(block: Block) -> SafeString:
    """A piece of a day: a visit links to its stop, driving is hatched."""
    where = f"r{min(block.row, MOST_ROW)} n{min(block.rows, MOST_ROWS)}"
    if block.row_of_stop is None:
        picture = icon("car-front") if block.kind == "drive" else ""
        return format_html('<li class="cal-{} {}"><span>{} {}</span></li>', block.kind, where, picture, block.title)
    row = block.row_of_stop
    return format_html(
        '<li class="cal-visit{} {}" data-stop="{}"><a href="#stop-{}"><b>{}</b><span>{}</span><span>{}</span></a>{}</li>',
        " cal-broken" if row.broken else "",
        where,
        row.pk,
        row.pk,
        block.title,
        row.times,
        block.note,
        icon("lock-fill", _("locked")) if row.stop.is_locked or row.stop.is_agreed else "",
    )


@register.simple_tag
def stop_row(row: StopRow, csrf: str, may_change: bool) -> SafeString:
    """A visit of the day's list: number, name, times, the way to it, what is not kept; and what can be done with it."""
    stop = row.stop
    return format_html(
        '<li class="stop{}" id="stop-{}" data-stop="{}">{}'
        '<span class="stop-number">{}</span><div class="stop-main"><a class="row-name" href="{}">{}</a> {}{}{}'
        '<span class="row-note">{}, {}</span><span class="row-note wide">{}</span>{}{}</div>{}{}</li>',
        " stop-done" if row.is_done else "",
        row.pk,
        row.pk,
        format_html('<p class="stop-drive">{} {}</p>', icon("car-front"), row.drive) if row.has_drive else "",
        row.number,
        links_of("customer_detail")(row.customer.pk),
        row.customer.name,
        tier_chip(row.customer.tier),
        icon("lock-fill", _("locked"), "stop-lock") if stop.is_locked or stop.is_agreed else "",
        icon("check2-circle", _("accepted"), "good") if row.is_accepted or row.is_done else "",
        row.times,
        row.customer.town or row.stop.touch_type,
        row.reason,
        format_html('<span class="late">{} {}</span>', icon("exclamation-triangle"), row.broken) if row.broken else "",
        _question(row, may_change),
        format_html(
            '<a class="btn btn-plain btn-icon phone" href="{}" aria-label="{}">{}</a>',
            row.geo,
            _("Drive to %(name)s") % {"name": row.customer.name},
            icon("sign-turn-right"),
        )
        if row.geo
        else "",
        _menu(row, csrf) if may_change else "",
    )


def _question(row: StopRow, may_change: bool) -> SafeString | str:
    """Whether an agreed visit took place, and where to log that it did."""
    if not row.question:
        return ""
    return format_html(
        '<span class="row-note stop-question">{}{}</span>', row.question, _log(row.customer.name, row.about, may_change)
    )


def _log(name: str, about: str, may_change: bool) -> SafeString | str:
    if not may_change:
        return ""
    return format_html(
        ' <a class="btn btn-plain btn-sm" href="{}?{}" data-panel aria-label="{}">{}</a>',
        link_to("log_touch"),
        about,
        _("Log a touch with %(name)s") % {"name": name},
        _("Log"),
    )


@register.simple_tag
def left_row(row: LeftRow, may_change: bool) -> SafeString:
    """A visit that is not in the plan, and why."""
    stop, customer = row.stop, row.stop.customer
    about = f"{stop.touch_type}, {customer.town}" if customer.town else str(stop.touch_type)
    return format_html(
        '<li><span class="row-main"><a class="row-name" href="{}">{}</a> {}<span class="row-note">{}{}</span></span>{}{}</li>',
        links_of("customer_detail")(customer.pk),
        customer.name,
        tier_chip(customer.tier),
        about,
        f": {row.why}" if row.why else "",
        _log(customer.name, row.about, may_change) if row.is_asked else "",
        format_html(
            '<a class="btn btn-plain btn-sm" href="{}" data-panel="always" aria-label="{}">{}</a>',
            links_of("my_week_stop_move")(stop.pk),
            _("Add %(name)s") % {"name": customer.name},
            _("Add"),
        )
        if may_change and stop.why != "no place"
        else "",
    )


def _menu(row: StopRow, csrf: str) -> SafeString:
    stop = row.stop
    return format_html(
        '<details class="menu"><summary class="btn btn-quiet btn-icon stop-more" aria-label="{}">{}</summary><div class="menu-body">'
        '<a href="{}?{}" data-panel>{}</a><a href="{}" data-panel="always">{}</a>'
        '<form method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="locked" value="{}"><button>{}</button></form><a href="{}">{}</a></div></details>',
        _("More for %(name)s") % {"name": row.customer.name},
        icon("three-dots-vertical"),
        link_to("log_touch"),
        row.about,
        _("Log"),
        links_of("my_week_stop_move")(stop.pk),
        _("Move or leave out"),
        links_of("my_week_stop_lock")(stop.pk),
        csrf,
        "" if stop.is_locked else "1",
        _("Unlock") if stop.is_locked else _("Lock day and time"),
        row.route,
        _("Route in the browser"),
    )
