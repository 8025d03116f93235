"""Rules, goals and official values that people set, and the figures computed under them."""

from .alignment import AlignmentMove, AlignmentProposal, Balanced, ProposalState
from .answers import AnswerKind, KeptAnswer
from .call_plans import CallArea, CallPlan, CallPlanSettings, ResponseJudgement, judgements_on
from .conditions import ConditionEffect, ConditionKind, MovedMeasure, SaleMeasure
from .curves import CourseStarts, CurveKind, ExpectedBusiness, TierCurve
from .customer_rules import CustomerRule
from .drafts import DraftAct, DraftState, RuleDraft
from .evidence import EvidenceRun, TouchEvidence
from .figures import Budget, BudgetShare, BudgetStatus, CustomerFigures, DueTouch, FactsMark
from .goals import ActivityGoal, GoalPeriod
from .involvement import INVOLVEMENT_DAYS, SECONDS_OF, CustomerInvolvement, InvolvementFinding, InvolvementRun
from .rebalancing import Rebalancing, RebalancingState
from .rhythm import RhythmGap, RhythmRun, RhythmSum, RhythmWindow
from .rules import (
    COUNTING,
    VISITING,
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
from .sales import SaleFigures, SaleNorm, SalePart, SalesRun, UnsoldFigures, UnsoldLine, UnsoldPart
from .situations import Situation, SituationHours
from .standing import StandingMark, StandingMonths
from .travel import JourneyPair, RoutingServer, ServerKind, SpeedBand
from .values import RejectedSuggestion, TouchValue, ValueStage
from .visits import BusyTime, CalendarFeed, VisitPlan, VisitStop

__all__ = [
    "COUNTING",
    "INVOLVEMENT_DAYS",
    "SECONDS_OF",
    "VISITING",
    "WITHOUT_EFFECT",
    "ActivityGoal",
    "AlignmentMove",
    "AlignmentProposal",
    "AnswerKind",
    "Balanced",
    "Budget",
    "BudgetShare",
    "BudgetStatus",
    "BusyTime",
    "CalendarFeed",
    "CallArea",
    "CallPlan",
    "CallPlanSettings",
    "ConditionEffect",
    "ConditionKind",
    "ContactLoad",
    "ContactRule",
    "CourseStarts",
    "CurveKind",
    "CustomerFigures",
    "CustomerInvolvement",
    "CustomerRule",
    "DraftAct",
    "DraftState",
    "DueTouch",
    "EvidenceRun",
    "ExpectedBusiness",
    "FactsMark",
    "GoalPeriod",
    "InvolvementFinding",
    "InvolvementRun",
    "JourneyPair",
    "KeptAnswer",
    "MovedMeasure",
    "OrderRule",
    "Period",
    "PlanningSettings",
    "ProposalState",
    "Rebalancing",
    "RebalancingState",
    "RejectedSuggestion",
    "ResponseJudgement",
    "RhythmGap",
    "RhythmRun",
    "RhythmSum",
    "RhythmWindow",
    "RoutingServer",
    "RuleDraft",
    "RulesVersion",
    "SaleFigures",
    "SaleMeasure",
    "SaleNorm",
    "SalePart",
    "SalesRun",
    "ServerKind",
    "Situation",
    "SituationHours",
    "SpeedBand",
    "StandingMark",
    "StandingMonths",
    "TeamLoad",
    "TeamSellingLoad",
    "TierCurve",
    "TouchEvidence",
    "TouchValue",
    "UnsoldFigures",
    "UnsoldLine",
    "UnsoldPart",
    "ValueStage",
    "VisitPlan",
    "VisitStop",
    "judgements_on",
]
