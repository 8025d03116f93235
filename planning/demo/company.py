"""The company of the demo: its rules, teams, people, products and markets."""

import datetime as dt
import random
import secrets
import zoneinfo
from decimal import Decimal

from msgspec import Struct

from accounts.models import Absence, Membership, Role, Team, User
from customers.models import Market, ProductLine, TouchType
from planning.actions.starting_rules import create_starting_rules
from planning.demo.names import MARKETS, PEOPLE, PRODUCT_LINES, REGION, SENIOR, TOWNS, Player, Town
from planning.models import ActivityGoal, GoalPeriod
from territory.company.models import Company, Holiday

ZONE = zoneinfo.ZoneInfo("Europe/London")
HISTORY_DAYS = 730
RATE_PER_KM = Decimal("0.28")

# Who may sign in, as what.
ADMINISTRATOR = "Alma Teague"
SIGN_INS = {"Maren Holt": "Salesperson", "Ruth Carrow": "Manager", ADMINISTRATOR: "Administrator"}


class Person(Struct):
    """A person of the demo with their membership and how well they keep the rhythm (1 = as the rules ask)."""

    user: User
    membership: Membership
    diligence: float
    away: list[tuple[dt.date, dt.date]]

    def is_away(self, day: dt.date) -> bool:
        return any(first <= day <= last for first, last in self.away)


def create_company(now: dt.datetime) -> dt.date:
    """The company, its holidays and its rules; returns its today."""
    today = now.astimezone(ZONE).date()
    Company.objects.update_or_create(
        pk=1,
        defaults={
            "name": "Harrow & Pike Packaging",
            "currency": "GBP",
            "time_zone": ZONE.key,
            "rate_per_km": RATE_PER_KM,
            "is_demo": True,
        },
    )
    for year in range(today.year - 2, today.year + 2):
        for month, day, name in [(1, 1, "New Year's Day"), (12, 25, "Christmas Day"), (12, 26, "Boxing Day")]:
            Holiday.objects.create(on=dt.date(year, month, day), name=name)
    create_starting_rules(now=now, on=today - dt.timedelta(days=HISTORY_DAYS))
    return today


def create_people(rng: random.Random, today: dt.date) -> tuple[dict[str, Person], list[tuple[str, str, str]]]:
    """Teams and people by name, and the sign-ins; everyone else has no password and cannot sign in."""
    region = Team.objects.create(name=REGION, external_id="north")
    teams = {REGION: region}
    for name in TOWNS:
        teams[name] = Team.objects.create(name=name, parent=region, external_id=name.split()[0].lower())
    roles = {role.name: role for role in Role.objects.all()}
    for role, cost in {
        "Salesperson": 42,
        "Sales coordinator": 30,
        "Technical support": 48,
        "Sales manager": 65,
        "Senior manager": 90,
        "Administrator": 38,
    }.items():
        roles[role].cost_per_hour = cost
        roles[role].save(update_fields=["cost_per_hour"])
    people, sign_ins = {}, []
    for player in PEOPLE:
        base = rng.choice(TOWNS.get(player.team, TOWNS["York team"])[:3])
        password = secrets.token_urlsafe(9) if player.name in SIGN_INS else None
        person = _person(player, base, password, teams[player.team], roles[player.role])
        people[player.name] = person
        if password:
            sign_ins.append((SIGN_INS[player.name], str(person.user.email), password))
    _send_away(people, today)
    return people, sign_ins


def create_senior_manager(people: dict[str, Person]) -> Person:
    """Who joins in sales that matter."""
    base = TOWNS["York team"][0]
    team, role = Team.objects.get(name=SENIOR.team), Role.objects.get(name=SENIOR.role)
    people[SENIOR.name] = _person(SENIOR, base, None, team, role)
    return people[SENIOR.name]


def _person(player: Player, base: Town, password: str | None, team: Team, role: Role) -> Person:
    user = User.objects.create_user(
        email=f"{player.name.lower().replace(' ', '.')}@example.com",
        password=password,
        name=player.name,
        external_id=player.name.split()[0].lower(),
        base_latitude=base.latitude,
        base_longitude=base.longitude,
    )
    membership = Membership.objects.create(
        user=user,
        team=team,
        role=role,
        profile=player.profile,
        weekly_hours=Decimal(player.hours),
        selling_share=Decimal(player.selling_share),
    )
    return Person(user, membership, player.diligence, [])


def _send_away(people: dict[str, Person], today: dt.date) -> None:
    """One is on holiday right now, one goes to a training, one leaves for two weeks soon; last year's holidays."""
    monday = today - dt.timedelta(days=today.weekday())
    for name, first, days, kind in [
        ("Callum Reeve", monday, 4, "holiday"),
        ("Owen Strand", monday + dt.timedelta(days=8), 0, "training"),
        ("Bryn Holloway", monday + dt.timedelta(days=21), 11, "holiday"),
        ("Petra Lind", monday + dt.timedelta(days=30), 1, "training"),
        ("Maren Holt", monday - dt.timedelta(days=140), 11, "holiday"),
        ("Sana Quill", monday - dt.timedelta(days=70), 4, "sick"),
        ("Idris Vane", monday - dt.timedelta(days=210), 11, "holiday"),
    ]:
        last = first + dt.timedelta(days=days)
        Absence.objects.create(user=people[name].user, starts_on=first, ends_on=last, kind=kind)
        people[name].away.append((first, last))


def create_goals(people: dict[str, Person], today: dt.date) -> None:
    """The rhythm of prospecting: everyone in a role the same, the one who signs in as salesperson a little more."""
    role, types = Role.objects.get(name="Salesperson"), {row.name: row for row in TouchType.objects.all()}
    start = today - dt.timedelta(days=HISTORY_DAYS)
    calls, visits = types["Voice call"], types["Field sales call"]
    ActivityGoal.objects.create(role=role, touch_type=calls, count=3, period=GoalPeriod.WEEK, starts_on=start)
    ActivityGoal.objects.create(role=role, touch_type=visits, count=2, period=GoalPeriod.MONTH, starts_on=start)
    ActivityGoal.objects.create(
        user=people["Maren Holt"].user, touch_type=calls, count=5, period=GoalPeriod.WEEK, starts_on=start
    )


def create_products(today: dt.date) -> list[ProductLine]:
    """Product lines, and the tree of markets."""
    food = Market.objects.create(name="Food and drink", external_id="food")
    for name in MARKETS:
        Market.objects.create(name=name, parent=food, external_id=name.lower().replace(" ", "-"))
    return [
        ProductLine.objects.create(
            name=name,
            list_price=Decimal(price),
            launched_on=today - dt.timedelta(days=age),
            external_id=name.lower().replace(" ", "-"),
        )
        for name, price, age in PRODUCT_LINES
    ]
