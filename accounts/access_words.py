"""The access of roles in words, as administrators read it."""

from collections.abc import Iterator

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy
from msgspec import Struct

from accounts.models import Role
from accounts.reaches import OFFERED, Access, Act, Area, Reach, reach_of
from accounts.starting_access import starting_access

NOTHING = pgettext_lazy("reach", "none")
SHORT = {
    Reach.NONE: NOTHING,
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
    (
        "¶",
        gettext_lazy("After signing in again: whoever does this gives their password, a code or a passkey once more."),
    ),
]


class Line(Struct, frozen=True):
    """One act: its reach, its footnotes and, where it is not as at the start of the role's function, that reach."""

    act: str
    reach: str
    marks: str = ""
    start: str = ""


class Words(Struct, frozen=True):
    """What a role may do in an area: one line an act."""

    area: str
    lines: tuple[Line, ...]


def choice(area: Area, act: Act, reach: str) -> str:
    """A reach as it is chosen from: two that read "own" are told apart."""
    if reach == Reach.AUTHORED:
        return f"{SHORT[Reach.OWN]} {footnotes(area, act, reach)}"
    return str(SHORT[Reach(reach)])


def start_of(role: Role) -> Access:
    """The starting table of the role's function."""
    return starting_access(role.function)


def changes_of(role: Role) -> int:
    """In how many cells the role is not as at the start of its function."""
    start = start_of(role)
    return sum(reach_of(role.access, *cell) != reach_of(start, *cell) for cell in OFFERED)


def changed(before: Access, after: Access) -> list[tuple[str, str, str, str]]:
    """Cells that differ: area, act, reach before and after."""
    found = []
    for area, act in OFFERED:
        old, new = reach_of(before, area, act), reach_of(after, area, act)
        if old != new:
            found.append((str(area.label), str(act.label), choice(area, act, old), choice(area, act, new)))
    return found


def access_of(role: Role) -> list[Words]:
    """One row an area, in the order of areas; an area without any reach, now and at the start, has no lines."""
    return [Words(str(area.label), tuple(_lines(role, area))) for area in Area]


def _lines(role: Role, area: Area) -> Iterator[Line]:
    start = start_of(role)
    for act in Act:
        reach, at_first = reach_of(role.access, area, act), reach_of(start, area, act)
        if reach != Reach.NONE or at_first != Reach.NONE:
            differs = choice(area, act, at_first) if reach != at_first else ""
            yield Line(str(act.label), str(SHORT[reach]), footnotes(area, act, reach), differs)


def footnotes(area: Area, act: Act, reach: str) -> str:
    """The marks that go with a reach."""
    if reach == Reach.NONE:
        return ""
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


class Column(Struct, frozen=True):
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
