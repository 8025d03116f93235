"""How travel times are known: whom to ask for roads, and a table of one's own."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required_in, recent_sign_in_required
from accounts.permissions import Act, Area
from customers.models import Customer
from customers.views.data_files import data_file_page
from planning.actions.travel import save_routing_server
from planning.forms.travel import RoutingServerForm, TravelTimesForm
from planning.loaders.journeys import TRAVEL_TIMES, asked_of, be_heard_again
from planning.models import JourneyPair, RoutingServer
from planning.routing import SECONDS
from territory import limits
from territory.conflicts import Conflict, conflict_page
from territory.outside import Refused, Unreachable
from territory.sent import sent
from territory.toasts import toast

setting_rules = permission_required_in(Area.RULES, Act.CHANGE)


@require_http_methods(["GET", "HEAD", "POST"])
@setting_rules
@recent_sign_in_required
def routing_server(request: HttpRequest) -> HttpResponse:
    """Whom to ask for roads: nobody, until an administrator says so."""
    row = RoutingServer.objects.filter(pk=1).first() or RoutingServer()
    form = RoutingServerForm(sent(request), instance=row)
    if form.is_valid():
        try:
            save_routing_server(
                row=form.instance,
                version=form.cleaned_data.get("version"),
                actor=request.user,  # type: ignore[arg-type]
            )
        except Conflict as conflict:
            return conflict_page(request, form, conflict, reverse("routing_server"))
        except ValidationError as error:  # somebody else named the first server meanwhile
            form.add_error(None, error)
        else:
            toast(request, _("Saved."), saved="routing-server")
            return redirect("routing_server")
    stored = RoutingServer.objects.filter(pk=1).first()
    pairs = JourneyPair.objects.filter(revision=stored.revision).count() if stored and stored.kind else 0
    context = {"form": form, "row": stored, "pairs": pairs, "back": reverse("rules_home")}
    return render(request, "planning/travel/server.html", context, status=422 if form.errors else 200)


@require_POST
@setting_rules
@limits.imports
def routing_try(request: HttpRequest) -> HttpResponse:
    """Ask the server for the way between two customers, and show what came of it."""
    server = RoutingServer.objects.exclude(kind="").filter(pk=1).first()
    places = list(
        Customer.objects.visible_to(request.user)
        .live()
        .filter(latitude__isnull=False)
        .order_by("pk")
        .values_list("latitude", "longitude")[:2]
    )
    if server is None or len(places) < 2:
        toast(request, _("It takes a server, and two customers with a place."), tone="danger")
        return redirect("routing_server")
    be_heard_again()
    try:
        found = asked_of(server, places[:1], places[1:], SECONDS)[0][0]
    except (Refused, Unreachable) as error:
        toast(request, str(error), tone="danger")
    else:
        if found is None:
            toast(request, _("It answers, but knows no way between your first two customers."), tone="danger")
        else:
            toast(request, _("It answers: %(minutes)d minutes between two customers.") % {"minutes": found[0] // 60})
    return redirect("routing_server")


@require_http_methods(["GET", "HEAD", "POST"])
@setting_rules
@limits.imports
def travel_time_files(request: HttpRequest) -> HttpResponse:
    """The table of journeys in use, and another to bring in."""
    return data_file_page(request, TRAVEL_TIMES, "planning/travel/files.html", TravelTimesForm)
