"""Prepare a folder of this shape for the plan: python3 prepare.py FOLDER OUT

Joins and sums that a mapping cannot say: the owner of each prospect (the agent with most touches on it; of those tied who
touched first), also as salesperson of its orders. Everything else is copied. Only the standard library.
"""

import csv
import sys
from collections import Counter, defaultdict
from pathlib import Path

TEAM = "Sales"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            {name.strip(): (value or "").strip() for name, value in row.items() if name} for row in csv.DictReader(file)
        ]


def write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def owners(touches: list[dict[str, str]]) -> dict[str, str]:
    """Prospect -> the agent with most touches on it; of those tied, who touched first (then who stands first)."""
    counts: dict[str, Counter] = defaultdict(Counter)
    first: dict[tuple[str, str], tuple[str, int]] = {}
    for position, touch in enumerate(touches):
        prospect, agent = touch["prospect"], touch["agent"]
        if agent:
            counts[prospect][agent] += 1
            moment = (touch["started_at"], position)
            first[prospect, agent] = min(first.get((prospect, agent), moment), moment)
    return {
        prospect: min(agents, key=lambda agent: (-agents[agent], first[prospect, agent]))
        for prospect, agents in counts.items()
    }


def main(folder: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    prospects, touches = read(folder / "prospects.csv"), read(folder / "touches.csv")
    agents, orders, lost = (read(folder / f"{name}.csv") for name in ("agents", "orders", "lost"))
    owner = owners(touches)
    write(out / "teams.csv", ["team"], [{"team": TEAM}])
    write(out / "agents.csv", list(agents[0]), agents)
    write(out / "prospects.csv", list(prospects[0]), prospects)
    write(
        out / "owners.csv",
        ["prospect", "agent"],
        [{"prospect": name, "agent": agent} for name, agent in sorted(owner.items())],
    )
    write(
        out / "orders.csv", [*orders[0], "owner"], [row | {"owner": owner.get(row["prospect"], "")} for row in orders]
    )
    write(out / "touches.csv", list(touches[0]), touches)
    write(out / "lost.csv", list(lost[0]), lost)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
