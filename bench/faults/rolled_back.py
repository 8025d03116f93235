"""Transactions that are rolled back at their end leave no mark, no mail and no message; those that are committed leave all."""

import os
import time
import uuid
from pathlib import Path

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from bench.faults.outcome import Outcome
from bench.faults.redis_server import private_redis
from bench.table import Figure
from customers.actions.touches import Participant, TouchEntry, log_touch
from customers.models import Customer, Touch, TouchType
from planning.models import FactsMark
from territory import clock
from territory.mail import kinds, outbox
from territory.mail.models import Mail
from tests.at_work.book import made, user

TIMES = 200
KIND = "fault"


def fault(scale: float) -> list[Outcome]:
    times = max(5, round(TIMES * min(scale, 1)))
    kinds.add(kinds.Kind(key=KIND, label="What a fault posts"))
    with private_redis(Path(os.environ["DATA_DIR"])):
        book = made(reps=1, customers=2, touches=0)
        actor, customer = user(book.reps[0]), Customer.objects.get(pk=book.customers[0])
        _heard(0)
        before = _seen(0)
        for _ in range(times):
            with transaction.atomic():
                _work(actor, customer)
                transaction.set_rollback(True)
        undone = [now - then for now, then in zip(_seen(0), before, strict=True)]
        before = _seen(0)
        for _ in range(times):
            with transaction.atomic():
                _work(actor, customer)
        # A message to recompute and one to send mails for each.
        done = [now - then for now, then in zip(_seen(2 * times + before[3]), before, strict=True)]
    names = ("touches", "marks", "mails", "messages")
    wanted = (times, times, times, 2 * times)
    phantoms = [
        f"{number} {name} of rolled-back transactions" for number, name in zip(undone, names, strict=True) if number
    ]
    lost = sum(max(0, want - got) for want, got in zip(wanted, done, strict=True))
    twice = sum(max(0, got - want) for want, got in zip((times, done[1], times, 2 * times), done, strict=True))
    return [
        Outcome(
            "a transaction is rolled back at its end", f"{times} rolled back, {times} committed", lost, twice + sum(undone),
            {
                "left of those rolled back": Figure(sum(undone), 0),
                "touches there": Figure(done[0], times, least=True),
                "mails": Figure(done[2], times, least=True),
                "messages": Figure(done[3], 2 * times, least=True),
            },
            phantoms,
        )
    ]  # fmt: skip


def _work(actor, customer: Customer) -> None:
    now = clock.now()
    entry = TouchEntry(
        customer=customer, type=TouchType.objects.get(name="Voice call"), at=now,
        participants=(Participant(user=actor, duration_seconds=600),),
    )  # fmt: skip
    key = uuid.uuid4()
    log_touch(actor=actor, now=now, uuid=key, entry=entry)
    outbox.post(kind=KIND, to=[actor], key=f"fault:{key}", now=now, message=outbox.Message("News", "It is this."))


def _seen(messages: int) -> list[int]:
    """Touches, the sum of all marks, mails, messages in the broker's queue."""
    marks = FactsMark.objects.aggregate(sum=Sum("number"))["sum"] or 0
    return [Touch.objects.count(), marks, Mail.objects.count(), _heard(messages)]


def _heard(wanted: int) -> int:
    """Messages are sent by a thread: wait for as many, and then whether more come."""
    with redis.Redis.from_url(settings.REDIS_URL.replace("redis+socket://", "unix://", 1)) as client:
        until = time.monotonic() + 10
        while client.llen("celery") < wanted and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        return client.llen("celery")
