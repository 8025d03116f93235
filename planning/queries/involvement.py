"""Who is involved, from what the night computed, within the reader's reach: by customer, by order, by person (domain 3.6)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Avg, Case, Count, F, FloatField, IntegerField, Q, QuerySet, Sum, Value, When, Window
from django.db.models.expressions import Combinable, CombinedExpression
from django.db.models.functions import Cast, RowNumber
from django.db.models.lookups import GreaterThan
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct, field

from accounts.models import JobProfile, Membership, User
from accounts.permissions import Act, Area, people_within
from customers.models import Assignment, AssignmentKind, Customer
from customers.scope import both, hangs_within
from planning.engine.involvement import BANDS
from planning.models import (
    INVOLVEMENT_DAYS,
    CustomerInvolvement,
    InvolvementFinding,
    InvolvementRun,
    SaleFigures,
    SalesRun,
)
from territory import clock
from territory.formats.names import names_text
from territory.formats.numbers import number_text, percent_text
from territory.rows import on_day
from territory.together import Asking, prepared, together

Happened = InvolvementFinding.Happened

# Orders that ended within so many days are told by bands.
YEAR_DAYS = 365
# With fewer ended orders a band's share says nothing.
ENOUGH_ENDED = 5
# So many names of others are told, the rest is a number.
NAMED = 3

SECONDS = (
    "sales_seconds", "coordination_seconds", "technical_seconds", "management_seconds", "senior_management_seconds",
    "administration_seconds", "others_seconds",
)  # fmt: skip


def last_run(by: str) -> InvolvementRun | SalesRun | None:
    """When what is shown was computed last, of orders with what they took; None: never yet."""
    return (SalesRun if by == "order" else InvolvementRun).objects.first()


def _seen(user: User) -> Q:
    """Rows of customers that the reader sees, and whose touches."""
    return hangs_within(user, Area.TOUCHES, Act.SEE)


# What does not fit


class Misfit(Struct, frozen=True):
    """An assignment that does not fit what happened, in words: what it is, what happened, what could be done about it."""

    customer: Customer
    assignment: Assignment
    happened: str
    held: str
    what: str
    suggestion: str
    share: float | None
    url: str


# What stands in words: whole rows of customers and people would cost more than all else.
_TOLD = (
    *("held", "happened", "others", "share", "customer__name", "customer__tier__name", "customer__tier__position"),
    *("assignment__membership__profile", "assignment__membership__user__name"),
)


def open_findings(today: dt.date) -> QuerySet[InvolvementFinding]:
    """Those whose assignment is still as it was held, the telling ones first."""
    rows = InvolvementFinding.objects.filter(
        on_day(today, "assignment__"), assignment__kind=F("held"), customer__archived_at__isnull=True
    )
    rank = Case(*(When(happened=happened, then=Value(place)) for place, happened in enumerate(Happened.values)))
    rows = rows.annotate(rank=rank).select_related("customer__tier", "assignment__membership__user").only(*_TOLD)
    return rows.order_by("rank", F("share").desc(nulls_last=True), "customer__name", "pk")


def findings_seen(user: User, happened: str = "") -> QuerySet[InvolvementFinding]:
    """Open findings within the reader's reach, of one kind where it is asked for."""
    rows = open_findings(clock.company_today()).filter(_seen(user))
    return rows.filter(happened=happened) if happened else rows


def misfits(rows: Iterable[InvolvementFinding]) -> list[Misfit]:
    """These findings in words; names of people in one query."""
    found = list(rows)
    [people] = together(_people(frozenset(person for row in found for person in row.others)))
    return [_misfit(row, dict(people)) for row in found]


@prepared
def _people(keys: frozenset[int]) -> QuerySet:
    return User.objects.filter(pk__in=keys).order_by().values_list("pk", "name")


def _misfit(row: InvolvementFinding, names: dict[int, str]) -> Misfit:
    assignment = row.assignment
    return Misfit(
        row.customer,
        assignment,
        row.happened,
        _("%(kind)s: %(name)s")
        % {"kind": AssignmentKind(row.held).label.capitalize(), "name": assignment.membership.user.name},
        _what(row, [names[key] for key in row.others if key in names]),
        _suggestion(row),
        row.share,
        reverse("assignment_edit", args=[assignment.pk]),
    )


