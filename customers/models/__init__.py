"""Whom we sell to, who works on them, what was done and what was ordered."""

from .assignments import OWNER_KINDS, Assignment, AssignmentKind
from .catalogue import (
    ContactRole,
    Market,
    OrderStep,
    ProductLine,
    SaleType,
    SaleTypeKind,
    Tier,
    TouchChannel,
    TouchType,
)
from .circumstances import Circumstance, CircumstanceKind
from .contacts import Contact
from .covers import CoveredCustomer
from .customers import Customer, CustomerTeam, Potential, Stage
from .data_files import DataFile, DataFileContent, DataFileState
from .expenses import Expense, ExpenseKind, ExpenseStatus, Receipt
from .imports import Import, ImportFile, ImportProblem, ImportState, SavedMapping
from .lifecycle import CourseOutcome, SellingCourse, StageDecision, StagePeriod, TierFix, TierPeriod
from .markets import MarketPotential, sees_market_potential
from .orders import Order, OrderStatus
from .touches import PlannedSource, PlannedTouch, Touch, TouchOutcome, TouchPerson
from .towns import Town
from .work import InternalWork, WorkKind

__all__ = [
    "OWNER_KINDS",
    "Assignment",
    "AssignmentKind",
    "Circumstance",
    "CircumstanceKind",
    "Contact",
    "ContactRole",
    "CourseOutcome",
    "CoveredCustomer",
    "Customer",
    "CustomerTeam",
    "DataFile",
    "DataFileContent",
    "DataFileState",
    "Expense",
    "ExpenseKind",
    "ExpenseStatus",
    "Import",
    "ImportFile",
    "ImportProblem",
    "ImportState",
    "InternalWork",
    "Market",
    "MarketPotential",
    "Order",
    "OrderStatus",
    "OrderStep",
    "PlannedSource",
    "PlannedTouch",
    "Potential",
    "ProductLine",
    "Receipt",
    "SaleType",
    "SaleTypeKind",
    "SavedMapping",
    "SellingCourse",
    "Stage",
    "StageDecision",
    "StagePeriod",
    "Tier",
    "TierFix",
    "TierPeriod",
    "Touch",
    "TouchChannel",
    "TouchOutcome",
    "TouchPerson",
    "TouchType",
    "Town",
    "WorkKind",
    "sees_market_potential",
]
