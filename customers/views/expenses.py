"""Expenses: the list and its file, note one, change it, submit it, take it back, decide; the receipt and the way driven."""

import uuid as uuids
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from customers.actions import expenses as actions
from customers.actions.writing import ConflictError
from customers.forms.expenses import DecisionForm, ExpenseEditForm, ExpenseFilterForm, NewExpenseForm, VersionForm
from customers.models import Customer, Expense, ExpenseKind, ExpenseStatus, Order, Receipt, Touch
from customers.queries import expenses as queries
from customers.queries.touch_history import steps
from customers.receipts import ENDINGS, SHOWN
from customers.views.parts import FILE_PIECE, Link
from customers.views.returning import page_before, way_back
from customers.views.saving import carried_out, form_page, to_change
from territory import clock, limits
from territory.conflicts import Conflict, conflict_page
from territory.formats.cells import csv_download
from territory.formats.numbers import money_text, number_text
from territory.rows import key_in
from territory.sent import sent
from territory.toasts import toast

RELATED = ("author", "customer", "order__customer", "team", "touch__type", "decided_by")

# Of a receipt nothing runs and nothing is asked for, whatever is in it.
RECEIPT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

seeing = permission_required_in(Area.EXPENSES, Act.SEE)
noting = permission_required_in(Area.EXPENSES, Act.CHANGE)
deciding = permission_required_in(Area.EXPENSES, Act.APPROVE)


@require_safe
@seeing
def expense_list(request: HttpRequest) -> HttpResponse:
    """Expenses by view, with sums by status; ways that were driven and not noted stand above one's own."""
    listing = _listing(request)
    mine = listing.view == queries.MINE
    context = {
        "listing": listing,
        "form": listing.form,
        "page": listing.page(request.GET.get("page")),
        "tabs": _tabs(request, listing),
        "ways": queries.ways_to_note(request.user) if mine else [],
        "may_note": may(request.user, Area.EXPENSES, Act.CHANGE),
        "may_export": may(request.user, Area.EXPORT, Act.SEE),
    }
    return render(request, "customers/expenses/list.html", context)


def _listing(request: HttpRequest) -> queries.ExpenseListing:
    view = queries.view_asked(request.user, request.GET.get("view", ""))
    form = ExpenseFilterForm(request.GET, authors=queries.authors(request.user, view))
    return queries.ExpenseListing(request.user, view, form)


def _tabs(request: HttpRequest, listing: queries.ExpenseListing) -> list[Link]:
    words = {queries.MINE: _("Mine"), queries.WAITING: _("To approve"), queries.ALL: _("All")}
    counts = {}
    if may(request.user, Area.EXPENSES, Act.APPROVE):
        counts[queries.WAITING] = queries.waiting_for(request.user).count()
    else:
        del words[queries.WAITING]
    return [Link(f"?view={view}", word, counts.get(view, ""), listing.view == view) for view, word in words.items()]


@require_safe
@seeing
@permission_required_in(Area.EXPORT, Act.SEE)
@limits.exports
def expense_export(request: HttpRequest) -> HttpResponseBase:
    """The list as a CSV file, as far as the reader's reach for exports goes."""
    header = [
        *(_("Day"), _("Amount"), _("Kind"), _("Status"), _("Person"), _("Customer"), _("Order"), _("Team")),
        *(_("Kilometres"), _("Receipt"), _("Note"), _("Submitted"), _("Decided by"), _("Decided"), _("Reason of refusal")),
    ]  # fmt: skip

    def lines(rows: Any) -> Iterator[list]:
        for row in rows.iterator(chunk_size=FILE_PIECE):
            customer = row.order.customer if row.order else row.customer
            yield [
                *(row.spent_on, row.amount, row.get_kind_display(), row.get_status_display(), row.author),
                *(customer, row.order, row.team, row.km, ENDINGS.get(row.receipt_type, ""), row.note),
                *(row.submitted_at, row.decided_by, row.decided_at, row.reason),
            ]

    return csv_download(f"expenses-{clock.today(request.user)}.csv", header, lines(_listing(request).exported))


