"""The company with the rules it starts with, a tree of teams and the people in it."""

import datetime as dt
from itertools import cycle

from accounts.models import Absence, Membership, Role, Team, User
from bench.volume.inserting import run
from customers.models import TouchType
from planning.actions.starting_rules import create_starting_rules
from planning.models import ActivityGoal
from territory import clock
from territory.company.models import Company

ZONE = "Europe/London"
REGIONS, TEAMS_OF_REGION = 4, 5
HISTORY_DAYS = 1_096
GOALS = (("Voice call", 10, "week"), ("Field sales call", 3, "week"), ("Demo", 4, "month"))


def create_company(now: dt.datetime) -> None:
    """The company and its starting rows: roles, tiers, types, rules, official values."""
    Company.objects.create(name="Bench", currency="GBP", time_zone=ZONE)
    create_starting_rules(now=now, on=now.date() - dt.timedelta(days=HISTORY_DAYS))


def create_people(number: int) -> None:
    """Teams in three levels; in each team a manager, a coordinator, a technician and salespeople; above them seniors.

    `number` of people in all, more than 66.
    """
    top = Team.objects.create(name="All")
    regions = [Team.objects.create(name=f"Region {n + 1}", parent=top) for n in range(REGIONS)]
    teams = [
        Team.objects.create(name=f"Team {n * TEAMS_OF_REGION + m + 1}", parent=region)
        for n, region in enumerate(regions)
        for m in range(TEAMS_OF_REGION)
    ]
    seats = [(top, "Administrator"), (top, "Senior manager"), *((region, "Senior manager") for region in regions)]
    for role in ("Sales manager", "Sales coordinator", "Technical support"):
        seats += [(team, role) for team in teams]
    places = cycle(teams)
    while len(seats) < number:
        seats.append((next(places), "Salesperson"))
    _seat(seats)
    _list_seats()
    _set_goals()
    _send_away(clock.company_today())


def _seat(seats: list[tuple[Team, str]]) -> None:
    roles = {role.name: role for role in Role.objects.all()}
    users = [
        User(
            name=f"Person {n:03}",
            email=f"person{n:03}@bench.example",
            password="!",
            base_latitude=51 + (n % 40) / 10,
            base_longitude=-3 + (n % 30) / 10,
        )
        for n in range(1, len(seats) + 1)
    ]
    for user in users:
        user.fold_search_text()
    User.objects.bulk_create(users)
    Membership.objects.bulk_create(
        [Membership(user=user, team=team, role=roles[role]) for user, (team, role) in zip(users, seats, strict=True)]
    )


def _list_seats() -> None:
    """Temporary tables from which customers take their people: salespeople in a row, one of each other role a team."""
    run(
        """
        CREATE TEMPORARY TABLE bench_seat ON COMMIT DROP AS
        SELECT m.id AS membership, m.user_id AS person, m.role_id AS role, m.team_id AS team, r.name AS role_name,
               row_number() OVER (PARTITION BY r.name ORDER BY m.id) - 1 AS number
        FROM accounts_membership m JOIN accounts_role r ON r.id = m.role_id
        """
    )


def _set_goals() -> None:
    """What salespeople are asked to do with prospects."""
    salesperson = Role.objects.get(name="Salesperson")
    for touch_type, count, period in GOALS:
        ActivityGoal.objects.create(
            role=salesperson, touch_type=TouchType.objects.get(name=touch_type), count=count, period=period
        )


def _send_away(today: dt.date) -> None:
    """Every fifth person is away for some days in the coming eight weeks."""
    Absence.objects.bulk_create(
        [
            Absence(user_id=pk, starts_on=first, ends_on=first + dt.timedelta(days=n % 9))
            for n, pk in enumerate(User.objects.order_by("pk").values_list("pk", flat=True)[::5])
            for first in [today + dt.timedelta(days=3 + n * 7 % 50)]
        ]
    )
