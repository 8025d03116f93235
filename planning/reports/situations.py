"""Situations: what is out of the ordinary, of which kind and subject, for which team, how large, since when."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Min, Q
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area, may, scope, teams_within
from customers.models import Customer, Market, Order, ProductLine
from customers.scope import hangs_within
from planning.loaders import load_ground
from planning.models import Situation
from planning.reports.definition import Answer, Asked, Column, Kind, Report, shown_id
from planning.reports.figures import seen_customers, seen_teams, team_names
from planning.situations.kind import Finding
from planning.situations.registry import BY_KEY, KINDS
from planning.situations.runner import found_as_of
from territory import clock

COLUMNS = (
    Column("kind"),
    Column("subject"),
    Column("team"),
    Column("share", Kind.SHARE),
    Column("opened", Kind.DAY),
)
PLACES = {kind.key: place for place, kind in enumerate(KINDS)}


class _Row(Struct, frozen=True):
    """One situation; what it is about by key. `shared`: its share is of teams beyond its own, too."""

    kind: str
    team: int
    share: float | None
    opened: dt.date | None
    customer: int | None
    order: int | None
    person: int | None
    market: int | None
    product_line: int | None
    shared: bool = False


ABOUT = ("customer", "order", "person", "market", "product_line")


def answer(asked: Asked) -> Answer:
    """Open situations as stored; with a day those of that day, from the log (opened: null where the day is not known). By
    kind; of one kind the largest share first, unknown shares before.
    """
    stored = asked.as_of is None
    rows = list(_stored(asked) if stored else _as_of(asked))
    amounts, names, teams = seen_teams(asked, Area.AMOUNTS), _Names(rows), team_names()
    reader = asked.reader
    sees_all = reader is None or all(scope(reader, area, Act.SEE).everything for area in (Area.AMOUNTS, Area.EXPORT))
    named = []
    for row in rows:
        of_others = (row.shared and not sees_all) or (amounts is not None and row.team not in amounts)
        hidden = BY_KEY[row.kind].amounts and of_others
        named.append((row.kind, names.of(row), teams[row.team], None if hidden else row.share, row.opened))
    named.sort(key=lambda row: (PLACES[row[0]], row[3] is not None, -(row[3] or 0.0), row[1], row[2]))
    columns = [column.name for column in COLUMNS]
    checked = Situation.objects.open().aggregate(oldest=Min("checked_at"))["oldest"] if stored else None
    return Answer([dict(zip(columns, row, strict=True)) for row in named], checked or asked.now)


def _stored(asked: Asked) -> Iterable[_Row]:
    rows = Situation.objects.open().filter(kind__in=list(BY_KEY))
    if asked.reader is not None:
        exported = teams_within(asked.reader, Area.EXPORT, Act.SEE).values("pk")
        on_customers = Q(customer__isnull=False) & hangs_within(asked.reader, Area.EXPORT, Act.SEE)
        rows = rows.visible_to(asked.reader).filter(on_customers | Q(customer__isnull=True, team__in=exported))
    zone = clock.company_zone()
    columns = ("kind", "team_id", "share", "opened_at", *(f"{name}_id" for name in ABOUT), "evidence__shared")
    for kind, team, share, opened_at, *about, shared in rows.order_by().values_list(*columns):
        yield _Row(kind, team, share, clock.day_of(opened_at, zone), *about, shared=bool(shared))


def _as_of(asked: Asked) -> Iterable[_Row]:
    customers = seen_customers(asked)
    seen, teams = None if customers is None else set(customers), _teams_with_totals(asked)
    for kind, row in found_as_of(load_ground(asked.on)):
        if seen is None or (row.customer in seen if row.customer else row.team in teams[_beside(row)]):
            about = (getattr(row, name) for name in ABOUT)
            yield _Row(kind.key, row.team, row.share, row.opened_on, *about, shared=bool(row.evidence.get("shared")))


def _beside(row: Finding) -> str:
    """Beside budgets and customers, what the reader must see of the team: where people are away, or what is set as rules."""
    return Area.ABSENCES if row.person else Area.RULES


def _teams_with_totals(asked: Asked) -> dict[str, set[int]]:
    """Of whose people, and of whose markets, the reader sees the teams' totals."""
    if asked.reader is None:
        return {}
    totals = (seen_teams(asked, Area.BUDGETS) or set()) & (seen_teams(asked, Area.CUSTOMERS) or set())
    return {
        Area.ABSENCES: totals & (seen_teams(asked, Area.ABSENCES) or set()),
        Area.RULES: totals if may(asked.reader, Area.RULES, Act.SEE) else set(),
    }


class _Names:
    """What rows are about, by name, in one query a table."""

    def __init__(self, rows: list[_Row]) -> None:
        def named(model, name: str, *columns: str) -> dict[int, str]:
            found = model.objects.filter(pk__in={getattr(row, name) for row in rows} - {None}).order_by()
            return {pk: shown_id(external, *words) for pk, external, *words in found.values_list("pk", *columns)}

        self.orders = {
            pk: shown_id(external_id, title or str(pk))
            for pk, external_id, title in Order.objects.filter(pk__in={row.order for row in rows} - {None})
            .order_by()
            .values_list("pk", "external_id", "title")
        }
        self.customers = named(Customer, "customer", "external_id", "name")
        self.people = named(User, "person", "external_id", "name")
        self.markets = named(Market, "market", "external_id", "name")
        self.lines = named(ProductLine, "product_line", "external_id", "name")

    def of(self, row: _Row) -> str:
        if row.order is not None:
            return self.orders[row.order]
        if row.customer is not None:
            return self.customers[row.customer]
        if row.person is not None:
            return self.people[row.person]
        line = self.lines.get(row.product_line or 0)
        market = self.markets[row.market or 0]
        return f"{market}, {line}" if line else market


REPORT = Report("situations", COLUMNS, answer)
