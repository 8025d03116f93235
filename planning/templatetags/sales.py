"""Template tags of the normal sale and the cost of sale: figures with their middle half, parts as bars. Never a query."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from planning.engine.cost_lines import Spent, Told
from planning.engine.normal_sale import Quartiles
from planning.engine.sale_cost import cents_of, money_of
from planning.models import SalePart
from planning.queries.cost_page import Cost, Sale
from planning.queries.normal_sale_page import Row
from planning.queries.sold import Rates
from territory.formats.numbers import money_text, number_text, percent_text, rounded
from territory.links import links_of
from territory.templatetags.look import tier_chip
from territory.templatetags.territory import short_date

register = template.Library()

# How wide the scale of days is drawn.
WIDTH = 120


def _plain(value: float) -> str:
    """A number; below 10 with a decimal where it has one."""
    return number_text(value, 0 if value >= 10 or value == round(value) else 1)


def _hours(minutes: float) -> str:
    return number_text(minutes / 60, 1)


def _money(amount: float | Decimal) -> str:
    return money_text(rounded(amount, 0))


WRITTEN: dict[str, Callable[[float], str]] = {
    "number": _plain,
    "hours": _hours,
    "money": _money,
    "share": percent_text,
}


@register.simple_tag
def middle(figure: Quartiles | None, kind: str = "number") -> str:
    """A median over its middle half: 61 over 40 to 95; nothing where it is not known."""
    if figure is None:
        return format_html('<span class="faint">{}</span>', "–")
    write = WRITTEN[kind]
    return format_html(
        '{}<span class="row-note">{}</span>',
        write(figure.median),
        _("%(low)s to %(high)s") % {"low": write(figure.low), "high": write(figure.high)},
    )


@register.simple_tag
def median(figure: Quartiles | None, kind: str = "number") -> str:
    """The median alone."""
    return "–" if figure is None else WRITTEN[kind](figure.median)


@register.simple_tag
def days_line(figure: Quartiles | None, most: float) -> SafeString | str:
    """The middle half of days as a band with the median on it; all rows of a page on one scale."""
    if figure is None or not most:
        return ""
    low, at, high = (value / most * WIDTH for value in (figure.low, figure.median, figure.high))
    return format_html(
        '<svg class="normal-line" viewBox="-4 0 {0} 16" width="{0}" height="16" aria-hidden="true"><path d="M0 12.5h{1}"/>'
        '<rect x="{2}" y="5" width="{3}" height="6"/><circle cx="{4}" cy="8" r="4"/></svg>',
        WIDTH + 8,
        WIDTH,
        f"{low:.1f}",
        f"{max(high - low, 1):.1f}",
        f"{at:.1f}",
    )


# The parts of a cost in the order in which they are drawn; each has the colour of its place.
PARTS = {
    "time": _lazy("time"),
    "travel": _lazy("travel"),
    "demos": _lazy("demos"),
    "overhead": _lazy("overhead"),
    "other": _lazy("other"),
}
# Below it a part is drawn, not named: it would read 0 %.
NAMED_FROM = Decimal("0.005")


@register.simple_tag
def cost_bar(parts: Mapping[str, Decimal]) -> SafeString | str:
    """What a cost is made of, as parts of one bar."""
    total = sum(parts.values())
    if not total:
        return ""
    drawn, start = [], 0.0
    for place, amount in enumerate(parts[name] for name in PARTS):
        width = float(amount / total * 100)
        if amount:
            drawn.append((place, f"{start:.1f}", f"{width:.1f}"))
        start += width
    said = ", ".join(f"{PARTS[name]} {_money(float(parts[name]))}" for name in PARTS if parts[name])
    return format_html(
        '<svg class="work-mix" role="img" aria-label="{}"><title>{}</title>{}</svg>',
        said,
        said,
        format_html_join("", '<rect class="kind-{}" x="{}%" width="{}%" height="100%"/>', drawn),
    )


@register.simple_tag
def cost_made_of(line: Spent) -> SafeString | str:
    """The bar, and below it each part in per cent; what is below half a per cent is not named."""
    shares = ((name, line.share(name)) for name in PARTS)
    named = [
        f"{PARTS[name]}\N{NO-BREAK SPACE}{percent_text(share)}"
        for name, share in shares
        if share is not None and share >= NAMED_FROM
    ]
    if not named:
        return ""
    return format_html('{}<span class="row-note">{}</span>', cost_bar(line.parts), _(", ").join(named))


@register.simple_tag
def why_lines(lines: Sequence[Spent]) -> SafeString:
    """What a sale took and of what its cost is made, on average: a row each, a column a sale type."""
    took = [
        (_("Touches"), [_plain(line.touches / line.orders) for line in lines]),
        (_("Hours of work"), [hours_of((line.seconds - line.travel_seconds) / line.orders) for line in lines]),
        (_("Hours on the road"), [hours_of(line.travel_seconds / line.orders) for line in lines]),
    ]
    rows = [format_html("<tr><th scope=row>{}</th>{}</tr>", label, _cells(figures)) for label, figures in took]
    for place, (name, word) in enumerate(PARTS.items()):
        if any(line.parts[name] for line in lines):
            figures = [_each(line, name) for line in lines]
            rows.append(
                format_html("<tr><th scope=row>{}{}</th>{}</tr>", _colour(place), capfirst(word), _cells(figures))
            )
    total = [format_html("<b>{}</b>", _money(line.mean)) for line in lines]
    rows.append(format_html('<tr class="total"><th scope=row>{}</th>{}</tr>', _("Cost of a sale"), _cells(total)))
    return format_html_join("", "{}", ((row,) for row in rows))


def _cells(figures: Iterable[str]) -> SafeString:
    return format_html_join("", '<td class="num">{}</td>', ((figure,) for figure in figures))


def _each(line: Spent, name: str) -> SafeString:
    return format_html('{}<span class="row-note">{}</span>', _money(line.each(name)), percent_text(line.share(name)))


def _colour(place: int) -> SafeString:
    return format_html(
        '<svg class="work-mix-key" aria-hidden="true"><rect class="kind-{}" width="100%" height="100%"/></svg> ', place
    )


@register.simple_tag
def why_words(line: Spent) -> str:
    """The two largest parts of what a sale of a type costs, in words."""
    largest = sorted(PARTS, key=lambda name: -line.parts[name])[:2]
    named = [
        _("%(share)s %(part)s") % {"share": percent_text(line.share(name)), "part": PARTS[name]}
        for name in largest
        if line.parts[name]
    ]
    return _(" and ").join(named)


@register.simple_tag
def cost_key() -> SafeString:
    """The colours of the parts."""
    return format_html_join(
        "",
        '<span class="cost-key"><svg class="work-mix-key" aria-hidden="true"><rect class="kind-{}" width="100%" height="100%"/>'
        "</svg> {}</span> ",
        ((place, word) for place, word in enumerate(PARTS.values())),
    )


@register.filter
def part_label(name: str) -> str:
    """The name of a part of a cost."""
    return str(PARTS[name])


@register.simple_tag
def sales_counted(line: Spent) -> str:
    """How many sales a line tells of."""
    return ngettext("%(number)s sale", "%(number)s sales", line.orders) % {"number": number_text(line.orders)}


@register.simple_tag
def line_label(line: Spent) -> str:
    """What a line tells of that is no line of sales."""
    return str(LINES[line.told])


LINES = {
    Told.LOST: _lazy("Lost sales"),
    Told.OPEN: _lazy("Orders still open"),
    Told.KEEPING: _lazy("Keeping customers"),
    Told.PROSPECTING: _lazy("Prospects without an order yet"),
    Told.NO_ORDER: _lazy("Prospects lost without an order"),
    Told.UNSHARED: _lazy("Overhead of months without work"),
}


@register.simple_tag
def line_name(cost: Cost, line: Spent, by: str) -> str:
    """What the sales of a line have in common."""
    if isinstance(line.key, dt.date):
        return date_format(line.key, "F Y")
    if line.key is None:
        return str(WITHOUT[by])
    return cost.name(line.key)


WITHOUT = {
    "type": _lazy("Without a sale type"),
    "team": _lazy("Without a team"),
    "person": _lazy("Without a salesperson"),
    "month": "",
}


@register.simple_tag
def line_key(line: Spent) -> str:
    """How an address names a line."""
    if isinstance(line.key, dt.date):
        return f"{line.key:%Y-%m}"
    return "none" if line.key is None else str(line.key)


@register.filter
def in_money(grains: int) -> str:
    """Grains as a whole amount."""
    return _money(float(money_of(cents_of(grains))))


@register.filter
def exact_money(grains: int) -> str:
    """Grains as an amount."""
    return money_text(money_of(cents_of(grains)))


@register.simple_tag
def part_cost(part: SalePart, rates: Rates) -> str:
    """What a person's time cost, where the reader may know it."""
    if rates.hides(part.user_id):
        return format_html('<span class="faint">{}</span>', _("not yours to see"))
    if part.unknown_seconds and not part.time + part.travel:
        return format_html('<span class="faint">{}</span>', _("no cost per hour"))
    return exact_money(part.time + part.travel)


