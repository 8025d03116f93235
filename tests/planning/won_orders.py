"""A book of won orders of which several conditions move the days, for tests of what moves a sale."""

import datetime as dt
import random
from dataclasses import dataclass
from math import exp

from accounts.models import User
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import CircumstanceKind, Customer, Market
from planning.actions.runs import renew_sales
from tests import factories

NOW = dt.datetime(2026, 11, 25, 10, tzinfo=dt.UTC)
ON = NOW.date()
# Logarithms of days: the rep is quick, the mate slow, a budget freeze slower; the foreign ones are as normal.
PERSON = {"rep": -0.5, "mate": 0.5, "other_rep": 0.0}
FREEZE = 0.9
ORDERS = 90


@dataclass
class Book:
    """What the orders are of."""

    people: dict[str, User]
    customers: dict[str, list[Customer]]
    markets: list[Market]
    freeze: CircumstanceKind


def at(day: dt.date, hour: int = 12) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)


def won_orders(cast, *, compute: bool = True) -> Book:
    """90 repeats of 12 customers, won within a year. The rep and the mate sell to each other's customers now and then."""
    chance = random.Random(4)
    factories.tiers()
    types = factories.sale_types()
    seats = {"rep": cast.rep_membership, "mate": cast.mate_membership, "other_rep": cast.other_rep_membership}
    people = {"rep": cast.rep, "mate": cast.mate, "other_rep": cast.other_rep}
    markets = [factories.market(f"Market {letter}") for letter in "AB"]
    customers = {
        who: [
            factories.customer(
                f"{who} {number}", owner=seats[who], since=dt.date(2020, 1, 1), market=markets[number % 2]
            )
            for number in range(4)
        ]
        for who in seats
    }
    [freeze] = CircumstanceKind.objects.get_or_create(name="Budget freeze")[:1]
    for rows in customers.values():
        factories.circumstance(rows[0], freeze, starts_on=dt.date(2026, 5, 1), ends_on=None)
    for number in range(ORDERS):
        who = ("rep", "mate", "other_rep")[number % 3]
        of = {"rep": "mate", "mate": "rep"}.get(who, who) if number % 5 == 0 else who
        customer = customers[of][chance.randrange(4)]
        closed = ON - dt.timedelta(days=1 + number * 3)
        y = 3.2 + PERSON[who] + chance.gauss(0, 0.3)
        if customer == customers[of][0] and closed >= dt.date(2026, 5, 1):
            y += FREEZE
        factories.order(
            customer,
            round(1000 * exp(chance.gauss(0, 0.3))),
            "won",
            at(closed),
            people[who],
            opened_at=at(closed - dt.timedelta(days=round(exp(y)))),
            sale_type=types["repeat"],
            sale_type_chosen=True,
        )
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=NOW)
    if compute:
        renew_sales(NOW)
    return Book(people, customers, markets, freeze)
