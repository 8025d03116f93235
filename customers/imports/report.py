"""What an import did: how many rows went which way, and which were rejected why."""

from typing import Any

from msgspec import Struct, field

MAX_VALUE = 200


class RejectedRow(Struct, frozen=True):
    """A row that did not go in. `field` is the product's word, `column` the file's."""

    row: int
    field: str
    column: str
    value: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        return {"row": self.row, "field": self.field, "column": self.column, "value": self.value, "reason": self.reason}


class ImportReport(Struct):
    """Counts of rows by what became of them; together they are the rows of the file."""

    kind: str
    file: str = ""
    dry_run: bool = False
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected_rows: list[RejectedRow] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        return len(self.rejected_rows)

    @property
    def rows(self) -> int:
        return self.created + self.changed + self.unchanged + self.skipped + self.rejected

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "file": self.file,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "rejected": self.rejected,
            "rejected_rows": [row.as_dict() for row in self.rejected_rows],
        }
