"""What the reports on figures share: figures of a day from the log, names, and what a reader may see. Not a report."""

import datetime as dt
from collections.abc import Collection

from django.db.models import Min, QuerySet

from accounts.models import Role, Team, User
from accounts.permissions import Act, Area, people_within, teams_within
from customers.models import Customer, TouchType
from customers.scope import hangs_within
from planning.engine.customer import CustomerFigures as Figures
from planning.loaders import Ground, load, load_ground
from planning.models import Budget, CustomerFigures
from planning.reports.definition import Asked, shown_id


def figures_as_of(asked: Asked) -> tuple[list[Figures], Ground]:
    """Everything computed from the log for the day asked for, of the customers whose figures the reader may see."""
    ground = load_ground(asked.on)
    return load(seen_customers(asked), ground, from_log=True).figures(), ground


def seen_customers(asked: Asked) -> Collection[int] | None:
    """Customers whose budgets the reader may see and export; None: all."""
    if asked.reader is None:
        return None
    rows = Customer.objects.visible_to(asked.reader).within(asked.reader, Area.BUDGETS, Act.SEE)
    return list(rows.within(asked.reader, Area.EXPORT, Act.SEE).values_list("pk", flat=True))


def seen_people(asked: Asked, area: str) -> QuerySet[User]:
    """People whom the reader may see in `area` and export; the machine: all."""
    if asked.reader is None:
        return User.objects.all()
    exported = people_within(asked.reader, Area.EXPORT, Act.SEE)
    return people_within(asked.reader, area, Act.SEE).filter(pk__in=exported.values("pk"))


def seen_teams(asked: Asked, area: str) -> set[int] | None:
    """Teams whose totals the reader may see in `area` and export; None: all."""
    if asked.reader is None:
        return None
    exported = teams_within(asked.reader, Area.EXPORT, Act.SEE)
    rows = teams_within(asked.reader, area, Act.SEE).filter(pk__in=exported.values("pk"))
    return set(rows.values_list("pk", flat=True))


def exported(asked: Asked, rows: QuerySet) -> QuerySet:
    """Of rows that hang on a customer, those that the reader may export: within reach of that, of visible customers."""
    return rows if asked.reader is None else rows.filter(hangs_within(asked.reader, Area.EXPORT, Act.SEE))


def computed_at(asked: Asked) -> dt.datetime:
    """When the oldest stored figure was computed; now where there are none."""
    return CustomerFigures.objects.aggregate(oldest=Min("computed_at"))["oldest"] or asked.now


def customer_names() -> dict[int, str]:
    rows = Customer.objects.values_list("pk", "external_id", "name")
    return {pk: shown_id(external_id, name) for pk, external_id, name in rows}


def people_names() -> dict[int, str]:
    rows = User.objects.values_list("pk", "external_id", "name")
    return {pk: shown_id(external_id, name) for pk, external_id, name in rows}


def team_names() -> dict[int, str]:
    rows = Team.objects.values_list("pk", "external_id", "name")
    return {pk: shown_id(external_id, name) for pk, external_id, name in rows}


def role_names() -> dict[int, str]:
    """In the roles' own order."""
    return dict(Role.objects.order_by("position", "name").values_list("pk", "name"))


def touch_type_names() -> dict[int, str]:
    return dict(TouchType.objects.order_by("position", "name").values_list("pk", "name"))


def stored_budgets(asked: Asked):
    """Stored budgets of live customers that the reader may see and export."""
    rows = Budget.objects.filter(customer__archived_at__isnull=True)
    if asked.reader is not None:
        rows = rows.filter(hangs_within(asked.reader, Area.BUDGETS, Act.SEE))
    return exported(asked, rows)
