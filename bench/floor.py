"""The floor page: what any page costs here. One SELECT of 50 customers, one flat template of six fields each.

It has the same server, middleware and sign-in as the pages that are held against it.
"""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.views.decorators.http import require_safe

from customers.models import Customer

ROWS = 50
FIELDS = ("pk", "name", "town", "stage", "since", "yearly_value")

_template = engines["django"].from_string(
    """<!doctype html><html lang="en"><head><title>Floor</title></head><body><table>
{% for row in rows %}<tr><td>{{ row.pk }}</td><td>{{ row.name }}</td><td>{{ row.town }}</td><td>{{ row.stage }}</td><td>{{ row.since }}</td><td>{{ row.yearly_value }}</td></tr>
{% endfor %}</table></body></html>"""
)


@require_safe
def floor(request: HttpRequest) -> HttpResponse:
    rows = Customer.objects.order_by("pk").only(*FIELDS)[:ROWS]
    return HttpResponse(_template.render({"rows": rows}, request=None))
