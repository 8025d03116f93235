"""The customers of the demo: who they are, who works on them, and how their story went."""

import datetime as dt
import random
from collections import Counter
from decimal import Decimal

from msgspec import Struct, field

from customers.models import (
    Assignment,
    Contact,
    ContactRole,
    Customer,
    CustomerTeam,
    Market,
    Order,
    Potential,
    StageDecision,
)
from planning.demo.company import HISTORY_DAYS, ZONE, Person
from planning.demo.names import CONTACTS_FIRST, CONTACTS_LAST, FIRST, LOST_REASONS, MARKETS, SECOND, TOWNS
from territory import clock

PER_TEAM = 100

# Tier -> part of all, yearly value from and to, orders a year, days until half of those won were won.
TIERS = {
    "A": (0.16, 45_000, 110_000, 14, 130),
    "B": (0.22, 16_000, 36_000, 9, 95),
    "C": (0.27, 5_500, 14_000, 5, 60),
    "D": (0.35, 700, 4_500, 2, 40),
}

# Story -> part of all.
STORIES = {"customer": 0.52, "prospect": 0.18, "lapsed": 0.07, "lost": 0.23}


class Account(Struct):
    """A customer of the demo with what the other parts need: since when, first order, end of the story, people, contacts."""

    customer: Customer
    tier: str
    story: str
    yearly_value: float
    since: dt.date
    first_order: dt.date | None
    ended: dt.date | None
    people: dict[str, Person]
    contacts: list[Contact] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    effort: float = 1.0

    @property
    def owner(self) -> Person:
        return self.people["Salesperson"]


# Every so many customers receive visitors at these hours only.
VISITING_HOURS = ((9, "Tu-Th 08:00-16:00"), (6, "Mo-Fr 09:00-12:00,14:00-16:30"))


def create_customers(rng: random.Random, people: dict[str, Person], today: dt.date) -> list[Account]:
    """Some 300 customers of three teams, with assignments, contacts, potentials and what was decided by hand."""
    book: list[Account] = []
    names: set[str] = set()
    taken: Counter = Counter()
    markets = {market.name: market for market in Market.objects.all()}
    for team_name, towns in TOWNS.items():
        staff = [person for person in people.values() if person.membership.team.name == team_name]
        for _number in range(PER_TEAM):
            book.append(_account(rng, names, taken, towns, staff, markets, today))
    for number, account in enumerate(book, start=1):
        account.customer.external_id = f"C-{number:04}"
        account.customer.visiting_hours = next((hours for nth, hours in VISITING_HOURS if number % nth == 0), "")
        account.customer.fold_search_text()
    Customer.objects.bulk_create([account.customer for account in book])
    _give_teams_and_people(book)
    _give_contacts(rng, book, today)
    _decide(rng, book)
    _special_cases(book)
    return book


def _account(rng, names, taken, towns, staff, markets, today) -> Account:
    tier = rng.choices(list(TIERS), [part for part, *_ in TIERS.values()])[0]
    story = rng.choices(list(STORIES), list(STORIES.values()))[0]
    _part, low, high, _orders, days = TIERS[tier]
    market = rng.choice(list(MARKETS))
    town = rng.choices(towns, [5, 2, *[1] * (len(towns) - 2)])[0]
    since, first_order, ended = _story_days(rng, story, days, today)
    people = _people(taken, tier, story, staff)
    customer = Customer(
        name=_name(rng, names, market),
        since=since,
        town=town.name,
        country="United Kingdom",
        latitude=round(town.latitude + rng.uniform(-0.03, 0.03), 5),
        longitude=round(town.longitude + rng.uniform(-0.05, 0.05), 5),
        market=markets[market],
        team=staff[0].membership.team,
        phone=f"01{rng.randint(200, 999)} 496{rng.randint(0, 999):03}",
    )
    return Account(customer, tier, story, rng.uniform(low, high), since, first_order, ended, people)


def _story_days(rng, story: str, days: int, today: dt.date) -> tuple[dt.date, dt.date | None, dt.date | None]:
    """Since, first won order, and the day of the last order (lapsed) or of being lost. `days` is a usual way to a win."""
    way = dt.timedelta(days=min(max(round(days * rng.lognormvariate(0, 0.6)), 7), 600))
    if story == "prospect":
        return today - dt.timedelta(days=rng.randint(12, 260)), None, None
    if story == "lost":
        ended = today - dt.timedelta(days=rng.randint(10, HISTORY_DAYS))
        return ended - dt.timedelta(days=rng.choice([90, 150, 300]) * rng.uniform(0.4, 1.4)), None, ended
    if story == "lapsed":
        first = today - dt.timedelta(days=rng.randint(640, HISTORY_DAYS - 10))
        return first - way, first, today - dt.timedelta(days=rng.randint(380, 560))
    if rng.random() < 0.62:
        first = today - dt.timedelta(days=HISTORY_DAYS - rng.randint(1, 40))
    else:
        first = today - dt.timedelta(days=rng.randint(30, HISTORY_DAYS - 60))
    return first - way, first, None


