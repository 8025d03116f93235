"""The three kinds of evidence on the touches of a stage, from one sample of courses (domain 3.1)."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from planning.engine.added_chance import AddedChance, added_chance
from planning.engine.chance import Chance, chances
from planning.engine.courses import Course
from planning.engine.equal_credit import Cell, EqualCredit, equal_credit
from planning.engine.rules import Key


class StageEvidence(Struct, frozen=True):
    """What touches are worth: as their wins' business shared, by their chance to win, and by what one more adds."""

    credit: EqualCredit
    chances: Mapping[Cell, Chance]
    added: AddedChance


def stage_evidence(
    courses: Sequence[Course], cells: Sequence[Cell], *, costs: Mapping[Key, float], margin: float | None
) -> StageEvidence:
    """Of ended courses in the order of their keys. All kinds are pooled in the same cells: those with too few wins."""
    credit = equal_credit(courses, cells)
    pooled = {cell for cell, row in credit.cells.items() if row.is_pooled}
    return StageEvidence(
        credit,
        chances(courses, cells, pooled, costs=costs, margin=margin),
        added_chance(courses, cells, pooled),
    )
