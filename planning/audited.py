"""What the audit shows of rules: areas, names."""

from accounts.permissions import Area
from planning.models import (
    ActivityGoal,
    BusyTime,
    CalendarFeed,
    CallPlanSettings,
    ContactLoad,
    ContactRule,
    CustomerRule,
    OrderRule,
    PlanningSettings,
    RejectedSuggestion,
    ResponseJudgement,
    RoutingServer,
    Situation,
    SituationHours,
    SpeedBand,
    TeamLoad,
    TeamSellingLoad,
    TouchValue,
)
from territory.audit import registry
from territory.audit.registry import Kind
from territory.formats.days import day_text


def register() -> None:
    registry.add(
        Kind(
            model=ContactRule,
            area=Area.RULES,
            related=("tier", "role", "touch_type"),
            name=lambda row: f"{row.tier}, {row.get_stage_display()}, {row.role}, {row.touch_type}",
        ),
        Kind(
            model=CustomerRule,
            area=Area.BUDGETS,
            related=("customer", "role", "touch_type"),
            name=lambda row: f"{row.customer}, {row.role}, {row.touch_type}",
        ),
        Kind(model=OrderRule, area=Area.RULES, related=("role", "tier"), name=lambda row: str(row.role)),
        Kind(
            model=ContactLoad,
            area=Area.RULES,
            related=("contact_role", "role"),
            name=lambda row: f"{row.contact_role}, {row.role}",
        ),
        Kind(model=TeamSellingLoad, area=Area.RULES, related=("role",), name=lambda row: str(row.role)),
        Kind(model=TeamLoad, area=Area.RULES, related=("role",), name=lambda row: str(row.role)),
        Kind(model=PlanningSettings, area=Area.RULES),
        Kind(model=RoutingServer, area=Area.RULES, name=lambda row: row.address),
        Kind(model=CallPlanSettings, area=Area.RULES),
        Kind(
            model=ResponseJudgement,
            area=Area.RULES,
            related=("tier", "set_by"),
            name=lambda row: f"{row.tier}, {day_text(row.starts_on)}",
        ),
        Kind(model=SpeedBand, area=Area.RULES, name=lambda row: f"{row.from_km} km"),
        Kind(
            model=ActivityGoal,
            area=Area.BUDGETS,
            related=("role", "user", "touch_type"),
            name=lambda row: f"{row.role or row.user}, {row.touch_type}",
        ),
        Kind(
            model=TouchValue,
            area=Area.TOUCH_VALUES,
            related=("touch_type", "tier", "approved_by"),
            name=lambda row: f"{row.touch_type}, {row.tier}, {row.get_stage_display()}",
        ),
        Kind(
            model=RejectedSuggestion,
            area=Area.TOUCH_VALUES,
            related=("official__touch_type", "official__tier", "rejected_by"),
            fields={"value": Area.AMOUNTS, "low": Area.AMOUNTS, "high": Area.AMOUNTS},
            name=lambda row: str(row.official),
        ),
        Kind(
            model=Situation,
            area=Area.BUDGETS,
            related=("customer", "order", "person", "market", "product_line", "team", "owner", "acknowledged_by"),
            fields={"share": Area.AMOUNTS, "evidence": Area.AMOUNTS},
            name=lambda row: f"{row.get_kind_display()}, {row.customer or row.person or row.market}, {row.team}",
            url="situation_detail",
        ),
        Kind(
            model=SituationHours,
            area=Area.BUDGETS,
            related=(
                "situation__customer",
                "situation__person",
                "situation__market",
                "situation__product_line",
                "user",
            ),
            name=lambda row: f"{row.user}, {row.situation.about}",
        ),
        Kind(model=BusyTime, area=Area.ABSENCES, related=("person",), name=lambda row: f"{row.person}, {row}"),
        Kind(model=CalendarFeed, area=Area.PEOPLE, related=("person",), name=lambda row: str(row.person)),
    )
