"""What a change of a role's access would open and close today, in people and in what they reach.

The rule is that of `accounts.permissions`: a person has what any of their current memberships gives, and what hangs on a
customer needs the customer and the area's own reach. What things there are, and how they hang on memberships and teams, a
room above says in `things`: this one counts. The number of statements does not depend on how many people, cells or things.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from django.db.models import F
from msgspec import Struct, field

from accounts.models import Membership, Role, Team, User
from accounts.reaches import WIDTH, Access, Act, Area, Reach, plain, reach_of
from territory import clock

CUSTOMERS, PEOPLE, TEAMS, COMPANY = "customers", "people", "teams", "company"


class Thing(Struct, frozen=True):
    """`count` things that hang on the same memberships (as own) and teams (by path)."""

    memberships: frozenset[int]
    paths: frozenset[str]
    count: int = 1


# Kind -> what there is of it. Rooms above add theirs from `ready()`; each asks the database a fixed number of times.
things: dict[str, Callable[[], Iterable[Thing]]] = {}


class Need(Struct, frozen=True):
    """An area and act that must reach a thing; `beyond_authored`: whoever wrote it."""

    area: Area
    act: Act
    beyond_authored: bool = False

    def width(self, access: Access) -> int:
        reach = reach_of(access, self.area, self.act)
        if reach == Reach.AUTHORED:
            # An expense of one's own is noted wherever one sees expenses; a touch is written on customers of one's own.
            own = reach_of(access, self.area, Act.SEE) if self.area == Area.EXPENSES else Reach.OWN
            reach = Reach.NONE if self.beyond_authored else own
        return WIDTH[reach]


class Effect(Struct, frozen=True):
    """Something a person may do with a kind of things: where all of `needs` reach (`any_of`: one of them)."""

    key: str
    kind: str
    needs: tuple[Need, ...]
    any_of: bool = False

    def holds(self, widths: Iterable[tuple[int, ...]], levels: tuple[int, ...]) -> bool:
        """Whether a thing at `levels` of a person's memberships is reached; `widths`: a need's by membership."""
        reached = (any(w >= level for w, level in zip(width, levels, strict=True)) for width in widths)
        return any(reached) if self.any_of else all(reached)


SEEN = Need(Area.CUSTOMERS, Act.SEE)


def _hangs(area: Area, act: Act) -> tuple[Need, ...]:
    return (SEEN, Need(area, act)) if act == Act.SEE else (SEEN, Need(area, Act.SEE), Need(area, act))


EFFECTS = (
    Effect("directory", CUSTOMERS, (SEEN, Need(Area.DIRECTORY, Act.SEE)), any_of=True),
    Effect("see_customers", CUSTOMERS, (SEEN,)),
    Effect("change_customers", CUSTOMERS, (SEEN, Need(Area.CUSTOMERS, Act.CHANGE))),
    Effect("see_touches", CUSTOMERS, _hangs(Area.TOUCHES, Act.SEE)),
    Effect("log_touches", CUSTOMERS, (SEEN, Need(Area.TOUCHES, Act.CHANGE))),
    Effect("change_touches", CUSTOMERS, (*_hangs(Area.TOUCHES, Act.SEE), Need(Area.TOUCHES, Act.CHANGE, True))),
    Effect("see_orders", CUSTOMERS, _hangs(Area.ORDERS, Act.SEE)),
    Effect("change_orders", CUSTOMERS, _hangs(Area.ORDERS, Act.CHANGE)),
    Effect("see_amounts", CUSTOMERS, _hangs(Area.AMOUNTS, Act.SEE)),
    Effect("see_expenses", CUSTOMERS, _hangs(Area.EXPENSES, Act.SEE)),
    Effect("note_expenses", CUSTOMERS, (SEEN, Need(Area.EXPENSES, Act.CHANGE))),
    Effect("approve_expenses", CUSTOMERS, _hangs(Area.EXPENSES, Act.APPROVE)),
    Effect("see_budgets", CUSTOMERS, _hangs(Area.BUDGETS, Act.SEE)),
    Effect("change_budgets", CUSTOMERS, _hangs(Area.BUDGETS, Act.CHANGE)),
    Effect("import", CUSTOMERS, (SEEN, Need(Area.CUSTOMERS, Act.CHANGE), Need(Area.IMPORT, Act.CHANGE))),
    Effect("export", CUSTOMERS, (SEEN, Need(Area.EXPORT, Act.SEE))),
    Effect("see_sales_of_teams", TEAMS, (Need(Area.AMOUNTS, Act.SEE),)),
    Effect("see_load_of_teams", TEAMS, (Need(Area.BUDGETS, Act.SEE),)),
    Effect("see_load_of_people", PEOPLE, (Need(Area.BUDGETS, Act.SEE),)),
    Effect("see_cost", PEOPLE, (Need(Area.COST, Act.SEE),)),
    Effect("change_cost", PEOPLE, (Need(Area.COST, Act.CHANGE),)),
    Effect("see_names", PEOPLE, (Need(Area.NAMES, Act.SEE),)),
    Effect("see_people", PEOPLE, (Need(Area.PEOPLE, Act.SEE),)),
    Effect("see_absences", PEOPLE, (Need(Area.ABSENCES, Act.SEE),)),
    Effect("change_absences", PEOPLE, (Need(Area.ABSENCES, Act.CHANGE),)),
    Effect("see_rules", COMPANY, (Need(Area.RULES, Act.SEE),)),
    Effect("change_rules", COMPANY, (Need(Area.RULES, Act.CHANGE),)),
    Effect("approve_rules", COMPANY, (Need(Area.RULES, Act.APPROVE),)),
    Effect("see_touch_values", COMPANY, (Need(Area.TOUCH_VALUES, Act.SEE),)),
    Effect("change_touch_values", COMPANY, (Need(Area.TOUCH_VALUES, Act.CHANGE),)),
    Effect("approve_touch_values", COMPANY, (Need(Area.TOUCH_VALUES, Act.APPROVE),)),
    Effect("change_people", COMPANY, (Need(Area.PEOPLE, Act.CHANGE),)),
    Effect("see_audit", COMPANY, (Need(Area.AUDIT, Act.SEE),)),
)


class Moved(Struct):
    """Who and what one effect opens or closes: each person and each thing once."""

    people: set[int] = field(default_factory=set)
    places: set[int] = field(default_factory=set)
    count: int = 0

    def add(self, person: int, place: int, thing: Thing) -> None:
        self.people.add(person)
        if place not in self.places:
            self.places.add(place)
            self.count += thing.count


class Line(Struct, frozen=True):
    """One effect: how many people, and how many things they gain (`opens`) or lose."""

    key: str
    kind: str
    opens: bool
    people: int
    things: int


class _Seat(Struct, frozen=True):
    """A current membership of somebody in the role."""

    pk: int
    path: str
    before: Access
    after: Access

    def level(self, thing: Thing, above: frozenset[str]) -> int:
        """The narrowest reach of this membership that holds the thing; `above`: its teams and all over them."""
        if self.pk in thing.memberships:
            return WIDTH[Reach.OWN]
        if self.path in thing.paths:
            return WIDTH[Reach.TEAM]
        return WIDTH[Reach.BELOW if self.path in above else Reach.ALL]


def effects_of(role: Role, access: Access) -> list[Line]:
    """What everyone in `role` gains and loses today if it may do `access` from now on, in the order of the table."""
    memberships = _current_memberships()
    holders = _holders(memberships, role, plain(access))
    changed = {need for effect in EFFECTS for need in effect.needs if need.width(role.access) != need.width(access)}
    touched = [effect for effect in EFFECTS if changed.intersection(effect.needs)]
    lines = []
    for kind in dict.fromkeys(effect.kind for effect in touched):
        of_kind = [effect for effect in touched if effect.kind == kind]
        lines += _lines(of_kind, holders, list(_things(kind, memberships)) if holders else [])
    order = {effect.key: n for n, effect in enumerate(EFFECTS)}
    return sorted(lines, key=lambda line: (order[line.key], not line.opens))


def reaches_by_covering(access: Access) -> bool:
    """Whether somebody may enter covers of people whose customers they do not reach: naming themselves, they then do."""
    covers, customers = (
        WIDTH[reach_of(access, area, act)] for area, act in ((Area.ABSENCES, Act.CHANGE), (Area.CUSTOMERS, Act.SEE))
    )
    return covers > max(customers, WIDTH[Reach.OWN])


def people_in(role: Role) -> int:
    """How many active people are in the role today."""
    rows = Membership.objects.on(clock.company_today()).filter(role=role, user__is_active=True)
    return rows.values("user").distinct().count()


def _current_memberships() -> list[dict]:
    rows = Membership.objects.on(clock.company_today()).filter(user__is_active=True)
    return list(rows.order_by("pk").values("pk", "user_id", "role_id", path=F("team__path"), access=F("role__access")))


def _holders(memberships: list[dict], role: Role, access: Access) -> dict[int, list[_Seat]]:
    """Everyone in the role with all their seats: what another one gives already is neither opened nor closed."""
    people = {row["user_id"] for row in memberships if row["role_id"] == role.pk}
    holders: dict[int, list[_Seat]] = {person: [] for person in sorted(people)}
    for row in memberships:
        if row["user_id"] in holders:
            after = access if row["role_id"] == role.pk else row["access"]
            holders[row["user_id"]].append(_Seat(row["pk"], row["path"], row["access"], after))
    return holders


def _things(kind: str, memberships: list[dict]) -> Iterable[Thing]:
    if kind == COMPANY:
        return [Thing(frozenset(), frozenset())]
    if kind == TEAMS:
        return [Thing(frozenset(), frozenset([path])) for path in Team.objects.live().values_list("path", flat=True)]
    if kind == PEOPLE:
        return _people(memberships)
    return things[kind]() if kind in things else []


def _people(memberships: list[dict]) -> Iterable[Thing]:
    """Active people: own is oneself, whichever the membership."""
    seats: dict[int, list[dict]] = {}
    for row in memberships:
        seats.setdefault(row["user_id"], []).append(row)
    for pk in User.objects.filter(is_active=True).values_list("pk", flat=True):
        own = seats.get(pk, [])
        yield Thing(frozenset(row["pk"] for row in own), frozenset(row["path"] for row in own))


def _lines(effects: list[Effect], holders: dict[int, list[_Seat]], of_kind: list[Thing]) -> list[Line]:
    found: dict[tuple[str, bool], Moved] = {}
    seats = {seat.pk for own in holders.values() for seat in own}
    grouped = list(_grouped(of_kind, seats))
    for person, own in holders.items():
        widths = [
            (effect, *(_widths(effect, [getattr(seat, when) for seat in own]) for when in ("before", "after")))
            for effect in effects
        ]
        known: dict[tuple[int, ...], list[tuple[str, bool]]] = {}
        for place, (thing, above) in enumerate(grouped):
            levels = tuple(seat.level(thing, above) for seat in own)
            if levels not in known:
                known[levels] = list(_moves(widths, levels))
            for move in known[levels]:
                found.setdefault(move, Moved()).add(person, place, thing)
    kinds = {effect.key: effect.kind for effect in effects}
    return [Line(key, kinds[key], opens, len(m.people), m.count) for (key, opens), m in found.items()]


def _widths(effect: Effect, accesses: list[Access]) -> list[tuple[int, ...]]:
    return [tuple(need.width(access) for access in accesses) for need in effect.needs]


def _moves(widths: list, levels: tuple[int, ...]) -> Iterable[tuple[str, bool]]:
    """What opens (true) and closes (false) at these levels."""
    for effect, before, after in widths:
        had, has = effect.holds(before, levels), effect.holds(after, levels)
        if had != has:
            yield effect.key, has


def _grouped(of_kind: list[Thing], seats: set[int]) -> Iterable[tuple[Thing, frozenset[str]]]:
    """Things that hang on the same seats of these and the same teams are one, with those teams and all over them."""
    counts: Counter[tuple[frozenset[int], frozenset[str]]] = Counter()
    for thing in of_kind:
        counts[(thing.memberships & seats, thing.paths)] += thing.count
    for (own, paths), count in counts.items():
        yield Thing(own, paths, count), frozenset(above for path in paths for above in _upwards(path))


def _upwards(path: str) -> Iterable[str]:
    """A team's path and those of all teams over it: "/1/5/" gives "/1/" and "/1/5/"."""
    parts = path.strip("/").split("/")
    for end in range(1, len(parts) + 1):
        yield "/" + "/".join(parts[:end]) + "/"
