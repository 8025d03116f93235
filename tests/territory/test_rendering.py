"""What a page is rendered from goes with it, without a search for garbage."""

import gc
import weakref

import pytest
from django.http import HttpRequest
from django.template import TemplateDoesNotExist, engines, loader


class Row:
    name = "Ann"


@pytest.fixture
def without_search():
    """No search for garbage meanwhile."""
    gc.disable()
    yield
    gc.enable()


def test_what_a_page_was_rendered_from_is_gone_with_it(without_search):
    row = Row()
    gone = weakref.ref(row)
    template = engines["django"].from_string("{{ row.name }}")

    page = template.render({"row": row}, request=HttpRequest())
    del row

    assert page == "Ann"
    assert gone() is None


def test_templates_of_files_are_rendered_so_too():
    assert type(loader.get_template("base.html")) is type(engines["django"].from_string(""))


def test_a_template_that_another_needs_and_that_is_not_there_is_named():
    with pytest.raises(TemplateDoesNotExist, match=r"nowhere\.html"):
        engines["django"].from_string("{% include 'nowhere.html' %}").render({}, request=HttpRequest())