def _what(row: InvolvementFinding, names: Sequence[str]) -> str:
    """What happened, with the names."""
    share = percent_text(row.share or 0.0)
    if row.happened == Happened.SOLE_TOUCHED:
        count = len(row.others)
        text = ngettext(
            "%(count)s other touched this sole customer in %(days)s days: %(names)s, with %(share)s of the touch minutes",
            "%(count)s others touched this sole customer in %(days)s days: %(names)s, with %(share)s of the touch minutes",
            count,
        )
        return text % {
            "count": number_text(count), "days": number_text(INVOLVEMENT_DAYS), "names": names_text(names, NAMED), "share": share,
        }  # fmt: skip
    person = row.assignment.membership.user.name
    if row.happened == Happened.BEYOND_PROFILE:
        profile = JobProfile(row.assignment.membership.profile).label
        return _("%(name)s is authorised as %(profile)s only") % {"name": person, "profile": profile}
    if row.happened == Happened.SUPPORT_ALONE:
        if not names:
            return _("%(name)s supports, and made every touch alone; nobody leads") % {"name": person}
        return _("%(name)s supports, and made every touch alone; %(owner)s made none") % {
            "name": person,
            "owner": names_text(names, NAMED),
        }
    return _("%(name)s leads, and others made %(share)s of the touch minutes: %(names)s") % {
        "name": person,
        "share": share,
        "names": names_text(names, NAMED),
    }


def _suggestion(row: InvolvementFinding) -> str:
    return {
        Happened.SOLE_TOUCHED: _("Make it a lead and put the others on the team, or keep them away."),
        Happened.BEYOND_PROFILE: _("Change the assignment, or the job profile."),
        Happened.SUPPORT_ALONE: _("Let them lead, or let the owner take part."),
        Happened.LEAD_BEHIND: _("Let who does the work lead."),
    }[Happened(row.happened)]


class Counts(Struct, frozen=True):
    """How many sole customers there are, on how many of them others made touches; findings by kind."""

    sole: int
    by_kind: dict[str, int]

    @property
    def touched(self) -> int:
        return self.by_kind.get(Happened.SOLE_TOUCHED, 0)

    @property
    def all(self) -> int:
        return sum(self.by_kind.values())


def counts(user: User) -> Counts:
    """Of what the reader sees; in one statement."""
    today, seen = clock.company_today(), _seen(user)
    sole, kinds = together(_sole(today, seen), findings_by_kind(today, seen))
    return Counts(sum(count for _kind, count in sole), dict(kinds))


@prepared
def _sole(today: dt.date, seen: Q) -> QuerySet:
    rows = Assignment.objects.on(today).filter(seen, kind=AssignmentKind.SOLE, customer__archived_at__isnull=True)
    return rows.order_by().values_list("kind").annotate(Count("pk"))


@prepared
def findings_by_kind(today: dt.date, seen: Q) -> QuerySet:
    """(what happened, how many) of open findings on rows within this condition."""
    rows = open_findings(today).select_related(None).filter(seen)
    return rows.order_by().values_list("happened").annotate(Count("pk"))


# By customer


def customers_seen(user: User) -> QuerySet[CustomerInvolvement]:
    """Customers with what was done, those with the largest share of managers first."""
    rows = CustomerInvolvement.objects.filter(_seen(user), customer__archived_at__isnull=True, seconds__gt=0)
    managers = Cast(F("management_seconds") + F("senior_management_seconds"), FloatField()) / F("seconds")
    rows = rows.annotate(managers=managers).select_related("customer__tier", "owner")
    shown = ("held", "touches", "people", "seconds", *SECONDS)
    names = ("customer__name", "customer__tier__name", "customer__tier__position", "owner__name")
    return rows.only(*shown, *names).order_by("-managers", "-people", "customer__name", "pk")


# By order


class Band(Struct, frozen=True):
    """Orders that ended, by managers' share of the time: how many, how many of them were won, the median days of those."""

    label: str
    ended: int = 0
    won: int = 0
    days: float | None = None

    @property
    def won_share(self) -> float | None:
        """None with too few to tell."""
        return self.won / self.ended if self.ended >= ENOUGH_ENDED else None


class Bands(Struct, frozen=True):
    """The same by managers and senior managers together, and by senior managers alone."""

    managers: list[Band] = field(default_factory=list)
    seniors: list[Band] = field(default_factory=list)

    @property
    def ended(self) -> int:
        return sum(band.ended for band in self.managers)


