"""Sole contact away: whoever is the only point of contact of customers is away for long, and nobody stands in.

Decisions where the definition leaves room:

- One situation for a person and the team of the membership under which they are sole, not one a customer: it is one absence, and
  one cover ends it. It names how many customers and which.
- Counted are working days of one stretch away, absences that follow each other without a working day between them joined, as far
  as nobody stands in on that customer. A cover counts on days on which who covers is there.
- It opens so many days before the stretch begins (14), or when it becomes known, and resolves when it is over.
- It is about prospects and customers.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import Struct, field

from accounts.models import Absence, User
from customers.models import Assignment, AssignmentKind, Customer, Stage
from planning.engine.calendar import Span, WorkCalendar
from planning.models import Situation
from planning.situations.day import Day, latest
from planning.situations.kind import Finding, Kind, Look, Turn
from planning.situations.threshold import Threshold, Unit
from territory.formats.days import day_text
from territory.rows import on_day

DAYS = Threshold(
    "sole_away_days", gettext_lazy("Away for at least so many working days"), Unit.NUMBER, 5, least=1, most=250
)
NOTICE = Threshold(
    "sole_away_notice", gettext_lazy("Pointed out so many days before"), Unit.NUMBER, 14, least=0, most=365
)
STAGES = (Stage.PROSPECT, Stage.CUSTOMER)
BACK = "back or covered"
# So many of the customers are named.
NAMED = 12
ONE_DAY = dt.timedelta(days=1)


class _Stretch(Struct):
    """What a person is away from, under one team: the days of the longest stretch on any of the customers."""

    starts_on: dt.date
    ends_on: dt.date
    working_days: int
    customers: list[int] = field(default_factory=list)


class SoleAway(Kind):
    """Subject: a person and the team under which they are the sole contact."""

    key = "sole_away"
    label = gettext_lazy("sole contact away")
    icon = "person-x"
    help = gettext_lazy("The only contact of customers is away for some working days, and nobody stands in.")
    thresholds = (DAYS, NOTICE)
    digested = True
    turn = Turn.MANAGER
    gone = BACK
    reasons = {BACK: gettext_lazy("they are back, or somebody stands in")}

    def look(self, day: Day, was_open: Collection[str] = ()) -> Look:
        last = day.on + dt.timedelta(days=NOTICE.of(day.settings))
        away = day.ground.context.away
        people = [pk for pk, spans in away.absences.items() if any(span.touches(day.on, last) for span in spans)]
        stretches = self._stretches(day, _sole(day, people), last)
        known = _known_since({person for person, _team in stretches})
        return Look([self._finding(day, *place, stretch, known) for place, stretch in stretches.items()])

    def _stretches(
        self, day: Day, sole: Iterable[tuple[int, int, int]], last: dt.date
    ) -> dict[tuple[int, int], _Stretch]:
        """By person and team, with the customers that nobody looks after."""
        least, away, calendar = DAYS.of(day.settings), day.ground.context.away, day.ground.context.calendar
        found: dict[tuple[int, int], _Stretch] = {}
        for person, team, customer in sole:
            for span in joined(away.uncovered(person, customer), calendar):
                days = len(calendar.working_days(*span))
                if days >= least and span[0] <= last and span[1] >= day.on:
                    row = found.setdefault((person, team), _Stretch(*span, days))
                    if days > row.working_days:
                        row.starts_on, row.ends_on, row.working_days = *span, days
                    row.customers.append(customer)
                    break
        return found

    def _finding(
        self, day: Day, person: int, team: int, row: _Stretch, known: dict[int, list[tuple[Span, dt.datetime]]]
    ) -> Finding:
        told = [at for span, at in known.get(person, ()) if span.touches(row.starts_on, row.ends_on)]
        notice = row.starts_on - dt.timedelta(days=NOTICE.of(day.settings))
        return Finding(
            subject=f"person {person} team {team}",
            team=team,
            person=person,
            evidence={
                "starts_on": row.starts_on.isoformat(),
                "ends_on": row.ends_on.isoformat(),
                "working_days": row.working_days,
                "customers": sorted(row.customers),
            },
            weight=float(len(row.customers)),
            opened_on=latest([notice, day.day_of(min(told)) if told else None]),
        )

    def shown(self, row: Situation, user: User) -> dict[str, Any]:
        customers = Customer.objects.visible_to(user).filter(pk__in=row.evidence["customers"])
        return {"customers": customers.select_related("tier").order_by("tier__position", "name", "pk")[:NAMED]}

    def words(self, row: Situation, today: dt.date) -> str:
        figures = row.evidence
        first, last = (day_text(dt.date.fromisoformat(figures[name])) for name in ("starts_on", "ends_on"))
        days, customers = figures["working_days"], len(figures["customers"])
        words = {"first": first, "last": last, "days": days, "customers": customers}
        return ", ".join(
            (
                _("%(first)s to %(last)s") % words,
                ngettext("%(days)s working day", "%(days)s working days", days) % words,
                ngettext("%(customers)s customer without cover", "%(customers)s customers without cover", customers)
                % words,
            )
        )


def joined(spans: Iterable[Span], calendar: WorkCalendar) -> Iterator[tuple[dt.date, dt.date]]:
    """Stretches away, in order: two without a working day between them are one."""
    days = sorted((span.starts_on, span.ends_on) for span in spans if span.starts_on and span.ends_on)
    first = last = None
    for starts_on, ends_on in days:
        if first is None or last is None:
            first, last = starts_on, ends_on
        elif starts_on <= last + ONE_DAY or not calendar.working_days(last + ONE_DAY, starts_on - ONE_DAY):
            last = max(last, ends_on)
        else:
            yield first, last
            first, last = starts_on, ends_on
    if first is not None and last is not None:
        yield first, last


def _sole(day: Day, people: Collection[int]) -> list[tuple[int, int, int]]:
    """Person, team and customer of sole assignments in force on the day, of these people."""
    rows = Assignment.objects.on(day.on).filter(
        on_day(day.on, "membership__"), kind=AssignmentKind.SOLE, membership__user__in=people
    )
    found = rows.order_by("pk").values_list("membership__user_id", "membership__team_id", "customer_id")
    return [row for row in found if row[2] in day.standings and day.standings[row[2]].stage in STAGES]


def _known_since(people: Collection[int]) -> dict[int, list[tuple[Span, dt.datetime]]]:
    """When the absences of these people were first written down, as far as history knows."""
    rows = Absence.history.filter(user_id__in=people).order_by().values_list("user_id", "starts_on", "ends_on")
    found = defaultdict(list)
    for person, starts_on, ends_on, at in rows.annotate(Min("history_date")):
        found[person].append((Span(starts_on, ends_on), at))
    return found
