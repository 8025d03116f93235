"""Proposals of who should have which customers, as their reader may see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct, field

from accounts.models import Membership, User
from accounts.permissions import Act, Area, people_within, scope
from customers.models import Customer
from planning.actions.alignment import ALIGNMENT_VERSION, fingerprint_now
from planning.loaders.alignment import load_alignment
from planning.models import AlignmentMove, AlignmentProposal, Balanced
from planning.queries.waiting import state_of
from territory import clock

# Moves drawn one by one; one box stands for the rest, which keeps the page small.
SHOWN = 60
DONE_SHOWN = 30
LISTED = 30

# Loads that lie no further from what is even than before by more than this are about as even.
ABOUT = 0.02


class Sides(Struct, frozen=True):
    """Something before and after."""

    before: float
    after: float


class PersonSides(Struct, frozen=True):
    """What a person has before and after; `share`: of what is even for them what they have, 1 being even."""

    name: str
    customers: Sides
    minutes: Sides
    km: Sides
    share: Sides
    potential: Sides | None


class Wish(Struct, frozen=True):
    """Something that could not be kept, in the reader's words by the template: which wish, whose, by how much."""

    wish: str
    name: str
    by: float


class ProposalPage(Struct, frozen=True):
    """A proposal. `state`: waiting, running, failed, outdated, ready or closed. `seen`: the fingerprint of the facts now.

    `figures` and `people` are of what is accepted and what is `ticked` besides.
    """

    proposal: AlignmentProposal
    state: str
    progress: int = 0
    total: int = 0
    seen: str = ""
    people: tuple[PersonSides, ...] = ()
    wishes: tuple[Wish, ...] = ()
    moves: tuple[AlignmentMove, ...] = ()
    done: tuple[AlignmentMove, ...] = ()
    ticked: frozenset[int] = frozenset()
    figures: dict[str, Any] = field(default_factory=dict)
    shows_amounts: bool = False

    @property
    def computing(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def stale(self) -> bool:
        """Whether facts changed since it was computed, or since part of it was accepted."""
        return self.state == "ready" and self.seen != self.proposal.fingerprint

    @property
    def is_left_over(self) -> bool:
        """Whether part of it was accepted: what is left was computed before that."""
        return self.state == "ready" and bool(self.done and self.moves)

    @property
    def off_even(self) -> Sides | None:
        """How far from what is even for them, as a share of it, whoever is furthest lies; None where it is not told."""
        if not any(row.share.before for row in self.people):
            return None
        before = max(abs(row.share.before - 1) for row in self.people)
        return Sides(before, max(abs(row.share.after - 1) for row in self.people))

    @property
    def is_less_even(self) -> bool:
        """Whether the loads are less even with it than without."""
        off = self.off_even
        return off is not None and off.after > off.before + ABOUT

    @property
    def is_more_even(self) -> bool:
        off = self.off_even
        return off is not None and off.after < off.before - ABOUT

    @property
    def keys(self) -> str:
        """All that is not accepted, as one box would send it."""
        return " ".join(str(move.pk) for move in self.moves)

    @property
    def km(self) -> Sides:
        return Sides(*self.figures.get("km", (0.0, 0.0)))

    @property
    def value_share(self) -> float | None:
        """Which share of the yearly business changes hands; None where its amounts are not the reader's to see."""
        if not self.shows_amounts:
            return None
        whole = self.figures.get("value", 0.0)
        return self.figures.get("value_moved", 0.0) / whole if whole else 0.0

    @property
    def shown(self) -> list[tuple[AlignmentMove, bool]]:
        return [(move, self._ticked(move)) for move in self.moves[:SHOWN]]

    @property
    def rest(self) -> list[AlignmentMove]:
        return list(self.moves[SHOWN:])

    @property
    def legend(self) -> list[tuple[str, str, str]]:
        """Everyone's name, colour and shape on the map."""
        names, seen = (row.name for row in self.people), looks(self.figures).values()
        return [(name, colour, shape) for name, (colour, shape) in zip(names, seen, strict=False)]

    @property
    def no_points(self) -> dict[str, Any]:
        """The map before its points are fetched."""
        return {"points": []}

    @property
    def done_shown(self) -> tuple[AlignmentMove, ...]:
        return self.done[:DONE_SHOWN]

    @property
    def done_rest(self) -> int:
        return len(self.done[DONE_SHOWN:])

    @property
    def rest_keys(self) -> str:
        return " ".join(str(move.pk) for move in self.rest)

    @property
    def rest_ticked(self) -> bool:
        return bool(self.rest) and 2 * sum(self._ticked(move) for move in self.rest) > len(self.rest)

    def _ticked(self, move: AlignmentMove) -> bool:
        return move.pk in self.ticked


def divides(user: User) -> bool:
    """Whoever may hand over customers of a team, not only their own."""
    reached = scope(user, Area.CUSTOMERS, Act.CHANGE)
    return reached.everything or reached.has_teams


def proposals(user: User) -> list[AlignmentProposal]:
    """The latest proposals within reach."""
    rows = AlignmentProposal.objects.reached_by(user).select_related("team", "role", "author")
    return list(rows[:LISTED])


def proposal_page(user: User, proposal: AlignmentProposal, ticked: Collection[int] | None = None) -> ProposalPage:
    """The proposal with the moves of customers that the reader may change; a fixed number of queries."""
    if proposal.computed_at is None:
        if not proposal.is_open:
            return ProposalPage(proposal, "closed")
        state, progress, total = state_of(proposal.job_key)
        return ProposalPage(proposal, state, progress=progress, total=total)
    if proposal.version != ALIGNMENT_VERSION and proposal.is_open:
        return ProposalPage(proposal, "outdated")
    within = Customer.objects.editable_by(user).order_by().values("pk")
    moves = list(
        proposal.moves.filter(customer__in=within)
        .select_related("customer__tier", "giver__user", "taker__user")
        .order_by("giver__user__name", "taker__user__name", "customer__name", "pk")
    )
    done = tuple(move for move in moves if move.accepted_at is not None)
    left = tuple(move for move in moves if move.accepted_at is None)
    chosen = _chosen(proposal, left, done, ticked)
    shows_amounts = proposal.shows_amounts
    figures = figures_with(proposal.figures or {}, [*done, *(move for move in left if move.pk in chosen)])
    names = _names(figures)
    return ProposalPage(
        proposal,
        "ready" if proposal.is_open else "closed",
        seen=fingerprint_now(proposal) if proposal.is_open else proposal.fingerprint,
        people=tuple(_people(proposal, figures, names, shows_amounts)),
        wishes=tuple(
            Wish(wish, names.get(member, ""), by)
            for wish, member, by in figures.get("broken", ())
            if wish != "balance" or proposal.balance != Balanced.POTENTIAL or shows_amounts
        ),
        moves=left,
        done=done,
        ticked=chosen,
        figures=figures,
        shows_amounts=shows_amounts,
    )


def _chosen(
    proposal: AlignmentProposal,
    left: tuple[AlignmentMove, ...],
    done: tuple[AlignmentMove, ...],
    ticked: Collection[int] | None,
) -> frozenset[int]:
    """What is ticked of what is not accepted: as the reader left it, else all, and once part was accepted nothing."""
    if ticked is None or not proposal.is_open:
        return frozenset() if done else frozenset(move.pk for move in left)
    return frozenset(move.pk for move in left) & frozenset(ticked)


def figures_with(figures: dict[str, Any], moves: Iterable[AlignmentMove]) -> dict[str, Any]:
    """The same with these moves alone, in the place of all; as they are where no move is told apart."""
    each = figures.get("moves")
    if each is None:
        return figures
    people = {row["membership"]: {**row, "after": dict(row["before"])} for row in figures["people"]}
    counted, value, km = 0, 0.0, figures["km"][0]
    for move in moves:
        one = each.get(str(move.customer_id))
        if one is None:
            continue
        for member, side, sign in ((move.giver_id, 0, -1), (move.taker_id, 1, 1)):
            after = people[member]["after"]
            after["customers"] += sign
            after["minutes"] += sign * one["minutes"][side]
            after["km"] += sign * one["km"][side]
            after["potential"] += sign * one["potential"]
            after["value"] += sign * one["value"]
        counted, value, km = counted + 1, value + one["value"], km - one["km"][0] + one["km"][1]
    return {
        **figures,
        "people": list(people.values()),
        "moved": counted,
        "value_moved": value,
        "km": [figures["km"][0], km],
    }


def _names(figures: dict[str, Any]) -> dict[int, str]:
    keys = [row["membership"] for row in figures.get("people", ())]
    return dict(Membership.objects.filter(pk__in=keys).order_by().values_list("pk", "user__name"))


def _people(
    proposal: AlignmentProposal, figures: dict[str, Any], names: dict[int, str], shows_amounts: bool
) -> list[PersonSides]:
    rows = figures.get("people", [])
    hours = sum(row["hours"] for row in rows) or 1.0
    whole = {side: sum(row[side][proposal.balance] for row in rows) for side in ("before", "after")}

    def sides(row: dict[str, Any], what: str) -> Sides:
        return Sides(row["before"][what], row["after"][what])

    def share(row: dict[str, Any], side: str) -> float:
        even = whole[side] * row["hours"] / hours
        return row[side][proposal.balance] / even if even else 0.0

    if proposal.balance == Balanced.POTENTIAL and not shows_amounts:
        return []
    return [
        PersonSides(
            name=names.get(row["membership"], ""),
            customers=sides(row, "customers"),
            minutes=sides(row, "minutes"),
            km=sides(row, "km"),
            share=Sides(share(row, "before"), share(row, "after")),
            potential=sides(row, "potential") if shows_amounts else None,
        )
        for row in rows
    ]


def moves_of(rows: list[str]) -> list[int] | None:
    """Keys of what was ticked; None where something else was sent. One box may stand for several, parted by spaces."""
    keys = [key for row in rows for key in row.split()]
    if not all(key.isascii() and key.isdecimal() and len(key) < 16 for key in keys):
        return None
    return [int(key) for key in keys]


# A map of more would be slow to load; whoever changes hands is always on it.
ON_MAP = 1_000
SHAPES, COLOURS = ("circle", "square", "diamond", "triangle"), ("accent", "c2", "c3", "c4", "c5")
LOOKS = [(colour, shape) for shape in SHAPES for colour in COLOURS]


def looks(figures: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """Colour and shape of everyone's customers on the map, by membership."""
    people = figures.get("people", [])
    return {row["membership"]: LOOKS[number % len(LOOKS)] for number, row in enumerate(people)}


def _drawn_moves(proposal: AlignmentProposal) -> dict[int, AlignmentMove]:
    """Who changes hands on the map, by customer: of a closed proposal that was accepted in part no more than that part."""
    moves = list(proposal.moves.all())
    if not proposal.is_open and any(move.accepted_at for move in moves):
        moves = [move for move in moves if move.accepted_at]
    return {move.customer_id: move for move in moves}


def territory_points(user: User, proposal: AlignmentProposal, *, after: bool) -> dict[str, Any]:
    """What the map draws: customers that the reader may change, by whose they are before it, or after what is accepted and
    proposed; home bases of people whom the reader sees. A `move` that is not accepted says how it is drawn if it `stays`."""
    facts = load_alignment(proposal.team, proposal.role, proposal.author, clock.company_today())
    moves = _drawn_moves(proposal)
    owners = {row.customer: row.membership for row in facts.held if row.place is not None}
    # Who goes to somebody else on a later day is not among the facts of today.
    drawn = {*owners, *(pk for pk, move in moves.items() if move.accepted_at)}
    within = Customer.objects.editable_by(user).filter(pk__in=drawn, latitude__isnull=False, longitude__isnull=False)
    rows = within.order_by().values_list("pk", "name", "latitude", "longitude")
    found = {pk: (name, (latitude, longitude)) for pk, name, latitude, longitude in rows}
    seen = looks(proposal.figures or {})
    people = dict(Membership.objects.filter(pk__in=seen).order_by().values_list("pk", "user__name"))
    points = []
    for pk in sorted(found, key=lambda each: (each not in moves, each))[:ON_MAP]:
        move, (name, place) = moves.get(pk), found[pk]
        point = {"at": place, "label": name, "kind": "customer"}
        if move is None:
            point |= _drawn(owners[pk], seen, people)
        else:
            giver = owners[pk] if move.accepted_at is None else move.giver_id
            point |= _drawn(move.taker_id if after else giver, seen, people) | {"edge": "ink", "radius": 8}
            point["note"] = f"{people.get(move.giver_id, '')} → {people.get(move.taker_id, '')}"
            if move.accepted_at is None:
                stays = _drawn(giver, seen, people) | {"edge": None, "radius": None}
                point |= {"move": move.pk, "stays": stays}
        points.append(point)
    seats = [seat for seat in facts.seats if seat.base is not None]
    near = people_within(user, Area.PEOPLE, Act.SEE).filter(pk__in=[seat.user for seat in seats])
    known = set(near.values_list("pk", flat=True))
    bases = [{"at": seat.base, "label": people.get(seat.membership, "")} for seat in seats if seat.user in known]
    return {"points": points, "bases": bases}


def _drawn(membership: int, seen: dict[int, tuple[str, str]], people: dict[int, str]) -> dict[str, Any]:
    """How a customer of somebody is drawn."""
    colour, shape = seen.get(membership, LOOKS[0])
    return {"colour": colour, "shape": shape, "note": people.get(membership, "")}
