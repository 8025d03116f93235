"""Template tags of planning: cells of the heat map, figures without their unit. Strings only, never a query."""

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from planning.engine.workload import Cell
from planning.queries.drafts import Change
from planning.queries.workload import band_of
from territory.formats.numbers import money_text, number_text, percent_text
from territory.templatetags.look import before_after, load_cell

register = template.Library()


@register.filter
def hours_only(minutes: float | None) -> str:
    """Minutes as hours with one decimal, for columns whose head names the unit."""
    return "" if minutes is None else number_text(minutes / 60, 1)


@register.filter
def percent_only(share: float | None) -> str:
    """A share as whole per cent, for columns whose head names the unit."""
    return "" if share is None else number_text(share * 100)


@register.simple_tag
def person_cell(cell: Cell, person, settings) -> str:
    """One person's week in the heat map, opening what it is made of."""
    band = band_of(cell.load, settings)
    return _person_cell(
        get_language(), person.pk, str(person), cell.week, cell.load, cell.days_present < cell.days, band
    )


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
    scale = 100 / max(sales + amount, limit)
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
