"""Pairs of people save the same form at the same moment: one is told what the other stored, beside what they typed."""

from collections import Counter

from bench.faults.outcome import Outcome
from bench.faults.together import Crowd
from bench.table import Figure
from customers.models import Contact, Customer, Order, PlannedTouch, Touch
from tests.at_work.book import Book, made, user
from tests.at_work.ledger import Desk, Ledger

PAIRS = 100
# Address of the form, the row's model, and the text that both change.
KINDS = (
    ("customer_edit", Customer, "note"),
    ("contact_edit", Contact, "note"),
    ("order_edit", Order, "note"),
    ("touch_edit", Touch, "note"),
    ("planned_edit", PlannedTouch, "reason"),
)


def fault(scale: float) -> list[Outcome]:
    pairs = max(len(KINDS), round(PAIRS * min(scale, 1)))
    book = made(reps=1, customers=4, touches=1)
    desks = [Desk(user(pk), Ledger()) for pk in book.admins]
    crowd, answers = Crowd(2), Counter()
    outcome = Outcome("two people change the same row at once", f"{pairs} pairs, {len(KINDS)} kinds of rows")
    try:
        for number in range(pairs):
            _pair(number, book, desks, crowd, answers, outcome)
    finally:
        crowd.leave()
    outcome.wrong += [fault for desk in desks for fault in desk.ledger.faults]
    outcome.figures = {
        "stored": Figure(answers["stored"], pairs, least=True),
        "409 with both values": Figure(answers["both values"], pairs, least=True),
    }
    return [outcome]


def _pair(number: int, book: Book, desks: list[Desk], crowd: Crowd, answers: Counter, outcome: Outcome) -> None:
    address, model, field = KINDS[number % len(KINDS)]
    rows = model.objects.filter(
        **({"pk__in": book.customers} if model is Customer else {"customer__in": book.customers})
    )
    key = rows.order_by("pk").values_list("pk", flat=True)[number // len(KINDS) % rows.count()]
    texts = [f"pair-{number}-{side}-{model.__name__}" for side in ("left", "right")]
    shown = [desk.look(address, key) for desk in desks]
    crowd_answers = crowd.at_once(
        [lambda n=n: desks[n].answer(shown[n], address, key, **{field: texts[n]}) for n in range(2)]
    )
    statuses = [answer.status_code for answer in crowd_answers]
    passed = [text for text, status in zip(texts, statuses, strict=True) if status == 302]
    stored = [text for text in texts if model.history.filter(id=key, **{field: text}).exists()]
    outcome.lost += len(set(passed) - set(stored))
    outcome.twice += max(0, len(stored) - 1)
    answers["stored"] += len(stored) == 1
    refused = [answer.content.decode() for answer in crowd_answers if answer.status_code == 409]
    answers["both values"] += len(refused) == 1 and all(text in refused[0] for text in texts)
    if sorted(statuses) != [302, 409]:
        outcome.wrong.append(f"pair {number}, {address}: {statuses}")
