"""Rebalancing proposals as who leads both people may see them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Team, User
from accounts.permissions import Act, Area, Scope, scope
from customers.models import Customer
from planning.models import Rebalancing
from territory.together import Prepared, prepared

# On the manager's home so many are told, on their own page more, each with so many customers by name.
ON_HOME, LISTED, NAMED = 2, 20, 6


@dataclass(frozen=True)
class Shown:
    """A proposal with the customers it is about, by name; only those that the reader may change."""

    row: Rebalancing
    customers: list[Customer]

    @property
    def named(self) -> list[Customer]:
        return self.customers[:NAMED]

    @property
    def more(self) -> int:
        return len(self.customers[NAMED:])


def on_home(user: User, team: Team | None = None) -> Prepared:
    """The first within reach, of a team and below or of all, and one more than are told; the fullest first."""
    changed, seen = scope(user, Area.CUSTOMERS, Act.CHANGE), scope(user, Area.BUDGETS, Act.SEE)
    return _on_home(changed, seen, team.path if team else "")


@prepared
def _on_home(changed: Scope, seen: Scope, below: str) -> QuerySet[Rebalancing]:
    rows = _fullest_first(Rebalancing.objects.open().within(changed, seen))
    return (rows.filter(giver__team__path__startswith=below) if below else rows)[: ON_HOME + 1]


def _fullest_first(rows: QuerySet[Rebalancing]) -> QuerySet[Rebalancing]:
    return rows.select_related("giver__user", "taker__user").order_by("-giver_before", "pk")


def rebalancings(user: User) -> list[Shown]:
    """With the names of customers, in two statements. What is about a customer out of reach is left out."""
    rows = list(_fullest_first(Rebalancing.objects.open().reached_by(user))[:LISTED])
    keys = {pk for row in rows for pk in row.customers}
    known = Customer.objects.editable_by(user).select_related("tier").in_bulk(keys) if keys else {}
    return [
        Shown(row, [known[pk] for pk in dict.fromkeys(row.customers)])
        for row in rows
        if all(pk in known for pk in row.customers)
    ]
