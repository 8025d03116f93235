"""All budgets: how long they take beside what SQL alone takes, in how much memory, and with two workers."""

import json
import subprocess
import sys
from time import perf_counter

from django.db import connection

from bench.place import ROOT
from bench.servers import backend, cpu_seconds
from bench.table import Figure, Line
from customers.models import Customer, Touch

TABLES = ("planning_customerfigures", "planning_budget", "planning_budgetshare", "planning_duetouch")
KEYS = {
    "planning_customerfigures": "customer_id",
    "planning_budget": "customer_id, role_id",
    "planning_budgetshare": "id",
    "planning_duetouch": "customer_id, role_id, touch_type_id",
}
MOST_FLOORS, MOST_MB, LEAST_SPEED_UP = 4, 400, 1.7

# The touches as figures need them: by customer, type and role the last one, the last answered, and time in two windows.
AGGREGATE = """
    SELECT t.customer_id, t.type_id, p.role_id, max(t.at) AS last_at,
           max(t.at) FILTER (WHERE t.outcome <> 'no_answer') AS answered_at,
           sum(coalesce(p.duration_seconds, t.duration_seconds)) FILTER (WHERE t.at >= now() - interval '90 days') AS spent_90,
           sum(coalesce(p.duration_seconds, t.duration_seconds)) FILTER (WHERE t.at >= now() - interval '366 days') AS spent_366
    FROM customers_touch t LEFT JOIN customers_touchperson p ON p.touch_id = t.id
    WHERE t.archived_at IS NULL
    GROUP BY 1, 2, 3
"""


def measure_recompute() -> list[Line]:
    """Every figure anew by the product, by SQL, once more with nothing changed, and shared by two workers."""
    _empty()
    one = _work(1)
    rows = _rows()
    again = _work(1, everything=True)
    _empty()
    two = _work(2)
    assert _rows() == rows, "two workers stored other rows than one"
    floor, floor_cpu = measure_floor()
    assert _rows() == rows
    what = (
        f"all budgets of {Customer.objects.count():,} customers from {Touch.objects.count():,} touches, {rows:,} rows"
    )
    return [
        Line(
            what,
            {
                "s": Figure(one["seconds"], decimals=1),
                "floor s": Figure(floor, decimals=1),
                "floors": Figure(one["seconds"] / floor, MOST_FLOORS, decimals=1),
                "CPU s": Figure(one["cpu"], decimals=1),
                "floor CPU s": Figure(floor_cpu, decimals=1),
                "floors of CPU": Figure(one["cpu"] / floor_cpu, decimals=1),
                "MB": Figure(one["mb"], MOST_MB),
            },
        ),
        Line(
            "with nothing changed",
            {"s": Figure(again["seconds"], decimals=1), "rows written": Figure(again["written"], 0)},
        ),
        Line(
            "two workers",
            {
                "s": Figure(two["seconds"], decimals=1),
                "times as fast": Figure(one["seconds"] / two["seconds"], LEAST_SPEED_UP, decimals=2, least=True),
            },
        ),
    ]


def _work(workers: int, *, everything: bool = False) -> dict[str, float]:
    """Workers as processes of their own, all started before the clock is; the slowest counts."""
    command = [sys.executable, "-m", "bench.recompute_worker", *(["all"] if everything else [])]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(workers)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    start = perf_counter()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [json.loads(process.stdout.readline()) for process in running if process.stdout]
    seconds = perf_counter() - start
    for process in running:
        process.communicate()
    return {
        "seconds": seconds,
        "cpu": sum(row["cpu"] for row in told),
        "mb": max(row["mb"] for row in told),
        "written": sum(row["written"] for row in told),
    }


def measure_floor() -> tuple[float, float]:
    """Seconds, and CPU seconds, that SQL alone takes: one aggregate over the touches, an upsert of the same rows."""
    server = backend()
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM {table} ORDER BY customer_id")
    _empty()
    start, used = perf_counter(), cpu_seconds(server)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE summed AS {AGGREGATE}")
        for table in TABLES:
            cursor.execute(_upsert(table))
    took = perf_counter() - start, cpu_seconds(server) - used
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE summed, " + ", ".join(f"kept_{table}" for table in TABLES))
    return took


def _upsert(table: str) -> str:
    with connection.cursor() as cursor:
        columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
    key = KEYS[table].split(", ")
    news = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in (*key, "id"))
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM kept_{table} "
        f"ON CONFLICT ({KEYS[table]}) DO UPDATE SET {news}"
    )


def _empty() -> None:
    """No figures, in tables as small as new ones."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}")


def _rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + " + ".join(f"(SELECT count(*) FROM {table})" for table in TABLES))
        return cursor.fetchone()[0]
