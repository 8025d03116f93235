"""Kept answers as their reader may see them: whether one is there, holds still, or is being worked out."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area, Scope, current_memberships, people_reached, scope
from planning.loaders.ground import settings_question
from planning.models import KeptAnswer, PlanningSettings, RulesVersion
from planning.queries.waiting import FAILED, state_of
from territory import clock
from territory.together import Prepared, prepared, together

# An answer older than this is still shown, and asked for anew.
HOLDS = dt.timedelta(minutes=30)


class Kept(Struct, frozen=True):
    """An answer: `result` None while there is none that may be shown. `state`: how far the one that was asked for is."""

    result: Any
    computed_at: dt.datetime | None = None
    state: str = ""

    @property
    def computing(self) -> bool:
        """Whether the page looks again by itself."""
        return self.result is None and not self.failed

    @property
    def failed(self) -> bool:
        return self.result is None and self.state == FAILED


class Standing(Struct, frozen=True):
    """What an answer is computed under: the company's day, the number of the rules, and as its `basis` a hash of what the reader
    may see and of how touches are counted, which is no change of rules."""

    day: dt.date
    rules_number: int
    basis: str

    def holds(self, row: KeptAnswer, version: int) -> bool:
        """Whether what is kept was computed under the same."""
        then = Standing(row.day, row.rules_number, row.basis) if row.day else None
        return row.answered > 0 and row.version == version and then == self


def standing_questions(reader: User) -> list[Prepared]:
    """What `standing_from` makes something of, to be asked together with others."""
    today = clock.company_today()
    reaches = {scope(reader, area, Act.SEE) for area in (Area.BUDGETS, Area.TOUCHES)}
    # Whom somebody sees who sees everyone says nothing of their reach.
    return [
        _rules_number(),
        settings_question(),
        *(_people(reached, today) for reached in sorted(reaches, key=_order) if not reached.everything),
    ]


def standing_from(
    reader: User, rules: Sequence[int], settings: Sequence[PlanningSettings], *people: Sequence[int]
) -> Standing:
    """The standing of today from the answers to `standing_questions`."""
    seats = [
        (row.pk, row.role.access, row.team.path, row.stands_in, row.is_stood_in_for)  # type: ignore[attr-defined]
        for row in current_memberships(reader)
    ]
    counted_once = bool(settings and settings[0].repeats_count_once)
    said = json.dumps([counted_once, seats, *people], sort_keys=True)
    return Standing(clock.company_today(), rules[0] if rules else 0, hashlib.sha256(said.encode()).hexdigest())


def standing(reader: User) -> Standing:
    """The same, asked alone."""
    return standing_from(reader, *together(*standing_questions(reader)))


def _order(reached: Scope) -> str:
    return repr(reached)


@prepared
def _rules_number() -> QuerySet:
    return RulesVersion.objects.order_by("-number").values_list("number", flat=True)[:1]


@prepared
def _people(reached: Scope, today: dt.date) -> QuerySet:
    return people_reached(reached, today).order_by("pk").values_list("pk", flat=True)


def how_far(row: KeptAnswer) -> str:
    """How far the computation asked for last is; empty where nothing was asked since the answer."""
    return state_of(row.job_key)[0] if row.is_asked else ""
