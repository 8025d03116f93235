"""A form that is sent ten times at once, as an impatient thumb or a bad connection does: one row, however often."""

import uuid
from collections import Counter
from functools import partial

from bench.faults.outcome import Outcome
from bench.faults.together import Crowd
from bench.table import Figure
from customers.models import PlannedTouch, Touch
from tests.at_work.book import made, user
from tests.at_work.ledger import Desk, Ledger

KEYS, TIMES = 50, 10
MARK = "csrfmiddlewaretoken"


def fault(scale: float) -> list[Outcome]:
    keys = max(2, round(KEYS * min(scale, 1)))
    book = made(reps=1, customers=4, touches=0)
    desks = [Desk(user(book.reps[0]), Ledger()) for _ in range(TIMES)]
    crowd = Crowd(TIMES)
    try:
        return [
            _sent(
                crowd, desks, book, keys, "log_touch", Touch, "note", "a touch", {"minutes": "12", "outcome": "neutral"}
            ),
            _sent(crowd, desks, book, keys, "planned_create", PlannedTouch, "reason", "a planned touch", {}),
        ]
    finally:
        crowd.leave()


def _sent(
    crowd: Crowd, desks: list[Desk], book, keys: int, address: str, model, field: str, words: str, typed
) -> Outcome:
    outcome = Outcome(f"{words} is sent ten times at once", f"{keys} keys, each {TIMES} times")
    answers, other, before = Counter(), Counter(), model.objects.count()
    voice = book.types["Voice call"]
    for number in range(keys):
        query = {"customer": book.customers[number % len(book.customers)]}
        text, key = f"{address}-{number}", str(uuid.uuid4())
        # One form, sent ten times: what it was opened with (the minute, say) is the same; only each browser's own mark differs.
        opened = [desk.look(address, **query) for desk in desks]
        shown = [{**opened[0], MARK: form[MARK]} for form in opened]
        typed = {**typed, "uuid": key, "touch_type" if model is PlannedTouch else "type": voice, field: text}
        answered = crowd.at_once(
            [partial(desk.answer, form, address, **typed) for desk, form in zip(desks, shown, strict=True)]
        )
        answers.update(each.status_code for each in answered)
        rows = model.objects.filter(**{field: text}).count()
        outcome.lost += rows < 1
        outcome.twice += max(0, rows - 1)
        other[desks[0].answer(shown[0], address, **{**typed, field: f"{text}, something else"}).status_code] += 1
    outcome.figures = {
        "rows": Figure(model.objects.count() - before, keys, least=True),
        "answers other than saved": Figure(keys * TIMES - answers[302], 0),
        "422 for another text under the same key": Figure(other[422], keys, least=True),
    }
    if model.objects.count() - before != keys or set(answers) != {302}:
        outcome.wrong.append(f"{model.objects.count() - before} rows of {keys} keys; {dict(answers)}")
    return outcome
