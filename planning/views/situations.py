"""Special situations: what is open, its evidence in figures, since when, whose turn."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may, people_within, teams_within
from customers.views.returning import page_before
from planning.actions.situations import acknowledge, hand_turn_over, set_hours_aside
from planning.forms.situations import AcknowledgeForm, HoursForm, TurnForm
from planning.models import Situation
from planning.models.situations import PRESSING
from planning.queries import situations as queries
from planning.queries.who_is_in_it import who_is_in_it
from planning.situations.registry import BY_KEY, KINDS
from planning.views.asked import row_asked
from territory import clock
from territory.conflicts import Conflict
from territory.toasts import toast

PAGE = 25


def _seen(request):
    rows = Situation.objects.visible_to(request.user).filter(kind__in=list(BY_KEY))
    return rows.select_related(
        "customer__tier", "order__salesperson", "person", "market", "product_line", "team", "owner", "acknowledged_by"
    )


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def situation_list(request):
    """By kind the most pressing ones; of one kind all. Open, whose turn is one's own, acknowledged, or resolved lately."""
    tab = request.GET.get("view", "open") if request.GET.get("view") in queries.TABS else "open"
    kind = BY_KEY.get(request.GET.get("kind", ""))
    teams = teams_within(request.user, Area.BUDGETS, Act.SEE).filter(archived_at__isnull=True).order_by("name")
    team = row_asked(request, "team", teams)
    everything = Situation.objects.visible_to(request.user).filter(kind__in=list(BY_KEY))
    if team:
        everything = everything.filter(team__path__startswith=team.path)
    rows = queries.named(queries.in_tab(everything, tab, request.user))
    context = {
        "tab": tab,
        "counts": queries.tab_counts(everything, request.user),
        "kind": kind,
        "kinds": queries.kind_counts(rows),
        "team": team,
        "teams": list(teams),
        "may_set": may(request.user, Area.RULES, Act.SEE),
        "quiet": [each.label for each in KINDS if not each.loud],
    }
    if kind is None:
        context["groups"] = queries.groups(rows, context["kinds"], request.user)
    else:
        order = ("-resolved_at", "-pk") if tab == "resolved" else PRESSING
        page = Paginator(rows.filter(kind=kind.key).order_by(*order), PAGE).get_page(request.GET.get("page"))
        context |= {"page": page, "lines": queries.lines_of(page.object_list, request.user)}
        if kind.key == "large_order" and tab == "open":
            context["orders"] = queries.how_many_orders(rows)
    return render(request, "planning/situations/list.html", context)


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def situation_detail(request, pk: int):
    """One situation with its evidence, both futures, whose turn it is, who saw it and what is set aside for it."""
    return _page(request, get_object_or_404(_seen(request), pk=pk))


def _page(request, situation: Situation, acknowledge_form=None, hours_form=None, turn_form=None):
    [line] = queries.lines_of([situation], request.user)
    hours, happened, earlier = queries.beside(situation)
    may_act = Situation.objects.acknowledgeable_by(request.user).filter(pk=situation.pk).exists()
    context = {
        "situation": situation,
        "line": line,
        "kind": line.kind,
        "shows_figures": line.sees_figures,
        "because": line.kind.because(situation),
        "evidence": f"planning/situations/evidence/{situation.kind}.html",
        "may_act": may_act and not situation.resolved_at,
        "hours": hours,
        "happened": happened,
        "earlier": earlier,
    }
    if situation.order is not None:
        context["in_it"] = who_is_in_it(situation.order, request.user)
    if line.sees_figures:
        context |= line.kind.shown(situation, request.user)
    if context["may_act"]:
        context |= _forms(request, situation, acknowledge_form, hours_form, turn_form)
    invalid = any(form and form.errors for form in (acknowledge_form, hours_form, turn_form))
    return render(request, "planning/situations/detail.html", context, status=422 if invalid else 200)


def _done(request, pk: int) -> HttpResponse:
    """Where one goes on: beside the list, where it stands there; on the page that a panel was opened from; else on its own page."""
    part = request.headers.get("HX-Target")
    if part == "beside":
        return _page(request, get_object_or_404(_seen(request), pk=pk))
    if part == "panel-content":
        return redirect(page_before(request) or "situation_list")
    return redirect("situation_detail", pk)


