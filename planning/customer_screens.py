"""What planning adds to the customers' screens: columns, tabs and panels, registered when the app is ready."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.permissions import Act, Area, Scope, may, scope, teams_reached
from customers import extensions
from customers.models import Customer
from customers.scope import NOTHING, seen_of, seen_within, yes
from customers.working_as import role_at_work
from planning.engine.travel import great_circle_km
from planning.models import (
    BudgetStatus,
    ContactRule,
    CustomerFigures,
    CustomerRule,
    PlanningSettings,
    Situation,
)
from planning.queries import customer as queries
from planning.queries.against_normal import customer_against_normal
from planning.queries.involvement import misfits_on
from planning.queries.norms import sees_norms
from planning.queries.own_rules import OWN_RULE_CHANGES, own_rules
from planning.queries.place_on_curve import place_on_curve
from planning.queries.situations import Line
from planning.situations.registry import BY_KEY
from territory import clock
from territory.formats.numbers import number_text, percent_text
from territory.templatetags.look import badge, budget_bar, icon
from territory.together import Asking, prepared, together

Panelled = Asking[tuple[str, dict[str, Any]] | None]


def _sees_budgets(user) -> bool:
    return may(user, Area.BUDGETS, Act.SEE)


def _figures(user, rows: Sequence[Any]) -> Sequence[CustomerFigures]:
    """Stored figures of these customers, as far as the reader's reach over budgets goes: asked once for all columns."""
    if not rows:
        return ()
    kept = getattr(rows[0], "_figures_of_rows", None)
    if kept is None or kept[0] is not rows or kept[1] != user:
        [figures] = together(_stored(frozenset(row.pk for row in rows), seen_within(user, Area.BUDGETS, Act.SEE)))
        kept = rows[0]._figures_of_rows = (rows, user, figures)
    return kept[2]


@prepared
def _stored(customers: frozenset[int], seen: Q) -> QuerySet[CustomerFigures]:
    figures = CustomerFigures.objects.filter(seen, customer__in=customers).select_related("next_due_type").order_by()
    shown = ("budget_minutes", "actual_minutes", "status", "next_due_on", "next_due_type__name", "next_due_type__icon")
    return figures.only(*shown)


def _budget_values(user, rows: Sequence[Any]) -> Mapping[int, Any]:
    return {row.customer_id: row for row in _figures(user, rows) if row.budget_minutes}


def _budget_cell(figures: CustomerFigures) -> str:
    budget = number_text(figures.budget_minutes)
    if figures.actual_minutes is None:
        return format_html('<span class="faint">{}</span>', _("too early, budget %(budget)s") % {"budget": budget})
    share = figures.actual_minutes / figures.budget_minutes
    off = figures.status in (BudgetStatus.OVER, BudgetStatus.UNDER)
    return format_html(
        '{} <span class="bar-note second">{}</span> <b class="bar-share {}">{}</b>',
        budget_bar(share * 100, figures.status, size="small"),
        _("%(actual)s of %(budget)s") % {"actual": number_text(figures.actual_minutes), "budget": budget},
        "warn" if off else "",
        percent_text(share),
    )


def _budget_note(figures: CustomerFigures) -> str:
    if figures.actual_minutes is None:
        return ""
    return _("%(share)s of budget") % {"share": percent_text(figures.actual_minutes / figures.budget_minutes)}


def _budget_export(figures: CustomerFigures) -> Any:
    return None if figures.actual_minutes is None else round(figures.actual_minutes / figures.budget_minutes, 6)


def _through_figures(name: str):
    """A sort by a stored figure, only of customers within the reader's reach over budgets."""

    def sort(user) -> Any:
        rows = CustomerFigures.objects.filter(
            customer=OuterRef("pk"), customer__in=Customer.objects.within(user, Area.BUDGETS, Act.SEE).values("pk")
        ).annotate(share=F("actual_minutes") / F("budget_minutes"))
        return Subquery(rows.exclude(budget_minutes=0).values(name)[:1])

    return sort


def _due_values(user, rows: Sequence[Any]) -> Mapping[int, Any]:
    today = clock.today(user)
    return {
        row.customer_id: ((today - row.next_due_on).days, row.next_due_type)
        for row in _figures(user, rows)
        if row.next_due_on is not None
    }


