"""Forms for who works on a customer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.actions.assignments import assign, change_assignment, end_assignment
from customers.forms.assignments import AssignmentForm, EndForm
from customers.models import Assignment, Customer
from customers.views.saving import carried_out, form_page, to_change
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast

RELATED = ("customer", "membership__user", "membership__role", "membership__team")


@require_http_methods(["GET", "POST"])
def assignment_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Put somebody on a customer's team."""
    customer = to_change(Customer, request.user, pk)
    form = AssignmentForm(sent(request), user=request.user)
    if carried_out(form, lambda: assign(actor=request.user, now=clock.now(), customer=customer, **form.values())):
        toast(request, _("%(name)s works on it now") % {"name": form.cleaned_data["membership"].user})
        return redirect("customer_detail", pk=pk)
    return form_page(request, "customers/assignment_form.html", form, customer=customer)


@require_http_methods(["GET", "POST"])
def assignment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change as what, with which share and when somebody works on a customer."""
    assignment = to_change(Assignment, request.user, pk, *RELATED)
    back = reverse("customer_detail", args=[assignment.customer_id])
    form = AssignmentForm(sent(request), user=request.user, instance=assignment)

    def save() -> None:
        version = form.cleaned_data["version"]
        change_assignment(actor=request.user, now=clock.now(), assignment=assignment, version=version, **form.values())

    try:
        if carried_out(form, save):
            toast(request, _("Saved"))
            return redirect(back)
    except Conflict as conflict:
        return conflict_page(request, form, conflict, back)
    context = {"customer": assignment.customer, "assignment": assignment}
    return form_page(request, "customers/assignment_form.html", form, **context)


@require_http_methods(["GET", "POST"])
def assignment_end(request: HttpRequest, pk: int) -> HttpResponse:
    """The last day on which somebody works on a customer."""
    assignment = to_change(Assignment, request.user, pk, *RELATED)
    initial = {"ends_on": clock.today(request.user), "version": assignment.version}
    form = EndForm(sent(request), initial=initial)

    def save() -> None:
        end_assignment(actor=request.user, now=clock.now(), assignment=assignment, **form.cleaned_data)

    try:
        if carried_out(form, save):
            toast(request, _("Saved"))
            return redirect("customer_detail", pk=assignment.customer_id)
    except Conflict as conflict:
        return conflict_page(request, form, conflict, reverse("customer_detail", args=[assignment.customer_id]))
    context = {"customer": assignment.customer, "assignment": assignment}
    return form_page(request, "customers/assignment_end.html", form, **context)
