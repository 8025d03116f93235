"""The tree of teams."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import queries
from accounts.access import permission_required_in, recent_sign_in_required
from accounts.actions import teams as actions
from accounts.forms import TeamForm
from accounts.models import Team
from accounts.permissions import Act, Area, may_all, people_within
from territory import clock
from territory.sent import sent

from .pages import act_page, form_page
from .people import changes_people, form_methods


@require_safe
@permission_required_in(Area.NAMES, Act.SEE)
def team_list(request: HttpRequest) -> HttpResponse:
    """Who sells together, and under whom."""
    may_change = may_all(request.user, Area.PEOPLE, Act.CHANGE)
    context = {
        "nodes": queries.team_tree(clock.company_today()),
        "archived": Team.objects.filter(archived_at__isnull=False) if may_change else Team.objects.none(),
        "may_change": may_change,
        "seen": set(people_within(request.user, Area.PEOPLE, Act.SEE).values_list("pk", flat=True)),
        "sees_roles": may_all(request.user, Area.PEOPLE, Act.SEE),
    }
    return render(request, "accounts/team_list.html", context)


@form_methods
@changes_people
@recent_sign_in_required
def team_create(request: HttpRequest) -> HttpResponse:
    """Add a team."""

    def save(**fields) -> Team:
        return actions.create_team(actor=request.user, now=clock.now(), **fields)

    return form_page(
        request,
        TeamForm(sent(request), initial={"parent": request.GET.get("parent")}),
        save,
        back=reverse("team_list"),
        done=_("%(name)s added"),
        draft="team-new",
        title=_("Add team"),
    )


@form_methods
@changes_people
@recent_sign_in_required
def team_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename or move a team."""
    team = get_object_or_404(Team.objects.live(), pk=pk)

    def save(**fields) -> Team:
        return actions.change_team(actor=request.user, now=clock.now(), team=team, **fields)

    return form_page(
        request,
        TeamForm(sent(request), instance=team),
        save,
        back=reverse("team_list"),
        done=_("%(name)s saved"),
        draft=f"team-{pk}",
        title=team.name,
        archive=reverse("team_archive", args=[pk]),
    )


@form_methods
@changes_people
@recent_sign_in_required
def team_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an empty team away."""
    team = get_object_or_404(Team.objects.live(), pk=pk)
    return act_page(
        request,
        lambda: actions.archive_team(actor=request.user, now=clock.now(), on=clock.company_today(), team=team),
        back=reverse("team_list"),
        done=_("%(name)s archived") % {"name": team.name},
        title=_("Archive %(name)s?") % {"name": team.name},
        text=_("It can no longer be chosen. What was done in it stays, and it can be brought back."),
        do=_("Archive"),
    )


@form_methods
@changes_people
@recent_sign_in_required
def team_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring an archived team back."""
    team = get_object_or_404(Team.objects.filter(archived_at__isnull=False), pk=pk)
    return act_page(
        request,
        lambda: actions.restore_team(actor=request.user, now=clock.now(), team=team),
        back=reverse("team_list"),
        done=_("%(name)s brought back") % {"name": team.name},
        title=_("Bring %(name)s back?") % {"name": team.name},
        text=_("It can be chosen again."),
        do=_("Bring back"),
        gentle=True,
    )
