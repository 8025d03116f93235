"""What a kind of special situation is: it says of which subjects its cause holds on a day, and how that reads.

Everything else (opening, keeping up to date, resolving, history, mails) is done by `planning.situations.runner` alike for all.
A new kind is a file with a subclass of Kind, its line in `planning.situations.registry`, and its test.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from planning.loaders.ground import Ground
from planning.situations.day import Day
from planning.situations.threshold import Threshold

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

    from accounts.models import User
    from planning.models import PlanningSettings, Situation


class Turn(Enum):
    """Whose turn it is when one opens: the owner of the customer, or the first manager of the team."""

    CUSTOMERS_OWNER = "owner"
    MANAGER = "manager"


class Finding(Struct, frozen=True, kw_only=True):
    """A subject whose cause holds on the day looked at.

    `subject`: its key, one open situation each. `evidence`: figures as JSON, money with 2 decimals, shares with 6; nothing in
    it that changes from day to day by itself, and of contacts nothing but their keys; `shared` in it: its amounts are of teams
    beyond its own, too. `weight`: how much it matters among its
    kind, more first; never an amount. `opened_on`: the day from which on its cause holds, None where that is not known.
    """

    subject: str
    team: int
    customer: int | None = None
    order: int | None = None
    person: int | None = None
    market: int | None = None
    product_line: int | None = None
    evidence: Mapping[str, Any]
    share: float | None = None
    weight: float = 0.0
    opened_on: dt.date | None = None


class Look(Struct, frozen=True):
    """What a look found; `ended`: why it no longer holds, of those subjects that were open."""

    found: Sequence[Finding] = ()
    ended: Mapping[str, str] = field(default_factory=dict)


class Kind(ABC):
    """A kind of special situation.

    loud:      it counts in the navigation, stands on Today and on the workload page; the others wait on their own page.
    at_once:   looked for as soon as an order changes, not only by the next tick.
    digested:  managers are told of new ones in their morning digest.
    amounts:   its figures are amounts, shown to those only who may see these.
    reasons:   why one resolved, in words, by what `Look.ended` says; `gone` where that says nothing of a subject.
    """

    key: str
    label: StrPromise | str
    icon: str = "exclamation-diamond"
    help: StrPromise | str
    thresholds: tuple[Threshold, ...] = ()
    loud: bool = True
    at_once: bool = False
    digested: bool = False
    amounts: bool = False
    turn: Turn = Turn.CUSTOMERS_OWNER
    gone: str
    reasons: Mapping[str, StrPromise | str]

    @abstractmethod
    def look(self, day: Day, was_open: Collection[str] = ()) -> Look:
        """Of which subjects the cause holds on the day, in a fixed number of queries.

        `was_open`: the subjects of which one is open, for which another threshold may hold.
        """

    @abstractmethod
    def words(self, row: Situation, today: dt.date) -> str:
        """Its figures in one line."""

    def shown(self, row: Situation, user: User) -> dict[str, Any]:
        """What its part of the page needs beside the row, as far as the reader may see it: for the template
        planning/situations/evidence/KEY.html."""
        return {}

    def because(self, row: Situation) -> str:
        """Why it resolved, in words."""
        return str(self.reasons.get(row.resolved_because, row.resolved_because))

    def tell(self, new: Sequence[Situation], now: dt.datetime) -> None:
        """Leave mails about new ones, in the transaction in which they open; none, unless a kind does."""
        return

    def figures(self, settings: PlanningSettings) -> tuple[Any, ...]:
        """All that a change of settings may change about which are open."""
        return tuple(threshold.of(settings) for threshold in self.thresholds)


def share_text(share: Any) -> str | None:
    """A share as evidence keeps it."""
    return None if share is None else f"{float(share):.6f}"


def opened_at(finding: Finding, ground: Ground, now: dt.datetime) -> dt.datetime:
    """When a situation opened that is found now: the start of the day on which its cause began, now where that is today."""
    day = finding.opened_on
    return now if day is None or day >= ground.on else ground.start_of(day)


def by_subject(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}
