"""How far the rhythm of contact rules is kept, from what the night computed: by person, team, tier or rule, within reach."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import F, Q, QuerySet, Sum, Window
from django.db.models.functions import Lag
from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area, Scope, may, people_reached, scope
from customers.models import Stage, Tier
from customers.scope import EVERYTHING
from planning.engine.adherence import median
from planning.engine.rhythm import interval_days
from planning.models import ContactRule, RhythmGap, RhythmRun, RhythmSum, RhythmWindow
from territory import clock
from territory.together import prepared, together

# What rows may be about, and the columns that say so; `by` is the first of them.
BY: dict[str, tuple[str, ...]] = {
    "person": ("owner_id", "owner__name"),
    "team": ("team_id", "team__name"),
    "tier": ("tier_id", "tier__name", "tier__position"),
    "rule": (
        "rule_id", "rule__tier__name", "rule__tier__position", "rule__stage", "rule__role__name", "rule__touch_type__name",
        "rule__count", "rule__period",
    ),
}  # fmt: skip


class Row(Struct, frozen=True):
    """Touches asked for and made; `tier` of a tier's or a rule's row, `interval` and `kept` (days) of a rule's alone.

    `title`: what it is about, in a sentence. `changed_on`: the last day in the window on which a rule's rhythm was changed;
    the days before are held against it as it is now.
    """

    key: int | None
    name: str
    asked: float
    made: float
    tier: Tier | None = None
    interval: float | None = None
    kept: float | None = None
    title: str = ""
    changed_on: dt.date | None = None

    @property
    def adherence(self) -> float | None:
        return self.made / self.asked if self.asked > 0 else None

    @property
    def percent(self) -> float:
        """Adherence in per cent, for a bar."""
        return (self.adherence or 0.0) * 100

    @property
    def is_telling(self) -> bool:
        """Whether a touch at least was asked for."""
        return self.asked >= 1


class Rhythm(Struct, frozen=True):
    """Rows, worst first, those of whom less than one touch was asked last; and the sum of all. `run` None: not computed yet.

    `changed_on`: the last day in the window on which the rhythm of any rule was changed.
    """

    run: RhythmRun | None
    window: int
    rows: list[Row]
    total: Row
    changed_on: dt.date | None = None

    @property
    def first(self) -> dt.date | None:
        """The first day of the window."""
        return self.run.on - dt.timedelta(days=self.window - 1) if self.run else None

    @property
    def worst(self) -> Row | None:
        """Where the smallest part was made, if not everything was and there is something to compare it with."""
        telling = [row for row in self.rows if row.is_telling]
        return telling[0] if len(telling) > 1 and telling[0].made < telling[0].asked else None


def rhythm(user: User, by: str, window: int, person: User | None = None) -> Rhythm:
    """What was asked and made in a stored window, of all within the reader's reach or of one person; in one statement."""
    reached, today, key = scope(user, Area.BUDGETS, Act.SEE), clock.company_today(), person.pk if person else None
    shows_gaps = by == "rule" and window == RhythmWindow.QUARTER
    questions = [_runs(), _changes(), _sums(reached, today, by, window, key)]
    runs, changes, sums, *gaps = together(*questions, *([_gaps(reached, today, key)] if shows_gaps else []))
    kept = _medians(gaps[0]) if gaps else {}
    changed = _changed(changes, runs[0], window) if runs else {}
    rows = [_row(by, row, kept, changed) for row in sums]
    rows.sort(key=lambda row: (not row.is_telling, row.adherence or 0.0, -row.asked, row.name))
    total = Row(None, "", sum(row.asked for row in rows), sum(row.made for row in rows))
    return Rhythm(runs[0] if runs else None, window, rows, total, max(changed.values(), default=None))


class Beside(Struct, frozen=True):
    """What stands beside a contact rule: adherence and interval kept (days) of the last 90 days, within the reader's reach;
    None where nothing is known. `is_old`: the rule was changed since that was computed.
    """

    interval: float | None = None
    adherence: float | None = None
    kept: float | None = None
    is_old: bool = False
    changed_on: dt.date | None = None


