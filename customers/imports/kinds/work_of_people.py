"""Under which membership a person worked on a customer on a day (domain 1): that of the assignment, else the earliest."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from accounts.models import Membership
from customers.imports.runs import Run
from customers.models import Assignment
from customers.working_as import EARLIEST_FIRST
from territory.rows import Dated


def in_force(row: Dated, day: dt.date) -> bool:
    """Whether a dated row holds on a day; both ends count."""
    return (row.starts_on is None or row.starts_on <= day) and (row.ends_on is None or day <= row.ends_on)


class Memberships:
    """The memberships and assignments that tell it, read once for the customers of a chunk."""

    def __init__(self, run: Run, customers: Iterable[int]) -> None:
        self._of = run.references.memberships
        self._assigned: dict[tuple[int, int], list[Assignment]] = defaultdict(list)
        rows = Assignment.objects.filter(customer__in=set(customers)).select_related(
            "membership__role", "membership__team"
        )
        for row in rows.order_by(*EARLIEST_FIRST):
            self._assigned[(row.customer_id, row.membership.user_id)].append(row)

    def at(self, person: int, customer: int | None, day: dt.date) -> Membership | None:
        """The membership under which the person worked; None where they had none on that day."""
        for assignment in self._assigned.get((customer or 0, person), ()):
            if in_force(assignment, day) and in_force(assignment.membership, day):
                return assignment.membership
        return next((row for row in self._of(person) if in_force(row, day)), None)
