"""Many rows at once: new ones by COPY, changed ones by one UPDATE on PostgreSQL, several times as fast as a placeholder for
each value; as Django writes them elsewhere."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

BATCH = 500


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of values, one for each of `columns`: all but the primary key that the database gives.

    For derived rows: no signal is sent and nothing goes into a history. Errors are the database's, as of any INSERT.
    """
    if connection.vendor != "postgresql":
        made = [model(**dict(zip(columns, row, strict=True))) for row in rows]
        model._default_manager.bulk_create(made, batch_size=BATCH)
        return
    documents = [
        place for place, name in enumerate(columns) if isinstance(_field(model, name), models.JSONField)
    ]  # COPY takes a document as its text
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    statement = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as out:
        for row in rows:
            if documents:
                row = list(row)
                for place in documents:
                    row[place] = json.dumps(row[place])
            out.write_row(row)


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Give rows that are there other values: each of `rows` is a primary key and a value for each of `columns`.

    For derived rows, as above. A key that is not there (any more) writes nothing.
    """
    if not rows:
        return
    quote, key = connection.ops.quote_name, model._meta.pk.column
    fields = {name: _field(model, name) for name in (key, *columns)}
    table = quote(model._meta.db_table)
    if connection.vendor != "postgresql":
        news = ", ".join(f"{quote(name)} = %s" for name in columns)
        prepared = [
            [field.get_db_prep_save(value, connection) for field, value in zip(fields.values(), row, strict=True)]
            for row in rows
        ]
        with connection.cursor() as cursor:
            statement = f"UPDATE {table} SET {news} WHERE {quote(key)} = %s"  # noqa: S608  names of our own
            cursor.executemany(statement, [[*values, pk] for pk, *values in prepared])
        return
    # Numbers go as they are, so that not a bit of a float is lost; days, instants and amounts as their text.
    document = json.dumps([dict(zip(fields, row, strict=True)) for row in rows], default=str)
    news = ", ".join(f"{quote(name)} = new.{quote(name)}" for name in columns)
    read = ", ".join(f"{quote(name)} {field.db_type(connection)}" for name, field in fields.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {news} FROM json_to_recordset(%s) AS new ({read}) "  # noqa: S608  names of our own
            f"WHERE {table}.{quote(key)} = new.{quote(key)}",
            [document],
        )


def _field(model: type[models.Model], column: str) -> Any:
    return next(field for field in model._meta.concrete_fields if field.column == column)
