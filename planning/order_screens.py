"""What planning adds to the lists of orders: each pending order's share of what its team sold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Min, Q
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team
from accounts.permissions import Act, Area, may, scope, teams_within
from customers import extensions
from customers.models import Order, OrderStatus
from planning.engine.large_order import YEAR_DAYS, base_sales, share_of
from planning.models import Situation, SituationKind
from territory import clock
from territory.formats.numbers import percent_text
from territory.sums import MoneySum
from territory.templatetags.look import icon


@dataclass(frozen=True)
class Uplift:
    """An order as a share of what its team (and all under it) won in 365 days; None where that is not to be seen."""

    share: Fraction | None
    team: str
    is_large: bool


def _is_seen(user) -> bool:
    amounts = scope(user, Area.AMOUNTS, Act.SEE)
    return amounts.everything or amounts.has_teams or may(user, Area.BUDGETS, Act.SEE)


def _uplifts(user, rows: Sequence[Any]) -> Mapping[int, Uplift]:
    """Of pending orders; the figure only where the reader sees the order's amount and the team's, in 3 questions."""
    pending = [row for row in rows if row.status == OrderStatus.PENDING]
    if not pending:
        return {}
    open_ones = Situation.objects.open().visible_to(user).filter(kind=SituationKind.LARGE_ORDER)
    large = set(open_ones.filter(order__in=[row.pk for row in pending]).values_list("order", flat=True))
    bases = _sales_of({row.team_id for row in pending if row.seen_amount is not None}, user)
    found = {}
    for row in pending:
        base = bases.get(row.team_id) if row.seen_amount is not None else None
        share = None if base is None else share_of(row.seen_amount, base)
        if share is not None or row.pk in large:
            found[row.pk] = Uplift(share, row.team.name, row.pk in large)
    return found


def _sales_of(teams: set[int], user) -> dict[int, Fraction]:
    """What these teams won in 365 days with all under them, as the base of a large order; only those within reach."""
    reached = teams_within(user, Area.AMOUNTS, Act.SEE).filter(pk__in=teams)
    paths = dict(reached.values_list("pk", "path"))
    if not paths:
        return {}
    today, zone = clock.company_today(), clock.company_zone()
    until = clock.end_of_day(today, zone)
    since = clock.start_of_day(today - dt.timedelta(days=YEAR_DAYS - 1), zone)
    below = Q(pk__in=[])
    for path in paths.values():
        below |= Q(path__startswith=path)
    won = Order.objects.live().filter(
        status=OrderStatus.WON, closed_at__lt=until, team__in=Team.objects.filter(below).values("pk")
    )
    sums = (
        won.order_by()
        .values("team__path")
        .annotate(worth=MoneySum("amount", filter=Q(closed_at__gte=since)), first=Min("closed_at"))
    )
    rows = [(row["team__path"], row["worth"] or Decimal(0), row["first"]) for row in sums]
    found = {}
    for team, path in paths.items():
        own = [(worth, first) for under, worth, first in rows if under.startswith(path)]
        if own:
            first = clock.day_of(min(at for _worth, at in own), zone)
            found[team] = base_sales(sum((worth for worth, _at in own), Decimal(0)), (today - first).days + 1)
    return found


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


def register() -> None:
    """Add the uplift to the list, the file and the board of orders."""
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
