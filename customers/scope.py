"""A person's reach turned into rows of this room, in SQL. Every `visible_to` and `editable_by` rests on these conditions."""

import datetime as dt

from django.apps import apps
from django.db.models import Q

from accounts.permissions import Act, Area, Scope, people_within, scope
from territory import clock
from territory.rows import on_day

# How long a person may change what they wrote themselves, where their role allows no more.
AUTHORED_FOR = dt.timedelta(days=7)

NOTHING = Q(pk__in=[])

# An empty Q would vanish when it is joined to another by "or", and cannot stand in a When().
EVERYTHING = Q(pk__isnull=False)


def customers_within(user, area: str, act: str) -> Q:
    """Condition on Customer: those within the person's reach in `area`, whatever was written by whom."""
    reached = scope(user, area, act)
    if reached.everything:
        return EVERYTHING
    return _owned(reached.memberships) | _teams(reached)


def _owned(memberships: list[int]) -> Q:
    """Customers with a current assignment of one of these memberships."""
    if not memberships:
        return NOTHING
    assignments = apps.get_model("customers.Assignment").objects.filter(
        on_day(clock.company_today()), membership_id__in=memberships
    )
    return Q(pk__in=assignments.values("customer"))


def _teams(reached: Scope) -> Q:
    """Customers of the teams within reach, or with a current assignment of a member or an open order of such a team."""
    if not reached.has_teams:
        return NOTHING
    assignments = apps.get_model("customers.Assignment").objects.filter(
        on_day(clock.company_today()), reached.teams_through("membership__team__")
    )
    orders = apps.get_model("customers.Order").objects.filter(
        reached.teams_through("team__"), status="pending", archived_at__isnull=True
    )
    return (
        reached.teams_through("team__") | Q(pk__in=assignments.values("customer")) | Q(pk__in=orders.values("customer"))
    )


def _customers(condition: Q):
    return apps.get_model("customers.Customer").objects.filter(condition)


def _on_customer(condition: Q) -> Q:
    """A condition on customers as one on rows that hang on a customer."""
    return EVERYTHING if condition == EVERYTHING else Q(customer__in=_customers(condition).values("pk"))


def hangs_within(user, area: str, act: str) -> Q:
    """Condition on rows with a `customer`: the customer is visible, and the area's own reach covers it."""
    condition = _on_customer(customers_within(user, Area.CUSTOMERS, Act.SEE))
    if area == Area.CUSTOMERS and act == Act.SEE:
        return condition
    if scope(user, area, act).grants == scope(user, Area.CUSTOMERS, Act.SEE).grants:
        return condition
    return condition & _on_customer(customers_within(user, area, act))


def written_within(user, area: str, always: Q | None = None) -> Q:
    """Condition on rows with `customer`, `logged_by`, `logged_at` that the person may change.

    Where a role reaches only what one wrote oneself: for 7 days, and beyond that what `always` names.
    """
    reached = scope(user, area, Act.CHANGE)
    condition = _on_customer(customers_within(user, area, Act.CHANGE))
    if condition == EVERYTHING or not reached.authored_memberships:
        return condition
    lately = Q(logged_at__gte=clock.now() - AUTHORED_FOR)
    return condition | (Q(logged_by=user) & (lately | always if always is not None else lately))


def work_within(user, act: str) -> Q:
    """Condition on internal work: on customers by reach over them, for a team alone by reach over people.

    Reach over what one wrote oneself is none over people, not even oneself: that is `written_within`.
    """
    reached = scope(user, Area.TOUCHES, act)
    people = people_within(user, Area.TOUCHES, act)
    if not reached.everything and not reached.memberships:
        people = people.none()
    return (Q(customer__isnull=False) & hangs_within(user, Area.TOUCHES, act)) | Q(
        customer__isnull=True, user__in=people.values("pk")
    )


def amounts_within(user, customer: str = "customer__") -> Q:
    """Condition on rows that reach a customer: those whose amounts the person may see."""
    seen = customers_within(user, Area.CUSTOMERS, Act.SEE)
    amounts = customers_within(user, Area.AMOUNTS, Act.SEE)
    if seen == amounts == EVERYTHING:
        return EVERYTHING
    field = f"{customer}pk__in"
    return Q(**{field: _customers(seen).filter(amounts).values("pk")})
