"""Planned touches: plan, change, put off with a reason, cancel."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.actions.planned import cancel_planned, change_planned, plan_touch, put_off, restore_planned
from customers.actions.writing import ConflictError
from customers.forms.log_fields import LogForm
from customers.forms.planned_touches import CancelForm, NewPlannedForm, PlannedEditForm, PutOffForm, start_of_plan
from customers.models import Customer, PlannedTouch, TouchType
from customers.queries import touch_choices as choices
from customers.views.returning import page_before, way_back
from customers.views.saving import to_change
from customers.working_days import working_day_after
from territory import clock
from territory.conflicts import Conflict, conflict_page, typed
from territory.formats.days import day_text
from territory.rows import key_in
from territory.toasts import toast


def customer_to_log_on(request: HttpRequest, pk: int | None) -> Customer:
    """The customer: 404 where the person cannot see it, 403 where they may not log on it."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    if not choices.loggable(request.user).filter(pk=customer.pk).exists():
        raise PermissionDenied
    return customer


def _page(request: HttpRequest, template: str, form: LogForm, **context) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    context.setdefault("cancel", way_back(request, reverse("home")))
    return render(request, f"customers/touches/{template}.html", {"form": form, **context}, status=status)


def _customer_page(pk: int) -> str:
    return reverse("customer_detail", args=[pk])


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.TOUCHES, Act.CHANGE)
def planned_create(request: HttpRequest) -> HttpResponse:
    """Plan a touch on a day."""
    if request.method == "GET":
        asked = request.GET.get("customer")
        customer = customer_to_log_on(request, key_in(asked)) if asked else None
        start = start_of_plan(request.user, customer, key_in(request.GET.get("type")))
        return _page(request, "plan", NewPlannedForm(user=request.user, initial=start | {"back": page_before(request)}))
    form = NewPlannedForm(request.POST, user=request.user)
    planned = _plan(request, form) if form.is_valid() else None
    if planned is None:
        return _page(request, "plan", form)
    words = {"type": planned.type, "customer": planned.customer, "day": day_text(planned.due_on)}
    undo = reverse("planned_cancel", args=[planned.pk])
    toast(request, _("%(type)s with %(customer)s planned for %(day)s") % words, undo=undo, saved="plan")
    return redirect(way_back(request, _customer_page(planned.customer_id)))


def _plan(request: HttpRequest, form: NewPlannedForm) -> PlannedTouch | None:
    said = form.cleaned_data
    try:
        return plan_touch(
            actor=request.user, now=clock.now(), uuid=said["uuid"], customer=said["customer"], **form.values()
        )
    except ValidationError as error:
        form.take_errors(error)
    except ConflictError:
        form.add_error(None, _("This was saved before, saying something else. To plan it as well, save again."))
        form.renew()
    return None


def _planned_touch(request: HttpRequest, pk: int | None) -> PlannedTouch:
    """A planned touch that the person may change."""
    if pk is None:
        raise Http404
    return to_change(PlannedTouch, request.user, pk, "customer", "type", "assignee")


