"""The day that kinds of special situations look at: what most of them need, read once."""

import datetime as dt
from collections.abc import Collection, Iterable
from functools import cached_property

from msgspec import Struct

from customers.models import Stage, Tier, TierPeriod
from planning.loaders import Ground
from planning.loaders.standings import Standing, as_of_standings, stored_standings
from planning.models import PlanningSettings
from territory import clock
from territory.rows import among


class Day(Struct, frozen=True, dict=True):
    """`from_log`: what the log says of the day, without a look at what is stored."""

    ground: Ground
    from_log: bool = False

    @property
    def on(self) -> dt.date:
        return self.ground.on

    @property
    def settings(self) -> PlanningSettings:
        return self.ground.settings

    def day_of(self, moment: dt.datetime) -> dt.date:
        return clock.day_of(moment, self.ground.zone)

    @cached_property
    def standings(self) -> dict[int, Standing]:
        """Where live customers stand."""
        rows = as_of_standings(None, self.ground) if self.from_log else stored_standings(None)
        return {row.customer: row for row in rows}

    @cached_property
    def places(self) -> dict[int | None, int]:
        """The place of each tier in use, 1 for the highest."""
        rows = Tier.objects.live().order_by("-lower_bound").values_list("pk", flat=True)
        return {pk: place for place, pk in enumerate(rows, start=1)}

    def of_tiers(self, highest: int, stages: Collection[str] = (Stage.CUSTOMER,)) -> dict[int, Standing]:
        """Customers of these stages on so many of the highest tiers."""
        return {
            pk: row
            for pk, row in self.standings.items()
            if row.stage in stages and self.places.get(row.tier, highest + 1) <= highest
        }

    def weight(self, customer: int) -> float:
        """A higher tier matters more; no amount can be told from it."""
        return -float(self.places.get(self.standings[customer].tier, len(self.places) + 1))

    def on_tiers_since(self, customers: Collection[int], highest: int) -> dict[int, dt.date]:
        """From which day on, without a break, each of these has been on one of the highest tiers; in one query."""
        rows = TierPeriod.objects.filter(among("customer_id", customers), starts_on__lte=self.on)
        found: dict[int, dt.date] = {}
        for customer, tier, starts_on in rows.order_by("starts_on").values_list("customer_id", "tier_id", "starts_on"):
            if self.places.get(tier, highest + 1) <= highest:
                found.setdefault(customer, starts_on)
            else:
                found.pop(customer, None)
        return found


def latest(days: Iterable[dt.date | None]) -> dt.date | None:
    """The latest of those days that are known."""
    return max((day for day in days if day is not None), default=None)
