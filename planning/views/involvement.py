"""Involvement: who takes part in customers and orders, held against who is their sole contact, lead or support."""

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from planning.queries import involvement as queries
from planning.queries.norms import sees_norms
from planning.views.asked import may_export

SHOWN = 40

WAYS = (("customer", _("Customers")), ("order", _("Orders")), ("person", _("People")))


@require_safe
@permission_required_in(Area.TOUCHES, Act.SEE)
def involvement(request):
    """?by=customer (what does not fit; ?all=1 every customer), ?by=order, ?by=person; ?happened= one kind of misfit."""
    if not sees_norms(request.user):
        raise PermissionDenied
    by = request.GET.get("by")
    by = by if by in dict(WAYS) else "customer"
    context = {
        "by": by,
        "ways": WAYS,
        "run": queries.last_run(by),
        "may_export": may_export(request.user),
        **PARTS[by](request),
    }
    return render(request, f"planning/involvement/{by}.html", context)


def _page(request, rows):
    return Paginator(rows, SHOWN).get_page(request.GET.get("page"))


def _customers(request) -> dict:
    counts = queries.counts(request.user)
    asked = request.GET.get("happened")
    happened = asked if asked in counts.by_kind else ""
    every = "all" in request.GET
    if every:
        return {"counts": counts, "every": True, "page": _page(request, queries.customers_seen(request.user))}
    page = _page(request, queries.findings_seen(request.user, happened))
    kinds = [(kind, kind.label, counts.by_kind[kind]) for kind in queries.Happened if kind in counts.by_kind]
    return {
        "counts": counts,
        "page": page,
        "misfits": queries.misfits(page),
        "kinds": kinds,
        "happened": happened,
        "may_assign": may(request.user, Area.CUSTOMERS, Act.CHANGE),
    }


def _orders(request) -> dict:
    page = _page(request, queries.pending_seen(request.user))
    page.object_list = [queries.Pending(*row) for row in page.object_list]
    return {"bands": queries.bands(request.user), "page": page}


def _people(request) -> dict:
    page = _page(request, queries.people_seen(request.user))
    return {"page": page, "lines": queries.person_lines(request.user, page)}


PARTS = {"customer": _customers, "order": _orders, "person": _people}
