"""The kinds of entry that this room puts into a customer's timeline: touches, orders, stages, tiers, changes."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from customers.extensions import Entry, TimelineSource, timeline_sources
from customers.models import (
    Customer,
    Order,
    OrderStatus,
    Stage,
    StageDecision,
    StagePeriod,
    TierPeriod,
    Touch,
    TouchOutcome,
)
from customers.queries.changes import changes, order_changes
from territory import clock
from territory.formats import money_text, number_text
from territory.templatetags.territory import seconds_as_minutes

OUTCOMES = {
    TouchOutcome.ADVANCED: (gettext_lazy("Advanced"), "good", "arrow-up-right"),
    TouchOutcome.NEUTRAL: (gettext_lazy("Neutral"), "", "arrow-right"),
    TouchOutcome.SET_BACK: (gettext_lazy("Set back"), "danger", "arrow-down-right"),
    TouchOutcome.NO_ANSWER: (gettext_lazy("No answer"), "", "telephone-x"),
}
STAGE_TITLES = {
    Stage.PROSPECT: gettext_lazy("Became a prospect"),
    Stage.CUSTOMER: gettext_lazy("Became a customer"),
    Stage.LAPSED: gettext_lazy("Lapsed"),
    Stage.LOST: gettext_lazy("Lost"),
}
STAGE_ICONS = {Stage.PROSPECT: "compass", Stage.CUSTOMER: "trophy", Stage.LAPSED: "clock", Stage.LOST: "x-circle"}


def newest(rows: QuerySet, field: str, before: dt.datetime | None, limit: int) -> QuerySet:
    """Up to `limit` rows at or before an instant, newest first."""
    if before is not None:
        rows = rows.filter(**{f"{field}__lte": before})
    return rows.order_by(f"-{field}", "-pk")[:limit]


def touches(user, customer: Customer, before: dt.datetime | None, limit: int) -> Sequence[Entry]:
    """Touches the reader may see, with who took part, whom they met and what came of it."""
    rows = Touch.objects.live().visible_to(user).filter(customer=customer)
    rows = newest(rows, "at", before, limit).select_related("type").prefetch_related("people__user", "contacts")
    found = list(rows)
    reached = _reached_by_own(user, found)
    return [_touch(touch, reached.get(touch.outreach)) for touch in found]


def _reached_by_own(user, rows: Sequence[Touch]) -> dict:
    """To how many customers each outreach went; only of the reader's own: of others it could tell of hidden customers."""
    own = {touch.outreach for touch in rows if touch.outreach and touch.logged_by_id == user.pk}
    if not own:
        return {}
    counted = Touch.objects.live().filter(outreach__in=own).order_by().values_list("outreach")
    return dict(counted.annotate(Count("pk")))


def _outreach_words(touch: Touch, reached: int | None) -> str:
    if touch.outreach is None:
        return ""
    if reached is None:
        return _("outreach to many")
    words = ngettext("outreach to %(count)s customer", "outreach to %(count)s customers", reached)
    return words % {"count": number_text(reached)}


def _touch(touch: Touch, reached: int | None = None) -> Entry:
    names = [str(person.user) for person in touch.people.all()] or [_("person unknown")]
    parts = [*names, seconds_as_minutes(touch.duration_seconds)]
    if outreach := _outreach_words(touch, reached):
        parts.append(outreach)
    if touch.travel_seconds:
        parts.append(_("%(minutes)s travel") % {"minutes": seconds_as_minutes(touch.travel_seconds)})
    if touch.is_implausible:
        parts.append(_("implausible, its minutes are left out"))
    met = [contact.name for contact in touch.contacts.all()]
    text = [_("Met %(names)s.") % {"names": ", ".join(met)}] if met else []
    if touch.note:
        text.append(touch.note)
    word, tone, icon = OUTCOMES[TouchOutcome(touch.outcome)]
    return Entry(
        at=touch.at,
        key=f"touch-{touch.pk}",
        icon=touch.type.icon,
        title=touch.type.name,
        people=", ".join(parts),
        text=" ".join(text),
        badge=(str(word), tone, icon),
        url=touch_url(touch),
    )


def touch_url(touch: Touch) -> str:
    return reverse("touch_detail", args=[touch.pk])


