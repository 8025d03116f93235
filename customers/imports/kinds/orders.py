"""Orders from pending to won or lost, and stages that were set: lost with a reason, prospect again."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from msgspec.structs import replace

from accounts.permissions import Area
from customers.actions.lifecycle import sale_types_by_kind
from customers.facts import load_facts, order_fact
from customers.imports.fields import Currency, Instant, Reference, field_of
from customers.imports.kinds.base import (
    Kind,
    given,
    pk_of,
    refuse_future,
    refuse_hidden_amount,
    refuse_new_id,
)
from customers.imports.kinds.customers import company_currency, put
from customers.imports.kinds.work_of_people import Memberships
from customers.imports.runs import Run
from customers.imports.sources import Row
from customers.imports.storing import Store
from customers.lifecycle import Lifecycle
from customers.models import Order, OrderStatus, Stage, StageDecision
from territory import clock
from territory.folding import fold

# The file's word for each field of an order, where it differs from the product's.
DATES = {"opened": "opened_at", "closed": "closed_at", "expected": "expected_on"}


class Orders(Kind):
    """By external id, else by what for and when opened at its customer. Salesperson and team are frozen once an order is closed; the sale type follows by itself."""

    name = "orders"
    area = Area.ORDERS
    chunk = 1000
    needs = (("external_id", "title", "opened"), ("customer",), ("status",), ("amount",))
    fields = (
        field_of(Order, "external_id"),
        Reference("customer", target="customer", required=True),
        field_of(Order, "title"),
        field_of(Order, "status", required=True),
        field_of(Order, "amount", required=True, default=None),
        Currency("currency", currency=company_currency),
        Reference("step", target="order_step"),
        field_of(Order, "probability"),
        Reference("product_line", target="product_line"),
        Reference("sale_type", target="sale_type"),
        Instant("opened"),
        field_of(Order, "expected_on", field_name="expected"),
        Instant("closed"),
        field_of(Order, "lost_reason"),
        Reference("salesperson", target="person"),
        Reference("team", target="team"),
        field_of(Order, "note"),
    )

    def key(self, row: Row) -> Any:
        return row.get("external_id") or _said_of(row)

    def reached(self, run: Run) -> QuerySet[Order]:
        return run.references.reach.orders()

    def store(self, rows: list[Row], run: Run) -> None:
        store = run.store()
        existing = _existing(self.reached(run), rows)
        seen = run.references.reach.sees_amounts(order.customer_id for order in existing.values())
        memberships = Memberships(run, {row.values["customer"].pk for row in rows if row.get("salesperson")})
        written: list[Order] = []
        for row in rows:
            order = existing.get(self.key(row))
            if refuse_new_id(row, order, run) or not _is_sound(row, run.now):
                continue
            if order is not None and refuse_hidden_amount(row, "amount", order.customer_id, seen):
                continue
            values = self._values(row) | _whose(row, order, memberships, run)
            if row.outcome:
                continue
            before = order.customer_id if order else row.values["customer"].pk
            order = put(store, row, order, values, lambda values: Order(**values))
            if row.outcome != "unchanged":
                written.append(order)
                run.touched.customers |= {row.values["customer"].pk, before}
        _set_sale_types(written, store)
        store.flush(Order)
        run.touched.lifecycle |= run.touched.customers
        run.references.forget("order")

    def _values(self, row: Row) -> dict[str, Any]:
        values = given(row, "external_id", "title", "status", "amount", "probability", "lost_reason", "note")
        values["customer_id"] = row.values["customer"].pk
        values |= {column: row.values[name] for name, column in DATES.items() if name in row.values}
        values |= {f"{name}_id": pk_of(row.values[name]) for name in ("step", "product_line") if name in row.values}
        if row.get("sale_type"):
            values |= {"sale_type_id": row.values["sale_type"].pk, "sale_type_chosen": True}
        return values


def _said_of(row: Row) -> tuple[int, str, dt.datetime | None]:
    """What an order without an external id is known again by: its customer, what it is for, when it was opened."""
    return (row.values["customer"].pk, fold(row.get("title")), row.get("opened"))


def _existing(reached: QuerySet[Order], rows: list[Row]) -> dict[Any, Order]:
    """Orders within reach that the rows are about, by `Orders.key`."""
    found: dict[Any, Order] = {}
    ids = [row.get("external_id") for row in rows if row.get("external_id")]
    if ids:
        found |= {order.external_id: order for order in reached.filter(external_id__in=ids)}
    at = {row.values["customer"].pk for row in rows if not row.get("external_id")}
    if at:
        found |= {
            (order.customer_id, fold(order.title), order.opened_at): order
            for order in reached.filter(customer__in=at).order_by("-pk")
        }
    return found


def _is_sound(row: Row, now: dt.datetime) -> bool:
    """Ended orders have a closing, pending ones none; nothing closes before it was opened, or is still to come."""
    ended, closed, opened = row.values["status"] != OrderStatus.PENDING, row.get("closed"), row.get("opened")
    if not row.get("external_id") and not row.get("title") and opened is None:
        row.reject(_("without an external id say what the order is for, or when it was opened"), "external_id")
    elif ended and closed is None:
        row.reject(_("a won or lost order needs the day it closed"), "closed")
    elif not ended and closed is not None:
        row.reject(_("a pending order has not closed yet"), "closed")
    elif opened and closed and closed < opened:
        row.reject(_("the order closed before it was opened"), "closed")
    else:
        refuse_future(row, now, "opened", "closed")
    return not row.outcome


def _whose(row: Row, order: Order | None, memberships: Memberships, run: Run) -> dict[str, Any]:
    """Salesperson and team: as the row says; the team else that of the salesperson's membership, else the customer's."""
    frozen = order is not None and order.status != OrderStatus.PENDING
    person, team = row.get("salesperson"), row.get("team")
    if frozen and order is not None:
        if person and person.pk != order.salesperson_id and "salesperson" in row.values:
            row.reject(_("the salesperson is frozen since the order closed"), "salesperson")
        elif team and team.pk != order.team_id:
            row.reject(_("the team is frozen since the order closed"), "team")
        return {}
    values: dict[str, Any] = {"salesperson_id": pk_of(person)} if "salesperson" in row.values else {}
    if team:
        return values | {"team_id": team.pk}
    if person is None:
        return values | ({} if order else {"team_id": row.values["customer"].extra[0]})
    if order is not None and order.salesperson_id == person.pk and row.values["status"] == OrderStatus.PENDING:
        return values
    at = row.get("closed") or row.get("opened") or run.now
    membership = memberships.at(person.pk, row.values["customer"].pk, clock.day_of(at, clock.company_zone()))
    if membership is not None:
        return values | {"team_id": membership.team_id}
    return values if order else values | {"team_id": row.values["customer"].extra[0]}


def _set_sale_types(orders: list[Order], store: Store) -> None:
    """The sale type at closing where nobody chose one, judged among all orders of the customer; none while pending.

    The rebuilding that follows would do it too, with a second entry in the history of every order.
    """
    judged: dict[int, list[Order]] = defaultdict(list)
    for order in orders:
        if not order.sale_type_chosen:
            judged[order.customer_id].append(order)
    if not judged:
        return
    zone, kinds = clock.company_zone(), sale_types_by_kind()
    for customer, facts in load_facts(judged, zone=zone).items():
        own = [(order, order_fact(order)) for order in judged[customer]]
        mine = {order.pk for order in judged[customer] if order.pk}
        others = [fact for fact in facts.orders if fact.number not in mine]
        lifecycle = Lifecycle.of(replace(facts, orders=(*others, *(fact for _, fact in own))), tiers=(), zone=zone)
        for order, fact in own:
            kind = lifecycle.sale_type(fact)
            store.change(order, {"sale_type_id": kinds.get(str(kind)) if kind else None})


class Stages(Kind):
    """Stages set by hand elsewhere. The same customer at the same instant is the same decision."""

    name = "stages"
    needs = (("customer",), ("stage",), ("at",))
    fields = (
        Reference("customer", target="customer", required=True),
        field_of(StageDecision, "stage", required=True),
        field_of(StageDecision, "at", required=True),
        field_of(StageDecision, "reason"),
    )

    def key(self, row: Row) -> Any:
        return (row.values["customer"].pk, row.values["at"])

    def store(self, rows: list[Row], run: Run) -> None:
        store = run.store()
        decisions = StageDecision.objects.filter(customer__in={row.values["customer"].pk for row in rows})
        existing = {(decision.customer_id, decision.at): decision for decision in decisions}
        for row in rows:
            if row.values["stage"] == Stage.LOST and not row.get("reason"):
                row.reject(_("say why it was lost"), "reason")
            refuse_future(row, run.now, "at")
            if row.outcome:
                continue
            values = given(row, "stage", "at", "reason") | {"customer_id": row.values["customer"].pk}
            decision = existing.get(self.key(row))
            put(store, row, decision, values, lambda values: StageDecision(decided_by=run.actor, **values))
            if row.outcome != "unchanged":
                run.touched.customers.add(row.values["customer"].pk)
        store.flush(StageDecision)
        run.touched.lifecycle |= run.touched.customers
