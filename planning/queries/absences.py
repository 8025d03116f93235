"""Who is away in the coming weeks and who stands in: the calendar of absences, for whose absences the reader may see."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import BooleanField, Case, F, Q, When, prefetch_related_objects
from msgspec import Struct, field

from accounts.models import Absence, Cover, Membership, Team, User
from accounts.permissions import Act, Area, people_within
from accounts.queries import memberships_now
from customers.models import Assignment, AssignmentKind
from planning.engine.calendar import Span, WorkCalendar, common
from planning.engine.cover import Away
from planning.loaders.ground import away_of, load_calendar
from planning.loaders.workload import WEEKS_SHOWN
from territory import clock
from territory.rows import ends_from, starts_by

# A sole contact away so many working days without cover is out of the ordinary (domain 3.5).
SOLE_AWAY_DAYS = 5


class Bar(Struct, frozen=True):
    """Days drawn in a person's line, counted from the first day shown: `free` nobody stands in, `covered`, `standing` in."""

    start: int
    days: int
    kind: str


class Gone(Struct, frozen=True):
    """An absence: working days without anybody standing in, and on how many customers a sole contact is missing long."""

    absence: Absence
    uncovered_days: int
    sole_on: int


class Line(Struct):
    """A person's weeks."""

    person: User
    may_change: bool
    gone: list[Gone] = field(default_factory=list)
    covered_by: list[Cover] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)

    @property
    def is_uncovered(self) -> bool:
        return any(row.uncovered_days for row in self.gone)


def people_seen(user: User, first: dt.date, team: Team | None = None) -> list[User]:
    """Everybody whose absences the reader may see, by name, in one query.

    `is_shown` marks the active ones who are members in the weeks from `first` on, of a team and below or of all;
    `may_change` those whose absences the reader may change.
    """
    members = Membership.objects.filter(starts_by(last_day(first)), ends_from(first))
    if team:
        members = members.filter(team__path__startswith=team.path)
    changeable = people_within(user, Area.ABSENCES, Act.CHANGE)
    rows = people_within(user, Area.ABSENCES, Act.SEE).annotate(
        is_shown=_whether(is_active=True, pk__in=members.values("user")),
        may_change=_whether(pk__in=changeable.values("pk")),
    )
    return list(rows.only("name", "email").order_by("name", "pk"))


def _whether(**holds: Any) -> Case:
    return Case(When(**holds, then=True), default=False, output_field=BooleanField())


def last_day(first: dt.date) -> dt.date:
    """The last day shown."""
    return first + dt.timedelta(days=7 * WEEKS_SHOWN - 1)


def lines(user: User, people: Sequence[User], first: dt.date, seen: Collection[int]) -> list[Line]:
    """The lines of these people, of those that `people_seen` found, in a fixed number of queries.

    `seen` are the primary keys of all that it found: whom somebody stands in for is said of these alone.
    """
    last = last_day(first)
    prefetch_related_objects(people, memberships_now(clock.company_today()))
    found = {person.pk: Line(person, person.may_change) for person in people}
    ids = set(found)
    covers, chosen = _covers(ids, first, last)
    involved = ids | {who for cover in covers for who in (cover.user_id, cover.membership.user_id)}
    absences = list(Absence.objects.between(first, last).filter(user__in=involved))
    calendar, away = load_calendar(), away_of(covers, chosen, absences)
    sole = _sole(user, ids, first)
    for absence in absences:
        if absence.user_id in ids:
            found[absence.user_id].gone.append(_gone(absence, calendar, away, sole[absence.user_id]))
    for cover in covers:
        if cover.user_id in ids:
            found[cover.user_id].covered_by.append(cover)
        by = cover.membership.user_id
        if by in ids and (cover.user_id in seen or by == user.pk):
            found[by].covers.append(cover)
    for line in found.values():
        line.bars = list(_bars(line, away, first, last))
    return list(found.values())


def _covers(people: set[int], first: dt.date, last: dt.date) -> tuple[list[Cover], dict[int, set[int]]]:
    """Covers of or by these people with a day from first to last, and the customers of those about some, in one query."""
    rows = Cover.objects.between(first, last).select_related("user", "membership__user")
    rows = rows.filter(Q(user__in=people) | Q(membership__user__in=people)).annotate(about=F("customers__customer"))
    covers: dict[int, Cover] = {}
    chosen: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        covers.setdefault(row.pk, row)
        chosen[row.pk].add(row.about)
    return list(covers.values()), chosen


def _sole(user: User, people: set[int], first: dt.date) -> dict[int, list[Assignment]]:
    """Customers that the reader sees and on which these people are the sole contact, by person."""
    rows = Assignment.objects.visible_to(user).filter(
        ends_from(first), kind=AssignmentKind.SOLE, membership__user__in=people, customer__archived_at__isnull=True
    )
    found: dict[int, list[Assignment]] = defaultdict(list)
    for row in rows.select_related("membership"):
        found[row.membership.user_id].append(row)
    return found


def _gone(absence: Absence, calendar: WorkCalendar, away: Away, sole: list[Assignment]) -> Gone:
    span = Span(absence.starts_on, absence.ends_on)
    covered = [row.span for row in away.stand_ins.get(absence.user_id, ())]
    days = [day for day in _working(calendar, span) if not any(cover.holds(day) for cover in covered)]
    alone = sum(_days_alone(row, absence, calendar, away) >= SOLE_AWAY_DAYS for row in sole)
    return Gone(absence, len(days), alone)


def _days_alone(row: Assignment, absence: Absence, calendar: WorkCalendar, away: Away) -> int:
    """Working days of the absence on which nobody stands in on the customer."""
    mine = common(Span(absence.starts_on, absence.ends_on), Span(row.starts_on, row.ends_on))
    pieces = [common(mine, piece) for piece in away.uncovered(absence.user_id, row.customer_id)] if mine else []
    return sum(len(_working(calendar, piece)) for piece in pieces if piece)


def _working(calendar: WorkCalendar, span: Span) -> list[dt.date]:
    if span.starts_on is None or span.ends_on is None:
        return []
    return calendar.working_days(span.starts_on, span.ends_on)


def _bars(line: Line, away: Away, first: dt.date, last: dt.date):
    pk, window = line.person.pk, Span(first, last)
    for row in line.gone:
        yield _bar(Span(row.absence.starts_on, row.absence.ends_on), window, "free")
    for stand_in in away.stand_ins.get(pk, ()):
        yield _bar(stand_in.span, window, "covered" if stand_in.customers is None else "partly")
    for cover in line.covers:
        yield _bar(Span(cover.starts_on, cover.ends_on), window, "standing")


def _bar(span: Span, window: Span, kind: str) -> Bar:
    shown = common(span, window)
    if shown is None or shown.starts_on is None or shown.ends_on is None or window.starts_on is None:
        return Bar(0, 0, kind)
    return Bar((shown.starts_on - window.starts_on).days, (shown.ends_on - shown.starts_on).days + 1, kind)
