"""How far the rhythm that contact rules ask for is kept, and the interval really kept (domain 3.2, adherence).

asked = days of a customer in the rule's tier and stage / the rule's interval; made = touches that count for the rule's
clock on these days, at most what was asked; adherence = sum made / sum asked, by the owner of the day.

Decisions where the definition leaves room:

- A day has the stage at its end, and a touch counts for the rules of its day, in whatever stage its hour fell.
- "At most what was asked" holds for each rule, customer and owner: five calls on one customer do not make up for none on
  another, and whoever takes a customer over is asked for their own days alone. So asked and made of people add up to
  those of their team.
- A touch counts as it does for due days (`planning.engine.due`): answered, by someone in the rule's role at that time or
  by a person unknown; by anyone, where on its day nobody is assigned in that role.
- A customer's own rule asks on its days in the place of its tier's (`planning.engine.own_rules`), and its days count for
  the tier of the day. Own rules are told of together, apart from the rules that they stand for.
- A rule by the day asks on working days, and counts what was done on any day.
- The interval kept: days from each counting touch to the next one on the same customer under the same rule, both within
  the window; two on one day are 0 days apart. It is told of the owner of the later day.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from msgspec import Struct, field

from planning.engine.calendar import WorkCalendar
from planning.engine.own_rules import NO_OWN_RULES, OwnRules
from planning.engine.rules import ContactRule, Key, Rules

#: days of the window where none is named
WINDOW = 90


class Spell(Struct, frozen=True):
    """Days, both ends counted, on which a customer stood in one place with the same people.

    ``owner`` None: nobody's, ``team`` then the customer's, else that of the owner's assignment. ``staffed``: roles in
    which somebody is assigned. ``own``: what the customer's own rules say on these days.
    """

    tier: Key
    stage: str
    owner: Key | None
    team: Key
    staffed: frozenset[Key]
    starts_on: date
    ends_on: date
    own: OwnRules = NO_OWN_RULES


class Answered(NamedTuple):
    """A touch that was answered; ``roles`` of those who took part, at that time (None: in none), empty: person unknown."""

    on: date
    touch_type: Key
    roles: tuple[Key | None, ...] = ()


class Followed(Struct, frozen=True):
    """A customer through a window: its spells in order and without overlap, its touches earliest first."""

    key: Key
    spells: Sequence[Spell]
    touches: Sequence[Answered] = ()


class Cell(NamedTuple):
    """Whose days and touches under a rule; ``rule`` None: customers' own ones; ``owner`` None: those of the team's customers
    that nobody owns. ``tier`` is that of the days.
    """

    rule: Key | None
    tier: Key | None
    owner: Key | None
    team: Key


class AskedAndMade(Struct):
    """What was asked and made, in touches; ``touches`` is what was made without the limit; ``gaps``: how often two
    touches were so many days apart.
    """

    asked: float = 0.0
    made: float = 0.0
    touches: int = 0
    gaps: Counter[int] = field(default_factory=Counter)

    @property
    def adherence(self) -> float | None:
        """The part of what was asked that was made, 0 to 1; None where nothing was asked."""
        return self.made / self.asked if self.asked > 0 else None

    @property
    def missing(self) -> float:
        """Touches that were asked for and not made."""
        return self.asked - self.made

    @property
    def median_gap(self) -> float | None:
        """The interval really kept, days; None without two touches in a row."""
        return median(self.gaps)

    def take(self, other: "AskedAndMade") -> None:
        """Add another's sums to these."""
        self.asked += other.asked
        self.made += other.made
        self.touches += other.touches
        self.gaps.update(other.gaps)


def median(counts: Mapping[int, int]) -> float | None:
    """The median of values by how often each occurs, the mean of the middle two where their number is even."""
    total = sum(counts.values())
    if not total:
        return None
    low, high, passed = (total - 1) // 2, total // 2, 0
    found: list[int] = []
    for value in sorted(counts):
        passed += counts[value]
        while len(found) < 2 and passed > (low, high)[len(found)]:
            found.append(value)
    return sum(found) / 2


def kept(
    customers: Iterable[Followed], rules: Rules, calendar: WorkCalendar, first: date, last: date
) -> dict[Cell, AskedAndMade]:
    """Sums of a window by rule, tier, owner and team; ``first`` and ``last`` are both counted."""
    found: dict[Cell, AskedAndMade] = defaultdict(AskedAndMade)
    working = _WorkingDays(calendar, first, last)
    for customer in customers:
        for (is_own, cell), mine in _of_one(customer, rules, working, first, last).items():
            mine.made = min(mine.touches, mine.asked)
            found[cell._replace(rule=None) if is_own else cell].take(mine)
    return dict(found)


def _of_one(
    customer: Followed, rules: Rules, working: "_WorkingDays", first: date, last: date
) -> Mapping[tuple[bool, Cell], AskedAndMade]:
    """By rule, with whether it is the customer's own."""
    mine: dict[tuple[bool, Cell], AskedAndMade] = defaultdict(AskedAndMade)
    latest: dict[tuple[bool, Key], date] = {}
    for spell in customer.spells:
        starts_on, ends_on = max(spell.starts_on, first), min(spell.ends_on, last)
        by_role = spell.own.instead_of(rules.contact_rules_by_role(spell.tier, spell.stage))
        if starts_on > ends_on or not by_role:
            continue
        touches = [row for row in customer.touches if starts_on <= row.on <= ends_on]
        for rule in (rule for role_rules in by_role.values() for rule in role_rules):
            key = rule.own, rule.key
            cell = mine[rule.own, Cell(rule.key, spell.tier, spell.owner, spell.team)]
            cell.asked += working.days(rule, starts_on, ends_on) / rule.interval
            for touch in touches:
                if counts(rule, touch, spell.staffed):
                    cell.touches += 1
                    if key in latest:
                        cell.gaps[(touch.on - latest[key]).days] += 1
                    latest[key] = touch.on
    return mine


def counts(rule: ContactRule, touch: Answered, staffed: frozenset[Key]) -> bool:
    """Whether an answered touch counts for a rule on a day on which these roles are staffed."""
    if touch.touch_type != rule.touch_type:
        return False
    return not touch.roles or rule.role in touch.roles or rule.role not in staffed


class _WorkingDays:
    """Days on which a rule asks: all of them, of a rule by the day the working ones."""

    def __init__(self, calendar: WorkCalendar, first: date, last: date) -> None:
        self.first = first
        self.until = [0]
        for number in range((last - first).days + 1):
            self.until.append(self.until[-1] + calendar.works(first + timedelta(days=number)))

    def days(self, rule: ContactRule, starts_on: date, ends_on: date) -> int:
        begin, end = (starts_on - self.first).days, (ends_on - self.first).days + 1
        return self.until[end] - self.until[begin] if rule.period == "day" else end - begin


Group = TypeVar("Group", bound=Hashable)


def summed(cells: Iterable[tuple[Cell, AskedAndMade]], by: Callable[[Cell], Group]) -> dict[Group, AskedAndMade]:
    """Cells put together, such as by rule."""
    found: dict[Group, AskedAndMade] = defaultdict(AskedAndMade)
    for cell, mine in cells:
        found[by(cell)].take(mine)
    return dict(found)
