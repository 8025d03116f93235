"""The printed table: what was measured, its limit beside it, and by how much it is short."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """A measured value with its limit: at most, or with `least` at least; without a limit it is only told."""

    value: float
    limit: float | None = None
    decimals: int = 0
    least: bool = False

    @property
    def is_short(self) -> bool:
        if self.limit is None:
            return False
        shown = round(self.value, self.decimals)
        return shown < self.limit if self.least else shown > self.limit

    def __str__(self) -> str:
        text = f"{self.value:.{self.decimals}f}"
        return text if self.limit is None else f"{text} ({'≥' if self.least else '≤'} {self.limit:g})"

    @property
    def short_by(self) -> str:
        return f"{abs(self.value - (self.limit or 0)):.{self.decimals}f}"


@dataclass
class Line:
    """A line of the table: what was measured, as whom, and its figures by column."""

    what: str
    figures: dict[str, Figure] = field(default_factory=dict)
    note: str = ""

    @property
    def short(self) -> str:
        return ", ".join(f"{figure.short_by} {name}" for name, figure in self.figures.items() if figure.is_short)


def lines_text(title: str, lines: Sequence[Line]) -> str:
    """A table for reading: a column for each figure, then by what it is short."""
    columns = list(dict.fromkeys(name for line in lines for name in line.figures))
    rows = [["", *columns, ""]]
    for line in lines:
        cells = [str(line.figures[name]) if name in line.figures else "" for name in columns]
        end = f"short by {line.short}" if line.short else ""
        rows.append([line.what, *cells, "; ".join(part for part in (end, line.note) if part)])
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns) + 1)]
    text = [
        f"{row[0]:<{widths[0]}}  " + "  ".join(f"{row[n]:>{widths[n]}}" for n in range(1, len(widths))) for row in rows
    ]
    return "\n".join([title, *(f"{left}  {row[-1]}".rstrip() for left, row in zip(text, rows, strict=True))]) + "\n"


def verdict(lines: Sequence[Line]) -> str:
    missed = [line.what for line in lines if line.short]
    return f"{len(lines)} lines, {len(missed)} short" + (f": {', '.join(missed)}" if missed else "")
