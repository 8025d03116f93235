"""Whose turn it is at first: the owner of the customer, or the manager of the team."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from accounts.models import Membership, User
from accounts.queries import MANAGING
from customers.models import Assignment
from planning.loaders.orders import team_lines
from planning.models import Situation
from planning.situations.kind import Turn
from territory.rows import among, on_day


def managers_of(teams: Iterable[int], on: dt.date) -> dict[int, list[User]]:
    """The current managers of each of these teams, first the one who has been it for longest."""
    seats = Membership.objects.filter(
        on_day(on), team__in=list(teams), role__function__in=MANAGING, user__is_active=True
    )
    found = defaultdict(list)
    for seat in seats.select_related("user").order_by("pk"):
        found[seat.team_id].append(seat.user)
    return found


def owners_of(turn: Turn, rows: Sequence[Situation], on: dt.date) -> list[int | None]:
    """Of each of these situations whose turn it is: who owns the customer, where nobody does or it is asked for, the first
    manager of the team, or of the nearest above that has one. In at most 3 queries."""
    if not rows:
        return []
    owners = _customers_owners({row.customer_id for row in rows if row.customer_id}, on)
    lines = team_lines()
    managers = managers_of({above for row in rows for above in lines[row.team_id]}, on)
    return [
        (owners.get(row.customer_id or 0) if turn == Turn.CUSTOMERS_OWNER else None)
        or next((managers[team][0].pk for team in lines[row.team_id] if managers[team]), None)
        for row in rows
    ]


def _customers_owners(customers: Collection[int], on: dt.date) -> dict[int, int]:
    rows = Assignment.objects.on(on).owners().filter(among("customer_id", customers), membership__user__is_active=True)
    return dict(rows.order_by("-pk").values_list("customer_id", "membership__user_id"))