def _orders(user: User) -> Q:
    return both(hangs_within(user, Area.ORDERS, Act.SEE), _seen(user))


def bands(user: User) -> Bands:
    """How orders ended in the last 365 days; in one statement."""
    since = clock.company_today() - dt.timedelta(days=YEAR_DAYS - 1)
    ended, middle = together(_ended(_orders(user), since), _middle(_orders(user), since))
    return Bands(
        _bands(
            ((band, number, won) for band, _senior, number, won in ended),
            ((band, days) for days, band, off, _senior, _off_senior in middle if off in MIDDLE),
        ),
        _bands(
            ((senior, number, won) for _band, senior, number, won in ended),
            ((senior, days) for days, _band, _off, senior, off_senior in middle if off_senior in MIDDLE),
        ),
    )


# Of orders in a row, twice a place less their number: one of these in the middle, or at the two places there.
MIDDLE = (0, 1, 2)


def _banded(seen: Q, since: dt.date) -> QuerySet[SaleFigures]:
    """Orders that ended since then and on which somebody spent time, each with its two bands."""
    rows = SaleFigures.objects.filter(seen, closed_on__gte=since, seconds__gt=0, customer__archived_at__isnull=True)
    managers = _band(F("manager_seconds") + F("senior_seconds"))
    return rows.annotate(band=managers, senior=_band(F("senior_seconds"))).order_by()


def _band(seconds: F | CombinedExpression) -> Case:
    share = Cast(seconds, FloatField()) / F("seconds")
    above = [
        When(GreaterThan(share, Value(bound)), then=Value(number))
        for number, bound in reversed(list(enumerate(BANDS, start=1)))
    ]
    return Case(*above, default=Value(0), output_field=IntegerField())


@prepared
def _ended(seen: Q, since: dt.date) -> QuerySet:
    rows = _banded(seen, since).values_list("band", "senior")
    return rows.annotate(ended=Count("pk"), won=Count("pk", filter=Q(status="won")))


@prepared
def _middle(seen: Q, since: dt.date) -> QuerySet:
    """Days, and by both ways the band and the place: the one or two orders in the middle of each band's won ones, by days."""
    rows = _banded(seen, since).filter(status="won", days__isnull=False)
    rows = rows.annotate(off=_off("band"), off_senior=_off("senior"))
    in_middle = Q(off__gte=MIDDLE[0], off__lte=MIDDLE[-1]) | Q(off_senior__gte=MIDDLE[0], off_senior__lte=MIDDLE[-1])
    return rows.filter(in_middle).values_list("days", "band", "off", "senior", "off_senior")


def _off(band: str) -> Combinable:
    place = Window(RowNumber(), partition_by=band, order_by=["days", "pk"])
    return place * 2 - Window(Count("pk"), partition_by=band)


def _bands(ended: Iterable[tuple[int, int, int]], middle: Iterable[tuple[int, int]]) -> list[Band]:
    days: dict[int, list[int]] = defaultdict(list)
    for band, each in middle:
        days[band].append(each)
    counted: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for band, more, more_won in ended:
        number, won = counted[band]
        counted[band] = (number + more, won + more_won)
    found = []
    for band in range(len(BANDS) + 1):
        middle_days = sum(days[band]) / len(days[band]) if days[band] else None
        found.append(Band(_label(band), *counted[band], middle_days))
    return found


def _label(band: int) -> str:
    if band == 0:
        return _("none of the time")
    low = percent_text(BANDS[band - 1])
    if band == len(BANDS):
        return _("more than %(low)s") % {"low": low}
    return _("up to %(high)s") % {"high": percent_text(BANDS[band])}


class Pending(Struct, frozen=True):
    """A pending order with who spent time on it, as a row says it; shares are None where nobody did."""

    pk: int
    customer: str
    title: str
    external_id: str | None
    salesperson: str | None
    opened_on: dt.date | None
    people: int
    managers: float | None
    seniors: float | None

    @property
    def name(self) -> str:
        """As the order calls itself."""
        return self.title or self.external_id or f"{self.pk}"


