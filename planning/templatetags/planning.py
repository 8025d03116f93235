"""Template tags of planning: cells of the heat map, figures without their unit. Strings only, never a query."""

from decimal import Decimal

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from planning.engine.workload import Cell
from planning.queries.workload import band_of
from territory.formats.numbers import money_text, number_text, percent_text
from territory.templatetags.look import bar, load_cell

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
    url = reverse("workload_person", args=[person.pk, cell.week.isoformat()])
    week = _("%(name)s, week %(week)s") % {"name": person, "week": cell.week.isocalendar().week}
    if cell.load is None:
        return load_cell(away=True, url=url, label=_("%(week)s: away") % {"week": week})
    label = _("%(week)s: %(percent)s %%") % {"week": week, "percent": number_text(cell.load * 100)}
    return load_cell(
        cell.load * 100,
        url=url,
        label=label,
        partial=cell.days_present < cell.days,
        band=band_of(cell.load, settings),
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
    """Both futures of a large order side by side, never their average: the team's sales as they are, and if it is won."""
    evidence = situation.evidence
    now, amount = Decimal(evidence["sales"]), Decimal(evidence["amount"])
    rows = [(_("Sales as they are"), now), (_("If it is won"), now + amount)]
    return format_html(
        '<dl class="futures">{}</dl>',
        format_html_join(
            "",
            "<div><dt>{}</dt><dd>{} <b>{}</b></dd></div>",
            ((label, bar(value / (now + amount) * 100), money_text(value)) for label, value in rows),
        ),
    )
