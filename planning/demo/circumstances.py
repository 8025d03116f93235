"""What sets some customers of the demo apart from the normal sale, and what its markets could bring."""

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal

from customers.actions.writing import write
from customers.models import Circumstance, CircumstanceKind, Market, MarketPotential, Order, ProductLine
from planning.demo.book import Account
from planning.demo.company import Person

# Kind, first and last day from today (None: always, open), note; the first ones are the salesperson's who signs in.
CIRCUMSTANCES: list[tuple[str, int | None, int | None, str]] = [
    ("Contract with another supplier", -700, 30, "With Halden Pack; their plant manager would rather have us"),
    ("Budget freeze", -60, -1, "Lifted with the new financial year"),
    ("New buyer", -20, None, "Came from a customer of ours"),
    ("Merger or takeover", 25, None, "Bought by a group with plants of its own"),
    ("Several deciders", None, None, "Plant, quality and purchasing all sign"),
    ("Public tender", -15, 75, "Answers until the end of the quarter"),
]
# How many times as long a sale takes where one of these holds.
SLOWER = {
    "Budget freeze": 2.0,
    "Several deciders": 1.6,
    "Contract with another supplier": 1.7,
    "Merger or takeover": 1.4,
}
# Of all others so many have had one or another.
SHARE = 0.12
# What product lines could bring a year in all markets together, growth per cent a year, by the order of the lines.
LINES = [(2_400_000, "3.5"), (900_000, "12"), (600_000, "28"), (1_500_000, None)]


def note_circumstances(
    rng: random.Random, book: list[Account], people: dict[str, Person], now: dt.datetime, today: dt.date
) -> None:
    """Each of those above on a customer of the salesperson who signs in, and some at random on others."""
    kinds = {row.name: row for row in CircumstanceKind.objects.all()}
    own = [account for account in book if account.owner is people["Maren Holt"]]
    for account, (kind, first, last, note) in zip(own[3:], CIRCUMSTANCES, strict=False):
        _note(account, kinds[kind], _day(today, first), _day(today, last), note, now)
    for account in book:
        if account not in own and rng.random() < SHARE:
            kind, first = rng.choice(list(kinds.values())), rng.randrange(30, 600)
            last = rng.choice([None, first - rng.randrange(30, 300)])
            _note(account, kind, _day(today, -first), _day(today, None if last is None else -last), "", now)


def _day(today: dt.date, days: int | None) -> dt.date | None:
    return None if days is None else today + dt.timedelta(days=days)


def _note(
    account: Account, kind: CircumstanceKind, first: dt.date | None, last: dt.date | None, note: str, now: dt.datetime
) -> None:
    row = Circumstance(
        customer=account.customer,
        kind=kind,
        starts_on=first,
        ends_on=last,
        note=note,
        noted_by=account.owner.user,
    )
    write(row, actor=account.owner.user, now=now)


def slow_down(book: list[Account]) -> None:
    """Orders won while a circumstance held were opened earlier."""
    held = defaultdict(list)
    rows = Circumstance.objects.filter(kind__name__in=SLOWER).order_by("pk")
    for customer, kind, first, last in rows.values_list("customer_id", "kind__name", "starts_on", "ends_on"):
        held[customer].append((SLOWER[kind], first, last))
    changed = []
    for account in book:
        for slower, first, last in held[account.customer.pk]:
            for order in account.orders:
                if order.status != "won" or not order.closed_at or not order.opened_at:
                    continue
                closed, opened = order.closed_at.date(), order.opened_at.date()
                if (first is None or first <= closed) and (last is None or last >= opened):
                    opened = max(account.since, closed - (closed - opened) * slower)
                    order.opened_at -= order.opened_at.date() - opened
                    changed.append(order)
    Order.objects.bulk_update(changed, ["opened_at"])


def note_market_potentials(lines: list[ProductLine], by: Person, now: dt.datetime, today: dt.date) -> None:
    """What each market could bring with each line, noted a year ago and, for half of them, again last month."""
    markets = list(Market.objects.filter(parent__isnull=False).order_by("pk"))
    for number, market in enumerate(markets):
        for (worth, growth), line in zip(LINES, lines, strict=False):
            amount = Decimal(worth) * (number + 2) / sum(range(2, len(markets) + 2))
            for ago, part in ((380, "0.9"), (30, "1")) if number % 2 else ((200, "1"),):
                row = MarketPotential(
                    market=market,
                    product_line=line,
                    yearly_potential=round(amount * Decimal(part), -3),
                    growth_percent=growth and Decimal(growth),
                    source="Trade association's yearbook" if ago > 100 else "Market study",
                    noted_on=today - dt.timedelta(days=ago),
                    noted_by=by.user,
                )
                write(row, actor=by.user, now=now)