def pending_seen(user: User) -> QuerySet:
    """What makes a `Pending` of each pending order, those opened last first."""
    rows = SaleFigures.objects.filter(
        _orders(user), status="pending", order__status="pending", order__archived_at__isnull=True
    ).filter(customer__archived_at__isnull=True)
    managers = Cast(F("manager_seconds"), FloatField()) / F("seconds")
    seniors = Cast(F("senior_seconds"), FloatField()) / F("seconds")
    rows = rows.annotate(
        managers=Case(When(seconds__gt=0, then=managers)), seniors=Case(When(seconds__gt=0, then=seniors))
    )
    told = ("pk", "customer__name", "order__title", "order__external_id", "salesperson__name")
    rows = rows.order_by(F("opened_on").desc(nulls_last=True), "-pk")
    return rows.values_list(*told, "opened_on", "people", "managers", "seniors")


# By person


class PersonLine(Struct):
    """What a person is authorised to be, on how many customers they are what, and who is involved in those they own.

    `own`, `managers`, `seniors`: shares of the time on customers they own, None without any. `people`: on such a customer,
    on average. `misfits`: how many assignments do not fit.
    """

    pk: int
    name: str
    profiles: str
    sole: int = 0
    lead: int = 0
    support: int = 0
    own: float | None = None
    managers: float | None = None
    seniors: float | None = None
    people: float | None = None
    misfits: int = 0


def people_seen(user: User) -> QuerySet[User]:
    """People within the reader's reach who are assigned to customers, by name."""
    today = clock.company_today()
    assigned = Assignment.objects.on(today).filter(_seen(user), customer__archived_at__isnull=True)
    rows = people_within(user, Area.TOUCHES, Act.SEE).filter(pk__in=assigned.order_by().values("membership__user"))
    return rows.only("name").order_by("name", "pk")


def person_lines(user: User, people: Iterable[User]) -> list[PersonLine]:
    """These people's lines, about the customers that the reader sees; in one statement."""
    today, seen = clock.company_today(), _seen(user)
    found = list(people)
    keys = frozenset(person.pk for person in found)
    profiles, held, owned, wrong = together(
        _profiles(keys, today), _held(keys, today, seen), _owned(keys, seen), _misfits_of(keys, today, seen)
    )
    lines = {
        person.pk: PersonLine(
            person.pk,
            person.name,
            ", ".join(dict.fromkeys(str(JobProfile(profile).label) for pk, profile in profiles if pk == person.pk)),
        )
        for person in found
    }
    for pk, kind, count in held:
        setattr(lines[pk], kind, count)
    for pk, seconds, own, managers, seniors, involved in owned:
        line = lines[pk]
        line.people = involved
        if seconds:
            line.own, line.managers, line.seniors = own / seconds, managers / seconds, seniors / seconds
    for pk, count in wrong:
        lines[pk].misfits = count
    return list(lines.values())


@prepared
def _profiles(keys: frozenset[int], today: dt.date) -> QuerySet:
    return Membership.objects.on(today).filter(user__in=keys).order_by("pk").values_list("user_id", "profile")


@prepared
def _held(keys: frozenset[int], today: dt.date, seen: Q) -> QuerySet:
    rows = Assignment.objects.on(today).filter(seen, membership__user__in=keys, customer__archived_at__isnull=True)
    return rows.order_by().values_list("membership__user_id", "kind").annotate(Count("pk"))


@prepared
def _owned(keys: frozenset[int], seen: Q) -> QuerySet:
    rows = CustomerInvolvement.objects.filter(seen, owner__in=keys, customer__archived_at__isnull=True)
    sums = (Sum("owner_seconds"), Sum("management_seconds"), Sum("senior_management_seconds"))
    return rows.order_by().values_list("owner_id").annotate(Sum("seconds"), *sums, Avg("people"))


@prepared
def _misfits_of(keys: frozenset[int], today: dt.date, seen: Q) -> QuerySet:
    rows = open_findings(today).select_related(None).filter(seen, assignment__membership__user__in=keys)
    return rows.order_by().values_list("assignment__membership__user_id").annotate(Count("pk"))


# On other pages


def misfits_on(customer: Customer) -> Asking[list[Misfit]]:
    """What does not fit at one customer whose touches the reader sees, for its page."""
    (rows,) = yield [_on_customer(customer.pk, clock.company_today())]
    people = frozenset(person for row in rows for person in row.others)
    names: dict[int, str] = {}
    if people:
        (found,) = yield [_people(people)]
        names = dict(found)
    return [_misfit(row, names) for row in rows]


@prepared
def _on_customer(customer: Any, today: dt.date) -> QuerySet[InvolvementFinding]:
    return open_findings(today).filter(customer=customer)
