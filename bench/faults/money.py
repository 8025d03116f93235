"""Ten thousand orders with cents: every sum is the sum of its parts, to the cent, and no binary float is on the way."""

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from django.http import QueryDict

from accounts.models import User
from bench.faults.outcome import Outcome
from bench.table import Figure
from customers.forms.filters import OrderFilterForm
from customers.models import Customer, Order, OrderStep
from customers.queries.pipeline import Pipeline
from planning.loaders import load_ground
from planning.loaders.orders import load_orders
from planning.models import Situation
from planning.reports.definition import Asked
from planning.reports.sales import BY, REPORT
from planning.situations.runner import find_of_orders
from territory import clock
from territory.formats.numbers import money_text, number_text
from tests.at_work.book import Book, made

ORDERS = 10_000
CENT = Decimal("0.01")
# Half up, as the declared rule says; binary floats and half-even say otherwise of each.
HALVES = {
    "2.675": "2.68",
    "0.125": "0.13",
    "1.005": "1.01",
    "-2.675": "\N{MINUS SIGN}2.68",
    "1234567.885": "1,234,567.89",
}


def fault(scale: float) -> list[Outcome]:
    book = made(reps=4, customers=10, touches=0)
    number = round(ORDERS * min(scale, 1))
    _orders(book, number)
    outcome = Outcome("sums of many amounts", f"{Order.objects.count()} orders, by team, person, market, line, column")
    found = [*_reports(outcome), *_pipeline(book, outcome), *_bases(outcome)]
    for text, wanted in HALVES.items():
        if number_text(Decimal(text), 2) != wanted or number_text(Fraction(text), 2) != wanted:
            outcome.wrong.append(f"{text} is written {number_text(Decimal(text), 2)}, not {wanted}")
    floats = [name for name, value in found if isinstance(value, float)]
    outcome.figures = {
        "sums compared": Figure(len(found)), "floats": Figure(len(floats), 0), "unequal": Figure(len(outcome.wrong), 0)
    }  # fmt: skip
    outcome.wrong += [f"{name} is a float" for name in floats]
    return [outcome]


def _orders(book: Book, number: int) -> None:
    chance, now = random.Random(2), clock.now()
    steps = [OrderStep.objects.create(name=f"Step {n}", probability=Decimal(n) / 7 // CENT * CENT) for n in range(1, 7)]
    customers = list(Customer.objects.select_related("team"))
    rows = []
    for index in range(number):
        customer, status = chance.choice(customers), chance.choice(["pending", "won", "lost"])
        # Cents that a sum of floats gets wrong, and now and then an amount that dwarfs the others.
        amount = Decimal(chance.randint(1, 10 ** chance.choice([3, 5, 7]))) * CENT
        amount += Decimal(chance.choice([0, 0, 0, 9_999_999])) if index % 97 == 0 else 0
        closed = None if status == "pending" else now - dt.timedelta(days=chance.randint(0, 500), minutes=1)
        rows.append(
            Order(
                customer=customer,
                team=customer.team,
                amount=amount,
                status=status,
                closed_at=closed,
                salesperson_id=chance.choice([*book.reps, None]),
                step=chance.choice([*steps, None]),
                probability=chance.choice([None, Decimal("0.3333"), Decimal("0.1")]),
                title=f"Order {index}",
            )
        )
    Order.objects.bulk_create(rows, batch_size=500)


def _same(outcome: Outcome, name: str, value: Any, wanted: Decimal | Fraction) -> tuple[str, Any]:
    if value != wanted:
        outcome.wrong.append(f"{name}: {value!r}, its parts are {wanted!r}")
        outcome.lost += 1
    return name, value


def _reports(outcome: Outcome) -> list[tuple[str, Any]]:
    """The sales report divided in every way, as figures and as it is written."""
    asked = {by: Asked(today=clock.company_today(), now=clock.now(), by=by) for by in BY}
    found = []
    for by, (column, _subjects) in BY.items():
        parts: dict[tuple[str, Any], Decimal] = defaultdict(Decimal)
        for key, status, amount in Order.objects.values_list(column, "status", "amount"):
            parts[status, key] += amount
        rows = list(REPORT.answer(asked[by]).rows)
        written, _ = REPORT.rows(asked[by])
        for name, status in (("won_amount", "won"), ("pending_amount", "pending")):
            wanted = sum((amount for (of, _), amount in parts.items() if of == status), Decimal(0))
            found.append(_same(outcome, f"sales by {by}, {name}", sum(row[name] for row in rows), wanted))
            texts = sum((Decimal(row[name]) for row in written), Decimal(0))
            found.append(_same(outcome, f"sales by {by}, {name} as written", texts, wanted))
            amounts = sorted(amount for (of, _), amount in parts.items() if of == status and amount)
            shown = sorted(row[name] for row in rows if row[name])
            if amounts != shown:
                outcome.wrong.append(f"sales by {by}, {name}: {shown[:3]}, not {amounts[:3]}")
            found += [(f"sales by {by}, {name}", row[name]) for row in rows]
    return found


def _pipeline(book: Book, outcome: Outcome) -> list[tuple[str, Any]]:
    reader = User.objects.get(pk=book.admins[0])
    orders = list(Order.objects.filter(status="pending").select_related("step"))
    amount = sum((order.amount for order in orders), Decimal(0))
    weighted = sum((order.amount * _chance(order) for order in orders), Decimal(0))
    found = []
    for by in ("close", "step"):
        asked = QueryDict(f"by={by}")
        board = Pipeline(SimpleNamespace(user=reader, GET=asked), OrderFilterForm(asked, user=reader))
        found.append(_same(outcome, f"pipeline by {by}, amounts", board._total("amount"), amount))
        total = board._total("weighted")
        found.append((f"pipeline by {by}, weighted", total))
        # Parts of a cent: what is shown of it is to be right.
        if money_text(total) != money_text(weighted):
            outcome.wrong.append(f"pipeline by {by}, weighted: {total}, its parts are {weighted}")
        found += [(f"pipeline by {by}, {column.label}", column.amount) for column in board.board]
    return found


def _chance(order: Order) -> Decimal:
    step = order.step.probability if order.step else None
    chance = order.probability if order.probability is not None else step
    return Decimal(0) if chance is None else chance


def _bases(outcome: Outcome) -> list[tuple[str, Any]]:
    """What a team sold in a year, the base of a large order's share, and the text that a situation keeps of it."""
    ground = load_ground(clock.company_today())
    orders = load_orders(ground, from_log=False)
    since = ground.on - dt.timedelta(days=364)
    found = []
    for team, history in orders.sales.items():
        below = [key for key, line in orders.lines.items() if team in line]
        rows = Order.objects.filter(status="won", team__in=below).values_list("closed_at", "amount")
        wanted = sum((amount for at, amount in rows if since <= clock.day_of(at, ground.zone) <= ground.on), Decimal(0))
        sales = history.on(ground.on)
        found += [_same(outcome, f"sold by team {team}", sales.won, wanted), (f"base of team {team}", sales.base)]
        if not isinstance(sales.base, Fraction):
            outcome.wrong.append(f"the base of team {team} is no fraction")
    find_of_orders(now=clock.now())
    for row in Situation.objects.all():
        base, kept = orders.sales[row.team_id].on(ground.on).base, row.evidence["sales"]
        if abs(Fraction(kept) - base) > Fraction(1, 200):
            outcome.wrong.append(f"a situation keeps {kept}, the base is {base}")
        found.append((f"kept of team {row.team_id}", Decimal(kept)))
    return found
