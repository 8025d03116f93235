"""Customers with their contacts, people and potentials, and their orders."""

import datetime as dt
from typing import TYPE_CHECKING

from bench.volume.inserting import copy, go_on_after, insert, run
from bench.volume.people import HISTORY_DAYS
from bench.volume.skew import skewed
from customers.models import Assignment, Contact, Customer, CustomerTeam, Order, Potential, StageDecision

if TYPE_CHECKING:
    from bench.volume import Size

# Numbers without a common factor with any size: they spread the busy ones over all keys and people.
STRIDE, ORDER_STRIDE, WORTH_STRIDE = 7_919, 104_729, 48_271

# Part of the customers with orders, part of the orders that the largest of them has.
WITH_ORDERS, LARGEST_PART = 0.7, 1_000

FIRST = "Amber Birch Cedar Dover Ember Falcon Garnet Harbour Ivory Juniper Kestrel Linden Maple North Opal Pearl Quarry Raven Silver Thorn".split()
SECOND = "Bakery Bottling Brewery Castings Dairy Foods Fittings Glass Laboratories Mill Motors Orchards Packaging Papers Printing Tools Textiles Timber Vineyard Works".split()
TOWNS = "Bristol Exeter Leeds York Hull Derby Oxford Bath Durham Lincoln".split()
CONTACTS = "Ada Ben Cara Dan Eva Finn Gail Hugo Iris Jack".split()
SURNAMES = "Archer Baker Cooper Dyer Fisher Glover Hunter Mason Potter Tanner".split()


def insert_customers(size: "Size", now: dt.datetime) -> None:
    """Customers 1 to N, who works on them, three contacts each, and what they could bring."""
    _plan(size, now)
    named = {"now": now, "first": FIRST, "second": SECOND, "towns": TOWNS}
    insert(
        Customer,
        {
            "id": "p.customer",
            "name": "p.name",
            "external_id": "p.external_id",
            "town": "p.town",
            "phone": "p.phone",
            "country": "'United Kingdom'",
            "search_text": "lower(p.name || ' ' || p.town || ' ' || p.external_id || ' ' || p.phone)",
            "since": "p.since",
            "latitude": "51 + 4 * random()",
            "longitude": "-3 + 3 * random()",
            "team_id": "p.team",
            "created_at": "p.since::timestamptz",
        },
        "bench_plan p ORDER BY p.customer",
        named,
    )
    go_on_after(Customer)
    insert(CustomerTeam, {"customer_id": "p.customer", "team_id": "p.team"}, "bench_plan p", {})
    _assign()
    _contacts()
    insert(
        Potential,
        {
            "customer_id": "p.customer",
            "amount": "round((500 * exp(4.8 * random()))::numeric, 2)",
            "noted_on": "p.since",
        },
        "bench_plan p WHERE p.orders = 0 OR p.customer %% 4 = 0",
        {},
    )
    insert(
        StageDecision,
        {
            "customer_id": "p.customer",
            "stage": "'lost'",
            "at": "%(now)s - random() * interval '300 days'",
            "reason": "'Stays with another supplier'",
        },
        "bench_plan p WHERE p.orders = 0 AND p.customer %% 9 = 0",
        {"now": now},
    )


