"""Drafts of changes of rules with their effect, as far as the reader may see people and customers."""

import datetime as dt
from collections import defaultdict
from typing import Any

from msgspec import Struct, field

from accounts.models import User
from accounts.permissions import Act, Area, may_all, people_within
from customers.models import Customer
from planning.actions.effects import EFFECT_VERSION
from planning.models import DraftState, FactsMark, RuleDraft, RulesVersion
from planning.queries.waiting import state_of
from planning.situations.registry import BY_KEY
from territory import clock

MOST_PEOPLE = 12
MOST_DAYS = 8


class Change(Struct, frozen=True):
    """A figure before and after."""

    before: float
    after: float

    @property
    def differs(self) -> bool:
        return abs(self.after - self.before) > 1e-6


class RoleMinutes(Struct, frozen=True):
    """Minutes a month of one role, in all and by those tiers whose minutes change."""

    role: str
    all: Change
    tiers: list[tuple[str, int, Change]]


class PersonLoad(Struct, frozen=True):
    """Load of one person, this week and on the mean of the weeks shown, before and after; shares of capacity.

    `full_weeks`: how many weeks are above full, before and after; `fills`: the Mondays of those that become so.
    """

    person: User
    week: tuple[float | None, float | None]
    mean: tuple[float | None, float | None]
    full_weeks: tuple[int, int]
    fills: list[dt.date]

    @property
    def becomes_overloaded(self) -> bool:
        return self.full_weeks[1] > self.full_weeks[0]


class DayShown(Struct, frozen=True):
    """What changes on one person's list of today: rows, first rows that come and go, in words."""

    person: User
    rows: Change
    come: list[tuple[Customer, str]]
    go: list[tuple[Customer, str]]
    reordered: bool


class EffectShown(Struct):
    """The effect of a draft, ready for the page. What counts customers beyond the reader's reach is None, or not there."""

    customers: int | None = None
    touched: int | None = None
    roles: list[RoleMinutes] = field(default_factory=list)
    minutes: Change = Change(0, 0)
    tiers: list[tuple[str, int, Change]] = field(default_factory=list)
    under: Change | None = None
    over: Change | None = None
    due: Change | None = None
    due_soon: Change | None = None
    situations: list[tuple[Any, Change]] = field(default_factory=list)
    loads: list[PersonLoad] = field(default_factory=list)
    days: list[DayShown] = field(default_factory=list)
    largest: list[tuple[Customer, Change]] = field(default_factory=list)
    shows_budgets: bool = False
    shows_all: bool = False

    @property
    def nothing(self) -> bool:
        """Whether no figure changes at all; said to who sees all of them only, for it tells of each."""
        situations = any(change.differs for _label, change in self.situations)
        return self.shows_all and not (self.touched or self.loads or self.days or situations)

    @property
    def hidden(self) -> bool:
        """Whether all there is to tell lies beyond the reader's reach."""
        told = self.loads or self.days or self.touched is not None
        return not (told or self.shows_budgets)

    @property
    def overloaded(self) -> list[PersonLoad]:
        return [row for row in self.loads if row.becomes_overloaded]

    @property
    def full_weeks(self) -> Change:
        return Change(sum(row.full_weeks[0] for row in self.loads), sum(row.full_weeks[1] for row in self.loads))

    @property
    def first_loads(self) -> list[PersonLoad]:
        return self.loads[:MOST_PEOPLE]

    @property
    def other_loads(self) -> int:
        return max(0, len(self.loads) - MOST_PEOPLE)

    @property
    def first_days(self) -> list[DayShown]:
        return self.days[:MOST_DAYS]

    @property
    def other_days(self) -> int:
        return max(0, len(self.days) - MOST_DAYS)


class DraftPage(Struct, frozen=True):
    """A draft and where the computing of its effect stands: waiting, running, failed, refused, outdated or current."""

    draft: RuleDraft
    state: str
    effect: EffectShown | None = None
    progress: int = 0
    total: int = 0
    facts_changed: int = 0

    @property
    def seen(self) -> bool:
        """Whether the effect shown is that of the rules as they are now."""
        return self.state == "current"

    @property
    def computing(self) -> bool:
        return self.state in ("waiting", "running")


def open_drafts() -> list[RuleDraft]:
    """Changes not saved yet, the latest first."""
    rows = RuleDraft.objects.filter(state=DraftState.OPEN).select_related("author").defer("effect", "values")
    return list(rows[:50])


def draft_page(user: User, draft: RuleDraft) -> DraftPage:
    """The draft with as much of its effect as the reader may see; a fixed number of queries."""
    if not draft.is_open:
        return DraftPage(draft, "closed")
    if draft.effect is None or draft.computed_at is None:
        return _computing(draft)
    if "refused" in draft.effect:
        return DraftPage(draft, "refused")
    if draft.effect_version != EFFECT_VERSION:
        return DraftPage(draft, "outdated")
    fresh = draft.effect_rules_number == RulesVersion.current() and _day(draft.computed_at) == clock.company_today()
    return DraftPage(
        draft,
        "current" if fresh else "outdated",
        effect_shown(user, draft.effect),
        facts_changed=FactsMark.objects.filter(changed_at__gt=draft.computed_at).count(),
    )


