"""Effects: by how much each salesperson, market, customer and circumstance moves a sale from the normal one, and how sure that is.

`share` is the share of all variation that conditions of this kind explain; the last row has what none of them does.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from accounts.permissions import Area
from planning.actions.conditions import ENGINE
from planning.engine.crossed_effects import Effects, crossed_effects
from planning.loaders import load_ground
from planning.loaders.conditions import window_from_log
from planning.loaders.ground import so_far
from planning.models import ConditionKind, MovedMeasure, SaleMeasure
from planning.queries.conditions import effects_kept, named_to, of_kind, sees_measure
from planning.reports.definition import Answer, Asked, Column, Kind, Report, shown_id

COLUMNS = (
    Column("kind"),
    Column("key"),
    Column("n", Kind.COUNT),
    Column("effect", Kind.SHARE),
    Column("low", Kind.SHARE),
    Column("high", Kind.SHARE),
    Column("share", Kind.SHARE),
)
UNEXPLAINED = "unexplained"


def answer(asked: Asked) -> Answer:
    """Of whom the reader may see and export; effects as shares of the normal, with 80 % intervals.

    Nothing where sales are too few or all alike, and for a reader who may not see what moves this measure.
    """
    measure = SaleMeasure(asked.of)
    if asked.reader is not None and not sees_measure(asked.reader, measure):
        return Answer([], asked.now)
    found, computed_at = _found(asked, measure)
    return Answer(list(_rows(asked, measure, found)) if found else [], computed_at)


def _found(asked: Asked, measure: SaleMeasure) -> tuple[Effects | None, dt.datetime]:
    """What the night kept; as of a day, or under older formulas, from the log."""
    moved = MovedMeasure.objects.filter(measure=measure).first() if asked.as_of is None else None
    if moved is not None and moved.engine == ENGINE:
        return effects_kept(moved, list(moved.effects.order_by("pk"))), moved.computed_at
    window = window_from_log(so_far(load_ground(asked.on), asked.now))
    return crossed_effects(window.sales(measure)), asked.now


def _rows(asked: Asked, measure: SaleMeasure, found: Effects) -> Iterator[dict[str, Any]]:
    """By kind, then by name."""
    for kind in ConditionKind:
        told, names = found.kinds[kind.value], _names(asked, kind, measure)
        known = [(names[key], effect) for key, effect in told.effects.items() if key in names]
        for name, effect in sorted(known, key=lambda row: row[0]):
            yield {
                "kind": kind.value,
                "key": name,
                "n": effect.sales,
                "effect": effect.share,
                "low": effect.low,
                "high": effect.high,
                "share": told.share,
            }
    nothing = dict.fromkeys(("key", "effect", "low", "high"))
    yield {"kind": UNEXPLAINED, "n": found.sales, "share": found.share, **nothing}


def _names(asked: Asked, kind: ConditionKind, measure: SaleMeasure) -> dict[Any, str]:
    """External ids, else names, of whom the reader may see and export."""
    rows = of_kind(kind).objects.order_by()
    if asked.reader is not None:
        rows = rows.filter(named_to(asked.reader, kind, measure, Area.EXPORT))
    if kind == ConditionKind.CIRCUMSTANCE:
        return dict(rows.values_list("pk", "name"))
    return {pk: shown_id(external_id, name) for pk, external_id, name in rows.values_list("pk", "external_id", "name")}


REPORT = Report("effects", COLUMNS, answer, of=tuple(SaleMeasure.values))
