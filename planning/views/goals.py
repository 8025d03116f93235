"""Activity goals: setting them for roles and people, and what was done in the last eight days, weeks or months."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may, may_all, teams_within
from planning.actions import goals as actions
from planning.forms.goals import GoalForm
from planning.models import ActivityGoal
from planning.queries import goals as queries
from planning.views.asked import may_export
from planning.views.workload import team_asked
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast

sees_goals = permission_required_in(Area.BUDGETS, Act.SEE)


def _may_set(request: HttpRequest) -> bool:
    """Goals of roles by who changes the rules, of people by who changes workload within reach."""
    return may(request.user, Area.BUDGETS, Act.CHANGE) or may_all(request.user, Area.RULES, Act.CHANGE)


@require_safe
@sees_goals
def goal_history(request: HttpRequest) -> HttpResponse:
    """Goal against done of the people whom the reader may see: ?of= a touch type and period, ?team=."""
    team = team_asked(request)
    found = queries.history(request.user, team, request.GET.get("of", ""), request.GET.get("page"))
    teams = teams_within(request.user, Area.BUDGETS, Act.SEE).filter(archived_at__isnull=True).order_by("name")
    context = {
        "history": found,
        "team": team,
        "teams": teams.only("name"),
        "may_set": _may_set(request),
        "may_export": may_export(request.user),
    }
    return render(request, "planning/goals/history.html", context)


@require_safe
@sees_goals
def goal_list(request: HttpRequest) -> HttpResponse:
    """Goals as they are set, of roles and of people; ?archived=1: those that were never meant."""
    archived = request.GET.get("archived") == "1"
    context = {
        "rows": queries.goals_set(request.user, archived),
        "archived": archived,
        "may_set": _may_set(request),
    }
    return render(request, "planning/goals/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sees_goals
def goal_create(request: HttpRequest) -> HttpResponse:
    """A new goal; ?who=user-5 or role-3 chooses whose."""
    if not _may_set(request):
        raise PermissionDenied
    form = GoalForm(sent(request), user=request.user, initial={"who": request.GET.get("who", "")})
    if form.is_valid():
        try:
            actions.set_goal(actor=request.user, now=clock.now(), **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            return _done(request, _("Goal set."), "goal-new")
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@sees_goals
def goal_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What a goal asks, and when it holds."""
    goal = _goal(request, pk)
    form = GoalForm(sent(request), instance=goal, user=request.user)
    if form.is_valid():
        try:
            actions.change_goal(goal=goal, actor=request.user, now=clock.now(), **form.cleaned_data)
        except Conflict as conflict:
            return conflict_page(request, form, conflict, reverse("goal_list"))
        except ValidationError as error:
            form.refuse(error)
        else:
            return _done(request, _("Goal saved."), f"goal-{pk}")
    return _form(request, form, goal)


@require_POST
@sees_goals
def goal_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Today is its last day."""
    actions.end_goal(goal=_goal(request, pk), on=clock.company_today(), actor=request.user, now=clock.now())
    return _done(request, _("The goal ends today."))


@require_POST
@sees_goals
def goal_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """It was never meant."""
    actions.archive_goal(goal=_goal(request, pk), actor=request.user, now=clock.now())
    return _done(request, _("Goal archived."), undo=reverse("goal_restore", args=[pk]))


@require_POST
@sees_goals
def goal_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring an archived one back."""
    try:
        actions.restore_goal(goal=_goal(request, pk), actor=request.user, now=clock.now())
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
        return redirect("goal_list")
    return _done(request, _("Goal brought back."))


def _goal(request: HttpRequest, pk: int) -> ActivityGoal:
    """404 where the goal is not seen, 403 where only others may change it."""
    goal = get_object_or_404(ActivityGoal.objects.visible_to(request.user).select_related("role", "user"), pk=pk)
    if not ActivityGoal.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied
    return goal


def _done(request: HttpRequest, words: str, saved: str = "", undo: str = "") -> HttpResponse:
    toast(request, words, saved=saved, undo=undo)
    return redirect("goal_list")


def _form(request: HttpRequest, form: GoalForm, goal: ActivityGoal | None) -> HttpResponse:
    context = {"form": form, "goal": goal}
    return render(request, "planning/goals/form.html", context, status=422 if form.errors else 200)
