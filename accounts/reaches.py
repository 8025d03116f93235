"""Areas, acts and reaches, and which reach makes sense where: the one table that forms, checks and decisions read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _


class Area(models.TextChoices):
    """What access is about; the order is that of the table shown to administrators."""

    DIRECTORY = "directory", _("directory")
    CUSTOMERS = "customers", _("customers, contacts, assignments, stages, tiers")
    TOUCHES = "touches", _("touches, planned touches, internal work")
    ORDERS = "orders", _("orders")
    AMOUNTS = "amounts", _("amounts of orders, potential, sales")
    EXPENSES = "expenses", _("expenses")
    BUDGETS = "budgets", _("budgets, workload, situations")
    COST = "cost", _("cost rates, cost in money")
    RULES = "rules", _("rules, types, tiers, markets, product lines")
    TOUCH_VALUES = "touch_values", _("touch values")
    NAMES = "names", _("names of people and teams")
    PEOPLE = "people", _("people, roles, teams")
    ABSENCES = "absences", _("absences and cover")
    AUDIT = "audit", _("audit, jobs")
    IMPORT = "import", _("import")
    EXPORT = "export", _("export")


class Act(models.TextChoices):
    SEE = "see", _("see")
    CHANGE = "change", _("change")
    APPROVE = "approve", _("approve")


class Reach(models.TextChoices):
    """How far an act goes, from nothing to all."""

    NONE = "none", _("none")
    AUTHORED = "authored", _("own, as far as they wrote it themselves and lately")
    OWN = "own", _("own")
    TEAM = "team", _("team")
    BELOW = "below", _("team and all under it")
    ALL = "all", _("all")


# From the narrowest to the widest: each holds all that the ones before it do.
WIDTH = {reach: width for width, reach in enumerate(Reach)}

_ROWS = (Reach.NONE, Reach.OWN, Reach.TEAM, Reach.BELOW, Reach.ALL)
_TEAMS = (Reach.NONE, Reach.TEAM, Reach.BELOW, Reach.ALL)
_COMPANY = (Reach.NONE, Reach.ALL)

# A reach that is not named here gives nothing, wherever it comes from.
OFFERED: dict[tuple[Area, Act], tuple[Reach, ...]] = {
    # One's own customers need no card.
    (Area.DIRECTORY, Act.SEE): _TEAMS,
    (Area.CUSTOMERS, Act.SEE): _ROWS,
    (Area.CUSTOMERS, Act.CHANGE): _ROWS,
    (Area.TOUCHES, Act.SEE): _ROWS,
    (Area.TOUCHES, Act.CHANGE): tuple(Reach),
    (Area.ORDERS, Act.SEE): _ROWS,
    (Area.ORDERS, Act.CHANGE): _ROWS,
    (Area.AMOUNTS, Act.SEE): _ROWS,
    (Area.EXPENSES, Act.SEE): _ROWS,
    # Whoever one is: only one's own, until it is submitted; and one's own is never approved by oneself.
    (Area.EXPENSES, Act.CHANGE): (Reach.NONE, Reach.AUTHORED),
    (Area.EXPENSES, Act.APPROVE): _TEAMS,
    (Area.BUDGETS, Act.SEE): _ROWS,
    (Area.BUDGETS, Act.CHANGE): _ROWS,
    (Area.COST, Act.SEE): _ROWS,
    # Rules, roles and rates are of the whole company, or of nobody.
    (Area.COST, Act.CHANGE): _COMPANY,
    (Area.RULES, Act.SEE): _COMPANY,
    (Area.RULES, Act.CHANGE): _COMPANY,
    (Area.RULES, Act.APPROVE): _COMPANY,
    (Area.TOUCH_VALUES, Act.SEE): _COMPANY,
    (Area.TOUCH_VALUES, Act.CHANGE): _COMPANY,
    (Area.TOUCH_VALUES, Act.APPROVE): _COMPANY,
    (Area.NAMES, Act.SEE): _ROWS,
    (Area.PEOPLE, Act.SEE): _ROWS,
    (Area.PEOPLE, Act.CHANGE): _COMPANY,
    (Area.ABSENCES, Act.SEE): _ROWS,
    (Area.ABSENCES, Act.CHANGE): _ROWS,
    (Area.AUDIT, Act.SEE): _COMPANY,
    (Area.IMPORT, Act.CHANGE): _TEAMS,
    (Area.EXPORT, Act.SEE): _ROWS,
}

Access = Mapping[str, Mapping[str, str]]


def reach_of(access: Any, area: str, act: str) -> Reach:
    """The reach that stored access gives; none for whatever is missing, unknown, out of place or not offered there."""
    # Members of these enumerations are their words and hash like them.
    acts = access.get(area) if isinstance(access, Mapping) else None
    reach = acts.get(act) if isinstance(acts, Mapping) else None
    offered = OFFERED.get((area, act), ())  # type: ignore[arg-type]
    return next((each for each in offered if each == reach), Reach.NONE)


def cells() -> Iterator[tuple[Area, Act]]:
    """Every cell of the table, area by area."""
    yield from OFFERED


def key_of(area: str, act: str) -> str:
    """The name of a cell's field: "touch_values_see"."""
    return f"{area}_{act}"


def plain(access: Any) -> dict[str, dict[str, str]]:
    """Access as it is stored: what gives nothing is left out, and so is what nobody knows."""
    tidy: dict[str, dict[str, str]] = {}
    for area, act in OFFERED:
        reach = reach_of(access, area, act)
        if reach != Reach.NONE:
            tidy.setdefault(str(area), {})[str(act)] = str(reach)
    return tidy


def check(access: Any) -> None:
    """Raise a ValidationError by field where a role could change or approve more than it sees."""
    errors = {}
    for area, act in OFFERED:
        if act == Act.SEE or (area, Act.SEE) not in OFFERED:
            continue
        reach, seen = reach_of(access, area, act), reach_of(access, area, Act.SEE)
        # What one wrote oneself hangs on what is one's own.
        if WIDTH[Reach.OWN if reach == Reach.AUTHORED else reach] > WIDTH[seen]:
            errors[key_of(area, act)] = _now(
                "Wider than what the role sees there (%(seen)s). Let it see more, or do less."
            ) % {"seen": seen.label}
    if errors:
        raise ValidationError(errors)
