"""Stages, selling courses, tiers and sale types of a customer, as pure functions of its facts (domain 2).

No database, no clock: facts in, dated periods out. The same facts give the same lifecycle in whatever order they came
to be known, and a later fact never changes an earlier day, so "as of" a date is the lifecycle read at that date.
`stages`, `tiers` and `sale_types` say how each corner is decided.
"""

from customers.lifecycle.days import local_day, start_of_day
from customers.lifecycle.facts import (
    Decision,
    Facts,
    Order,
    Potential,
    Stage,
    Status,
    TierBound,
    TierFix,
    as_of,
    since_day,
)
from customers.lifecycle.read import Lifecycle, Standing, TierPeriod
from customers.lifecycle.sale_types import SaleKind
from customers.lifecycle.stages import Cause, Course, Outcome, StagePeriod
from customers.lifecycle.tiers import ValuePeriod, tier_for

__all__ = [
    "Cause",
    "Course",
    "Decision",
    "Facts",
    "Lifecycle",
    "Order",
    "Outcome",
    "Potential",
    "SaleKind",
    "Stage",
    "StagePeriod",
    "Standing",
    "Status",
    "TierBound",
    "TierFix",
    "TierPeriod",
    "ValuePeriod",
    "as_of",
    "local_day",
    "since_day",
    "start_of_day",
    "tier_for",
]