@require_safe
def expense_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is known of an expense, and what may be done with it."""
    expense = get_object_or_404(Expense.objects.visible_to(request.user).select_related(*RELATED), pk=pk)
    return _detail(request, expense, DecisionForm(initial={"version": expense.version}))


def _detail(request: HttpRequest, expense: Expense, form: DecisionForm) -> HttpResponse:
    user, own = request.user, expense.author_id == request.user.pk
    customer = expense.order.customer_id if expense.order else expense.customer_id
    context = {
        "expense": expense,
        "own": own,
        "decides": not own and Expense.objects.decidable_by(user).filter(pk=expense.pk).exists(),
        "customer_seen": bool(customer) and Customer.objects.visible_to(user).filter(pk=customer).exists(),
        "order_seen": expense.order and Order.objects.visible_to(user).filter(pk=expense.order_id).exists(),
        "touch_seen": expense.touch and Touch.objects.visible_to(user).filter(pk=expense.touch_id).exists(),
        "receipt_shown": expense.receipt_type in SHOWN,
        "steps": steps(expense, "author", "order", "customer", "team", "touch", "decided_by"),
    }
    return form_page(request, "customers/expenses/detail.html", form, **context)


@require_http_methods(["GET", "POST"])
@noting
@limits.expenses
def expense_create(request: HttpRequest) -> HttpResponse:
    """Note an expense, as a draft or submitted at once."""
    if request.method == "GET":
        return _note_page(request, NewExpenseForm(user=request.user, initial=_start(request)))
    form = NewExpenseForm(request.POST, request.FILES, user=request.user)
    if "show" in request.POST:
        form.show_only()
        return _note_page(request, form)
    expense = _noted(request, form) if form.is_valid() else None
    if expense is None:
        return _note_page(request, form)
    _say(request, expense, saved="expense")
    return redirect(way_back(request, reverse("expense_list")))


def _start(request: HttpRequest) -> dict[str, Any]:
    """What the address gives: a customer, an order or a touch; 404 for what the person may note nothing on."""
    start: dict[str, Any] = {"uuid": uuids.uuid4(), "spent_on": clock.today(request.user), "back": page_before(request)}
    customers = queries.customers_to_note_on(request.user)
    if asked := request.GET.get("order"):
        order = get_object_or_404(Order.objects.visible_to(request.user), pk=key_in(asked))
        start |= {"customer": get_object_or_404(customers, pk=order.customer_id).pk, "order": order.pk}
    elif asked := request.GET.get("touch"):
        touch = get_object_or_404(Touch.objects.visible_to(request.user).live(), pk=key_in(asked))
        customer = get_object_or_404(customers, pk=touch.customer_id)
        day = clock.day_of(touch.at, clock.company_zone())
        start |= {"touch": touch.pk, "customer": customer.pk, "order": touch.order_id, "spent_on": day}
    elif asked := request.GET.get("customer"):
        start["customer"] = get_object_or_404(customers, pk=key_in(asked)).pk
    return start


def _noted(request: HttpRequest, form: NewExpenseForm) -> Expense | None:
    try:
        return actions.note_expense(
            actor=request.user,
            now=clock.now(),
            uuid=form.cleaned_data["uuid"],
            entry=form.entry(),
            receipt=form.receipt,
            submit="submit_now" in request.POST,
        )
    except ValidationError as error:
        form.take_errors(error)
    except ConflictError:
        form.add_error(None, _("This was saved before, saying something else. To note it as well, save again."))
        form.renew()
    return None


def _note_page(request: HttpRequest, form: NewExpenseForm) -> HttpResponse:
    return form_page(request, "customers/expenses/new.html", form)


def _say(request: HttpRequest, expense: Expense, saved: str = "") -> None:
    words = {"amount": money_text(expense.amount), "subject": queries.subject_of(expense)}
    if expense.status == ExpenseStatus.SUBMITTED:
        toast(request, _("%(amount)s for %(subject)s submitted") % words, saved=saved)
    else:
        undo = reverse("expense_remove", args=[expense.pk])
        toast(request, _("%(amount)s for %(subject)s noted, not submitted yet") % words, undo=undo, saved=saved)


@require_http_methods(["GET", "POST"])
@limits.expenses
def expense_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft of one's own, and submit it where the button says so."""
    expense = to_change(Expense, request.user, pk, *RELATED)
    back = reverse("expense_detail", args=[pk])
    if request.method == "GET":
        return _edit_page(request, ExpenseEditForm(user=request.user, expense=expense), expense)
    form = ExpenseEditForm(request.POST, request.FILES, user=request.user, expense=expense)
    if "show" in request.POST:
        form.show_only()
        return _edit_page(request, form, expense)

    def save() -> None:
        actions.change_expense(
            actor=request.user,
            now=clock.now(),
            expense=expense,
            version=form.cleaned_data["version"],
            entry=form.entry(),
            receipt=form.receipt,
            without_receipt=form.cleaned_data.get("without_receipt", False),
            submit="submit_now" in request.POST,
        )

    try:
        if carried_out(form, save):
            toast(request, _("Submitted") if "submit_now" in request.POST else _("Saved"), saved=f"expense-{pk}")
            return redirect(back)
    except Conflict as conflict:
        now = Expense.objects.select_related(*RELATED).get(pk=conflict.row.pk)
        return conflict_page(request, form, conflict, back, ExpenseEditForm(user=request.user, expense=now))
    return _edit_page(request, form, expense)


