"""Where customers are: those without a place, the place of one, and one's own home base."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.actions.people import change_profile
from accounts.models import User
from accounts.permissions import Act, Area, may, people_within
from customers.actions import places as actions
from customers.forms.places import PlaceForm
from customers.models import Customer
from customers.queries.places import gazetteer, proposals, towns_like, where, without_place
from customers.views.saving import to_change
from territory import clock
from territory.sent import sent
from territory.toasts import toast

PAGE = 40
MOST_PEOPLE = 30
LONGEST_SEARCH = 100


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def place_list(request: HttpRequest) -> HttpResponse:
    """What has no place, with what the gazetteer proposes; nothing is set before somebody says so."""
    page = Paginator(without_place(request.user).select_related("tier"), PAGE).get_page(request.GET.get("page"))
    found = proposals(page.object_list)
    for row in page:
        proposal = found.get(row.pk)
        row.proposed = proposal.only if proposal else None
        row.proposed_words = where(row.proposed) if row.proposed else ""
        row.offered = len(proposal.towns) if proposal else 0
    context = {
        "page": page,
        "proposed": any(row.proposed for row in page),
        "gazetteer": gazetteer(),
        "may_bring_in": may(request.user, Area.RULES, Act.CHANGE),
        "people": _without_base(request),
    }
    return render(request, "customers/places/list.html", context)


def _without_base(request: HttpRequest) -> list[User]:
    """Those of the people whom the reader may change that travel from nowhere; a few."""
    if not may(request.user, Area.PEOPLE, Act.CHANGE):
        return []
    people = people_within(request.user, Area.PEOPLE, Act.CHANGE)
    return list(people.filter(is_active=True, base_latitude__isnull=True).order_by("name", "pk")[:MOST_PEOPLE])


@require_POST
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def place_accept(request: HttpRequest) -> HttpResponse:
    """Set every place that is proposed."""
    accepted = actions.accept_proposals(actor=request.user, now=clock.now())  # type: ignore[arg-type]
    words = ngettext("The place of %(n)d customer is set.", "The places of %(n)d customers are set.", accepted)
    toast(request, words % {"n": accepted} if accepted else _("No place is proposed."))
    return redirect("place_list")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.CUSTOMERS, Act.CHANGE)
def customer_place(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a customer is: towns of its name, others to look for, or a point from a map (answered in JSON where asked so)."""
    customer = to_change(Customer, request.user, pk)
    form = PlaceForm(sent(request), initial={"latitude": customer.latitude, "longitude": customer.longitude})
    if request.method == "POST" and form.is_valid():
        actions.set_place(actor=request.user, now=clock.now(), customer=customer, **form.place)  # type: ignore[arg-type]
        if _wants_json(request):
            return JsonResponse(form.place)
        toast(request, _("The place of %(name)s is set.") % {"name": customer.name})
        back = reverse("place_list") if request.POST.get("back") == "places" else reverse("customer_detail", args=[pk])
        return redirect(back)
    if request.method == "POST" and _wants_json(request):
        return JsonResponse({"errors": form.errors}, status=422)
    words = request.GET.get("q", "")[:LONGEST_SEARCH]
    if words:
        towns = towns_like(words, "" if request.GET.get("everywhere") else customer.country)
    else:
        proposal = proposals([customer]).get(customer.pk)
        towns = proposal.towns if proposal else []
    return _place_page(
        request,
        form,
        towns,
        words or customer.town,
        "customers/places/customer.html",
        customer=customer,
        place=(customer.latitude, customer.longitude) if customer.latitude is not None else None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def own_base(request: HttpRequest) -> HttpResponse:
    """From where one travels oneself: a town to look for, or a point from a map."""
    me = User.objects.get(pk=request.user.pk)
    form = PlaceForm(sent(request), initial={"latitude": me.base_latitude, "longitude": me.base_longitude})
    if request.method == "POST" and form.is_valid():
        base = {f"base_{name}": value for name, value in form.place.items()}
        change_profile(actor=me, now=clock.now(), version=me.version, **base)
        if _wants_json(request):
            return JsonResponse(form.place)
        toast(request, _("Your home base is set."))
        return redirect("profile")
    if request.method == "POST" and _wants_json(request):
        return JsonResponse({"errors": form.errors}, status=422)
    words = request.GET.get("q", "")[:LONGEST_SEARCH]
    return _place_page(
        request,
        form,
        towns_like(words),
        words,
        "customers/places/base.html",
        place=(me.base_latitude, me.base_longitude) if me.base_latitude is not None else None,
    )


def _place_page(request: HttpRequest, form: PlaceForm, towns, words: str, template: str, **context) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    if place := context.get("place"):
        form.initial = {"latitude": place[0], "longitude": place[1]}
    about = {"form": form, "towns": [(town, where(town)) for town in towns], "words": words, **context}
    return render(request, template, {**about, "gazetteer": gazetteer()}, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
