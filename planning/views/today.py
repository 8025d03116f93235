"""A rep's home: what to do next, best first; and which home is whose."""

import datetime as dt

from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, current_memberships, may, may_all, stands_in, teams_within
from customers.models import Customer, PlannedTouch
from customers.scope import worked_on
from planning.models import Situation
from planning.queries import today as queue
from planning.queries.my_role import my_role
from planning.queries.workload import own_week
from territory import clock

SHOWN = 40


@require_safe
def home(request):
    """Each signs in to the screen that is theirs: rules for administrators, the team's load for managers, Today for the rest."""
    if may_all(request.user, Area.RULES, Act.CHANGE):
        return redirect("rules_home")
    if teams_within(request.user, Area.BUDGETS, Act.CHANGE).exists():
        return redirect("workload")
    if may(request.user, Area.TOUCHES, Act.SEE):
        return redirect("today")
    return redirect("profile")


@require_safe
@permission_required_in(Area.TOUCHES, Act.SEE)
def today(request):
    """Due, overdue and planned touches ranked by score; the week's load; visits, situations and my role beside."""
    rows = queue.rows(request.user)
    day = clock.today(request.user)
    everything = request.GET.get("all") == "1"
    context = {
        "rows": rows if everything else rows[:SHOWN],
        "more": 0 if everything else max(0, len(rows) - SHOWN),
        "total": len(rows),
        "overdue": sum(row.overdue_days > 0 for row in rows),
        "day": day,
        "visits": _visits(request.user, day),
        "situations": _situations(request.user),
        "my_role": my_role(request.user),
        "week": own_week(request.user),
        "covers": queue.covers_of(request.user).select_related("membership__user"),
        "next_planned": _next_planned(request.user, day) if not rows else None,
    }
    return render(request, "planning/today/today.html", context)


def _visits(user, day: dt.date):
    """Today's planned touches that travel, by their time."""
    mine = queue.todays(user, "assignee")
    visits = PlannedTouch.objects.open().visible_to(user).filter(mine, due_on=day, type__travels=True)
    return list(visits.select_related("customer__tier", "type").order_by("due_at", "pk"))


def _situations(user):
    """Open situations on customers that the person works on or covers."""
    mine = Customer.objects.filter(worked_on([row.pk for row in current_memberships(user)], covering=stands_in(user)))
    situations = Situation.objects.open().visible_to(user).filter(customer__in=mine.values("pk"))
    return list(situations.select_related("customer", "order", "team"))


def _next_planned(user, day: dt.date):
    planned = PlannedTouch.objects.open().visible_to(user).filter(assignee=user, due_on__gt=day)
    return planned.select_related("customer", "type").order_by("due_on", "pk").first()
