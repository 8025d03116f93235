"""The catalogue a company starts with; an administrator's rows from then on."""

from decimal import Decimal
from typing import Any

from customers.models import (
    CircumstanceKind,
    ContactRole,
    OrderStep,
    SaleType,
    SaleTypeKind,
    Tier,
    TouchChannel,
    TouchType,
)

# Name, yearly value from.
TIERS = [("A", 40_000), ("B", 15_000), ("C", 5_000), ("D", 0)]

# Name, channel, usual minutes, travels, is demo, icon.
TOUCH_TYPES = [
    ("Voice call", TouchChannel.VOICE, 15, False, False, "telephone"),
    ("Field sales call", TouchChannel.FIELD, 60, True, False, "geo-alt"),
    ("Online meeting", TouchChannel.ONLINE, 30, False, False, "camera-video"),
    ("Demo", TouchChannel.FIELD, 90, True, True, "easel"),
    ("Marketing outreach", TouchChannel.MARKETING, 2, False, False, "envelope"),
]

# Name, a gap when missing on the two highest tiers.
CONTACT_ROLES = [
    ("Buyer", True),
    ("Management team", False),
    ("Senior officer", True),
    ("Technical", False),
    ("User", False),
    ("Agent", False),
]

ORDER_STEPS = [("Enquiry", "0.1"), ("Quotation", "0.3"), ("Negotiation", "0.6"), ("Verbal agreement", "0.9")]

SALE_TYPES = [
    ("New business", SaleTypeKind.NEW_BUSINESS),
    ("Repeat", SaleTypeKind.REPEAT),
    ("Extension", SaleTypeKind.OTHER),
    ("Tender", SaleTypeKind.OTHER),
]

CIRCUMSTANCES = [
    "New buyer",
    "Budget freeze",
    "Contract with another supplier",
    "Merger or takeover",
    "Several deciders",
    "Public tender",
]


# What the history says of rows nobody has chosen yet.
STARTING_VALUE = "Starting value"


def create_starting_catalogue() -> None:
    """Create what is not there yet by name, in the order above; nothing that exists is changed."""
    for position, (name, bound) in enumerate(TIERS, start=1):
        _once(Tier, name, position, lower_bound=Decimal(bound))
    for position, (name, channel, minutes, travels, is_demo, icon) in enumerate(TOUCH_TYPES, start=1):
        _once(
            TouchType,
            name,
            position,
            channel=channel,
            default_seconds=minutes * 60,
            travels=travels,
            is_demo=is_demo,
            icon=icon,
        )
    for position, (name, expected) in enumerate(CONTACT_ROLES, start=1):
        _once(ContactRole, name, position, expected_in_top_tiers=expected)
    for position, (name, probability) in enumerate(ORDER_STEPS, start=1):
        _once(OrderStep, name, position, probability=Decimal(probability))
    for position, (name, kind) in enumerate(SALE_TYPES, start=1):
        _once(SaleType, name, position, kind=kind)
    for position, name in enumerate(CIRCUMSTANCES, start=1):
        _once(CircumstanceKind, name, position)


def _once(model, name: str, position: int, **fields) -> None:
    if not model.objects.filter(name=name).exists():
        create_starting_row(model, {"name": name, "position": position, **fields})


def create_starting_row(model, fields: dict[str, Any]) -> None:
    """A row that is named as a starting value until somebody changes it."""
    row = model(**fields)
    row._change_reason = STARTING_VALUE  # django-simple-history reads it
    row.save()


def starting_rows(model) -> set[int]:
    """Keys of the rows that are still as the company started with them."""
    return set(
        model.history.filter(version=1, history_type="+", history_change_reason=STARTING_VALUE).values_list(
            "id", flat=True
        )
    )
