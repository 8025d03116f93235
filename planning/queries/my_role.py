"""My role: what I am authorised to be, on whom I work, and how much my managers are involved."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import Q, Sum

from accounts.models import Membership, RoleFunction, User
from accounts.permissions import current_memberships
from customers.models import Assignment, StagePeriod, Tier, TierPeriod, TouchPerson
from territory import clock
from territory.rows import on_day

MONTH_DAYS = 30
WINDOW_DAYS = 90
MANAGING = (RoleFunction.MANAGEMENT, RoleFunction.SENIOR_MANAGEMENT)


@dataclass(frozen=True)
class Standing:
    """How many prospects and customers of a tier, now and a month ago; `tier` None where none applies."""

    tier: Tier | None
    prospects: int
    prospects_before: int
    customers: int
    customers_before: int


@dataclass(frozen=True)
class MyRole:
    """`manager_share`: managers' part of all minutes on my customers in the last 90 days, None without any."""

    memberships: list[Membership]
    kinds: dict[str, int]
    standings: list[Standing]
    manager_share: float | None


def my_role(user: User) -> MyRole:
    """The person's own part, in a fixed number of queries."""
    today = clock.company_today()
    now_counts = _counts(user, today)
    before = _counts(user, today - dt.timedelta(days=MONTH_DAYS))
    tiers: list[Tier | None] = [*Tier.objects.live(), None]
    standings = [
        Standing(
            tier,
            *(
                counts[(tier.pk if tier else None, stage)]
                for stage in ("prospect", "customer")
                for counts in (now_counts, before)
            ),
        )
        for tier in tiers
    ]
    assignments = Assignment.objects.filter(on_day(today), membership__user=user, customer__archived_at__isnull=True)
    return MyRole(
        memberships=current_memberships(user),
        kinds=Counter(assignments.values_list("kind", flat=True)),
        standings=[
            row for row in standings if any((row.prospects, row.prospects_before, row.customers, row.customers_before))
        ],
        manager_share=_manager_share(assignments.values("customer"), today),
    )


def _counts(user: User, day: dt.date) -> Counter:
    """(tier, stage) -> customers the person worked on that day, by the stage at the day's end."""
    end = clock.end_of_day(day, clock.company_zone())
    worked_on = Assignment.objects.filter(on_day(day), membership__user=user, customer__archived_at__isnull=True)
    stages = dict(
        StagePeriod.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gte=end), began_at__lt=end, customer__in=worked_on.values("customer")
        ).values_list("customer_id", "stage")
    )
    tiers = dict(
        TierPeriod.objects.filter(on_day(day), customer__in=worked_on.values("customer")).values_list(
            "customer_id", "tier_id"
        )
    )
    return Counter((tiers.get(customer), stage) for customer, stage in stages.items())


def _manager_share(customers, today: dt.date) -> float | None:
    since = clock.start_of_day(today - dt.timedelta(days=WINDOW_DAYS - 1), clock.company_zone())
    minutes = TouchPerson.objects.filter(
        touch__customer__in=customers,
        touch__at__gte=since,
        touch__archived_at__isnull=True,
        touch__is_implausible=False,
    ).aggregate(
        everyone=Sum("duration_seconds"), managers=Sum("duration_seconds", filter=Q(role__function__in=MANAGING))
    )
    return (minutes["managers"] or 0) / minutes["everyone"] if minutes["everyone"] else None
