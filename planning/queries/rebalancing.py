"""Rebalancing proposals as who leads both people may see them."""

from __future__ import annotations

from django.db.models import QuerySet
from msgspec import Struct

from accounts.models import Team, User
from accounts.permissions import Act, Area, Scope, scope
from customers.models import Customer
from planning.models import Rebalancing
from territory.together import Prepared, prepared

# On the manager's home so many are told, on their own page more, each with so many customers by name.
ON_HOME, LISTED, NAMED = 2, 20, 6


class Shown(Struct, frozen=True):
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
    """With the names of customers, in four statements. What is about a customer out of reach is left out."""
    open_rows = Rebalancing.objects.open().reached_by(user)
    about = {pk: {key for _item, _version, key in items} for pk, items in open_rows.values_list("pk", "items")}
    keys = set().union(*about.values())
    reached = (
        set(Customer.objects.editable_by(user).filter(pk__in=keys).values_list("pk", flat=True)) if keys else set()
    )
    whole = [pk for pk, customers in about.items() if customers <= reached]
    rows = list(_fullest_first(Rebalancing.objects.open().filter(pk__in=whole))[:LISTED]) if whole else []
    known = Customer.objects.select_related("tier").in_bulk({pk for row in rows for pk in row.customers})
    return [Shown(row, [known[pk] for pk in dict.fromkeys(row.customers)]) for row in rows]
