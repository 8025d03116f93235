"""The access of roles in words, as administrators read it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Role
from accounts.permissions import Act, Area, Reach

SHORT = {
    Reach.AUTHORED: pgettext_lazy("reach", "own"),
    Reach.OWN: pgettext_lazy("reach", "own"),
    Reach.TEAM: pgettext_lazy("reach", "team"),
    Reach.BELOW: pgettext_lazy("reach", "below"),
    Reach.ALL: pgettext_lazy("reach", "all"),
}
REACHES: list[tuple[Promise, Promise]] = [
    (
        SHORT[Reach.OWN],
        gettext_lazy("customers that this person is assigned to under this membership; of people, oneself."),
    ),
    (
        SHORT[Reach.TEAM],
        gettext_lazy(
            "own, and customers of the team, with an assignment of it or an open order by it; its current members."
        ),
    ),
    (SHORT[Reach.BELOW], gettext_lazy("the same for the team and all teams under it.")),
    (SHORT[Reach.ALL], gettext_lazy("the whole company.")),
]
FOOTNOTES: list[tuple[str, Promise]] = [
    (
        "†",
        gettext_lazy(
            "Only what one logged oneself, within 7 days of logging it. "
            "A touch marked implausible may be mended at any time."
        ),
    ),
    ("‡", gettext_lazy("Only one's own, until it is submitted.")),
    ("§", gettext_lazy("Never one's own expense, never one's own role.")),
    ("¶", gettext_lazy("After signing in again: whoever does this gives their password once more.")),
]


@dataclass(frozen=True)
class Words:
    """What a role may do in an area: one line an act, each with its footnotes."""

    area: str
    lines: tuple[tuple[str, str, str], ...]  # act, reach, footnotes


def access_of(role: Role) -> list[Words]:
    """One row an area, in the order of areas; an area without any reach has no lines."""
    return [Words(str(area.label), tuple(_lines(role, area))) for area in Area]


def _lines(role: Role, area: Area):
    reaches = role.access.get(str(area), {})
    for act in Act:
        reach = reaches.get(str(act), Reach.NONE)
        if reach in SHORT:
            yield str(act.label), str(SHORT[reach]), _footnotes(area, act, reach)


def _footnotes(area: Area, act: Act, reach: str) -> str:
    marks = ""
    if reach == Reach.AUTHORED:
        marks += "‡" if area == Area.EXPENSES else "†"
    if area == Area.EXPENSES and act == Act.APPROVE:
        marks += "§"
    if act == Act.CHANGE and area == Area.PEOPLE:
        marks += "§ ¶"
    if act == Act.CHANGE and (area == Area.COST or (area == Area.ABSENCES and reach == Reach.ALL)):
        marks += "¶"
    return marks


@dataclass(frozen=True)
class Column:
    """Roles that may do the same, and what that is, one row an area."""

    names: str
    rows: tuple[Words, ...]


def columns(roles: list[Role]) -> list[Column]:
    """One column a kind of access, in the order of the roles."""
    same: dict[tuple[Words, ...], list[str]] = {}
    for role in roles:
        same.setdefault(tuple(access_of(role)), []).append(role.name)
    return [Column(", ".join(names), rows) for rows, names in same.items()]


def table(columns: list[Column]) -> list[tuple[str, list[Words]]]:
    """One row an area, with a cell a column."""
    return [(str(area.label), [column.rows[n] for column in columns]) for n, area in enumerate(Area)]
