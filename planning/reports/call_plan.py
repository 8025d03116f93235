"""Call plan: the latest of each team within reach, by tier and touch type or by customer; as of a day the latest of then."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Team
from accounts.permissions import Area
from customers.models import Tier
from planning.models import CallPlan
from planning.queries.call_plans import plan_teams
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.figures import customer_names, role_names, seen_customers, team_names
from territory import clock

BY_TIER = (
    Column("team"),
    Column("role"),
    Column("tier"),
    Column("stage"),
    Column("touch_type"),
    Column("customers", Kind.COUNT),
    Column("calls", Kind.SHARE),
    Column("proposed", Kind.SHARE),
    Column("fewest", Kind.SHARE),
    Column("most", Kind.SHARE),
    Column("minutes", Kind.MINUTES),
    Column("minutes_proposed", Kind.MINUTES),
    Column("business", Kind.MONEY, Area.AMOUNTS),
    Column("business_proposed", Kind.MONEY, Area.AMOUNTS),
    Column("computed_on", Kind.DAY),
)
BY_CUSTOMER = (
    Column("team"),
    Column("role"),
    Column("customer"),
    Column("times", Kind.SHARE),
    Column("computed_on", Kind.DAY),
)


def answer(asked: Asked) -> Answer:
    """By tier: touches and minutes a year of a contact rule, business of its tier and stage. By customer: how many times the
    calls of now it would get on its own. Money stands where the reader sees the team's amounts: else there is no plan."""
    plans = _plans(asked)
    rows = _by_customer(plans, asked) if asked.by == "customer" else _by_tier(plans)
    oldest = min((plan.computed_at for plan in plans if plan.computed_at), default=asked.now)
    return Answer(list(rows), oldest)


def _plans(asked: Asked) -> list[CallPlan]:
    """The latest computed of each team, by the team's name."""
    teams = Team.objects.all() if asked.reader is None else plan_teams(asked.reader, Area.EXPORT)
    rows = CallPlan.objects.filter(team__in=teams.order_by().values("pk"), computed_at__isnull=False)
    if asked.as_of is not None:
        rows = rows.filter(computed_at__lt=clock.end_of_day(asked.as_of, clock.company_zone()))
    latest: dict[int, CallPlan] = {}
    for plan in rows.order_by("computed_at", "pk"):
        latest[plan.team_id] = plan
    names = team_names()
    return sorted(latest.values(), key=lambda plan: names[plan.team_id])


def _day(plan: CallPlan) -> Any:
    return clock.day_of(plan.computed_at, clock.company_zone()) if plan.computed_at else None


def _by_tier(plans: list[CallPlan]) -> Iterator[dict[str, Any]]:
    teams, roles = team_names(), role_names()
    tiers = {row.pk: row for row in Tier.objects.all()}
    for plan in plans:
        groups = (plan.result or {}).get("groups", ())
        for row in sorted(groups, key=lambda row: (tiers[row["tier"]].position, row["tier"], row["stage"])):
            for line in row["lines"]:
                now, then, fewest, most = line["calls"]
                yield {
                    "team": teams[plan.team_id],
                    "role": roles[plan.role_id],
                    "tier": tiers[row["tier"]].name,
                    "stage": row["stage"],
                    "touch_type": line["touch_type"],
                    "customers": row["customers"],
                    "calls": now,
                    "proposed": then,
                    "fewest": fewest,
                    "most": most,
                    "minutes": line["minutes_now"],
                    "minutes_proposed": line["minutes_then"],
                    "business": row["value_now"],
                    "business_proposed": row["value_then"],
                    "computed_on": _day(plan),
                }


def _by_customer(plans: list[CallPlan], asked: Asked) -> Iterator[dict[str, Any]]:
    teams, roles, names = team_names(), role_names(), customer_names()
    keys = seen_customers(asked) if plans else []
    visible = None if keys is None else set(keys)
    for plan in plans:
        own = {
            int(pk): times
            for pk, times in (plan.result or {}).get("own", {}).items()
            if visible is None or int(pk) in visible
        }
        for pk in sorted(own, key=lambda pk: names[pk]):
            yield {
                "team": teams[plan.team_id],
                "role": roles[plan.role_id],
                "customer": names[pk],
                "times": own[pk],
                "computed_on": _day(plan),
            }


REPORT = Report(
    "call_plan",
    BY_TIER,
    answer,
    by=("tier", "customer"),
    shape=lambda asked: BY_CUSTOMER if asked.by == "customer" else BY_TIER,
)
