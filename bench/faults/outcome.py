"""What a fault did: what was tried, how often, what was lost, what came twice, and the figures to hold."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.table import Figure

# Without these nothing was held, whatever else was.
NONE = "0 lost, 0 twice"


@dataclass
class Outcome:
    """A line of the table. `figures`: measured values beside their limits; `wrong`: in words, what was not as it must be."""

    subject: str
    tried: str
    lost: int = 0
    twice: int = 0
    figures: dict[str, Figure] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    database: str = ""
    seconds: float = 0

    @property
    def is_broken(self) -> bool:
        """Something was lost, came twice or was not right: a fault of the product, whatever machine it runs on."""
        return bool(self.lost or self.twice or self.wrong)

    @property
    def short(self) -> str:
        return ", ".join(f"{figure.short_by} {name}" for name, figure in self.figures.items() if figure.is_short)

    @property
    def verdict(self) -> str:
        if self.is_broken:
            return "BROKEN"
        return f"short by {self.short}" if self.short else "held"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Outcome":
        figures = {name: Figure(**values) for name, values in told.pop("figures").items()}
        return cls(**told, figures=figures)


def handed_over(subject: str, printed: str, status: int, errors: str) -> Outcome:
    """What a script said of itself on its last line; one that said nothing, or ended otherwise than it said, is wrong."""
    try:
        outcome = Outcome.from_json(json.loads(printed.splitlines()[-1]))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        outcome = Outcome(subject, "", wrong=["it did not say what came of it"])
    if status and not (outcome.is_broken and outcome.tried):
        outcome.wrong.append(f"ended with status {status}: {errors[-2000:]}")
    return outcome


def table_text(outcomes: Sequence[Outcome]) -> str:
    """For reading and for a README alike; below it, in words, what was wrong."""
    lines = [
        "| what goes wrong | on | tried | lost | twice | measured, beside the figure to hold | | s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in outcomes:
        measured = ", ".join(f"{figure} {name}" for name, figure in row.figures.items()) or NONE
        cells = [row.subject, row.database, row.tried, row.lost, row.twice, measured, row.verdict, f"{row.seconds:.0f}"]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    words = [f"{row.subject}, {row.database}: {text[:600]}" for row in outcomes for text in row.wrong[:10]]
    return "\n".join([*lines, *(["", *words] if words else [])]) + "\n"
