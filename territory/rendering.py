"""How templates are rendered: as Django does it, and what they were rendered from is let go at once."""

from django.template import TemplateDoesNotExist
from django.template.backends.django import DjangoTemplates, Template, reraise
from django.template.context import make_context


class Rendered(Template):
    """A template whose context holds nothing once it is rendered.

    A view's values stand in a dictionary that knows its context and is known by it, so each page left its rows to the search
    for garbage: some thousand of a large one, 1 ms for every thousand.
    """

    def render(self, context=None, request=None):
        context = make_context(context, request, autoescape=self.backend.engine.autoescape)
        try:
            page = self.template.render(context)
        except TemplateDoesNotExist as error:
            reraise(error, self.backend)
        context.dicts.clear()
        return page


class Templates(DjangoTemplates):
    """Django's templates, rendered so."""

    def from_string(self, template_code):
        return Rendered(self.engine.from_string(template_code), self)

    def get_template(self, template_name):
        found = super().get_template(template_name)
        return Rendered(found.template, self)
