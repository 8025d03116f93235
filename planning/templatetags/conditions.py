"""Template tags of what moves a sale: effects as dots on a line, shares of variation in words and as a bar. Never a query."""

from math import log, log1p

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import Struct

from planning.engine.crossed_effects import NOTHING_TO_COMPARE, NOTHING_TWICE, SAME_AS_ANOTHER, Effect
from planning.engine.interval import Z
from planning.models import ConditionKind, SaleMeasure
from planning.queries.conditions import KindShown, Moving, Shown
from planning.templatetags.planning import signed_percent
from territory.formats.numbers import number_text, percent_text

register = template.Library()

MANY = {
    ConditionKind.SALESPERSON: gettext_lazy("salespeople"),
    ConditionKind.MARKET: gettext_lazy("markets"),
    ConditionKind.CUSTOMER: gettext_lazy("customers"),
    ConditionKind.CIRCUMSTANCE: gettext_lazy("circumstances"),
}
WHY = {
    NOTHING_TO_COMPARE: gettext_lazy(
        "Of no type and tier are there sales with and without one of them: nothing to compare."
    ),
    NOTHING_TWICE: gettext_lazy("None of them has two sales yet."),
    SAME_AS_ANOTHER: gettext_lazy("They always go together with a market or a customer: what is whose cannot be told."),
}
# What lines reach to at least, as a share of the normal, and what they name: half is as far from normal as double.
LEAST = 0.25
NAMED = (-0.9, -0.75, -0.5, -0.25, -0.1, 0.0, 0.1, 0.25, 0.5, 1.0, 3.0, 9.0)
FURTHEST = log(20)
# Names on a line lie at least so far apart, of its whole.
APART = 0.2


class Scale(Struct, frozen=True):
    """From where to where lines go, as logarithms of shares of the normal."""

    low: float
    high: float

    def place(self, mean: float) -> float:
        """In per cent of the line; what is further away stands at its end."""
        return min(max((mean - self.low) / (self.high - self.low), 0.0), 1.0) * 100


@register.simple_tag
def effects_scale(shown: Shown) -> Scale:
    """One for all lines of a page: every interval is on it, unless it is very wide."""
    effects = [row.effect for kind in shown.kinds for row in kind.rows]
    low = min((row.mean - Z * row.error for row in effects), default=0.0)
    high = max((row.mean + Z * row.error for row in effects), default=0.0)
    return Scale(max(min(low, log1p(-LEAST)), -FURTHEST), min(max(high, log1p(LEAST)), FURTHEST))


@register.simple_tag
def effects_axis(scale: Scale) -> SafeString:
    """What places on the lines mean."""
    marks: list[tuple[float, str]] = [(scale.place(0.0), _("normal"))]
    for share in sorted(NAMED, key=abs, reverse=True):
        place = scale.place(log1p(share))
        within = scale.low <= log1p(share) <= scale.high
        if share and within and all(abs(place - other) >= APART * 100 for other, _word in marks):
            marks.append((place, signed_percent(share)))
    texts = format_html_join(
        "", '<text x="{}%" y="12" text-anchor="middle">{}</text>', ((f"{x:.1f}", word) for x, word in marks)
    )
    return format_html('<svg class="drawn effect-axis" height="16" aria-hidden="true">{}</svg>', texts)


@register.simple_tag
def effect_line(row: Moving, scale: Scale) -> SafeString:
    """An effect as a dot with its interval beside normal; filled: the interval does not reach normal."""
    effect = row.effect
    low, high, here = (
        f"{scale.place(mean):.1f}%"
        for mean in (effect.mean - Z * effect.error, effect.mean + Z * effect.error, effect.mean)
    )
    tone = ("effect-less" if effect.mean < 0 else "effect-more") if row.is_off else ""
    return format_html(
        '<svg class="effect {}" height="16" aria-hidden="true"><line class="effect-normal" x1="{}" x2="{}" y1="0" y2="16"/>'
        '<line class="effect-band" x1="{}" x2="{}" y1="8" y2="8"/><circle cx="{}" cy="8" r="4"/></svg>',
        tone, *[f"{scale.place(0.0):.1f}%"] * 2, low, high, here,
    )  # fmt: skip


@register.filter
def effect_range(effect: Effect) -> str:
    """The interval in whole per cent: −16 to −2."""
    return _("%(low)s to %(high)s") % {"low": _signed(effect.low), "high": _signed(effect.high)}