def _day(at: dt.datetime) -> dt.date:
    return clock.day_of(at, clock.company_zone())


def _computing(draft: RuleDraft) -> DraftPage:
    state, progress, total = state_of(draft.job_key)
    return DraftPage(draft, state, progress=progress, total=total)


def effect_shown(user: User, effect: dict[str, Any]) -> EffectShown:
    """People and customers beyond the reader's reach are left out, and so are counts: of all customers for who sees all of
    them, of minutes and due touches for who sees all budgets, of special situations for who sees both, those that rest on amounts for who
    sees all of these as well.
    """
    people = _people(user, effect)
    customers = _customers(user, effect)
    budgets, everyone, amounts = (may_all(user, area, Act.SEE) for area in (Area.BUDGETS, Area.CUSTOMERS, Area.AMOUNTS))
    found = EffectShown(
        loads=_loads(effect, people),
        days=_days(effect, people, customers),
        shows_budgets=budgets,
        shows_all=budgets and everyone and amounts,
    )
    if everyone:
        found.customers, found.touched, found.tiers = effect["customers"], effect["touched"], _tiers(effect)
    if budgets:
        found.under, found.over = Change(*effect["status"]["under"]), Change(*effect["status"]["over"])
        found.due, found.due_soon = Change(*effect["due"]), Change(*effect["due_soon"])
        found.roles = _roles(effect)
        found.minutes = Change(sum(row.all.before for row in found.roles), sum(row.all.after for row in found.roles))
        found.largest = [(customers[pk], Change(*pair)) for pk, *pair in effect["largest"] if pk in customers]
    if budgets and everyone:
        kinds = [(BY_KEY[key], Change(*pair)) for key, *pair in effect["situations"] if key in BY_KEY]
        found.situations = [(kind.label, change) for kind, change in kinds if amounts or not kind.amounts]
    return found


def _people(user: User, effect: dict[str, Any]) -> dict[int, User]:
    keys = {row[0] for row in (*effect["loads"], *effect["days"])}
    return people_within(user, Area.BUDGETS, Act.SEE).in_bulk(keys) if keys else {}


def _customers(user: User, effect: dict[str, Any]) -> dict[int, Customer]:
    """Those that are named: rows of lists that come and go, and the largest changes."""
    days = sorted(effect["days"], key=_much)[: 10 * MOST_DAYS]
    keys = {pk for _, _, _, come, go, _ in days for pk, _ in (*come, *go)}
    keys |= {pk for pk, *_ in effect["largest"]}
    return Customer.objects.visible_to(user).in_bulk(keys) if keys else {}


def _much(day: list[Any]) -> tuple[int, int]:
    """People's lists by how much changes, most first."""
    person, before, after, come, go, _ = day
    return -abs(after - before) - len(come) - len(go), person


def _tiers(effect: dict[str, Any]) -> list[tuple[str, int, Change]]:
    """How many customers each tier has, where that changes."""
    found = [(*_tier(effect, tier), Change(before, after)) for tier, before, after in effect["tiers"]]
    return sorted((row for row in found if row[2].differs), key=lambda row: row[1])


def _tier(effect: dict[str, Any], tier: int | None) -> tuple[str, int]:
    name, position = effect["names"]["tiers"].get(str(tier), ["", 99])
    return name, position


def _roles(effect: dict[str, Any]) -> list[RoleMinutes]:
    parts: dict[int, list[tuple[str, int, Change]]] = defaultdict(list)
    for role, tier, before, after in effect["budgets"]:
        parts[role].append((*_tier(effect, tier), Change(before, after)))
    names = effect["names"]["roles"]
    found = []
    for role in sorted(parts, key=lambda role: (names[str(role)][1], role)):
        rows = parts[role]
        whole = Change(sum(row[2].before for row in rows), sum(row[2].after for row in rows))
        changed = sorted((row for row in rows if row[2].differs), key=lambda row: row[1])
        found.append(RoleMinutes(names[str(role)][0], whole, changed))
    return found


def _loads(effect: dict[str, Any], people: dict[int, User]) -> list[PersonLoad]:
    """Who becomes overloaded first, then by the size of the change."""
    found = [
        PersonLoad(people[pk], (week_before, week_after), (before, after), (full_before, full_after), _days_of(fills))
        for pk, week_before, week_after, before, after, full_before, full_after, fills in effect["loads"]
        if pk in people
    ]
    return sorted(
        found,
        key=lambda row: (not row.becomes_overloaded, -abs((row.mean[1] or 0) - (row.mean[0] or 0)), row.person.name),
    )


def _days_of(texts: list[str]) -> list[dt.date]:
    return [dt.date.fromisoformat(text) for text in texts]


def _days(effect: dict[str, Any], people: dict[int, User], customers: dict[int, Customer]) -> list[DayShown]:
    types = effect["names"]["types"]

    def named(places: list[list[int]]) -> list[tuple[Customer, str]]:
        return [(customers[pk], types[str(kind)]) for pk, kind in places if pk in customers]

    return [
        DayShown(people[pk], Change(before, after), named(come), named(go), reordered)
        for pk, before, after, come, go, reordered in sorted(effect["days"], key=_much)
        if pk in people
    ]
