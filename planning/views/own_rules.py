"""Rules of a customer's own: add one, change it, end it, put it away, bring it back; what it does is seen before."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.models import Customer
from customers.views.saving import add_errors, carried_out, form_page, to_change
from customers.working_as import role_at_work
from planning.actions.own_rules import (
    add_own_rule,
    archive_own_rule,
    as_changed,
    change_own_rule,
    end_own_rule,
    restore_own_rule,
)
from planning.forms.own_rules import LastDayForm, OwnRuleForm
from planning.models import CustomerRule
from planning.queries.own_rules import effect_of
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast

RELATED = ("customer", "role", "touch_type")
FORM = "planning/own_rules/form.html"


def _page_of(customer: int) -> str:
    return f"{reverse('customer_detail', args=[customer])}#own-rules"


def _customer(request: HttpRequest, pk: int) -> Customer:
    """The customer, for a rule of its own: who may change it and sees its time budget."""
    customer = to_change(Customer, request.user, pk)
    if not Customer.objects.within(request.user, Area.BUDGETS, Act.SEE).filter(pk=pk).exists():
        raise PermissionDenied
    return customer


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.BUDGETS, Act.SEE)
def own_rule_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new rule of the customer's own."""
    customer = _customer(request, pk)
    today = clock.company_today()
    initial = {"starts_on": today, "role": role_at_work(request.user, customer, today)}
    form = OwnRuleForm(sent(request), initial=initial)
    if _looks(request):
        return _preview(request, form, CustomerRule(customer=customer))
    if carried_out(
        form, lambda: add_own_rule(actor=request.user, now=clock.now(), customer=customer, values=form.values())
    ):
        toast(request, _("The customer has a rule of its own; due touches and time budget follow."))
        return redirect(_page_of(pk))
    return form_page(request, FORM, form, customer=customer)


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.BUDGETS, Act.SEE)
def own_rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a rule of a customer's own, for all of its days."""
    rule = to_change(CustomerRule, request.user, pk, *RELATED)
    form = OwnRuleForm(sent(request), instance=rule)
    if _looks(request):
        return _preview(request, form, rule)

    def save() -> None:
        version = form.cleaned_data["version"]
        change_own_rule(actor=request.user, now=clock.now(), rule=rule, version=version, values=form.values())

    try:
        if carried_out(form, save):
            toast(request, _("Saved"))
            return redirect(_page_of(rule.customer_id))
    except Conflict as conflict:
        return conflict_page(request, form, conflict, _page_of(rule.customer_id))
    return form_page(request, FORM, form, customer=rule.customer, rule=rule)


def _looks(request: HttpRequest) -> bool:
    return request.method == "POST" and request.POST.get("act") == "look"


def _preview(request: HttpRequest, form: OwnRuleForm, rule: CustomerRule) -> HttpResponse:
    """The form as typed, with what the rule would do to due touches and time budget; nothing is written."""
    context: dict[str, Any] = {"customer": rule.customer, "rule": rule if rule.pk else None}
    if form.is_valid():
        try:
            context |= {"looked": True, "effect": effect_of(as_changed(rule, form.values()))}
        except ValidationError as error:
            add_errors(form, error)
    return form_page(request, FORM, form, **context)


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.BUDGETS, Act.SEE)
def own_rule_end(request: HttpRequest, pk: int) -> HttpResponse:
    """The last day on which a rule of a customer's own holds."""
    rule = to_change(CustomerRule, request.user, pk, *RELATED)
    initial = {"ends_on": max(clock.company_today(), rule.starts_on), "version": rule.version}
    form = LastDayForm(sent(request), initial=initial)

    def save() -> None:
        end_own_rule(actor=request.user, now=clock.now(), rule=rule, **form.cleaned_data)

    try:
        if carried_out(form, save):
            toast(request, _("Saved"))
            return redirect(_page_of(rule.customer_id))
    except Conflict as conflict:
        return conflict_page(request, form, conflict, _page_of(rule.customer_id))
    return form_page(request, "planning/own_rules/end.html", form, customer=rule.customer, rule=rule)


@require_POST
@permission_required_in(Area.BUDGETS, Act.SEE)
def own_rule_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put away a rule that should never have held."""
    rule = to_change(CustomerRule, request.user, pk, "customer")
    archive_own_rule(actor=request.user, now=clock.now(), rule=rule)
    toast(request, _("The rule was archived"), undo=reverse("own_rule_restore", args=[pk]))
    return redirect(_page_of(rule.customer_id))


@require_POST
@permission_required_in(Area.BUDGETS, Act.SEE)
def own_rule_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring an archived rule back, unless another one holds on its days by now."""
    rule = to_change(CustomerRule, request.user, pk, "customer")
    try:
        restore_own_rule(actor=request.user, now=clock.now(), rule=rule)
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
    else:
        toast(request, _("The rule is back"))
    return redirect(_page_of(rule.customer_id))
