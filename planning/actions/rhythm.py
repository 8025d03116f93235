"""Computes how far the rhythm of contact rules is kept, and keeps it for the pages that show it (domain 3.2)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from planning.engine import adherence as engine
from planning.engine.adherence import AskedAndMade, Cell
from planning.loaders import load_ground
from planning.loaders.adherence import load_followed
from planning.models import ContactRule, RhythmGap, RhythmRun, RhythmSum, RhythmWindow
from territory import clock
from territory.jobs.runner import Progress

Windows = Mapping[RhythmWindow, Mapping[Cell, AskedAndMade]]

# Rows a statement.
BATCH = 2_000


def compute_rhythm(*, now: dt.datetime, progress: Progress | None = None) -> dict[str, Any]:
    """Asked and made of each window up to the company's day at `now`, in the place of what was kept before."""
    on = clock.day_of(now, clock.company_zone())
    say = progress or (lambda done, total=None: None)
    say(0, 3)
    # Versions first: a rule that is changed in between is told as changed, not as computed.
    versions, ground = dict(ContactRule.objects.values_list("pk", "version")), load_ground(on)
    followed = load_followed(ground, first_of(max(RhythmWindow), on), on)
    say(1)
    rules, calendar = ground.context.rules, ground.context.calendar
    found = {window: engine.kept(followed, rules, calendar, first_of(window, on), on) for window in RhythmWindow}
    say(2)
    said = {str(rule.key): {"version": versions.get(rule.key)} for rule in rules.contact_rules}
    _store(on, now, said, found)
    say(3)
    return {"customers": len(followed), "rules": len(rules.contact_rules)}


def first_of(window: int, on: dt.date) -> dt.date:
    """The first of so many days, the last being `on`."""
    return on - dt.timedelta(days=window - 1)


@transaction.atomic
def _store(on: dt.date, now: dt.datetime, rules: dict[str, Any], found: Windows) -> None:
    """Safe beside another: the later one stands. A rule removed meanwhile is left out."""
    run, _is_new = RhythmRun.objects.update_or_create(on=on, defaults={"computed_at": now, "rules": rules})
    for model in (RhythmSum, RhythmGap):
        model._default_manager.all().delete()
    RhythmRun.objects.exclude(pk=run.pk).delete()
    there = set(ContactRule.objects.values_list("pk", flat=True))
    sums = [
        RhythmSum(run=run, window=window, tier_id=cell.tier, **_whose(cell), asked=mine.asked, made=mine.made)
        for window, cells in found.items()
        for cell, mine in cells.items()
        if cell.rule is None or cell.rule in there
    ]
    gaps = [
        RhythmGap(run=run, **_whose(cell), days=days, number=number)
        for cell, mine in found[RhythmWindow.QUARTER].items()
        if cell.rule in there
        for days, number in mine.gaps.items()
    ]
    RhythmSum.objects.bulk_create(sums, batch_size=BATCH)
    RhythmGap.objects.bulk_create(gaps, batch_size=BATCH)


def _whose(cell: Cell) -> dict[str, Any]:
    return {"rule_id": cell.rule, "owner_id": cell.owner, "team_id": cell.team}
