"""All that the page *Today* shows a person: what to do first, their week, goals, visits, situations and their role."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import Cover, User
from accounts.permissions import Act, Area, current_memberships, is_stood_in_for, stands_in
from customers.models import PlannedTouch
from customers.scope import hangs_within, on_customer, worked_on
from planning.engine.workload import Cell
from planning.loaders.ground import away_from, weeks_ground, weeks_questions
from planning.models import Situation
from planning.queries import goals
from planning.queries import today as queue
from planning.queries.my_role import MyRole, role_of, role_questions
from planning.queries.workload import own_away, week_of
from territory import clock
from territory.together import Prepared, in_groups, prepared


@dataclass(frozen=True)
class TodayPage:
    """`rows` are the first of `total`, of which `overdue` are late; `next_planned` is known where nothing is to do."""

    day: dt.date
    rows: list[queue.Row]
    total: int
    overdue: int
    visits: list[PlannedTouch]
    situations: list[Situation]
    my_role: MyRole
    week: Cell | None
    covers: list[Cover]
    goals: list[goals.Line]
    next_planned: PlannedTouch | None


def today_page(user: User, most: int | None) -> TodayPage:
    """The page with at most so many rows, in 5 queries, one more where somebody covers chosen customers."""
    day = clock.today(user)
    planned = queue.open_planned(user)
    ground_rows, away_rows, role_rows, goal_rows, (values, situations, covers) = in_groups(
        weeks_questions(),
        own_away(user),
        role_questions(user),
        goals.own_questions(user),
        (queue.values_of(planned), _situations(user), _covers(user)),
    )
    ground = weeks_ground(*ground_rows)
    things = queue.ranked(user, planned, values, ground.settings)
    visits, following = _visits(planned, day), [] if things else _next_planned(planned, user, day)
    rows, touches = queue.in_full(user, things[:most], visits + following)
    return TodayPage(
        day=day,
        rows=rows,
        total=len(things),
        overdue=sum(thing.overdue_days > 0 for thing in things),
        visits=sorted((touches[row.pk] for row in visits if row.pk in touches), key=_time),
        situations=situations,
        my_role=role_of(user, *role_rows),
        week=week_of(user, ground, away_from(*away_rows)),
        covers=covers,
        goals=goals.own_lines(user, *goal_rows, calendar=ground.context.calendar),
        next_planned=next((touches.get(row.pk) for row in following), None),
    )


def _visits(planned: list[queue.Planned], day: dt.date) -> list[queue.Planned]:
    """Today's planned touches that travel."""
    return [row for row in planned if row.travels and row.due_on == day and row.is_within and not row.is_handed_over]


def _time(visit: PlannedTouch) -> tuple:
    """By their time; those without one last."""
    return visit.due_at is None, visit.due_at, visit.pk


def _next_planned(planned: list[queue.Planned], user: User, day: dt.date) -> list[queue.Planned]:
    """The person's own next planned touch, if there is one."""
    ahead = [row for row in planned if row.assignee == user.pk and row.is_within and row.due_on > day]
    return sorted(ahead, key=lambda row: (row.due_on, row.pk))[:1]


def _situations(user: User) -> Prepared:
    """Open situations on customers that the person works on or covers."""
    mine = worked_on([row.pk for row in current_memberships(user)], covering=stands_in(user))
    return _open_situations(hangs_within(user, Area.BUDGETS, Act.SEE), on_customer(mine))


@prepared
def _open_situations(seen: Q, mine: Q) -> QuerySet[Situation]:
    situations = Situation.objects.open().filter(seen & mine).once_each().select_related("customer", "team")
    return situations.only("kind", "customer__name", "team__name")


def _covers(user: User) -> QuerySet[Cover]:
    """Who stands in for the person, with their names."""
    if not is_stood_in_for(user):
        return Cover.objects.none()
    covers = queue.covers_of(user).select_related("membership__user")
    return covers.only("covers_all", "starts_on", "ends_on", "membership__user__name")
