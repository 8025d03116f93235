"""What a person's roles let them see, change and approve. The only place that says so.

A role's access is data: {area: {act: reach}} (accounts.reaches). A person has what any of their current memberships gives: a union.
Rooms above turn a `Scope` into rows (customers.scope, `people_within`, `teams_within`); nobody else asks about roles.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Exists, OuterRef, Q
from msgspec import Struct

from accounts.models import Cover, Membership, Team, User
from accounts.reaches import Act, Area, Reach, reach_of
from territory import clock
from territory.rows import on_day
from territory.together import prepared, together

__all__ = [
    "Act", "Area", "Grant", "Reach", "Scope", "current_memberships", "is_stood_in_for", "may", "may_all", "once", "people_reached", "people_with_all", "people_within", "require", "scope", "stands_in",
    "teams_reached", "teams_within", "whole_teams_reached",
]  # fmt: skip


class Grant(Struct, frozen=True):
    """What one current membership gives for an area and act."""

    reach: str
    membership_id: int
    team_id: int
    team_path: str


class Scope(Struct, frozen=True):
    """How far a person may act in an area: the union of their memberships' grants."""

    user_id: int
    grants: tuple[Grant, ...]

    @property
    def everything(self) -> bool:
        return any(grant.reach == Reach.ALL for grant in self.grants)

    @property
    def memberships(self) -> list[int]:
        """Memberships whose own assignments are within reach, whatever was written by whom."""
        return [g.membership_id for g in self.grants if g.reach in (Reach.OWN, Reach.TEAM, Reach.BELOW)]

    @property
    def authored_memberships(self) -> list[int]:
        """Memberships whose own assignments are within reach only for what the person wrote lately."""
        return [g.membership_id for g in self.grants if g.reach == Reach.AUTHORED]

    @property
    def teams(self) -> Q:
        """Teams within reach, as a condition on Team."""
        return self.teams_through("")

    def teams_through(self, prefix: str) -> Q:
        """The same condition on rows that reach a team through `prefix` ("team__"); never matches without a grant."""
        condition = Q(pk__in=[])
        for grant in self.grants:
            if grant.reach == Reach.TEAM:
                condition |= Q(**{f"{prefix}id": grant.team_id})
            elif grant.reach == Reach.BELOW:
                condition |= Q(**{f"{prefix}path__startswith": grant.team_path})
        return condition

    @property
    def has_teams(self) -> bool:
        return any(grant.reach in (Reach.TEAM, Reach.BELOW) for grant in self.grants)

    def __bool__(self) -> bool:
        return bool(self.grants)

    def with_constants(self, take: Callable[[Any], Any]) -> Scope:
        """The same with what `take` makes of each key: questions about it are put into words once for everybody (blanks.py)."""
        grants = (
            Grant(
                grant.reach,
                take(grant.membership_id),
                take(grant.team_id),
                grant.team_path if grant.reach == Reach.BELOW else "",
            )
            for grant in self.grants
        )
        return Scope(take(self.user_id), tuple(grants))


def current_memberships(user: User) -> list[Membership]:
    """The person's memberships in force today (the company's day), read once per user object.

    Each says whether a cover of today names it (`stands_in`) or its person (`is_stood_in_for`): on most days neither, and then
    no condition on rows needs to speak of covers.
    """
    return _of_today(user)[1]


def _of_today(user: User) -> tuple[dt.date, list[Membership], dict[Hashable, Any]]:
    """The day, the person's memberships in force, and what follows from them for this user object.

    A page asks a hundred times, of a user that Django hands out behind a proxy: little is asked of it.
    """
    today = clock.company_today()
    kept = getattr(user, "_memberships_of_day", None)
    if kept is None or kept[0] != today or not user.is_active:
        if not user.is_authenticated or not user.is_active:
            return today, [], {}
        [rows] = together(_memberships(user.pk, today))
        kept = user._memberships_of_day = (today, rows, {})  # type: ignore[attr-defined]
    return kept