def _due_cell(value: tuple[int, Any]) -> str:
    _days, touch_type = value
    return format_html("{} {}", icon(touch_type.icon), touch_type.name) if touch_type else ""


def _overdue_values(user, rows: Sequence[Any]) -> Mapping[int, Any]:
    return {pk: days for pk, (days, _type) in _due_values(user, rows).items()}


def _overdue_words(days: int) -> str:
    if days > 0:
        return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
    if days == 0:
        return _("today")
    return ngettext("in %(days)s day", "in %(days)s days", -days) % {"days": -days}


def _overdue_cell(days: int) -> str:
    if days > 0:
        return format_html(
            '<span class="late" title="{}">{} {}</span>', _overdue_note(days), icon("clock"), _overdue_words(days)
        )
    return format_html('<span class="second">{}</span>', _overdue_words(days))


def _overdue_note(days: int) -> str:
    return _("overdue %(days)s") % {"days": _overdue_words(days)} if days > 0 else ""


def _overdue_sort(user) -> Any:
    """By the due day: the column sorts by lateness, so the order is turned round."""
    rows = CustomerFigures.objects.filter(
        customer=OuterRef("pk"), customer__in=Customer.objects.within(user, Area.BUDGETS, Act.SEE).values("pk")
    )
    return Subquery(rows.values("next_due_on")[:1])


def _situation_values(user, rows: Sequence[Any]) -> Mapping[int, Any]:
    [kinds] = together(_open_kinds(frozenset(row.pk for row in rows), seen_within(user, Area.BUDGETS, Act.SEE)))
    pressing = sorted(((customer, kind) for customer, kind in kinds if kind in BY_KEY), key=_least_pressing_first)
    return {customer: BY_KEY[kind].label for customer, kind in pressing}


def _least_pressing_first(row: tuple[int, str]) -> int:
    return -list(BY_KEY).index(row[1])


@prepared
def _open_kinds(customers: frozenset[int], seen: Q) -> QuerySet:
    return (
        Situation.objects.open()
        .filter(seen, customer__in=customers)
        .order_by("-opened_at", "-pk")
        .values_list("customer_id", "kind")
    )


def _situation_cell(kind: str) -> str:
    return badge(str(kind).capitalize(), "warn", "exclamation-diamond")


def _within(customers, user):
    return customers.within(user, Area.BUDGETS, Act.SEE)


def _overdue(customers, user):
    return _within(customers, user).filter(figures__next_due_on__lt=clock.today(user))


def _with_status(status: str):
    def apply(customers, user):
        return _within(customers, user).filter(figures__status=status)

    return apply


def _in_situation(customers, user):
    return customers.filter(Exists(Situation.objects.open().visible_to(user).filter(customer=OuterRef("pk"))))


def _time_fact(request: HttpRequest, customer: Customer) -> Asking[Any]:
    if not customer.budgets_seen:
        return None
    (found,) = yield [_minutes(customer.pk)]
    for actual, budget in found:
        return _("%(actual)s of %(budget)s min") % {"actual": number_text(actual, 1), "budget": number_text(budget, 1)}
    return None


@prepared
def _minutes(customer: int) -> QuerySet:
    """Actual and budget, minutes a month, where both are known."""
    known = CustomerFigures.objects.filter(customer=customer, budget_minutes__gt=0, actual_minutes__isnull=False)
    return known.values_list("actual_minutes", "budget_minutes")


def _situations_panel(request: HttpRequest, customer: Customer) -> Panelled:
    sees_figures = customer.orders_seen and customer.amounts_seen
    amounts = scope(request.user, Area.AMOUNTS, Act.SEE) if sees_figures else None
    (situations,) = yield [_open_situations(customer.pk, seen_of(customer), amounts)]
    today = clock.today(request.user)
    lines = [
        Line(row, kind, row.figures_seen or not kind.amounts, today)
        for row in situations
        if (kind := BY_KEY.get(row.kind)) is not None
    ]
    return ("planning/customer/situations.html", {"lines": lines}) if lines else None


