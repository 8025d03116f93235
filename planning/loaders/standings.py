"""Where customers stand on a day: stage and since when, tier, team, place."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Q
from msgspec import Struct

from customers.facts import lifecycles
from customers.lifecycle import TierBound
from customers.models import Customer, CustomerTeam
from planning.engine.travel import Place
from planning.loaders.ground import Ground
from territory import clock
from territory.rows import among


class Standing(Struct, frozen=True):
    """A customer whose history has begun; `began_at` is the instant the present stage began."""

    customer: int
    stage: str
    began_at: dt.datetime
    tier: int | None
    team: int
    place: Place | None


def stored_standings(ids: Collection[int] | None) -> list[Standing]:
    """As stored with the customers, which is today's, in one query. A customer since a day to come has none yet."""
    customers = Customer.objects.live().filter(stage_began_at__isnull=False)
    if ids is not None:
        customers = customers.filter(among("pk", ids))
    rows = customers.order_by("pk").values_list(
        "pk", "stage", "stage_began_at", "tier_id", "team_id", "latitude", "longitude"
    )
    return [
        Standing(pk, stage, began_at, tier, team, _place(latitude, longitude))
        for pk, stage, began_at, tier, team, latitude, longitude in rows
        if began_at is not None
    ]


def as_of_standings(ids: Collection[int] | None, ground: Ground) -> list[Standing]:
    """As the log says, at the end of the ground's day, under today's tiers."""
    customers = Customer.objects.live() if ids is None else Customer.objects.live().filter(pk__in=ids)
    rows = customers.order_by("pk").values_list("pk", "team_id", "latitude", "longitude")
    known = lifecycles(ids)
    teams = teams_on(ids, ground.on)
    end = ground.until - clock.ONE_TICK
    found = []
    for pk, team, latitude, longitude in rows:
        history = known[pk].stage_history(end)
        if history:
            stage = history[-1]
            tier = known[pk].tier_on(ground.on)
            place = _place(latitude, longitude)
            found.append(Standing(pk, stage.stage.value, stage.began_at, tier, teams.get(pk, team), place))
    return found


def standings_under(
    ids: Collection[int], ground: Ground, tiers: Iterable[TierBound], now: dt.datetime
) -> list[Standing]:
    """Where customers would stand at this moment under these tiers and in the ground's zone, computed from the log."""
    rows = Customer.objects.live().filter(pk__in=ids).order_by("pk")
    known = lifecycles(ids, tiers=tiers, zone=ground.zone)
    found = []
    for pk, team, latitude, longitude in rows.values_list("pk", "team_id", "latitude", "longitude"):
        here = known[pk].standing(now)
        if here is not None:
            place = _place(latitude, longitude)
            found.append(Standing(pk, here.stage.value, here.stage_began_at, here.tier, team, place))
    return found


def _place(latitude: float | None, longitude: float | None) -> Place | None:
    return None if latitude is None or longitude is None else (latitude, longitude)


def teams_on(ids: Collection[int] | None, on: dt.date) -> dict[int, int]:
    """The team of each customer on a day, where its changes are known."""
    rows = CustomerTeam.objects.filter(Q(starts_on__isnull=True) | Q(starts_on__lte=on))
    if ids is not None:
        rows = rows.filter(customer_id__in=ids)
    ordered = sorted(
        rows.values_list("customer_id", "starts_on", "pk", "team_id"), key=lambda row: row[1] or dt.date.min
    )
    return {customer: team for customer, _, _, team in ordered}
