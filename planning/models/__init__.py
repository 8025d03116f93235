"""Rules, goals and official values that people set, and the figures computed under them."""

from .curves import CourseStarts, CurveKind, ExpectedBusiness, TierCurve
from .customer_rules import CustomerRule
from .drafts import DraftAct, DraftState, RuleDraft
from .evidence import EvidenceRun, TouchEvidence
from .figures import Budget, BudgetShare, BudgetStatus, CustomerFigures, DueTouch, FactsMark
from .goals import ActivityGoal, GoalPeriod
from .rhythm import RhythmGap, RhythmRun, RhythmSum, RhythmWindow
from .rules import (
    COUNTING,
    WITHOUT_EFFECT,
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
from .values import RejectedSuggestion, TouchValue, ValueStage

__all__ = [
    "COUNTING",
    "WITHOUT_EFFECT",
    "ActivityGoal",
    "Budget",
    "BudgetShare",
    "BudgetStatus",
    "ContactLoad",
    "ContactRule",
    "CourseStarts",
    "CurveKind",
    "CustomerFigures",
    "CustomerRule",
    "DraftAct",
    "DraftState",
    "DueTouch",
    "EvidenceRun",
    "ExpectedBusiness",
    "FactsMark",
    "GoalPeriod",
    "OrderRule",
    "Period",
    "PlanningSettings",
    "RejectedSuggestion",
    "RhythmGap",
    "RhythmRun",
    "RhythmSum",
    "RhythmWindow",
    "RuleDraft",
    "RulesVersion",
    "Situation",
    "SituationHours",
    "SituationKind",
    "TeamLoad",
    "TeamSellingLoad",
    "TierCurve",
    "TouchEvidence",
    "TouchValue",
    "ValueStage",
]
