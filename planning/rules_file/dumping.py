"""All rules, as they are now, written as plain lists and texts."""

from typing import Any

from django.db import models
from django.db.models import Q

from planning.models import ActivityGoal, PlanningSettings
from planning.rules_file.sections import OF_SITUATIONS, SECTIONS, SETTINGS, WEEKDAYS, Section, Value
from territory.company.models import Company, Holiday


def dump_rules() -> dict[str, Any]:
    """Everything that `load_rules` takes: loading it right away changes nothing. Retired rows are left out."""
    company = Company.current()
    found: dict[str, Any] = {}
    if company is not None:
        found["working_days"] = [WEEKDAYS[number - 1] for number in sorted(company.working_days)]
    found["holidays"] = [{"on": row.on.isoformat(), "name": row.name} for row in Holiday.objects.all()]
    for section in SECTIONS:
        found[section.name] = [_entry(section, row) for row in live_rows(section)]
    settings = PlanningSettings.current()
    found["settings"] = {value.name: written(value, settings) for value in SETTINGS}
    found["settings"] |= {name: threshold.kept(threshold.of(settings)) for name, threshold in OF_SITUATIONS.items()}
    return found


def rows_of(section: Section) -> models.QuerySet:
    """The rows that a section may be about, retired ones too."""
    rows = section.model._default_manager.all()
    return rows.filter(role__isnull=False, archived_at__isnull=True) if section.model is ActivityGoal else rows


def live_rows(section: Section) -> models.QuerySet:
    """The rows of a section in use: neither retired themselves nor naming something retired."""
    targets = [value.column for value in section.values if value.target]
    rows = rows_of(section).select_related(*targets)
    if section.retires:
        rows = rows.filter(retired_at__isnull=True)
    for column in targets:
        rows = rows.filter(Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__retired_at__isnull": True}))
    return rows


def _entry(section: Section, row: models.Model) -> dict[str, Any]:
    return {value.name: written(value, row) for value in section.values}


def written(value: Value, row: models.Model) -> Any:
    """A field of a row as the file has it; what a row names, by its name."""
    stored = getattr(row, value.column)
    if stored is None:
        return None
    return stored.name if value.target else value.write(stored)
