"""Touches: log one, look at it, correct it, take it back; and those whose minutes cannot be."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.actions.touches import (
    ConflictError,
    LoggedTouch,
    edit_touch,
    restore_touch,
    undo_touch,
)
from customers.actions.touches import log_touch as write_touch
from customers.forms.touch_edits import MendForm, TouchEditForm
from customers.forms.touches import NewTouchForm, TouchForm, start_of_touch
from customers.models import Customer, Order, PlannedTouch, Touch, TouchType
from customers.queries.expenses import ways_to_note
from customers.queries.touch_history import Step, as_written, others_changed, steps
from customers.views.planned_touches import customer_to_log_on
from customers.views.returning import page_before, way_back
from customers.views.saving import to_change
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.fields import MinutesField
from territory.formats.days import day_text
from territory.formats.numbers import number_text
from territory.rows import key_in
from territory.toasts import toast

PAGE = 25

# Who comes back to the form within this time (the back button) is told what they have logged already.
LATELY = dt.timedelta(minutes=15)


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.TOUCHES, Act.CHANGE)
def log_touch(request: HttpRequest) -> HttpResponse:
    """Log a touch: of a customer, of a due row or of a planned touch when the address says so."""
    if request.method == "GET":
        asked = _asked(request)
        start = start_of_touch(request.user, clock.now(), **asked)
        form = NewTouchForm(user=request.user, initial=start | {"back": page_before(request)})
        if form.chosen is None and "customer" in asked:
            customer_to_log_on(request, start.get("customer"))
        return _form_page(request, form, lately=_logged_lately(request, start))
    form = NewTouchForm(request.POST, user=request.user)
    if "show" in request.POST:
        form.show_only()
        return _form_page(request, form)
    saved = _save(request, form)
    if saved is None:
        return _form_page(request, form, before=_sent_before(request))
    _say_logged(request, saved)
    return redirect(way_back(request, reverse("customer_detail", args=[saved.touch.customer_id])))


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What the address gives: 404 for a plan that the person cannot see."""
    type_pk = key_in(request.GET.get("type"))
    type_ = TouchType.objects.live().filter(pk=type_pk).first() if type_pk else None
    if "planned" in request.GET:
        rows = PlannedTouch.objects.visible_to(request.user).select_related("customer", "type")
        planned = get_object_or_404(rows, pk=key_in(request.GET["planned"]))
        still = planned if planned.closed_at is None else None
        return {"customer": planned.customer, "type": planned.type, "planned": still, "covered": planned.assignee_id}
    if request.GET.get("customer"):
        customer = key_in(request.GET["customer"])
        return {"customer": customer, "type": type_, "covered": key_in(request.GET.get("covered"))}
    return {"type": type_}


def _save(request: HttpRequest, form: NewTouchForm) -> LoggedTouch | None:
    """Log what the form says; None where something is wrong with it, which the form then tells."""
    if not form.is_valid():
        return None
    try:
        return write_touch(actor=request.user, now=clock.now(), uuid=form.cleaned_data["uuid"], entry=form.entry())
    except ValidationError as error:
        form.take_errors(error)
    except ConflictError:
        form.add_error(None, _("This was saved before, saying something else. To log it as another touch, save again."))
        form.renew()
    return None


def _sent_before(request: HttpRequest) -> Touch | None:
    """One's own touch that was logged under the number that the form carried."""
    try:
        return Touch.objects.live().filter(uuid=request.POST.get("uuid"), logged_by=request.user).first()
    except ValidationError:
        return None


def _logged_lately(request: HttpRequest, start: Mapping[str, Any]) -> Touch | None:
    """One's own touch of the same type on the same customer of the last minutes: who comes back to the form is told."""
    customer, type_ = start.get("customer"), start.get("type")
    if not customer or not type_:
        return None
    lately = clock.now() - LATELY
    mine = Touch.objects.live().filter(logged_by=request.user, logged_at__gte=lately)
    return mine.filter(customer=customer, type=type_).order_by("-logged_at").first()


