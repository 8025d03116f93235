"""Instances of the call plan: read, solved by the product's own function, held against the optimum where it is known.

python -m bench.routing.callplan ../shared/data/routing/callplan/*.json
"""

import json
from pathlib import Path
from time import monotonic

import numpy as np

from bench.routing.found import SECONDS, Found, measure_files
from planning.engine.call_plan import Account, Plan, Question, best_calls

#: proven optima by the instance's name
OPTIMA = {"cp-30-4-s7": 369604.92}

#: of the time, so that reading and leaving fit as well
KEPT_BACK = 10.0


def read(path: Path) -> Question:
    """Each account lies in one area and asks for as many trips to it as it gets calls."""
    told = json.loads(path.read_text())
    place = {area["id"]: number for number, area in enumerate(told["areas"])}
    accounts = []
    for row in told["accounts"]:
        calls = np.array(row["levels"], dtype=float)
        value = np.array(row["value"], dtype=float)
        accounts.append(Account(calls, calls * row["min_per_call"], value, calls, (place[row["area"]],)))
    trips = (np.array([area[name] for area in told["areas"]], dtype=float) for name in ("trip_min", "trip_cost"))
    return Question(accounts, *trips, float(told["time_budget_min"]))


def measured(path: Path, seconds: float = SECONDS) -> Found:
    started = monotonic()
    question = read(path)
    plan = best_calls(question, seconds=max(1.0, seconds - KEPT_BACK))
    value = question.value_of(plan.levels)
    fits = question.minutes_of(plan.levels) <= question.minutes + 1e-6
    return Found(
        path.stem,
        value if fits else None,
        OPTIMA.get(path.stem),
        monotonic() - started,
        _told(plan) if fits else "too long",
    )


def _told(plan: Plan) -> str:
    return "within the hours" if plan.is_proven else f"within the hours, at most {plan.bound:,.2f} possible"


if __name__ == "__main__":
    measure_files(measured, "callplan", __doc__)
