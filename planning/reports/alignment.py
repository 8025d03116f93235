"""Alignment: open proposals, customer by customer, from whom to whom; accepted moves with their day.

A reader gets proposals of teams within reach, and of these the customers that they may export.
"""

import datetime as dt
from typing import Any

from django.db.models import Q

from accounts.permissions import Area
from customers.scope import EVERYTHING, amounts_within, yes
from planning.models import AlignmentMove, AlignmentProposal, ProposalState
from planning.reports.definition import Answer, Asked, Column, Kind, Report, shown_id
from planning.reports.figures import exported
from territory import clock

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
    """Moves of what is open, and all that was accepted; as of a day what was proposed and accepted by its end."""
    end = asked.now if asked.as_of is None else clock.end_of_day(asked.as_of, clock.company_zone())
    proposals = AlignmentProposal.objects.filter(computed_at__lte=end)
    if asked.reader is not None:
        proposals = proposals.reached_by(asked.reader)
    known = {row.pk: row for row in proposals.select_related("team", "role")}
    moves = AlignmentMove.objects.filter(proposal__in=known).exclude(
        Q(accepted_at__isnull=True) | Q(accepted_at__gt=end),
        proposal__state=ProposalState.DISCARDED,
        proposal__closed_at__lte=end,
    )
    seen = EVERYTHING if asked.reader is None else amounts_within(asked.reader)
    moves = exported(asked, moves).annotate(shows_amount=yes(seen)).order_by("proposal_id", "pk")
    moves = moves.select_related("customer", "giver__user", "taker__user")
    rows = [_row(move, known[move.proposal_id], end) for move in moves]
    return Answer(rows, min((row.computed_at for row in known.values()), default=asked.now))


def _row(move: AlignmentMove, proposal: AlignmentProposal, end: dt.datetime) -> dict[str, Any]:
    team, giver, taker = proposal.team, move.giver.user, move.taker.user
    is_accepted = move.accepted_at is not None and move.accepted_at <= end
    return {
        "proposal": proposal.pk,
        "team": shown_id(team.external_id, team.name),
        "role": proposal.role.name,
        "balance": proposal.balance,
        "state": "accepted" if is_accepted else "proposed",
        "customer": shown_id(move.customer.external_id, move.customer.name),
        "from": shown_id(giver.external_id, giver.name),
        "to": shown_id(taker.external_id, taker.name),
        "minutes": move.minutes,
        "km_before": move.km_before,
        "km_after": move.km_after,
        "yearly_value": move.customer.yearly_value if move.shows_amount else None,
        "starts_on": move.starts_on if is_accepted else None,
    }


REPORT = Report("alignment", COLUMNS, answer)
