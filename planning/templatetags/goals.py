"""Activity goals on screens: a line of Today, cells of the manager's tables. Strings only, never a query."""

import datetime as dt

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planning.engine.goals import DAY, MONTH, WEEK, Progress
from planning.queries.goals import Line
from planning.templatetags.planning import day_and_month, week_name
from territory.templatetags.look import icon

register = template.Library()


@register.filter
def a_period(period: str) -> str:
    """How often, behind a count: "25 a week"."""
    return {DAY: _("a day"), WEEK: _("a week"), MONTH: _("a month")}[period]


@register.filter
def per_period(period: str) -> str:
    """Behind a touch type: "Voice call per week"."""
    return {DAY: _("per day"), WEEK: _("per week"), MONTH: _("per month")}[period]


@register.filter
def this_period(period: str) -> str:
    """The present one: "this week"."""
    return {DAY: _("today"), WEEK: _("this week"), MONTH: _("this month")}[period]


@register.simple_tag
def goal_line(line: Line) -> SafeString:
    """A goal on Today: touch type, goal against done, a bar with a mark where one should be by now, and that in words."""
    row = line.progress
    return format_html(
        '<li class="goal-line"><span class="row-main"><b>{}</b> {}<span class="row-note">{}</span></span>'
        '<span class="num">{}</span>{}</li>',
        line.touch_type,
        this_period(row.asked.period),
        goal_words(row),
        _of(row),
        goal_bar(row),
    )


def _of(row: Progress) -> SafeString:
    return format_html("<b>{}</b> {}", row.done, _("of %(asked)s") % {"asked": row.asked.asked})


@register.simple_tag
def goal_words(row: Progress) -> SafeString | str:
    """How far it is, and on how many days it asks where these are not all of them."""
    asked = row.asked
    if row.is_reached:
        words: SafeString | str = format_html('<span class="good">{} {}</span>', icon("check2-circle"), _("reached"))
    elif row.behind:
        behind = ngettext("%(n)s behind", "%(n)s behind", row.behind) % {"n": row.behind}
        words = format_html('<span class="warn">{} {}</span>', icon("clock"), behind)
    else:
        words = _("on pace")
    if asked.days == asked.of_days:
        return words
    days = _("%(days)s of %(all)s working days") % {"days": asked.days, "all": asked.of_days}
    return format_html("{}, {}", words, days)


@register.simple_tag
def goal_bar(row: Progress) -> SafeString:
    """Done of asked as a bar; the upright mark stands where one should be by now, from the second day on."""
    mark = format_html('<rect class="bar-now" x="{}%"/>', _percent(row.by_now_share)) if row.by_now_share else ""
    return format_html(
        '<svg class="bar" aria-hidden="true"><rect class="bar-track"/><rect class="bar-fill" width="{}%"/>{}</svg>',
        _percent(row.share or 0.0),
        mark,
    )


def _percent(share: float) -> str:
    return f"{min(share, 1.0) * 100:.1f}"


@register.simple_tag
def goal_cell(row: Progress | None) -> SafeString:
    """A cell of the manager's table: done of asked, the line at its foot (`goals-board` in data.css) as long as what is
    done, in tenths: a whole one is a goal reached."""
    if row is None:
        return SafeString("<td></td>")
    if not row.asked.asked:
        return format_html('<td class="num">{} <span class="faint">{}</span></td>', row.done or "", _("away"))
    return format_html(
        '<td class="num done-{}">{} <b>{}</b> <small>{}</small></td>',
        min(10, 10 * row.done // row.asked.asked),
        _late(row),
        row.done,
        _("of %(asked)s") % {"asked": row.asked.asked},
    )


def _late(row: Progress) -> SafeString | str:
    """A picture with words where it is reached, or behind."""
    if row.is_reached:
        return icon("check2-circle", _("reached"), "good")
    if row.behind:
        behind = ngettext("%(n)s behind", "%(n)s behind", row.behind) % {"n": row.behind}
        return icon("clock", behind, "warn")
    return ""


@register.simple_tag
def goal_square(row: Progress | None, is_present: bool) -> SafeString:
    """A period of the history: done, on a ground that says whether the goal was reached, and what was asked."""
    if row is None:
        return SafeString('<td role="cell"></td>')
    if not row.asked.asked:
        return format_html('<td role="cell"><span class="load band-away">{}</span></td>', row.done or _("away"))
    tone = "reached" if row.is_reached else "half" if not is_present and 2 * row.done < row.asked.asked else "short"
    return format_html(
        '<td role="cell"><span class="load goal-{}"><span>{}<small aria-hidden="true">/{}</small>'
        '<span class="visually-hidden"> {}</span></span></span></td>',
        tone,
        row.done,
        row.asked.asked,
        _("of %(asked)s") % {"asked": row.asked.asked},
    )


@register.simple_tag
def period_head(period: str, first: dt.date) -> SafeString | str:
    """The head of a column: W24 and its Monday, the day, or the month."""
    if period == WEEK:
        return format_html("{} <small>{}</small>", week_name(first), day_and_month(first))
    return date_format(first, "D j" if period == DAY else "M")
