"""Budget against actual: by tier and role, and the customers that get far too little or far too much."""

import datetime as dt

from django.db.models import Case, Count, Exists, F, FloatField, OuterRef, Q, QuerySet, Subquery, Sum, When, Window
from msgspec import Struct

from accounts.models import Role, Team, User
from accounts.permissions import Act, Area
from customers.models import Assignment, Customer, Tier
from customers.scope import customers_within, hangs_within
from planning.models import Budget, BudgetStatus, CustomerFigures
from territory import clock
from territory.together import Prepared, prepared, together

# So many customers far from their budget are named.
SHOWN = 5


class TierRow(Struct, frozen=True):
    """A tier: how many customers, and (actual, budget) in minutes a month by role and for all roles."""

    tier: Tier | None
    customers: int
    by_role: list[tuple[float, float] | None]
    whole: tuple[float, float]


class ServiceTable(Struct, frozen=True):
    """Budget against actual by tier and role; customers without a tier come last, the sum of all under `total`."""

    roles: list[Role]
    rows: list[TierRow]
    total: TierRow


def _reached(user: User, team: Team | None) -> Q:
    """Condition on rows of customers within the reader's reach over budgets, of a team and below or of all."""
    condition = hangs_within(user, Area.BUDGETS, Act.SEE)
    return condition & Q(customer__team__path__startswith=team.path) if team else condition


def _customers_reached(user: User, team: Team | None) -> Q:
    """The same condition on the customers themselves."""
    seen, reached = (customers_within(user, area, Act.SEE) for area in (Area.CUSTOMERS, Area.BUDGETS))
    condition = seen if seen is reached else seen & reached
    return condition & Q(team__path__startswith=team.path) if team else condition


def service_table(user: User, team: Team | None = None) -> ServiceTable:
    """Sums of stored budgets and actuals, in one query."""
    return table_of(*together(*table_questions(user, team)))


def table_questions(user: User, team: Team | None = None) -> tuple[Prepared, ...]:
    """Sums by tier and role, customers by tier, roles and tiers: what `table_of` makes something of, to be asked together.

    Budgets of which it is too early to tell are left out.
    """
    return _sums(_reached(user, team)), _counts(_customers_reached(user, team)), _roles(), _tiers()


# Of the others it is too early to tell.
_KNOWN = Q(actual_minutes__isnull=False)


@prepared
def _sums(reached: Q) -> QuerySet:
    rows = Budget.objects.filter(reached, _KNOWN, customer__archived_at__isnull=True).order_by()
    minutes = Sum(F("touch_minutes") + F("travel_minutes") + F("other_minutes"))
    return rows.values_list("customer__tier_id", "role_id").annotate(Sum("actual_minutes"), budget=minutes)


@prepared
def _counts(reached: Q) -> QuerySet:
    """Customers that have such a budget: to look whether they have one is quicker than to count them among budgets."""
    known = Exists(Budget.objects.filter(_KNOWN, customer=OuterRef("pk")))
    rows = Customer.objects.filter(reached, known, archived_at__isnull=True).order_by()
    return rows.values_list("tier_id").annotate(Count("pk"))


@prepared
def _roles() -> QuerySet[Role]:
    return Role.objects.only("name")


@prepared
def _tiers() -> QuerySet[Tier]:
    return Tier.objects.only("name", "position")


def table_of(sums: list[tuple], counts: list[tuple], roles: list[Role], tiers: list[Tier]) -> ServiceTable:
    """The table from the answers to `table_questions`; roles and tiers without figures are left out."""
    cells = {(tier, role): (actual or 0.0, budget or 0.0) for tier, role, actual, budget in sums}
    used, customers = {role for _tier, role in cells}, dict(counts)
    columns = [role for role in roles if role.pk in used]
    shown = [tier for tier in [*tiers, None] if customers.get(tier.pk if tier else None)]
    rows = [_row(tier, customers, cells, columns) for tier in shown]
    return ServiceTable(columns, rows, _total(rows, len(columns)))


def _row(tier: Tier | None, counts: dict, cells: dict, roles: list[Role]) -> TierRow:
    key = tier.pk if tier else None
    by_role = [cells.get((key, role.pk)) for role in roles]
    return TierRow(tier, counts[key], by_role, _sum(by_role))


def _total(rows: list[TierRow], width: int) -> TierRow:
    by_role = [_sum([row.by_role[number] for row in rows]) for number in range(width)]
    return TierRow(None, sum(row.customers for row in rows), by_role, _sum(by_role))


def _sum(parts: list[tuple[float, float] | None]) -> tuple[float, float]:
    known = [part for part in parts if part is not None]
    return sum(part[0] for part in known), sum(part[1] for part in known)


class Served(Struct, frozen=True):
    """A customer with its actual in per cent of budget, and whose it is."""

    customer: Customer
    owner: str
    actual: float
    budget: float

    @property
    def percent(self) -> float:
        return self.actual / self.budget * 100


def most_served(user: User, status: BudgetStatus, team: Team | None = None) -> Prepared:
    """The customers furthest under (or over) their budget, highest tiers first: what `served_of` makes something of."""
    return _most_served(_reached(user, team), status, clock.company_today())


@prepared
def _most_served(reached: Q, status: BudgetStatus, today: dt.date) -> QuerySet[CustomerFigures]:
    owners = Assignment.objects.on(today).owners().filter(customer=OuterRef("customer"))
    rank = Case(
        When(customer__tier__isnull=True, then=99.0), default=F("customer__tier__position"), output_field=FloatField()
    )
    share = F("actual_minutes") / F("budget_minutes")
    return (
        CustomerFigures.objects.filter(reached, customer__archived_at__isnull=True, status=status, budget_minutes__gt=0)
        .annotate(of=Window(Count("*")), owner=Subquery(owners.order_by("-pk").values("membership__user__name")[:1]))
        .alias(rank=rank, share=share)
        .order_by("rank", "share" if status == BudgetStatus.UNDER else "-share", "customer__name")
        .select_related("customer__tier")
        .only("actual_minutes", "budget_minutes", "customer__name", "customer__tier__name", "customer__tier__position")[
            :SHOWN
        ]
    )


def served_of(rows: list[CustomerFigures]) -> tuple[list[Served], int]:
    """Customers from the answer to `most_served`, and how many there are in all."""
    served = [Served(row.customer, row.owner or "", row.actual_minutes or 0.0, row.budget_minutes) for row in rows]
    return served, rows[0].of if rows else 0
