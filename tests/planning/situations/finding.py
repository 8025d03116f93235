"""What tests of kinds of special situations share: one kind looks on a day, and what stands then."""

import datetime as dt

from customers.actions.lifecycle import rebuild_lifecycle
from planning.loaders import load_ground
from planning.models import PlanningSettings, Situation
from planning.situations.day import Day
from planning.situations.kind import Finding
from planning.situations.registry import BY_KEY
from planning.situations.runner import Done, find_situations
from territory import clock
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


def ago(days: float) -> dt.datetime:
    return NOW - dt.timedelta(days=days)


def day(days: int) -> dt.date:
    """So many days ago; less than 0: to come."""
    return TODAY - dt.timedelta(days=days)


def run(kind: str, now: dt.datetime = NOW) -> Done:
    return find_situations(now=now, kinds=[BY_KEY[kind]])


def found_as_of(kind: str, on: dt.date) -> list[Finding]:
    return list(BY_KEY[kind].look(Day(load_ground(on), from_log=True)).found)


def open_ones(kind: str) -> list[Situation]:
    return list(Situation.objects.open().filter(kind=kind).order_by("pk"))


def opened(kind: str) -> list[dt.date]:
    """Since which days of the company's those that are open are."""
    return [clock.day_of(row.opened_at, clock.company_zone()) for row in open_ones(kind)]


def why() -> list[str]:
    """Why those that resolved did."""
    rows = Situation.objects.filter(resolved_at__isnull=False).order_by("pk")
    return [BY_KEY[row.kind].because(row) for row in rows]


def settings(**thresholds: object) -> None:
    row, _made = PlanningSettings.objects.get_or_create(pk=1)
    row.situations = {**row.situations, **thresholds}
    row.save(update_fields=["situations"])


def customer(potential: int = 50_000, *, owner=None, stage: str = "customer", **fields):
    """A customer of tier A (from 40,000) since 400 days, unless it is worth less: B from 15,000, C from 5,000."""
    factories.tiers()
    row = factories.customer(owner=owner, since=day(400), **fields)
    if stage == "customer":
        factories.order(row, potential, "won", ago(300), opened_at=ago(320))
    else:
        row.potentials.create(amount=potential, noted_on=day(400))
    rebuild_lifecycle([row.pk], now=NOW)
    row.refresh_from_db()
    return row
