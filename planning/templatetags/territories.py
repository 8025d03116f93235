"""Template tags of territories: people before and after, customers who change hands. Strings only, never a query."""

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planning.models import AlignmentMove, Balanced, Rebalancing
from planning.queries.alignment import PersonSides, ProposalPage, Sides, Wish
from territory.formats.numbers import money_text, number_text, percent_text, rounded
from territory.links import links_of
from territory.templatetags.look import avatar, before_after, tier_chip

register = template.Library()


@register.simple_tag
def sides(pair: Sides) -> SafeString | str:
    """A number before and after, once where it is the same."""
    return _pair(number_text(rounded(pair.before, 0)), number_text(rounded(pair.after, 0)))


def _pair(before: str, after: str) -> SafeString | str:
    return after if before == after else before_after(before, after)


@register.simple_tag
def person_sides(row: PersonSides) -> SafeString:
    """What somebody has before and after."""
    potential = row.potential
    money = (
        format_html('<td class="num">{}</td>', _pair(_money(potential.before), _money(potential.after)))
        if potential
        else ""
    )
    return format_html(
        '<tr><th scope="row">{} {}</th><td class="num">{}</td><td class="num">{}</td><td class="num">{}</td><td class="num">{}</td>{}</tr>',
        avatar(row.name),
        row.name,
        _pair(percent_text(row.share.before), percent_text(row.share.after)),
        sides(row.customers),
        sides(Sides(row.minutes.before / 60, row.minutes.after / 60)),
        sides(row.km),
        money,
    )


def _money(amount: float) -> str:
    return money_text(rounded(amount, 0))


DRAWN = {
    "circle": mark_safe('<circle cx="6" cy="6" r="5"/>'),
    "square": mark_safe('<rect x="1.5" y="1.5" width="9" height="9"/>'),
    "diamond": mark_safe('<path d="M6 0 12 6 6 12 0 6z"/>'),
    "triangle": mark_safe('<path d="M6 1 12 11H0z"/>'),
}


@register.simple_tag
def map_key(name: str, colour: str, shape: str) -> SafeString:
    """Whose customers are drawn how."""
    return format_html(
        '<span class="whose"><svg class="key-{}" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">{}</svg> {}</span> ',
        colour,
        DRAWN[shape],
        name,
    )


@register.simple_tag
def move_row(move: AlignmentMove, ticked: bool, takes: bool) -> SafeString:
    """A customer who changes hands: from whom to whom, hours and kilometres; with a box where it can be accepted."""
    saved = move.km_saved
    parts = [_("%(hours)s h a month") % {"hours": number_text(rounded(move.minutes / 60, 1), 1)}]
    if saved is not None and round(saved):
        words = _("%(km)s km a month less") if saved > 0 else _("%(km)s km a month more")
        parts.append(words % {"km": number_text(rounded(abs(saved), 0))})
    if move.starts_on:
        parts.append(_("from %(day)s") % {"day": date_format(move.starts_on, "j M Y")})
    said = format_html(
        '{} <b>{}</b> <span class="faint">{} → {}</span><span class="row-note">{}</span>',
        tier_chip(move.customer.tier),
        move.customer.name,
        move.giver.user.name,
        move.taker.user.name,
        ", ".join(parts),
    )
    if not takes:
        link = links_of("customer_detail")(move.customer_id)
        return format_html('<li><a class="row-main" href="{}">{}</a></li>', link, said)
    return format_html(
        '<li><label class="row-main"><input class="form-check-input" type="checkbox" name="rows" value="{}"{}> {}</label></li>',
        move.pk,
        " checked" if ticked else "",
        said,
    )


@register.simple_tag
def scope_words(page: ProposalPage) -> str:
    """Of how many customers the figures are: accepted, and ticked besides."""
    done, left, ticked = len(page.done), len(page.moves), len(page.ticked)
    if "moves" not in page.figures or (not page.proposal.is_open and not done):
        return _("as proposed")
    words = {"done": number_text(done), "ticked": number_text(ticked), "all": number_text(done + left)}
    if not done:
        return _("with the %(ticked)s of %(all)s that are ticked") % words
    if not ticked:
        return _("accepted: %(done)s of %(all)s") % words
    return _("accepted: %(done)s of %(all)s; with %(ticked)s more that are ticked") % words


