"""What is read of people across tables: lists, the tree of teams, a person's page and history."""

import datetime as dt
from collections import defaultdict

from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from msgspec import Struct, field

from accounts.models import Absence, Cover, Membership, Role, RoleFunction, Team, User
from accounts.permissions import Act, Area, people_within
from accounts.sign_in import can_sign_in
from territory.rows import ends_from, matching, on_day

MANAGING = (RoleFunction.MANAGEMENT, RoleFunction.SENIOR_MANAGEMENT)


def sees_cost_of(viewer: User, person: User) -> bool:
    """Whether the viewer may see what an hour of this person costs."""
    return people_within(viewer, Area.COST, Act.SEE).filter(pk=person.pk).exists()


def changes_cost_of(viewer: User, person: User) -> bool:
    """Whether the viewer may change what an hour of this person costs."""
    return people_within(viewer, Area.COST, Act.CHANGE).filter(pk=person.pk).exists()


def people(
    viewer: User, on: dt.date, *, q: str = "", team: Team | None = None, role: Role | None = None, state: str = ""
) -> QuerySet[User]:
    """People the viewer may see, each with `memberships_now`: those in force on `on`, with team and role."""
    rows = people_within(viewer, Area.PEOPLE, Act.SEE)
    if state == "deactivated":
        rows = rows.filter(is_active=False)
    elif state == "no_sign_in":
        rows = rows.filter(~can_sign_in(), is_active=True)
    elif state != "all":
        rows = rows.filter(is_active=True)
    if team or role:
        members = Membership.objects.on(on)
        members = members.filter(team__path__startswith=team.path) if team else members
        members = members.filter(role=role) if role else members
        rows = rows.filter(pk__in=members.values("user"))
    if q:
        rows = matching(rows, q)
    return rows.prefetch_related(memberships_now(on))


def memberships_now(on: dt.date) -> Prefetch:
    """For `prefetch_related`: a person's memberships in force on `on` as a list."""
    rows = Membership.objects.on(on).select_related("team", "role").order_by("starts_on", "pk")
    return Prefetch("memberships", queryset=rows, to_attr="memberships_now")


class Memberships(Struct):
    """A person's memberships by whether they are in force, latest first."""

    current: list[Membership] = field(default_factory=list)
    coming: list[Membership] = field(default_factory=list)
    past: list[Membership] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[Membership, str]]:
        """All of them, what is to come first, each with a word where it is not in force."""
        coming = [(row, _("to come")) for row in self.coming]
        return [*coming, *((row, "") for row in self.current), *((row, _("ended")) for row in self.past)]


def memberships_by_time(person: User, on: dt.date) -> Memberships:
    """All memberships of a person, with team and role."""
    sorted_out = Memberships()
    for row in person.memberships.select_related("team", "role").order_by("-starts_on", "-pk"):
        if row.ends_on and row.ends_on < on:
            sorted_out.past.append(row)
        elif row.starts_on and row.starts_on > on:
            sorted_out.coming.append(row)
        else:
            sorted_out.current.append(row)
    return sorted_out


def absences_of(person: User, on: dt.date, limit: int = 20) -> tuple[list[Absence], list[Absence]]:
    """Absences that are or come, soonest first, and those that were, latest first."""
    coming = list(person.absences.filter(ends_from(on)).order_by("starts_on")[:limit])
    return coming, list(person.absences.exclude(ends_from(on)).order_by("-starts_on")[:limit])


def covers_of(person: User, viewer: User, on: dt.date) -> list[Cover]:
    """Covers that are or come, of the person and by them, soonest first; of others as far as the viewer sees their absences."""
    seen = Q() if viewer == person else Q(user__in=people_within(viewer, Area.ABSENCES, Act.SEE).values("pk"))
    rows = Cover.objects.filter(Q(user=person) | (Q(membership__user=person) & seen), ends_on__gte=on)
    return list(rows.select_related("user", "membership__user").order_by("starts_on", "pk"))


class TeamNode(Struct):
    """A team in the tree, with who is in it."""

    team: Team
    depth: int
    managers: list[User] = field(default_factory=list)
    members: list[User] = field(default_factory=list)
    people_below: int = 0


def team_tree(on: dt.date) -> list[TeamNode]:
    """Live teams from the top down, those under one parent by name, with members and managers of the day."""
    nodes = {team.pk: TeamNode(team, team.depth) for team in Team.objects.live().order_by("name")}
    seats = (
        Membership.objects.on(on).filter(team__in=nodes, user__is_active=True).select_related("user", "role", "team")
    )
    below: dict[int, set[int]] = defaultdict(set)
    for seat in seats.order_by("user__name", "pk"):
        node = nodes[seat.team_id]
        chosen = node.managers if seat.role.function in MANAGING else node.members
        if seat.user not in chosen:
            chosen.append(seat.user)
        for pk in seat.team.path.strip("/").split("/"):
            below[int(pk)].add(seat.user_id)
    children = defaultdict(list)
    for node in nodes.values():
        node.people_below = len(below[node.team.pk])
        children[node.team.parent_id if node.team.parent_id in nodes else None].append(node)
    return list(_walk(children, None))


def _walk(children: dict, parent: int | None):
    for node in children[parent]:
        yield node
        yield from _walk(children, node.team.pk)


def roles(on: dt.date) -> QuerySet[Role]:
    """All roles, those in use first, each with `people_now`."""
    current = on_day(on, "memberships__") & Q(memberships__user__is_active=True)
    rows = Role.objects.annotate(people_now=Count("memberships__user", filter=current, distinct=True))
    return rows.order_by(F("retired_at").asc(nulls_first=True), "position", "name")
