"""The list of orders, its file, an order's page, and forms to open, change, win, lose and open it again."""

from collections.abc import Iterator
from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from customers import extensions
from customers.actions.orders import (
    archive_order,
    change_order,
    lose_order,
    open_order,
    reopen_order,
    restore_order,
    win_order,
)
from customers.forms.filters import OrderFilterForm
from customers.forms.orders import LostForm, NewOrderForm, OrderForm, ReopenForm, WonForm
from customers.models import Order, OrderStatus
from customers.queries import orders as queries
from customers.queries.columns import sees_amounts
from customers.queries.timeline_sources import order_stream
from customers.scope import hangs_within, may_note_expenses
from customers.views.parts import FILE_PIECE, Link, address, filter_chips, kept_fields, sort_choices
from customers.views.saving import carried_out, form_page, to_change
from territory import clock, limits
from territory.conflicts import Conflict, conflict_page
from territory.formats.cells import csv_download
from territory.sent import sent
from territory.toasts import toast
from territory.together import answers


@require_safe
@permission_required_in(Area.ORDERS, Act.SEE)
def order_list(request: HttpRequest) -> HttpResponse:
    """Orders the reader may see by status, with sums over the amounts they may see."""
    listing = queries.OrderListing(request, OrderFilterForm(request.GET, user=request.user))
    context = {
        "listing": listing,
        "page": listing.page(),
        "tabs": _tabs(listing),
        "chips": filter_chips(request, listing.form),
        "sorts": sort_choices(request, listing),
        "sort": listing.sort,
        "kept": kept_fields(request, "q"),
        "board_query": address(request, status=None, sort=None, page=None),
        "amounts_shown": sees_amounts(request.user),
        "may_add": may(request.user, Area.ORDERS, Act.CHANGE),
        "may_export": may(request.user, Area.EXPORT, Act.SEE),
    }
    part = request.headers.get("HX-Target") == "results"
    return render(request, "customers/order_list.html#results" if part else "customers/order_list.html", context)


def _tabs(listing: queries.OrderListing) -> list[Link]:
    counts = {total.status: total.count for total in listing.totals}
    words = {"pending": _("Pending"), "won": _("Won"), "lost": _("Lost")}
    links = [Link(f"?status={key}", word, counts[key], listing.status == key) for key, word in words.items()]
    return [*links, Link("?status=all", _("All"), sum(counts.values()), listing.status == "all")]


@require_safe
@permission_required_in(Area.ORDERS, Act.SEE)
def order_filters(request: HttpRequest) -> HttpResponse:
    """The filter form alone, loaded when it is opened."""
    form = OrderFilterForm(request.GET, user=request.user)
    form.is_valid()
    part = request.headers.get("HX-Request") == "true"
    context = {"form": form, "kept": kept_fields(request, *form.fields), "list_url": reverse("order_list")}
    return render(request, "customers/filters.html#fields" if part else "customers/filters.html", context)


@require_safe
@permission_required_in(Area.EXPORT, Act.SEE)
@limits.exports
def order_export(request: HttpRequest) -> HttpResponse:
    """The list as a CSV file, as far as the reader's reach for exports goes."""
    within = queries.orders_for(request.user).filter(hangs_within(request.user, Area.EXPORT, Act.SEE))
    listing = queries.OrderListing(request, OrderFilterForm(request.GET, user=request.user), within)
    columns = list(extensions.order_columns.visible_to(request.user))
    header = [_("External id"), _("Customer"), *(str(column.label) for column in columns), _("Reason lost")]

    def lines() -> Iterator[list]:
        rows = listing.rows.iterator(chunk_size=FILE_PIECE)
        while piece := list(islice(rows, FILE_PIECE)):
            values = [(column, column.values(request.user, piece)) for column in columns]
            for order in piece:
                cells = [column.export(known[order.pk]) if order.pk in known else None for column, known in values]
                yield [order.external_id, order.customer.name, *cells, order.lost_reason]

    return csv_download(f"orders-{clock.today(request.user)}.csv", header, lines())


