"""What if we made other touches, or more, or fewer: looked at before anyone's rules change, and kept as drafts of rules."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may_all
from planning.actions.what_if import draft_rhythm
from planning.draft_kinds import words_of
from planning.forms.what_if import WhatIf
from planning.queries.norms import sees_norm_amounts, sees_norms
from planning.queries.what_if import catalogue, what_if_page
from territory import clock
from territory.conflicts import Conflict
from territory.toasts import toast


def _require_sight(request: HttpRequest) -> None:
    if not sees_norms(request.user):
        raise PermissionDenied


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def what_if(request: HttpRequest) -> HttpResponse:
    """The rules with another rhythm typed beside them: hours needed, capacity left, expected wins and business."""
    _require_sight(request)
    return _page(request, WhatIf(catalogue(), request.GET if request.GET else None))


@require_POST
@permission_required_in(Area.BUDGETS, Act.SEE)
def what_if_save(request: HttpRequest) -> HttpResponse:
    """Keep what was typed as drafts of rules, one for each rule; nothing is in force before these are saved."""
    _require_sight(request)
    if not may_all(request.user, Area.RULES, Act.CHANGE):
        raise PermissionDenied
    typed = WhatIf(catalogue(), request.POST)
    if not typed.is_valid() or not (typed.changed or typed.added):
        return _page(request, typed, status=422)
    try:
        drafts = draft_rhythm(typed=typed, actor=request.user, now=clock.now())
    except Conflict as conflict:
        words = _("Somebody changed this rule meanwhile: %(rule)s. It is shown as it is now; look at the page again.")
        toast(request, words % {"rule": words_of(conflict.row)}, tone="danger")
        return _page(request, typed, status=409)
    number = len(drafts)
    words = ngettext(
        "%(n)s draft kept. Nothing has changed yet.", "%(n)s drafts kept. Nothing has changed yet.", number
    )
    toast(request, words % {"n": number}, saved="what-if")
    return redirect("rules_home")


def _page(request: HttpRequest, typed: WhatIf, status: int = 200) -> HttpResponse:
    is_wrong = not typed.is_valid()
    context = {
        "typed": typed,
        "page": what_if_page(request.user, typed, shows_business=sees_norm_amounts(request.user)),
        "shows_call_plan": sees_norm_amounts(request.user),
        "is_wrong": is_wrong,
        "is_nothing": status == 422 and not is_wrong,
        "may_save": may_all(request.user, Area.RULES, Act.CHANGE),
        "is_other": bool(typed.changed or typed.added),
    }
    return render(request, "planning/what_if/page.html", context, status=422 if is_wrong else status)
