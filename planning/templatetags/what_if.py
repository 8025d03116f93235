"""Figures of what-if: as they are, as they would be, and how sure that is."""

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext as _

from planning.engine.what_if import NowAndThen
from planning.forms.what_if import Typed
from territory.formats.numbers import money_text, number_text, rounded
from territory.templatetags.look import before_after

register = template.Library()


@register.simple_tag
def number_input(number: Typed, label: str) -> str:
    """The field of a number in a row of a table: a page has a hundred of them, and a widget's own template takes its time.

    One that is wrong has an id, to be led to.
    """
    return format_html(
        '<input type="number"{} name="{}" value="{}" aria-label="{}" inputmode="numeric" step="any" class="form-control{}" aria-invalid="{}">',
        format_html(' id="{}"', number.id) if number.errors else "",
        number.name,
        "" if number.shown is None else number.shown,
        label,
        " is-invalid" if number.errors else "",
        "true" if number.errors else "false",
    )


@register.simple_tag
def hours_change(now: float, then: float) -> str:
    """Hours with one decimal, before and after; one alone where they stay."""
    before, after = number_text(now, 1), number_text(then, 1)
    return before if before == after else before_after(before, after)


@register.simple_tag
def expected_change(figure: NowAndThen, is_money: bool = False) -> str:
    """Wins with one decimal, or whole money: before, after, and the 80 % interval of the change."""

    def text(value: float) -> str:
        return money_text(rounded(value, 0)) if is_money else number_text(value, 1)

    def signed(value: float) -> str:
        # A minus of its own, as in figures; no sign before what rounds to nothing.
        plain = text(abs(value))
        return plain if plain == text(0.0) else f"{'+' if value > 0 else '−'}{plain}"

    before, after = text(figure.now), text(figure.then)
    if before == after:
        return format_html("<b>{}</b>", before)
    interval = _("%(low)s to %(high)s") % {"low": signed(figure.low), "high": signed(figure.high)}
    return format_html('{} <span class="expected-range">{}</span>', before_after(before, after), interval)