def _say_logged(request: HttpRequest, saved: LoggedTouch) -> None:
    touch = saved.touch
    text = _("%(type)s with %(customer)s logged") % {"type": touch.type, "customer": touch.customer}
    if saved.planned:
        days = ", ".join(day_text(row.due_on) for row in saved.planned)
        text = _("%(logged)s, next on %(days)s") % {"logged": text, "days": days}
    if touch.is_implausible:
        text = _("%(logged)s. Over 8 hours: its minutes are left out until they are mended") % {"logged": text}
    undo = reverse("touch_undo", args=[touch.pk])
    toast(request, text, undo=undo, saved=_draft(request), tone="warn" if touch.is_implausible else "good")


def _draft(request: HttpRequest) -> str:
    """Under which name the device keeps what is typed: of each planned touch, customer and type another."""
    asked = [
        f"{name[0]}{number}" for name in ("planned", "customer", "type") if (number := key_in(request.GET.get(name)))
    ]
    return "-".join(["touch", *asked[:2]])


def _form_page(
    request: HttpRequest, form: NewTouchForm, before: Touch | None = None, lately: Touch | None = None
) -> HttpResponse:
    """The form; 422 when what was sent is wrong, so that nothing takes it for saved."""
    context = {"form": form, "draft": _draft(request), "before": before, "lately": lately}
    return render(request, "customers/touches/log.html", context, status=422 if form.is_bound and form.errors else 200)


@require_safe
@permission_required_in(Area.TOUCHES, Act.CHANGE)
def log_touch_fields(request: HttpRequest) -> HttpResponse:
    """The part of the form that goes with the chosen customer: contacts, orders, people; with what is typed in it."""
    form = NewTouchForm(request.GET, user=request.user)
    form.show_only()
    return render(request, "customers/touches/parts.html", {"form": form})


@require_safe
def touch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is known of a touch."""
    touch = get_object_or_404(_whole(Touch.objects.visible_to(request.user)), pk=pk)
    customer_seen = Customer.objects.visible_to(request.user).filter(pk=touch.customer_id).exists()
    partial = not customer_seen and others_changed(touch, request.user)
    if partial:
        as_written(touch, request.user)
    planned = touch.planned_next.open().visible_to(request.user).select_related("type", "assignee")
    context = {
        "touch": touch,
        "planned": planned,
        "may_change": not partial and Touch.objects.editable_by(request.user).filter(pk=pk).exists(),
        "customer_seen": customer_seen,
        "partial": partial,
        "ways": [] if touch.archived_at else ways_to_note(request.user, pk),
        "order_seen": touch.order_id and Order.objects.visible_to(request.user).filter(pk=touch.order_id).exists(),
    }
    return render(request, "customers/touches/detail.html", context)


def _whole(touches):
    """Touches with all that hangs on them."""
    rows = touches.select_related("customer__tier", "type", "order", "logged_by")
    return rows.prefetch_related("people__user", "people__role", "contacts__role")


@require_safe
def touch_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Who changed what on a touch; to its author, whose customer it is no longer, only what they did themselves."""
    touch = get_object_or_404(Touch.objects.visible_to(request.user).select_related("customer", "type"), pk=pk)
    done = steps(touch, "customer", "type", "order")
    if not Customer.objects.visible_to(request.user).filter(pk=touch.customer_id).exists():
        # A step says from what to what: what another wrote in between is not the author's to see.
        changed = others_changed(touch, request.user)
        done = [Step(step.at, step.by, step.what, ()) if changed else step for step in done if step.by == request.user]
    return render(request, "customers/touches/history.html", {"touch": touch, "steps": done})


