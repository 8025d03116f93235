"""Market potential: what each market could bring a year with each product line, and its growth, as noted last by the day.

Of archived markets and product lines nothing is said; what was archived was never noted.
"""

from typing import Any

from django.db.models import QuerySet

from accounts.permissions import Act, Area, scope
from customers.models import MarketPotential
from planning.reports.definition import Answer, Asked, Column, Kind, Report, shown_id

COLUMNS = (
    Column("market"),
    Column("product_line"),
    Column("yearly_potential", Kind.MONEY),
    Column("growth", Kind.SHARE),
    Column("source"),
    Column("noted_on", Kind.DAY),
)


def answer(asked: Asked) -> Answer:
    """A row a market and product line with a potential noted by the day, by name; growth as a share a year."""
    rows = _seen(asked.reader).filter(
        noted_on__lte=asked.on, market__archived_at__isnull=True, product_line__archived_at__isnull=True
    )
    found: dict[tuple[int, int], dict[str, Any]] = {}
    # The latest comes first of each.
    for row in rows.select_related("market", "product_line"):
        found.setdefault(
            (row.market_id, row.product_line_id),
            {
                "market": shown_id(row.market.external_id, row.market.name),
                "product_line": shown_id(row.product_line.external_id, row.product_line.name),
                "yearly_potential": row.yearly_potential,
                "growth": None if row.growth_percent is None else row.growth_percent / 100,
                "source": row.source,
                "noted_on": row.noted_on,
            },
        )
    return Answer(found.values(), asked.now)


def _seen(reader: Any) -> QuerySet[MarketPotential]:
    """What somebody may read, in a file where they export more than their own: a market is nobody's own."""
    rows = MarketPotential.objects.live()
    if reader is None:
        return rows
    exported = scope(reader, Area.EXPORT, Act.SEE)
    return rows.visible_to(reader) if exported.everything or exported.has_teams else rows.none()


REPORT = Report("market_potential", COLUMNS, answer)