@register.simple_tag
def sale_row(row: Sale) -> SafeString:
    """An order behind a line, with what it took and cost."""
    return format_html(
        '<tr><td>{}{}<a class="row-name" href="{}">{}</a><span class="row-note">{}{}</span></td><td class="wide second">{}</td>'
        '<td class="num wide">{}</td><td class="num wide">{}</td><td class="num wide">{}</td><td class="num wide">{}</td>'
        '<td class="num"><b>{}</b></td></tr>',
        tier_chip(row.tier, row.tier_position),
        " " if row.tier else "",
        links_of("cost_of_sale_order")(row.pk),
        row.customer,
        row.name,
        f", {row.sale_type}" if row.sale_type else "",
        row.salesperson or "",
        short_date(row.closed_on),
        number_text(row.touches, 0 if row.touches == round(row.touches) else 1),
        hours_of(row.seconds),
        number_text(row.people),
        in_money(row.grains),
    )


@register.filter
def hours_of(seconds: float) -> str:
    """Seconds as hours with one decimal."""
    return number_text(seconds / 3600, 1)


@register.simple_tag
def basis_words(row: Row) -> str:
    """Whose figures stand in a row of fewer than 5 sales; nothing where they are its own."""
    if row.is_own:
        return ""
    if row.is_of_type:
        return _("fewer than 5 sales: those of all tiers")
    return _("fewer than 5 sales: those of all sales")
