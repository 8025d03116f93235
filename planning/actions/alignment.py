"""Proposals of who should have which customers: asked for, computed by a job, accepted whole or in part, or thrown away."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Team, User
from customers.actions.hand_over import hand_over
from planning.loaders.alignment import Facts, Ways, load_alignment, load_ways
from planning.models import AlignmentMove, AlignmentProposal, Balanced, ProposalState
from planning.nudge import alignment_soon
from planning.queries.waiting import FAILED, state_of
from territory import clock
from territory.jobs.runner import Progress, run_job

# The name of its job.
ALIGNMENT = "territory alignment"

# The shape of the stored figures and how they are computed: raised when either changes.
ALIGNMENT_VERSION = 2

SEED, ROUNDS = 1, 24

# A proposal that nobody came back to is not computed any more.
WAITS = dt.timedelta(days=1)
# Who asks for the same again so soon is shown what is on its way.
SAME_FOR = dt.timedelta(minutes=5)


class ProposalClosed(Exception):
    """The proposal was thrown away, or accepted to the last move."""


class FactsChanged(Exception):
    """What the proposal was computed from is not as the page showed: nothing was accepted."""


@transaction.atomic
def propose(*, actor: User, now: dt.datetime, wanted: Mapping[str, Any]) -> AlignmentProposal:
    """Ask for a division; `wanted` holds team, role, balance, tolerance, move_km, connected and locked. While the same is being
    computed for the same person, that one: however often the form is sent. What failed is asked for once more."""
    list(Team.objects.select_for_update(of=("self",), no_key=True).filter(pk=wanted["team"].pk).values_list("pk"))
    same = AlignmentProposal.objects.filter(
        author=actor, state=ProposalState.OPEN, computed_at__isnull=True, asked_at__gte=now - SAME_FOR,
        **{name: value for name, value in wanted.items() if name != "locked"},
    )  # fmt: skip
    waiting = next((row for row in same if row.locked == wanted["locked"]), None)
    if waiting is not None and state_of(waiting.job_key)[0] != FAILED:
        return waiting
    row = AlignmentProposal.objects.create(author=actor, created_at=now, asked_at=now, **wanted)
    alignment_soon(row.pk, row.asked)
    return row


@transaction.atomic
def ask_again(*, proposal: AlignmentProposal, now: dt.datetime) -> None:
    """Compute it anew from what is there now; nothing of it was accepted yet. Who accepts some of it just now is waited for."""
    list(AlignmentProposal.objects.select_for_update().filter(pk=proposal.pk).values_list("pk"))
    if proposal.moves.filter(accepted_at__isnull=False).exists():
        raise ProposalClosed
    passed = AlignmentProposal.objects.filter(pk=proposal.pk, state=ProposalState.OPEN, asked=proposal.asked).update(
        asked=proposal.asked + 1, asked_at=now, computed_at=None, figures=None, fingerprint=""
    )
    if passed:
        alignment_soon(proposal.pk, proposal.asked + 1)


@transaction.atomic
def discard(*, proposal: AlignmentProposal, actor: User, now: dt.datetime) -> None:
    """Throw it away, or what is left of it: nothing else changes hands."""
    passed = AlignmentProposal.objects.filter(pk=proposal.pk, state=ProposalState.OPEN).update(
        state=ProposalState.DISCARDED, closed_by=actor, closed_at=now
    )
    if not passed:
        raise ProposalClosed


@transaction.atomic
def accept(
    *,
    actor: User,
    now: dt.datetime,
    proposal: AlignmentProposal,
    moves: Collection[int],
    seen: str,
    on: dt.date,
    with_orders: bool,
) -> int:
    """These moves happen from a day on, all or none; how many customers change hands. Those accepted before are left alone.

    `seen`: the fingerprint of the facts as the page showed them. Raises FactsChanged where they are otherwise now,
    ProposalClosed, or Changed (customers.actions.hand_over) where an assignment is not as it was.
    """
    row = (
        AlignmentProposal.objects.select_for_update(of=("self",))
        .select_related("team", "role", "author")
        .get(pk=proposal.pk)
    )
    rows = list(row.moves.filter(pk__in=moves).select_related("giver__user", "taker__user").order_by("pk"))
    wanted = [move for move in rows if move.accepted_at is None]
    if rows and not wanted:
        return 0
    if not row.is_open or row.computed_at is None:
        raise ProposalClosed
    if not wanted:
        raise ValidationError(_("Tick at least one customer."))
    if seen != fingerprint_now(row):
        raise FactsChanged
    for (giver, taker), chosen in _by_pair(wanted).items():
        hand_over(
            actor=actor, now=now, person=giver, receiver=taker, on=on, with_orders=with_orders,
            chosen={move.assignment_key: move.assignment_version for move in chosen},
        )  # fmt: skip
    AlignmentMove.objects.filter(pk__in=[move.pk for move in wanted]).update(
        starts_on=on, accepted_by=actor, accepted_at=now
    )
    row.fingerprint = fingerprint_now(row)
    if not row.moves.filter(accepted_at__isnull=True).exists():
        row.state, row.closed_by, row.closed_at = ProposalState.ACCEPTED, actor, now
    row.save(update_fields=["fingerprint", "state", "closed_by", "closed_at"])
    return len(wanted)


def _by_pair(moves: list[AlignmentMove]) -> dict[tuple, list[AlignmentMove]]:
    found: dict[tuple, list[AlignmentMove]] = defaultdict(list)
    for move in moves:
        found[(move.giver.user, move.taker)].append(move)
    return found


def fingerprint_now(proposal: AlignmentProposal) -> str:
    """Of the facts as they are, within the author's reach: other than the proposal's where something changed that it rests on."""
    return load_alignment(proposal.team, proposal.role, proposal.author, clock.company_today()).fingerprint


def run_waiting_alignments(*, now: dt.datetime, until: dt.datetime) -> None:
    """Compute what was asked for lately and no message announced."""
    waiting = AlignmentProposal.objects.filter(
        state=ProposalState.OPEN, computed_at__isnull=True, asked_at__gte=now - WAITS
    )
    for pk, asked in list(waiting.order_by("asked_at").values_list("pk", "asked")):
        if clock.now() < until:
            run_alignment(pk, asked, now=clock.now())


def run_alignment(pk: int, asked: int, *, now: dt.datetime) -> None:
    """Compute a proposal as a job, once for each time it was asked for; nothing where it is asked for no more."""
    waiting = AlignmentProposal.objects.filter(pk=pk, asked=asked, state=ProposalState.OPEN)
    row = waiting.select_related("team", "role", "author").first()
    if row is None:
        return

    def job(progress: Progress) -> dict[str, Any]:
        facts = load_alignment(row.team, row.role, row.author, clock.day_of(now, clock.company_zone()))
        figures, moves = divided(row, facts, progress)
        with transaction.atomic():
            passed = waiting.update(
                figures=figures, fingerprint=facts.fingerprint, version=ALIGNMENT_VERSION, computed_at=now
            )
            if passed:
                row.moves.all().delete()
                AlignmentMove.objects.bulk_create(moves, batch_size=300)
        return {"customers": len(facts.held), "moves": len(moves)}

    run_job(ALIGNMENT, job, key=row.job_key, requested_by=row.author)


Report = Callable[[int, int], object]


def divided(proposal: AlignmentProposal, facts: Facts, progress: Report) -> tuple[dict[str, Any], list[AlignmentMove]]:
    """The division: figures before and after, and who would change hands."""
    import numpy as np

    from planning.engine.aligned import broken
    from planning.engine.alignment import Effort, assign, districts, neighbours

    if not facts.held or len(facts.seats) < 2:
        return {"people": [], "broken": [], "customers": len(facts.held)}, []
    ways = load_ways(facts)
    column = {row.membership: number for number, row in enumerate(facts.seats)}
    owner = np.array([column[row.membership] for row in facts.held])
    task = districts(
        ways.km,
        _activity(proposal, facts),
        tolerance=float(proposal.tolerance),
        territories=len(facts.seats),
        shares=[row.hours for row in facts.seats],
        owner=owner,
        move_cost=float(proposal.move_km),
        locked=_locked(proposal, facts),
        edges=_edges(facts, neighbours) if proposal.connected else None,
    )
    plan = assign(task, Effort(seed=SEED, rounds=ROUNDS, on_progress=lambda done, total: progress(done, total)))
    figures = _figures(facts, ways, owner, plan.territory)
    figures["broken"] = [
        [each.wish, facts.seats[each.territory].membership, each.by] for each in broken(task, plan.territory)
    ]
    figures["even_before"] = not any(each.wish == "balance" for each in broken(task, owner))
    return figures, _moves(proposal, facts, ways, owner, plan.territory)


def _activity(proposal: AlignmentProposal, facts: Facts) -> list[float]:
    if proposal.balance == Balanced.POTENTIAL:
        return [row.potential for row in facts.held]
    if proposal.balance == Balanced.CUSTOMERS:
        return [1.0] * len(facts.held)
    return [row.minutes + row.travel for row in facts.held]


def _locked(proposal: AlignmentProposal, facts: Facts) -> list[bool]:
    tiers, customers = set(proposal.locked.get("tiers", ())), set(proposal.locked.get("customers", ()))
    orders = bool(proposal.locked.get("orders"))
    return [
        row.tier in tiers or row.customer in customers or (orders and row.is_selling) or row.place is None
        for row in facts.held
    ]


def _edges(facts: Facts, neighbours: Callable) -> Any:
    """Which customers lie side by side, on a map that is as wide as it is high where they are."""
    import numpy as np

    placed = [number for number, row in enumerate(facts.held) if row.place is not None]
    places = np.array([facts.held[number].place for number in placed], dtype=float).reshape(-1, 2)
    if len(placed) < 2:
        return np.zeros((0, 2), dtype=int)
    flat = np.column_stack([places[:, 1] * np.cos(np.radians(places[:, 0].mean())), places[:, 0]])
    return np.array(placed)[neighbours(flat)]


def _figures(facts: Facts, ways: Ways, owner: Any, territory: Any) -> dict[str, Any]:
    """What everyone has before and after: customers, minutes a month with the ways there, money a year, kilometres a month."""
    import numpy as np

    rows = np.arange(len(facts.held))
    moved = owner != territory
    known = ways.known[rows, owner]
    own = np.array([row.minutes for row in facts.held])
    travel = np.array([row.travel for row in facts.held])
    value = np.array([row.value for row in facts.held])
    potential = np.array([row.potential for row in facts.held])
    # Who keeps a customer keeps its travel as it stands in the budget.
    after_travel = np.where(moved & known, ways.minutes[rows, territory], travel)
    people = []
    for number, seat in enumerate(facts.seats):
        sides = []
        for given, ways_to in ((owner, travel), (territory, after_travel)):
            mine = given == number
            sides.append(
                {
                    "customers": int(mine.sum()),
                    "minutes": float((own + ways_to)[mine].sum()),
                    "potential": float(potential[mine].sum()),
                    "value": float(value[mine].sum()),
                    "km": float(ways.km[rows, number][mine].sum()),
                }
            )
        people.append({"membership": seat.membership, "hours": seat.hours, "before": sides[0], "after": sides[1]})
    return {
        "people": people,
        "customers": len(facts.held),
        "moved": int(moved.sum()),
        "value": float(value.sum()),
        "value_moved": float(value[moved].sum()),
        "km": [float(ways.km[rows, owner].sum()), float(ways.km[rows, territory].sum())],
        "unplaced": sum(row.place is None for row in facts.held),
        "without_base": sum(row.base is None for row in facts.seats),
        "source": ways.source,
        # What each move does to who gives and who takes, so that some can be looked at without the others.
        "moves": {
            str(facts.held[number].customer): {
                "minutes": [float(own[number] + travel[number]), float(own[number] + after_travel[number])],
                "km": [float(ways.km[number, owner[number]]), float(ways.km[number, territory[number]])],
                "potential": float(potential[number]),
                "value": float(value[number]),
            }
            for number in np.flatnonzero(moved).tolist()
        },
    }


def _moves(proposal: AlignmentProposal, facts: Facts, ways: Ways, owner: Any, territory: Any) -> list[AlignmentMove]:
    found = []
    for number, row in enumerate(facts.held):
        old, new = int(owner[number]), int(territory[number])
        if old == new:
            continue
        known = bool(ways.known[number, old] and ways.known[number, new])
        found.append(
            AlignmentMove(
                proposal=proposal,
                customer_id=row.customer,
                assignment_key=row.assignment,
                assignment_version=row.version,
                giver_id=facts.seats[old].membership,
                taker_id=facts.seats[new].membership,
                minutes=row.minutes + row.travel,
                km_before=float(ways.km[number, old]) if known else None,
                km_after=float(ways.km[number, new]) if known else None,
            )
        )
    return sorted(found, key=lambda move: (move.giver_id, move.taker_id, move.customer_id))


def forget_old_alignments(now: dt.datetime, keep: dt.timedelta = dt.timedelta(days=90)) -> int:
    """Remove proposals that nobody accepted anything of and that are older than three months; returns how many."""
    old = AlignmentProposal.objects.filter(created_at__lt=now - keep).exclude(moves__accepted_at__isnull=False)
    return old.delete()[1].get("planning.AlignmentProposal", 0)
