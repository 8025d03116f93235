"""Internal work: log it, correct it, take it back."""

import uuid as uuids

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.actions.internal_work import edit_work, log_work, restore_work, undo_work
from customers.actions.writing import ConflictError
from customers.forms.internal_work import NewWorkForm, WorkEditForm
from customers.models import InternalWork
from customers.queries.touch_history import steps
from customers.views.planned_touches import customer_to_log_on
from customers.views.returning import page_before, way_back
from customers.views.saving import to_change
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.rows import key_in
from territory.toasts import toast

# So many of one's latest stand under the form, to be corrected.
LATEST = 5
RELATED = ("customer", "order", "team", "user")


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.TOUCHES, Act.CHANGE)
def work_log(request: HttpRequest) -> HttpResponse:
    """Log minutes that were spent without touching a customer."""
    if request.method == "GET":
        return _form_page(request, NewWorkForm(user=request.user, initial=_start(request)))
    form = NewWorkForm(request.POST, user=request.user)
    if "show" in request.POST:
        form.show_only()
        return _form_page(request, form)
    work = _save(request, form) if form.is_valid() else None
    if work is None:
        return _form_page(request, form)
    undo = reverse("work_undo", args=[work.pk])
    toast(request, _("%(kind)s logged") % {"kind": _named(work)}, undo=undo, saved="work")
    return redirect(way_back(request, reverse("work_log")))


def _start(request: HttpRequest) -> dict:
    start = {"uuid": uuids.uuid4(), "spent_on": clock.today(request.user), "user": request.user.pk}
    start["back"] = page_before(request)
    if request.GET.get("customer"):
        start["customer"] = customer_to_log_on(request, key_in(request.GET["customer"])).pk
    return start


def _save(request: HttpRequest, form: NewWorkForm) -> InternalWork | None:
    try:
        return log_work(actor=request.user, now=clock.now(), uuid=form.cleaned_data["uuid"], entry=form.entry())
    except ValidationError as error:
        form.take_errors(error)
    except ConflictError:
        form.add_error(None, _("This was saved before, saying something else. To log it as well, save again."))
        form.renew()
    return None


def _named(work: InternalWork) -> str:
    name = str(work.get_kind_display())
    return name[:1].upper() + name[1:]


def _form_page(request: HttpRequest, form: NewWorkForm) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    latest = InternalWork.objects.live().editable_by(request.user).filter(logged_by=request.user)
    context = {"form": form, "latest": latest.select_related(*RELATED).order_by("-logged_at", "-pk")[:LATEST]}
    return render(request, "customers/touches/work.html", context, status=status)


@require_http_methods(["GET", "POST"])
def work_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct internal work."""
    work = to_change(InternalWork, request.user, pk, *RELATED)
    back = reverse("work_log")
    form = WorkEditForm(request.POST if request.method == "POST" else None, user=request.user, work=work)
    try:
        if "show" in request.POST:
            form.show_only()
        elif form.is_valid() and _edited(request, form, work):
            toast(request, _("Saved"))
            return redirect(back)
    except Conflict as conflict:
        return conflict_page(request, form, conflict, back, WorkEditForm(user=request.user, work=conflict.row))
    status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "work": work, "steps": steps(work, *RELATED)}
    return render(request, "customers/touches/work_edit.html", context, status=status)


def _edited(request: HttpRequest, form: WorkEditForm, work: InternalWork) -> bool:
    version = form.cleaned_data["version"]
    try:
        edit_work(actor=request.user, now=clock.now(), work=work, version=version, entry=form.entry())
    except ValidationError as error:
        form.take_errors(error)
        return False
    return True


@require_POST
def work_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take internal work back."""
    work = to_change(InternalWork, request.user, pk, *RELATED)
    undo_work(actor=request.user, now=clock.now(), work=work)
    toast(request, _("%(kind)s taken back") % {"kind": _named(work)}, undo=reverse("work_restore", args=[pk]))
    return redirect(way_back(request, reverse("work_log")))


@require_POST
def work_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring internal work back that was taken back."""
    work = to_change(InternalWork, request.user, pk, *RELATED)
    restore_work(actor=request.user, now=clock.now(), work=work)
    toast(request, _("%(kind)s is back") % {"kind": _named(work)})
    return redirect(way_back(request, reverse("work_log")))
