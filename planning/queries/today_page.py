"""All that the page *Today* shows a person: what to do first, their week, goals, visits, situations and their role."""

import datetime as dt

from django.db.models import Q, QuerySet
from msgspec import Struct

from accounts.models import Cover, User
from accounts.permissions import Act, Area, current_memberships, is_stood_in_for, stands_in
from customers.models import Circumstance, PlannedTouch
from customers.queries.circumstances import how_soon
from customers.scope import hangs_within, on_customer, worked_on
from planning.engine.workload import Cell
from planning.loaders.ground import away_from, weeks_ground, weeks_questions
from planning.models import Situation
from planning.models.situations import situations_within
from planning.queries import goals
from planning.queries import today as queue
from planning.queries.my_role import MyRole, role_of, role_questions
from planning.queries.workload import own_away, week_of
from territory import clock
from territory.together import Prepared, in_groups, prepared

SITUATIONS_SHOWN = 5
CIRCUMSTANCES_SHOWN = 8


class TodayPage(Struct, frozen=True):
    """`rows` are the first of `total`, of which `overdue` are late; `next_planned` is known where nothing is to do."""

    day: dt.date
    rows: list[queue.Row]
    total: int
    overdue: int
    visits: list[PlannedTouch]
    situations: list[Situation]
    circumstances: list[Circumstance]
    my_role: MyRole
    week: Cell | None
    covers: list[Cover]
    goals: list[goals.Line]
    next_planned: PlannedTouch | None


def today_page(user: User, most: int | None) -> TodayPage:
    """The page with at most so many rows, in 5 queries, one more where somebody covers chosen customers."""
    day = clock.today(user)
    planned = queue.open_planned(user)
    ground_rows, away_rows, role_rows, goal_rows, (values, situations, circumstances, covers) = in_groups(
        weeks_questions(),
        own_away(user),
        role_questions(user),
        goals.own_questions(user),
        (queue.values_of(planned), _situations(user), _circumstances(user, day), _covers(user)),
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
        circumstances=_ending(circumstances, day, ground.settings.circumstances_ahead_days),
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
    """Open situations on customers that the person works on or covers, and about themselves."""
    mine = worked_on([row.pk for row in current_memberships(user)], covering=stands_in(user))
    return _open_situations(situations_within(user, Act.SEE), on_customer(mine), user.pk)


@prepared
def _open_situations(seen: Q, mine: Q, person: int) -> QuerySet[Situation]:
    """Of the kinds that are told of without being asked the most pressing, one more than are shown."""
    rows = Situation.objects.open().loud().filter(seen, mine | Q(person=person)).most_pressing()
    return rows.select_related("customer", "team", "person").only(
        "kind", "customer__name", "person__name", "team__name"
    )[: SITUATIONS_SHOWN + 1]


# What ended so many days ago is still news: a contract with another supplier that is over is the time to call.
JUST_ENDED_DAYS = 7
MOST_AHEAD_DAYS = 365


def _circumstances(user: User, day: dt.date) -> Prepared:
    """Circumstances that end or have just ended, of customers that the person works on or covers; one more than are shown."""
    mine = worked_on([row.pk for row in current_memberships(user)], covering=stands_in(user))
    return _ends(day, hangs_within(user, Area.CUSTOMERS, Act.SEE), on_customer(mine))


@prepared
def _ends(day: dt.date, seen: Q, mine: Q) -> QuerySet[Circumstance]:
    first, last = day - dt.timedelta(days=JUST_ENDED_DAYS), day + dt.timedelta(days=MOST_AHEAD_DAYS)
    rows = Circumstance.objects.live().filter(
        seen & mine, ends_on__range=(first, last), customer__archived_at__isnull=True
    )
    shown = ("ends_on", "note", "kind__name", "customer__name")
    rows = rows.select_related("kind", "customer").only(*shown).order_by("ends_on", "customer__name", "pk")
    return rows[: CIRCUMSTANCES_SHOWN + 1]


def _ending(rows: list[Circumstance], day: dt.date, ahead: int) -> list[Circumstance]:
    """Those that end within so many days, each with `soon` in words."""
    last = day + dt.timedelta(days=ahead)
    found = [row for row in rows if row.ends_on is not None and row.ends_on <= last]
    for row in found:
        row.soon = how_soon(row.ends_on, day)  # type: ignore[arg-type]
    return found


def _covers(user: User) -> QuerySet[Cover]:
    """Who stands in for the person, with their names."""
    if not is_stood_in_for(user):
        return Cover.objects.none()
    covers = queue.covers_of(user).select_related("membership__user")
    return covers.only("covers_all", "starts_on", "ends_on", "membership__user__name")
