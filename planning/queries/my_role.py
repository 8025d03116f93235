"""My role: what I am authorised to be, on whom I work, and how much my managers are involved."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from msgspec import Struct, field

from accounts.models import Membership, RoleFunction, User
from accounts.permissions import current_memberships
from accounts.queries import MANAGING
from customers.models import Assignment, AssignmentKind, StagePeriod, Tier, TierPeriod, TouchPerson
from planning.models import InvolvementFinding
from planning.queries.involvement import open_findings
from territory import clock
from territory.rows import on_day
from territory.together import Prepared, prepared, together

MONTH_DAYS = 30
WINDOW_DAYS = 90


class Standing(Struct, frozen=True):
    """How many prospects and customers of a tier, now and a month ago; `tier` None where none applies."""

    tier: Tier | None
    prospects: int
    prospects_before: int
    customers: int
    customers_before: int


class MyRole(Struct, frozen=True):
    """`manager_share`: managers' part of all minutes on my customers in the last 90 days, None without any; `senior_share`
    that of senior managers alone. `held`: as what I work on how many customers; `touched`: of those of whom I am the sole
    contact, how many others touched by last night; `misfits`: of how many assignments something else does not fit.
    """

    memberships: list[Membership]
    standings: list[Standing]
    manager_share: float | None
    senior_share: float | None = None
    held: list[tuple[str, int]] = field(default_factory=list)
    touched: int = 0
    misfits: int = 0

    @property
    def customers(self) -> int:
        """On how many customers I work."""
        return sum(count for _kind, count in self.held)


def my_role(user: User) -> MyRole:
    """The person's own part, in one query."""
    return role_of(user, *together(*role_questions(user)))


def role_questions(user: User) -> tuple[Prepared, ...]:
    """What `role_of` makes something of, to be asked together: tiers, counts now and a month ago, minutes by function,
    as what they work, and what of it does not fit."""
    today, zone = clock.company_today(), clock.company_zone()
    before = today - dt.timedelta(days=MONTH_DAYS)
    since = clock.start_of_day(today - dt.timedelta(days=WINDOW_DAYS - 1), zone)
    return (
        _tiers(),
        *(_standing_on(user.pk, day, clock.end_of_day(day, zone)) for day in (today, before)),
        _minutes(user.pk, today, since),
        _held(user.pk, today),
        _misfits(user.pk, today),
    )


def role_of(
    user: User,
    tiers: Sequence[Tier],
    now: list[tuple],
    before: list[tuple],
    minutes: list[tuple],
    held: list[tuple],
    misfits: list[tuple],
) -> MyRole:
    """The person's own part from the answers to `role_questions`; tiers without anybody are left out."""
    counts = [{(tier, stage): count for tier, stage, count in rows} for rows in (now, before)]
    standings = []
    for tier in (*tiers, None):
        key = tier.pk if tier else None
        found = [on.get((key, stage), 0) for stage in ("prospect", "customer") for on in counts]
        if any(found):
            standings.append(Standing(tier, *found))
    spent: dict[str, int] = dict(minutes)
    everyone, managers = sum(spent.values()), sum(spent.get(name, 0) for name in MANAGING)
    seniors = spent.get(RoleFunction.SENIOR_MANAGEMENT, 0)
    as_what, wrong = dict(held), dict(misfits)
    return MyRole(
        current_memberships(user),
        standings,
        managers / everyone if everyone else None,
        seniors / everyone if everyone else None,
        [(str(kind.label), as_what[kind]) for kind in AssignmentKind if kind in as_what],
        wrong.pop(InvolvementFinding.Happened.SOLE_TOUCHED, 0),
        sum(wrong.values()),
    )


@prepared
def _tiers() -> QuerySet[Tier]:
    return Tier.objects.live().only("name", "position")


def _worked_on(person: int, day: dt.date) -> QuerySet:
    """Customers that the person worked on that day."""
    rows = Assignment.objects.filter(on_day(day), membership__user=person, customer__archived_at__isnull=True)
    return rows.order_by().values("customer")


@prepared
def _standing_on(person: int, day: dt.date, end: dt.datetime) -> QuerySet:
    """Tier, stage and how many customers of theirs the person worked on that day, by the stage at the day's end."""
    tiers = TierPeriod.objects.filter(on_day(day), customer=OuterRef("customer"))
    return (
        StagePeriod.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gte=end), began_at__lt=end, customer__in=_worked_on(person, day)
        )
        .order_by()
        .annotate(tier=Subquery(tiers.order_by("-pk").values("tier")[:1]))
        .values_list("tier", "stage")
        .annotate(Count("pk"))
    )


@prepared
def _minutes(person: int, today: dt.date, since: dt.datetime) -> QuerySet:
    """Seconds of touches with the person's customers since then, by the function of who made them."""
    made = TouchPerson.objects.filter(
        touch__customer__in=_worked_on(person, today),
        touch__at__gte=since,
        touch__archived_at__isnull=True,
        touch__is_implausible=False,
    )
    return made.order_by().values_list("role__function").annotate(Sum("duration_seconds"))


@prepared
def _held(person: int, today: dt.date) -> QuerySet:
    """On how many customers the person works as what."""
    rows = Assignment.objects.on(today).filter(membership__user=person, customer__archived_at__isnull=True)
    return rows.order_by().values_list("kind").annotate(Count("pk"))


@prepared
def _misfits(person: int, today: dt.date) -> QuerySet:
    """Of how many of the person's assignments something does not fit, by what."""
    rows = open_findings(today).select_related(None).filter(assignment__membership__user=person)
    return rows.order_by().values_list("happened").annotate(Count("pk"))
