"""The cards on the front page of "Where we stand": one line each, from stored figures, and the way to the page that says more.

A card is a part that yields what it asks (territory.together), so that all of them together ask a statement or two. One more card
is a function below and its place in CARDS.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Abs
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area, may
from customers.lifecycle import SaleKind
from customers.models import CircumstanceKind, Market
from customers.scope import hangs_within
from planning.engine.crossed_effects import Effect
from planning.engine.interval import Z
from planning.models import (
    ConditionEffect,
    ConditionKind,
    CurveKind,
    EvidenceRun,
    InvolvementRun,
    MovedMeasure,
    SaleMeasure,
    SaleNorm,
    Situation,
    TierCurve,
)
from planning.models.situations import situations_within
from planning.queries import conditions, involvement, normal_sale_page
from planning.queries.norms import sees_norm_amounts, sees_norm_costs, sees_norms
from planning.situations.registry import BY_KEY
from planning.situations.sole_away import SoleAway
from territory import clock
from territory.formats.names import names_text
from territory.formats.numbers import hours_text, money_text, number_text, percent_text, rounded
from territory.links import link_to
from territory.together import Asking, answer, prepared, side_by_side

# So many conditions, and people away, are named.
MOST_CONDITIONS = 2
MOST_AWAY = 3


class Card(Struct, frozen=True):
    """What it is about, its figure, one line about it, and where it leads; `tone` "warn" where it asks for something,
    `in_words` where the figure is a line of its own."""

    key: str
    title: str
    figure: str
    text: str
    url: str
    tone: str = ""
    in_words: bool = False


def cards_for(user: User) -> list[Card]:
    """Those that the reader may see and for which there are figures."""
    found = answer(side_by_side([card(user) for card in CARDS]))
    return [card for card in found if card is not None]


def situations(user: User) -> Asking[Card | None]:
    """What is out of the ordinary today: how many of each kind, the most pressing kind first."""
    if not may(user, Area.BUDGETS, Act.SEE):
        return None
    seen = situations_within(user, Act.SEE)
    counts, asking = yield [_open(seen), _asking(seen, clock.company_today())]
    numbers, waiting = dict(counts), sum(number for _kind, number in asking)
    parts = [
        _("%(kind)s: %(number)s") % {"kind": kind.label, "number": number_text(numbers[key])}
        for key, kind in BY_KEY.items()
        if key in numbers
    ]
    return Card(
        key="situations",
        title=_("Out of the ordinary today"),
        figure=number_text(sum(numbers.values())),
        text=capfirst("; ".join(parts)) if parts else _("Nothing is out of the ordinary."),
        url=link_to("situation_list"),
        tone="warn" if waiting else "",
    )


@prepared
def _open(seen: Q) -> QuerySet:
    return Situation.objects.open().filter(seen).how_many()


@prepared
def _asking(seen: Q, today: dt.date) -> QuerySet:
    return Situation.objects.open().filter(seen).asking(today).how_many()


@prepared
def _sole_away(seen: Q) -> QuerySet:
    """Each person once, by name, in however many teams."""
    rows = Situation.objects.open().filter(seen, kind=SoleAway.key)
    return rows.order_by("person__name", "person").values_list("person__name", "person").distinct()


def sole_away(user: User) -> Asking[Card | None]:
    """Who is away with nobody in their place where they are the only contact."""
    if not may(user, Area.BUDGETS, Act.SEE):
        return None
    (found,) = yield [_sole_away(situations_within(user, Act.SEE))]
    if not found:
        return None
    text = ngettext(
        "%(names)s is the only contact, away, and nobody stands in.",
        "%(names)s are the only contacts, away, and nobody stands in.",
        len(found),
    )
    return Card(
        key="sole-away",
        title=_("Sole contacts away"),
        figure=number_text(len(found)),
        text=text % {"names": names_text([name for name, _person in found], MOST_AWAY)},
        url=link_to("situation_list"),
        tone="warn",
    )


def normal(user: User) -> Asking[Card | None]:
    """The normal sale of all types, in one line."""
    row = yield from _norm(user, Q(sale_type__isnull=True))
    if row is None or row.days is None:
        return None
    parts = [
        _counted(row.touches.median, "touches") if row.touches else "",
        _("%(hours)s of work") % {"hours": hours_text(row.minutes.median)} if row.minutes else "",
        _("an amount of %(amount)s") % {"amount": money_text(rounded(row.amount.median, 0))} if row.amount else "",
    ]
    won = _("%(share)s of those that ended are won.") % {"share": percent_text(row.norm.won_share)}
    return Card(
        key="normal-sale",
        title=_("The normal sale"),
        figure=_counted(row.days.median, "days"),
        text=f"{said}; {won}" if (said := ", ".join(part for part in parts if part)) else won,
        url=link_to("normal_sale"),
    )


def _counted(number: float, what: str) -> str:
    """So many days or touches, as whole numbers."""
    text = number_text(number)
    whole = 1 if text == "1" else 2
    words = {
        "days": ngettext("%(number)s day", "%(number)s days", whole),
        "touches": ngettext("%(number)s touch", "%(number)s touches", whole),
    }
    return words[what] % {"number": text}


def cost(user: User) -> Asking[Card | None]:
    """What a new-business sale costs, for who may know."""
    if not sees_norm_costs(user):
        return None
    row = yield from _norm(user, Q(sale_type__kind=SaleKind.NEW_BUSINESS.value))
    if row is None or row.cost is None:
        return None
    low, high = (money_text(rounded(amount, 0)) for amount in (row.cost.low, row.cost.high))
    return Card(
        key="cost-of-sale",
        title=_("Cost of a new-business sale"),
        figure=money_text(rounded(row.cost.median, 0)),
        text=_(
            "Half of them cost between %(low)s and %(high)s. What was spent on prospects that were not won is not in it."
        )
        % {"low": low, "high": high},
        url=link_to("cost_of_sale"),
    )


def _norm(user: User, of: Q) -> Asking[normal_sale_page.Row | None]:
    """A row over all tiers of the company, or of the topmost team whose totals the reader sees; None where nothing ended."""
    if not (sees_norms(user) and may(user, Area.ORDERS, Act.SEE)):
        return None
    team = None
    if not normal_sale_page.sees_company(user):
        (teams,) = yield [normal_sale_page.teams_offered(user)[:1]]
        if not teams:
            return None
        team = teams[0]
    (found,) = yield [_norms(of, team.pk if team else None)]
    return normal_sale_page.shown(user, team, found[0]) if found else None


@prepared
def _norms(of: Q, team: int | None) -> QuerySet[SaleNorm]:
    return SaleNorm.objects.filter(of, team=team, tier__isnull=True, ended__gt=0).order_by("pk")[:1]


def what_moves(user: User) -> Asking[Card | None]:
    """The two kinds of conditions that explain most of how long sales take, and the two that are furthest from normal by name.

    Of those that everyone may read by name: markets and circumstances whose interval does not reach normal.
    """
    if not conditions.sees_measure(user, SaleMeasure.DAYS):
        return None
    measures, effects = yield [_of_days(), _furthest()]
    told = measures[0].figures if measures else None
    if not told:
        return None
    shares = sorted(((kind["share"], name) for name, kind in told["kinds"].items()), reverse=True)
    parts = [
        _("%(kind)s %(share)s") % {"kind": ConditionKind(name).label, "share": percent_text(share)}
        for share, name in shares[:MOST_CONDITIONS]
        if share >= conditions.LITTLE
    ]
    named = [_effect_named(name, Effect(*effect)) for name, *effect in effects]
    text = _("Of how long a sale takes, these explain most: %(conditions)s. Not explained: %(rest)s.") % {
        "conditions": _(", ").join(parts),
        "rest": percent_text(max(0.0, 1 - sum(share for share, _name in shares if share >= conditions.LITTLE))),
    }
    return Card(
        key="what-moves-it",
        title=_("What moves it most"),
        figure="; ".join(named) if named else _("as normal"),
        in_words=bool(named),
        text=text if parts else _("No condition explains how long a sale takes."),
        url=link_to("what_moves_it"),
    )


@prepared
def _of_days() -> QuerySet[MovedMeasure]:
    return MovedMeasure.objects.filter(measure=SaleMeasure.DAYS)


@prepared
def _furthest() -> QuerySet:
    """Markets and circumstances whose interval does not reach normal as (name, sales, mean, error), the furthest first."""
    market = Market.objects.filter(pk=OuterRef("key")).order_by().values("name")[:1]
    kind = CircumstanceKind.objects.filter(pk=OuterRef("key")).order_by().values("name")[:1]
    rows = ConditionEffect.objects.filter(
        moved__measure=SaleMeasure.DAYS, kind__in=(ConditionKind.MARKET, ConditionKind.CIRCUMSTANCE)
    )
    name = Case(When(kind=ConditionKind.MARKET, then=Subquery(market)), default=Subquery(kind))
    rows = rows.annotate(name=name, away=Abs("mean")).filter(name__isnull=False, away__gt=Z * F("error"))
    return rows.order_by("-away", "pk").values_list("name", "sales", "mean", "error")[:MOST_CONDITIONS]


def _effect_named(name: str, effect: Effect) -> str:
    """A condition, how far it moves a sale, and how many sales tell so."""
    words = {"name": name, "share": _signed(effect.share), "n": number_text(effect.sales)}
    return ngettext("%(name)s %(share)s (%(n)s sale)", "%(name)s %(share)s (%(n)s sales)", effect.sales) % words


def _signed(share: float) -> str:
    return f"{'+' if share > 0 else '−'}{percent_text(abs(share))}"


def involved(user: User) -> Asking[Card | None]:
    """Customers with a sole contact of whom others made touches."""
    if not (sees_norms(user) and may(user, Area.TOUCHES, Act.SEE)):
        return None
    today = clock.company_today()
    seen = hangs_within(user, Area.TOUCHES, Act.SEE)
    runs, kinds = yield [InvolvementRun.objects.all()[:1], involvement.findings_by_kind(today, seen)]
    if not runs:
        return None
    counts = dict(kinds)
    touched, whole = counts.get(involvement.Happened.SOLE_TOUCHED, 0), sum(counts.values())
    text = ngettext(
        "customer with a sole contact was touched by others, too.",
        "customers with a sole contact were touched by others, too.",
        touched,
    )
    more = ngettext(
        "%(number)s assignment in all does not fit what happens.",
        "%(number)s assignments in all do not fit what happens.",
        whole,
    )
    return Card(
        key="involvement",
        title=_("Sole contacts who are not alone"),
        figure=number_text(touched),
        text=f"{text} {more % {'number': number_text(whole)}}" if whole > touched else text,
        url=link_to("involvement"),
        tone="warn" if touched else "",
    )


def time_to_business(user: User) -> Asking[Card | None]:
    """Which share of all prospects bring business within a year, and when half of them have."""
    if not sees_norms(user):
        return None
    (rows,) = yield [_curve_of_all()]
    if not rows:
        return None
    figures = rows[0].figures
    share, median = figures["chances"]["365"], figures["median"]
    amount = money_text(rounded(rows[0].amount or 0, 0)) if sees_norm_amounts(user) else _("a usual amount")
    return Card(
        key="time-to-business",
        title=_("Time to business"),
        figure=_("not known yet") if share is None else percent_text(share),
        text=_("of all prospects brought %(amount)s within a year.") % {"amount": amount}
        + (" " + _("Half had after %(time)s.") % {"time": _counted(median, "days")} if median is not None else ""),
        url=link_to("time_to_business"),
    )


@prepared
def _curve_of_all() -> QuerySet[TierCurve]:
    return TierCurve.objects.filter(kind=CurveKind.TIME_TO_BUSINESS, run=EvidenceRun.latest(), tier__isnull=True)


CARDS: tuple[Callable[[User], Asking[Card | None]], ...] = (
    normal,
    what_moves,
    cost,
    situations,
    involved,
    sole_away,
    time_to_business,
)