@prepared
def _open_situations(customer: int, seen: tuple[str, ...], amounts: Scope | None) -> QuerySet[Situation]:
    """Open ones, an order once, each saying whether the reader, with this reach over amounts (None: none here), sees its figures."""
    figures_seen = NOTHING
    if amounts is not None:
        figures_seen = Q(order__customer=customer, team__in=teams_reached(amounts).order_by().values("pk"))
    rows = Situation.objects.open().visible_on(customer, seen).most_pressing().select_related("team")
    rows = rows.only("kind", "evidence", "share", "resolved_at", "acknowledged_at", "look_again_on", "team__name")
    return rows.annotate(figures_seen=yes(figures_seen))


def _involvement_panel(request: HttpRequest, customer: Customer) -> Panelled:
    if not customer.touches_seen:
        return None
    misfits = yield from misfits_on(customer)
    return ("planning/customer/involvement.html", {"misfits": misfits}) if misfits else None


def _normal_panel(request: HttpRequest, customer: Customer) -> Panelled:
    found = yield from customer_against_normal(request.user, customer)
    return ("planning/customer/normal.html", {"found": found}) if found else None


def _next_panel(request: HttpRequest, customer: Customer) -> Panelled:
    touches = yield from queries.next_touches(request.user, customer)
    return "planning/customer/next.html", {"touches": touches}


def _place_panel(request: HttpRequest, customer: Customer) -> Panelled:
    place = yield from place_on_curve(customer)
    about = {"place": place, "sees_norms": sees_norms(request.user)}
    return ("planning/customer/place.html", about) if place else None


def _budget_panel(request: HttpRequest, customer: Customer) -> Panelled:
    if not customer.budgets_seen:
        return None
    budgets = yield from queries.budgets(customer)
    return "planning/customer/budgets.html", {"budgets": budgets}


def _own_rules_panel(request: HttpRequest, customer: Customer) -> Panelled:
    if not customer.budgets_seen:
        return None
    rules = yield from own_rules(customer)
    may_change = customer.may_change and not customer.archived_at
    if not (may_change or rules.current or rules.ended):
        return None
    return "planning/customer/own_rules.html", {"rules": rules, "may_change": may_change}


def _situation_keys(customer, _reader, _today, seen: tuple[str, ...]) -> QuerySet:
    return Situation.objects.visible_on(customer, seen).values_list("opened_at", "pk")


def _situation_entries(user, customer: Customer, keys: Sequence[tuple]) -> Asking[dict[int, extensions.Entry]]:
    (situations,) = yield [_situations(frozenset(pk for _at, pk in keys))]
    return {
        row.pk: extensions.Entry(
            at=row.opened_at,
            key=f"situation-{row.pk}",
            icon="exclamation-diamond",
            title=str(row.get_kind_display()).capitalize(),
            people=str(row.team),
            text=row.note,
        )
        for row in situations
    }


@prepared
def _situations(pks: frozenset[int]) -> QuerySet[Situation]:
    rows = Situation.objects.filter(pk__in=pks).select_related("team")
    return rows.only("opened_at", "kind", "note", "team__name").order_by()


def _touch_lengths(user, customer: Customer) -> Mapping[int, int]:
    """The minutes that contact rules give to the person's role, on the customer's tier and stage or as its own rules."""
    if not may(user, Area.RULES, Act.SEE):
        return {}
    today = clock.company_today()
    role = role_at_work(user, customer, today)
    if role is None:
        return {}
    found = together(
        _ruled_lengths(customer.tier_id, customer.stage, role.pk), _own_lengths(customer.pk, role.pk, today)
    )
    return {touch_type: seconds for rows in found for touch_type, seconds in rows}


@prepared
def _ruled_lengths(tier: int | None, stage: str, role: int) -> QuerySet:
    rows = ContactRule.objects.filter(tier=tier, stage=stage, role=role)
    return rows.order_by().values_list("touch_type", "duration_seconds")


@prepared
def _own_lengths(customer: int, role: int, today: dt.date) -> QuerySet:
    rows = CustomerRule.objects.on(today).filter(customer=customer, role=role, count__gt=0)
    return rows.order_by().values_list("touch_type", "duration_seconds")


