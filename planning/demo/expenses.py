"""What the people of the demo spent: ways, parking, samples, trade fairs; the latest still on their way to a decision."""

import datetime as dt
import random
import struct
import uuid
import zlib
from decimal import Decimal

from simple_history.utils import bulk_create_with_history

from accounts.models import User
from customers.actions.expenses import ExpenseEntry, note_expense
from customers.models import Expense, ExpenseKind, ExpenseStatus, TouchPerson
from customers.queries.expenses import cost_of_km
from customers.receipts import checked
from planning.demo.book import Account
from planning.demo.company import HISTORY_DAYS, RATE_PER_KM, ZONE, Person
from planning.engine.travel import great_circle_km
from territory import clock

DETOUR = 1.3
# What was spent longer ago than this was decided.
OPEN_DAYS = 18
# What was refused longer ago than this was mended since.
REFUSED_DAYS = 100
REFUSALS = ("The receipt is missing.", "This was private.", "Paid by the customer, see the mail.")
OVERHEAD = (("Trade fair, stand", 1850, 2400), ("Price lists printed", 240, 420), ("Licences of the quarter", 300, 540))
SAMPLES = ("Sample boxes", "Printed samples", "Test run on their line")


def spend(book: list[Account], people: dict[str, Person], now: dt.datetime) -> None:
    """Expenses of two years; drawn by a generator of its own, so that nothing else of the demo changes."""
    rng = random.Random(711)
    today = now.astimezone(ZONE).date()
    manager = next(person for person in people.values() if person.membership.role.name == "Sales manager")
    rows = [*_ways(rng, now), *_samples(rng, book, today), *_overhead(rng, people, today)]
    for row in rows:
        _settle(rng, row, manager.user, today, now)
    bulk_create_with_history(rows, Expense, batch_size=1000, default_date=now)
    _with_receipts(people["Maren Holt"], book, now, today)


def _ways(rng: random.Random, now: dt.datetime) -> list[Expense]:
    """Every third visit: kilometres there and back; parking besides, here and there. Of the last days none: they are proposed."""
    until = now - dt.timedelta(days=6)
    visits = TouchPerson.objects.filter(travel_seconds__gt=0, touch__at__lt=until).order_by("pk")
    rows = []
    for visit in visits.select_related("touch__customer", "user"):
        if rng.random() > 0.35:
            continue
        customer, person = visit.touch.customer, visit.user
        one, other = (
            (place.base_latitude, place.base_longitude)
            if isinstance(place, User)
            else (place.latitude, place.longitude)
            for place in (person, customer)
        )
        km = Decimal(str(round(2 * DETOUR * great_circle_km(one, other), 1)))
        day = visit.touch.at.astimezone(ZONE).date()
        if km > 0:
            row = _row(rng, person, day, "travel", cost_of_km(km, RATE_PER_KM), customer=customer)
            row.km, row.touch = km, visit.touch
            rows.append(row)
        if rng.random() < 0.3:
            amount = Decimal(rng.randint(30, 160)) / 10
            rows.append(_row(rng, person, day, "travel", amount, "Parking", customer=customer))
    return rows


def _samples(rng: random.Random, book: list[Account], today: dt.date) -> list[Expense]:
    """Samples and demos for some orders while they were pending."""
    rows = []
    for account in book:
        for order in account.orders:
            if order.opened_at is None or rng.random() > 0.3:
                continue
            day = order.opened_at.astimezone(ZONE).date() + dt.timedelta(days=rng.randint(1, 12))
            last = order.closed_at.astimezone(ZONE).date() if order.closed_at else today
            kind = rng.choice((ExpenseKind.SAMPLE, ExpenseKind.DEMO))
            amount = Decimal(rng.randint(2500, 28000)) / 100
            rows.append(_row(rng, account.owner.user, min(day, last), kind, amount, rng.choice(SAMPLES), order=order))
    return rows


def _overhead(rng: random.Random, people: dict[str, Person], today: dt.date) -> list[Expense]:
    """Every other month something for each team, noted by its first salesperson."""
    by_team: dict[int, Person] = {}
    for person in people.values():
        if person.membership.role.name == "Salesperson":
            by_team.setdefault(person.membership.team_id, person)
    rows = []
    for days in range(20, HISTORY_DAYS, 61):
        for person in by_team.values():
            words, least, most = rng.choice(OVERHEAD)
            day, amount = today - dt.timedelta(days=days + rng.randint(0, 20)), Decimal(rng.randint(least, most))
            rows.append(_row(rng, person.user, day, "overhead", amount, words, team=person.membership.team))
    return rows


def _row(
    rng: random.Random, author: User, day: dt.date, kind: str, amount: Decimal, note: str = "", **about
) -> Expense:
    noted = clock.start_of_day(day, ZONE) + dt.timedelta(hours=18, minutes=rng.randint(0, 59))
    return Expense(
        uuid=uuid.UUID(int=rng.getrandbits(128), version=4),
        author=author,
        spent_on=day,
        kind=kind,
        amount=amount,
        note=note,
        noted_at=noted,
        **about,
    )


def _settle(rng: random.Random, row: Expense, manager: User, today: dt.date, now: dt.datetime) -> None:
    """Long ago: approved, now and then refused. Lately: submitted or still a draft."""
    age = (today - row.spent_on).days
    chance = rng.random()
    if age <= OPEN_DAYS and chance < 0.35:
        return
    row.submitted_at = min(row.noted_at + dt.timedelta(days=rng.randint(0, 4)), now)
    row.status = ExpenseStatus.SUBMITTED
    if age > OPEN_DAYS and row.author_id != manager.pk:
        refused = chance > 0.97 and age < REFUSED_DAYS
        row.status = ExpenseStatus.REFUSED if refused else ExpenseStatus.APPROVED
        row.reason = rng.choice(REFUSALS) if row.status == ExpenseStatus.REFUSED else ""
        row.decided_by, row.decided_at = manager, min(row.submitted_at + dt.timedelta(days=rng.randint(1, 7)), now)


def _with_receipts(person: Person, book: list[Account], now: dt.datetime, today: dt.date) -> None:
    """A draft and one that was submitted with the photo of a receipt, of who signs in as salesperson."""
    own = [account.customer for account in book if account.owner is person and account.ended is None][:2]
    for number, (customer, words, amount) in enumerate(zip(own, ("Lunch", "Train"), ("38.40", "27.90"), strict=False)):
        entry = ExpenseEntry(
            spent_on=today - dt.timedelta(days=1 + number),
            amount=Decimal(amount),
            kind=ExpenseKind.OTHER if number == 0 else ExpenseKind.TRAVEL,
            customer=customer,
            note=words,
        )
        note_expense(
            actor=person.user,
            now=now - dt.timedelta(hours=2 + number),
            uuid=uuid.UUID(int=711_000 + number, version=4),
            entry=entry,
            receipt=checked(drawn_receipt(number)),
            submit=number == 1,
        )


def drawn_receipt(seed: int, width: int = 240, height: int = 380) -> bytes:
    """A PNG that looks like a slip of paper with lines of print on it."""
    rng = random.Random(seed)
    rows = []
    line: list[tuple[int, int]] = []
    for y in range(height):
        if y % 16 == 0:
            end = rng.randint(90, 150)
            line = [(20, end), (190, 220)] if 60 < y < height - 40 else [(60, 180)] if y == 32 else []
        row = bytearray(b"\xf6" * width)
        if 4 < y % 16 < 12:
            for first, last in line:
                for x in range(first, last):
                    if x % 7:
                        row[x] = 70
        rows.append(b"\0" + bytes(row))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
