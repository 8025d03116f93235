"""The kinds of entry that this room puts into a customer's timeline: touches, orders, expenses, stages, tiers, changes."""

from collections.abc import Sequence

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec.structs import replace

from customers.extensions import Entry, TimelineSource, timeline_sources
from customers.models import (
    Customer,
    Expense,
    ExpenseStatus,
    Order,
    OrderStatus,
    Stage,
    StageDecision,
    StagePeriod,
    Tier,
    TierPeriod,
    Touch,
    TouchOutcome,
    TouchPerson,
)
from customers.queries.changes import ORDER_CHANGES, change_entries, change_sources, history_of
from customers.queries.timeline import newest
from customers.scope import seen_of
from territory import clock
from territory.formats import money_text, number_text
from territory.links import links_of
from territory.templatetags.territory import seconds_as_minutes
from territory.together import Asking, prepared, side_by_side

OUTCOMES = {
    TouchOutcome.ADVANCED: (gettext_lazy("Advanced"), "good", "arrow-up-right"),
    TouchOutcome.NEUTRAL: (gettext_lazy("Neutral"), "", "arrow-right"),
    TouchOutcome.SET_BACK: (gettext_lazy("Set back"), "danger", "arrow-down-right"),
    TouchOutcome.NO_ANSWER: (gettext_lazy("No answer"), "", "telephone-x"),
}
EXPENSE_BADGES = {
    ExpenseStatus.DRAFT: (gettext_lazy("Draft"), "", "pencil"),
    ExpenseStatus.SUBMITTED: (gettext_lazy("Submitted"), "accent", "hourglass-split"),
    ExpenseStatus.APPROVED: (gettext_lazy("Approved"), "good", "check-lg"),
    ExpenseStatus.REFUSED: (gettext_lazy("Refused"), "danger", "x-circle"),
}
STAGE_TITLES = {
    Stage.PROSPECT: gettext_lazy("Became a prospect"),
    Stage.CUSTOMER: gettext_lazy("Became a customer"),
    Stage.LAPSED: gettext_lazy("Lapsed"),
    Stage.LOST: gettext_lazy("Lost"),
}
STAGE_ICONS = {Stage.PROSPECT: "compass", Stage.CUSTOMER: "trophy", Stage.LAPSED: "clock", Stage.LOST: "x-circle"}


def _pks(keys: Sequence[tuple]) -> frozenset[int]:
    return frozenset(key[1] for key in keys)


def touch_keys(customer, reader, _today, seen: tuple[str, ...]) -> QuerySet:
    """Touches the reader may see."""
    return Touch.objects.live().visible_on(customer, reader, seen).values_list("at", "pk")


def touch_entries(user, customer: Customer, keys: Sequence[tuple]) -> Asking[dict[int, Entry]]:
    """Touches, with who took part, whom they met and what came of it."""
    found = yield from _with_names(keys)
    own = {touch.outreach for touch, _who, _met in found if touch.outreach and touch.logged_by_id == user.pk}
    reached = {}
    if own:
        # To how many customers each outreach went; only of the reader's own: of others it could tell of hidden customers.
        counted = Touch.objects.live().filter(outreach__in=own).order_by().values_list("outreach")
        (rows,) = yield [counted.annotate(Count("pk"))]
        reached = dict(rows)
    return {touch.pk: _touch(touch, who, met, reached.get(touch.outreach)) for touch, who, met in found}


# What stands in an entry and no more: a page has twenty of them, and whole rows of people and types with each cost most of it.
_OF_TOUCH = (
    *("at", "outcome", "note", "duration_seconds", "travel_seconds", "is_implausible", "outreach", "logged_by"),
    *("type__name", "type__icon"),
)
_OF_ORDER = (
    *("title", "external_id", "status", "opened_at", "closed_at", "lost_reason"),
    *("salesperson__name", "product_line__name", "sale_type__name"),
)


def _with_names(keys: Sequence[tuple]) -> Asking[list[tuple[Touch, list[str], list[str]]]]:
    """These touches, each with the names of who took part and of whom they met."""
    pks = _pks(keys)
    touches, took_part, met = yield [_touches(pks), _took_part(pks), _met(pks)]
    return [
        (touch, [name for pk, name in took_part if pk == touch.pk], [name for pk, name in met if pk == touch.pk])
        for touch in touches
    ]


@prepared
def _touches(pks: frozenset[int]) -> QuerySet[Touch]:
    return Touch.objects.filter(pk__in=pks).select_related("type").only(*_OF_TOUCH).order_by()


@prepared
def _took_part(pks: frozenset[int]) -> QuerySet:
    return TouchPerson.objects.filter(touch__in=pks).order_by("pk").values_list("touch", "user__name")


