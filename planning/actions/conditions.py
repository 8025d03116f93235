"""Estimates how far conditions move a sale from the normal one, and keeps it for the pages that show it (domain 3.6)."""

import datetime as dt
from functools import partial
from typing import Any

from django.db import transaction

from planning.engine.crossed_effects import Effects, crossed_effects
from planning.loaders.conditions import Window, stored_window
from planning.models import ConditionEffect, MovedMeasure, SaleMeasure
from territory import clock
from territory.again import again, give_way

# The version of the formulas: raised when the same sales give other figures.
ENGINE = 1
# Rows a statement.
BATCH = 2_000


def compute_conditions(*, now: dt.datetime) -> dict[str, Any]:
    """Of the sales as the night keeps them, in the place of what was kept before; each measure in a transaction of its own."""
    window = stored_window(clock.day_of(now, clock.company_zone()))
    stored = 0
    for measure in SaleMeasure:
        sales = window.sales(measure)
        found = crossed_effects(sales)
        again(partial(_store, measure, window, len(sales), found, now))
        stored += sum(len(kind.effects) for kind in found.kinds.values()) if found else 0
        give_way()
    return {"effects": stored}


@transaction.atomic
def _store(measure: SaleMeasure, window: Window, sales: int, found: Effects | None, now: dt.datetime) -> None:
    """Safe beside another: the row of the measure is held, the later one stands."""
    said = {
        "on": window.last_on,
        "computed_at": now,
        "engine": ENGINE,
        "first_on": window.first_on,
        "last_on": window.last_on,
        "sales": sales,
        "figures": found and as_stored(found),
    }
    moved, _is_new = MovedMeasure.objects.update_or_create(measure=measure, defaults=said)
    moved.effects.all().delete()
    if found is None:
        return
    rows = [
        ConditionEffect(moved=moved, kind=kind, key=key, sales=row.sales, mean=row.mean, error=row.error)
        for kind, of_kind in found.kinds.items()
        for key, row in of_kind.effects.items()
    ]
    ConditionEffect.objects.bulk_create(rows, batch_size=BATCH)


def as_stored(found: Effects) -> dict[str, Any]:
    """All but the effects themselves, as MovedMeasure keeps it."""
    return {
        "kinds": {
            name: {"variance": kind.variance, "share": kind.share, "levels": len(kind.effects), "why": kind.why}
            for name, kind in found.kinds.items()
        },
        "variance": found.variance,
        "share": found.share,
        "normals": [[*cell, row.mean, row.sales, row.basis] for cell, row in found.normals.items()],
        "apart": found.apart,
        "converged": found.converged,
    }
