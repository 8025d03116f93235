"""Companies, people, teams, roles and memberships for tests."""

import datetime as dt
import itertools
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from simple_history.utils import bulk_create_with_history

from accounts.models import Absence, Cover, Membership, Role, RoleFunction, Team, User
from accounts.starting_access import STARTING_ROLES
from territory.company.models import Company

_numbers = itertools.count(1)
AT_WORK = {"weekly_hours": Decimal("40"), "selling_share": Decimal("0.5"), "profile": "sole"}


def company(**fields) -> Company:
    """The one company; Europe/London and GBP unless said otherwise."""
    values = {"name": "Test company", "currency": "GBP", "time_zone": "Europe/London", **fields}
    row, _ = Company.objects.update_or_create(pk=1, defaults=values)
    return row


def roles() -> dict[str, Role]:
    """The starting roles by name; made at the first call of a test."""
    known = {row.name: row for row in Role.objects.all()}
    missing = [
        Role(
            name=name,
            function=function,
            position=position,
            access={str(area): {str(a): str(r) for a, r in acts.items()} for area, acts in access.items()},
        )
        for position, (name, function, access) in enumerate(STARTING_ROLES)
        if name not in known
    ]
    return known | {row.name: row for row in Role.objects.bulk_create(missing)}


def role(name: str = "Salesperson", **fields) -> Role:
    """A starting role by name, or a new role when fields are given."""
    if not fields:
        return roles()[name]
    return Role.objects.create(name=name, **{"function": RoleFunction.SALES, **fields})


def team(name: str | None = None, parent: Team | None = None, **fields) -> Team:
    return Team.objects.create(name=name or f"Team {next(_numbers)}", parent=parent, **fields)


def person(name: str | None = None, **fields) -> User:
    """A person with an e-mail address and the password "correct horse 1"."""
    number = next(_numbers)
    email = fields.pop("email", f"person{number}@example.com")
    password = fields.pop("password", "correct horse 1")
    return User.objects.create_user(email=email, password=password, name=name or f"Person {number}", **fields)


def join(*people: tuple[str, Team, str, dict]) -> list[Membership]:
    """Many at once, in few statements: name, team, role and what else a membership has (as `membership` makes it)."""
    known, password = roles(), make_password("correct horse 1")
    users = [User(email=f"person{next(_numbers)}@example.com", name=name, password=password) for name, *_ in people]
    for user in users:
        user.fold_search_text()
    bulk_create_with_history(users, User)
    rows = [
        Membership(user=user, team=team, role=known[role], **AT_WORK | fields)
        for user, (_, team, role, fields) in zip(users, people, strict=True)
    ]
    return bulk_create_with_history(rows, Membership)


def membership(
    user: User | None = None, team: Team | None = None, role: Role | str = "Salesperson", **fields
) -> Membership:
    """A membership since always: 40 hours a week, half of them for customers, may be sole contact."""
    if isinstance(role, str):
        role = roles()[role]
    return Membership.objects.create(user=user or person(), team=team or _any_team(), role=role, **AT_WORK | fields)


def _any_team() -> Team:
    return Team.objects.order_by("pk").first() or team()


def absence(user: User, starts_on: dt.date, ends_on: dt.date, **fields) -> Absence:
    return Absence.objects.create(user=user, starts_on=starts_on, ends_on=ends_on, **fields)


def cover(user: User, by: Membership, starts_on: dt.date, ends_on: dt.date, *customers) -> Cover:
    """Somebody stands in for a person who is away then: on these customers, on all of them where none are given."""
    if not user.absences.between(starts_on, starts_on).exists():
        absence(user, starts_on, ends_on)
    row = Cover.objects.create(user=user, membership=by, starts_on=starts_on, ends_on=ends_on, covers_all=not customers)
    for customer in customers:
        row.customers.create(customer=customer)
    return row
