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
from .contacts import Contact
from .covers import CoveredCustomer
from .customers import Customer, CustomerTeam, Potential, Stage
from .imports import Import, ImportFile, ImportProblem, ImportState, SavedMapping
from .lifecycle import CourseOutcome, SellingCourse, StageDecision, StagePeriod, TierFix, TierPeriod
from .orders import Order, OrderStatus
from .touches import PlannedSource, PlannedTouch, Touch, TouchOutcome, TouchPerson
from .work import InternalWork, WorkKind

__all__ = [
    "OWNER_KINDS",
    "Assignment",
    "AssignmentKind",
    "Contact",
    "ContactRole",
    "CourseOutcome",
    "CoveredCustomer",
    "Customer",
    "CustomerTeam",
    "Import",
    "ImportFile",
    "ImportProblem",
    "ImportState",
    "InternalWork",
    "Market",
    "Order",
    "OrderStatus",
    "OrderStep",
    "PlannedSource",
    "PlannedTouch",
    "Potential",
    "ProductLine",
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
    "WorkKind",
]
