"""Sums of money that are right to the last cent on both databases."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Sum


class MoneySum(Sum):
    """Sum of amounts. SQLite keeps decimals as floats and would add them up as such: there whole cents are added instead.

    `places`: digits after the point that count; more than two where parts of amounts are added up.
    """

    def __init__(self, *expressions: Any, places: int = 2, **options: Any) -> None:
        super().__init__(*expressions, **options)
        self.places = places

    def as_sqlite(self, compiler: Any, connection: Any, **_context: Any) -> Any:
        unit = 10**self.places
        whole = self.copy()
        whole.template = f"%(function)s(CAST(ROUND(%(expressions)s * {unit}) AS INTEGER))"
        sql, params = whole.as_sql(compiler, connection)
        return f"({sql} / {unit}.0)", params

    def get_db_converters(self, connection: Any) -> list[Any]:
        """The nearest amount to the float that SQLite answers."""
        converters = super().get_db_converters(connection)
        return [*converters, self._amount] if connection.vendor == "sqlite" else converters

    def _amount(self, value: Decimal | None, _expression: Any, _connection: Any) -> Decimal | None:
        return None if value is None else value.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP)
