"""What is known of customers on a day, as the engine's facts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Count, Q, QuerySet
from msgspec import Struct, field

from customers.models import Assignment, Contact, Order, OrderStatus
from planning.engine.customer import NOTHING_SPENT, CustomerFigures, compute, windows
from planning.engine.facts import CustomerFacts, LastTouches
from planning.engine.own_rules import NO_OWN_RULES, OwnRules
from planning.engine.shares import Assigned
from planning.loaders.ground import Ground
from planning.loaders.own_rules import load_own_rules
from planning.loaders.standings import Standing, as_of_standings, stored_standings
from planning.loaders.touches import TouchFacts, load_touches
from territory.rows import among, on_day

YEAR_DAYS = 365


class Loaded(Struct, frozen=True):
    """Customers' facts on a day. `last_at`: when each was last touched at all."""

    ground: Ground
    facts: tuple[CustomerFacts, ...]
    touches: TouchFacts
    memberships: dict[int, int] = field(default_factory=dict)

    def figures(self) -> list[CustomerFigures]:
        """Everything that is computed for them."""
        spent = self.touches.spent
        return [compute(facts, spent.get(facts.key, NOTHING_SPENT), self.ground.context) for facts in self.facts]

    def last_at(self, customer: int) -> dt.datetime | None:
        return self.touches.last_at.get(customer)


def load(
    ids: Collection[int] | None, ground: Ground, *, from_log: bool, standings: Sequence[Standing] | None = None
) -> Loaded:
    """Facts of live customers (None: all) on the ground's day, in a fixed number of queries.

    `from_log`: stages, tiers and teams of that day from the log; else those stored with the customer, which are
    today's; `standings`: these instead of either.
    """
    if standings is None:
        standings = as_of_standings(ids, ground) if from_log else stored_standings(ids)
    assigned, memberships = _assigned(ids, ground.on)
    contacts = _contacts(ids, ground.on)
    orders = _orders_won(ids, ground)
    began = {standing.customer: standing.began_at for standing in standings}
    own = load_own_rules(ids, ground)
    touches = load_touches(ids, began, windows(ground.context.rules, own.values()), ground)
    known = _Known(ground, assigned, contacts, orders, touches, own)
    facts = tuple(known.facts(row) for row in standings)
    return Loaded(ground, facts, touches, memberships)


class _Known(Struct, frozen=True):
    """What was read, by customer."""

    ground: Ground
    assigned: dict[int, tuple[Assigned, ...]]
    contacts: dict[int, dict[int, int]]
    orders: dict[int, int]
    touches: TouchFacts
    own: dict[int, OwnRules]

    def facts(self, row: Standing) -> CustomerFacts:
        return CustomerFacts(
            key=row.customer,
            stage=row.stage,
            tier=row.tier,
            team=row.team,
            began_on=row.began_at.astimezone(self.ground.zone).date(),
            place=row.place,
            assigned=self.assigned.get(row.customer, ()),
            contacts=self.contacts.get(row.customer, {}),
            orders_won=self.orders.get(row.customer, 0),
            last=self.touches.last.get(row.customer, LastTouches()),
            own=self.own.get(row.customer, NO_OWN_RULES),
        )


def _of(rows: QuerySet, ids: Collection[int] | None) -> QuerySet:
    """Rows of these customers; without ids of all that are not archived."""
    return rows.filter(customer__archived_at__isnull=True) if ids is None else rows.filter(among("customer_id", ids))


def _assigned(ids: Collection[int] | None, on: dt.date) -> tuple[dict[int, tuple[Assigned, ...]], dict[int, int]]:
    """Assignments in force on a day, of memberships in force; and which membership each assignment is of."""
    rows = _of(Assignment.objects.filter(on_day(on), on_day(on, "membership__")), ids)
    found: dict[int, list[Assigned]] = defaultdict(list)
    memberships: dict[int, int] = {}
    for pk, customer, user, role, team, kind, share, starts_on, membership in rows.order_by("pk").values_list(
        "pk",
        "customer_id",
        "membership__user_id",
        "membership__role_id",
        "membership__team_id",
        "kind",
        "share",
        "starts_on",
        "membership_id",
    ):
        found[customer].append(Assigned(pk, user, role, team, kind, share, starts_on))
        memberships[pk] = membership
    return {customer: tuple(assigned) for customer, assigned in found.items()}, memberships


def _contacts(ids: Collection[int] | None, on: dt.date) -> dict[int, dict[int, int]]:
    """How many contacts of each contact role are there on a day: known by then, not left by then."""
    rows = _of(Contact.objects.live().filter(role__isnull=False), ids).filter(
        Q(since__isnull=True) | Q(since__lte=on), Q(left_on__isnull=True) | Q(left_on__gt=on)
    )
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for customer, role, count in rows.order_by().values_list("customer_id", "role_id").annotate(Count("pk")):
        found[customer][role] = count
    return found


def _orders_won(ids: Collection[int] | None, ground: Ground) -> dict[int, int]:
    """Orders won in (D - 365, D]."""
    start = ground.start_of(ground.on - dt.timedelta(days=YEAR_DAYS - 1))
    rows = _of(Order.objects.live().filter(status=OrderStatus.WON), ids).filter(
        closed_at__gte=start, closed_at__lt=ground.until
    )
    return dict(rows.order_by().values_list("customer_id").annotate(Count("pk")))
