"""Prepare a folder of this shape for the plan: python3 prepare.py FOLDER OUT

Joins and sums that a mapping cannot say: the tree of teams (offices, under them one team a manager), managers as people,
each account's first deal and who won most there, and the list price for deals without a value. Only the standard library.
"""

import csv
import sys
from collections import Counter, defaultdict
from pathlib import Path

WON = "Won"


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


def teams(agents: list[dict[str, str]]) -> list[dict[str, str]]:
    """Offices at the top, under each a team for every manager, called by the manager."""
    offices = sorted({row["regional_office"] for row in agents})
    managers = sorted({(row["manager"], row["regional_office"]) for row in agents})
    return [{"team": office, "part_of": ""} for office in offices] + [
        {"team": manager, "part_of": office} for manager, office in managers
    ]


def people(agents: list[dict[str, str]]) -> list[dict[str, str]]:
    """Agents as salespeople of their manager's team, managers as managers of their own."""
    found = [{"person": row["sales_agent"], "team": row["manager"], "role": "agent"} for row in agents]
    return found + [
        {"person": name, "team": name, "role": "manager"} for name in sorted({row["manager"] for row in agents})
    ]


def product_key(name: str) -> str:
    """Names of products without spaces: some deals write them so."""
    return name.replace(" ", "").casefold()


def first_day(deal: dict[str, str]) -> str:
    return deal["engage_date"] or deal["close_date"]


def most_wins(deals: list[dict[str, str]]) -> str:
    """The agent who won most of these deals; of those tied, whose first won deal closed first."""
    won = [deal for deal in deals if deal["deal_stage"] == WON]
    counts = Counter(deal["sales_agent"] for deal in won)
    first: dict[str, tuple[str, int]] = {}
    for position, deal in enumerate(won):
        moment = (deal["close_date"], position)
        first[deal["sales_agent"]] = min(first.get(deal["sales_agent"], moment), moment)
    return min(counts, key=lambda name: (-counts[name], first[name]), default="")


def team_without_wins(deals: list[dict[str, str]], team_of: dict[str, str]) -> str:
    """Where nobody has won yet: the team of who dealt there first; where nobody dealt, the first team there is."""
    known = [deal for deal in deals if deal["sales_agent"] in team_of]
    first = min(known, key=lambda deal: first_day(deal) or "9999", default=None)
    return team_of[first["sales_agent"]] if first else min(team_of.values())


def accounts(rows: list[dict[str, str]], deals: list[dict[str, str]], team_of: dict[str, str]) -> list[dict[str, str]]:
    """Each account since its first deal, with the agent who won most there and that agent's team."""
    by_account = defaultdict(list)
    for deal in deals:
        by_account[deal["account"]].append(deal)
    found = []
    for row in rows:
        own = by_account[row["account"]]
        days = [first_day(deal) for deal in own if first_day(deal)]
        agent = most_wins(own)
        team = team_of.get(agent) or team_without_wins(own, team_of)
        found.append(row | {"since": min(days, default=""), "agent": agent, "team": team})
    return found


def with_value(deals: list[dict[str, str]], prices: dict[str, str]) -> list[dict[str, str]]:
    """Deals that have no value yet at the list price of their product."""
    return [deal | {"value": deal["close_value"] or prices.get(product_key(deal["product"]), "")} for deal in deals]


def main(folder: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    agents, deals = read(folder / "sales_teams.csv"), read(folder / "sales_pipeline.csv")
    products = read(folder / "products.csv")
    team_of = {row["sales_agent"]: row["manager"] for row in agents}
    found = accounts(read(folder / "accounts.csv"), deals, team_of)
    write(out / "teams.csv", ["team", "part_of"], teams(agents))
    write(out / "people.csv", ["person", "team", "role"], people(agents))
    write(out / "products.csv", list(products[0]), products)
    write(out / "accounts.csv", list(found[0]), found)
    write(out / "owners.csv", ["account", "agent"], [row for row in found if row["agent"]])
    write(
        out / "deals.csv",
        [*deals[0], "value"],
        with_value(deals, {product_key(row["product"]): row["sales_price"] for row in products}),
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