@require_http_methods(["GET", "POST"])
def planned_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is planned."""
    planned, draft = _planned_touch(request, pk), f"planned-{pk}"
    back = _customer_page(planned.customer_id)
    form = PlannedEditForm(request.POST if request.method == "POST" else None, user=request.user, planned=planned)
    if planned.closed_at is not None:
        return _closed(request, planned, form)
    try:
        if form.is_valid() and _changed(request, form, planned):
            toast(request, _("Saved"), saved=draft)
            return redirect(way_back(request, back))
    except Conflict as conflict:
        return conflict_page(request, form, conflict, back, PlannedEditForm(user=request.user, planned=conflict.row))
    return _page(request, "plan", form, planned=planned, draft=draft, cancel=way_back(request, back))


def _closed(request: HttpRequest, planned: PlannedTouch, form: LogForm) -> HttpResponse:
    """What was done or cancelled is shown as that, with what was typed meanwhile."""
    context = {
        "planned": planned,
        "back": _customer_page(planned.customer_id),
        "typed": typed(form) if form.is_bound else [],
    }
    return render(request, "customers/touches/plan_closed.html", context, status=409 if form.is_bound else 200)


def _changed(request: HttpRequest, form: PlannedEditForm, planned: PlannedTouch) -> bool:
    version = form.cleaned_data["version"]
    try:
        change_planned(actor=request.user, now=clock.now(), planned=planned, version=version, **form.values())
    except ValidationError as error:
        form.take_errors(error)
        return False
    return True


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.TOUCHES, Act.CHANGE)
def planned_put_off(request: HttpRequest) -> HttpResponse:
    """Put a due or planned touch off: ?customer and ?type of a due row (?covered: whose it is), or ?planned."""
    customer, touch_type, planned = _due_row(request)
    draft = f"put-off-{customer.pk}-{touch_type.pk}"
    start = {"until": working_day_after(clock.today(request.user), 1), "back": page_before(request)}
    form = PutOffForm(request.POST if request.method == "POST" else None, initial=start)
    if planned is not None and planned.closed_at is not None:
        return _closed(request, planned, form)
    if form.is_valid() and _put_off(request, form, customer, touch_type, planned):
        words = {"type": touch_type, "customer": customer, "day": day_text(form.cleaned_data["until"])}
        toast(request, _("%(type)s with %(customer)s put off to %(day)s") % words, saved=draft)
        return redirect(way_back(request, _customer_page(customer.pk)))
    cancel = way_back(request, _customer_page(customer.pk))
    return _page(request, "put_off", form, customer=customer, touch_type=touch_type, draft=draft, cancel=cancel)


def _due_row(request: HttpRequest) -> tuple[Customer, TouchType, PlannedTouch | None]:
    if "planned" in request.GET:
        planned = _planned_touch(request, key_in(request.GET["planned"]))
        return planned.customer, planned.type, planned
    customer = customer_to_log_on(request, key_in(request.GET.get("customer")))
    return customer, get_object_or_404(TouchType.objects.live(), pk=key_in(request.GET.get("type"))), None


def _put_off(request: HttpRequest, form: PutOffForm, customer, touch_type, planned) -> bool:
    said = form.cleaned_data
    try:
        put_off(
            actor=request.user,
            now=clock.now(),
            customer=customer,
            touch_type=touch_type,
            planned=planned,
            movable=PlannedTouch.objects.editable_by(request.user),
            until=said["until"],
            reason=said["reason"],
            assignee=choices.whose_turn(request.user, customer, key_in(request.GET.get("covered"))),
        )
    except ValidationError as error:
        form.take_errors(error)
        return False
    return True


@require_http_methods(["GET", "POST"])
def planned_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """It will not be done; the page asks why."""
    planned, draft = _planned_touch(request, pk), f"cancel-{pk}"
    form = CancelForm(request.POST if request.method == "POST" else None, initial={"back": page_before(request)})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data["reason"]
        if not cancel_planned(actor=request.user, now=clock.now(), planned=planned, reason=said):
            return _closed(request, planned, form)
        words = {"type": planned.type, "customer": planned.customer}
        undo = reverse("planned_restore", args=[pk])
        toast(request, _("%(type)s with %(customer)s cancelled") % words, undo=undo, saved=draft)
        return redirect(way_back(request, _customer_page(planned.customer_id)))
    return _page(request, "plan_cancel", form, planned=planned, draft=draft)


@require_POST
def planned_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a cancelling back."""
    planned = _planned_touch(request, pk)
    words = {"type": planned.type, "customer": planned.customer}
    try:
        restore_planned(actor=request.user, now=clock.now(), planned=planned)
        toast(request, _("%(type)s with %(customer)s is planned again") % words)
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
    return redirect(way_back(request, _customer_page(planned.customer_id)))
