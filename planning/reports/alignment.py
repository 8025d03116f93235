"""Alignment: the latest open proposal of each team and role, customer by customer, from whom to whom; accepted moves with their day.

A reader gets proposals of teams within reach, and of these the customers that they may export.
"""

from typing import Any

from accounts.permissions import Area
from customers.scope import EVERYTHING, amounts_within, yes
from planning.models import AlignmentMove, AlignmentProposal, ProposalState
from planning.reports.definition import Answer, Asked, Column, Kind, Report, shown_id
from planning.reports.figures import exported

COLUMNS = (
    Column("proposal", Kind.COUNT),
    Column("team"),
    Column("role"),
    Column("balance"),
    Column("state"),
    Column("customer"),
    Column("from"),
    Column("to"),
    Column("minutes", Kind.MINUTES),
    Column("km_before", Kind.DAYS),
    Column("km_after", Kind.DAYS),
    Column("yearly_value", Kind.MONEY, Area.AMOUNTS),
    Column("starts_on", Kind.DAY),
)


def answer(asked: Asked) -> Answer:
    """Moves of what is open, and all that was accepted until the day."""
    proposals = AlignmentProposal.objects.filter(computed_at__isnull=False)
    if asked.reader is not None:
        proposals = proposals.reached_by(asked.reader)
    known = {row.pk: row for row in proposals.select_related("team", "role")}
    moves = AlignmentMove.objects.filter(proposal__in=known).exclude(
        proposal__state=ProposalState.DISCARDED, accepted_at__isnull=True
    )
    seen = EVERYTHING if asked.reader is None else amounts_within(asked.reader)
    moves = exported(asked, moves).annotate(shows_amount=yes(seen)).order_by("proposal_id", "pk")
    moves = moves.select_related("customer", "giver__user", "taker__user")
    rows = [_row(move, known[move.proposal_id]) for move in moves]
    return Answer(rows, min((row.computed_at for row in known.values()), default=asked.now))


def _row(move: AlignmentMove, proposal: AlignmentProposal) -> dict[str, Any]:
    return {
        "proposal": proposal.pk,
        "team": proposal.team.name,
        "role": proposal.role.name,
        "balance": proposal.balance,
        "state": "accepted" if move.accepted_at else "proposed",
        "customer": shown_id(move.customer.external_id, move.customer.name),
        "from": move.giver.user.name,
        "to": move.taker.user.name,
        "minutes": move.minutes,
        "km_before": move.km_before,
        "km_after": move.km_after,
        "yearly_value": move.customer.yearly_value if move.shows_amount else None,
        "starts_on": move.starts_on,
    }


REPORT = Report("alignment", COLUMNS, answer)
