"""Template tags of the value of work: rows of people, and what touches are made of as bars. Strings only, never a query."""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planning.queries.work_page import Kind, PersonRow
from planning.templatetags.planning import hours_only
from territory.formats.numbers import hours_text, money_text, number_text, percent_text, rounded
from territory.links import links_of
from territory.templatetags.look import avatar

register = template.Library()

# Types beyond the last colour share it.
COLOURS = 6


@register.simple_tag
def work_row(row: PersonRow, types: Sequence[Kind], sees_cost: bool, query: str) -> SafeString:
    """What a person, or people unknown, did: a row of the table, on a phone with touches and time below the name. `query`: the
    period in an address."""
    work, teams = row.work, row.teams
    touches, value = number_text(work.touches), money_text(rounded(work.value, 0))
    note = ngettext("%(n)s touch in %(time)s", "%(n)s touches in %(time)s", work.touches) % {
        "n": touches,
        "time": hours_text(work.minutes),
    }
    cost = "–" if row.person is None or work.cost is None else money_text(rounded(work.cost, 0))
    return format_html(
        '<tr><td class="{}">{}<span class="row-note phone">{}</span></td><td class="wide second">{}</td><td class="wide">{}</td>'
        '<td class="num wide">{}</td><td class="num wide">{}</td><td class="num wide second">{}</td>'
        '<td class="num stays"><b>{}</b></td>{}</tr>',
        "second one-line" if row.person is None else "one-line",
        _named(row, query),
        f"{teams}, {note}" if teams else note,
        teams,
        mix_bar(row.mix, types),
        touches,
        hours_only(work.minutes),
        hours_only(work.travel_minutes),
        value,
        format_html('<td class="num wide">{}</td>', cost) if sees_cost else "",
    )


def _named(row: PersonRow, query: str) -> SafeString | str:
    if row.person is None:
        return _("Person unknown")
    link = links_of("work_value_person")(row.person.pk) + query
    return format_html('{} <a class="row-name" href="{}">{}</a>', avatar(row.person.name), link, row.person.name)


def mix_bar(mix: Sequence[tuple[Kind, int]], types: Sequence[Kind]) -> SafeString:
    """Touches by type as parts of one bar, in the colours that the types have on this page."""
    whole = sum(count for _type, count in mix) or 1
    places = {touch_type.pk: place for place, touch_type in enumerate(types)}
    parts, start = [], 0
    for touch_type, count in mix:
        colour = _colour(places.get(touch_type.pk, COLOURS))
        parts.append(
            f'<rect class="kind-{colour}" x="{start / whole * 100:.1f}%" width="{count / whole * 100:.1f}%" height="100%"/>'
        )
        start += count
    said = ", ".join(f"{touch_type.name} {number_text(count)}" for touch_type, count in mix)
    return format_html(
        '<svg class="work-mix" role="img" aria-label="{}"><title>{}</title>{}</svg>',
        said,
        said,
        mark_safe("".join(parts)),  # noqa: S308  numbers alone
    )


@register.simple_tag
def mix_key(place: int) -> str:
    """The colour of the type at this place, before its name."""
    return format_html(
        '<svg class="work-mix-key" aria-hidden="true"><rect class="kind-{}" width="100%" height="100%"/></svg>',
        _colour(place),
    )


def _colour(place: int) -> int:
    return min(place, COLOURS - 1)


@register.simple_tag
def part_bar(part: int, whole: int) -> str:
    """A part of all touches."""
    share = part / whole if whole else 0
    label = _("%(share)s of all touches") % {"share": percent_text(share)}
    return format_html(
        '<svg class="work-mix" role="img" aria-label="{}"><rect class="kind-rest" width="100%" height="100%"/><rect class="kind-0" width="{}%" height="100%"/></svg>',
        label,
        f"{share * 100:.1f}",
    )
