"""The directory: its list, a card, and a touch logged from a card."""

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from customers.actions.touches import ConflictError, LoggedTouch, log_touch
from customers.forms.directory import CardTouchForm
from customers.models import Customer, Touch
from customers.queries import directory as queries
from customers.queries.directory import Card
from customers.queries.listing import PER_PAGE, asked_words
from territory import clock
from territory.toasts import toast
from territory.together import answer


@require_safe
@permission_required_in(Area.DIRECTORY, Act.SEE)
def directory_list(request: HttpRequest) -> HttpResponse:
    """Cards of customers that are not the reader's own, by name."""
    words = asked_words(request)
    page = Paginator(queries.card_keys(request.user, words), PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = answer(queries.cards_found(list(page.object_list)))
    context = {"page": page, "words": words, "sees_customers": may(request.user, Area.CUSTOMERS, Act.SEE)}
    return render(request, "customers/directory/list.html", context)


def _card(request: HttpRequest, pk: int) -> Card:
    found = queries.card(request.user, pk)
    if found is None:
        raise Http404
    return found


@require_safe
@permission_required_in(Area.DIRECTORY, Act.SEE)
def directory_card(request: HttpRequest, pk: int) -> HttpResponse:
    """One card; a customer that the reader may see has none."""
    card = _card(request, pk)
    own = Touch.objects.live().filter(logged_by=request.user, customer=pk).select_related("type").order_by("-at")
    context = {"card": card, "own": own[:10], "may_log": may(request.user, Area.TOUCHES, Act.CHANGE)}
    return render(request, "customers/directory/card.html", context)


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.DIRECTORY, Act.SEE)
@permission_required_in(Area.TOUCHES, Act.CHANGE)
def directory_log(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a touch with somebody else's customer."""
    card = _card(request, pk)
    form = CardTouchForm(request.POST if request.method == "POST" else None, user=request.user)
    saved = _logged(request, form, pk)
    if saved is not None:
        _say_logged(request, saved, card)
        return redirect("directory_card", pk=pk)
    status = 422 if form.is_bound else 200
    return render(request, "customers/directory/log.html", {"form": form, "card": card}, status=status)


def _logged(request: HttpRequest, form: CardTouchForm, pk: int) -> LoggedTouch | None:
    """The touch; None where the form is wrong, which it then tells."""
    if not form.is_valid():
        return None
    entry = form.entry_with(Customer.objects.get(pk=pk))
    try:
        return log_touch(actor=request.user, now=clock.now(), uuid=form.cleaned_data["uuid"], entry=entry)
    except ValidationError as error:
        form.take_errors(error)
    except ConflictError:
        form.add_error(None, _("This was saved before, saying something else. To log it as another touch, save again."))
        form.renew()
    return None


def _say_logged(request: HttpRequest, saved: LoggedTouch, card: Card) -> None:
    touch = saved.touch
    undo = None
    if Touch.objects.editable_by(request.user).filter(pk=touch.pk).exists():
        undo = reverse("touch_undo", args=[touch.pk])
    words = {"type": touch.type, "customer": card.name}
    toast(request, _("%(type)s with %(customer)s logged") % words, undo=undo, saved=f"card-{card.pk}")
