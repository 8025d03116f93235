"""What those at work do, each a loop of their own: `Shift` says how long."""

import datetime as dt
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from customers.models import Contact, Customer, Order, OrderStep, PlannedTouch, Tier, Touch
from customers.queries.touch_choices import loggable
from planning.models import ContactLoad, ContactRule, RuleDraft
from territory import clock
from tests.at_work.book import Book, user
from tests.at_work.ledger import Desk, Ledger


@dataclass(frozen=True)
class Shift:
    """So many rounds, or as many as go into so many seconds."""

    rounds: int = 0
    seconds: float = 0

    def __iter__(self) -> Iterator[int]:
        until, number = time.monotonic() + self.seconds, 0
        while number < self.rounds or time.monotonic() < until:
            yield number
            number += 1


def salesperson(book: Book, shift: Shift, seed: int) -> Ledger:
    """Logs (and sends again, as a phone does), corrects, plans, changes plans, moves orders, and mends contacts."""
    ledger, rng = Ledger(), random.Random(seed)
    desk = Desk(user(book.reps[seed % len(book.reps)]), ledger)
    old = Touch.objects.live().editable_by(desk.person).order_by("pk").values_list("pk", flat=True).first()
    old_page = desk.look("touch_edit", old) if old else None
    for number in shift:
        text = f"said-{seed}-{number}"
        mine = list(loggable(desk.person).values_list("pk", flat=True))
        if not mine:
            continue
        customer = rng.choice(mine)
        _log(desk, book, customer, text)
        _correct(desk, rng, f"{text}-corrected")
        _plan(desk, book, customer, f"{text}-planned")
        _change_plan(desk, customer, f"{text}-replanned")
        _move(desk, book, customer, rng)
        _mend_contact(desk, customer, f"{text}-note")
    if old_page is not None:
        _send_old_page(desk, old, old_page, f"said-{seed}-old")
    return ledger


def _out_of_reach(desk: Desk, model, key: int) -> Callable[[], bool]:
    """Its customer was handed over: their author sees what they wrote themselves, and may change it no more."""

    def gone() -> bool:
        customer = model.objects.values_list("customer", flat=True).get(pk=key)
        return not Customer.objects.visible_to(desk.person).filter(pk=customer).exists()

    return gone


def _log(desk: Desk, book: Book, customer: int, text: str) -> None:
    shown = desk.look("log_touch", customer=customer, type=book.types["Voice call"])
    if shown is None:
        return _must_be_gone(desk, customer)
    typed = {"minutes": "12", "note": text, "outcome": "neutral", "people": [desk.person.pk]}
    for _sending in range(2):
        if desk.send(shown, "log_touch", text=text, **typed):
            desk.ledger.keep("touch", shown["uuid"][0], text)
    return None


def _must_be_gone(desk: Desk, customer: int) -> None:
    if loggable(desk.person).filter(pk=customer).exists():
        desk.fault("was denied a customer of their own")


def _correct(desk: Desk, rng: random.Random, text: str) -> None:
    """One of the touches that several correct at the same time, or a lately logged one."""
    rows = Touch.objects.live().editable_by(desk.person)
    keys = [
        *rows.order_by("pk").values_list("pk", flat=True)[:3],
        *rows.order_by("-pk").values_list("pk", flat=True)[:3],
    ]
    if not keys:
        return
    key = rng.choice(keys)
    shown = desk.look("touch_edit", key)
    if shown is not None and "version" in shown:
        gone = _out_of_reach(desk, Touch, key)
        if desk.send(shown, "touch_edit", key, text=text, gone=gone, note=text):
            desk.ledger.keep("correction", key, text)


def _send_old_page(desk: Desk, key: int, shown: dict, text: str) -> None:
    """A page left open since the morning: somebody else's correction, or one's own, was stored since."""
    now = Touch.objects.get(pk=key).version
    if str(now) == shown["version"][0]:
        again = desk.look("touch_edit", key)
        if again is not None and desk.send(again, "touch_edit", key, text=text, note=f"{text}-first"):
            desk.ledger.keep("correction", key, f"{text}-first")
    gone = _out_of_reach(desk, Touch, key)
    if desk.send(shown, "touch_edit", key, text=text, gone=gone, note=text):
        desk.fault("an old page was stored over what came after it")
    wrong = desk.look("touch_edit", key)
    if wrong is not None and desk.send(wrong, "touch_edit", key, text=text, gone=gone, note=text, minutes="abc"):
        desk.fault("minutes that are none were stored")


def _plan(desk: Desk, book: Book, customer: int, text: str) -> None:
    shown = desk.look("planned_create", customer=customer)
    if shown is None:
        return _must_be_gone(desk, customer)
    if desk.send(shown, "planned_create", text=text, reason=text, touch_type=book.types["Voice call"]):
        desk.ledger.keep("plan", shown["uuid"][0], text)
    return None


def _change_plan(desk: Desk, customer: int, text: str) -> None:
    rows = PlannedTouch.objects.open().editable_by(desk.person).filter(customer=customer)
    key = rows.order_by("pk").values_list("pk", flat=True).first()
    shown = key and desk.look("planned_edit", key)
    if shown and "version" in shown:
        gone = _out_of_reach(desk, PlannedTouch, key)
        if desk.send(shown, "planned_edit", key, text=text, gone=gone, reason=text):
            desk.ledger.keep("change of plan", key, text)