def order_stream(user, order: Order, limit: int = 50) -> list[Entry]:
    """What happened with one visible order: opened, changed, closed, and the touches that were for it; newest first."""
    touched = Touch.objects.live().visible_to(user).filter(order=order)
    rows = newest(touched, "at", None, limit).select_related("type").prefetch_related("people__user", "contacts")
    entries = [_touch(touch) for touch in rows]
    entries += order_changes(order, amounts_seen=order.seen_amount is not None, limit=limit)
    if order.closed_at:
        entries.append(_order_closed(order))
    if order.opened_at:
        order.first_amount = first_amount(order)
        entries.append(_order_opened(order))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def first_amount(order: Order):
    """The amount that the order was first given; None where its history does not say."""
    return order.history.order_by("history_id").values_list("amount", flat=True).first()


def orders(user, customer: Customer, before: dt.datetime | None, limit: int) -> Sequence[Entry]:
    """Orders opened, won and lost; the amount where the reader may see it, at opening the first one given."""
    first = Order.history.model.objects.filter(id=OuterRef("pk")).order_by("history_id").values("amount")[:1]
    rows = (
        Order.objects.live()
        .visible_to(user)
        .with_amounts_for(user)
        .filter(customer=customer)
        .select_related("salesperson", "product_line", "sale_type")
    )
    opened = newest(rows.filter(opened_at__isnull=False), "opened_at", before, limit)
    closed = newest(rows.filter(closed_at__isnull=False), "closed_at", before, limit)
    entries = [_order_closed(order) for order in closed]
    entries += [_order_opened(order) for order in opened.annotate(first_amount=Subquery(first))]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def _order_opened(order: Order) -> Entry:
    amount = None
    if order.seen_amount is not None:
        amount = order.seen_amount if order.first_amount is None else order.first_amount
    return _order_entry(order, order.opened_at, "opened", "kanban", _("Order %(order)s opened"), amount)


def _order_closed(order: Order) -> Entry:
    if order.status == OrderStatus.WON:
        return _order_entry(order, order.closed_at, "won", "trophy", _("Order %(order)s won"), order.seen_amount)
    return _order_entry(
        order, order.closed_at, "lost", "x-circle", _("Order %(order)s lost"), order.seen_amount, order.lost_reason
    )


def _order_entry(order: Order, at, word: str, icon: str, title: str, amount, reason: str = "") -> Entry:
    parts = [str(part) for part in (order.sale_type, order.product_line) if part]
    if amount is not None:
        parts.append(money_text(amount))
    if reason:
        parts.append(reason)
    return Entry(
        at=at,
        key=f"order-{order.pk}-{word}",
        icon=icon,
        title=title % {"order": order},
        people=str(order.salesperson or ""),
        text=", ".join(parts),
        url=reverse("order_detail", args=[order.pk]),
    )


def stages(user, customer: Customer, before: dt.datetime | None, limit: int) -> Sequence[Entry]:
    """The customer's stages and tiers as they changed, by themselves or by hand."""
    decided = {
        decision.at: decision
        for decision in newest(StageDecision.objects.filter(customer=customer), "at", before, limit).select_related(
            "decided_by"
        )
    }
    periods = newest(StagePeriod.objects.filter(customer=customer), "began_at", before, limit)
    entries = [_stage(period, decided.get(period.began_at)) for period in periods]
    entries += _tiers(customer, before, limit)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def _stage(period: StagePeriod, decision: StageDecision | None) -> Entry:
    stage = Stage(period.stage)
    return Entry(
        at=period.began_at,
        key=f"stage-{period.pk}",
        icon=STAGE_ICONS[stage],
        title=str(STAGE_TITLES[stage]),
        people=str(decision.decided_by or "") if decision else "",
        text=decision.reason if decision else "",
    )


def _tiers(customer: Customer, before: dt.datetime | None, limit: int) -> list[Entry]:
    """Changes from one tier to another; the first tier is no change."""
    zone = clock.company_zone()
    rows = TierPeriod.objects.filter(customer=customer, starts_on__lte=clock.company_today()).select_related("tier")
    if before is not None:
        rows = rows.filter(starts_on__lte=clock.day_of(before, zone))
    periods = list(rows.order_by("-starts_on", "-pk")[: limit + 1])
    return [
        Entry(
            at=clock.start_of_day(period.starts_on, zone),
            key=f"tier-{period.pk}",
            icon="arrow-repeat",
            title=_("Tier %(before)s to %(after)s") % {"before": earlier.tier or "–", "after": period.tier or "–"},
        )
        for period, earlier in pairwise(periods)
        if period.tier_id != earlier.tier_id
        and (before is None or clock.start_of_day(period.starts_on, zone) <= before)
    ]


def register() -> None:
    """Put the own kinds of entry into the registry; called once the apps are ready."""
    for position, (key, entries) in enumerate(
        (("touches", touches), ("orders", orders), ("stages", stages), ("changes", changes))
    ):
        timeline_sources.add(TimelineSource(key=key, entries=entries, position=position))
