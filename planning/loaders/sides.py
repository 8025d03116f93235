"""Customers under the rules in force and under changed ones: loaded and computed alike, a fixed number of queries a chunk."""

import datetime as dt
from collections.abc import Collection, Iterator

from msgspec import Struct

from customers.models import Customer, PlannedTouch, Tier, TouchType
from planning.engine import due as engine
from planning.engine.customer import CustomerFigures
from planning.engine.due import Candidate, Due
from planning.engine.travel import one_trip
from planning.engine.value import MICRO
from planning.loaders.customers import load
from planning.loaders.ground import Ground, load_ground
from planning.loaders.rulebook import RuleBook
from planning.loaders.standings import standings_under
from planning.loaders.workload import minutes_of, shares_of
from planning.models import PlanningSettings
from territory import clock

# A customer without a tier stands after all others.
NO_TIER = 99


class Side(Struct, frozen=True):
    """Rules with their ground on the day that it is now under them."""

    book: RuleBook
    ground: Ground

    @classmethod
    def of(cls, book: RuleBook, now: dt.datetime) -> "Side":
        return cls(book, load_ground(clock.day_of(now, book.zone), book))

    @property
    def settings(self) -> PlanningSettings:
        return self.book.settings

    def moves_lifecycles(self, other: "Side") -> bool:
        """Whether customers may stand elsewhere under the other rules: tiers or the zone differ."""
        return (self.book.tier_bounds, self.book.zone) != (other.book.tier_bounds, other.book.zone)

    def figures(self, ids: Collection[int], now: dt.datetime, *, anew: bool) -> dict[int, CustomerFigures]:
        """What would be stored of these customers; `anew`: their tiers computed from the log, not as stored."""
        standings = standings_under(ids, self.ground, self.book.tier_bounds, now) if anew else None
        loaded = load(ids, self.ground, from_log=False, standings=standings)
        return {row.facts.key: row for row in loaded.figures()}

    def shares(self, figures: dict[int, CustomerFigures]):
        return shares_of(figures.values())

    def covered_minutes(self, figures: dict[int, CustomerFigures]) -> dict[int, dict[int, float]]:
        """Touch and travel minutes, by person and customer, of those whom somebody covers on chosen customers."""
        rows = (row for found in self.ground.context.away.stand_ins.values() for row in found)
        chosen = {row.person for row in rows if row.customers is not None}
        return minutes_of(figures.values(), chosen) if chosen else {}

    def candidates(
        self, figures: dict[int, CustomerFigures], names: dict[int, str], planned: Collection["Planned"]
    ) -> Iterator[tuple[int, Candidate]]:
        """What could stand on people's lists of the day: touches due by today and those planned, each on the list of
        whoever does them today."""
        away, today = self.ground.context.away, self.ground.on
        for row in figures.values():
            for due in row.dues:
                person = away.doing(due.person, row.facts.key, today)
                if person is not None and due.due_on <= today:
                    yield person, self._due(due, row, names)
        for item in planned:
            row = figures.get(item.customer)
            person = away.doing(item.person, item.customer, today)
            if row is not None and person is not None:
                yield person, self._planned(item, person, row, names)

    def _due(self, due: Due, row: CustomerFigures, names: dict[int, str]) -> Candidate:
        minutes = due.minutes + (due.travel.minutes if due.travel else 0.0)
        value = float(due.worth.amount.quantize(MICRO))
        score = engine.score(value, engine.urgency(due.overdue_days, due.rule.interval), minutes)
        key = ("due", row.facts.key, due.rule.own, due.rule.key)
        return self._candidate(key, row, due.rule.touch_type, score, due.overdue_days, names)

    def _planned(self, item: "Planned", person: int, row: CustomerFigures, names: dict[int, str]) -> Candidate:
        worth = self.ground.context.values.worth(item.touch_type, row.facts.tier, row.facts.stage)
        rules = self.ground.context.rules
        trip = 0.0
        if self.book.tables[TouchType][item.touch_type].travels:
            base = self.ground.context.bases.get(person)
            trip = one_trip(base, row.facts.place, rules.detour, rules.speed_kmh).minutes
        score = engine.planned_score(worth, item.due_on, self.ground.on, item.minutes + trip)
        overdue = (self.ground.on - item.due_on).days
        return self._candidate(("planned", item.pk), row, item.touch_type, score, overdue, names, item.due_on)

    def _candidate(self, key, row, touch_type, score, overdue, names, planned_on=None) -> Candidate:
        tier = self.book.tables[Tier].get(row.facts.tier)
        return Candidate(
            key=key,
            customer=row.facts.key,
            touch_type=touch_type,
            score=score,
            overdue_days=overdue,
            tier_rank=tier.position if tier else NO_TIER,
            name=names.get(row.facts.key, ""),
            planned_on=planned_on,
        )


class Planned(Struct, frozen=True):
    """An open planned touch of a person."""

    pk: int
    person: int
    customer: int
    touch_type: int
    due_on: dt.date
    minutes: float


def load_planned(ids: Collection[int]) -> list[Planned]:
    """Open planned touches of these customers that somebody is to make."""
    rows = PlannedTouch.objects.open().filter(customer_id__in=ids, assignee__isnull=False).order_by("pk")
    return [
        Planned(pk, person, customer, touch_type, due_on, seconds / 60)
        for pk, person, customer, touch_type, due_on, seconds in rows.values_list(
            "pk", "assignee_id", "customer_id", "type_id", "due_on", "duration_seconds"
        )
    ]


def load_names(ids: Collection[int]) -> dict[int, str]:
    """Names of customers."""
    return dict(Customer.objects.filter(pk__in=ids).values_list("pk", "name"))
