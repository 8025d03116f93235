"""What markets could bring with product lines, for the page of it."""

from msgspec import Struct, field

from customers.models import MarketPotential


class MarketLine(Struct):
    """A market and product line: the row that holds, and those noted before it, the latest first."""

    holds: MarketPotential
    earlier: list[MarketPotential] = field(default_factory=list)


def market_potentials(user, *, archived: bool = False) -> list[MarketLine]:
    """One line a market and product line, by name, of what the reader may see; put-away rows instead where asked.

    Of archived markets and product lines nothing is said. In 1 query.
    """
    rows = MarketPotential.objects.visible_to(user).filter(
        archived_at__isnull=not archived, market__archived_at__isnull=True, product_line__archived_at__isnull=True
    )
    lines: dict[tuple[int, int], MarketLine] = {}
    for row in rows.select_related("market", "product_line", "noted_by"):
        key = (row.market_id, row.product_line_id)
        if key in lines:
            lines[key].earlier.append(row)
        else:
            lines[key] = MarketLine(row)
    return list(lines.values())
