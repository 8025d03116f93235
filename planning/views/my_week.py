"""My week: the plan of a person's field visits, changed and accepted."""

import datetime as dt
from collections import Counter

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may
from planning.actions.visit_moves import StaleError, accept_plan, lock_stop, move_stop, run_late
from planning.actions.visit_plans import ask_plan
from planning.engine.calendar import monday as monday_of
from planning.forms.my_week import LateForm, MoveStopForm
from planning.models import VisitPlan, VisitStop
from planning.queries.my_week import map_of
from planning.queries.my_week import my_week as page_of
from planning.queries.my_week_rows import agreed_words
from planning.queries.waiting import FAILED, WAITING, state_of
from planning.visit_words import accepted_words, change_words, stale_words
from territory import clock
from territory.conflicts import Conflict
from territory.formats.days import day_text
from territory.rows import key_in
from territory.sent import sent
from territory.toasts import toast

sees_week = permission_required_in(Area.TOUCHES, Act.SEE)
changes_week = permission_required_in(Area.TOUCHES, Act.CHANGE)

# Weeks that can be looked at, around this one.
WEEKS = dt.timedelta(weeks=26)
# A worker that is free begins within this time.
SOON = dt.timedelta(seconds=10)


def _monday(request: HttpRequest, text: str | None) -> dt.date:
    """The Monday of the week asked for; without one this week's, on its last days the next; so too for a look at none there is.

    A look further than so many weeks away ends at the last of these.
    """
    today = clock.today(request.user)
    if not text:
        return monday_of(today + dt.timedelta(days=2 if today.isoweekday() >= 6 else 0))
    try:
        asked = dt.date.fromisoformat(text)
    except ValueError as error:
        if _looks(request):
            return _monday(request, None)
        raise Http404 from error
    if abs(asked - today) > WEEKS and not _looks(request):
        raise Http404
    return monday_of(min(max(asked, today - WEEKS), today + WEEKS))


