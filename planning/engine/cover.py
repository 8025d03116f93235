"""Who stands in for whom, on which days and customers (domain 1, cover).

Decisions where the definition leaves room:

- A cover counts on the days on which the covered person is away and the one who covers is there.
- What is due, or overdue, is done by whoever stands in today; what falls due later by whoever stands in on that day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct, field

from planning.engine.calendar import Span, common, uncovered
from planning.engine.rules import Key


class StandIn(Struct, frozen=True):
    """``by`` does the work of ``person`` during a span; ``customers`` None: on all of their customers."""

    person: Key
    by: Key
    span: Span
    customers: frozenset[Key] | None = None

    def about(self, customer: Key) -> bool:
        return self.customers is None or customer in self.customers


def effective(stand_ins: Iterable[StandIn], away: Mapping[Key, Sequence[Span]]) -> Iterator[StandIn]:
    """The spans on which they count: the covered person is away, who covers is not."""
    for row in stand_ins:
        for piece in uncovered([row.span], away.get(row.by, ())):
            for absence in away.get(row.person, ()):
                span = common(piece, absence)
                if span is not None:
                    yield StandIn(row.person, row.by, span, row.customers)


class Away(Struct, frozen=True):
    """Absences by person and who stands in meanwhile; ``stand_ins`` are effective ones."""

    absences: Mapping[Key, Sequence[Span]] = field(default_factory=dict)
    stand_ins: Mapping[Key, Sequence[StandIn]] = field(default_factory=dict)

    @classmethod
    def of(cls, absences: Mapping[Key, Sequence[Span]], stand_ins: Iterable[StandIn] = ()) -> "Away":
        """From absences and covers as they were entered."""
        found: dict[Key, list[StandIn]] = defaultdict(list)
        for row in effective(stand_ins, absences):
            found[row.person].append(row)
        return cls(absences, dict(found))

    def uncovered(self, person: Key, customer: Key) -> Sequence[Span]:
        """The person's absences as far as nobody stands in on this customer."""
        spans = self.absences.get(person, ())
        covers = [row.span for row in self.stand_ins.get(person, ()) if row.about(customer)]
        return uncovered(spans, covers) if covers else spans

    def doing(self, person: Key | None, customer: Key, day: date) -> Key | None:
        """Who does the person's work on a customer on a day: whoever stands in, else the person."""
        if person is None:
            return None
        found = (row.by for row in self.stand_ins.get(person, ()) if row.about(customer) and row.span.holds(day))
        return next(found, person)


NOBODY_AWAY = Away()
