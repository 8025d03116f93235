"""The rules and official values a company starts with, named as starting values; an administrator's rows from then on."""

import datetime as dt
from decimal import Decimal

from django.db import transaction

from accounts.actions.starting_rows import create_starting_roles
from accounts.models import Role
from customers.models import ContactRole, Stage, Tier, TouchType
from customers.starting_rows import STARTING_VALUE, create_starting_catalogue, create_starting_row
from planning.models import (
    ContactLoad,
    ContactRule,
    OrderRule,
    Period,
    PlanningSettings,
    RulesVersion,
    SpeedBand,
    TeamLoad,
    TeamSellingLoad,
    TouchValue,
    ValueStage,
)

SALES, COORDINATION, TECHNICAL = "Salesperson", "Sales coordinator", "Technical support"
VOICE, FIELD, ONLINE, DEMO, MARKETING = "Voice call", "Field sales call", "Online meeting", "Demo", "Marketing outreach"

# Tier, stage, role, touch type, touches, period, minutes.
CONTACT_RULES = [
    ("A", Stage.CUSTOMER, SALES, VOICE, 4, Period.MONTH, 20),
    ("A", Stage.CUSTOMER, SALES, FIELD, 2, Period.MONTH, 75),
    ("A", Stage.CUSTOMER, COORDINATION, VOICE, 2, Period.MONTH, 10),
    ("A", Stage.CUSTOMER, TECHNICAL, FIELD, 1, Period.QUARTER, 90),
    ("B", Stage.CUSTOMER, SALES, VOICE, 2, Period.MONTH, 15),
    ("B", Stage.CUSTOMER, SALES, FIELD, 6, Period.YEAR, 60),
    ("B", Stage.CUSTOMER, COORDINATION, VOICE, 1, Period.MONTH, 10),
    ("B", Stage.CUSTOMER, TECHNICAL, ONLINE, 2, Period.YEAR, 30),
    ("C", Stage.CUSTOMER, SALES, VOICE, 1, Period.MONTH, 10),
    ("C", Stage.CUSTOMER, SALES, FIELD, 2, Period.YEAR, 45),
    ("C", Stage.CUSTOMER, COORDINATION, VOICE, 1, Period.QUARTER, 10),
    ("D", Stage.CUSTOMER, SALES, VOICE, 1, Period.QUARTER, 10),
    ("D", Stage.CUSTOMER, COORDINATION, MARKETING, 1, Period.QUARTER, 2),
    ("A", Stage.PROSPECT, SALES, VOICE, 4, Period.MONTH, 15),
    ("A", Stage.PROSPECT, SALES, FIELD, 1, Period.MONTH, 60),
    ("A", Stage.PROSPECT, SALES, MARKETING, 1, Period.MONTH, 2),
    ("B", Stage.PROSPECT, SALES, VOICE, 2, Period.MONTH, 15),
    ("B", Stage.PROSPECT, SALES, FIELD, 1, Period.QUARTER, 60),
    ("C", Stage.PROSPECT, SALES, VOICE, 1, Period.MONTH, 10),
    ("C", Stage.PROSPECT, COORDINATION, MARKETING, 1, Period.MONTH, 2),
    ("D", Stage.PROSPECT, COORDINATION, MARKETING, 1, Period.QUARTER, 2),
    ("A", Stage.LAPSED, SALES, VOICE, 1, Period.QUARTER, 15),
    ("B", Stage.LAPSED, SALES, VOICE, 1, Period.QUARTER, 15),
]

# Role, minutes per order handled.
ORDER_RULES = [(SALES, 20), (COORDINATION, 45)]

# Contact role, role, minutes a month each.
CONTACT_LOADS = [("Senior officer", SALES, 10), ("Management team", SALES, 5), ("Technical", TECHNICAL, 5)]

# Role, minutes a month.
TEAM_SELLING_LOADS = [(SALES, 10), (COORDINATION, 5), (TECHNICAL, 5)]
TEAM_LOADS = [(SALES, 20), (COORDINATION, 20), (TECHNICAL, 20), ("Sales manager", 60), ("Senior manager", 30)]

# From so many kilometres on, km/h: through town first.
SPEEDS = [(0, 25), (10, 60)]

# Official value of a touch on tier A by type, and each tier's part of it.
VALUES = {VOICE: 120, FIELD: 480, ONLINE: 200, DEMO: 600, MARKETING: 12}
TIER_PARTS = {"A": Decimal("1"), "B": Decimal("0.45"), "C": Decimal("0.2"), "D": Decimal("0.05")}


@transaction.atomic
def create_starting_rules(*, now: dt.datetime, on: dt.date) -> None:
    """Create roles, catalogue, rules and values of a new company; does nothing to a kind of rule that has rows."""
    create_starting_roles()
    create_starting_catalogue()
    roles = {row.name: row for row in Role.objects.all()}
    tiers = {row.name: row for row in Tier.objects.all()}
    types = {row.name: row for row in TouchType.objects.all()}
    _fill(ContactRule, _contact_rules(tiers, roles, types))
    _fill(OrderRule, _of_roles(ORDER_RULES, roles))
    _fill(ContactLoad, _contact_loads(roles))
    _fill(TeamSellingLoad, _of_roles(TEAM_SELLING_LOADS, roles))
    _fill(TeamLoad, _of_roles(TEAM_LOADS, roles))
    _fill(SpeedBand, [{"from_km": Decimal(start), "kmh": Decimal(kmh)} for start, kmh in SPEEDS])
    _fill(TouchValue, _values(tiers, types, now=now, on=on))
    PlanningSettings.objects.get_or_create(pk=1)
    if not RulesVersion.objects.exists():
        RulesVersion.objects.create(changed_at=now, what=STARTING_VALUE)


def _contact_rules(tiers: dict[str, Tier], roles: dict[str, Role], types: dict[str, TouchType]) -> list[dict]:
    return [
        {
            "tier": tiers[tier],
            "stage": stage,
            "role": roles[role],
            "touch_type": types[touch_type],
            "count": count,
            "period": period,
            "duration_seconds": minutes * 60,
        }
        for tier, stage, role, touch_type, count, period, minutes in CONTACT_RULES
    ]


def _of_roles(rows: list[tuple[str, int]], roles: dict[str, Role]) -> list[dict]:
    return [{"role": roles[role], "duration_seconds": minutes * 60} for role, minutes in rows]


def _contact_loads(roles: dict[str, Role]) -> list[dict]:
    contact_roles = {row.name: row for row in ContactRole.objects.all()}
    return [
        {"contact_role": contact_roles[name], "role": roles[role], "duration_seconds": minutes * 60}
        for name, role, minutes in CONTACT_LOADS
    ]


def _values(tiers: dict[str, Tier], types: dict[str, TouchType], *, now: dt.datetime, on: dt.date) -> list[dict]:
    """Official values of each type and tier, the same for prospects and customers."""
    return [
        {
            "touch_type": types[touch_type],
            "tier": tiers[tier],
            "stage": stage,
            "amount": (value * part).quantize(Decimal("0.01")),
            "starts_on": on,
            "reason": STARTING_VALUE,
            "approved_at": now,
        }
        for touch_type, value in VALUES.items()
        for tier, part in TIER_PARTS.items()
        for stage in ValueStage.values
    ]


def _fill(model, rows: list[dict]) -> None:
    if not model.objects.exists():
        for row in rows:
            create_starting_row(model, row)