@require_safe
def order_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An order's page, with what rooms above know of it."""
    noting = may_note_expenses(request.user, "customer")
    order = get_object_or_404(queries.orders_for(request.user).annotate(may_note_expense=noting), pk=pk)
    context = answers(
        main_panels=extensions.panels(extensions.order_panels, request, order, "main"),
        aside_panels=extensions.panels(extensions.order_panels, request, order, "aside"),
        entries=order_stream(request.user, order),
    )
    return render(request, "customers/order.html", context | {"order": order})


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.ORDERS, Act.CHANGE)
def order_create(request: HttpRequest) -> HttpResponse:
    """A pending order of a customer within the person's reach for orders."""
    form = NewOrderForm(sent(request), user=request.user, initial={"customer": request.GET.get("customer")})
    made = []

    def save() -> None:
        customer = form.cleaned_data["customer"]
        made.append(open_order(actor=request.user, now=clock.now(), customer=customer, values=form.values()))

    if carried_out(form, save):
        toast(request, _("Order %(order)s opened") % {"order": made[0]}, saved="order-new")
        return redirect("order_detail", pk=made[0].pk)
    return form_page(request, "customers/order_form.html", form)


def order_of_page(request: HttpRequest, pk: int) -> Order:
    """The order for a change, knowing what its reader may see of it."""
    to_change(Order, request.user, pk)
    return queries.orders_for(request.user).get(pk=pk)


@require_http_methods(["GET", "POST"])
def order_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an order; what is settled at closing is no longer asked for."""
    order = order_of_page(request, pk)
    form = OrderForm(sent(request), instance=order, user=request.user)

    def save() -> None:
        version = form.cleaned_data["version"]
        change_order(actor=request.user, now=clock.now(), order=order, version=version, values=form.values())

    return _saved(request, form, save, order, "customers/order_form.html")


@require_http_methods(["GET", "POST"])
def order_win(request: HttpRequest, pk: int) -> HttpResponse:
    """The order is won; its customer is one by itself."""
    order = order_of_page(request, pk)
    if request.method == "GET" and order.status != OrderStatus.PENDING:
        return _ended_already(request, order)
    initial = {"version": order.version, "amount": order.amount}
    form = WonForm(sent(request), initial=initial, amount_seen=order.seen_amount is not None)

    def save() -> None:
        win_order(actor=request.user, now=clock.now(), order=order, **form.cleaned_data)

    return _saved(request, form, save, order, "customers/order_end.html")


@require_http_methods(["GET", "POST"])
def order_lose(request: HttpRequest, pk: int) -> HttpResponse:
    """The order is lost, with the reason."""
    order = order_of_page(request, pk)
    if request.method == "GET" and order.status != OrderStatus.PENDING:
        return _ended_already(request, order)
    form = LostForm(sent(request), initial={"version": order.version})

    def save() -> None:
        lose_order(actor=request.user, now=clock.now(), order=order, **form.cleaned_data)

    return _saved(request, form, save, order, "customers/order_end.html")


@require_http_methods(["GET", "POST"])
def order_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """A won or lost order is pending again; the page asks first, for stage and tier follow."""
    order = order_of_page(request, pk)
    form = ReopenForm(sent(request), initial={"version": order.version})

    def save() -> None:
        reopen_order(actor=request.user, now=clock.now(), order=order, version=form.cleaned_data["version"])

    return _saved(request, form, save, order, "customers/order_end.html")


def _ended_already(request: HttpRequest, order: Order) -> HttpResponse:
    """Say on the order's page that it is won or lost: a form that cannot be saved is not offered."""
    words = {"order": order, "status": order.get_status_display()}
    toast(request, _("Order %(order)s is %(status)s already: open it again first.") % words, tone="warn")
    return redirect("order_detail", pk=order.pk)


def _saved(request: HttpRequest, form, save, order: Order, template: str) -> HttpResponse:
    """The order's page once the action is done; else the form with what was wrong, or both values of a conflict."""
    back = reverse("order_detail", args=[order.pk])
    try:
        if carried_out(form, save):
            toast(request, _("Saved"), saved=f"order-{order.pk}")
            return redirect(back)
    except Conflict as conflict:
        return conflict_page(request, form, conflict, back)
    return form_page(request, template, form, order=order, act=request.resolver_match.url_name)


@require_POST
def order_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an order away, or bring it back where the button said so."""
    order = to_change(Order, request.user, pk)
    if "restore" in request.POST:
        restore_order(actor=request.user, now=clock.now(), order=order)
        toast(request, _("Order %(order)s is back") % {"order": order})
    else:
        archive_order(actor=request.user, now=clock.now(), order=order)
        toast(request, _("Order %(order)s was archived") % {"order": order})
    return redirect("order_detail", pk=pk)
