"""Computes what a change of rules would do, from stored facts in memory: nothing is written but the draft's effect."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import Role
from customers.models import Customer, Tier, TouchType
from planning.draft_kinds import changed_book
from planning.engine.effect import Effect, Tally
from planning.engine.workload import Cell, workload
from planning.loaders.rulebook import RuleBook, load_rulebook
from planning.loaders.sides import Side, load_names, load_planned
from planning.loaders.workload import Instead, load_workload, weeks_from
from planning.models import DraftState, PlanningSettings, RuleDraft
from planning.situations.registry import KINDS
from planning.situations.runner import open_counts
from territory import clock
from territory.jobs.runner import Progress, run_job

# The shape of the stored effect and what is in it: raised when either changes, so that older ones count as outdated.
EFFECT_VERSION = 3

CHUNK = 300

# The name of its job.
EFFECT = "effect of a change of rules"

# A change that nobody came back to is not computed any more.
WAITS = dt.timedelta(days=1)

Report = Callable[[int, int], object]


def run_waiting_effects(*, now: dt.datetime, until: dt.datetime) -> None:
    """Compute what was asked for lately and no message announced."""
    waiting = RuleDraft.objects.filter(state=DraftState.OPEN, computed_at__isnull=True, asked_at__gte=now - WAITS)
    for pk, asked in list(waiting.order_by("asked_at").values_list("pk", "asked")):
        if clock.now() < until:
            run_effect(pk, asked, now=clock.now())


def run_effect(pk: int, asked: int, *, now: dt.datetime) -> None:
    """Compute a draft's effect as a job, once for each time it was asked for; nothing where it is asked for no more."""
    draft = RuleDraft.objects.filter(pk=pk, asked=asked, state=DraftState.OPEN).select_related("author").first()
    if draft is None:
        return

    def job(progress: Progress) -> dict[str, Any]:
        book = load_rulebook()
        found = _found(book, draft, now, progress)
        RuleDraft.objects.filter(pk=pk, asked=asked, state=DraftState.OPEN).update(
            effect=found, effect_version=EFFECT_VERSION, effect_rules_number=book.number, computed_at=now
        )
        return {key: found[key] for key in ("customers", "touched", "refused") if key in found}

    run_job(EFFECT, job, key=draft.job_key, requested_by=draft.author)


def _found(book: RuleBook, draft: RuleDraft, now: dt.datetime, progress: Report) -> dict[str, Any]:
    """The effect for storing, or why the change is not possible."""
    try:
        changed = changed_book(book, draft, now)
    except ValidationError as error:
        return {"refused": " ".join(error.messages)}
    before, after = Side.of(book, now), Side.of(changed, now)
    return as_stored(effect_of(before, after, now=now, progress=progress), before, after)


def effect_of(before: Side, after: Side, *, now: dt.datetime, progress: Report = lambda done, total: None) -> Effect:
    """Every live customer under the rules of both sides, chunk after chunk; a fixed number of queries a chunk."""
    effect = Effect(Tally(before.ground.on), Tally(after.ground.on))
    anew = after.moves_lifecycles(before)
    ids = list(Customer.objects.live().order_by("pk").values_list("pk", flat=True))
    for chunk in _chunks(ids):
        names, planned = load_names(chunk), load_planned(chunk)
        sides = []
        for side, tally in ((before, effect.before), (after, effect.after)):
            figures = side.figures(chunk, now, anew=anew)
            tally.add_shares(side.shares(figures), side.covered_minutes(figures))
            for person, candidate in side.candidates(figures, names, planned):
                tally.add_candidate(person, candidate)
            sides.append(figures)
        for pk in chunk:
            effect.compare(sides[0].get(pk), sides[1].get(pk))
        progress(min(effect.customers, len(ids)), len(ids))
    return effect


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def cells_of(side: Side, tally: Tally) -> dict[int, list[Cell]]:
    """The weeks to come of everyone who has some, by person."""
    weeks = weeks_from(side.ground.on)
    instead = Instead(tally.shares, tally.covered, side.book.team_loads)
    facts = load_workload(side.ground, weeks, instead=instead)
    found: dict[int, list[Cell]] = {}
    for cell in workload(facts, weeks):
        if cell.person is not None:
            found.setdefault(cell.person, []).append(cell)
    return found


