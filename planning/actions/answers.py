"""Answers that are kept for their reader: asked for by looking at a page, computed by a job, shown until something else holds.

The row is the record of what was asked; the message to a worker only makes it quick, and sweeps take up what none announced.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F
from msgspec import Struct

from accounts.models import User
from planning.actions.effects import WAITS
from planning.models import AnswerKind, KeptAnswer
from planning.nudge import answer_soon
from planning.queries import value_effect, work_page
from planning.queries.kept import HOLDS, Kept, how_far, standing, standing_from, standing_questions
from territory import clock
from territory.jobs.runner import Progress, run_job
from territory.together import together

# The name of its job.
ANSWER = "answer for a page"

# Of one reader so many are kept, those looked at last; and none that nobody looked at for so long.
MOST = 20
KEPT_FOR = dt.timedelta(days=7)


class Kind(Struct, frozen=True):
    """How a kind is computed: from reader, question and the company's day, into what fits JSON. `version` is raised when that
    changes. `is_renewed`: whoever looked lately finds it in the morning."""

    compute: Callable[[User, str, dt.date], Any]
    version: int
    is_renewed: bool = False


KINDS = {
    AnswerKind.VALUE_EFFECT: Kind(value_effect.answer, version=1),
    AnswerKind.WORK: Kind(work_page.answer, version=2, is_renewed=True),
}


def answer_for(reader: User, kind: AnswerKind, question: str, *, now: dt.datetime) -> Kept:
    """What is kept for this reader, asked for where it is missing, does not hold any more or was computed a while ago."""
    [row, *_], today = _found(reader, kind, question)
    holds = row is not None and today.holds(row, KINDS[kind].version)
    if row is None:
        row = _first(reader, kind, question, now, today.day)
    elif _is_due(row, holds, now):
        _ask_anew(row, now, wanted_on=today.day)
    elif row.wanted_on != today.day:
        KeptAnswer.objects.filter(pk=row.pk).update(wanted_on=today.day)
    return Kept(row.result, row.computed_at) if holds else Kept(None, state=how_far(row))


def _found(reader: User, kind: AnswerKind, question: str):
    asked = KeptAnswer.objects.filter(reader=reader, kind=kind, question=question).order_by()
    rows, *under = together(asked, *standing_questions(reader))
    return rows or [None], standing_from(reader, *under)


def _is_due(row: KeptAnswer, holds: bool, now: dt.datetime) -> bool:
    if row.is_asked:
        return row.asked_at < now - HOLDS  # it failed, or nobody works
    return not holds or row.computed_at is None or row.computed_at < now - HOLDS


@transaction.atomic
def _first(reader: User, kind: AnswerKind, question: str, now: dt.datetime, day: dt.date) -> KeptAnswer:
    """Ask for the first time; of two at the same moment one does."""
    row, is_new = KeptAnswer.objects.get_or_create(
        reader=reader, kind=kind, question=question, defaults={"asked_at": now, "wanted_on": day}
    )
    if is_new:
        answer_soon(row.pk, row.asked)
        latest = KeptAnswer.objects.filter(reader=reader).order_by("-wanted_on", "-asked_at", "-pk")
        KeptAnswer.objects.filter(pk__in=list(latest.values_list("pk", flat=True)[MOST:])).delete()
    return row


@transaction.atomic
def _ask_anew(row: KeptAnswer, now: dt.datetime, **more: Any) -> bool:
    """Ask once more; of two at the same moment one does. The answer stays until the other is there."""
    passed = KeptAnswer.objects.filter(pk=row.pk, asked=row.asked).update(asked=row.asked + 1, asked_at=now, **more)
    row.asked += 1
    if passed:
        answer_soon(row.pk, row.asked)
    return bool(passed)


def run_answer(pk: int, asked: int, *, now: dt.datetime) -> None:
    """Compute an answer as a job, once for each time it was asked for; nothing where it is asked for no more."""
    waiting = KeptAnswer.objects.filter(pk=pk, asked=asked, answered__lt=asked, reader__is_active=True)
    row = waiting.select_related("reader").first()
    if row is None:
        return

    def job(_progress: Progress) -> dict[str, Any]:
        kind, under = KINDS[AnswerKind(row.kind)], standing(row.reader)
        waiting.update(
            result=kind.compute(row.reader, row.question, under.day),
            answered=asked,
            computed_at=now,
            day=under.day,
            rules_number=under.rules_number,
            basis=under.basis,
            version=kind.version,
        )
        return {}

    run_job(ANSWER, job, key=row.job_key, requested_by=row.reader)


def run_waiting_answers(*, now: dt.datetime, until: dt.datetime) -> None:
    """Compute what was asked for lately and no message announced."""
    waiting = KeptAnswer.objects.filter(answered__lt=F("asked"), asked_at__gte=now - WAITS).order_by("asked_at")
    for pk, asked in list(waiting.values_list("pk", "asked")):
        if clock.now() < until:
            run_answer(pk, asked, now=clock.now())


def renew_wanted_answers(*, now: dt.datetime, until: dt.datetime) -> None:
    """After midnight, compute anew what readers looked at lately."""
    day = clock.day_of(now, clock.company_zone())
    renewed = [kind for kind, how in KINDS.items() if how.is_renewed]
    wanted = KeptAnswer.objects.filter(
        kind__in=renewed, answered=F("asked"), day__lt=day, wanted_on__gt=day - KEPT_FOR, reader__is_active=True
    )
    for row in wanted.defer("result").order_by("-wanted_on", "pk"):
        if clock.now() < until and _ask_anew(row, now):
            run_answer(row.pk, row.asked, now=clock.now())


def forget_old_answers(now: dt.datetime) -> int:
    """Remove what nobody looked at for a week; returns how many."""
    day = clock.day_of(now, clock.company_zone())
    return KeptAnswer.objects.filter(wanted_on__lte=day - KEPT_FOR).delete()[0]
