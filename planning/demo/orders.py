"""The orders of the demo: seasons, won and lost, pending ones, and one that could lift a team by more than a fifth."""

import datetime as dt
import itertools
import random
from decimal import Decimal

from django.db.models import Sum

from customers.models import Order, OrderStep, ProductLine, SaleType
from planning.demo.book import TIERS, Account
from planning.demo.company import ZONE
from territory import clock

# How busy each month is, January to December.
SEASON = [0.8, 0.8, 1.0, 1.1, 1.1, 1.0, 0.8, 0.7, 1.2, 1.3, 1.2, 0.9]
FIRST_NUMBER = 1001
# How many times as long orders of each salesperson take, one after the other; of a first order, and how far customers differ.
PACES = (0.8, 1.0, 1.3, 0.9, 1.1)
FIRST_PACE = 2.2
CUSTOMERS_DIFFER = 0.3
# One in so many has an order pending: each salesperson some.
EVERY = 14
LARGE_ORDER_SHARE = Decimal("0.29")
LOST = ["price", "project stopped", "went to a competitor", "no budget this year"]


def create_orders(rng: random.Random, book: list[Account], lines: list[ProductLine], now: dt.datetime) -> None:
    """Won, lost and pending orders of every customer with a first order, and open offers to some prospects."""
    today = now.astimezone(ZONE).date()
    steps = list(OrderStep.objects.all())
    kinds = {kind.kind: kind for kind in SaleType.objects.exclude(kind="other")}
    numbers = itertools.count(FIRST_NUMBER)
    paces = dict(zip(dict.fromkeys(account.owner.user.pk for account in book), itertools.cycle(PACES), strict=False))
    differ = random.Random(FIRST_NUMBER)
    for number, account in enumerate(book):
        pace = paces[account.owner.user.pk] * differ.lognormvariate(0, CUSTOMERS_DIFFER)
        if account.first_order:
            _won_and_lost(rng, account, lines, kinds, today, pace)
            _to_tier(account, today)
        if account.story in ("customer", "prospect") and number % EVERY == 0:
            _pending(rng, account, lines, steps, today, pace)
    rows = [order for account in book for order in account.orders]
    for order in sorted(rows, key=lambda row: (row.opened_at, row.customer_id)):
        order.external_id = f"{next(numbers)}"
        order.fold_search_text()
    Order.objects.bulk_create(rows)


def _order(
    account: Account, lines: list[ProductLine], rng: random.Random, amount: float, opened: dt.date, **fields
) -> Order:
    line = rng.choice(lines[:3] if amount < 15_000 else lines[1:])
    return Order(
        customer=account.customer,
        title=line.name,
        product_line=line,
        amount=Decimal(str(round(max(amount, 60), 2))).quantize(Decimal("0.01")),
        opened_at=clock.start_of_day(opened, ZONE) + dt.timedelta(hours=9),
        salesperson=account.owner.user,
        team=account.customer.team,
        **fields,
    )


def _won_and_lost(rng, account: Account, lines, kinds, today: dt.date, pace: float) -> None:
    """`pace`: how many times as long as the normal one a sale to this customer takes."""
    last = account.ended or today - dt.timedelta(days=1)
    per_year = TIERS[account.tier][3]
    days = _days(rng, account.first_order, last, per_year)
    for number, day in enumerate(days):
        amount = account.yearly_value / per_year * rng.lognormvariate(-0.08, 0.4)
        days_open = rng.randint(14, 40) * pace * (FIRST_PACE if number == 0 else 1)
        opened = max(account.since, day - dt.timedelta(days=round(days_open)))
        closed = clock.start_of_day(day, ZONE) + dt.timedelta(hours=rng.randint(9, 17))
        kind = kinds["new_business"] if number == 0 else kinds["repeat"]
        account.orders.append(
            _order(account, lines, rng, amount, opened, status="won", closed_at=closed, sale_type=kind)
        )
        if rng.random() < 0.18:
            lost = _order(
                account, lines, rng, amount * rng.uniform(0.6, 1.6), opened, status="lost", sale_type=kinds["repeat"]
            )
            lost.closed_at, lost.lost_reason = closed, rng.choice(LOST)
            account.orders.append(lost)


def _to_tier(account: Account, today: dt.date) -> None:
    """Scale the customer's orders so that those won in the last year bring what its tier stands for."""
    since = clock.start_of_day(today - dt.timedelta(days=364), ZONE)
    won = sum(
        float(row.amount) for row in account.orders if row.status == "won" and row.closed_at and row.closed_at >= since
    )
    if won:
        for row in account.orders:
            row.amount = (row.amount * Decimal(account.yearly_value / won)).quantize(Decimal("0.01"))


def _days(rng, first: dt.date, last: dt.date, per_year: int) -> list[dt.date]:
    """The first day and about `per_year` a year after it, busier in season, none on a weekend."""
    span = max((last - first).days, 1)
    days = {first}
    for _number in range(round(per_year * span / 365)):
        day = first + dt.timedelta(days=rng.randint(1, span))
        if rng.random() < SEASON[day.month - 1] / 1.3:
            days.add(day)
    days.add(last - dt.timedelta(days=rng.randint(0, min(span, 40))))
    return sorted({min(max(_weekday(day), first), last) for day in days})


def _weekday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=max(0, day.weekday() - 4))


def _pending(rng, account: Account, lines, steps: list[OrderStep], today: dt.date, pace: float) -> None:
    step = rng.choice(steps)
    days_open = rng.randint(2, 32) * pace * (1 if account.first_order else FIRST_PACE)
    opened = max(account.since, today - dt.timedelta(days=round(days_open)))
    account.orders.append(
        _order(
            account,
            lines,
            rng,
            account.yearly_value * rng.uniform(0.08, 0.3),
            opened,
            status="pending",
            step=step,
            probability=step.probability,
            expected_on=today + dt.timedelta(days=rng.randint(7, 100)),
        )
    )


def open_large_order(book: list[Account], lines: list[ProductLine], now: dt.datetime) -> None:
    """One order of the first team's best customer: 29 % of what the team won in the last 365 days."""
    today = now.astimezone(ZONE).date()
    team = book[0].customer.team
    since = clock.start_of_day(today - dt.timedelta(days=364), ZONE)
    won = Order.objects.filter(team=team, status="won", closed_at__gte=since).aggregate(sum=Sum("amount"))["sum"]
    old = [
        a for a in book if a.customer.team_id == team.pk and a.tier == "A" and a.story == "customer" and a.effort == 1
    ]
    account = max(old, key=lambda a: a.yearly_value)
    step = OrderStep.objects.order_by("position")[2]
    order = Order(
        customer=account.customer,
        external_id=f"{FIRST_NUMBER + Order.objects.count()}",
        title="Filling and sealing line",
        product_line=lines[3],
        amount=(won * LARGE_ORDER_SHARE / 1000).quantize(Decimal("1")) * 1000,
        status="pending",
        step=step,
        probability=step.probability,
        opened_at=clock.start_of_day(today - dt.timedelta(days=47), ZONE) + dt.timedelta(hours=10),
        expected_on=today + dt.timedelta(days=51),
        salesperson=account.owner.user,
        team=team,
    )
    order.save()
    account.orders.append(order)
