"""Large pending orders: found for the order's team and every team above, opened, kept up to date, resolved by
themselves.

Exactly one open situation per order and team, whatever runs twice: the database has a unique constraint for it, and
what another run opened meanwhile is left as it is.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db import transaction

from planning.engine import large_order as engine
from planning.loaders import Ground, load_ground
from planning.loaders.orders import OrderBook, PendingOrder, load_orders
from planning.models import Situation, SituationKind
from planning.situations.mails import tell_managers
from territory import clock
from territory.formats.numbers import rounded

Subject = tuple[int, int]  # order, team


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


@dataclass
class Done:
    """What a run did."""

    opened: int = 0
    resolved: int = 0
    updated: int = 0


def find_as_of(on: dt.date) -> list[Finding]:
    """The situations that the log shows on a day, without a look at what is stored."""
    ground = load_ground(on)
    book = load_orders(ground, from_log=True)
    found = (_look(order, team, book, ground, is_open=False) for order, team in _pairs(book))
    return [finding for finding in found if finding.verdict.is_open]


def find_large_orders(*, now: dt.datetime) -> Done:
    """Open, update and resolve what is stored, in one transaction; returns how many of each."""
    ground = load_ground(clock.day_of(now, clock.company_zone()))
    with transaction.atomic():
        rows = Situation.objects.open().filter(kind=SituationKind.LARGE_ORDER)
        stored = {(row.order_id, row.team_id): row for row in rows.select_for_update().order_by("pk")}
        book = load_orders(ground, from_log=False)
        pairs = {(order.pk, team): order for order, team in _pairs(book)}
        done = Done()
        new = []
        for subject, order in pairs.items():
            row = stored.pop(subject, None)
            finding = _look(order, subject[1], book, ground, is_open=row is not None)
            if row is None:
                if finding.verdict.is_open:
                    new.append(_new(finding, ground, now))
            elif finding.verdict.is_open:
                done.updated += _update(row, finding, ground, now)
            else:
                done.resolved += _resolve(row, finding.verdict.because, now)
        for row in stored.values():
            done.resolved += _resolve(row, engine.ORDER_ENDED, now)
        # Another run may have opened the same in between: its row stands.
        done.opened = len(Situation.objects.bulk_create(new, ignore_conflicts=True))
        tell_managers([(row.order_id, book.lines[pairs[row.order_id, row.team_id].team]) for row in new], now=now)
    return done


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


def _update(row: Situation, finding: Finding, ground: Ground, now: dt.datetime) -> bool:
    """Keep share and evidence up to date; writes only where they differ."""
    share = None if finding.share is None else float(finding.share)
    figures = evidence(finding, ground)
    if (row.share, row.evidence, row.customer_id) == (share, figures, finding.order.customer):
        return False
    row.share, row.evidence, row.customer_id, row.checked_at = share, figures, finding.order.customer, now
    row.save(update_fields=["share", "evidence", "customer", "checked_at"])
    return True


def _resolve(row: Situation, because: str, now: dt.datetime) -> int:
    return Situation.objects.open().filter(pk=row.pk).update(resolved_at=now, resolved_because=because, checked_at=now)