def _way_km(user, customers: Sequence[Customer]) -> Mapping[int, float]:
    """Kilometres there and back from the person's base, by the same way as travel minutes."""
    if user.base_latitude is None:
        return {}
    base, detour = (user.base_latitude, user.base_longitude), float(PlanningSettings.current().detour_factor)
    places = {row.pk: (row.latitude, row.longitude) for row in customers if row.latitude is not None}
    return {pk: 2 * detour * great_circle_km(base, place) for pk, place in places.items()}


def _retry_working_days() -> int:
    return PlanningSettings.current().retry_working_days


def register() -> None:
    """Add planning's part to the lists and pages of customers."""
    for column in (
        extensions.Column(
            key="budget",
            label=gettext_lazy("Actual of budget, min a month"),
            values=_budget_values,
            cell=_budget_cell,
            export=_budget_export,
            note=_budget_note,
            sort=_through_figures("share"),
            numeric=True,
            visible=_sees_budgets,
            position=200,
        ),
        extensions.Column(
            key="due",
            label=gettext_lazy("Next due touch"),
            values=_due_values,
            cell=_due_cell,
            export=lambda value: value[1].name if value[1] else "",
            visible=_sees_budgets,
            position=210,
        ),
        extensions.Column(
            key="overdue",
            label=gettext_lazy("Next due"),
            values=_overdue_values,
            cell=_overdue_cell,
            export=int,
            exported_as=gettext_lazy("Days overdue"),
            note=_overdue_note,
            sort=_overdue_sort,
            visible=_sees_budgets,
            position=220,
        ),
        extensions.Column(
            key="situation",
            label=gettext_lazy("Situation"),
            values=_situation_values,
            cell=_situation_cell,
            visible=_sees_budgets,
            position=230,
        ),
    ):
        extensions.customer_columns.add(column)
    for tab in (
        extensions.Tab(
            key="overdue",
            label=gettext_lazy("Overdue"),
            apply=_overdue,
            sort="overdue",
            visible=_sees_budgets,
            position=200,
        ),
        extensions.Tab(
            key="under",
            label=gettext_lazy("Under-served"),
            apply=_with_status(BudgetStatus.UNDER),
            sort="budget",
            visible=_sees_budgets,
            position=210,
        ),
        extensions.Tab(
            key="over",
            label=gettext_lazy("Over-served"),
            apply=_with_status(BudgetStatus.OVER),
            sort="-budget",
            visible=_sees_budgets,
            position=220,
        ),
        extensions.Tab(
            key="situation",
            label=gettext_lazy("Special situations"),
            apply=_in_situation,
            visible=_sees_budgets,
            position=230,
        ),
    ):
        extensions.customer_tabs.add(tab)
    extensions.customer_facts.add(
        extensions.Fact(key="time", label=gettext_lazy("Time a month"), value=_time_fact, position=200)
    )
    for panel in (
        extensions.Panel(key="situations", render=_situations_panel, place="main", position=10),
        extensions.Panel(key="involvement", render=_involvement_panel, place="main", position=20),
        extensions.Panel(key="normal", render=_normal_panel, place="main", position=15),
        extensions.Panel(key="next", render=_next_panel, place="aside", position=10),
        extensions.Panel(key="own rules", render=_own_rules_panel, place="aside", position=15),
        extensions.Panel(key="place", render=_place_panel, place="aside", position=17),
        extensions.Panel(key="budgets", render=_budget_panel, place="aside", position=20),
    ):
        extensions.customer_panels.add(panel)
    extensions.timeline_sources.add(
        extensions.TimelineSource(
            key="situations", at="opened_at", keys=_situation_keys, entries=_situation_entries, position=200
        )
    )
    extensions.timeline_sources.add(
        extensions.TimelineSource(
            key="own rule changes",
            at="history_date",
            keys=OWN_RULE_CHANGES.keys,
            entries=OWN_RULE_CHANGES.entries,
            tab="changes",
            position=210,
        )
    )
    extensions.touch_lengths.add(extensions.TouchLength(key="rules", seconds=_touch_lengths))
    extensions.way_lengths.add(extensions.WayLength(key="planning", km=_way_km))
    extensions.numbers.add(extensions.Number(key="retry_working_days", value=_retry_working_days))
