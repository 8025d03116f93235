"""Prepare a folder of this shape for the plan: python3 prepare.py FOLDER OUT

Joins and sums that a mapping cannot say: who reports to whom as a tree of teams (a team for everyone who has reports, under the team
of who they report to), who took most orders of each customer, the amount of each order, what is shipped. Only the standard library.
"""

import csv
import sys
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

CENT = Decimal("0.01")
Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: (value or "").strip() for name, value in row.items() if name} for row in csv.DictReader(file)]


def write(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def name_of(employee: Row) -> str:
    return f"{employee['FirstName']} {employee['LastName']}"


def teams(employees: list[Row]) -> dict[str, str]:
    """Employee -> the team they are in: their own where somebody reports to them, else that of who they report to."""
    names = {row["EmployeeID"]: name_of(row) for row in employees}
    heads = {row["ReportsTo"] for row in employees if row["ReportsTo"]}
    return {
        row["EmployeeID"]: names[row["EmployeeID"] if row["EmployeeID"] in heads else row["ReportsTo"]]
        for row in employees
    }


def tree(employees: list[Row], team_of: dict[str, str]) -> list[Row]:
    """A team for every head, each after the one it is part of."""
    names = {row["EmployeeID"]: name_of(row) for row in employees}
    above = {names[key]: team_of.get(row["ReportsTo"], "") for row in employees for key in [row["EmployeeID"]]}
    found: list[Row] = []
    waiting = sorted(set(team_of.values()))
    while waiting:
        placed = {row["Team"] for row in found}
        ready = [team for team in waiting if not above[team] or above[team] in placed]
        if not ready:
            sys.exit("Somebody reports to themselves, directly or through others.")
        found += [{"Team": team, "PartOf": above[team]} for team in ready]
        waiting = [team for team in waiting if team not in ready]
    return found


def most_orders(orders: list[Row]) -> dict[str, str]:
    """Customer -> who took most of their orders; of those tied, who took the first of them (the lowest order number)."""
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    first: dict[tuple[str, str], int] = {}
    for row in orders:
        pair = row["CustomerID"], row["EmployeeID"]
        taken[pair[0]][pair[1]] += 1
        first[pair] = min(first.get(pair, int(row["OrderID"])), int(row["OrderID"]))
    return {
        customer: min(counts, key=lambda who: (-counts[who], first[(customer, who)]))
        for customer, counts in taken.items()
    }


def amounts(details: list[Row]) -> dict[str, Decimal]:
    """Order -> its lines after discount, each rounded to the cent."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in details:
        line = Decimal(row["UnitPrice"]) * Decimal(row["Quantity"]) * (1 - Decimal(row["Discount"]))
        found[row["OrderID"]] += line.quantize(CENT, ROUND_HALF_UP)
    return found


def main(folder: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    employees, orders = read(folder / "Employees.csv"), read(folder / "Orders.csv")
    customers, sums = read(folder / "Customers.csv"), amounts(read(folder / "OrderDetails.csv"))
    team_of, owner = teams(employees), most_orders(orders)
    top = tree(employees, team_of)
    write(out / "teams.csv", top)
    write(
        out / "people.csv",
        [
            {
                "EmployeeID": row["EmployeeID"],
                "Name": name_of(row),
                "Title": row["Title"],
                "Team": team_of[row["EmployeeID"]],
            }
            for row in employees
        ],
    )
    write(
        out / "customers.csv",
        [row | {"Team": team_of.get(owner.get(row["CustomerID"], ""), top[0]["Team"])} for row in customers],
    )
    write(out / "owners.csv", [{"CustomerID": customer, "EmployeeID": owner[customer]} for customer in sorted(owner)])
    write(
        out / "orders.csv",
        [
            row | {"Status": "shipped" if row["ShippedDate"] else "open", "Amount": str(sums[row["OrderID"]])}
            for row in orders
        ],
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
