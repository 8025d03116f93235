"""New market for a new product: a product line launched lately, a market that grows, and we are hardly there.

Decisions where the definition leaves room:

- Within 24 months of its launch: up to the same day of the month 24 months later, that day included.
- A market's potential and growth are those noted last by the day, for this market and this product line. Where no growth was
  noted it is measured on all that we won in the market: of the last 365 days against the 365 before; nothing then: not known.
- Our share: what we won of the product line in the last 365 days in the market and all under it / the noted potential.
- Growth and share of an open one may fall and rise a little further (15 %, 6 %), so that it does not flicker.
- It is the team's under which all live customers and prospects there stand; with nobody there, or without such a team, that at
  the top with most of them. Without such a team its figures are for who sees everyone's amounts: they are of other teams too.
- Its cause began when line and potential were both there, the share left aside.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import Struct

from accounts.models import Team, User
from accounts.permissions import Act, Area, people_within
from customers.models import Customer, Market, MarketPotential, Order, OrderStatus, ProductLine, Stage
from planning.models import Situation
from planning.situations.day import Day, latest
from planning.situations.kind import Finding, Kind, Look, Turn, share_text
from planning.situations.market_people import with_people
from planning.situations.threshold import Threshold, Unit
from territory.formats.numbers import money_text, percent_text
from territory.rows import among
from territory.sums import MoneySum

MONTHS = Threshold(
    "new_market_months", gettext_lazy("Product lines launched within so many months"), Unit.NUMBER, 24, most=240
)
GROWTH = Threshold(
    "new_market_growth", gettext_lazy("The market grows by at least, per cent a year"), Unit.SHARE, Decimal("0.2")
)
GROWTH_UNTIL = Threshold(
    "new_market_growth_until", gettext_lazy("It stays one until below"), Unit.SHARE, Decimal("0.15"), below=GROWTH.name
)
SHARE_UNTIL = Threshold(
    "new_market_share_until", gettext_lazy("It stays one until at least"), Unit.SHARE, Decimal("0.06")
)
SHARE = Threshold(
    "new_market_share",
    gettext_lazy("We hold under, per cent of the potential"),
    Unit.SHARE,
    Decimal("0.05"),
    below=SHARE_UNTIL.name,
)
OTHER, GROWS_LESS, WE_ARE_THERE = "line or potential", "grows less", "we are there"
YEAR = dt.timedelta(days=365)


class _Place(Struct, frozen=True):
    """A market with all under it: who is there. `shared`: those there stand under several teams at the top."""

    customers: int
    prospects: int
    team: int
    shared: bool
    keys: tuple[int, ...]


class NewMarket(Kind):
    """Subject: a market and a product line."""

    key = "new_market"
    label = gettext_lazy("new market for a new product")
    icon = "signpost-split"
    help = gettext_lazy("A product line is new, a market grows, and we hold next to nothing of its noted potential.")
    thresholds = (MONTHS, GROWTH, GROWTH_UNTIL, SHARE, SHARE_UNTIL)
    digested = True
    amounts = True
    turn = Turn.MANAGER
    gone = OTHER
    reasons = {
        OTHER: gettext_lazy("the product line is no longer new, or no potential is noted"),
        GROWS_LESS: gettext_lazy("the market grows less"),
        WE_ARE_THERE: gettext_lazy("we are there"),
    }

    def look(self, day: Day, was_open: Collection[str] = ()) -> Look:
        lines = _new_lines(day)
        noted = _noted(day, lines)
        tree = _Tree()
        wholes = {row.market_id: tree.whole(row.market_id) for row in noted}
        if not tree.paths:
            return Look()
        won = _won(day)
        places = _places(day, tree, wholes)
        found, ended = [], {}
        for row in noted:
            subject, whole = f"market {row.market_id} line {row.product_line_id}", wholes[row.market_id]
            growth = _growth(row, whole, won)
            ours = sum((won.get((market, row.product_line_id), (0, 0))[0] for market in whole), Decimal(0))
            share = Fraction(ours) / Fraction(row.yearly_potential)
            is_open = subject in was_open
            least, most = (GROWTH_UNTIL, SHARE_UNTIL) if is_open else (GROWTH, SHARE)
            if growth is None or growth < Fraction(least.of(day.settings)):
                ended[subject] = GROWS_LESS
            elif share >= Fraction(most.of(day.settings)):
                ended[subject] = WE_ARE_THERE
            else:
                launched_on = lines[row.product_line_id]
                found.append(_finding(subject, row, growth, ours, share, places[row.market_id], launched_on))
        if found and not day.from_log:
            found = with_people(day.ground, found, {finding.subject: places[finding.market].keys for finding in found})
        return Look(found, {subject: because for subject, because in ended.items() if subject in was_open})

    def shown(self, row: Situation, user: User) -> dict[str, Any]:
        """People there and who could take it, as far as the reader may see them."""
        people = row.evidence.get("people", [])
        seen = people_within(user, Area.BUDGETS, Act.SEE).in_bulk([told["person"] for told in people])
        named = [
            {**told, "user": seen[told["person"]], "has_room": Decimal(told["room"] or 0) > 0}
            for told in people
            if told["person"] in seen
        ]
        return {
            "there": [told for told in named if told["customers"]],
            "could": [told for told in named if not told["customers"]],
            "growth": self.growth_words(row),
        }

    def words(self, row: Situation, today: dt.date) -> str:
        figures = row.evidence
        words = {
            "potential": money_text(Decimal(figures["potential"])),
            "share": percent_text(row.share or 0.0, 1),
            "prospects": figures["prospects"],
        }
        return (
            ngettext(
                "potential %(potential)s, our share %(share)s, %(prospects)s prospect",
                "potential %(potential)s, our share %(share)s, %(prospects)s prospects",
                figures["prospects"],
            )
            % words
        )

    @staticmethod
    def growth_words(row: Situation) -> str:
        """How fast it grows, and who says so."""
        figures = row.evidence
        growth = percent_text(Decimal(figures["growth"]), 1)
        if figures["measured"]:
            return _("%(growth)s a year, by what we won there") % {"growth": growth}
        return _("%(growth)s a year, as noted") % {"growth": growth}


class _Tree:
    """Markets with all under them, and teams with those above them; in 2 queries."""

    def __init__(self) -> None:
        self.under: dict[int | None, list[int]] = defaultdict(list)
        for pk, parent in Market.objects.live().order_by("pk").values_list("pk", "parent_id"):
            self.under[parent].append(pk)
        self.paths = dict(Team.objects.order_by("pk").values_list("pk", "path"))

    def whole(self, market: int) -> tuple[int, ...]:
        found = [market]
        for pk in found:
            found += self.under[pk]
        return tuple(found)

    def team_of(self, teams: Mapping[int, int]) -> tuple[int, bool]:
        """The lowest under which all of these stand (each with how many customers), else the top one with most of them; and
        whether they stand under several at the top."""
        lines = {team: [int(part) for part in self.paths[team].strip("/").split("/")] for team in teams or self.paths}
        tops: dict[int, int] = defaultdict(int)
        for team, line in lines.items():
            tops[line[0]] += teams.get(team, 0)
        top = max(tops, key=lambda pk: (tops[pk], -pk))
        if not teams or len(tops) > 1:
            return top, bool(teams)
        common = [parts[0] for parts in zip(*lines.values(), strict=False) if len(set(parts)) == 1]
        return common[-1], False


def _new_lines(day: Day) -> dict[int, dt.date]:
    """Product lines launched lately, with the day."""
    first = _months_before(day.on, MONTHS.of(day.settings))
    rows = ProductLine.objects.live().filter(launched_on__range=(first, day.on)).order_by("pk")
    return dict(rows.values_list("pk", "launched_on"))


def _months_before(day: dt.date, months: int) -> dt.date:
    """The earliest day whose same day so many months later is not before `day`."""
    place = day.year * 12 + day.month - 1 - months
    year, month = divmod(place, 12)
    last = ((dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)) - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(day.day, last))


def _noted(day: Day, lines: Collection[int]) -> list[MarketPotential]:
    """Of each market and new product line the potential noted last by the day."""
    rows = MarketPotential.objects.live().filter(
        product_line__in=lines, noted_on__lte=day.on, market__archived_at__isnull=True
    )
    latest_rows = {(row.market_id, row.product_line_id): row for row in rows.order_by("noted_on", "pk")}
    return [row for row in latest_rows.values() if row.yearly_potential > 0]


def _won(day: Day) -> dict[tuple[int, int | None], tuple[Decimal, Decimal]]:
    """By market and product line: what was won in the last 365 days, and in the 365 days before."""
    since = day.ground.start_of(day.on - YEAR + dt.timedelta(days=1))
    before = day.ground.start_of(day.on - 2 * YEAR + dt.timedelta(days=1))
    rows = Order.objects.live().filter(status=OrderStatus.WON, customer__market__isnull=False).order_by()
    place = ("customer__market_id", "product_line_id")
    found: dict[tuple[int, int | None], tuple[Decimal, Decimal]] = {}
    for number, closed in enumerate(((since, day.ground.until), (before, since))):
        sums = rows.filter(closed_at__gte=closed[0], closed_at__lt=closed[1]).values_list(*place)
        for market, line, amount in sums.annotate(won=MoneySum("amount")):
            now, then = found.get((market, line), (Decimal(0), Decimal(0)))
            found[market, line] = (now, amount) if number else (amount, then)
    return found


def _growth(
    row: MarketPotential, whole: Collection[int], won: Mapping[tuple[int, int | None], tuple[Decimal, Decimal]]
) -> Fraction | None:
    """As noted, else what was won in the market, of all lines, against the year before."""
    if row.growth_percent is not None:
        return Fraction(row.growth_percent) / 100
    sums = [pair for (market, _line), pair in won.items() if market in whole]
    now, before = (sum((pair[number] for pair in sums), Decimal(0)) for number in (0, 1))
    return Fraction(now) / Fraction(before) - 1 if before else None


def _places(day: Day, tree: _Tree, wholes: Mapping[int, tuple[int, ...]]) -> dict[int, _Place]:
    """Who is in each of these markets."""
    markets = {market for whole in wholes.values() for market in whole}
    rows = Customer.objects.live().filter(among("market_id", markets)).order_by("pk")
    there: dict[int, list[int]] = defaultdict(list)
    for pk, market in rows.values_list("pk", "market_id"):
        if pk in day.standings:
            there[market].append(pk)
    return {market: _place(day, tree, (pk for part in whole for pk in there[part])) for market, whole in wholes.items()}


def _place(day: Day, tree: _Tree, customers: Iterable[int]) -> _Place:
    keys = tuple(customers)
    stages: dict[str, int] = defaultdict(int)
    teams: dict[int, int] = defaultdict(int)
    for pk in keys:
        standing = day.standings[pk]
        stages[standing.stage] += 1
        teams[standing.team] += 1
    return _Place(stages[Stage.CUSTOMER], stages[Stage.PROSPECT], *tree.team_of(teams), keys)


def _finding(
    subject: str,
    row: MarketPotential,
    growth: Fraction,
    ours: Decimal,
    share: Fraction,
    place: _Place,
    launched_on: dt.date,
) -> Finding:
    return Finding(
        subject=subject,
        team=place.team,
        market=row.market_id,
        product_line=row.product_line_id,
        evidence={
            "potential": f"{row.yearly_potential:.2f}",
            "growth": share_text(growth),
            "measured": row.growth_percent is None,
            "source": row.source,
            "noted_on": row.noted_on.isoformat(),
            "launched_on": launched_on.isoformat(),
            "won": f"{ours:.2f}",
            "share": share_text(share),
            "customers": place.customers,
            "prospects": place.prospects,
            **({"shared": True} if place.shared else {}),
        },
        share=float(share),
        weight=float(place.prospects),
        opened_on=latest([launched_on, row.noted_on]),
    )
