"""The call plan: how many touches a year each tier should get, so that the team's hours bring the most."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.models import Team
from accounts.permissions import Act, Area, may, may_all
from customers.models import Tier
from planning.actions import call_plans as actions
from planning.draft_kinds import words_of
from planning.engine.response import Answers, fitted
from planning.forms.call_plans import ANSWERS, AskForm, CallPlanSettingsForm, JudgementForm
from planning.models import CallPlan, CallPlanSettings, ResponseJudgement, judgements_on
from planning.queries.call_plans import keepers_question, latest_plan, plan_shown, plan_teams, plan_teams_question
from planning.views.asked import row_asked
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast
from territory.together import together

# Where the little curve is drawn: times the calls of now.
DRAWN = [n / 10 for n in range(26)]


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def call_plan(request: HttpRequest) -> HttpResponse:
    """The latest plan of ?team=, else of the first team within reach."""
    return _page(request, _team(request), AskForm())


def _team(request: HttpRequest) -> Team:
    """403 where no whole team is within reach, 404 where another is asked for."""
    teams = plan_teams(request.user)
    team = row_asked(request, "team", teams) if request.GET.get("team") else teams.first()
    if team is None:
        raise PermissionDenied
    return team


def _page(
    request: HttpRequest, team: Team, form: AskForm, status: int = 200, plan: CallPlan | None = None
) -> HttpResponse:
    """The page of a team; as it was sent where that could not be done (`status`)."""
    plan = plan or latest_plan(team)
    if plan is not None and not form.is_bound:
        form.initial = {"role": plan.role_id, "hours": plan.hours}
    may_adopt = may_all(request.user, Area.RULES, Act.CHANGE)
    keepers = keepers_question(request.user)
    teams, planned, names = together(
        plan_teams_question(request.user),
        plan_teams_question(request.user, act=Act.CHANGE),
        keepers.none() if may_adopt else keepers,
    )
    context = {
        "team": team,
        "teams": teams,
        "shown": plan_shown(plan) if plan else None,
        "form": form if team in planned else None,
        "may_adopt": may_adopt,
        "keepers": names,
        "kept": _rules_sent(request) if request.method == "POST" and "rule" in request.POST else None,
        "may_export": may(request.user, Area.EXPORT, Act.SEE),
    }
    return render(request, "planning/call_plan/page.html", context, status=status)


@require_POST
@permission_required_in(Area.BUDGETS, Act.CHANGE)
def call_plan_ask(request: HttpRequest) -> HttpResponse:
    """Have a plan computed for ?team=."""
    team = _team(request)
    if not plan_teams(request.user, act=Act.CHANGE).filter(pk=team.pk).exists():
        raise PermissionDenied
    form = AskForm(request.POST)
    if not form.is_valid():
        return _page(request, team, form, status=422)
    actions.ask_plan(team=team, actor=request.user, now=clock.now(), **form.cleaned_data)
    return redirect(f"{reverse('call_plan')}?team={team.pk}")


@require_POST
@permission_required_in(Area.RULES, Act.CHANGE, whole_company=True)
def call_plan_adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is proposed for the ticked rules as drafts of rules; of a plan that is out of date only when told so."""
    plans = CallPlan.objects.filter(
        team__in=plan_teams(request.user).order_by().values("pk"), computed_at__isnull=False
    )
    plan = get_object_or_404(plans.select_related("team", "role", "asked_by"), pk=pk)
    rules = _rules_sent(request)
    shown = plan_shown(plan)
    if shown.is_stale and request.POST.get("although") != "1":
        toast(
            request,
            _(
                "Facts or rules have changed since this was computed. Compute it again, or tick that you take it all the same."
            ),
            tone="danger",
        )
        return _page(request, plan.team, AskForm(), status=409, plan=plan)
    try:
        drafts = actions.draft_plan(plan=plan, rules=rules, actor=request.user, now=clock.now())
    except Conflict as conflict:
        words = _("Somebody changed this rule since the plan was computed: %(rule)s. Compute the plan again.")
        toast(request, words % {"rule": words_of(conflict.row)}, tone="danger")
        return _page(request, plan.team, AskForm(), status=409, plan=plan)
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
        return _page(request, plan.team, AskForm(), status=409, plan=plan)
    if not drafts:
        toast(request, _("Nothing is ticked that would change."), tone="danger")
        return _page(request, plan.team, AskForm(), status=422, plan=plan)
    words = ngettext(
        "%(n)s draft kept. Nothing has changed yet.", "%(n)s drafts kept. Nothing has changed yet.", len(drafts)
    )
    toast(request, words % {"n": len(drafts)})
    return redirect("draft_detail", drafts[0].pk) if len(drafts) == 1 else redirect("rules_home")


