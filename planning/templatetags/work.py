"""Template tags of the value of work: what somebody's touches are made of, as bars. Strings only, never a query."""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from customers.models import TouchType
from territory.formats.numbers import number_text, percent_text

register = template.Library()

# Types beyond the last colour share it.
COLOURS = 6


@register.simple_tag
def mix_bar(mix: Sequence[tuple[TouchType, int]], types: Sequence[TouchType]) -> str:
    """Touches by type as parts of one bar, in the colours that the types have on this page."""
    whole = sum(count for _type, count in mix) or 1
    places = {touch_type.pk: place for place, touch_type in enumerate(types)}
    parts, start = [], 0
    for touch_type, count in mix:
        parts.append(
            (_colour(places.get(touch_type.pk, COLOURS)), f"{start / whole * 100:.1f}", f"{count / whole * 100:.1f}")
        )
        start += count
    said = ", ".join(f"{touch_type.name} {number_text(count)}" for touch_type, count in mix)
    return format_html(
        '<svg class="work-mix" role="img" aria-label="{}"><title>{}</title>{}</svg>',
        said,
        said,
        format_html_join("", '<rect class="kind-{}" x="{}%" width="{}%" height="100%"/>', parts),
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