def _edit_page(request: HttpRequest, form: ExpenseEditForm, expense: Expense) -> HttpResponse:
    return form_page(request, "customers/expenses/edit.html", form, expense=expense)


def _own(request: HttpRequest, pk: int) -> Expense:
    """One's own expense: 404 where it is not seen, 403 where it is another's."""
    expense = get_object_or_404(Expense.objects.visible_to(request.user).select_related(*RELATED), pk=pk)
    if expense.author_id != request.user.pk:
        raise PermissionDenied
    return expense


@require_POST
def expense_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit a draft of one's own."""
    return _step(request, _own(request, pk), actions.submit_expense, _("Submitted"))


@require_POST
def expense_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft again of what waits, or was refused."""
    return _step(request, _own(request, pk), actions.take_back_expense, _("Taken back: it is a draft again"))


def _step(request: HttpRequest, expense: Expense, action: Any, done: str) -> HttpResponse:
    form, back = VersionForm(sent(request)), reverse("expense_detail", args=[expense.pk])
    if not form.is_valid():
        raise BadRequest("version")
    try:
        action(actor=request.user, now=clock.now(), expense=expense, version=form.cleaned_data["version"])
    except Conflict as conflict:
        return conflict_page(request, form, conflict, back)
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="warn")
        return redirect(back)
    toast(request, done)
    return redirect(way_back(request, back))


@require_POST
def expense_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a draft of one's own away."""
    expense = _own(request, pk)
    try:
        actions.remove_expense(actor=request.user, now=clock.now(), expense=expense)
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="warn")
        return redirect("expense_detail", pk=pk)
    toast(request, _("Expense removed"), undo=reverse("expense_restore", args=[pk]))
    return redirect("expense_list")


@require_POST
def expense_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a draft of one's own back."""
    expense = _own(request, pk)
    try:
        actions.restore_expense(actor=request.user, now=clock.now(), expense=expense)
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="warn")
    else:
        toast(request, _("The expense is back"))
    return redirect("expense_detail", pk=pk)


