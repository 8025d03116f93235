"""The list of customers, its file, its filters; a customer's page and its stream; forms for the customer itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may, may_all
from customers import extensions
from customers.forms.filters import CustomerFilterForm
from customers.models import Customer
from customers.places import phone_url, route_url
from customers.queries import customer as queries
from customers.queries import timeline
from customers.queries.circumstances import circumstances_of
from customers.queries.listing import COLUMNS_KEPT_AS, CustomerListing
from customers.views.parts import csv_rows, filter_chips, kept_fields, sort_choices, tab_links
from territory import clock, limits
from territory.cursor import Cursor
from territory.formats.cells import csv_download
from territory.together import answer, answers


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def customer_list(request: HttpRequest) -> HttpResponse:
    """Customers the reader may see: words, tab, filters, sort and columns come from the address."""
    if "choose_columns" in request.GET:
        request.session[COLUMNS_KEPT_AS] = request.GET.getlist("columns")
    listing = CustomerListing(request, CustomerFilterForm(request.GET, user=request.user))
    context = {
        "listing": listing,
        "page": listing.page(),
        "tabs": tab_links(request, listing),
        "chips": filter_chips(request, listing.form),
        "sorts": sort_choices(request, listing),
        "sort": listing.sort,
        "kept": kept_fields(request, "q"),
        "may_add": may(request.user, Area.CUSTOMERS, Act.CHANGE),
        "may_log": may(request.user, Area.TOUCHES, Act.CHANGE),
        "may_export": may(request.user, Area.EXPORT, Act.SEE),
        "directory": may(request.user, Area.DIRECTORY, Act.SEE) and not may_all(request.user, Area.CUSTOMERS, Act.SEE),
    }
    part = request.headers.get("HX-Target") == "results"
    return render(request, "customers/list.html#results" if part else "customers/list.html", context)


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def customer_filters(request: HttpRequest) -> HttpResponse:
    """The filter form alone, loaded when it is opened: its choices cost more than the list itself."""
    form = CustomerFilterForm(request.GET, user=request.user)
    form.is_valid()
    kept = kept_fields(request, *form.fields)
    part = request.headers.get("HX-Request") == "true"
    context = {"form": form, "kept": kept, "list_url": reverse("customer_list")}
    return render(request, "customers/filters.html#fields" if part else "customers/filters.html", context)


@require_safe
@permission_required_in(Area.EXPORT, Act.SEE)
@limits.exports
def customer_export(request: HttpRequest) -> HttpResponse:
    """The list as a CSV file, as far as the reader's reach for exports goes."""
    within = Customer.objects.visible_to(request.user).within(request.user, Area.EXPORT, Act.SEE)
    listing = CustomerListing(request, CustomerFilterForm(request.GET, user=request.user), within)
    header = [_("External id"), _("Name"), _("Tier"), _("Stage")]
    columns = [column for column in listing.columns if column.key not in {"external_id", "stage"}]
    header += [str(column.exported_as or column.label) for column in columns]
    return csv_download(f"customers-{clock.today(request.user)}.csv", header, csv_rows(listing, columns))


@require_safe
def customer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A customer's page: head, what is odd, who works on it, contacts, and one of the tabs."""
    customer = queries.customer_for(request.user, pk)
    tab, after = _tab(request)
    panels = extensions.customer_panels
    if tab == "orders":
        shown = {"orders": queries.orders_of(customer)}
    else:
        shown = {"piece": timeline.piece(request.user, customer, tab=tab, after=after)}
    found = answers(
        team=queries.team_of(customer),
        contacts=queries.contacts_of(request.user, customer),
        fix=queries.open_fix(customer),
        circumstances=circumstances_of(customer),
        figures=queries.figures(request.user, customer),
        facts=extensions.facts(request, customer),
        main_panels=extensions.panels(panels, request, customer, "main"),
        aside_panels=extensions.panels(panels, request, customer, "aside"),
        **shown,
    )
    people = [customer, *found["contacts"].there]
    context = {
        "customer": customer,
        "you": next((row for row in found["team"] if row.membership.user_id == request.user.pk), None),
        "call_url": next((url for each in people if (url := phone_url(each.phone))), ""),
        "route_url": route_url(customer),
        "log_query": f"?customer={pk}",
        "may_log": may(request.user, Area.TOUCHES, Act.CHANGE),
        "may_see_orders": may(request.user, Area.ORDERS, Act.SEE),
        "may_order": may(request.user, Area.ORDERS, Act.CHANGE),
        "tab": tab,
        "after": after,
    }
    return render(request, "customers/detail.html", found | context)


def _tab(request: HttpRequest) -> tuple[str, Cursor | None]:
    """The chosen tab, and where its piece of the stream begins."""
    tab = request.GET.get("tab", "")
    after = Cursor.read(request.GET.get("after", ""))
    return tab if tab in (*timeline.TABS, "orders") else timeline.TABS[0], after


@require_safe
def customer_timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """The next piece of a customer's stream, as entries to put where the last one ended."""
    customer = queries.customer_for(request.user, pk)
    tab, after = _tab(request)
    if tab == "orders":
        return redirect("customer_detail", pk=pk)
    piece = answer(timeline.piece(request.user, customer, tab=tab, after=after))
    return render(request, "customers/timeline.html", {"customer": customer, "piece": piece, "tab": tab})
