"""An invented company to try the product on: two years of selling, relative to today, the same every time."""

import datetime as dt
import random
from typing import NamedTuple

from django.db import transaction

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Assignment, Customer
from planning.actions.conditions import compute_conditions
from planning.actions.evidence import compute_evidence
from planning.actions.involvement import compute_involvement
from planning.actions.recompute import recompute_all
from planning.actions.rhythm import compute_rhythm
from planning.actions.sales import compute_sales
from planning.actions.standing import renew_standing
from planning.demo.activity import log_activity, plan_ahead
from planning.demo.book import Account, create_customers
from planning.demo.circumstances import note_circumstances, note_market_potentials, slow_down
from planning.demo.company import ADMINISTRATOR, create_company, create_goals, create_people, create_products
from planning.demo.expenses import spend
from planning.demo.handing_over import hand_over
from planning.demo.joining import join_in
from planning.demo.orders import create_orders, open_large_order
from planning.demo.own_rules import agree_own_rules
from planning.demo.places import forget_some_places, know_towns
from planning.demo.situations import let_contacts_leave, note_new_market
from planning.demo.values import adopt_past_values, reject_one
from planning.demo.versions import NOTED, note_first_versions
from planning.situations.runner import find_situations

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
        let_contacts_leave(book, today)
        create_orders(rng, book, lines, now)
        open_large_order(book, lines, now)
        rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=now)
        _take_tiers(book)
        log_activity(rng, book, people, now)
        plan_ahead(rng, book, people, now)
        note_first_versions(Assignment)
        agree_own_rules(book, people, now, today)
        hand_over(book, people, now)
        # Of their own numbers: all else of the demo stays as it is.
        join_in(random.Random(SEED), book, people, now)
        spend(book, people, now)
        note_circumstances(random.Random(SEED), book, people, now, today)
        slow_down(book)
        note_market_potentials(lines, people[ADMINISTRATOR], now, today)
        note_new_market(lines, people[ADMINISTRATOR], now, today)
        forget_some_places(book)
        adopt_past_values(people[ADMINISTRATOR].user, now)
        note_first_versions(*NOTED)
    know_towns()
    recompute_all(now=now)
    find_situations(now=now)
    compute_evidence(now=now)
    compute_rhythm(now=now)
    compute_sales(now=now)
    renew_standing(now=now)
    compute_conditions(now=now)
    compute_involvement(now=now)
    reject_one(people[ADMINISTRATOR].user, now)
    return [SignIn(label, email, password) for label, email, password in passwords]


def _take_tiers(book: list[Account]) -> None:
    """People work by the tier that orders made of a customer, else some touches would never have been made."""
    tiers = dict(Customer.objects.filter(tier__isnull=False).values_list("pk", "tier__name"))
    for account in book:
        account.tier = tiers.get(account.customer.pk, account.tier)
