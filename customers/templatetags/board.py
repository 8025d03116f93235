"""The cards of the pipeline, each a whole `<li>`: a board holds some fifty, and a template takes long over a dozen values each."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from customers.queries.board_cards import Card
from territory.templatetags.look import icon

register = template.Library()


@register.simple_tag
def deal(card: Card, query: str, moved: str, with_step: bool) -> SafeString:
    """A pending order: the board's `query` goes along to where it is moved from; one that was just `moved` has the focus."""
    return format_html(
        '<li class="deal{}"{}><p class="deal-name"><a class="row-name" href="{}">{}</a>{}{}</p><p class="row-note">{}{}</p>'
        '<p class="deal-line">{}{}</p><p class="deal-line">{}<span class="second">{}</span>{}</p></li>',
        " deal-marked" if card.is_marked else "",
        format_html(' data-move="{}" data-version="{}"', card.pk, card.version) if card.may_change else "",
        card.url,
        card.customer,
        card.tier,
        _move(card, query, moved) if card.may_change else "",
        card.title,
        f", {card.step}" if card.step and with_step else "",
        _amount(card),
        _chance(card),
        _person(card),
        card.day,
        format_html_join("", '<span class="deal-note">{}</span>', ((note,) for note in card.notes))
        if card.notes
        else "",
    )


@register.simple_tag
def deal_that_ended(card: Card) -> SafeString:
    """An order that was won or lost."""
    return format_html(
        '<li class="deal"><p class="deal-name"><a class="row-name" href="{}">{}</a></p><p class="row-note">{}</p>'
        '<p class="deal-line">{}<span class="second deal-note">{}</span></p></li>',
        card.url,
        card.customer,
        card.title,
        _amount(card),
        card.day,
    )


def _move(card: Card, query: str, moved: str) -> SafeString:
    return format_html(
        '<a class="deal-move" href="{}{}" data-panel="always" aria-label="{}"{}>{}</a>',
        card.move_url,
        query,
        card.move_label,
        mark_safe(" autofocus") if moved == str(card.pk) else "",
        icon("arrows-move"),
    )


def _amount(card: Card) -> str:
    return format_html("<b>{}</b>", card.amount) if card.amount else ""


def _chance(card: Card) -> str:
    if not card.chance:
        return ""
    return format_html(
        '<progress max="1" value="{}" aria-hidden="true"></progress><span>{}</span>', card.chance, card.probability
    )


def _person(card: Card) -> str:
    return format_html('<abbr class="avatar" title="{}">{}</abbr>', card.person, card.initials) if card.person else ""
