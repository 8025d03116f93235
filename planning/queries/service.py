"""Budget against actual: by tier and role, and the customers that get far too little or far too much."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Case, Count, F, FloatField, Sum, When

from accounts.models import Role, Team, User
from accounts.permissions import Act, Area
from customers.models import Assignment, Customer, Tier
from planning.models import Budget, BudgetStatus, CustomerFigures
from territory import clock


@dataclass(frozen=True)
class TierRow:
    """A tier: how many customers, and (actual, budget) in minutes a month by role and for all roles."""

    tier: Tier | None
    customers: int
    by_role: list[tuple[float, float] | None]
    whole: tuple[float, float]


@dataclass(frozen=True)
class ServiceTable:
    """Budget against actual by tier and role; customers without a tier come last, the sum of all under `total`."""

    roles: list[Role]
    rows: list[TierRow]
    total: TierRow


def customers_of(user: User, team: Team | None):
    """Live customers within the reader's reach over budgets, of a team and below or of all."""
    customers = Customer.objects.visible_to(user).within(user, Area.BUDGETS, Act.SEE).live()
    return customers.filter(team__path__startswith=team.path) if team else customers


def service_table(user: User, team: Team | None = None) -> ServiceTable:
    """Sums of stored budgets and actuals; budgets of which it is too early to tell are left out of both."""
    known = Budget.objects.filter(customer__in=customers_of(user, team).values("pk"), actual_minutes__isnull=False)
    sums = (
        known.order_by()
        .values_list("customer__tier_id", "role_id")
        .annotate(
            actual=Sum("actual_minutes"), budget=Sum(F("touch_minutes") + F("travel_minutes") + F("other_minutes"))
        )
    )
    counts = dict(known.order_by().values_list("customer__tier_id").annotate(Count("customer", distinct=True)))
    cells: dict[tuple, tuple[float, float]] = {}
    for tier, role, actual, budget in sums:
        cells[(tier, role)] = (actual or 0.0, budget or 0.0)
    used = {role for _tier, role in cells}
    roles = [role for role in Role.objects.all() if role.pk in used]
    tiers = [tier for tier in [*Tier.objects.all(), None] if counts.get(tier.pk if tier else None)]
    rows = [_row(tier, counts, cells, roles) for tier in tiers]
    return ServiceTable(roles, rows, _total(rows, len(roles)))


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


@dataclass(frozen=True)
class Served:
    """A customer with its actual in per cent of budget, and whose it is."""

    customer: Customer
    owner: str
    actual: float
    budget: float

    @property
    def percent(self) -> float:
        return self.actual / self.budget * 100


def most_served(user: User, status: BudgetStatus, team: Team | None = None, count: int = 5) -> tuple[list[Served], int]:
    """The customers furthest under (or over) their budget, highest tiers first, and how many there are in all."""
    figures = CustomerFigures.objects.filter(
        customer__in=customers_of(user, team).values("pk"), status=status, budget_minutes__gt=0
    ).annotate(
        share=F("actual_minutes") / F("budget_minutes"),
        rank=Case(
            When(customer__tier__isnull=True, then=99.0),
            default=F("customer__tier__position"),
            output_field=FloatField(),
        ),
    )
    order = ("rank", "share" if status == BudgetStatus.UNDER else "-share", "customer__name")
    rows = list(figures.select_related("customer__tier").order_by(*order)[:count])
    owners = owners_of([row.customer_id for row in rows])
    served = [
        Served(r.customer, owners.get(r.customer_id, ""), r.actual_minutes or 0.0, r.budget_minutes) for r in rows
    ]
    return served, figures.count()


def owners_of(customer_ids) -> dict[int, str]:
    """The names of the customers' owners today."""
    found: dict[int, str] = defaultdict(str)
    assignments = Assignment.objects.on(clock.company_today()).owners().filter(customer__in=customer_ids)
    for customer, name in assignments.order_by("pk").values_list("customer_id", "membership__user__name"):
        found[customer] = name
    return dict(found)
