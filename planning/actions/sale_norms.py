"""Works out the normal sale of the company and of every team with all under it, to be kept with the run (domain 3.6)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import asdict

from customers.models import OrderStatus
from planning.engine.normal_sale import Cell, Normal, normal_sales
from planning.loaders.orders import team_lines
from planning.loaders.sale_cost import Sales
from planning.models import SaleNorm
from planning.queries.normal_sale import all_cells, ended, in_window
from planning.queries.sold import ALL_RATES, Rates, Sold, logged_sales, rates_of_teams


def norms_of(sales: Sales, on: dt.date) -> Iterator[SaleNorm]:
    """Rows to be kept, without their run."""
    lines, cells = team_lines(), all_cells()
    rates = rates_of_teams(on, lines)
    of_team: dict[int | None, list[Sold]] = defaultdict(list)
    for row in in_window(logged_sales(sales), on):
        for team in (None, *lines[row.team]):
            of_team[team].append(row)
    for team, rows in of_team.items():
        yield from _of_team(team, rows, cells, sales, ALL_RATES if team is None else rates[team])


def _of_team(
    team: int | None, rows: Sequence[Sold], cells: Sequence[Cell], sales: Sales, rates: Rates
) -> Iterator[SaleNorm]:
    hidden, unknown = _hidden(rows, sales, rates)

    def below(row: Sold) -> int:
        return rates.cost(row, hidden[row.pk])

    known = normal_sales((ended(row, cost=lambda each: each.cost, cost_below=below) for row in rows), cells)
    for cell, normal in known.items():
        yield _row(team, cell, normal, [row for row in rows if _is_in(row, cell)], unknown)


def _hidden(rows: Sequence[Sold], sales: Sales, rates: Rates) -> tuple[dict[int, int], dict[int, int]]:
    """Of each order the cost of time that such readers may not know, and how many seconds that time and all unknown are."""
    hidden, unknown = {}, {}
    for row in rows:
        shares = sales.orders[row.pk].effort.workers.items()
        outside = [share for worker, share in shares if rates.hides(worker.user)]
        hidden[row.pk] = sum(share.time + share.travel for share in outside)
        seconds = sum(share.seconds + share.travel_seconds - share.unknown for share in outside)
        unknown[row.pk] = row.unknown_seconds + seconds
    return hidden, unknown


def _is_in(row: Sold, cell: Cell) -> bool:
    if row.status != OrderStatus.WON:
        return False
    return cell.sale_type in (None, row.sale_type) and cell.tier in (None, row.tier)


def _row(team: int | None, cell: Cell, normal: Normal, won: Sequence[Sold], unknown: Mapping[int, int]) -> SaleNorm:
    seconds = sum(row.seconds + row.travel_seconds for row in won)
    return SaleNorm(
        team_id=team,
        sale_type_id=cell.sale_type,
        tier_id=cell.tier,
        sales=normal.sales,
        ended=normal.ended,
        basis=normal.basis.value,
        basis_sales=normal.basis_sales,
        won_share=normal.won_share,
        figures={name: list(asdict(figure).values()) for name, figure in normal.figures.items()},
        unknown_share=sum(row.unknown_seconds for row in won) / seconds if seconds else None,
        unknown_share_below=sum(unknown[row.pk] for row in won) / seconds if seconds else None,
    )
