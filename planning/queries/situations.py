"""Special situations as the screens show them: by kind, the most pressing first, with figures as far as the reader may see these."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Count, Q, Window
from django.db.models.functions import RowNumber
from msgspec import Struct, field

from accounts.models import User
from accounts.permissions import Act, Area, scope, teams_within
from customers.models import Order
from planning.models import Situation, SituationHours
from planning.models.situations import PRESSING, SituationQuerySet, asks
from planning.situations.kind import Kind
from planning.situations.registry import BY_KEY, KINDS
from territory import clock
from territory.together import together

# Of each kind so many are named before one asks for all of them.
NAMED = 5
RESOLVED_DAYS = 90
MOST_EARLIER = 5
TABS = ("open", "mine", "acknowledged", "resolved")


class Line(Struct, frozen=True):
    """A situation in a list: `sees_figures`, where its figures are amounts; `asks`, whether somebody should look at it."""

    row: Situation
    kind: Kind
    sees_figures: bool
    today: dt.date

    @property
    def words(self) -> str:
        return self.kind.words(self.row, self.today) if self.sees_figures else ""

    @property
    def asks(self) -> bool:
        return self.row.resolved_at is None and (
            self.row.acknowledged_at is None
            or (self.row.look_again_on is not None and self.row.look_again_on <= self.today)
        )


class Group(Struct):
    """Those of one kind: how many there are, and the first of them."""

    kind: Kind
    count: int
    lines: list[Line] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


def in_tab(rows: SituationQuerySet, tab: str, user: User) -> SituationQuerySet:
    """Of visible situations those of a tab: open, whose turn it is the reader's, acknowledged, resolved within 90 days."""
    return rows.filter(_tab(tab, user))


def _tab(tab: str, user: User) -> Q:
    today = clock.today(user)
    if tab == "resolved":
        return Q(resolved_at__gte=clock.now() - dt.timedelta(days=RESOLVED_DAYS))
    is_open = Q(resolved_at__isnull=True)
    if tab == "mine":
        return is_open & Q(owner=user) & asks(today)
    return is_open & ~asks(today) if tab == "acknowledged" else is_open


def tab_counts(rows: SituationQuerySet, user: User) -> dict[str, int]:
    """How many stand in each tab, in one query."""
    return rows.order_by().aggregate(**{tab: Count("pk", filter=_tab(tab, user)) for tab in TABS})


def kind_counts(rows: SituationQuerySet) -> list[tuple[Kind, int]]:
    """The kinds of which there are some, with how many."""
    counts = dict(rows.order_by().values_list("kind").annotate(Count("pk")))
    return [(kind, counts[kind.key]) for kind in KINDS if kind.key in counts]


def groups(rows: SituationQuerySet, counts: Sequence[tuple[Kind, int]], user: User) -> list[Group]:
    """These kinds with the first lines of each, in one query and those of `lines_of`."""
    found = {kind.key: Group(kind, count) for kind, count in counts}
    place = Window(RowNumber(), partition_by="kind", order_by=PRESSING)
    for line in lines_of(rows.annotate(place=place).filter(place__lte=NAMED).order_by("place", "pk"), user):
        # One of another kind may have opened in between.
        if line.kind.key in found:
            found[line.kind.key].lines.append(line)
    return list(found.values())


def named(rows: SituationQuerySet) -> SituationQuerySet:
    """With all that a line names."""
    return rows.select_related("customer__tier", "person", "market", "product_line", "team", "owner")


def lines_of(rows: Iterable[Situation], user: User) -> list[Line]:
    """Lines of these, each saying whether the reader may see its figures; in at most 2 queries."""
    shown = [row for row in rows if row.kind in BY_KEY]
    seen, today = figures_seen(user, shown), clock.today(user)
    return [Line(row, BY_KEY[row.kind], row.pk in seen, today) for row in shown]


def figures_seen(user: User, rows: Sequence[Situation]) -> set[int]:
    """Those whose figures the reader may see: where these are amounts, only of orders whose amounts, and of teams whose totals
    they may see; of teams beyond its own for who sees all."""
    of_amounts = [row for row in rows if BY_KEY[row.kind].amounts]
    found = {row.pk for row in rows} - {row.pk for row in of_amounts}
    if of_amounts:
        keys = {row.order_id for row in of_amounts} - {None}
        orders, teams = together(
            Order.objects.amounts_visible_to(user).filter(pk__in=keys).order_by().values_list("pk"),
            teams_within(user, Area.AMOUNTS, Act.SEE).order_by().values_list("pk"),
        )
        sees_all = scope(user, Area.AMOUNTS, Act.SEE).everything
        found |= {
            row.pk
            for row in of_amounts
            if (row.order_id is None or (row.order_id,) in orders)
            and (row.team_id,) in teams
            and (sees_all or not row.evidence.get("shared"))
        }
    return found


def how_many_orders(rows: SituationQuerySet) -> int:
    """Of how many orders large ones are: one may be large for a team and for those above it."""
    return rows.order_by().filter(kind="large_order").aggregate(n=Count("order", distinct=True))["n"]


class Happened(Struct, frozen=True):
    """One entry of a situation's history, in words by `what`: opened, acknowledged, handed over, resolved."""

    what: str
    at: dt.datetime
    who: str = ""
    text: str = ""


def beside(row: Situation) -> tuple[list[SituationHours], list[Happened], list[Situation]]:
    """Hours set aside for it; what happened to it, the latest first: what people did and the job, but not each change of its
    figures; and the same that stood before. In one query."""
    columns = ("acknowledged_at", "note", "owner__name", "resolved_at", "history_date", "history_user__name")
    earlier = Situation.objects.filter(kind=row.kind, subject=row.subject, resolved_at__isnull=False).exclude(pk=row.pk)
    hours, told, before = together(
        row.hours.select_related("user").order_by("pk"),
        row.history.order_by("history_date", "history_id").values_list(*columns),
        earlier.only("opened_at", "resolved_at").order_by("-resolved_at", "-pk")[:MOST_EARLIER],
    )
    return hours, [*_happened(told), Happened("opened", row.opened_at)], before


def _happened(told: Iterable[tuple]) -> list[Happened]:
    found: list[Happened] = []
    before: tuple | None = None
    for acknowledged_at, note, owner, resolved_at, at, who in told:
        if before is not None:
            if acknowledged_at != before[0]:
                found.append(Happened("acknowledged", at, who or "", note))
            if owner != before[1]:
                found.append(Happened("handed over", at, who or "", owner or ""))
            if resolved_at != before[2]:
                found.append(Happened("resolved", at))
        before = (acknowledged_at, owner, resolved_at)
    return found[::-1]
