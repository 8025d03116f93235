"""Finds special situations of every kind: opens, keeps up to date and resolves what is stored.

Exactly one open situation per kind and subject, whatever runs twice: the database has a unique constraint for it, and whoever
meets what another run opened meanwhile looks anew. Each kind is one transaction: a worker killed at any point leaves all of a
kind's situations as they were, and the next run finds the same.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from msgspec import Struct
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from planning.loaders import Ground, load_ground
from planning.models import Situation
from planning.situations.day import Day
from planning.situations.kind import Finding, Kind, by_subject, opened_at
from planning.situations.mails import tell_of_new
from planning.situations.registry import KINDS
from planning.situations.turns import owners_of
from territory import clock
from territory.again import again, give_way
from territory.audit import origin

BATCH = 500
# How often a run is begun anew where another run opens the same meanwhile.
TIMES = 4
# What a finding says of an open situation.
SAID = ("team", "customer", "order", "person", "market", "product_line")
UPDATED = [*SAID, "share", "weight", "evidence", "checked_at"]
RESOLVED = ["resolved_at", "resolved_because", "checked_at"]


class Done(Struct, frozen=True):
    """What a run did."""

    opened: int = 0
    updated: int = 0
    resolved: int = 0

    def __add__(self, other: "Done") -> "Done":
        return Done(self.opened + other.opened, self.updated + other.updated, self.resolved + other.resolved)


def find_situations(*, now: dt.datetime, kinds: Sequence[Kind] = KINDS) -> Done:
    """Open, update and resolve what is stored, of these kinds; returns how many of each."""
    ground = load_ground(clock.day_of(now, clock.company_zone()))
    done = Done()
    for kind in kinds:
        done += again(lambda kind=kind: _find_anew(kind, ground, now))  # type: ignore[misc]
        give_way()
    return done


def find_of_orders(*, now: dt.datetime) -> Done:
    """The same of those kinds that are looked for as soon as an order changes."""
    return find_situations(now=now, kinds=[kind for kind in KINDS if kind.at_once])


def _find_anew(kind: Kind, ground: Ground, now: dt.datetime) -> Done:
    for left in reversed(range(TIMES)):
        try:
            return _find(kind, ground, now)
        except IntegrityError:
            # Another run opened the same in between: looked at anew, its row stands.
            if not left:
                raise
    raise AssertionError("TIMES must be at least 1")


@transaction.atomic
def _find(kind: Kind, ground: Ground, now: dt.datetime) -> Done:
    rows = Situation.objects.open().filter(kind=kind.key).select_for_update().order_by("pk")
    stored = {row.subject: row for row in rows}
    look = kind.look(Day(ground), frozenset(stored))
    found = by_subject(look.found)
    new = [_new(kind, finding, ground, now) for subject, finding in found.items() if subject not in stored]
    updated = [row for subject, row in stored.items() if subject in found and _differs(row, found[subject])]
    resolved = [row for subject, row in stored.items() if subject not in found]
    for row in updated:
        _say(row, found[row.subject])
        row.checked_at = now
    for row in resolved:
        row.resolved_at, row.checked_at = now, now
        row.resolved_because = look.ended.get(row.subject, kind.gone)
    for row, owner in zip(new, owners_of(kind.turn, new, ground.on), strict=True):
        row.owner_id = owner
    _write(new, updated, resolved, now)
    kind.tell(new, now)
    if kind.digested:
        tell_of_new(new, now=now)
    return Done(opened=len(new), updated=len(updated), resolved=len(resolved))


def _write(new: list[Situation], updated: list[Situation], resolved: list[Situation], now: dt.datetime) -> None:
    """Each row with an entry in its history, which names the job."""
    told = {"default_date": now, "default_change_reason": origin.current(), "batch_size": BATCH}
    if new:
        bulk_create_with_history(new, Situation, **told)
    for rows, fields in ((updated, UPDATED), (resolved, RESOLVED)):
        if rows:
            bulk_update_with_history(rows, Situation, fields, **told)


def _new(kind: Kind, finding: Finding, ground: Ground, now: dt.datetime) -> Situation:
    row = Situation(
        kind=kind.key, subject=finding.subject, opened_at=opened_at(finding, ground, now), found_at=now, checked_at=now
    )
    _say(row, finding)
    return row


def _differs(row: Situation, finding: Finding) -> bool:
    """Whether the stored row says something else than what is found now."""
    said = [getattr(row, f"{name}_id") for name in SAID] + [row.share, row.weight, row.evidence]
    return said != [*(getattr(finding, name) for name in SAID), finding.share, finding.weight, dict(finding.evidence)]


def _say(row: Situation, finding: Finding) -> None:
    for name in SAID:
        setattr(row, f"{name}_id", getattr(finding, name))
    row.share, row.weight, row.evidence = finding.share, finding.weight, dict(finding.evidence)


def open_counts(ground: Ground, kinds: Sequence[Kind]) -> dict[str, int]:
    """How many of each of these kinds are open once `find_situations` has run under the ground's settings."""
    stored: dict[str, set[str]] = {kind.key: set() for kind in kinds}
    rows = Situation.objects.open().filter(kind__in=list(stored)).order_by()
    for key, subject in rows.values_list("kind", "subject"):
        stored[key].add(subject)
    day = Day(ground)
    return {kind.key: len(kind.look(day, stored[kind.key]).found) for kind in kinds}


def found_as_of(ground: Ground) -> list[tuple[Kind, Finding]]:
    """The situations that the log shows on the ground's day, without a look at what is stored."""
    day = Day(ground, from_log=True)
    return [(kind, finding) for kind in KINDS for finding in kind.look(day).found]