def _signed(share: float) -> str:
    whole = round(share * 100)
    return f"−{number_text(-whole)}" if whole < 0 else number_text(whole)


@register.filter
def kind_head(kind: KindShown) -> str:
    """Customers, 10 of 214."""
    name = capfirst(str(MANY[kind.kind]))
    if not kind.rows or len(kind.rows) == kind.levels:
        return name
    return _("%(kinds)s, %(some)s of %(all)s") % {
        "kinds": name,
        "some": len(kind.rows),
        "all": number_text(kind.levels),
    }


@register.filter
def why_nothing(kind: KindShown) -> str:
    """Why nothing is shown of a kind; "": something is."""
    if kind.why:
        return str(WHY[kind.why])
    if not kind.share:
        return _("They make no difference that could be told from chance.")
    return "" if kind.rows else _("None of them within your reach.")


@register.filter
def not_shown(kind: KindShown) -> str:
    """Who else counts, without a name."""
    others = kind.levels - kind.named
    nearer = kind.named - len(kind.rows)
    words = []
    if nearer:
        words.append(
            ngettext("%(n)s more is nearer to normal", "%(n)s more are nearer to normal", nearer)
            % {"n": number_text(nearer)}
        )
    if others:
        words.append(
            ngettext("%(n)s is beyond your reach", "%(n)s are beyond your reach", others) % {"n": number_text(others)}
        )
    return capfirst(_(", ").join(words)) + "." if words else ""


@register.simple_tag
def explained(shown: Shown) -> str:
    """What explains the differences, in a sentence: customers 40 %, salespeople 12 %."""
    parts = [(str(MANY[kind.kind]), percent_text(kind.share)) for kind in shown.explaining]
    if not parts:
        return _("No condition explains why sales differ: they differ by chance.")
    first, *others = (
        _("%(kinds)s explain %(share)s") % {"kinds": kinds, "share": share} if not place else f"{kinds} {share}"
        for place, (kinds, share) in enumerate(parts)
    )
    return _("Of the difference between sales, %(parts)s.") % {"parts": _(", ").join([first, *others])}


@register.simple_tag
def explained_bar(shown: Shown) -> SafeString:
    """Shares of variation as one bar, with what each part is below."""
    parts = [(kind.kind.value, capfirst(str(MANY[kind.kind])), kind.share) for kind in shown.explaining]
    parts.append(("rest", _("Not explained"), max(0.0, 1 - sum(share for _kind, _name, share in parts))))
    start, drawn = 0.0, []
    for kind, _name, share in parts:
        drawn.append((kind, f"{start * 100:.2f}", f"{share * 100:.2f}"))
        start += share
    bar = format_html_join("", '<rect class="part-{}" x="{}%" width="{}%" height="12"/>', drawn)
    names = format_html_join(
        "",
        '<li><span class="part-key part-{}"></span> {} <b>{}</b></li>',
        ((kind, name, percent_text(share)) for kind, name, share in parts),
    )
    return format_html(
        '<svg class="explained" height="12" aria-hidden="true">{}</svg><ul class="explained-parts">{}</ul>', bar, names
    )


@register.simple_tag
def apart_words(shown: Shown) -> str:
    """A warning where salespeople cannot be told from their customers; "": they can."""
    groups = shown.groups
    if len(groups) < 2 or shown.told(ConditionKind.SALESPERSON).why or shown.told(ConditionKind.CUSTOMER).why:
        return ""
    if groups[0] == 1:
        return _(
            "No two salespeople sold to a customer in common: what is theirs and what is their customers' cannot be told apart."
        )
    words = {"n": len(groups), "sizes": _(", ").join(map(str, groups[:6])) + (" …" if len(groups) > 6 else "")}
    return (
        _(
            "Salespeople fall into %(n)s groups (of %(sizes)s) without a customer in common: between these, what is theirs and what is their customers' cannot be told apart."
        )
        % words
    )


@register.simple_tag
def moves_words(measure: SaleMeasure) -> str:
    """What an effect on a measure reads as."""
    return {
        SaleMeasure.DAYS: _("Days from opening to close, beside a normal sale of the same type and tier."),
        SaleMeasure.TOUCHES: _("Touches of a sale, beside a normal one of the same type and tier."),
        SaleMeasure.COST: _("Cost of a sale, beside a normal one of the same type and tier."),
        SaleMeasure.AMOUNT: _("Amount of a sale, beside a normal one of the same type and tier."),
    }[measure]