@require_POST
@deciding
def expense_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or refuse what somebody else noted; both values where another decided meanwhile."""
    expense = get_object_or_404(Expense.objects.visible_to(request.user).select_related(*RELATED), pk=pk)
    if not Expense.objects.decidable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied
    form = DecisionForm(sent(request))

    def decide() -> None:
        said = {"actor": request.user, "now": clock.now(), "expense": expense, "version": form.cleaned_data["version"]}
        if form.cleaned_data["status"] == ExpenseStatus.APPROVED:
            actions.approve_expense(**said)
        else:
            actions.refuse_expense(**said, reason=form.cleaned_data["reason"])

    try:
        if carried_out(form, decide):
            approved = form.cleaned_data["status"] == ExpenseStatus.APPROVED
            words = {"amount": money_text(expense.amount), "who": expense.author}
            toast(
                request,
                (_("%(amount)s of %(who)s approved") if approved else _("%(amount)s of %(who)s refused")) % words,
            )
            return redirect(f"{reverse('expense_list')}?view={queries.WAITING}")
    except Conflict as conflict:
        present = DecisionForm(initial={"status": conflict.row.status, "reason": conflict.row.reason})
        return conflict_page(request, form, conflict, reverse("expense_detail", args=[pk]), present)
    return _detail(request, expense, form)


@require_POST
@deciding
def expenses_approve(request: HttpRequest) -> HttpResponse:
    """Approve the chosen ones, each as it was shown; what somebody changed or decided meanwhile is left and said."""
    asked = {}
    for each in request.POST.getlist("expense")[: 2 * queries.PER_PAGE]:
        pk, _sign, version = each.partition("-")
        if key_in(pk) is not None and key_in(version) is not None:
            asked[int(pk)] = int(version)
    rows = Expense.objects.decidable_by(request.user).filter(pk__in=asked).order_by("pk")
    asked_rows = [(row, asked[row.pk]) for row in rows]
    done = actions.approve_expenses(actor=request.user, now=clock.now(), asked=asked_rows)
    missing = len(asked) - len(done)
    if done:
        words = ngettext("%(count)s expense approved", "%(count)s expenses approved", len(done))
        toast(request, words % {"count": number_text(len(done))})
    if missing:
        words = ngettext(
            "%(count)s was changed or decided by somebody else meanwhile and is left as it is. Look at it again.",
            "%(count)s were changed or decided by somebody else meanwhile and are left as they are. Look at them again.",
            missing,
        )
        toast(request, words % {"count": number_text(missing)}, tone="warn")
    if not asked:
        toast(request, _("Choose what you approve."), tone="warn")
    return redirect(f"{reverse('expense_list')}?view={queries.WAITING}")


@require_safe
def expense_receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """The receipt, to who may see the expense: a photo to look at, anything else as a file to save."""
    seen = Expense.objects.visible_to(request.user)
    receipt = get_object_or_404(Receipt.objects.filter(expense__in=seen.filter(pk=pk)).select_related("expense"))
    told = receipt.expense.receipt_type
    kind, ending = (told, ENDINGS[told]) if told in ENDINGS else ("application/octet-stream", "bin")
    how = "inline" if kind in SHOWN else "attachment"
    return HttpResponse(
        bytes(receipt.content),
        content_type=kind,
        headers={
            "Content-Disposition": f'{how}; filename="receipt-{pk}.{ending}"',
            "Content-Security-Policy": RECEIPT_POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_POST
@noting
@limits.expenses
def expense_way(request: HttpRequest) -> HttpResponse:
    """Note the way to a touch as proposed: rate times kilometres there and back, as a draft that can still be changed."""
    form_uuid, touch = _uuid(request.POST.get("uuid")), key_in(request.POST.get("touch"))
    if form_uuid is None or touch is None:
        raise BadRequest("uuid and touch")
    get_object_or_404(Touch.objects.visible_to(request.user), pk=touch)
    back = reverse("expense_list")
    way = next(iter(queries.ways_to_note(request.user, touch)), None)
    if way is None:
        toast(request, _("This way is noted already, or there is nothing to note of it."), tone="warn")
        return redirect(way_back(request, back))
    entry = actions.ExpenseEntry(
        spent_on=clock.day_of(way.touch.at, clock.company_zone()),
        amount=way.amount,
        kind=ExpenseKind.TRAVEL,
        order=way.touch.order,
        customer=None if way.touch.order else way.touch.customer,
        touch=way.touch,
        km=way.km,
    )
    try:
        expense = actions.note_expense(actor=request.user, now=clock.now(), uuid=form_uuid, entry=entry, submit=False)
    except (ValidationError, ConflictError):
        toast(request, _("This way is noted already, or there is nothing to note of it."), tone="warn")
    else:
        _say(request, expense)
    return redirect(way_back(request, back))


def _uuid(text: str | None) -> uuids.UUID | None:
    try:
        return uuids.UUID(text or "")
    except ValueError:
        return None