def as_stored(effect: Effect, before: Side, after: Side) -> dict[str, Any]:
    """The effect as it is kept with the draft: numbers, keys of people and customers, names of the administrator's rows."""
    old, new = effect.before, effect.after
    return {
        "customers": effect.customers,
        "touched": effect.touched,
        "budgets": [
            [role, tier, old.minutes.get((role, tier), 0.0), new.minutes.get((role, tier), 0.0)]
            for role, tier in dict.fromkeys([*old.minutes, *new.minutes])
        ],
        "tiers": [
            [tier, old.tiers.get(tier, 0), new.tiers.get(tier, 0)] for tier in dict.fromkeys([*old.tiers, *new.tiers])
        ],
        "status": {name: [old.status.get(name, 0), new.status.get(name, 0)] for name in ("under", "over")},
        "due": [old.due, new.due],
        "due_soon": [old.due_soon, new.due_soon],
        "days": [
            [change.person, change.before, change.after, change.come, change.go, change.reordered]
            for change in effect.day_changes()
        ],
        "loads": _loads(before, after, effect),
        "situations": _situations(before, after),
        "largest": effect.largest,
        "names": _names(before.book, after.book),
    }


def _loads(before: Side, after: Side, effect: Effect) -> list[list[Any]]:
    """Whoever's load changes: person, this week before and after, the mean of all weeks, how many weeks are too full, which
    become so."""
    old, new = cells_of(before, effect.before), cells_of(after, effect.after)
    found = []
    for person in dict.fromkeys([*old, *new]):
        week, mean, full = _pairs(old.get(person, []), before.settings)
        new_week, new_mean, new_full = _pairs(new.get(person, []), after.settings)
        if (week, mean, full) != (new_week, new_mean, new_full):
            became = sorted(new_full - full)
            found.append([person, week, new_week, mean, new_mean, len(full), len(new_full), became])
    return found


def _pairs(cells: list[Cell], settings: PlanningSettings) -> tuple[float | None, float | None, set[str]]:
    """This week's load, the mean over all weeks, and which weeks (their Mondays) are above full."""
    work, capacity = sum(cell.workload for cell in cells), sum(cell.capacity for cell in cells)
    full = float(settings.full_up_to)
    above = {cell.week.isoformat() for cell in cells if cell.load is not None and round(cell.load, 9) > full}
    return (_rounded(cells[0].load if cells else None), _rounded(work / capacity if capacity else None), above)


def _rounded(load: float | None) -> float | None:
    """To 9 decimals: sums in another order are no change."""
    return None if load is None else round(load, 9)


def _situations(before: Side, after: Side) -> list[list[Any]]:
    """How many special situations stand, of those kinds whose thresholds change."""
    sides = before.ground, after.ground
    changed = [kind for kind in KINDS if kind.figures(sides[0].settings) != kind.figures(sides[1].settings)]
    old, new = (open_counts(ground, changed) for ground in sides)
    return [[kind.key, old[kind.key], new[kind.key]] for kind in changed]


def _names(before: RuleBook, after: RuleBook) -> dict[str, dict[str, Any]]:
    """Names of roles, touch types and tiers (with their place) as they are or would be."""
    rows = {model: {**before.tables[model], **after.tables[model]} for model in (Role, TouchType, Tier)}
    return {
        "roles": {str(pk): [str(row), row.position] for pk, row in rows[Role].items()},
        "types": {str(pk): str(row) for pk, row in rows[TouchType].items()},
        "tiers": {str(pk): [str(row), row.position] for pk, row in rows[Tier].items()},
    }
