"""One outreach to many customers: those of a filtered list, or of pasted external ids."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.actions.outreach import log_outreach
from customers.actions.writing import ConflictError
from customers.forms.filters import CustomerFilterForm
from customers.forms.outreach import MOST, OutreachForm
from customers.models import Customer, Touch
from customers.queries.listing import CustomerListing
from customers.queries.touch_choices import loggable
from territory import clock
from territory.formats.numbers import number_text
from territory.toasts import toast


@require_http_methods(["GET", "POST"])
@permission_required_in(Area.TOUCHES, Act.CHANGE)
def outreach(request: HttpRequest) -> HttpResponse:
    """Look at whom it reaches, then log one touch each; shown again where something is to be put right."""
    now = clock.now()
    if request.method == "GET":
        return _page(request, OutreachForm(user=request.user, now=now, customers=_listed(request)))
    form = OutreachForm(request.POST, user=request.user, now=now)
    if "look" in request.POST:
        form.show_only()
        return _page(request, form)
    touches = _saved(request, form)
    if touches is None:
        return _page(request, form)
    words = ngettext("%(type)s to %(count)s customer logged", "%(type)s to %(count)s customers logged", len(touches))
    text = words % {"type": touches[0].type, "count": number_text(len(touches))}
    toast(request, text, undo=reverse("touch_undo", args=[touches[0].pk]))
    return redirect("customer_list")


def _listed(request: HttpRequest) -> list[Customer]:
    """The customers of the list that the address describes, as far as the person may log on them; none without one."""
    if "list" not in request.GET:
        return []
    form = CustomerFilterForm(request.GET, user=request.user)
    listing = CustomerListing(request, form, loggable(request.user))
    rows = listing.matches.select_related("tier").defer("note").order_by("search_text", "pk")
    return list(rows[: MOST + 1])


def _saved(request: HttpRequest, form: OutreachForm) -> list[Touch] | None:
    """Log what the form says; None where something is wrong with it, which the form then tells."""
    if not form.is_valid():
        return None
    uuid = form.cleaned_data["uuid"]
    try:
        return log_outreach(actor=request.user, now=clock.now(), uuid=uuid, entry=form.entry(), customers=form.chosen)
    except ValidationError as error:
        form.take_errors(error)
    except ConflictError:
        form.add_error(None, _("This was saved before, saying something else. To log it as another one, save again."))
        form.renew()
    return None


def _page(request: HttpRequest, form: OutreachForm) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "customers/touches/outreach.html", {"form": form, "most": MOST}, status=status)