def _name(rng, names: set[str], market: str) -> str:
    while True:
        name = f"{rng.choice(FIRST)}{rng.choice(SECOND)} {rng.choice(MARKETS[market])}"
        if name not in names:
            names.add(name)
            return name


def _people(taken: Counter, tier: str, story: str, staff: list[Person]) -> dict[str, Person]:
    """A salesperson for all; a coordinator for A to C and technical support for A and B, where the team has one.

    Each tier and story goes to who has fewest of it for the hours they have.
    """
    found = {}
    for role, tiers in {"Salesperson": "ABCD", "Sales coordinator": "ABC", "Technical support": "AB"}.items():
        able = [person for person in staff if person.membership.role.name == role]
        if able and tier in tiers:
            chosen = min(able, key=lambda person: (taken[person.user.pk, tier, story] + 1) / _hours(person))
            taken[chosen.user.pk, tier, story] += 1
            found[role] = chosen
    return found


def _hours(person: Person) -> float:
    return float(person.membership.weekly_hours * person.membership.selling_share)


def _give_teams_and_people(book: list[Account]) -> None:
    CustomerTeam.objects.bulk_create([CustomerTeam(customer=a.customer, team=a.customer.team) for a in book])
    Assignment.objects.bulk_create(
        [
            Assignment(
                customer=account.customer,
                membership=person.membership,
                kind=("sole" if len(account.people) == 1 else "lead") if role == "Salesperson" else "support",
                starts_on=account.since,
            )
            for account in book
            for role, person in account.people.items()
        ]
    )


def _give_contacts(rng, book: list[Account], today: dt.date) -> None:
    roles = {role.name: role for role in ContactRole.objects.all()}
    order = ["Buyer", "Management team", "Technical", "Senior officer", "User"]
    for account in book:
        count = {"A": rng.randint(3, 5), "B": rng.randint(2, 4), "C": rng.randint(1, 3), "D": rng.randint(1, 2)}[
            account.tier
        ]
        for number in range(count):
            first, last = rng.choice(CONTACTS_FIRST), rng.choice(CONTACTS_LAST)
            contact = Contact(
                customer=account.customer,
                name=f"{first} {last}",
                role=roles[order[number]],
                email=f"{first}.{last}@{account.customer.external_id.lower()}.example".lower(),
                phone=f"01{rng.randint(200, 999)} 496{rng.randint(0, 999):03}",
                decides=number == (1 if count > 2 else 0),
                since=account.since,
            )
            contact.fold_search_text()
            account.contacts.append(contact)
        if account.story == "customer" and count > 2 and rng.random() < 0.06:
            account.contacts[-1].left_on = max(account.since, today - dt.timedelta(days=rng.randint(10, 200)))
    Contact.objects.bulk_create([contact for account in book for contact in account.contacts])


def _decide(rng, book: list[Account]) -> None:
    """What each could bring a year, as noted at first, and why some were lost."""
    Potential.objects.bulk_create(
        [
            Potential(
                customer=account.customer,
                amount=Decimal(round(account.yearly_value, -2)).quantize(Decimal("0.01")),
                source="estimate after the first call",
                noted_on=account.since,
            )
            for account in book
        ]
    )
    StageDecision.objects.bulk_create(
        [
            StageDecision(
                customer=account.customer,
                stage="lost",
                at=clock.start_of_day(account.ended, ZONE) + dt.timedelta(hours=15),
                reason=rng.choice(LOST_REASONS),
            )
            for account in book
            if account.story == "lost"
        ]
    )


def _special_cases(book: list[Account]) -> None:
    """An A customer that gets far too little lately, and a B customer that gets far too much."""
    old = [a for a in book if a.story == "customer" and (a.first_order and (a.first_order - a.since).days > 90)]
    for account in [a for a in old if a.tier == "A"][:2]:
        account.effort = 0.35
    for account in [a for a in old if a.tier == "B"][:3]:
        account.effort = 2.2
