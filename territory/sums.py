"""Sums of money that are right to the last cent on both databases."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Sum, Window


class MoneySum(Sum):
    """Sum of amounts. SQLite keeps decimals as floats and would add them up as such: there whole cents are added instead.

    `places`: digits after the point that count; more than two where parts of amounts are added up.
    """

    def __init__(self, *expressions: Any, places: int = 2, **options: Any) -> None:
        super().__init__(*expressions, **options)
        self.places = places
        self.is_whole = False  # whether SQLite is to answer whole cents, which somebody else divides

    def as_sqlite(self, compiler: Any, connection: Any, **_context: Any) -> Any:
        unit = 10**self.places
        whole = self.copy()
        whole.template = f"%(function)s(CAST(ROUND(%(expressions)s * {unit}) AS INTEGER))"
        sql, params = whole.as_sql(compiler, connection)
        return sql if self.is_whole else f"({sql} / {unit}.0)", params

    def get_db_converters(self, connection: Any) -> list[Any]:
        """The nearest amount to the float that SQLite answers."""
        converters = super().get_db_converters(connection)
        return [*converters, self._amount] if connection.vendor == "sqlite" else converters

    def _amount(self, value: Decimal | None, _expression: Any, _connection: Any) -> Decimal | None:
        return None if value is None else value.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP)


class MoneyWindow(Window):
    """The same over a window: on SQLite, too, the window stands at the sum, and what that comes to is divided."""

    source_expression: MoneySum

    def __init__(self, expression: Any, *, places: int = 2, **window: Any) -> None:
        super().__init__(MoneySum(expression, places=places), **window)

    def as_sqlite(self, compiler: Any, connection: Any, **_context: Any) -> Any:
        window = self.copy()
        window.source_expression = self.source_expression.copy()
        window.source_expression.is_whole = True
        template = f"({self.template} / {10**self.source_expression.places}.0)"
        return window.as_sql(compiler, connection, template=template)  # type: ignore[call-arg]  # the stubs miss it

    def get_db_converters(self, connection: Any) -> list[Any]:
        return self.source_expression.get_db_converters(connection)
