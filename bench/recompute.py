"""How long a full recomputation takes beside one SQL aggregate over the touches.

    DATA_DIR=/somewhere/empty .venv/bin/python bench/recompute.py [customers] [touches]

makes invented rows in an empty database (DATABASE_URL, else SQLite in DATA_DIR) and prints a table of seconds.
"""

import datetime as dt
import os
import random
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "territory.settings")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.models import Count, Max, Sum  # noqa: E402

from accounts.models import Membership, Role, Team, User  # noqa: E402
from customers.actions.lifecycle import rebuild_all_lifecycles  # noqa: E402
from customers.models import Assignment, Contact, ContactRole, Customer, Order, Tier, Touch, TouchPerson, TouchType  # noqa: E402
from planning.actions.recompute import recompute_all  # noqa: E402
from planning.loaders import load, load_ground  # noqa: E402
from planning.models import ContactLoad, ContactRule, OrderRule  # noqa: E402
from planning.situations.large_order import find_large_orders  # noqa: E402
from territory import clock  # noqa: E402
from territory.company.models import Company  # noqa: E402

BATCH = 2000


def main() -> None:
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    touches = int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
    call_command("migrate", verbosity=0)
    if not Company.objects.exists():
        fill(customers, touches)
    print(f"{Customer.objects.count()} customers, {Touch.objects.count()} touches, {Order.objects.count()} orders")
    now = clock.now()
    measure("one SQL aggregate over the touches", aggregate)
    measure("one SQL aggregate with the people", aggregate_people)
    measure("stages and tiers, all", lambda: rebuild_all_lifecycles(now=now))
    measure("figures, all new", lambda: recompute_all(now=now))
    measure("figures, nothing changed", lambda: recompute_all(now=now))
    measure("figures, a new day", lambda: recompute_all(now=now + dt.timedelta(days=1)))
    measure("situations", lambda: find_large_orders(now=now))
    measure("figures as of a day, from the log", lambda: len(as_of()))


def measure(what: str, function) -> None:
    start, busy = time.perf_counter(), time.process_time()
    result = function()
    seconds, processor = time.perf_counter() - start, time.process_time() - busy
    print(f"{seconds:8.2f} s ({processor:7.2f} of this process)  {what}  {result if result is not None else ''}")


def aggregate() -> None:
    list(
        Touch.objects.order_by()
        .values("customer_id", "type_id")
        .annotate(Count("pk"), Max("at"), Sum("duration_seconds"))
    )


def aggregate_people() -> None:
    rows = TouchPerson.objects.order_by().values("touch__customer_id", "touch__type_id", "role_id")
    list(rows.annotate(Count("pk"), Max("touch__at"), Sum("duration_seconds")))


def as_of() -> list:
    return load(None, load_ground(clock.company_today() - dt.timedelta(days=100)), from_log=True).figures()


def fill(customers: int, touches: int) -> None:
    """Invented rows, the same every time."""
    chance = random.Random(1)
    now = clock.now()
    Company.objects.create(name="Bench", currency="EUR", time_zone="Europe/Amsterdam")
    roles = Role.objects.bulk_create([Role(name=f"Role {n}", function="sales", position=n) for n in range(3)])
    tiers = Tier.objects.bulk_create(
        [Tier(name="ABCD"[n], lower_bound=bound, position=n + 1) for n, bound in enumerate((40000, 15000, 5000, 0))]
    )
    types = TouchType.objects.bulk_create(
        [TouchType(name=f"Type {n}", channel="voice", travels=n == 1) for n in range(4)]
    )
    buyer = ContactRole.objects.create(name="Buyer")
    teams = [Team.objects.create(name=f"Team {n}") for n in range(20)]
    users = User.objects.bulk_create(
        [User(name=f"Person {n}", base_latitude=50 + n / 100, base_longitude=5.0) for n in range(200)]
    )
    members = Membership.objects.bulk_create(
        [Membership(user=user, team=teams[n % 20], role=roles[n % 3]) for n, user in enumerate(users)]
    )
    for tier in tiers:
        for stage in ("prospect", "customer"):
            for role in roles:
                ContactRule.objects.create(
                    tier=tier,
                    stage=stage,
                    role=role,
                    touch_type=types[0],
                    count=1,
                    period="month",
                    duration_seconds=900,
                )
            ContactRule.objects.create(
                tier=tier,
                stage=stage,
                role=roles[0],
                touch_type=types[1],
                count=1,
                period="quarter",
                duration_seconds=3600,
            )
    OrderRule.objects.create(role=roles[1])
    ContactLoad.objects.create(contact_role=buyer, role=roles[0])
    rows = Customer.objects.bulk_create(
        [
            Customer(
                name=f"Customer {n}",
                team=teams[n % 20],
                since=now.date() - dt.timedelta(days=chance.randrange(10, 900)),
                latitude=50 + chance.random(),
                longitude=5 + chance.random(),
            )
            for n in range(customers)
        ],
        batch_size=BATCH,
    )
    Assignment.objects.bulk_create(
        [
            Assignment(customer=row, membership=members[(n + k * 7) % 200], kind="lead" if k == 0 else "support")
            for n, row in enumerate(rows)
            for k in range(1 + n % 2)
        ],
        batch_size=BATCH,
    )
    Contact.objects.bulk_create(
        [Contact(customer=row, name=f"Contact {k}", role=buyer) for row in rows for k in range(3)], batch_size=BATCH
    )
    Order.objects.bulk_create(
        [
            Order(
                customer=row,
                team=row.team,
                amount=chance.randrange(100, 30000),
                status="won" if k else "pending",
                closed_at=now - dt.timedelta(days=chance.randrange(1, 800)) if k else None,
            )
            for row in rows
            for k in range(chance.choice((0, 0, 2, 4)))
        ],
        batch_size=BATCH,
    )
    done = 0
    while done < touches:
        made = Touch.objects.bulk_create(
            [
                Touch(
                    customer=chance.choice(rows),
                    type=types[chance.randrange(4)],
                    at=now - dt.timedelta(minutes=chance.randrange(1, 730 * 1440)),
                    duration_seconds=chance.randrange(60, 5000),
                    outcome=chance.choice(("neutral", "advanced", "no_answer")),
                    logged_at=now,
                )
                for _ in range(min(BATCH, touches - done))
            ]
        )
        people = [(touch, chance.choice(members)) for touch in made if chance.random() < 0.9]
        TouchPerson.objects.bulk_create(
            [
                TouchPerson(
                    touch=touch, user_id=member.user_id, role_id=member.role_id, duration_seconds=touch.duration_seconds
                )
                for touch, member in people
            ]
        )
        done += len(made)


if __name__ == "__main__":
    main()
