"""Template tags of planning: cells of the heat map, figures without their unit. Strings only, never a query."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Team
from planning.engine.workload import band
from planning.models import PlanningSettings
from planning.queries.drafts import Change
from planning.queries.service import Served, TierRow
from planning.queries.workload import Absent, PersonRow, Sums, TeamRows, band_ends
from territory.formats.numbers import money_text, number_text, percent_text
from territory.templatetags.look import avatar, before_after, link, load_cell, tier_chip

register = template.Library()


@register.filter
def hours_only(minutes: float | None) -> str:
    """Minutes as hours with one decimal, for columns whose head names the unit."""
    return "" if minutes is None else number_text(minutes / 60, 1)


@register.filter
def percent_only(share: float | None) -> str:
    """A share as whole per cent, for columns whose head names the unit."""
    return "" if share is None else number_text(share * 100)


@register.filter
def week_name(week: dt.date) -> str:
    """A week by its Monday: W24."""
    return f"W{week.isocalendar().week}"


@register.filter
def day_and_month(day: dt.date) -> str:
    """8 Jun."""
    return _day(get_language(), day)


@register.filter
def signed_percent(share: float) -> str:
    """A difference as whole per cent with its sign: +13 %, −61 %."""
    sign = "+" if round(share * 100) > 0 else "−" if round(share * 100) < 0 else "±"
    return f"{sign}{percent_text(abs(share))}"


@register.simple_tag
def absences(rows: Iterable[Absent]) -> str:
    """Who is away when: Nell Ashcombe 8 Jun to 12 Jun, Tom Hale 9 Jun."""
    language, to = get_language(), _("to")
    return ", ".join(
        f"{row.person} {_day(language, row.starts_on)}"
        + (f" {to} {_day(language, row.ends_on)}" if row.ends_on != row.starts_on else "")
        for row in rows
    )


@lru_cache(maxsize=1000)
def _day(language: str | None, day: dt.date) -> str:
    return date_format(day, "j M")


@register.simple_tag
def team_links(teams: Iterable[Team]) -> str:
    """The teams to choose from."""
    return format_html_join("", '<a href="?team={}">{}</a>', ((team.pk, team.name) for team in teams))


@register.simple_tag
def team_line(rows: TeamRows) -> str:
    """A team's line of the heat map: the sums of its people, as far as the reader may see them."""
    if not (rows.shows_totals and rows.people):
        base, loads, load = "", [""] * len(rows.unstaffed), ""
    else:
        base, loads, load = hours_only(rows.base_minutes), [_load(each) for each in rows.loads], percent_only(rows.load)
    weeks = format_html_join("", '<td role="cell">{}</td>', ((each,) for each in loads))
    return format_html(_LINE, mark_safe(' class="heat-team"'), rows.team, base, weeks, load)


def _load(share: float | None) -> str:
    return _("away") if share is None else percent_only(share)


@register.simple_tag
def person_line(row: PersonRow, settings: PlanningSettings) -> str:
    """A person's line: their hours of an ordinary week, each week, opening what it is made of, and the load of all."""
    language, person, ends = get_language(), row.person, band_ends(settings)
    weeks = [
        _person_cell(
            language,
            person.pk,
            person.name,
            cell.week,
            cell.load,
            cell.days_present < cell.days,
            band(cell.load, ends),
        )
        for cell in row.cells
    ]
    return format_html(
        _LINE,
        "",
        _person_name(person.pk, person.name),
        hours_only(row.base_minutes),
        mark_safe("".join(weeks)),  # noqa: S308  each is escaped
        percent_only(row.load),
    )


_LINE = (
    '<tr role="row"{}><th role="rowheader" scope="row">{}</th><td role="cell" class="heat-base">{}</td>{}'
    '<td role="cell" class="heat-total">{}</td></tr>'
)


@lru_cache(maxsize=1000)
def _person_name(pk: int, name: str) -> str:
    return format_html('{} <a href="{}">{}</a>', avatar(name), reverse("person_detail", args=[pk]), name)


# The map holds hundreds, and most are as they were when somebody looked last.
@lru_cache(maxsize=5000)
def _person_cell(
    language: str | None, pk: int, name: str, week: dt.date, load: float | None, partial: bool, band: str
) -> str:
    url = reverse("workload_person", args=[pk, week.isoformat()])
    title = _("%(name)s, week %(week)s") % {"name": name, "week": week.isocalendar().week}
    if load is None:
        return load_cell(away=True, url=url, label=_("%(week)s: away") % {"week": title})
    label = _("%(week)s: %(percent)s %%") % {"week": title, "percent": number_text(load * 100)}
    return load_cell(load * 100, url=url, label=label, partial=partial, band=band)


@register.simple_tag
def week_line(week: dt.date, sums: Sums) -> str:
    """A line of the table of weeks: work, capacity and load of all."""
    return format_html(
        '<tr><td>{} <span class="faint">{}</span></td><td class="num">{}</td><td class="num">{}</td><td class="num">{}</td></tr>',
        week_name(week),
        day_and_month(week),
        hours_only(sums.workload),
        hours_only(sums.capacity),
        percent_text(sums.load),
    )


