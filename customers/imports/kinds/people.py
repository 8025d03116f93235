"""Teams, people with their memberships, and absences: few rows, each through the action of its room."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.actions.absences import add_absence, change_absence
from accounts.actions.memberships import change_membership, create_membership
from accounts.actions.people import change_person, create_person
from accounts.actions.teams import change_team, create_team
from accounts.models import Absence, Membership, Role, Team, User
from accounts.permissions import Area
from customers.imports.fields import Reference, Text, field_of
from customers.imports.kinds.base import RowByRow, differing, given, pk_of
from customers.imports.runs import Run
from customers.imports.sources import Row
from territory.folding import fold


class Teams(RowByRow):
    """The tree of teams. A parent may stand anywhere in the file."""

    name = "teams"
    area = Area.PEOPLE
    whole_company = True
    needs = (("name",),)
    chunk = 1_000_000
    in_one_piece = True
    most_rows = 1000
    fields = (
        field_of(Team, "external_id"),
        field_of(Team, "name", required=True),
        Text("parent", max_length=150),
    )

    def key(self, row: Row) -> Any:
        return row.get("external_id") or (fold(row.get("name")), fold(row.get("parent")))

    def store(self, rows: list[Row], run: Run) -> None:
        waiting = list(rows)
        while waiting:
            known = _Teams()
            later = [row for row in waiting if not known.knows(row.get("parent"))]
            super().store([row for row in waiting if known.knows(row.get("parent"))], run)
            if len(later) == len(waiting):
                break
            waiting = later
        for row in waiting:
            if not row.outcome:
                row.reject(_("no team with this external id / name"), "parent")
        run.references.forget()

    def put(self, row: Row, run: Run) -> str:
        known = _Teams()
        values = given(row, "external_id", "name")
        if "parent" in row.values:
            values["parent"] = known.one(row.values["parent"]) if row.values["parent"] else None
        team = known.same(row, values.get("parent"))
        if team is None:
            create_team(actor=run.actor, now=run.now, **values)
            return "created"
        changes = differing(team, values)
        if not changes:
            return "unchanged"
        change_team(actor=run.actor, now=run.now, team=team, version=team.version, **changes)
        return "changed"


class _Teams:
    """All teams, by external id and by name."""

    def __init__(self) -> None:
        self.rows = list(Team.objects.select_related("parent"))

    def named(self, text: str) -> list[Team]:
        by_id = [team for team in self.rows if team.external_id == text]
        return by_id or [team for team in self.rows if fold(team.name) == fold(text)]

    def knows(self, text: str | None) -> bool:
        return not text or bool(self.named(text))

    def one(self, text: str) -> Team:
        found = self.named(text)
        if len(found) != 1:
            raise ValidationError({"parent": _("several are called so; refer to this team by external id")})
        return found[0]

    def same(self, row: Row, parent: Team | None) -> Team | None:
        """The team that the row is about: by external id, else by name in its place in the tree."""
        external_id = row.get("external_id")
        for team in self.rows:
            if external_id and team.external_id == external_id:
                return team
        for team in self.rows:
            in_place = "parent" not in row.values or team.parent == parent
            if fold(team.name) == fold(row.get("name")) and in_place and (not external_id or not team.external_id):
                return team
        return None


PERSON = ("external_id", "name", "email", "time_zone", "base_latitude", "base_longitude")
MEMBERSHIP = ("profile", "weekly_hours", "selling_share", "cost_per_hour")


class People(RowByRow):
    """People, and with a team and a role their membership: one row each. A person of several memberships has several rows."""

    name = "people"
    area = Area.PEOPLE
    guarded = {"cost_per_hour": Area.COST}
    whole_company = True
    needs = (("name",),)
    fields = (
        *(field_of(User, name, required=name == "name") for name in PERSON),
        Reference("team", target="team"),
        Reference("role", target="role"),
        *(field_of(Membership, name) for name in MEMBERSHIP),
        field_of(Membership, "starts_on"),
        field_of(Membership, "ends_on"),
    )

    def key(self, row: Row) -> Any:
        return (_who(row), pk_of(row.get("team")), pk_of(row.get("role")), row.get("starts_on"))

    def identities(self, row: Row) -> list[tuple[Any, tuple[str, ...] | None]]:
        return [(self.key(row), None), (("person", _who(row)), PERSON)]

    def put(self, row: Row, run: Run) -> str:
        person, outcome = self._person(row, run)
        team, role = pk_of(row.get("team")), pk_of(row.get("role"))
        if (team is None) != (role is None):
            missing = "role" if role is None else "team"
            raise ValidationError({missing: _("a membership needs both a team and a role")})
        if team is None:
            return outcome
        done = self._membership(row, person, run)
        run.references.forget()
        return (
            outcome if outcome == "created" or done == "unchanged" else ("created" if done == "created" else "changed")
        )

    def _person(self, row: Row, run: Run) -> tuple[User, str]:
        values = given(row, *PERSON)
        if values.get("email"):
            values["email"] = values["email"].lower()
        person = self._same(row)
        if person is None:
            return create_person(actor=run.actor, now=run.now, **values), "created"
        changes = differing(person, values)
        if not changes:
            return person, "unchanged"
        changed = change_person(
            actor=run.actor, now=run.now, on=run.on, person=person, version=person.version, **changes
        )
        return changed, "changed"

    def _same(self, row: Row) -> User | None:
        """The person that the row is about: by external id, else e-mail, else a name that is theirs alone."""
        for name, lookup in (("external_id", "external_id"), ("email", "email__iexact")):
            if row.get(name):
                found = User.objects.filter(**{lookup: row.get(name)}).first()
                if found or name == "external_id":
                    return found
        found_all = list(User.objects.filter(name__iexact=row.get("name")))
        if len(found_all) > 1:
            raise ValidationError({"name": _("several are called so; give their external ids")})
        return found_all[0] if found_all else None

    def _membership(self, row: Row, person: User, run: Run) -> str:
        key = {"team_id": row.get("team").pk, "role_id": row.get("role").pk, "starts_on": row.get("starts_on")}
        values = given(row, *MEMBERSHIP, "ends_on")
        existing = Membership.objects.filter(user=person, **key).order_by("pk").first()
        common: dict[str, Any] = {"actor": run.actor, "now": run.now, "on": run.on}
        if existing is None:
            team, role = Team.objects.get(pk=key["team_id"]), Role.objects.get(pk=key["role_id"])
            create_membership(user=person, team=team, role=role, starts_on=key["starts_on"], **values, **common)
            return "created"
        changes = differing(existing, values)
        if not changes:
            return "unchanged"
        change_membership(membership=existing, version=existing.version, **changes, **common)
        return "changed"


def _who(row: Row) -> str:
    return row.get("external_id") or row.get("email") or fold(row.get("name"))


class Absences(RowByRow):
    """When people are away. The same person from the same day is the same absence."""

    name = "absences"
    area = Area.ABSENCES
    needs = (("person",), ("starts_on",), ("ends_on",))
    fields = (
        Reference("person", target="person", required=True),
        field_of(Absence, "starts_on", required=True),
        field_of(Absence, "ends_on", required=True),
        field_of(Absence, "kind"),
        field_of(Absence, "note"),
    )

    def key(self, row: Row) -> tuple[int, dt.date]:
        return (row.values["person"].pk, row.values["starts_on"])

    def put(self, row: Row, run: Run) -> str:
        values = given(row, "starts_on", "ends_on", "kind", "note")
        existing = Absence.objects.filter(user_id=row.values["person"].pk, starts_on=values["starts_on"]).first()
        if existing is None:
            person = User.objects.get(pk=row.values["person"].pk)
            add_absence(actor=run.actor, now=run.now, user=person, **values)
            return "created"
        changes = differing(existing, values)
        if not changes:
            return "unchanged"
        change_absence(actor=run.actor, now=run.now, absence=existing, version=existing.version, **changes)
        return "changed"