def _move(desk: Desk, book: Book, customer: int, rng: random.Random) -> None:
    order = Order.objects.filter(customer=customer, pk__in=book.orders).first()
    if order is None:
        return
    version = order.version
    steps = OrderStep.objects.live().exclude(pk=order.step_id).values_list("pk", flat=True)
    shown = desk.look("order_move", order.pk)
    if shown is not None:
        to = f"step-{rng.choice(list(steps))}"
        gone = _out_of_reach(desk, Order, order.pk)
        if desk.send(shown, "order_move", order.pk, gone=gone, to=to, on="", version=version):
            desk.ledger.keep("move", order.pk, to)


def _mend_contact(desk: Desk, customer: int, text: str) -> None:
    """The import says their title, the person a note: both must stand there in the end."""
    contact = Contact.objects.live().filter(customer=customer).order_by("pk").first()
    shown = contact and desk.look("contact_edit", contact.pk)
    if shown:
        gone = _out_of_reach(desk, Contact, contact.pk)
        if desk.send(shown, "contact_edit", contact.pk, text=text, gone=gone, note=text):
            desk.ledger.keep("contact", contact.pk, text)


def coordinator(book: Book, shift: Shift, seed: int) -> Ledger:
    """Corrects what the salespeople correct, all over the team."""
    ledger, rng = Ledger(), random.Random(seed)
    desk = Desk(user(book.coordinator), ledger)
    for number in shift:
        for turn in range(3):
            key = rng.choice(book.touches[:6])
            text = f"office-{seed}-{number}-{turn}"
            shown = desk.look("touch_edit", key)
            if shown is not None and desk.send(shown, "touch_edit", key, text=text, note=text):
                ledger.keep("correction", key, text)
    return ledger


def manager(book: Book, shift: Shift, seed: int) -> Ledger:
    """Hands half of a salesperson's customers over to the next, with what is planned and pending; notes absences."""
    ledger = Ledger()
    desk = Desk(user(book.manager), ledger)
    for number in shift:
        turn = number % len(book.reps)
        _hand_over(desk, book.reps[turn], book.seats[(turn + 1) % len(book.seats)], number)
        _absence(desk, book.reps[turn], number)
    return ledger


def _hand_over(desk: Desk, person: int, seat: int, number: int) -> None:
    """What is refused because it is not as it was shown is looked at again."""
    for _turn in range(6):
        shown = desk.look("person_hand_over", person, to=seat, on=clock.company_today().isoformat(), orders="on")
        rows = (shown or {}).get("rows", [])
        if not rows:
            return
        chosen = rows[: max(1, len(rows) // 2)]
        if desk.send(shown, "person_hand_over", person, act="do", rows=chosen, seen=seat):
            desk.ledger.done["customers handed over"] += len(chosen)
            return
    desk.fault("a hand-over did not come through in six turns")


def _absence(desk: Desk, person: int, number: int) -> None:
    first = clock.company_today() + dt.timedelta(days=7 + 3 * number)
    shown = desk.look("absence_create", person)
    if shown is not None and desk.send(
        shown, "absence_create", person, starts_on=first.isoformat(), ends_on=(first + dt.timedelta(days=1)).isoformat()
    ):
        desk.ledger.done["absences"] += 1


def administrator(book: Book, shift: Shift, seed: int) -> Ledger:
    """Changes rules, loads and tiers, each as a draft that is saved; the second administrator does at the same time."""
    ledger, rng = Ledger(), random.Random(seed)
    desk = Desk(user(book.admins[seed % len(book.admins)]), ledger)
    for number in shift:
        what = (number + seed) % 3
        if what == 0:
            row = rng.choice(list(ContactRule.objects.order_by("pk")[:6]))
            _change_rule(desk, "contact-rules", row.pk, count=str(rng.randint(1, 9)))
        elif what == 1:
            row = rng.choice(list(ContactLoad.objects.order_by("pk")))
            _change_rule(desk, "contact-loads", row.pk, duration_seconds=str(rng.randint(1, 60)))
        else:
            row = Tier.objects.live().order_by("position")[1]
            _change_rule(desk, "tiers", row.pk, lower_bound=str(rng.randint(8_000, 30_000)))
    return ledger


def _change_rule(desk: Desk, kind: str, key: int, **typed: str) -> None:
    [(_name, text)] = typed.items()
    shown = desk.look("rule_edit", kind, key)
    if shown is None:
        return desk.fault(f"saw no {kind}")
    answer = desk.send(shown, "rule_edit", kind, key, text=text, **typed)
    if answer is None or "/drafts/" not in answer["Location"]:
        return None  # refused, or the same as before
    draft = RuleDraft.objects.get(pk=int(answer["Location"].rstrip("/").rpartition("/")[2]))
    form = desk.look("draft_detail", draft.pk)
    token = {"csrfmiddlewaretoken": form["csrfmiddlewaretoken"]} if form else {}
    if desk.send(token, "draft_save", draft.pk, reason="because", unseen="on", text=text):
        desk.ledger.done["rules changed"] += 1
    return None
