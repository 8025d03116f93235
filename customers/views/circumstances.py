"""Circumstances of a customer: note one, change it, end it, put it away, bring it back."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from customers.actions.circumstances import (
    archive_circumstance,
    change_circumstance,
    end_circumstance,
    note_circumstance,
    restore_circumstance,
)
from customers.forms.circumstances import CircumstanceForm, LastDayForm
from customers.models import Circumstance, Customer
from customers.views.saving import carried_out, form_page, to_change
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast

FORM = "customers/circumstances/form.html"


def _page_of(customer: int) -> str:
    return f"{reverse('customer_detail', args=[customer])}#circumstances"


@require_http_methods(["GET", "POST"])
def circumstance_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a circumstance of a customer."""
    customer = to_change(Customer, request.user, pk)
    form = CircumstanceForm(sent(request), initial={"starts_on": clock.company_today()})
    if carried_out(
        form, lambda: note_circumstance(actor=request.user, now=clock.now(), customer=customer, values=form.values())
    ):
        toast(request, _("Noted"))
        return redirect(_page_of(pk))
    return form_page(request, FORM, form, customer=customer)


@require_http_methods(["GET", "POST"])
def circumstance_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a circumstance."""
    row = to_change(Circumstance, request.user, pk, "customer", "kind")
    form = CircumstanceForm(sent(request), instance=row)

    def save() -> None:
        version = form.cleaned_data["version"]
        change_circumstance(actor=request.user, now=clock.now(), row=row, version=version, values=form.values())

    try:
        if carried_out(form, save):
            toast(request, _("Saved"))
            return redirect(_page_of(row.customer_id))
    except Conflict as conflict:
        return conflict_page(request, form, conflict, _page_of(row.customer_id))
    return form_page(request, FORM, form, customer=row.customer, row=row)


@require_http_methods(["GET", "POST"])
def circumstance_end(request: HttpRequest, pk: int) -> HttpResponse:
    """The last day on which a circumstance holds."""
    row = to_change(Circumstance, request.user, pk, "customer", "kind")
    today = clock.company_today()
    last = max(today, row.starts_on) if row.starts_on else today
    form = LastDayForm(sent(request), initial={"ends_on": last, "version": row.version})

    def save() -> None:
        end_circumstance(actor=request.user, now=clock.now(), row=row, **form.cleaned_data)

    try:
        if carried_out(form, save):
            toast(request, _("Saved"))
            return redirect(_page_of(row.customer_id))
    except Conflict as conflict:
        return conflict_page(request, form, conflict, _page_of(row.customer_id))
    return form_page(request, "customers/circumstances/end.html", form, customer=row.customer, row=row)


@require_POST
def circumstance_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put away what never held."""
    row = to_change(Circumstance, request.user, pk, "customer")
    archive_circumstance(actor=request.user, now=clock.now(), row=row)
    toast(request, _("The circumstance was archived"), undo=reverse("circumstance_restore", args=[pk]))
    return redirect(_page_of(row.customer_id))


@require_POST
def circumstance_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring an archived circumstance back, unless the same is noted for some of its days by now."""
    row = to_change(Circumstance, request.user, pk, "customer")
    try:
        restore_circumstance(actor=request.user, now=clock.now(), row=row)
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
    else:
        toast(request, _("The circumstance is back"))
    return redirect(_page_of(row.customer_id))
