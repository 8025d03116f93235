"""Trigram indexes on folded text, for migrations: PostgreSQL only, where `contains` would else read every row."""

from django.db import migrations


def trigram_index(table: str, column: str = "search_text") -> migrations.RunPython:
    """A migration step that adds a trigram index on `table.column` on PostgreSQL and nothing elsewhere."""
    name = f"{table}_{column}_trigram"

    def add(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            schema_editor.execute(f'CREATE INDEX "{name}" ON "{table}" USING gin ("{column}" gin_trgm_ops)')

    def remove(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f'DROP INDEX IF EXISTS "{name}"')

    return migrations.RunPython(add, remove, elidable=False)