@require_http_methods(["GET", "POST"])
def touch_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a touch: all but its customer."""
    touch = to_change(Touch, request.user, pk)
    _not_anothers_words(request, touch)
    touch = _whole(Touch.objects).get(pk=pk)
    back = reverse("touch_detail", args=[pk])
    form = TouchEditForm(request.POST if request.method == "POST" else None, user=request.user, touch=touch)
    try:
        if form.is_valid() and _edited(request, form, touch):
            toast(request, _("Saved"), saved=f"touch-{pk}")
            return redirect(back)
    except Conflict as conflict:
        _not_anothers_words(request, touch)
        now = _whole(Touch.objects).get(pk=conflict.row.pk)
        return conflict_page(request, form, conflict, back, TouchEditForm(user=request.user, touch=now))
    status = 422 if form.is_bound else 200
    return render(request, "customers/touches/edit.html", {"form": form, "touch": touch, "back": back}, status=status)


def _not_anothers_words(request: HttpRequest, touch: Touch) -> None:
    """403 for the author of a touch with a customer they do not see, once somebody else changed it: they see only their own."""
    if not Customer.objects.visible_to(request.user).filter(pk=touch.customer_id).exists() and others_changed(
        touch, request.user
    ):
        raise PermissionDenied


def _edited(request: HttpRequest, form: TouchForm | MendForm, touch: Touch) -> bool:
    entry = form.entry(touch) if isinstance(form, MendForm) else form.entry()
    version = form.cleaned_data["version"]
    try:
        edit_touch(actor=request.user, now=clock.now(), touch=touch, version=version, entry=entry)
    except ValidationError as error:
        form.take_errors(error) if isinstance(form, TouchForm) else form.add_error(None, error.messages)
        return False
    return True


def _named(touch: Touch, count: int) -> str:
    """What was taken back or brought back: of an outreach only as many as the person could change."""
    if touch.outreach is None:
        return _("%(type)s with %(customer)s") % {"type": touch.type, "customer": touch.customer}
    words = ngettext("%(type)s to %(count)s customer", "%(type)s to %(count)s customers", count)
    return words % {"type": touch.type, "count": number_text(count)}


@require_POST
def touch_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a touch back."""
    touch = to_change(Touch, request.user, pk, "customer", "type")
    if undone := undo_touch(actor=request.user, now=clock.now(), touch=touch):
        text = _("%(touch)s taken back") % {"touch": _named(touch, len(undone))}
        toast(request, text, undo=reverse("touch_restore", args=[pk]))
    return redirect(way_back(request, reverse("touch_detail", args=[pk])))


@require_POST
def touch_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a touch back that was taken back."""
    touch = to_change(Touch, request.user, pk, "customer", "type")
    if restored := restore_touch(actor=request.user, now=clock.now(), touch=touch):
        toast(request, _("%(touch)s is back") % {"touch": _named(touch, len(restored))})
    return redirect(way_back(request, reverse("touch_detail", args=[pk])))


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.TOUCHES, Act.CHANGE)
def implausible_touches(request: HttpRequest) -> HttpResponse:
    """Touches over 8 hours that the person may mend, each with the usual minutes one click away."""
    wrong = _mend(request) if request.method == "POST" else None
    if isinstance(wrong, HttpResponse):
        return wrong
    rows = Touch.objects.live().editable_by(request.user).filter(is_implausible=True).order_by("-at", "-pk")
    page = Paginator(_whole(rows), PAGE).get_page(request.GET.get("page"))
    for touch in page.object_list:
        touch.usual_minutes = MinutesField().prepare_value(touch.type.default_seconds)
    context = {"page": page, "wrong": wrong}
    return render(request, "customers/touches/implausible.html", context, status=422 if wrong else 200)


def _mend(request: HttpRequest) -> HttpResponse | MendForm:
    """Give one of them the minutes that were typed beside it; the form where they were wrong."""
    pk = key_in(request.POST.get("touch"))
    if pk is None:
        raise Http404
    to_change(Touch, request.user, pk)
    touch = _whole(Touch.objects).get(pk=pk)
    form = MendForm(request.POST)
    form.touch = touch
    try:
        if form.is_valid() and _edited(request, form, touch):
            toast(request, _("%(type)s with %(customer)s mended") % {"type": touch.type, "customer": touch.customer})
            return redirect(request.get_full_path())
    except Conflict:
        form.add_error(None, _("Somebody else changed this touch meanwhile. Look at it again."))
    return form
