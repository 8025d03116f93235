"""Where customers are, for who may say so: those without a place, and what the gazetteer proposes for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import QuerySet

from customers.models import Customer, DataFile, DataFileState, Town
from customers.towns.countries import country_code, country_name
from customers.towns.spellings import spelling

# Towns of one name nearer to each other than this are one: gazetteers know a town and its centre.
SAME_DEGREES = 0.05
MOST_OFFERED = 20


class Proposal(NamedTuple):
    """Where a customer may be: towns of the name that stands in its address, the largest first. One: proposed; more: offered."""

    towns: list[Town]

    @property
    def only(self) -> Town | None:
        return self.towns[0] if len(self.towns) == 1 else None


def gazetteer() -> DataFile | None:
    """The file of towns in use."""
    return DataFile.objects.filter(kind="towns", state=DataFileState.IN_USE).first()


def without_place(user) -> QuerySet[Customer]:
    """Customers that the person may change and whose place is not known, by town."""
    return Customer.objects.editable_by(user).live().filter(latitude__isnull=True).order_by("town", "name", "pk")


def towns_in_use() -> QuerySet[Town]:
    return Town.objects.filter(of__kind="towns", of__state=DataFileState.IN_USE)


def proposals(customers: Iterable[Customer]) -> dict[int, Proposal]:
    """What the gazetteer says of each customer with a town, in one statement. A country that is named and known narrows it."""
    asked = {customer.pk: (spelling(customer.town), customer.country) for customer in customers if customer.town}
    names = {name for name, _country in asked.values() if name}
    by_name: dict[str, list[Town]] = defaultdict(list)
    if names:
        for town in towns_in_use().filter(spelling__in=names).order_by("-population", "pk"):
            by_name[town.spelling].append(town)
    return {pk: Proposal(_narrowed(by_name[name], country)) for pk, (name, country) in asked.items()}


def _narrowed(towns: Sequence[Town], country: str) -> list[Town]:
    """Those of the country; of a country that nobody knows none, since a guess would be somewhere else."""
    if country.strip():
        code = country_code(country)
        towns = [town for town in towns if town.country == code]
    return _apart(towns)


def _apart(towns: Sequence[Town]) -> list[Town]:
    """One of several that are the same town."""
    kept: list[Town] = []
    for town in towns:
        if not any(
            abs(town.latitude - other.latitude) < SAME_DEGREES and abs(town.longitude - other.longitude) < SAME_DEGREES
            for other in kept
        ):
            kept.append(town)
    return kept


def towns_like(words: str, country: str = "") -> list[Town]:
    """Towns whose name begins so, those of just this name first, then the larger; a few."""
    name = spelling(words)
    if len(name) < 2:
        return []
    found = towns_in_use().filter(spelling__startswith=name)
    if code := country_code(country):
        found = found.filter(country=code)
    towns = sorted(found.order_by("-population", "pk")[:200], key=lambda town: town.spelling != name)
    return _apart(towns)[:MOST_OFFERED]


def where(town: Town) -> str:
    """A town with what tells it from others of its name."""
    parts = [town.name, town.region, country_name(town.country)]
    return ", ".join(part for part in parts if part)
