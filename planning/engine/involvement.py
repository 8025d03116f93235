"""Who is involved with a customer, held against what those assigned to it are (domain 3.6, involvement).

Times are whole seconds, without travel. Touches count from people that are known; an outreach to many is nobody's contact
with one customer, and whoever stands in for somebody does that person's work.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from enum import StrEnum

from msgspec import Struct, field

# Nobody is found to act alone, or to be behind, on fewer touches.
ENOUGH_TOUCHES = 3
# A lead whose part of the time is smaller is not first among those who make touches.
LEAD_SHARE = 0.25

SOLE, LEAD, SUPPORT = "sole", "lead", "support"
RANKS = {SUPPORT: 1, LEAD: 2, SOLE: 3}

MANAGEMENT, SENIOR_MANAGEMENT = "management", "senior_management"

# Managers' shares of the time are told in bands: none, up to a tenth, a quarter, half, and more.
BANDS = (0.0, 0.1, 0.25, 0.5)


class Happened(StrEnum):
    """What does not fit an assignment."""

    SOLE_TOUCHED = "sole_touched"
    BEYOND_PROFILE = "beyond_profile"
    SUPPORT_ALONE = "support_alone"
    LEAD_BEHIND = "lead_behind"


class Seat(Struct, frozen=True):
    """An assignment of the day: whose, as what, what the job profile authorises; ``starts_on`` None: always."""

    key: int
    user: int
    kind: str
    profile: str
    starts_on: date | None = None


class Deed(Struct, frozen=True):
    """A person's time at a touch, or internal work. ``user`` None: nobody knows who; ``function`` of the role of that time.

    ``is_contact``: a touch with this customer alone. ``covers``: for whom the person stood in that day.
    """

    user: int | None
    function: str | None
    on: date
    seconds: int
    is_contact: bool
    covers: frozenset[int] = frozenset()


class Finding(Struct, frozen=True):
    """What does not fit an assignment: by whom (``others``), and their share of the time of touches, None where it says nothing."""

    seat: Seat
    happened: Happened
    others: tuple[int, ...] = ()
    share: float | None = None


class Involvement(Struct):
    """Time by person and by function, contacts, and what does not fit."""

    by_person: dict[int | None, int] = field(default_factory=lambda: defaultdict(int))
    by_function: dict[str | None, int] = field(default_factory=lambda: defaultdict(int))
    touches: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def seconds(self) -> int:
        return sum(self.by_function.values())

    @property
    def people(self) -> int:
        """How many known people took part."""
        return sum(person is not None for person in self.by_person)

    def share(self, *functions: str) -> float | None:
        """These functions' part of the time; None without any."""
        return sum(self.by_function.get(name, 0) for name in functions) / self.seconds if self.seconds else None


def involvement(seats: Sequence[Seat], deeds: Collection[Deed]) -> Involvement:
    """All that was done with one customer in a window, beside its assignments at the window's end."""
    found = Involvement(touches=sum(deed.is_contact for deed in deeds))
    for deed in deeds:
        found.by_person[deed.user] += deed.seconds
        found.by_function[deed.function] += deed.seconds
    contacts = [deed for deed in deeds if deed.is_contact and deed.user is not None]
    found.findings = tuple(_findings(seats, contacts))
    return found


def band_of(share: float) -> int:
    """The number of the band that a share of managers falls into; 0: none at all."""
    return sum(share > bound for bound in BANDS)


def _findings(seats: Sequence[Seat], contacts: Sequence[Deed]) -> Iterable[Finding]:
    alone = [finding for seat in seats if (finding := _support_alone(seat, contacts, seats))]
    for seat in seats:
        if seat.kind == SOLE and (finding := _sole_touched(seat, contacts)):
            yield finding
        if RANKS[seat.kind] > RANKS[seat.profile]:
            yield Finding(seat, Happened.BEYOND_PROFILE)
        if seat.kind == LEAD and not alone and (finding := _lead_behind(seat, contacts)):
            yield finding
    yield from alone


def _since(seat: Seat, contacts: Iterable[Deed]) -> list[Deed]:
    return [deed for deed in contacts if seat.starts_on is None or deed.on >= seat.starts_on]


def _is_by(seat: Seat, deed: Deed) -> bool:
    """Made by the person of the assignment, or in their place."""
    return deed.user == seat.user or seat.user in deed.covers


def _others(seat: Seat, contacts: Collection[Deed]) -> tuple[tuple[int, ...], float | None]:
    """Who else made contacts, those with most time first, and their share of it."""
    seconds: dict[int, int] = defaultdict(int)
    for deed in contacts:
        if not _is_by(seat, deed) and deed.user is not None:
            seconds[deed.user] += deed.seconds
    whole = sum(deed.seconds for deed in contacts)
    who = tuple(sorted(seconds, key=lambda user: (-seconds[user], user)))
    return who, sum(seconds.values()) / whole if whole else None


def _sole_touched(seat: Seat, contacts: Sequence[Deed]) -> Finding | None:
    """Others made contacts with a customer of whom the person is to be the only point of contact."""
    others, share = _others(seat, _since(seat, contacts))
    return Finding(seat, Happened.SOLE_TOUCHED, others, share) if others else None


def _lead_behind(seat: Seat, contacts: Sequence[Deed]) -> Finding | None:
    """Who is to be first among several hardly took part."""
    own = _since(seat, contacts)
    others, share = _others(seat, own)
    behind = share is not None and 1 - share < LEAD_SHARE
    return Finding(seat, Happened.LEAD_BEHIND, others, share) if behind and len(own) >= ENOUGH_TOUCHES else None


def _support_alone(seat: Seat, contacts: Sequence[Deed], seats: Sequence[Seat]) -> Finding | None:
    """Who is to support made every contact; ``others``: the owner who made none."""
    own = _since(seat, contacts)
    if seat.kind != SUPPORT or len(own) < ENOUGH_TOUCHES or {deed.user for deed in own} != {seat.user}:
        return None
    owners = tuple(other.user for other in seats if other.kind != SUPPORT)
    if any(owner in deed.covers for deed in own for owner in owners):
        return None
    return Finding(seat, Happened.SUPPORT_ALONE, owners, 1.0)
