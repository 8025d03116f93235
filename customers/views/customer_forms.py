"""Forms for the customer itself: new, edit, archive, potential, tier, stage."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.actions.customers import (
    archive_customer,
    change_customer,
    create_customer,
    move_to_team,
    note_potential,
    restore_customer,
)
from customers.actions.stages import MOVES_BY_HAND, fix_tier, set_lost, set_prospect, unfix_tier
from customers.forms.customers import CustomerForm, NewCustomerForm, PotentialForm, StageForm, TierForm
from customers.models import Customer, Stage
from customers.queries.customer import open_fixes
from customers.queries.look_alikes import like_card, like_customer
from customers.views.saving import carried_out, form_page, to_change
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def customer_create(request: HttpRequest) -> HttpResponse:
    """A new customer; says which ones it resembles before it is saved."""
    form = NewCustomerForm(sent(request), user=request.user)
    made = []

    def save() -> None:
        typed = form.cleaned_data
        extra = {name: typed.get(name) for name in ("owner", "team", "potential")}
        source = typed.get("potential_source") or ""
        made.append(
            create_customer(actor=request.user, now=clock.now(), values=form.values(), potential_source=source, **extra)
        )

    alike = _look_alikes(request, form)
    if not any(alike.values()) and carried_out(form, save):
        toast(request, _("%(name)s was added") % {"name": made[0]}, saved="customer-new")
        return redirect("customer_detail", pk=made[0].pk)
    return form_page(request, "customers/customer_form.html", form, **alike)


def _look_alikes(request: HttpRequest, form: CustomerForm, customer: Customer | None = None) -> dict[str, list]:
    """Which customers and cards the typed one resembles, unless the person saw that already; of an edited one, by what changed."""
    if not form.is_bound or not form.is_valid() or form.cleaned_data["look_alikes_seen"]:
        return {}
    told = {name: form.cleaned_data[name] for name in ("name", "phone", "web") if name in form.changed_data}
    name = told.pop("name", "")
    alike = like_customer(request.user, name=name, but=customer and customer.pk, **told)
    return {"look_alikes": alike, "cards": like_card(request.user, name=name)}


@require_http_methods(["GET", "POST"])
def customer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a person may write about a customer, and its team where that is within their reach."""
    customer = to_change(Customer, request.user, pk)
    back = reverse("customer_detail", args=[pk])
    form = CustomerForm(sent(request), instance=customer, user=request.user)

    def save() -> None:
        now, version, team = clock.now(), form.cleaned_data["version"], form.cleaned_data.get("team")
        with transaction.atomic():
            change_customer(actor=request.user, now=now, customer=customer, version=version, values=form.values())
            if team is not None and team.pk != customer.team_id:
                move_to_team(actor=request.user, now=now, customer=customer, team=team)

    alike = _look_alikes(request, form, customer)
    try:
        if not any(alike.values()) and carried_out(form, save):
            toast(request, _("Saved"), saved=f"customer-{pk}")
            return redirect(back)
    except Conflict as conflict:
        return conflict_page(request, form, conflict, back)
    return form_page(request, "customers/customer_form.html", form, customer=customer, **alike)


@require_POST
def customer_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a customer away with all that hangs on it."""
    customer = to_change(Customer, request.user, pk)
    archive_customer(actor=request.user, now=clock.now(), customer=customer)
    toast(request, _("%(name)s was archived") % {"name": customer}, undo=reverse("customer_restore", args=[pk]))
    return redirect("customer_detail", pk=pk)


@require_POST
def customer_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring an archived customer back."""
    customer = to_change(Customer, request.user, pk)
    restore_customer(actor=request.user, now=clock.now(), customer=customer)
    toast(request, _("%(name)s is back") % {"name": customer})
    return redirect("customer_detail", pk=pk)


@require_http_methods(["GET", "POST"])
def customer_potential(request: HttpRequest, pk: int) -> HttpResponse:
    """Note what a customer could bring a year; only for whom its amounts are visible."""
    customer = to_change(Customer, request.user, pk)
    if not Customer.objects.within(request.user, Area.AMOUNTS, Act.SEE).filter(pk=pk).exists():
        raise PermissionDenied
    form = PotentialForm(sent(request), initial={"noted_on": clock.today(request.user)})
    if carried_out(
        form, lambda: note_potential(actor=request.user, now=clock.now(), customer=customer, **form.cleaned_data)
    ):
        toast(request, _("Potential noted"))
        return redirect("customer_detail", pk=pk)
    noted = customer.potentials.select_related("noted_by").order_by("-noted_on", "-pk")
    return form_page(request, "customers/potential.html", form, customer=customer, noted=noted)


@require_http_methods(["GET", "POST"])
def customer_tier(request: HttpRequest, pk: int) -> HttpResponse:
    """Fix the tier with a reason, or let it follow from the yearly value again."""
    customer = to_change(Customer, request.user, pk, "tier")
    fix = open_fixes(customer.pk, clock.company_today()).first()
    lets_go = "unfix" in request.POST
    form = TierForm(None if lets_go else sent(request), initial={"tier": customer.tier_id})
    if lets_go and fix is not None:
        unfix_tier(actor=request.user, now=clock.now(), customer=customer)
    elif not carried_out(
        form, lambda: fix_tier(actor=request.user, now=clock.now(), customer=customer, **form.cleaned_data)
    ):
        return form_page(request, "customers/tier.html", form, customer=customer, fix=fix)
    toast(request, _("The tier follows from the yearly value") if lets_go else _("Tier fixed"))
    return redirect("customer_detail", pk=pk)


@require_http_methods(["GET", "POST"])
def customer_stage(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a customer lost, with a reason, or a prospect again."""
    customer = to_change(Customer, request.user, pk)
    stages = [stage for stage, before in MOVES_BY_HAND.items() if customer.stage in before]
    form = StageForm(sent(request), stages=stages)

    def save() -> None:
        action = set_lost if form.cleaned_data["stage"] == Stage.LOST else set_prospect
        action(actor=request.user, now=clock.now(), customer=customer, reason=form.cleaned_data["reason"])

    if carried_out(form, save):
        toast(request, _("Saved"))
        return redirect("customer_detail", pk=pk)
    return form_page(request, "customers/stage.html", form, customer=customer)
