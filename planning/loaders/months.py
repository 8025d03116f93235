"""What a team won in each of the last months, to stand beside an order that may come."""

import datetime as dt
from decimal import Decimal

from django.db.models import DateField
from django.db.models.functions import Cast, TruncMonth
from msgspec import Struct

from customers.models import Order, OrderStatus
from territory import clock
from territory.sums import MoneySum

MONTHS_BACK, MONTHS_AHEAD = 12, 3


class Month(Struct, frozen=True):
    """`won`: by the team and all under it; of a month to come what an average month brought. `added`: the order, where won."""

    first: dt.date
    won: Decimal
    to_come: bool = False
    added: Decimal = Decimal(0)


def months_with(path: str, amount: Decimal, expected_on: dt.date | None, today: dt.date) -> list[Month]:
    """Twelve months up to this one's, and those to come without the order and with it: never anything between. In one query.

    The order comes in the month of its expected close; without one, or where that is past, this month.
    """
    this = today.replace(day=1)
    back = [_months(this, -number) for number in range(MONTHS_BACK - 1, -1, -1)]
    zone = clock.company_zone()
    rows = Order.objects.live().filter(
        status=OrderStatus.WON,
        team__path__startswith=path,
        closed_at__gte=clock.start_of_day(back[0], zone),
        closed_at__lt=clock.end_of_day(today, zone),
    )
    by_month = (
        rows.order_by().annotate(month=Cast(TruncMonth("closed_at", tzinfo=zone), DateField())).values_list("month")
    )
    won = dict(by_month.annotate(won=MoneySum("amount")))
    usual = (sum(won.values(), Decimal(0)) / MONTHS_BACK).quantize(Decimal("0.01"))
    due = max(this, (expected_on or today).replace(day=1))
    ahead = max(MONTHS_AHEAD, (due.year - this.year) * 12 + due.month - this.month)
    found = [Month(first, won.get(first, Decimal(0))) for first in back]
    found += [Month(_months(this, number), usual, to_come=True) for number in range(1, min(ahead, 12) + 1)]
    return [Month(row.first, row.won, row.to_come, amount) if row.first == due else row for row in found]


def _months(first: dt.date, number: int) -> dt.date:
    place = first.year * 12 + first.month - 1 + number
    return dt.date(place // 12, place % 12 + 1, 1)
