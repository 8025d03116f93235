"""The first entry of every row's history, as if it had been entered by hand."""

import datetime as dt
from typing import Any

from bench.volume.inserting import run
from customers.models import Assignment, Contact, Customer, Order, PlannedTouch, Touch

# When a row was entered, as far as it says so itself.
ENTERED = {
    Customer: "created_at",
    Contact: "%(now)s - interval '1 year'",
    Assignment: "%(now)s - interval '1 year'",
    Order: "opened_at",
    Touch: "logged_at",
    PlannedTouch: "planned_at",
}

# What a touch's history says with it.
BESIDE = {
    "took_part": """(SELECT jsonb_agg(jsonb_build_array(p.user_id, p.role_id, p.duration_seconds, p.travel_seconds) ORDER BY p.user_id)
                    FROM customers_touchperson p WHERE p.touch_id = customers_touch.id)""",
    "met": """(SELECT jsonb_agg(c.contact_id ORDER BY c.contact_id)
              FROM customers_touch_contacts c WHERE c.touch_id = customers_touch.id)""",
}


def first_histories(now: dt.datetime) -> None:
    for model, entered in ENTERED.items():
        _first_history(model, entered, now)


def _first_history(model: Any, entered: str, now: dt.datetime) -> None:
    history = model.history.model._meta
    tracked = [field.column for field in history.concrete_fields if not field.column.startswith("history_")]
    columns = ", ".join(f'"{column}"' for column in tracked)
    values = ", ".join(BESIDE.get(column, f'"{column}"') for column in tracked)
    run(
        f'INSERT INTO "{history.db_table}" ({columns}, history_date, history_type) '
        f"""SELECT {values}, {entered}, '+' FROM "{model._meta.db_table}" ORDER BY id""",
        {"now": now},
    )
