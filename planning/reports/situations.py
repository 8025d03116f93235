"""Situations: what is out of the ordinary, of which order and team, how large, since when."""

from collections.abc import Iterable

from django.db.models import Min

from accounts.permissions import Area
from customers.models import Order
from planning.models import Situation, SituationKind
from planning.reports.definition import Answer, Asked, Column, Kind, Report, shown_id
from planning.reports.figures import exported, seen_customers, seen_teams, team_names
from planning.situations.large_order import find_as_of
from territory import clock

COLUMNS = (
    Column("kind"),
    Column("subject"),
    Column("team"),
    Column("share", Kind.SHARE),
    Column("opened", Kind.DAY),
)


def answer(asked: Asked) -> Answer:
    """Open situations as stored; with a day those of that day, from the log. Largest share first, unknown shares
    before.
    """
    stored = asked.as_of is None
    open_rows = Situation.objects.open()
    rows = list(_stored(asked) if stored else _as_of(asked))
    subjects, teams = _order_names([order for _, order, *_ in rows]), team_names()
    named = [(kind, subjects[order], teams[team], share, opened) for kind, order, team, share, opened in rows]
    named.sort(key=lambda row: (row[3] is not None, -(row[3] or 0.0), row[1], row[2]))
    names = [column.name for column in COLUMNS]
    checked = open_rows.aggregate(oldest=Min("checked_at"))["oldest"] if stored else None
    return Answer([dict(zip(names, row, strict=True)) for row in named], checked or asked.now)


def _stored(asked: Asked) -> Iterable[tuple]:
    rows = Situation.objects.open()
    if asked.reader is not None:
        rows = exported(asked, rows.visible_to(asked.reader))
    amounts, zone = _teams_with_amounts(asked), clock.company_zone()
    for kind, order, team, share, opened_at in rows.values_list("kind", "order_id", "team_id", "share", "opened_at"):
        shown = share if amounts is None or team in amounts else None
        yield kind, order, team, shown, clock.day_of(opened_at, zone)


def _as_of(asked: Asked) -> Iterable[tuple]:
    customers = seen_customers(asked)
    seen = None if customers is None else set(customers)
    amounts = _teams_with_amounts(asked)
    for finding in find_as_of(asked.on):
        if seen is None or finding.order.customer in seen:
            known = finding.share is not None and (amounts is None or finding.team in amounts)
            share = float(finding.share) if known else None
            yield SituationKind.LARGE_ORDER.value, finding.order.pk, finding.team, share, finding.opened_on


def _teams_with_amounts(asked: Asked) -> set[int] | None:
    """Teams whose totals the reader may see in amounts, and so in shares of them; None: all."""
    return seen_teams(asked, Area.AMOUNTS)


def _order_names(orders: list[int]) -> dict[int, str]:
    rows = Order.objects.filter(pk__in=orders).values_list("pk", "external_id", "title")
    return {pk: shown_id(external_id, title or str(pk)) for pk, external_id, title in rows}


REPORT = Report("situations", COLUMNS, answer)
