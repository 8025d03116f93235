"""INSERT ... SELECT for a model: what is not said of a row is the field's default, so that no column is forgotten."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, models


def insert(model: type[models.Model], values: Mapping[str, str], source: str, params: Mapping[str, Any]) -> int:
    """Insert a row for each of `source` (what follows FROM); `values`: SQL by column. Returns how many."""
    columns, expressions, named = [], [], dict(params)
    for field in model._meta.concrete_fields:
        expression = values.get(field.column)
        if expression is None:
            if field.primary_key:
                continue
            name = f"default_{field.column}"
            named[name] = field.get_db_prep_save(field.get_default(), connection)
            expression = f"%({name})s"
        columns.append(f'"{field.column}"')
        expressions.append(expression)
    unknown = set(values) - {field.column for field in model._meta.concrete_fields}
    assert not unknown, f"{model.__name__} has no {unknown}"
    statement = (
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(columns)}) SELECT {", ".join(expressions)} FROM {source}'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        return cursor.rowcount


def run(statement: str, params: Mapping[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def go_on_after(model: type[models.Model]) -> None:
    """The next row gets a key after those that were given here."""
    table = model._meta.db_table
    run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


def copy(table: str, columns: str, rows: list[tuple]) -> None:
    """Rows into a table by COPY."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as out:
        for row in rows:
            out.write_row(row)
