"""What the audit shows of customers and of what hangs on them: areas, names, addresses."""

from typing import Any

from accounts.permissions import Area
from customers.models import (
    Assignment,
    Circumstance,
    CircumstanceKind,
    Contact,
    ContactRole,
    CoveredCustomer,
    Customer,
    CustomerTeam,
    Expense,
    InternalWork,
    Market,
    MarketPotential,
    Order,
    OrderStep,
    PlannedTouch,
    Potential,
    ProductLine,
    SaleType,
    SavedMapping,
    StageDecision,
    Tier,
    TierFix,
    Touch,
    TouchType,
)
from territory.audit import registry
from territory.audit.registry import Kind
from territory.formats.days import day_text, moment_text

SEAT = ("membership__user", "membership__role", "membership__team")
COVER = ("cover__user", "cover__membership__user")


def _of_customer(row: Any) -> str:
    return str(row.customer)


def _order(row: Any) -> str:
    return f"{row.title or row.external_id or row.id}, {row.customer}"


def register() -> None:
    registry.add(
        Kind(model=Customer, area=Area.CUSTOMERS, related=("market", "team"), url="customer_detail"),
        Kind(model=CustomerTeam, area=Area.CUSTOMERS, related=("customer", "team"), name=_of_customer),
        Kind(
            model=Contact,
            area=Area.CUSTOMERS,
            related=("customer", "role"),
            name=lambda row: f"{row.name}, {row.customer}",
        ),
        Kind(
            model=Assignment,
            area=Area.CUSTOMERS,
            related=("customer", *SEAT),
            name=lambda row: f"{row.membership.user}, {row.customer}",
        ),
        Kind(
            model=Circumstance,
            area=Area.CUSTOMERS,
            related=("customer", "kind", "noted_by"),
            name=lambda row: f"{row.kind}, {row.customer}",
        ),
        Kind(model=StageDecision, area=Area.CUSTOMERS, related=("customer", "decided_by"), name=_of_customer),
        Kind(model=TierFix, area=Area.CUSTOMERS, related=("customer", "tier", "fixed_by"), name=_of_customer),
        Kind(model=Potential, area=Area.AMOUNTS, related=("customer", "noted_by"), name=_of_customer),
        Kind(
            model=CoveredCustomer,
            area=Area.ABSENCES,
            related=("customer", *COVER),
            name=lambda row: f"{row.customer}, {row.cover}",
        ),
        Kind(
            model=Touch,
            area=Area.TOUCHES,
            related=("customer", "type", "order", "logged_by"),
            fields={"met": Area.CUSTOMERS},
            name=lambda row: f"{row.type}, {row.customer}, {moment_text(row.at)}",
            url="touch_detail",
        ),
        Kind(
            model=PlannedTouch,
            area=Area.TOUCHES,
            related=("customer", "type", "assignee", "order", "planned_by"),
            name=lambda row: f"{row.type}, {row.customer}, {day_text(row.due_on)}",
        ),
        Kind(
            model=InternalWork,
            area=Area.TOUCHES,
            related=("user", "role", "customer", "order", "team", "logged_by"),
            name=lambda row: f"{row.user}, {day_text(row.spent_on)}",
        ),
        Kind(
            model=Order,
            area=Area.ORDERS,
            related=("customer", "step", "product_line", "sale_type", "salesperson", "team"),
            fields={"amount": Area.AMOUNTS},
            name=_order,
            url="order_detail",
        ),
        Kind(
            model=Expense,
            area=Area.EXPENSES,
            related=("author", "order__customer", "customer", "team", "touch__type", "touch__customer", "decided_by"),
            name=lambda row: f"{row.author}, {day_text(row.spent_on)}",
            url="expense_detail",
        ),
        Kind(model=SavedMapping, area=Area.IMPORT, related=("author",), name=lambda row: f"{row.name}, {row.author}"),
        *(
            Kind(model=model, area=Area.RULES)
            for model in (Tier, TouchType, ContactRole, OrderStep, SaleType, CircumstanceKind, ProductLine)
        ),
        Kind(model=Market, area=Area.RULES, related=("parent",)),
        Kind(model=MarketPotential, area=Area.AMOUNTS, related=("market", "product_line", "noted_by")),
    )
