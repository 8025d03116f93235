"""An invented company to try the product on: two years of selling, relative to today, the same every time."""

import datetime as dt
import random
from typing import NamedTuple

from django.db import transaction

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer
from planning.actions.evidence import compute_evidence
from planning.actions.recompute import recompute_all
from planning.actions.rhythm import compute_rhythm
from planning.demo.activity import log_activity, plan_ahead
from planning.demo.book import Account, create_customers
from planning.demo.company import ADMINISTRATOR, create_company, create_goals, create_people, create_products
from planning.demo.orders import create_orders, open_large_order
from planning.demo.own_rules import agree_own_rules
from planning.demo.values import adopt_past_values, reject_one
from planning.situations.large_order import find_large_orders

SEED = 2026


class SignIn(NamedTuple):
    """How somebody signs in to the demo."""

    label: str
    email: str
    password: str


def load(now: dt.datetime) -> list[SignIn]:
    """Fill an empty installation with the demo; returns a salesperson's, a manager's and an administrator's sign-in.

    Seeded: but for the passwords, which are made at random, it is the same every time, seen from the day it is loaded.
    """
    rng = random.Random(SEED)
    with transaction.atomic():
        today = create_company(now)
        people, passwords = create_people(rng, today)
        create_goals(people, today)
        lines = create_products(today)
        book = create_customers(rng, people, today)
        create_orders(rng, book, lines, now)
        open_large_order(book, lines, now)
        rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=now)
        _take_tiers(book)
        log_activity(rng, book, people, now)
        plan_ahead(rng, book, people, now)
        agree_own_rules(book, people, now, today)
        adopt_past_values(people[ADMINISTRATOR].user, now)
    recompute_all(now=now)
    find_large_orders(now=now)
    compute_evidence(now=now)
    compute_rhythm(now=now)
    reject_one(people[ADMINISTRATOR].user, now)
    return [SignIn(label, email, password) for label, email, password in passwords]


def _take_tiers(book: list[Account]) -> None:
    """People work by the tier that orders made of a customer, else some touches would never have been made."""
    tiers = dict(Customer.objects.filter(tier__isnull=False).values_list("pk", "tier__name"))
    for account in book:
        account.tier = tiers.get(account.customer.pk, account.tier)
