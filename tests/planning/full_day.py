"""A day on which every panel of *Today* and *Team workload* has something to show, for each who may open them."""

import datetime as dt

from accounts.models import Membership
from customers.actions.lifecycle import rebuild_lifecycle
from planning.models import Budget, BudgetShare, SituationHours
from planning.models import TeamLoad as TeamLoadRule
from territory import clock
from tests import factories

DAY = dt.timedelta(days=1)

#: what stands on each page then
SHOWN = {
    "today": (
        "Best first",
        "Visits today",
        "Special situations",
        "Budget freeze ends in 3 days",
        "Managers made",
        "at 20\N{NO-BREAK SPACE}% of its budget",
        "this month",
    ),
    "workload": (
        "Unstaffed",
        "<b>Away</b>",
        "20 of 100 min",
        "300 of 100 min",
        "Special situations",
        "hours a week",
        "this month",
    ),
}


def fill(cast, due: int = 45) -> None:
    """The rep is away today, and the mate, away in a week, stands in on one of their customers; all have more to do than fits the page."""
    factories.tiers()
    factories.sale_types()
    ours = [cast.rep_membership, cast.mate_membership]
    ours += [user.memberships.get() for user in (cast.manager, cast.admin)]
    for member in ours:
        customers = [_customer(member, number) for number in range(due)]
        rebuild_lifecycle([row.pk for row in customers], now=clock.now())
    factories.cover(cast.rep, cast.mate_membership, clock.company_today(), clock.company_today(), cast.own)
    for member in ours:
        factories.activity_goal(member.user, 9)
        factories.activity_goal(member.user, 40, "month", factories.touch_types()["field"])
    factories.absence(cast.mate, clock.company_today() + 7 * DAY, clock.company_today() + 9 * DAY)
    TeamLoadRule.objects.create(role=cast.rep_membership.role)


def _customer(member: Membership, number: int):
    """A customer with a touch due, called by name; some with a visit, an order that stands out, work without anybody."""
    user, today = member.user, clock.company_today()
    row = factories.customer(f"{user.name} Mill {number}", owner=member, latitude=51.0, longitude=0.1, town="Exmouth")
    factories.contact(row, f"Buyer {number}", phone="01 234 567", decides=True)
    factories.due_touch(row, user, today - DAY * (number + 1))
    factories.figures(row, *((100, 20, "under") if number % 2 else (100, 300, "over")))
    Budget.objects.create(customer=row, role=member.role, touch_minutes=100, actual_minutes=20)
    for seat in (member, None):
        BudgetShare.objects.create(
            customer=row, role=member.role, membership=seat, team=member.team, share=1, touch_minutes=100
        )
    if number < 4:
        factories.planned_touch(row, user, today, type=factories.touch_types()["field"], reason="promised")
        factories.touch(row, user, clock.now() - 3 * DAY)
        factories.circumstance(row, ends_on=today + 3 * DAY)
        situation = factories.situation(factories.order(row, 80_000))
        SituationHours.objects.create(situation=situation, user=user, hours_per_week=2)
    return row
