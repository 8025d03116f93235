"""The map of customers: the list's customers where they are."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from customers.forms.filters import CustomerFilterForm
from customers.models import Tier
from customers.queries.listing import CustomerListing
from customers.views.parts import filter_chips, kept_fields, tab_links
from planning.queries import customer_map as queries

SHAPES = ("square", "diamond", "triangle", "circle")
# So many shades the ramp of tiers has; lower ones share the last.
LETTERS = "abcd"


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def customer_map(request: HttpRequest) -> HttpResponse:
    """The same words, tab and filters as the list; the points come by themselves."""
    listing = CustomerListing(request, CustomerFilterForm(request.GET, user=request.user))
    extent = queries.extent(listing)
    frame = extent.frame and [list(extent.frame[:2]), list(extent.frame[2:])]
    context = {
        "listing": listing,
        "extent": extent,
        "map": {"points": [], "frame": frame} if frame else {"points": []},
        "tiers": [
            (tier, f"tier-{LETTERS[min(n, 3)]}", SHAPES[min(n, 3)])
            for n, tier in enumerate(Tier.objects.order_by("position"))
        ],
        "lost_url": reverse("place_list") if may(request.user, Area.CUSTOMERS, Act.CHANGE) else "",
        "by": _by(request),
        "sees_due": may(request.user, Area.BUDGETS, Act.SEE),
        "most": queries.MOST_POINTS,
        "tabs": tab_links(request, listing),
        "chips": filter_chips(request, listing.form),
        "kept": kept_fields(request, "q"),
    }
    return render(request, "planning/map/customers.html", context)


def _by(request: HttpRequest) -> str:
    """How customers are to be marked."""
    asked = request.GET.get("by", "")
    return asked if asked in queries.BY else queries.BY[0]


def _frame(request: HttpRequest) -> queries.Frame | None:
    """South, west, north and east of what is looked at; None: no frame is named."""
    if not (asked := request.GET.get("frame")):
        return None
    try:
        south, west, north, east = map(float, asked.split(","))
    except ValueError as error:
        raise Http404 from error
    if not -90 <= south <= north <= 90 or not -540 <= west <= east <= 540:
        raise Http404
    return south, west, north, east


@require_safe
@gzip_page
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def map_points(request: HttpRequest) -> HttpResponse:
    """Where the customers of the map are, as columns of whole numbers: all, or those within ?frame=."""
    listing = CustomerListing(request, CustomerFilterForm(request.GET, user=request.user))
    return JsonResponse(
        queries.points(listing, _by(request), _frame(request)), json_dumps_params={"separators": (",", ":")}
    )


@require_safe
@permission_required_in(Area.CUSTOMERS, Act.SEE)
def map_card(request: HttpRequest) -> HttpResponse:
    """What a press on the map opens: the customers of that place, as far as the reader may see them."""
    asked = [int(pk) for pk in request.GET.getlist("id")[: queries.MOST_ON_CARD] if pk.isdecimal() and len(pk) < 19]
    cards = queries.cards(request.user, asked)
    if not cards:
        raise Http404
    may_log = may(request.user, Area.TOUCHES, Act.CHANGE)
    return render(request, "planning/map/card.html", {"cards": cards, "may_log": may_log})
