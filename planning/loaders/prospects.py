"""Who works on the open prospects of a day, and in which team."""

import datetime as dt
from collections.abc import Collection, Sequence

from msgspec import Struct

from customers.models import Assignment, Customer
from planning.engine.courses import OPEN
from planning.engine.time_to_business import Start
from planning.loaders.standings import teams_on
from territory.rows import among, on_day


class Place(Struct, frozen=True):
    """The team of a customer, the membership of its owner (None: nobody's), and the tier of its course's first day."""

    team: int
    membership: int | None
    tier: int | None


def open_prospects(starts: Sequence[Start], on: dt.date) -> list[tuple[Place, Start]]:
    """The courses still under way at the end of a day, with their place that day; in 3 queries."""
    rows = [row for row in starts if row.outcome == OPEN]
    ids = {row.customer for row in rows}
    owners, teams = _owners(ids, on), _now(ids) | teams_on(ids, on)
    return [(Place(teams[row.customer], owners.get(row.customer), row.tier), row) for row in rows]


def _owners(ids: Collection[int], on: dt.date) -> dict[int, int]:
    rows = Assignment.objects.owners().filter(on_day(on), on_day(on, "membership__"), among("customer_id", ids))
    return dict(rows.order_by("pk").values_list("customer_id", "membership_id"))


def _now(ids: Collection[int]) -> dict[int, int]:
    """Their teams of today, for those whose team never changed."""
    return dict(Customer.objects.filter(among("pk", ids)).values_list("pk", "team_id"))
