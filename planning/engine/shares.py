"""Who has which part of a role's work on a customer (domain 2, assignment)."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from planning.engine.rules import Key

OWNING = frozenset({"sole", "lead"})


class Assigned(Struct, frozen=True):
    """A current assignment: a person in a role (of the membership) on a customer; ``share`` None means an equal
    part.
    """

    key: Key
    person: Key
    role: Key
    team: Key
    kind: str = "support"
    share: Decimal | None = None
    starts_on: date | None = None


class Part(NamedTuple):
    """The part of a role's work that one assignment has, 0 to 1."""

    assigned: Assigned
    share: float


class Staffing(NamedTuple):
    """All parts of one role on one customer and the part that nobody has."""

    parts: tuple[Part, ...] = ()
    unstaffed: float = 1.0


NOBODY = Staffing()


def staff(assigned: Sequence[Assigned]) -> Staffing:
    """Share one role's work among its assignments.

    Explicit shares are kept; assignments without one take equal parts of what is left of 1, so that with one of them
    nothing is unstaffed. What explicit shares leave over is unstaffed. Explicit shares above 1 in sum cannot be stored;
    if they came, nothing would be left for the others.
    """
    if not assigned:
        return NOBODY
    if len(assigned) == 1 and assigned[0].share is None:
        return Staffing((Part(assigned[0], 1.0),), 0.0)
    given = sum((row.share for row in assigned if row.share is not None), Decimal(0))
    left = max(Decimal(0), 1 - given)
    open_rows = sum(row.share is None for row in assigned)
    equal = float(left) / open_rows if open_rows else 0.0
    parts = tuple(Part(row, equal if row.share is None else float(row.share)) for row in assigned)
    return Staffing(parts, 0.0 if open_rows else float(left))


def _since(row: Assigned) -> tuple[date, str]:
    return row.starts_on or date.min, f"{row.key!s:>20}"


def whose(staffing: Staffing, owner: Assigned | None) -> Assigned | None:
    """The assigned person with the largest share, then the earliest assignment (then the lowest key); nobody: the
    owner.
    """
    if not staffing.parts:
        return owner
    if len(staffing.parts) == 1:
        return staffing.parts[0].assigned
    return min(staffing.parts, key=lambda part: (-part.share, *_since(part.assigned))).assigned


def owner_of(assigned: Iterable[Assigned]) -> Assigned | None:
    """The sole or lead assignment; there is at most one, should there be more the earliest."""
    return min((row for row in assigned if row.kind in OWNING), key=_since, default=None)
