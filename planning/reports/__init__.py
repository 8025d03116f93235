"""Reports: one file a report, each holding `REPORT` (name, columns, rows). A new file here is a new report."""

import importlib
import pkgutil

from planning.reports.definition import Answer, Asked, Column, Kind, Report, read_day, shown_id

__all__ = ["Answer", "Asked", "Column", "Kind", "Report", "find", "names", "read_day", "shown_id"]


def _modules() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "definition")


def _all() -> dict[str, Report]:
    loaded = (importlib.import_module(f"{__name__}.{name}") for name in _modules())
    return {module.REPORT.name: module.REPORT for module in loaded if hasattr(module, "REPORT")}


def names() -> list[str]:
    """The names of all reports."""
    return sorted(_all())


def find(name: str) -> Report | None:
    """A report by its name; None where there is none of that name."""
    return _all().get(name)
