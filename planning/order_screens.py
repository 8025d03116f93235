"""What planning adds to orders: each pending one's share of what its team sold, and how it stands beside a normal sale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from accounts.models import Team
from accounts.permissions import Act, Area, may, scope
from customers import extensions
from customers.models import Order, OrderStatus
from customers.scope import EVERYTHING, seen_within
from planning.engine.large_order import YEAR_DAYS, base_sales, share_of
from planning.models import Situation
from planning.queries.against_normal import order_against_normal
from planning.queries.norms import sees_norms
from planning.situations.large_order import LargeOrder
from territory import clock
from territory.formats.numbers import percent_text
from territory.sums import MoneySum
from territory.templatetags.look import icon
from territory.together import Asking, prepared, together


class Uplift(Struct, frozen=True):
    """An order as a share of what its team (and all under it) won in 365 days; None where that is not to be seen."""

    share: Fraction | None
    team: str
    is_large: bool


def _is_seen(user) -> bool:
    amounts = scope(user, Area.AMOUNTS, Act.SEE)
    return amounts.everything or amounts.has_teams or may(user, Area.BUDGETS, Act.SEE)


def _uplifts(user, rows: Sequence[Any]) -> Mapping[int, Uplift]:
    """Of pending orders; the figure only where the reader sees the order's amount and the team's, in 2 questions."""
    pending = [row for row in rows if row.status == OrderStatus.PENDING]
    if not pending:
        return {}
    teams = frozenset(row.team_id for row in pending if row.seen_amount is not None)
    marked, paths = together(
        _large(frozenset(row.pk for row in pending), seen_within(user, Area.BUDGETS, Act.SEE)),
        _paths(teams, _reached(user)),
    )
    large, bases = {order for (order,) in marked}, _sales_of(dict(paths))
    found = {}
    for row in pending:
        base = bases.get(row.team_id) if row.seen_amount is not None else None
        share = None if base is None else share_of(row.seen_amount, base)
        if share is not None or row.pk in large:
            found[row.pk] = Uplift(share, str(row.team), row.pk in large)
    return found


@prepared
def _large(orders: frozenset[int], seen: Q) -> QuerySet:
    """Which of these orders, whose customers the reader sees, have an open situation that they may see, too."""
    open_ones = Situation.objects.open().filter(seen, order__in=orders, kind=LargeOrder.key)
    return open_ones.order_by().values_list("order_id")


def _reached(user) -> Q:
    """Condition on Team: those whose totals the reader may see."""
    reached = scope(user, Area.AMOUNTS, Act.SEE)
    return EVERYTHING if reached.everything else reached.teams


@prepared
def _paths(teams: frozenset[int], reached: Q) -> QuerySet:
    return Team.objects.filter(reached, pk__in=teams).order_by().values_list("pk", "path")


def _sales_of(paths: Mapping[int, str]) -> dict[int, Fraction]:
    """What these teams won in 365 days with all under them, as the base of a large order."""
    if not paths:
        return {}
    today, zone = clock.company_today(), clock.company_zone()
    until = clock.end_of_day(today, zone)
    since = clock.start_of_day(today - dt.timedelta(days=YEAR_DAYS - 1), zone)
    [sums] = together(_won(tuple(sorted(paths.values())), since, until))
    rows = [(path, worth or Decimal(0), first) for path, worth, first in sums]
    found = {}
    for team, path in paths.items():
        own = [(worth, first) for under, worth, first in rows if under.startswith(path)]
        if own:
            first = clock.day_of(min(at for _worth, at in own), zone)
            found[team] = base_sales(sum((worth for worth, _at in own), Decimal(0)), (today - first).days + 1)
    return found


@prepared
def _won(paths: tuple[str, ...], since: dt.datetime, until: dt.datetime) -> QuerySet:
    """By team on or below one of these paths: what it won since then, and when it first won anything."""
    below = Q(pk__in=[])
    for path in paths:
        below |= Q(path__startswith=path)
    won = Order.objects.live().filter(
        status=OrderStatus.WON, closed_at__lt=until, team__in=Team.objects.filter(below).values("pk")
    )
    worth = MoneySum("amount", filter=Q(closed_at__gte=since))
    return won.order_by().values_list("team__path").annotate(worth=worth, first=Min("closed_at"))


def _words(value: Uplift) -> str:
    if value.share is None:
        return _("large order")
    share = percent_text(Decimal(value.share.numerator) / value.share.denominator, 1)
    return _("+%(share)s for %(team)s") % {"share": share, "team": value.team}


def _cell(value: Uplift) -> str:
    if value.is_large:
        return format_html('<span class="warn">{} {}</span>', icon("exclamation-diamond"), _words(value))
    return format_html("{}", _words(value))


def _export(value: Uplift) -> Any:
    return None if value.share is None else round(float(value.share), 6)


def _normal_panel(request: HttpRequest, order: Order) -> Asking[tuple[str, dict[str, Any]] | None]:
    found = yield from order_against_normal(request.user, order)
    about = {"found": found, "sees_norms": sees_norms(request.user)}
    return ("planning/standing/open_order.html", about) if found else None


def register() -> None:
    """Add the uplift to the list, the file and the board of orders, and the normal sale to an order's page."""
    extensions.order_panels.add(extensions.Panel(key="normal", render=_normal_panel, place="main", position=20))
    extensions.order_columns.add(
        extensions.Column(
            key="uplift",
            label=gettext_lazy("Of the team's sales, 365 days"),
            values=_uplifts,
            cell=_cell,
            export=_export,
            numeric=True,
            silent=("won", "lost", "all"),
            card=_cell,
            marks=lambda value: value.is_large,
            visible=_is_seen,
            position=75,
        )
    )
