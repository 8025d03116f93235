"""Markets and product lines: seen by all, changed by who may change the rules."""

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec import Struct

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may_all
from customers.actions.catalogue import archive_catalogue_row, restore_catalogue_row, save_catalogue_row
from customers.forms.catalogue import MarketForm, ProductLineForm
from customers.forms.fields import RowForm
from customers.models import Market, ProductLine, sees_market_potential
from customers.views.saving import carried_out, form_page
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast


class Kind(Struct, frozen=True):
    """One of the two catalogues: its model, form, start of URL names and words."""

    model: type[Model]
    form: type[RowForm]
    name: str
    title: str
    add: str
    empty: str


MARKETS = Kind(
    Market, MarketForm, "market", gettext_lazy("Markets"), gettext_lazy("Add market"), gettext_lazy("No market yet.")
)
PRODUCT_LINES = Kind(
    ProductLine,
    ProductLineForm,
    "product_line",
    gettext_lazy("Product lines"),
    gettext_lazy("Add product line"),
    gettext_lazy("No product line yet."),
)


def _list(request: HttpRequest, kind: Kind, template: str, rows) -> HttpResponse:
    archived = "archived" in request.GET
    context = {
        "kind": kind,
        "rows": rows.filter(archived_at__isnull=not archived),
        "archived": archived,
        "may_change": may_all(request.user, Area.RULES, Act.CHANGE),
        "sees_potential": sees_market_potential(request.user),
        "add_url": reverse(f"{kind.name}_create"),
    }
    return render(request, template, context)


def _require_all(request: HttpRequest) -> None:
    """The catalogue is the whole company's: so must be the reach."""
    if not may_all(request.user, Area.RULES, Act.CHANGE):
        raise PermissionDenied


def _form(request: HttpRequest, kind: Kind, row) -> HttpResponse:
    """Store a row of the catalogue."""
    _require_all(request)
    form = kind.form(sent(request), instance=row)
    back = reverse(f"{kind.name}_list")

    def save() -> None:
        version = form.cleaned_data.get("version")
        save_catalogue_row(actor=request.user, now=clock.now(), row=row, version=version, values=form.values())

    try:
        if carried_out(form, save):
            toast(request, _("Saved"))
            return redirect(back)
    except Conflict as conflict:
        return conflict_page(request, form, conflict, back)
    return form_page(request, "customers/catalogue_form.html", form, kind=kind, row=row, back=back)


def _put_away(request: HttpRequest, kind: Kind, pk: int) -> HttpResponse:
    """Archive a row, or bring it back where the button said so."""
    _require_all(request)
    row = get_object_or_404(kind.model, pk=pk)
    action = restore_catalogue_row if "restore" in request.POST else archive_catalogue_row
    action(actor=request.user, now=clock.now(), row=row)
    toast(request, _("Saved"))
    return redirect(f"{kind.name}_list")


@require_safe
@permission_required_in(Area.RULES, Act.SEE)
def market_list(request: HttpRequest) -> HttpResponse:
    """Markets as a tree, with how many live customers each has of its own."""
    customers = Count("customers", filter=Q(customers__archived_at__isnull=True))
    return _list(
        request, MARKETS, "customers/market_list.html", Market.objects.select_related("parent").annotate(used=customers)
    )


@require_safe
@permission_required_in(Area.RULES, Act.SEE)
def product_line_list(request: HttpRequest) -> HttpResponse:
    """What we sell."""
    return _list(request, PRODUCT_LINES, "customers/product_line_list.html", ProductLine.objects.all())


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.RULES, Act.CHANGE)
def market_create(request: HttpRequest) -> HttpResponse:
    return _form(request, MARKETS, Market())


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.RULES, Act.CHANGE)
def market_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _form(request, MARKETS, get_object_or_404(Market, pk=pk))


@require_POST
@permission_required_in(Area.RULES, Act.CHANGE)
def market_archive(request: HttpRequest, pk: int) -> HttpResponse:
    return _put_away(request, MARKETS, pk)


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.RULES, Act.CHANGE)
def product_line_create(request: HttpRequest) -> HttpResponse:
    return _form(request, PRODUCT_LINES, ProductLine())


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.RULES, Act.CHANGE)
def product_line_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _form(request, PRODUCT_LINES, get_object_or_404(ProductLine, pk=pk))


@require_POST
@permission_required_in(Area.RULES, Act.CHANGE)
def product_line_archive(request: HttpRequest, pk: int) -> HttpResponse:
    return _put_away(request, PRODUCT_LINES, pk)