@prepared
def _memberships(person: int, today: dt.date) -> models.QuerySet[Membership]:
    covers = Cover.objects.between(today, today).order_by()
    return (
        Membership.objects.filter(on_day(today), user=person)
        .select_related("role", "team")
        .annotate(
            stands_in=Exists(covers.filter(membership=OuterRef("pk"))),
            is_stood_in_for=Exists(covers.filter(user=OuterRef("user"))),
        )
        .order_by("pk")
    )


def once(user: User, name: Hashable, find: Callable[[], Any]) -> Any:
    """What follows from the person's current memberships, found once as long as these are read once."""
    _today, rows, found = _of_today(user)
    if not rows:
        return find()
    if name not in found:
        found[name] = find()
    return found[name]


def stands_in(user: User) -> bool:
    """Whether a cover of today may let the person stand in for somebody; who is away then is the cover's own question."""
    return any(row.stands_in for row in current_memberships(user))  # type: ignore[attr-defined]


def is_stood_in_for(user: User) -> bool:
    """Whether a cover of today may let somebody stand in for the person."""
    return any(row.is_stood_in_for for row in current_memberships(user))  # type: ignore[attr-defined]


def scope(user: User, area: str, act: str) -> Scope:
    """How far `user` may `act` in `area`; empty (false) when not at all."""
    _today, rows, found = _of_today(user)
    reached = found.get((area, act))
    if reached is None:
        reached = found[area, act] = _scope(user, rows, area, act)
    return reached


def _scope(user: User, rows: list[Membership], area: str, act: str) -> Scope:
    grants = []
    for membership in rows:
        reach = reach_of(membership.role.access, area, act)
        if reach != Reach.NONE:
            grants.append(Grant(reach, membership.pk, membership.team_id, membership.team.path))
    return Scope(user.pk or 0, tuple(grants))


def may(user: User, area: str, act: str) -> bool:
    """Whether `user` may `act` in `area` for anything at all."""
    return bool(scope(user, area, act))


def may_all(user: User, area: str, act: str) -> bool:
    """Whether `user` may `act` in `area` for the whole company."""
    return scope(user, area, act).everything


def require(user: User, area: str, act: str) -> None:
    """Raise PermissionDenied unless `user` may `act` in `area` for anything at all."""
    if not may(user, area, act):
        raise PermissionDenied


def people_within(user: User, area: str, act: str) -> models.QuerySet[User]:
    """People within reach: own = oneself, team and below = current members of those teams, all = everyone."""
    return people_reached(scope(user, area, act), clock.company_today())


def people_reached(reached: Scope, today: dt.date) -> models.QuerySet[User]:
    """The same from how far the person may act, on a day."""
    people = User.objects.all()
    if reached.everything:
        return people
    if not reached:
        return people.none()
    members = Membership.objects.filter(on_day(today)).filter(reached.teams_through("team__"))
    return people.filter(Q(pk=reached.user_id) | Q(pk__in=members.values("user")))


def people_with_all(area: str, act: str) -> models.QuerySet[User]:
    """Who may `act` in `area` for the whole company today, by name."""
    seats = Membership.objects.filter(
        on_day(clock.company_today()), **{f"role__access__{area}__{act}": Reach.ALL.value}
    )
    return User.objects.filter(is_active=True, pk__in=seats.order_by().values("user")).order_by("name", "pk")


def teams_within(user: User, area: str, act: str) -> models.QuerySet[Team]:
    """Teams over which the person has reach team, below or all: whose totals they may see."""
    return teams_reached(scope(user, area, act))


def teams_reached(reached: Scope) -> models.QuerySet[Team]:
    """The same from how far the person may act."""
    return Team.objects.all() if reached.everything else Team.objects.filter(reached.teams)


def whole_teams_reached(reached: Scope) -> models.QuerySet[Team]:
    """Of these teams those of which every team below is within reach, too: for figures that are of them all."""
    if reached.everything:
        return Team.objects.all()
    beyond = Team.objects.filter(path__startswith=OuterRef("path")).exclude(reached.teams)
    return Team.objects.filter(reached.teams, ~Exists(beyond))
