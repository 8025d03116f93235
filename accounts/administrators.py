"""The last administrator stays. The only place that says who one is and that there is always one."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import Membership, Role, User
from accounts.permissions import Act, Area, Reach, current_memberships, may_all
from accounts.reaches import Access, reach_of
from accounts.sign_in import can_sign_in
from territory.formats.days import day_text
from territory.rows import ends_from

_FOR_EVER = dt.date.max

# Role -> access it would have.
NOTHING_CHANGED: Mapping[int, Access] = MappingProxyType({})

LAST_ADMINISTRATOR = _lazy("This is the last administrator. Make somebody else an administrator first.")
ONESELF = _lazy("You could no longer change access yourself. Ask another administrator to do this for you.")


def _administers(access: Access) -> bool:
    """Whether this access lets a person change people, teams and roles of the whole company, and what roles may do."""
    return reach_of(access, Area.PEOPLE, Act.CHANGE) == Reach.ALL


def administrator_roles(instead: Mapping[int, Access] = NOTHING_CHANGED) -> list[int]:
    """Roles that make an administrator; of those in `instead` with that access."""
    rows = Role.objects.order_by("pk").values_list("pk", "access")
    return [pk for pk, access in rows if _administers(instead.get(pk, access))]


def administrator_memberships(on: dt.date, instead: Mapping[int, Access] = NOTHING_CHANGED) -> QuerySet[Membership]:
    """Memberships from `on` onwards that make an active person who can sign in an administrator."""
    return Membership.objects.filter(ends_from(on), can_sign_in("user__"), role__in=administrator_roles(instead))


def administrators_until(on: dt.date, instead: Mapping[int, Access] = NOTHING_CHANGED) -> dt.date:
    """The first day from `on` without any administrator; the last day of the calendar when there always is one."""
    day = on
    rows = administrator_memberships(on, instead).values_list("starts_on", "ends_on")
    for starts_on, ends_on in sorted(rows, key=lambda row: row[0] or dt.date.min):
        if starts_on and starts_on > day:
            return day
        if ends_on is None:
            return _FOR_EVER
        day = max(day, ends_on + dt.timedelta(days=1))
    return day


@contextmanager
def administrators_kept(on: dt.date) -> Iterator[None]:
    """Undo what is done inside, with a ValidationError, if it shortens the time for which there is an administrator.

    Roles are locked first, so that of two administrators who remove each other one is refused.
    """
    with transaction.atomic():
        list(Role.objects.select_for_update().order_by("pk").values_list("pk"))
        before = administrators_until(on)
        yield
        if administrators_until(on) < before:
            raise ValidationError(LAST_ADMINISTRATOR)


@contextmanager
def oneself_kept(actor: User | None) -> Iterator[None]:
    """Undo what is done inside, with a ValidationError, if `actor` could not change access any more afterwards."""
    with transaction.atomic():
        yield
        # Read anew: memberships are kept on the object that was signed in with.
        if actor is not None and not may_all(User.objects.get(pk=actor.pk), Area.PEOPLE, Act.CHANGE):
            raise ValidationError(ONESELF)


def locked_out(actor: User, role: Role, access: Access, on: dt.date) -> list[str]:
    """What would be lost for good if `role` had this access: so it is not saved. Nothing is written to find out."""
    if not _administers(role.access) or _administers(access):
        return []
    instead = {role.pk: access}
    until = administrators_until(on, instead)
    found = []
    if until < administrators_until(on):
        lost = _("From %(day)s on nobody could change people, teams, roles and access any more.")
        found.append(f"{lost % {'day': day_text(until)}} {LAST_ADMINISTRATOR}")
    if not any(_administers(instead.get(seat.role_id, seat.role.access)) for seat in current_memberships(actor)):
        found.append(str(ONESELF))
    return found