def _looks(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD")


def _day(request: HttpRequest, text: str | None) -> dt.date | None:
    """The day asked for; to look at, one that is none is as if none was asked for."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        if _looks(request):
            return None
        raise Http404 from error


def _address(plan: VisitPlan, day: dt.date | None = None) -> str:
    more = f"&day={day.isoformat()}" if day else ""
    return f"{reverse('my_week')}?week={plan.week.isoformat()}{more}"


@require_safe
@sees_week
def my_week(request: HttpRequest) -> HttpResponse:
    """The week: ?week= any of its days, ?day= the one whose stops are shown. The first look asks for a plan."""
    monday, day = _monday(request, request.GET.get("week")), _day(request, request.GET.get("day"))
    week = page_of(request.user, monday, day, now=clock.now())
    state = state_of(week.plan.job_key)[0] if week.plan.is_asked else None
    context = {
        "week": week,
        "plan": week.plan,
        "map": map_of(week),
        "map_label": f"{day_text(week.chosen.date)}: {week.chosen.visits}",
        "stale": week.stale and stale_words(week.stale),
        "may_change": may(request.user, Area.TOUCHES, Act.CHANGE),
        "failed": state == FAILED,
        "waiting": state == WAITING and week.plan.asked_at < clock.now() - SOON,
        "next_url": f"?week={week.week_after.isoformat()}",
    }
    if week.plan.is_asked and request.GET.get("part") == "state":
        return render(request, "planning/my_week/state.html", context)
    if request.GET.get("part") == "state":
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "planning/my_week/week.html", context)


@require_POST
@changes_week
def my_week_plan(request: HttpRequest) -> HttpResponse:
    """Plan the week anew; what is locked stays."""
    monday = _monday(request, request.POST.get("week"))
    if monday + dt.timedelta(days=6) < clock.today(request.user):
        toast(request, _("This week is over."), tone="warn")
        return redirect(f"{reverse('my_week')}?week={monday.isoformat()}")
    return redirect(_address(ask_plan(request.user, monday, now=clock.now())))


def _stop(request: HttpRequest, pk: int) -> VisitStop:
    """A visit of one's own plan; to anybody else there is none."""
    rows = VisitStop.objects.visible_to(request.user).filter(plan__person=request.user)
    return get_object_or_404(rows.select_related("plan__person", "customer__tier", "touch_type", "planned"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@changes_week
def my_week_stop_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a visit to another day or place, or leave it out: the form, and where a dragged one is sent."""
    stop = _stop(request, pk)
    plan, now = stop.plan, clock.now()
    today = clock.today(request.user)
    days = [dt.date.fromisoformat(row["day"]) for row in plan.days if row["day"] >= today.isoformat()]
    counts = Counter(plan.stops.visible_to(request.user).exclude(pk=pk).values_list("day", flat=True))
    start = {"day": stop.day and stop.day.isoformat(), "version": plan.version}
    form = MoveStopForm(sent(request), stop=stop, others={day: counts[day] for day in days}, initial=start)
    if form.is_valid():
        day, place = form.where()
        try:
            change = move_stop(plan=plan, stop=pk, day=day, place=place, now=now, version=form.cleaned_data["version"])
        except Conflict:
            toast(request, _("The plan has changed meanwhile: look again before you move something."), tone="warn")
            return redirect(_address(plan, stop.day))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            tone = "warn" if change.broken else "good"
            toast(request, f"{stop.customer}: {change_words(change)}", tone=tone)
            return redirect(_address(plan, day or stop.day))
    context = {"form": form, "stop": stop, "agreed": agreed_words(stop), "back": _address(plan, stop.day)}
    return render(request, "planning/my_week/move.html", context, status=422 if form.errors else 200)


@require_POST
@changes_week
def my_week_stop_lock(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a visit where it is, or let it go."""
    stop = _stop(request, pk)
    is_locked = request.POST.get("locked") == "1"
    try:
        lock_stop(plan=stop.plan, stop=pk, is_locked=is_locked, now=clock.now())
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
    else:
        words = _("%(name)s stays at its time") if is_locked else _("%(name)s may be moved")
        toast(request, words % {"name": stop.customer})
    return redirect(_address(stop.plan, stop.day))


def _plan(request: HttpRequest, week: str | None) -> VisitPlan:
    monday = _monday(request, week)
    return get_object_or_404(VisitPlan.objects.select_related("person"), person=request.user, week=monday)


@require_POST
@changes_week
def my_week_accept(request: HttpRequest) -> HttpResponse:
    """Make planned touches of the week, or of its ?day; `anyway`: though something has changed since."""
    plan, day = _plan(request, request.POST.get("week")), _day(request, request.POST.get("day"))
    try:
        done = accept_plan(
            actor=request.user,
            plan=plan,
            now=clock.now(),
            day=day,
            is_known_stale=request.POST.get("anyway") == "1",
            version=key_in(request.POST.get("version")),
        )
    except Conflict:
        toast(request, _("Not accepted. The plan has changed meanwhile: look again, then accept."), tone="warn")
    except StaleError as error:
        toast(request, f"{_('Not accepted.')} {stale_words(error.reasons)}", tone="warn")
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
    else:
        toast(request, accepted_words(done))
    return redirect(_address(plan, day))


@require_http_methods(["GET", "HEAD", "POST"])
@changes_week
def my_week_late(request: HttpRequest) -> HttpResponse:
    """Plan the rest of today anew."""
    plan, today = _plan(request, request.GET.get("week")), clock.today(request.user)
    form = LateForm(sent(request))
    if form.is_valid():
        try:
            change = run_late(plan=plan, now=clock.now(), minutes=form.cleaned_data["minutes"] or 0)
        except Conflict:
            toast(request, _("The plan has changed meanwhile: look again before you move something."), tone="warn")
            return redirect(_address(plan, today))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            toast(request, _("The rest of today: %(what)s") % {"what": change_words(change)})
            return redirect(_address(plan, today))
    context = {"form": form, "plan": plan, "back": _address(plan, today)}
    return render(request, "planning/my_week/late.html", context, status=422 if form.errors else 200)