@register.simple_tag
def budget_cells(row: TierRow) -> str:
    """Cells of a tier's line, a role each, then of all roles: hours of actual and of budget."""
    none, of = _("none"), _("of")
    roles = (
        ("", none) if part is None else (hours_only(part[0]), f"{of} {hours_only(part[1])}") for part in row.by_role
    )
    actual, budget = row.whole
    return format_html(
        '{}<td class="num"><b>{}</b> <span class="faint">{} {}</span></td>',
        format_html_join("", '<td class="num">{} <span class="faint">{}</span></td>', roles),
        hours_only(actual),
        of,
        hours_only(budget),
    )


@register.simple_tag
def served_line(row: Served) -> str:
    """A customer far from its budget: whose it is, minutes of both, per cent."""
    minutes = _("%(actual)s of %(budget)s min") % {
        "actual": number_text(row.actual),
        "budget": number_text(row.budget),
    }
    return format_html(
        '<li>{} <span class="row-main"><a class="row-name" href="{}">{}</a><span class="row-note">{}{}</span></span>'
        '<b class="num">{} %</b></li>',
        tier_chip(row.customer.tier),
        link("customer_detail", row.customer.pk),
        row.customer.name,
        f"{row.owner}, " if row.owner else "",
        minutes,
        number_text(row.percent),
    )


@register.filter
def as_money(text: str | None) -> str:
    """An amount that stands as text in stored evidence."""
    return money_text(Decimal(text)) if text else ""


@register.filter
def as_percent(text: str | None) -> str:
    """A share that stands as text in stored evidence, with one decimal."""
    return percent_text(Decimal(text), 1) if text else ""


@register.simple_tag
def future_bars(situation) -> str:
    """Both futures of a large order side by side, never their average: the team's sales as they are, and if it is won.

    The dashed line stands where the order would no longer be large.
    """
    evidence = situation.evidence
    sales, amount = Decimal(evidence["sales"]), Decimal(evidence["amount"])
    limit = sales * (1 + Decimal(evidence["enter_above"]))
    scale = Decimal(100) / (max(sales + amount, limit) or 1)
    rows = [(_("Sales as they are"), sales, Decimal(0)), (_("If it is won"), sales + amount, amount)]
    return format_html(
        '<dl class="futures">{}</dl>',
        format_html_join(
            "",
            "<div><dt>{}</dt><dd>{} <b>{}</b></dd></div>",
            (
                (label, _future(sales * scale, added * scale, limit * scale), money_text(value))
                for label, value, added in rows
            ),
        ),
    )


def _future(sales: Decimal, added: Decimal, limit: Decimal) -> str:
    """What is won, the order on top of it, and the limit, in per cent of the width."""
    return format_html(
        '<svg class="drawn" viewBox="0 0 100 16" height="16" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="as-is" y="1" width="{}" height="14"/><rect class="if-won" x="{}" y="1" width="{}" height="14"/>'
        '<line class="norm" x1="{}" x2="{}" y1="0" y2="16" vector-effect="non-scaling-stroke"/></svg>',
        *(f"{part:.2f}" for part in (sales, sales, added, limit, limit)),
    )


# Per cent of capacity at the right end of a line with a person's load before and after.
LOAD_SCALE = 150


@register.simple_tag
def change(figure: Change, more_is_worse: bool = False) -> str:
    """A figure before and after as whole numbers; one alone where it stays."""
    before, after = number_text(figure.before), number_text(figure.after)
    if not figure.differs:
        return format_html('<span class="faint nowrap">{}, {}</span>', before, _("as now"))
    return before_after(before, after, worse=more_is_worse and figure.after > figure.before)


@register.simple_tag
def load_change(loads: tuple[float | None, float | None]) -> str:
    """A load before and after, per cent of capacity; above full in the colour of warnings."""
    before, after = (_("away") if load is None else number_text(load * 100) for load in loads)
    if before == after:
        return format_html('<span class="faint">{}</span>', before)
    return before_after(before, after, worse=(loads[1] or 0) > max(1, loads[0] or 0))


@register.simple_tag
def load_dots(loads: tuple[float | None, float | None]) -> str:
    """Two dots on a line from 0 to 150 per cent of capacity, with an upright mark at 100: before hollow, after filled."""
    if None in loads:
        return ""
    before, after = (f"{min(max((load or 0) * 100 / LOAD_SCALE * 100, 2), 98):.2f}" for load in loads)
    return format_html(
        '<svg class="dots{}" height="16" aria-hidden="true"><line class="dots-line" x1="0" x2="100%" y1="8" y2="8"></line>'
        '<line class="dots-full" x1="{}%" x2="{}%" y1="0" y2="16"></line>'
        '<line class="dots-way" x1="{}%" x2="{}%" y1="8" y2="8"></line>'
        '<circle class="dots-before" cx="{}%" cy="8" r="4"></circle><circle class="dots-after" cx="{}%" cy="8" r="4"></circle></svg>',
        " dots-over" if (loads[1] or 0) > 1 else "",
        *(f"{100 / LOAD_SCALE * 100:.2f}",) * 2,
        before,
        after,
        before,
        after,
    )