@prepared
def _met(pks: frozenset[int]) -> QuerySet:
    rows = Touch.contacts.through.objects.filter(touch__in=pks).order_by("contact__name", "contact")
    return rows.values_list("touch", "contact__name")


def _outreach_words(touch: Touch, reached: int | None) -> str:
    if touch.outreach is None:
        return ""
    if reached is None:
        return _("outreach to many")
    words = ngettext("outreach to %(count)s customer", "outreach to %(count)s customers", reached)
    return words % {"count": number_text(reached)}


def _touch(touch: Touch, who: list[str], met: list[str], reached: int | None = None) -> Entry:
    parts = [*(who or [_("person unknown")]), seconds_as_minutes(touch.duration_seconds)]
    if outreach := _outreach_words(touch, reached):
        parts.append(outreach)
    if touch.travel_seconds:
        parts.append(_("%(minutes)s travel") % {"minutes": seconds_as_minutes(touch.travel_seconds)})
    if touch.is_implausible:
        parts.append(_("implausible, its minutes are left out"))
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
    return links_of("touch_detail")(touch.pk)


def order_stream(user, order: Order, limit: int = 50) -> Asking[list[Entry]]:
    """What happened with one visible order: opened, changed, closed, the touches that were for it and what was spent on it; newest first."""
    touched = Touch.objects.live().visible_to(user).filter(order=order).values_list("at", "pk")
    changed = ORDER_CHANGES.history.filter(id=order.pk)
    given = history_of(Order).filter(id=order.pk).order_by("history_id").values_list("amount", flat=True)
    spent = Expense.objects.live().visible_to(user).filter(order=order).select_related("author", "order")
    touch_keys, change_keys, amounts, expenses = yield [
        newest("at", touched, limit),
        newest("history_date", ORDER_CHANGES.with_earlier(changed), limit),
        given[:1],
        spent.only(*_OF_EXPENSE).order_by("-spent_on", "-pk")[:limit],
    ]
    touches, changes = yield from side_by_side(
        [
            _with_names(touch_keys),
            change_entries(ORDER_CHANGES, change_keys, amounts_seen=order.seen_amount is not None),
        ]
    )
    told = {touch.pk: _touch(touch, who, met) for touch, who, met in touches}
    entries = [told[pk] for _at, pk in touch_keys if pk in told]
    entries += [_expense(expense) for expense in expenses]
    entries += [changes[key[1]] for key in change_keys if key[1] in changes and changes[key[1]].title]
    if order.closed_at:
        entries.append(_order_closed(order))
    if order.opened_at:
        order.first_amount = next(iter(amounts), None)
        entries.append(_order_opened(order))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _order_keys(at: str):
    """Orders the reader may see that have this moment."""

    def keys(customer, _reader, _today, seen: tuple[str, ...]) -> QuerySet:
        rows = Order.objects.live().visible_on(customer, seen).filter(**{f"{at}__isnull": False})
        return rows.values_list(at, "pk")

    return keys


@prepared
def _orders(pks: frozenset[int], seen: tuple[str, ...], with_first: bool) -> QuerySet[Order]:
    rows = Order.objects.filter(pk__in=pks).with_amounts_on(seen)
    if with_first:
        first = history_of(Order).filter(id=OuterRef("pk")).order_by("history_id").values("amount")[:1]
        rows = rows.annotate(first_amount=Subquery(first))
    return rows.select_related("salesperson", "product_line", "sale_type").only(*_OF_ORDER)


def closed_entries(user, customer: Customer, keys: Sequence[tuple]) -> Asking[dict[int, Entry]]:
    """Orders won and lost; the amount where the reader may see it."""
    (orders,) = yield [_orders(_pks(keys), seen_of(customer), False)]
    return {order.pk: _order_closed(order) for order in orders}


def opened_entries(user, customer: Customer, keys: Sequence[tuple]) -> Asking[dict[int, Entry]]:
    """Orders opened; the amount first given where the reader may see it."""
    (orders,) = yield [_orders(_pks(keys), seen_of(customer), True)]
    return {order.pk: _order_opened(order) for order in orders}


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
        url=links_of("order_detail")(order.pk),
    )


def expense_keys(customer, reader, _today, seen: tuple[str, ...]) -> QuerySet:
    """Expenses on the customer and its orders that the reader may see."""
    return Expense.objects.live().visible_on(customer, reader, seen).values_list("spent_on", "pk")


def expense_entries(user, customer: Customer, keys: Sequence[tuple]) -> Asking[dict[int, Entry]]:
    """What was spent, by whom, for which order, and whether it was approved."""
    (expenses,) = yield [_expenses(_pks(keys))]
    return {expense.pk: _expense(expense) for expense in expenses}


_OF_EXPENSE = ("amount", "kind", "status", "spent_on", "note", "author__name", "order__title", "order__external_id")


