"""What can be wrong: with the whole import (nothing was written), or with one row (the rest goes in)."""


class CouldNot(Exception):
    """The import cannot run at all: the file, the mapping or the installation is not as it must be. Says where."""


class Rejected(Exception):
    """A row that cannot go in: which field, which value, why."""

    def __init__(self, reason: str, *, field: str = "", value: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.value = value


class Skipped(Exception):
    """A row that the mapping leaves out."""
