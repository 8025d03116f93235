"""Large pending orders: found for the order's team and every team above, opened, kept up to date, resolved by
themselves.

Exactly one open situation per order and team, whatever runs twice: the database has a unique constraint for it, and
whoever meets what another run opened meanwhile looks anew.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db import IntegrityError, transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from planning.engine import large_order as engine
from planning.loaders import Ground, load_ground
from planning.loaders.orders import OrderBook, PendingOrder, load_orders
from planning.models import Situation, SituationKind
from planning.situations.mails import tell_managers
from territory import clock
from territory.audit import origin
from territory.formats.numbers import rounded

Subject = tuple[int, int]  # order, team

BATCH = 500
# How often a run is begun anew where another run opens the same meanwhile.
TIMES = 4
UPDATED = ["share", "evidence", "customer", "checked_at"]
RESOLVED = ["resolved_at", "resolved_because", "checked_at"]


@dataclass(frozen=True)
class Finding:
    """A pending order looked at for one team."""

    order: PendingOrder
    team: int
    sales: engine.Sales
    verdict: engine.Verdict
    opened_on: dt.date | None

    @property
    def share(self) -> Fraction | None:
        return self.verdict.share


@dataclass(frozen=True)
class Done:
    """What a run did."""

    opened: int
    updated: int
    resolved: int


def find_as_of(on: dt.date) -> list[Finding]:
    """The situations that the log shows on a day, without a look at what is stored."""
    ground = load_ground(on)
    book = load_orders(ground, from_log=True)
    found = (_look(order, team, book, ground, is_open=False) for order, team in _pairs(book))
    return [finding for finding in found if finding.verdict.is_open]


def find_large_orders(*, now: dt.datetime) -> Done:
    """Open, update and resolve what is stored, in one transaction; returns how many of each."""
    for left in reversed(range(TIMES)):
        try:
            return _find(now)
        except IntegrityError:
            # Another run opened the same in between: looked at anew, its row stands.
            if not left:
                raise
    raise AssertionError("TIMES must be at least 1")


def _find(now: dt.datetime) -> Done:
    ground = load_ground(clock.day_of(now, clock.company_zone()))
    with transaction.atomic():
        rows = Situation.objects.open().filter(kind=SituationKind.LARGE_ORDER)
        stored = {(row.order_id, row.team_id): row for row in rows.select_for_update().order_by("pk")}
        book = load_orders(ground, from_log=False)
        pairs = {(order.pk, team): order for order, team in _pairs(book)}
        new, updated, resolved = [], [], []
        for subject, order in pairs.items():
            row = stored.pop(subject, None)
            finding = _look(order, subject[1], book, ground, is_open=row is not None)
            if row is None:
                if finding.verdict.is_open:
                    new.append(_new(finding, ground, now))
            elif finding.verdict.is_open:
                updated += _updated(row, finding, ground, now)
            else:
                resolved.append(_resolved(row, finding.verdict.because, now))
        resolved += [_resolved(row, engine.ORDER_ENDED, now) for row in stored.values()]
        _write(new, updated, resolved, now)
        tell_managers([(row.order_id, book.lines[pairs[row.order_id, row.team_id].team]) for row in new], now=now)
    return Done(opened=len(new), updated=len(updated), resolved=len(resolved))


def _write(new: list[Situation], updated: list[Situation], resolved: list[Situation], now: dt.datetime) -> None:
    """Each row with an entry in its history, which names the job."""
    told = {"default_date": now, "default_change_reason": origin.current(), "batch_size": BATCH}
    if new:
        bulk_create_with_history(new, Situation, **told)
    for rows, fields in ((updated, UPDATED), (resolved, RESOLVED)):
        if rows:
            bulk_update_with_history(rows, Situation, fields, **told)


def open_subjects(ground: Ground) -> set[Subject]:
    """The orders and teams of which a situation is open once `find_large_orders` has run under these thresholds."""
    rows = Situation.objects.open().filter(kind=SituationKind.LARGE_ORDER)
    stored = set(rows.values_list("order_id", "team_id"))
    book = load_orders(ground, from_log=False)
    looks = ((order, team, (order.pk, team) in stored) for order, team in _pairs(book))
    return {
        (order.pk, team)
        for order, team, is_open in looks
        if _look(order, team, book, ground, is_open=is_open).verdict.is_open
    }


def _pairs(book: OrderBook) -> Iterator[tuple[PendingOrder, int]]:
    for order in book.pending:
        for team in book.lines[order.team]:
            yield order, team


def _look(order: PendingOrder, team: int, book: OrderBook, ground: Ground, *, is_open: bool) -> Finding:
    history = book.sales_of(team)
    sales = history.on(ground.on)
    verdict = engine.judge(is_open, order.amount, sales, ground.thresholds)
    opened_on = None
    if verdict.is_open and not is_open:
        days = (day for day, _ in order.changes)
        opened_on = engine.opened_on(history, order.opened_on, ground.on, order.amount_on, ground.thresholds, days)
    return Finding(order, team, sales, verdict, opened_on)


def evidence(finding: Finding, ground: Ground) -> dict[str, Any]:
    """The figures a situation rests on, as text: money with 2 decimals, shares with 6."""
    sales, order = finding.sales, finding.order
    uplift = engine.uplift(order.amount, order.probability, sales.base)
    return {
        "amount": f"{order.amount:.2f}",
        "probability": None if order.probability is None else f"{order.probability:.4f}",
        "because": finding.verdict.because,
        "share": _share(finding.share),
        "uplift": _share(uplift),
        "won": f"{sales.won:.2f}",
        "sales": str(rounded(sales.base, 2)),
        "history_days": sales.history_days,
        "first_won_on": None if sales.first_won_on is None else sales.first_won_on.isoformat(),
        "scaled": sales.scaled,
        "enter_above": f"{ground.thresholds.enter_above:.4f}",
        "leave_below": f"{ground.thresholds.leave_below:.4f}",
        "minimum": f"{ground.thresholds.minimum:.2f}",
    }


def _share(share: Fraction | None) -> str | None:
    return None if share is None else f"{float(share):.6f}"


def _new(finding: Finding, ground: Ground, now: dt.datetime) -> Situation:
    opened_on = finding.opened_on or ground.on
    return Situation(
        kind=SituationKind.LARGE_ORDER,
        customer_id=finding.order.customer,
        order_id=finding.order.pk,
        team_id=finding.team,
        opened_at=now if opened_on == ground.on else ground.start_of(opened_on),
        share=None if finding.share is None else float(finding.share),
        evidence=evidence(finding, ground),
        checked_at=now,
    )


def _updated(row: Situation, finding: Finding, ground: Ground, now: dt.datetime) -> list[Situation]:
    """The row with today's share and evidence; nothing where they are what they were."""
    share = None if finding.share is None else float(finding.share)
    figures = evidence(finding, ground)
    if (row.share, row.evidence, row.customer_id) == (share, figures, finding.order.customer):
        return []
    row.share, row.evidence, row.customer_id, row.checked_at = share, figures, finding.order.customer, now
    return [row]


def _resolved(row: Situation, because: str, now: dt.datetime) -> Situation:
    row.resolved_at, row.resolved_because, row.checked_at = now, because, now
    return row
