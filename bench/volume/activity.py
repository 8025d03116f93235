"""What was done with customers, by whom, and what is planned."""

import datetime as dt
from typing import TYPE_CHECKING

from bench.volume.inserting import go_on_after, insert, run
from customers.models import PlannedTouch, Touch, TouchPerson

if TYPE_CHECKING:
    from bench.volume import Size

# Type: how many of a hundred; the types of the starting catalogue.
TYPES = (
    ("Voice call", 50),
    ("Marketing outreach", 70),
    ("Field sales call", 86),
    ("Online meeting", 97),
    ("Demo", 100),
)
NOTE = "Asked for samples; the price is settled, delivery times are not. Sends the drawings next week."


def insert_touches(size: "Size", now: dt.datetime) -> None:
    """Touches from the day a customer is known until now; most by its salesperson, some by a person unknown."""
    run(
        "CREATE TEMPORARY TABLE bench_touch ON COMMIT DROP AS "
        """
        SELECT p.customer, p.person, p.role, p.coordinating, p.coordinators, p.helping, p.technicians,
               row_number() OVER () AS id, e.*
        FROM (SELECT * FROM bench_plan ORDER BY customer) p
        CROSS JOIN LATERAL (
            SELECT k, floor(100 * random()) AS what, random() AS who, random() AS how, random() AS long,
                   date_trunc('minute', p.since + random() * (%(now)s - p.since::timestamptz)) AS at
            FROM generate_series(1, p.touches) k
        ) e
        """,
        {"now": now},
    )
    cases = " ".join(f"WHEN t.what < {until} THEN '{name}'" for name, until in TYPES)
    insert(
        Touch,
        {
            "id": "t.id",
            "uuid": "md5('touch ' || t.id)::uuid",
            "customer_id": "t.customer",
            "type_id": "y.id",
            "at": "t.at",
            "duration_seconds": "60 * floor(1 + y.default_seconds / 60 * (0.5 + t.long))",
            "travel_seconds": "CASE WHEN y.travels THEN 60 * floor(10 + 80 * t.long) ELSE 0 END",
            "outcome": "CASE WHEN t.how < 0.1 THEN 'no_answer' WHEN t.how < 0.3 THEN 'advanced'"
            " WHEN t.how < 0.37 THEN 'set_back' ELSE 'neutral' END",
            "note": f"CASE WHEN t.how > 0.6 THEN '{NOTE}' ELSE '' END",
            "logged_by_id": "t.person",
            "logged_at": "t.at + interval '1 hour'",
        },
        f"bench_touch t JOIN customers_touchtype y ON y.name = CASE {cases} END ORDER BY t.id",
        {},
    )
    go_on_after(Touch)
    _take_part()
    _meet()


def _take_part() -> None:
    person = "CASE WHEN t.who < 0.75 THEN t.person WHEN t.who < 0.88 THEN t.coordinating ELSE t.helping END"
    role = "CASE WHEN t.who < 0.75 THEN t.role WHEN t.who < 0.88 THEN t.coordinators ELSE t.technicians END"
    insert(
        TouchPerson,
        {
            "touch_id": "t.id",
            "user_id": person,
            "role_id": role,
            "duration_seconds": "r.duration_seconds",
            "travel_seconds": "r.travel_seconds",
            "at": "r.at",
        },
        "bench_touch t JOIN customers_touch r ON r.id = t.id WHERE t.who < 0.95 ORDER BY t.id",
        {},
    )


def _meet() -> None:
    """Half of the touches were with a contact."""
    run(
        """
        INSERT INTO customers_touch_contacts (touch_id, contact_id)
        SELECT t.id, c.first + t.k % 3
        FROM bench_touch t
        JOIN (SELECT customer_id, min(id) AS first FROM customers_contact GROUP BY 1) c ON c.customer_id = t.customer
        WHERE t.how BETWEEN 0.1 AND 0.6
        ORDER BY t.id
        """
    )


def insert_planned(now: dt.datetime) -> None:
    """Next steps of three in five customers, some overdue, most in the coming weeks."""
    insert(
        PlannedTouch,
        {
            "uuid": "md5('planned ' || p.customer)::uuid",
            "customer_id": "p.customer",
            "type_id": "y.id",
            "assignee_id": "p.person",
            "planned_by_id": "p.person",
            "due_on": "%(now)s::date + (p.customer %% 30 - 4)",
            "planned_at": "%(now)s - interval '5 days'",
            "source": "'next_step'",
            "reason": "'agreed at the last touch'",
        },
        """bench_plan p
        JOIN (SELECT id, row_number() OVER (ORDER BY position) - 1 AS number FROM customers_touchtype) y
          ON y.number = p.customer %% 3
        WHERE p.customer %% 5 < 3 ORDER BY p.customer""",
        {"now": now},
    )