def _forms(request, situation: Situation, acknowledge_form, hours_form, turn_form) -> dict:
    """Those sent and refused as they were sent, the others new; the people to choose from are asked for once."""
    values = {"version": situation.version, "note": situation.note}
    if situation.look_again_on:
        values["look_again_on"] = situation.look_again_on
    people, turn = _people(request), {"version": situation.version, "owner": situation.owner_id}
    forms = {
        "form": acknowledge_form or AcknowledgeForm(initial=values, today=clock.today(request.user)),
        "hours_form": hours_form or HoursForm(people=people, auto_id="hours_%s"),
        "turn_form": turn_form or TurnForm(initial=turn, people=people, auto_id="turn_%s"),
    }
    choices = [("", "---------"), *((person.pk, person.name) for person in people.only("name").order_by("name", "pk"))]
    for name, field in (("hours_form", "user"), ("turn_form", "owner")):
        forms[name].fields[field].widget.choices = choices
    return forms


def _people(request):
    return people_within(request.user, Area.BUDGETS, Act.CHANGE).filter(is_active=True)


def _to_act_on(request, pk: int) -> Situation:
    """The situation if the reader may act on it: 404 when they do not see it, 403 when they only see it."""
    situation = get_object_or_404(_seen(request), pk=pk)
    if not Situation.objects.acknowledgeable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied
    return situation


@require_POST
@permission_required_in(Area.BUDGETS, Act.SEE)
def situation_acknowledge(request, pk: int) -> HttpResponse:
    """Take note of it, in words."""
    situation = _to_act_on(request, pk)
    form = AcknowledgeForm(request.POST, today=clock.today(request.user))
    if form.is_valid():
        try:
            acknowledge(situation=situation, actor=request.user, now=clock.now(), **form.cleaned_data)
        except Conflict as conflict:
            form.add_error(None, _("%(who)s was first and wrote: %(note)s") % _first(conflict.row))
            return _anew(request, situation, form, conflict, "acknowledge_form")
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("Acknowledged."), saved=f"situation-{pk}")
            return _done(request, pk)
    return _page(request, situation, acknowledge_form=form)


def _first(row: Situation) -> dict[str, str]:
    return {"who": str(row.acknowledged_by or _("Somebody")), "note": row.note}


def _anew(request, situation: Situation, form, conflict: Conflict, name: str) -> HttpResponse:
    """409: the form as it was sent, on what somebody else made of the situation meanwhile."""
    form.data = form.data.copy()
    form.data["version"] = conflict.row.version
    response = _page(request, situation, **{name: form})
    response.status_code = 409
    return response


@require_POST
@permission_required_in(Area.BUDGETS, Act.SEE)
def situation_turn(request, pk: int) -> HttpResponse:
    """Hand the turn over to somebody else."""
    situation = _to_act_on(request, pk)
    form = TurnForm(request.POST, people=_people(request), auto_id="turn_%s")
    if form.is_valid():
        try:
            hand_turn_over(situation=situation, actor=request.user, now=clock.now(), **form.cleaned_data)
        except Conflict as conflict:
            form.add_error(
                None,
                _("Somebody changed it meanwhile: it is the turn of %(who)s.")
                % {"who": conflict.row.owner or _("nobody")},
            )
            return _anew(request, situation, form, conflict, "turn_form")
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("Handed over."))
            return _done(request, pk)
    return _page(request, situation, turn_form=form)


@require_POST
@permission_required_in(Area.BUDGETS, Act.SEE)
def situation_hours(request, pk: int) -> HttpResponse:
    """Set a person's hours a week aside for it."""
    situation = _to_act_on(request, pk)
    form = HoursForm(request.POST, people=_people(request), auto_id="hours_%s")
    if form.is_valid():
        try:
            set_hours_aside(situation=situation, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("The workload follows."))
            return _done(request, pk)
    return _page(request, situation, hours_form=form)
