"""Template tags of touch values: rows of the table and of lists before and after. Strings only, never a query."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planning.queries.touch_values import Line, figure_of
from planning.queries.value_effect import NamedRow, NamedWorth
from planning.templatetags.planning import signed_percent
from planning.value_words import interval_text, worth_text
from territory.formats.numbers import money_text, number_text, percent_text, rounded
from territory.links import link_to
from territory.templatetags.look import before_after, icon

register = template.Library()
register.filter("worth", worth_text)
register.filter("interval", interval_text)

# Of the evidence, what the line of touch values shows: from a fifth to twice but a fifth.
DRIFT_FROM, DRIFT_TO = 0.2, 1.8
# Where its head says how much that is; styles draw lines there behind all rows.
SCALE = (0.5, 1, 1.5)


@register.simple_tag
def drift_line(line: Line) -> str:
    """Evidence as 100 %, its interval, and the official value as a diamond, filled where it lies outside."""
    found = figure_of(line.evidence)
    if line.drift is None or found is None:
        return ""
    low, high, official = (
        _drift_place(share) for share in (found.low / found.value, found.high / found.value, 1 + line.drift)
    )
    return format_html(
        '<svg class="drift" viewBox="0 0 160 16" aria-hidden="true">'
        '<rect class="drift-band" x="{0}" width="{1}"/><path class="drift-end" d="M{0} 3v10M{2} 3v10"/>'
        '<circle class="drift-dot" cx="80" cy="8" r="3.5"/><path class="drift-official{4}" d="M{3} 1.5l4.5 6.5l-4.5 6.5l-4.5-6.5z"/></svg>',
        f"{low:.0f}",
        f"{high - low:.0f}",
        f"{high:.0f}",
        f"{official:.1f}",
        " is-outside" if line.is_outside else "",
    )


@register.simple_tag
def drift_scale() -> SafeString:
    """What the lines of all rows stand for, in the head of their column: per cent of the evidence."""
    words = format_html_join(
        "",
        '<text x="{}" y="12">{}</text>',
        (
            (f"{_drift_place(share):.0f}", percent_text(share) if share == 1 else number_text(share * 100))
            for share in SCALE
        ),
    )
    return format_html('<svg class="drift drift-scale" viewBox="0 0 160 16" aria-hidden="true">{}</svg>', words)


def _drift_place(share: float) -> float:
    """Where a share of the evidence stands on 160 units; what is further away stands at the edge."""
    return (min(max(share, DRIFT_FROM + 0.05), DRIFT_TO - 0.05) - DRIFT_FROM) / (DRIFT_TO - DRIFT_FROM) * 160


@register.simple_tag
def value_line(row: Line, chosen: Line | None, may_approve: bool, has_run: bool) -> SafeString:
    """A touch type on a tier: a row of the table, on a phone a card with its bar below."""
    official = money_text(row.official.amount) if row.official else _faint(_("not set"))
    cells = [format_html('<td role="cell" data-label="{}">{}</td>', _("Official"), official)]
    if has_run:
        found = row.evidence
        value = worth_text(found.value) if found else ""
        cells += [
            _cell(_faint(_("all tiers")) if value and found and found.is_pooled else drift_line(row)),
            format_html(
                '<td role="cell" data-label="{}">{}</td>',
                _("Evidence"),
                _faint(value) if found and found.is_pooled else value,
            )
            if value
            else _cell(""),
            _cell(interval_text(found) if found and found.touches else ""),
            _cell(number_text(found.touches) if found else ""),
            _cell(_drift(row)),
            _cell(_state(row, may_approve)),
        ]
    return format_html(
        '<tr role="row"{}><th scope="row" role="rowheader">{} {}</th>{}</tr>',
        mark_safe(' class="chosen"') if row == chosen else "",
        icon(row.touch_type.icon),
        _name(row, row == chosen, may_approve, has_run),
        mark_safe("".join(cells)),  # noqa: S308  each is escaped
    )


def _cell(content: str) -> SafeString:
    """Its look follows from its column."""
    return format_html('<td role="cell">{}</td>', content)


def _faint(text: str) -> SafeString:
    return format_html('<span class="faint">{}</span>', text)


def _name(row: Line, is_chosen: bool, may_approve: bool, has_run: bool) -> str:
    if has_run:
        address = f"?{row.query}#line"
    elif may_approve:
        kind, tier = row.touch_type.pk, row.tier.pk
        address = f"{link_to('touch_value_set')}?touch_type={kind}&tier={tier}&stage={row.stage}"
    else:
        return row.touch_type.name
    current = mark_safe(' aria-current="true"') if is_chosen else ""
    return format_html('<a class="row-name" href="{}"{}>{}</a>', address, current, row.touch_type.name)


def _drift(row: Line) -> str:
    if row.drift is None:
        return ""
    tone = "warn strong" if row.is_outside else "faint"
    return format_html('<span class="{}">{}</span>', tone, signed_percent(row.drift))


def _state(row: Line, may_approve: bool) -> str:
    """Adopt, only where the official value lies outside; else a word for where it lies."""
    if row.is_outside and may_approve:
        return format_html(
            '<a class="btn btn-plain btn-sm" href="{}?{}" aria-label="{}">{}</a>',
            link_to("touch_value_adopt"),
            row.query,
            _("Adopt: %(type)s, tier %(tier)s") % {"type": row.touch_type, "tier": row.tier},
            _("Adopt"),
        )
    if row.figure is None:
        few = row.evidence is not None and row.evidence.is_pooled and row.evidence.value is not None
        return _faint(_("too few wins")) if few else ""
    return _faint(_("outside") if row.is_outside else _("kept") if row.is_kept else _("inside"))


@register.simple_tag
def named_row(row: NamedRow) -> SafeString:
    """A row of somebody's list, with how far it moves up or down."""
    step = ""
    if row.step:
        word = (
            ngettext("up %(n)s place", "up %(n)s places", row.step)
            if row.step > 0
            else ngettext("down %(n)s place", "down %(n)s places", -row.step)
        ) % {"n": abs(row.step)}
        step = format_html(
            ' <span class="{} nowrap">{} {}</span>',
            "accent" if row.step > 0 else "faint",
            icon("arrow-up" if row.step > 0 else "arrow-down"),
            word,
        )
    return format_html("<li><b>{}</b>, {}{}</li>", row.customer or _("another customer"), row.touch_type, step)


@register.simple_tag
def worth_change(row: NamedWorth) -> SafeString:
    """What touches were worth and would have been, in whole amounts."""
    return before_after(money_text(rounded(row.before, 0)), money_text(rounded(row.after, 0)))