@register.simple_tag
def comes_to(page: ProposalPage) -> str:
    """What the moves gain and what they cost, in a sentence."""
    number = page.figures.get("moved", 0)
    if not number:
        return _("Nothing is ticked: nobody changes hands.") if page.moves else _("Nobody changes hands.")
    parts = [words for words in (_evenness(page), _ways(page.km)) if words]
    moved = {"n": number_text(number)}
    if page.value_share is None:
        words = ngettext("%(n)s customer changes hands", "%(n)s customers change hands", number)
    else:
        moved["share"] = percent_text(page.value_share)
        words = ngettext(
            "%(n)s customer changes hands, %(share)s of the yearly business",
            "%(n)s customers change hands, %(share)s of the yearly business",
            number,
        )
    return f"{'; '.join([*parts, words % moved])}."


def _evenness(page: ProposalPage) -> str:
    """Whether loads are more or less even, and how far from it who is furthest is."""
    off = page.off_even
    if off is None:
        return ""
    tolerance = page.proposal.tolerance
    words = {
        "what": _("The loads") if page.proposal.balance == Balanced.MINUTES else _("The territories"),
        "before": percent_text(off.before),
        "after": percent_text(off.after),
        "tolerance": percent_text(tolerance),
    }
    if page.is_more_even:
        said = _("%(what)s become more even: at most %(after)s from what is even, %(before)s before")
    elif page.is_less_even:
        said = _("%(what)s become less even: up to %(after)s from what is even, %(before)s before")
    else:
        said = _("%(what)s are about as even as before: at most %(after)s from what is even")
    within = rounded(off.after, 2) <= rounded(tolerance, 2)
    kept = _("within the tolerance of %(tolerance)s") if within else _("beyond the tolerance of %(tolerance)s")
    return f"{said % words} ({kept % words})"


def _ways(km: Sides) -> str:
    saved = round(km.before - km.after)
    if not saved:
        return _("as many km as before")
    words = _("it saves %(km)s km a month") if saved > 0 else _("it costs %(km)s km a month more")
    return words % {"km": number_text(abs(saved))}


@register.simple_tag
def wish_words(wish: Wish) -> str:
    """What could not be kept."""
    number = round(wish.by)
    if wish.wish == "balance":
        words = (
            _("%(name)s: %(share)s above what is even") if wish.by > 0 else _("%(name)s: %(share)s below what is even")
        )
        return words % {"name": wish.name, "share": percent_text(abs(wish.by))}
    if wish.wish == "connected":
        words = ngettext(
            "%(name)s: %(n)s customer lies apart from the others",
            "%(name)s: %(n)s customers lie apart from the others",
            number,
        )
        return words % {"name": wish.name, "n": number}
    words = ngettext(
        "%(name)s: %(n)s customer who should stay goes", "%(name)s: %(n)s customers who should stay go", number
    )
    return words % {"name": wish.name, "n": number}


@register.simple_tag
def rebalancing_line(row: Rebalancing) -> SafeString:
    """Who would give how much to whom, both loads before and after, and the buttons; of a form around it."""
    number = len(row.items)
    if row.touches:
        what = ngettext("%(n)s planned touch", "%(n)s planned touches", number) % {"n": number}
    else:
        what = ngettext("%(n)s customer", "%(n)s customers", number) % {"n": number}
    giver, taker = row.giver.user.name, row.taker.user.name
    return format_html(
        '<li class="flex-wrap"><span class="row-main"><b>{} → {}</b><span class="row-note">{}: {} {}, {} {}</span></span>'
        '<span class="nowrap"><button class="btn btn-plain btn-sm" formaction="{}" name="found_at" value="{}" aria-label="{}">{}'
        '</button> <button class="btn btn-quiet btn-sm" formaction="{}" aria-label="{}">{}</button></span></li>',
        giver,
        taker,
        what,
        giver,
        before_after(percent_text(row.giver_before), percent_text(row.giver_after)),
        taker,
        before_after(percent_text(row.taker_before), percent_text(row.taker_after)),
        links_of("rebalancing_accept")(row.pk),
        row.found_at.isoformat(),
        f"{_('Hand over')}: {giver} → {taker}",
        _("Hand over"),
        links_of("rebalancing_dismiss")(row.pk),
        f"{_('Leave it')}: {giver} → {taker}",
        _("Leave it"),
    )