def _plan(size: "Size", now: dt.datetime) -> None:
    """What is to be of each customer: its place among the busy ones, its salesperson, team, first day."""
    with_orders = int(size.customers * WITH_ORDERS)
    touches = skewed(size.customers, size.touches, size.busiest)
    orders = skewed(with_orders, size.orders, max(3, size.orders // LARGEST_PART)) + [0] * (
        size.customers - with_orders
    )
    run("CREATE TEMPORARY TABLE bench_count (place int PRIMARY KEY, touches int, orders int) ON COMMIT DROP")
    copy(
        "bench_count", "place, touches, orders", [(n, *row) for n, row in enumerate(zip(touches, orders, strict=True))]
    )
    run(
        f"""
        CREATE TEMPORARY TABLE bench_plan ON COMMIT DROP AS
        SELECT n AS customer, t.place, t.touches, o.orders, s.membership, s.person, s.role, s.team,
               k.membership AS coordinator, k.person AS coordinating, k.role AS coordinators,
               h.membership AS technician, h.person AS helping, h.role AS technicians,
               (%(first)s::text[])[1 + n %% 20] || ' ' || (%(second)s::text[])[1 + n / 20 %% 20] || ' ' || n AS name,
               (%(towns)s::text[])[1 + n %% 10] AS town, 'C-' || n AS external_id,
               '0117 496 ' || lpad((n %% 10000)::text, 4, '0') AS phone,
               400 * exp(3.5 * (n::bigint * {WORTH_STRIDE} %% 1009) / 1009.0) AS worth,
               (%(now)s - (CASE WHEN t.place = 0 THEN 1 ELSE 0.1 + 0.9 * sqrt(random()) END)
                * interval '{HISTORY_DAYS - 2} days')::date AS since
        FROM generate_series(1, %(customers)s) n
        JOIN bench_count t ON t.place = n::bigint * {STRIDE} %% %(customers)s
        JOIN bench_count o ON o.place = n::bigint * {ORDER_STRIDE} %% %(customers)s
        JOIN bench_seat s ON s.role_name = 'Salesperson'
             AND s.number = n %% (SELECT count(*) FROM bench_seat WHERE role_name = 'Salesperson')
        JOIN bench_seat k ON k.role_name = 'Sales coordinator' AND k.team = s.team
        JOIN bench_seat h ON h.role_name = 'Technical support' AND h.team = s.team
        ORDER BY n
        """,
        {"now": now, "customers": size.customers, "first": FIRST, "second": SECOND, "towns": TOWNS},
    )
    run("CREATE UNIQUE INDEX ON bench_plan (customer)")
    run("ANALYZE bench_plan")


def _assign() -> None:
    """A lead each; a coordinator and a technician support some."""
    for membership, kind, which in (
        ("membership", "lead", "true"),
        ("coordinator", "support", "p.customer %% 5 < 3"),
        ("technician", "support", "p.customer %% 4 = 0"),
    ):
        insert(
            Assignment,
            {
                "customer_id": "p.customer",
                "membership_id": f"p.{membership}",
                "kind": f"'{kind}'",
                "starts_on": "p.since",
            },
            f"bench_plan p WHERE {which} ORDER BY p.customer",
            {},
        )


def _contacts() -> None:
    named = {"names": CONTACTS, "surnames": SURNAMES}
    insert(
        Contact,
        {
            "customer_id": "c.customer",
            "name": "c.name",
            "role_id": "c.role",
            "phone": "c.phone",
            "email": "c.email",
            "search_text": "lower(c.name || ' ' || c.email || ' ' || c.phone)",
            "decides": "c.position = 1",
            "since": "c.since",
        },
        """(
            SELECT p.customer, p.since, k AS position, r.id AS role,
                   (%(names)s::text[])[1 + (p.customer + 3 * k) %% 10] || ' '
                   || (%(surnames)s::text[])[1 + (p.customer / 10 + k) %% 10] AS name,
                   'contact' || k || '@c' || p.customer || '.example' AS email,
                   '0117 497 ' || lpad((p.customer %% 10000)::text, 4, '0') AS phone
            FROM bench_plan p CROSS JOIN generate_series(1, 3) k
            JOIN (SELECT id, row_number() OVER (ORDER BY position) - 1 AS number FROM customers_contactrole) r
              ON r.number = (p.customer + k) %% 6
            ORDER BY p.customer, k
        ) c""",
        named,
    )


def insert_orders(size: "Size", now: dt.datetime) -> None:
    """Orders over the whole time; those not closed by now, and a few more, are pending."""
    insert(
        Order,
        {
            "customer_id": "o.customer",
            "external_id": "'O-' || o.number",
            "title": "'Delivery ' || o.number",
            "search_text": "'delivery ' || o.number || ' o-' || o.number",
            "status": "o.status",
            "amount": "o.amount",
            "opened_at": "o.opened_at",
            "created_at": "o.opened_at",
            "closed_at": "CASE WHEN o.status = 'pending' THEN NULL ELSE o.closed_at END",
            "expected_on": "(CASE WHEN o.status = 'pending' THEN %(now)s + (o.days - 20) * interval '1 day' ELSE o.closed_at END)::date",
            "step_id": "o.step",
            "team_id": "o.team",
            "salesperson_id": "CASE WHEN o.status = 'pending' THEN NULL ELSE o.person END",
        },
        """(
            SELECT d.*, CASE WHEN closed_at > %(now)s OR chance < 0.08 THEN 'pending' WHEN chance < 0.25 THEN 'lost'
                        ELSE 'won' END AS status
            FROM (
                SELECT p.customer, p.team, p.person, row_number() OVER () AS number, e.days, e.chance, s.id AS step,
                       e.opened_at, e.opened_at + e.days * interval '1 day' AS closed_at,
                       round((p.worth * (0.5 + e.size))::numeric, 2) AS amount
                FROM (SELECT * FROM bench_plan ORDER BY customer) p
                CROSS JOIN LATERAL (
                    SELECT k, 5 + floor(85 * random()) AS days, random() AS chance, random() AS size,
                           p.since + random() * (%(now)s - p.since::timestamptz) AS opened_at
                    FROM generate_series(1, p.orders) k
                ) e
                JOIN (SELECT id, row_number() OVER (ORDER BY position) - 1 AS number FROM customers_orderstep) s
                  ON s.number = (p.customer + e.k) %% 4
            ) d
        ) o""",
        {"now": now},
    )
    _give_sale_types()


def _give_sale_types() -> None:
    """The first order won is new business, what closed later is a repeat: as the lifecycle finds them."""
    run(
        """
        UPDATE customers_order o SET sale_type_id = t.id
        FROM customers_saletype t,
             (SELECT customer_id, min(closed_at) AS first FROM customers_order WHERE status = 'won' GROUP BY 1) w
        WHERE w.customer_id = o.customer_id AND o.closed_at IS NOT NULL
          AND t.kind = CASE WHEN o.closed_at <= w.first THEN 'new_business' ELSE 'repeat' END
        """
    )
    run(
        """
        UPDATE customers_order SET sale_type_id = (SELECT id FROM customers_saletype WHERE kind = 'new_business')
        WHERE closed_at IS NOT NULL AND sale_type_id IS NULL
        """
    )
