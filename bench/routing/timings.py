"""How long the plans of screens take, made by the functions that make them there, each in a process of its own.

What is planned is made up from a seed; loading it from the database and storing what comes out is not in the figures.
"""

import datetime as dt
import json
import os
import random
import subprocess
import sys
import time
from decimal import Decimal
from time import perf_counter
from typing import Any

from bench.place import ROOT
from bench.table import Figure, Line

MOST_MB = 1_000
SEED = 1
BASE = (50.72, -3.53)
MONDAY = dt.date(2026, 6, 8)


def measure_timings() -> list[Line]:
    return [
        _line("a week of 12 visits", "12", 5),
        _line("a week of 60 candidates", "60", 30),
        _line("1,000 customers divided among 20 people", "territories", 120),
    ]


def _line(what: str, name: str, most: float) -> Line:
    command = [sys.executable, "-m", "bench.routing.timings", name]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    told = json.loads(printed.splitlines()[-1])
    figures = {
        "s": Figure(told["seconds"], most, decimals=1),
        "CPU s": Figure(told["cpu"], decimals=1),
        "MB": Figure(told["mb"], MOST_MB),
        "wishes broken": Figure(told["broken"], 0),
    }
    return Line(what, figures, told["told"])


# In the process that is measured.


def week_of(count: int) -> dict[str, Any]:
    """A week of visits, as the job of My week makes it: some with an agreed hour, some with visiting hours."""
    from planning.actions.visit_plans import solved
    from planning.engine.visits.check import broken_wishes
    from planning.loaders.visits import build

    ground, wanted = _person_week(), _visits(count)
    started = perf_counter()
    loaded = build(ground, wanted)
    plan = solved(ground, loaded)
    seconds = perf_counter() - started
    broken = [*plan.broken, *broken_wishes(loaded.week, plan)]
    return {
        "seconds": seconds,
        "broken": len(broken),
        "told": f"{len(plan.planned)} planned, {plan.metres / 1000:,.0f} km",
    }


def _person_week() -> Any:
    import zoneinfo

    from accounts.models import User
    from planning.engine.visits.week import Day, Lunch, Window
    from planning.loaders.visits import PersonWeek

    day = Day(Window(8 * 3600, 17 * 3600), lunch=Lunch(1800, Window(41_400, 50_400)))
    dates = tuple(MONDAY + dt.timedelta(days=number) for number in range(5))
    return PersonWeek(User(), MONDAY, zoneinfo.ZoneInfo("Europe/London"), BASE, dates, (day,) * 5, {}, frozenset(), 0.3)


def _visits(count: int) -> list[Any]:
    from planning.loaders.visits import Wanted
    from territory.formats.hours import read_hours

    chance = random.Random(SEED)
    found = []
    for number in range(count):
        worth = chance.randint(20, 400)
        agreed = dt.datetime.combine(MONDAY + dt.timedelta(days=number // 12), dt.time(10), dt.UTC)
        found.append(
            Wanted(
                customer=number,
                touch_type=1,
                name=f"Customer {number}",
                place=_place(chance),
                hours=read_hours(chance.choice(("Mo-Fr 09:00-16:00", "Mo-We 08:00-12:00")))
                if number % 3 == 1
                else None,
                seconds=chance.choice((1800, 2700, 3600)),
                worth=Decimal(worth),
                value=worth * chance.uniform(0.2, 2),
                due_on=MONDAY + dt.timedelta(days=chance.randrange(7)),
                agreed_at=agreed if number % 12 == 5 else None,
            )
        )
    return found


def _place(chance: random.Random, spread: float = 0.45) -> tuple[float, float]:
    return BASE[0] + chance.uniform(-spread, spread), BASE[1] + 1.5 * chance.uniform(-spread, spread)


def territories(customers: int = 1_000, people: int = 20) -> dict[str, Any]:
    """A division, as the job of Territories makes it: by minutes, connected, within 15 %, nearly all with who is not nearest."""
    from planning.actions.alignment import divided
    from planning.loaders.alignment import Facts, Held, Seat
    from planning.models import AlignmentProposal, Balanced

    chance = random.Random(SEED)
    seats = [Seat(number, number, _place(chance, 2), chance.choice((20.0, 40.0, 40.0))) for number in range(people)]
    held = [
        Held(
            number, number, 1, chance.randrange(people), _place(chance, 2), chance.randrange(4),
            chance.uniform(0, 90_000), chance.uniform(0, 50_000), chance.uniform(10, 240), chance.uniform(0, 120),
            is_selling=chance.random() < 0.1,
        )
        for number in range(customers)
    ]  # fmt: skip
    proposal = AlignmentProposal(
        balance=Balanced.MINUTES, tolerance=Decimal("0.15"), move_km=Decimal(5), connected=True, locked={"orders": True}
    )
    started = perf_counter()
    figures, moves = divided(proposal, Facts(seats, held), lambda done, total: None)
    seconds = perf_counter() - started
    broken = [wish for wish, *_rest in figures["broken"] if wish == "balance"]
    before, after = figures["km"]
    told = f"{len(moves)} move, {before:,.0f} → {after:,.0f} km a month"
    return {"seconds": seconds, "broken": len(broken), "told": told}


def main() -> None:
    import django

    django.setup()
    from bench.servers import resident_mb

    used = time.process_time()
    told = territories() if sys.argv[1] == "territories" else week_of(int(sys.argv[1]))
    told |= {"cpu": time.process_time() - used, "mb": resident_mb(os.getpid(), peak=True)}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
