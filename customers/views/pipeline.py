"""The pipeline as a board, and moving an order on it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from customers.actions.order_moves import move_order, take_back_move
from customers.forms.filters import OrderFilterForm
from customers.forms.order_moves import MoveForm, TakeBackForm, buttons
from customers.models import Order
from customers.queries.board_cards import CLOSE, STEP
from customers.queries.columns import sees_amounts
from customers.queries.pipeline import Pipeline
from customers.views.orders import order_of_page
from customers.views.parts import Link, filter_chips, kept_fields
from customers.views.saving import carried_out, form_page
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast


@require_safe
@permission_required_in(Area.ORDERS, Act.SEE)
def order_board(request: HttpRequest) -> HttpResponse:
    """Pending orders in columns, what was won and lost this month beside them."""
    pipeline = Pipeline(request, OrderFilterForm(request.GET, user=request.user))
    words = {CLOSE: _("By close"), STEP: _("By step")}
    context = {
        "pipeline": pipeline,
        "listing": pipeline,
        "chips": filter_chips(request, pipeline.form),
        "kept": kept_fields(request, "q", "moved"),
        "ways": [Link(pipeline.kept(by=by) or "?", label, "", pipeline.by == by) for by, label in words.items()],
        "by_close": pipeline.by == CLOSE,
        "moved": request.GET.get("moved", ""),
        "amounts_shown": sees_amounts(request.user),
        "may_add": may(request.user, Area.ORDERS, Act.CHANGE),
        "list_query": pipeline.kept(by=None),
        "board_query": pipeline.kept(),
    }
    return render(request, "customers/order_board.html", context)


def _board(request: HttpRequest, order: Order) -> str:
    """The board as it was shown, with the order's card in the focus."""
    pipeline = Pipeline(request, OrderFilterForm(request.GET, user=request.user))
    return reverse("order_board") + pipeline.kept(moved=order.pk)


@require_http_methods(["GET", "POST"])
def order_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a pending order to another step or close: the menu of its card, and where a dragged card is sent."""
    order = order_of_page(request, pk)
    today = clock.today(request.user)
    form = MoveForm(sent(request), order=order, today=today)
    back = _board(request, order)
    values = {}

    def save() -> None:
        values.update(form.values())
        if values:
            version = form.cleaned_data["version"]
            move_order(actor=request.user, now=clock.now(), order=order, version=version, values=values)

    try:
        if carried_out(form, save):
            if values:
                undo = reverse("order_move_undo", args=[pk]) + Pipeline(
                    request, OrderFilterForm(request.GET, user=request.user)
                ).kept(version=order.version)
                words = {"order": order, "where": form.label_of(values)}
                toast(request, _("%(order)s: %(where)s") % words, undo=undo)
            return redirect(back)
    except Conflict as conflict:
        present = MoveForm(order=conflict.row, today=today)
        present.initial["to"] = MoveForm(request.POST, order=conflict.row, today=today).initial["to"]
        return conflict_page(request, form, conflict, back, present)
    context = {
        "order": order,
        "back": back,
        "closes": buttons(form, form.months, form.present_close),
        "steps": buttons(form, form.step_choices, form.present_step),
    }
    return form_page(request, "customers/order_move.html", form, **context)


@require_POST
def order_move_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an order back where it stood before it was moved, unless it was changed since."""
    order = order_of_page(request, pk)
    form = TakeBackForm(request.GET)
    back = _board(request, order)

    def save() -> None:
        take_back_move(actor=request.user, now=clock.now(), order=order, version=form.cleaned_data["version"])

    try:
        if carried_out(form, save):
            toast(request, _("%(order)s is back where it was") % {"order": order})
        else:
            toast(request, _("%(order)s could not be put back.") % {"order": order}, tone="warn")
    except Conflict:
        toast(request, _("%(order)s was changed since: nothing was taken back.") % {"order": order}, tone="warn")
    return redirect(back)
