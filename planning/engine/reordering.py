"""What another official value does to lists of the day: the same touches scored anew, place by place (domain 3.2)."""

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from planning.engine.due import Candidate, one_row_each
from planning.engine.rules import Key

#: rows of a person's list that are named
FIRST_ROWS = 5

Place = tuple[Key, Key]  # customer, touch type


class Reordered(Struct, frozen=True):
    """One person's list before and after: the same rows in another order. ``up`` and ``down``: rows that stand higher and
    lower than before; ``was`` gives the place that each of the first rows had, from 1."""

    person: Key
    rows: int
    up: int
    down: int
    first_before: list[Place]
    first_after: list[Place]
    was: dict[Place, int]

    @property
    def moved(self) -> int:
        """Rows that change place."""
        return self.up + self.down

    @property
    def first_changed(self) -> int:
        """Of the first places, those that another row holds."""
        return sum(old != new for old, new in zip(self.first_before, self.first_after, strict=True))

    @property
    def has_new_first(self) -> bool:
        return self.first_before[:1] != self.first_after[:1]


def reordered(person: Key, before: Sequence[Place], after: Sequence[Place]) -> Reordered:
    """Compare two orders of the same rows."""
    was = {place: number for number, place in enumerate(before, start=1)}
    steps = [was[place] - number for number, place in enumerate(after, start=1)]
    return Reordered(
        person,
        rows=len(before),
        up=sum(step > 0 for step in steps),
        down=sum(step < 0 for step in steps),
        first_before=list(before[:FIRST_ROWS]),
        first_after=list(after[:FIRST_ROWS]),
        was={place: was[place] for place in after[:FIRST_ROWS]},
    )


def places(rows: Iterable[Candidate], today: date) -> list[Place]:
    """A person's list of the day, best first: what is due by then or planned for it."""
    best = one_row_each(rows, today)
    return [(row.customer, row.touch_type) for row in best if row.planned_on is None or row.planned_on <= today]