def _rules_sent(request: HttpRequest) -> set[int]:
    """Keys of the rules that were ticked."""
    sent_rules = request.POST.getlist("rule")
    return {int(text) for text in sent_rules if text.isascii() and text.isdecimal() and len(text) < 16}


@require_safe
@permission_required_in(Area.RULES, Act.SEE)
def call_judgements(request: HttpRequest) -> HttpResponse:
    """What calls do by tier: the judgements that hold, their curves, and those before."""
    held = judgements_on()
    rows = [{"tier": tier, **_judged(held.get(tier.pk))} for tier in Tier.objects.live().order_by("position")]
    context = {
        "rows": rows,
        "earlier": ResponseJudgement.objects.select_related("tier", "set_by").order_by("-starts_on", "-pk")[:50],
        "chart": _curves(rows),
        "points": [(times, [row["drawn"][n] for row in rows]) for n, times in enumerate(DRAWN) if n % 5 == 0],
        "settings": CallPlanSettings.current(),
        "may_change": may_all(request.user, Area.RULES, Act.CHANGE),
    }
    return render(request, "planning/call_plan/judgements.html", context)


def _judged(row: ResponseJudgement | None) -> dict[str, Any]:
    answers = row.answers if row else Answers()
    curve = fitted(answers)
    return {"row": row, "answers": answers, "curve": curve, "drawn": [curve.beside_now(times) for times in DRAWN]}


def _curves(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "line",
        "labels": [f"{times:.0%}" for times in DRAWN],
        "ticks": [f"{times:.0%}" for times in DRAWN if round(times * 10) % 5 == 0],
        "series": [
            {
                "label": str(row["tier"]),
                "colour": f"tier-{'abcd'[min(number, 3)]}",
                "values": [round(100 * y, 1) for y in row["drawn"]],
            }
            for number, row in enumerate(rows)
        ],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.CHANGE, whole_company=True)
def call_judgement_set(request: HttpRequest) -> HttpResponse:
    """A new judgement; ?tier= fills in what holds."""
    tier = row_asked(request, "tier", Tier.objects.live())
    held = judgements_on().get(tier.pk) if tier else None
    initial = {"tier": tier, "starts_on": clock.company_today()} | {
        name: getattr(held, name) if held else ResponseJudgement._meta.get_field(name).default for name in ANSWERS
    }
    form = JudgementForm(sent(request), initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        try:
            actions.judge(
                tier=data["tier"],
                answers={name: data[name] for name in ANSWERS},
                starts_on=data["starts_on"],
                reason=data["reason"],
                actor=request.user,
                now=clock.now(),
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            toast(request, _("Judged. Plans that are computed from now on go by it."), saved="call-judgement")
            return redirect("call_judgements")
    return render(request, "planning/call_plan/judge.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.CHANGE, whole_company=True)
def call_plan_settings(request: HttpRequest) -> HttpResponse:
    """How plans are made; saved at once, since no budget and no due day follows."""
    form = CallPlanSettingsForm(sent(request), instance=CallPlanSettings.current())
    if form.is_valid():
        try:
            actions.save_settings(row=form.instance, version=form.cleaned_data.get("version"), actor=request.user)
        except Conflict as conflict:
            return conflict_page(request, form, conflict, reverse("call_judgements"))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("Saved."), saved="call-settings")
            return redirect("call_judgements")
    return render(request, "planning/call_plan/settings.html", {"form": form}, status=422 if form.errors else 200)