def beside_rules(user: User, versions: Mapping[int, int]) -> tuple[RhythmRun | None, dict[int, Beside]]:
    """Of rules (their versions by key); in one statement. Nothing for who has no reach over budgets."""
    if not may(user, Area.BUDGETS, Act.SEE):
        return None, {}
    reached, today = scope(user, Area.BUDGETS, Act.SEE), clock.company_today()
    window = RhythmWindow.QUARTER.value
    runs, changes, sums, gaps = together(
        _runs(), _changes(), _sums(reached, today, "rule", window, None), _gaps(reached, today, None)
    )
    if not runs:
        return None, {}
    kept, rows = _medians(gaps), {row[0]: _row("rule", row, {}, {}) for row in sums}
    changed = _changed(changes, runs[0], window)
    found = {}
    for key, version in versions.items():
        if runs[0].rules.get(str(key), {}).get("version") != version:
            found[key] = Beside(is_old=True)
        else:
            row = rows.get(key)
            found[key] = Beside(row and row.interval, row and row.adherence, kept.get(key), changed_on=changed.get(key))
    return runs[0], found


@prepared
def _runs() -> QuerySet[RhythmRun]:
    return RhythmRun.objects.all()[:1]


@prepared
def _changes() -> QuerySet:
    """Rules' keys and the moments at which their count or period was changed, from the first."""
    before = {
        f"{name}_before": Window(Lag(name), partition_by="id", order_by=["history_date", "history_id"])
        for name in ("count", "period")
    }
    other = ~Q(count=F("count_before")) | ~Q(period=F("period_before"))
    rows = ContactRule.history.annotate(**before).filter(other, count_before__isnull=False)
    return rows.order_by("history_date", "history_id").values_list("id", "history_date")


def _changed(changes: Iterable[tuple[int, dt.datetime]], run: RhythmRun, window: int) -> dict[int, dt.date]:
    """The last day by rule, of a run's window, on which its rhythm was changed before the run."""
    zone = clock.company_zone()
    days = {rule: clock.day_of(at, zone) for rule, at in changes if at <= run.computed_at}
    return {rule: day for rule, day in days.items() if day > run.on - dt.timedelta(days=window - 1)}


@prepared
def _sums(reached: Scope, today: dt.date, by: str, window: int, person: int | None) -> QuerySet:
    rows = RhythmSum.objects.filter(_seen(reached, today, by), window=window)
    if person is not None:
        rows = rows.filter(owner_id=person)
    return rows.order_by().values_list(*BY[by]).annotate(sum_asked=Sum("asked"), sum_made=Sum("made"))


@prepared
def _gaps(reached: Scope, today: dt.date, person: int | None) -> QuerySet:
    rows = RhythmGap.objects.filter(_seen(reached, today, "rule"))
    if person is not None:
        rows = rows.filter(owner_id=person)
    return rows.order_by().values_list("rule_id", "days").annotate(Sum("number"))


def _seen(reached: Scope, today: dt.date, by: str) -> Q:
    """What is asked of people within reach, and of nobody in teams whose totals the reader may see; of teams, all of it."""
    if reached.everything:
        return EVERYTHING
    teams = reached.teams_through("team__")
    if by == "team":
        return teams
    people = people_reached(reached, today).order_by().values("pk")
    return Q(owner__in=people) | Q(owner__isnull=True) & teams


def _row(by: str, row: tuple, kept: Mapping[int, float], changed: Mapping[int, dt.date]) -> Row:
    key, name, *rest, asked, made = row
    if by in ("person", "team"):
        name = name or _("Nobody")
        return Row(key, name, asked, made, title=name)
    if key is None:
        name = _("No tier") if by == "tier" else _("Customers' own rules")
        return Row(None, name, asked, made, title=name)
    tier = Tier(name=name, position=rest[0])
    if by == "tier":
        name = _("Tier %(name)s") % {"name": name}
        return Row(key, name, asked, made, tier, title=name)
    _position, stage, role, touch_type, count, period = rest
    words = {"type": touch_type, "role": role, "stage": Stage(stage).label, "tier": tier}
    name = _("%(type)s, %(role)s, %(stage)s") % words
    title = _("%(type)s by %(role)s in tier %(tier)s, stage %(stage)s") % words
    interval = float(interval_days(count, period))
    return Row(key, name, asked, made, tier, interval, kept.get(key), title, changed.get(key))


def _medians(rows: Iterable[tuple[int, int, int]]) -> dict[int, float]:
    """The median gap by rule."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for rule, days, number in rows:
        counts[rule][days] += number
    return {rule: found for rule, mine in counts.items() if (found := median(mine)) is not None}
