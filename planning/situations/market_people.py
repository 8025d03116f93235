"""Who is in a new market already, who could take it, and what time its prospects would need."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from accounts.models import Membership, RoleFunction
from customers.models import Assignment, Stage
from planning.engine.workload import Cell, workload
from planning.loaders import Ground, load_workload, weeks_from
from planning.models import CustomerFigures
from planning.situations.kind import Finding
from territory.rows import among, on_day

# Of those there, and of those who could take it, so many are named.
MOST_THERE, MOST_COULD = 10, 5


def with_people(ground: Ground, found: Sequence[Finding], there: Mapping[str, Collection[int]]) -> list[Finding]:
    """The same with people and time in their evidence; `there`: the customers of each market, by subject.

    Who is there: owners of customers in the market. Who could take it: of the team and all under it those in selling roles whose
    eight weeks are the least full, below full. `minutes`: what the budgets of the prospects there ask for a month.
    """
    loads = _loads(ground)
    owners, minutes, sellers = _owners(ground, there), _minutes(there), _sellers(ground)
    full = float(ground.settings.full_up_to)
    return [
        replace(
            row,
            evidence={
                **row.evidence,
                "minutes": round(sum(minutes.get(pk, 0.0) for pk in there[row.subject])),
                "people": _people(owners, there[row.subject], sellers.get(row.team, ()), loads, full),
            },
        )
        for row in found
    ]


def _people(
    owners: Mapping[int, int],
    customers: Collection[int],
    sellers: Collection[int],
    loads: Mapping[int, tuple[float, float]],
    full: float,
) -> list[dict[str, Any]]:
    counts: dict[int, int] = {}
    for pk in customers:
        if pk in owners:
            counts[owners[pk]] = counts.get(owners[pk], 0) + 1
    there = sorted(counts, key=lambda person: (-counts[person], person))[:MOST_THERE]
    free = [person for person in sellers if person not in counts and person in loads and loads[person][0] < full]
    could = sorted(free, key=lambda person: (loads[person][0], person))[:MOST_COULD]
    return [_told(person, counts.get(person, 0), loads.get(person)) for person in (*there, *could)]


def _told(person: int, customers: int, load: tuple[float, float] | None) -> dict[str, Any]:
    """Load of eight weeks as a share, and hours a week that are left."""
    if load is None:
        return {"person": person, "customers": customers, "load": None, "room": None}
    return {"person": person, "customers": customers, "load": f"{load[0]:.2f}", "room": f"{load[1]:.1f}"}


def _loads(ground: Ground) -> dict[int, tuple[float, float]]:
    """Of everyone with capacity in the eight weeks to come: load, and hours a week left."""
    weeks = weeks_from(ground.on)
    cells: dict[int, list[Cell]] = {}
    for cell in workload(load_workload(ground, weeks), weeks):
        if cell.person is not None:
            cells.setdefault(int(cell.person), []).append(cell)
    found = {}
    for person, theirs in cells.items():
        work, capacity = sum(cell.workload for cell in theirs), sum(cell.capacity for cell in theirs)
        if capacity:
            found[person] = (work / capacity, (capacity - work) / 60 / len(weeks))
    return found


def _owners(ground: Ground, there: Mapping[str, Collection[int]]) -> dict[int, int]:
    """Who owns these customers, by customer."""
    everyone = {pk for customers in there.values() for pk in customers}
    rows = Assignment.objects.on(ground.on).owners().filter(among("customer_id", everyone))
    return dict(rows.order_by("-pk").values_list("customer_id", "membership__user_id"))


def _minutes(there: Mapping[str, Collection[int]]) -> dict[int, float]:
    """What the prospects among these ask for, minutes a month."""
    everyone = {pk for customers in there.values() for pk in customers}
    rows = CustomerFigures.objects.filter(among("customer_id", everyone), customer__stage=Stage.PROSPECT)
    return dict(rows.order_by().values_list("customer_id", "budget_minutes"))


def _sellers(ground: Ground) -> dict[int, list[int]]:
    """Who is in a selling role, by team and every team above."""
    rows = Membership.objects.filter(on_day(ground.on), role__function=RoleFunction.SALES, user__is_active=True)
    found: dict[int, list[int]] = {}
    for person, path in rows.order_by("pk").values_list("user_id", "team__path"):
        for team in path.strip("/").split("/"):
            people = found.setdefault(int(team), [])
            if person not in people:
                people.append(person)
    return found
