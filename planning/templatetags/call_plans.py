"""Template tags of call plans. Strings only, never a query."""

from collections.abc import Collection
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import Stage
from planning.engine.response import Response
from planning.models import Period
from planning.queries.call_plans import NAMED, GroupLine, LeftOut, PlanShown, TypeLine
from territory.formats.numbers import money_text, number_text, percent_text, rounded
from territory.templatetags.look import before_after

register = template.Library()


def _calls(number: float) -> str:
    """Touches a year: whole, below 10 with a decimal where it says something."""
    return number_text(number, 0 if number >= 10 or round(number, 1) == round(number) else 1)


@register.simple_tag
def calls_change(line: TypeLine) -> str:
    """Touches a year that the rule asks for now, and that the proposed rule would ask for."""
    now, then = _calls(line.now), _calls(line.asked)
    return now if now == then else before_after(now, then)


@register.simple_tag
def calls_range(line: TypeLine) -> str:
    low, high = _calls(line.low), _calls(line.high)
    return low if low == high else _("%(low)s to %(high)s") % {"low": low, "high": high}


@register.filter
def hours_whole(minutes: float) -> str:
    """Whole hours, for places whose head names the unit."""
    return number_text(minutes / 60)


@register.simple_tag
def whole_hours_change(now: float, then: float) -> str:
    before, after = number_text(now / 60), number_text(then / 60)
    return before if before == after else before_after(before, after)


@register.simple_tag
def group_words(group: GroupLine) -> str:
    """Business of a tier and stage, now and as proposed, and what each on its own would get."""
    figures = group.figures
    now, then = (money_text(rounded(figures[name], 0)) for name in ("value_now", "value_then"))
    mean, low, high = figures["own_times"]
    said = format_html("{} {}", now if now == then else before_after(now, then), _("of business"))
    told = (percent_text(share) if share else _("none") for share in (mean, low, high))
    words = dict(zip(("mean", "low", "high"), told, strict=True))
    if low == high:
        own = _("planned one by one, each would get %(mean)s of today's calls")
    else:
        own = _("planned one by one, they would get between %(low)s and %(high)s of today's calls, on average %(mean)s")
    return format_html("{}; {}", said, own % words)


@register.simple_tag
def best_words(figures: dict[str, Any]) -> str:
    """How far the plan may be from the best there is, and what a range means."""
    within = 1 - figures["within"]
    share = percent_text(within, 0 if round(within * 100, 1) == round(within * 100) else 1)
    if round(figures["gap"], 4):
        best = _("Another plan for these hours may bring up to %(gap)s more.") % {
            "gap": percent_text(figures["gap"], 2)
        }
    else:
        best = _("No other plan for these hours brings more.")
    return f"{best} {_('Range: with so few or so many touches a plan can still bring %(share)s of the best.') % {'share': share}}"


@register.simple_tag
def keepers_words(names: list[str]) -> str:
    """Who can keep the plan as drafts of rules, as far as the reader sees names."""
    if not names:
        return _("Who may change the rules can keep this as drafts and look at the effect first.")
    said = ", ".join(names[:NAMED])
    if len(names) > NAMED:
        said = _("%(names)s and others") % {"names": said}
    words = _("Who may change the rules can keep this as drafts and look at the effect first: %(names)s.")
    return words % {"names": said}


@register.simple_tag
def rule_choice(line: TypeLine, may_adopt: bool, kept: Collection[int] | None = None) -> str:
    """The rule that would ask for it, to be ticked by who may change rules; ticked, or as it was sent."""
    if not line.changes:
        return _("stays")
    if line.count_then:
        words = _("%(count)s a %(period)s") % {"count": line.count_then, "period": Period(line.period_then).label}
    else:
        words = _("none")
    if not may_adopt:
        return words
    return format_html(
        '<label class="check"><input class="form-check-input" type="checkbox" name="rule" value="{}"{}> {}<span class="visually-hidden"> {}</span></label>',
        line.rule,
        " checked" if kept is None or line.rule in kept else "",
        words,
        line.touch_type,
    )


@register.simple_tag
def stale_words(shown: PlanShown) -> str:
    """What has changed since the plan was computed."""
    names = {
        "rules": _("rules"),
        "judgements": _("judgements"),
        "settings": _("how plans are made"),
        "evidence": _("what prospects may bring"),
        "customers": _("which customers the team has"),
        "margin": _("the share that is margin"),
        "people": _("who works in the team"),
        "roads": _("how long journeys take"),
        "engine": _("the way it is computed"),
    }
    said = []
    if shown.changed:
        said.append(_("Changed since: %(what)s.") % {"what": ", ".join(names[name] for name in shown.changed)})
    if shown.facts_changed:
        words = ngettext(
            "Facts of %(n)s customer have changed since.",
            "Facts of %(n)s customers have changed since.",
            shown.facts_changed,
        )
        said.append(words % {"n": number_text(shown.facts_changed)})
    return " ".join(said)


@register.simple_tag
def left_out_words(shown: PlanShown) -> str:
    """Whom the plan does not move and why, and whose trips it does not know."""
    figures = shown.figures
    kinds = [
        ("own_rules", _("%(n)s with rules of their own keep them.")),
        ("no_place", _("%(n)s without a known place or base count no trips.")),
    ]
    if "left_out" not in figures:
        kinds.append(("no_value", _("%(n)s without business to expect are left as they are.")))
    said = [words % {"n": number_text(figures[name])} for name, words in kinds if figures.get(name)]
    reasons = (
        ("no rule", _("Left as they are, for no contact rule asks this role for touches with them: %(groups)s.")),
        ("no value", _("Left as they are, for no business is to be expected of them: %(groups)s.")),
    )
    for why, words in reasons:
        groups = [_group_left_out(row) for row in shown.left_out if row.why == why]
        if groups:
            said.append(words % {"groups": ", ".join(groups)})
    return " ".join(said)


def _group_left_out(row: LeftOut) -> str:
    """12 prospects of tier D."""
    if row.stage == Stage.PROSPECT:
        words = ngettext("%(n)s prospect %(tier)s", "%(n)s prospects %(tier)s", row.number)
    elif row.stage == Stage.CUSTOMER:
        words = ngettext("%(n)s customer %(tier)s", "%(n)s customers %(tier)s", row.number)
    else:
        words = _("%(n)s %(stage)s %(tier)s")
    tier = _("of tier %(tier)s") % {"tier": row.tier} if row.tier else _("without a tier")
    return words % {"n": number_text(row.number), "stage": Stage(row.stage).label, "tier": tier}


@register.simple_tag
def elasticity(curve: Response) -> str:
    """+0.23 %."""
    return f"+{number_text(curve.elasticity, 2)} %"