@prepared
def _expenses(pks: frozenset[int]) -> QuerySet[Expense]:
    return Expense.objects.filter(pk__in=pks).select_related("author", "order").only(*_OF_EXPENSE).order_by()


def _expense(expense: Expense) -> Entry:
    text = [_("Order %(order)s.") % {"order": expense.order}] if expense.order else []
    if expense.note:
        text.append(expense.note)
    word, tone, icon = EXPENSE_BADGES[ExpenseStatus(expense.status)]
    words = {"kind": capfirst(expense.get_kind_display()), "amount": money_text(expense.amount)}
    return Entry(
        at=clock.start_of_day(expense.spent_on, clock.company_zone()),
        key=f"expense-{expense.pk}",
        icon="receipt",
        title=_("%(kind)s, %(amount)s") % words,
        people=str(expense.author),
        text=" ".join(text),
        badge=(str(word), tone, icon),
        url=links_of("expense_detail")(expense.pk),
    )


def stage_keys(customer, _reader, _today, _seen) -> QuerySet:
    """The customer's stages as they changed, by themselves or by hand."""
    return StagePeriod.objects.filter(customer=customer).values_list("began_at", "pk")


def stage_entries(user, customer: Customer, keys: Sequence[tuple]) -> Asking[dict[int, Entry]]:
    """Stages; who decided and why where it was by hand."""
    pks = _pks(keys)
    periods, decisions = yield [_periods(pks), _decisions(customer.pk, pks)]
    decided = {decision.at: decision for decision in decisions}
    return {period.pk: _stage(period, decided.get(period.began_at)) for period in periods}


@prepared
def _periods(pks: frozenset[int]) -> QuerySet[StagePeriod]:
    return StagePeriod.objects.filter(pk__in=pks)


@prepared
def _decisions(customer: int, periods: frozenset[int]) -> QuerySet[StageDecision]:
    """By whom and why those stages were set that did not follow from facts."""
    moments = StagePeriod.objects.filter(pk__in=periods).order_by().values("began_at")
    rows = StageDecision.objects.filter(customer=customer, at__in=moments)
    return rows.select_related("decided_by").only("at", "reason", "decided_by__name")


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


def tier_keys(customer, _reader, today, _seen) -> QuerySet:
    """Changes from one tier to another, with the tier before; the first tier is no change. 0 is no tier."""
    earlier = TierPeriod.objects.filter(customer=OuterRef("customer"), starts_on__lt=OuterRef("starts_on"))
    before = Subquery(earlier.order_by("-starts_on").values(known=Coalesce("tier", 0))[:1])
    rows = TierPeriod.objects.filter(customer=customer, starts_on__lte=today)
    changes = rows.annotate(before=before).exclude(before=Coalesce("tier", 0)).filter(before__isnull=False)
    return changes.values_list("starts_on", "pk", "before")


def tier_entries(user, customer: Customer, keys: Sequence[tuple]) -> Asking[dict[int, Entry]]:
    """Changes from one tier to another, by the tiers' names of today."""
    zone = clock.company_zone()
    before = {pk: tier for _day, pk, tier in keys}
    periods, tiers = yield [
        _tier_periods(frozenset(before)),
        _tiers(frozenset(before.values())),
    ]
    names = {tier.pk: tier for tier in tiers}
    return {
        period.pk: Entry(
            at=clock.start_of_day(period.starts_on, zone),
            key=f"tier-{period.pk}",
            icon="arrow-repeat",
            title=_("Tier %(before)s to %(after)s")
            % {"before": names.get(before[period.pk], "–"), "after": period.tier or "–"},
        )
        for period in periods
    }


@prepared
def _tier_periods(pks: frozenset[int]) -> QuerySet[TierPeriod]:
    return TierPeriod.objects.filter(pk__in=pks).select_related("tier").only("starts_on", "tier__name")


@prepared
def _tiers(pks: frozenset[int]) -> QuerySet[Tier]:
    return Tier.objects.filter(pk__in=pks).order_by()


def register() -> None:
    """Put the own kinds of entry into the registry; called once the apps are ready."""
    kinds = [
        TimelineSource(key="touches", at="at", keys=touch_keys, entries=touch_entries, tab="touches"),
        TimelineSource(key="closed", at="closed_at", keys=_order_keys("closed_at"), entries=closed_entries),
        TimelineSource(key="opened", at="opened_at", keys=_order_keys("opened_at"), entries=opened_entries),
        TimelineSource(key="expenses", at="spent_on", keys=expense_keys, entries=expense_entries),
        TimelineSource(key="stages", at="began_at", keys=stage_keys, entries=stage_entries, tab="changes"),
        TimelineSource(key="tiers", at="starts_on", keys=tier_keys, entries=tier_entries, tab="changes"),
        *change_sources(),
    ]
    for position, source in enumerate(kinds):
        timeline_sources.add(replace(source, position=position))
