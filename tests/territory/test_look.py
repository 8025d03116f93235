"""The template tags of docs/interface.md."""

from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory

from territory.templatetags import look


def render(source: str, **context) -> str:
    return Template("{% load look %}" + source).render(Context(context))


def test_icon_alone_has_a_name():
    assert 'role="img" aria-label="Search"' in look.icon("search", label="Search")


def test_icon_beside_a_word_is_hidden_from_screen_readers():
    assert 'aria-hidden="true"' in look.icon("search")


def test_link_writes_what_url_writes():
    assert render("{% link 'customer_detail' 7 %} {% link 'order_list' %}") == render(
        "{% url 'customer_detail' 7 %} {% url 'order_list' %}"
    )


def test_no_tier_no_chip():
    assert look.tier_chip(None) == ""


def test_tier_takes_the_shade_of_its_place():
    assert "tier-2" in look.tier_chip("Silver", 2)


def test_letters_of_a_person():
    assert [look.initials(name) for name in ("Nell Ashcombe", "Cher", "Ana María de la Cruz", "")] == [
        "NA",
        "C",
        "AC",
        "?",
    ]


def test_markup_in_a_name_stays_text():
    assert "&lt;b&gt;" in look.badge("<b>bold</b>")


def test_away_is_a_word_and_a_pattern():
    cell = look.load_cell(away=True)
    assert "band-away" in cell
    assert ">away<" in cell


def test_part_of_the_week_away_has_a_star():
    assert ">131*<" in look.load_cell(131, partial=True)


def test_a_cell_opens_the_panel():
    assert 'href="/load/7/" aria-label="Week 24"' in look.load_cell(97, url="/load/7/", label="Week 24")


def test_budget_bar_ends_at_175_per_cent():
    assert 'width="100.0%"' in look.budget_bar(400)


def test_half_of_a_budget_reaches_half_way_to_the_tick():
    assert 'width="28.6%"' in look.budget_bar(50)


def test_first_click_sorts_the_way_the_column_says():
    request = RequestFactory().get("/customers/?tier=A&page=3")
    assert 'href="?tier=A&amp;sort=-overdue"' in render(
        '{% sort_head "Overdue" "overdue" first="desc" %}', request=request
    )


def test_second_click_sorts_the_other_way():
    request = RequestFactory().get("/customers/?sort=name")
    head = render('{% sort_head "Customer" "name" %}', request=request)
    assert 'aria-sort="ascending"' in head
    assert 'href="?sort=-name"' in head


def test_pager_keeps_the_filter():
    request = RequestFactory().get("/customers/?tier=A&page=2")
    pager = render("{% pager page %}", request=request, page=Paginator(range(60), 25).page(2))
    assert "26 to 50 of 60" in pager
    assert 'href="?tier=A&amp;page=3"' in pager


def test_a_block_can_be_said_twice():
    page = Template('{% extends "base_plain.html" %}{% block title %}Orders{% endblock %}').render(Context())
    assert "<title>Orders · Territory</title>" in page
    assert "<h1>Orders</h1>" in page


def test_a_toast_carries_its_undo_and_its_draft():
    message = Message(25, "Logged", extra_tags="undo:/touches/7/undo/ saved:touch")
    assert look.undo_url(message) == "/touches/7/undo/"
    assert look.saved_key(message) == "touch"
