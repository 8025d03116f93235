"""Rules and official values that administrators set, and the figures computed under them."""

from .figures import Budget, BudgetShare, BudgetStatus, CustomerFigures, DueTouch, FactsMark
from .rules import (
    ContactLoad,
    ContactRule,
    OrderRule,
    Period,
    PlanningSettings,
    RulesVersion,
    TeamLoad,
    TeamSellingLoad,
)
from .situations import Situation, SituationHours, SituationKind
from .values import TouchValue, ValueStage

__all__ = [
    "Budget",
    "BudgetShare",
    "BudgetStatus",
    "ContactLoad",
    "ContactRule",
    "CustomerFigures",
    "DueTouch",
    "FactsMark",
    "OrderRule",
    "Period",
    "PlanningSettings",
    "RulesVersion",
    "Situation",
    "SituationHours",
    "SituationKind",
    "TeamLoad",
    "TeamSellingLoad",
    "TouchValue",
    "ValueStage",
]
