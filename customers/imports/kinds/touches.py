"""Touches and internal work: what was done, by whom, for how long."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _

from accounts.permissions import Area
from customers.imports.fields import Length, Reference, Text, field_of
from customers.imports.kinds.base import Kind, given, pk_of, refuse_future, refuse_new_id
from customers.imports.kinds.customers import put
from customers.imports.kinds.work_of_people import Memberships
from customers.imports.runs import Run
from customers.imports.sources import Row
from customers.imports.storing import Store
from customers.models import Contact, InternalWork, PlannedTouch, Touch, TouchPerson
from customers.models.touches import IMPLAUSIBLE_SECONDS, parts_of
from territory import clock
from territory.folding import fold

# Rows without an external id are known again by what they say.
ROWS_WITHOUT_ID = uuid.UUID("6f1d5a0e-7f0c-4f0e-9b58-2a4f5d1c9e77")

# As the form: more internal work than this on one day is a mistake.
A_DAY = 24 * 3600


def uuid_of(*parts: object) -> uuid.UUID:
    """The same parts give the same UUID."""
    return uuid.uuid5(ROWS_WITHOUT_ID, "\x1f".join(str(part) for part in parts))


class Touches(Kind):
    """By external id; without one, the same customer, type, instant and person is the same touch. Blank person: unknown."""

    name = "touches"
    area = Area.TOUCHES
    needs = (("customer",), ("type",), ("at",))
    fields = (
        field_of(Touch, "external_id"),
        Reference("customer", target="customer", required=True),
        Reference("type", target="touch_type", required=True),
        field_of(Touch, "at", required=True, default=None),
        Length("minutes"),
        Length("travel_minutes"),
        Reference("person", target="person"),
        Reference("role", target="role"),
        field_of(Touch, "outcome"),
        Reference("order", target="order"),
        Text("contact", max_length=150),
        field_of(Touch, "note"),
    )

    def key(self, row: Row) -> Any:
        return row.get("external_id") or self._uuid(row)

    def _uuid(self, row: Row) -> uuid.UUID:
        at: dt.datetime = row.values["at"]
        return uuid_of(
            "touch", row.values["customer"].pk, row.values["type"].pk, at.isoformat(), pk_of(row.get("person"))
        )

    def reached(self, run: Run) -> QuerySet[Touch]:
        return run.references.reach.touches()

    def store(self, rows: list[Row], run: Run) -> None:
        store = run.store()
        existing = _existing(self.reached(run), rows, self._uuid)
        prefetch_related_objects(list(existing.values()), "people", "contacts")
        memberships = Memberships(run, {row.values["customer"].pk for row in rows if row.get("person")})
        contacts = _contacts(rows)
        kept: list[tuple[Row, Touch]] = []
        links: list[Any] = []
        for row in rows:
            touch = existing.get(self.key(row))
            contact = _contact(row, contacts)
            refuse_future(row, run.now, "at")
            if not _belongs(row) or refuse_new_id(row, touch, run):
                continue
            before = touch.customer_id if touch else row.values["customer"].pk
            people = list(touch.people.all()) if touch else []
            beside = (touch.took_part, touch.met) if touch else ([], [])
            values = self._values(row, touch, several=len(people) > 1)
            touch = put(store, row, touch, values, lambda values, row=row: self._new(row, values, run))
            if row.get("person"):
                people = _with_person(row, touch, people, memberships, store)
            for person in people:
                store.change(person, {"at": touch.at})
            touch.took_part, touch.met = parts_of(people), sorted({*beside[1], *([contact] if contact else [])})
            links += [Touch.contacts.through(touch=touch, contact_id=pk) for pk in touch.met if pk not in beside[1]]
            if touch.pk is not None and (touch.took_part, touch.met) != beside:
                store.changed_beside(touch)
                row.outcome = "changed"
            kept.append((row, touch))
            _touched(row, before, run)
        store.flush(Touch, TouchPerson)
        Touch.contacts.through.objects.bulk_create(links)
        _close_planned([(row, touch) for row, touch in kept if row.outcome == "created"], store)
        store.flush(PlannedTouch)

    def _values(self, row: Row, touch: Touch | None, *, several: bool) -> dict[str, Any]:
        """What the row says. The lengths of a touch of several people, shared out by hand, are left alone."""
        values = given(row, "external_id", "at", "outcome", "note")
        values |= {"customer_id": row.values["customer"].pk, "type_id": row.values["type"].pk}
        if "order" in row.values:
            values["order_id"] = pk_of(row.values["order"])
        if several:
            return values
        minutes, travel = row.get("minutes"), row.get("travel_minutes")
        if minutes is None and touch is None:
            (minutes,) = row.values["type"].extra
        if minutes is not None:
            values |= {"duration_seconds": minutes, "is_implausible": minutes > IMPLAUSIBLE_SECONDS}
        if travel is not None:
            values["travel_seconds"] = travel
        return values

    def _new(self, row: Row, values: dict[str, Any], run: Run) -> Touch:
        known_by = uuid.uuid4() if row.get("external_id") else self._uuid(row)
        return Touch(uuid=known_by, logged_by=run.actor, logged_at=run.now, **values)


def _existing(stored: Any, rows: list[Row], uuid_of_row: Any) -> dict[Any, Any]:
    """Rows stored already and within reach, by external id, or by UUID where the file gives none."""
    ids = {row.get("external_id") for row in rows if row.get("external_id")}
    uuids = {uuid_of_row(row) for row in rows if not row.get("external_id")}
    found: dict[Any, Any] = {}
    if ids:
        found |= {one.external_id: one for one in stored.filter(external_id__in=ids)}
    if uuids:
        found |= {one.uuid: one for one in stored.filter(uuid__in=uuids)}
    return found


def _belongs(row: Row) -> bool:
    """An order is of the row's customer."""
    order = row.get("order")
    if order is not None and row.get("customer") is not None and order.extra[0] != row.values["customer"].pk:
        row.reject(_("the order is another customer's"), "order")
    return not row.outcome


def _touched(row: Row, before: int, run: Run) -> None:
    """A touch is a fact of its customer; it can move the beginning only of a customer without a since of its own."""
    if row.outcome == "unchanged":
        return
    customer = row.values["customer"]
    run.touched.customers |= {customer.pk, before}
    if customer.extra[1] is None:
        run.touched.lifecycle.add(customer.pk)
    if before != customer.pk:
        run.touched.lifecycle.add(before)


def _with_person(row: Row, touch: Touch, people: list[TouchPerson], memberships: Memberships, store: Store) -> list:
    """The people of the touch with that of the row, who takes the place of its only person."""
    if len(people) > 1:
        return people
    user = row.values["person"].pk
    lengths = {"duration_seconds": touch.duration_seconds, "travel_seconds": touch.travel_seconds}
    if people and people[0].user_id == user:
        store.change(people[0], lengths)
        return people
    role = _role(row, user, touch, memberships, clock.day_of(touch.at, clock.company_zone()))
    if people:
        store.change(people[0], lengths | {"user_id": user, "role_id": role})
        return people
    person = TouchPerson(touch=touch, user_id=user, role_id=role, **lengths)
    store.add(person)
    return [person]


def _role(row: Row, user: int, touch: Touch, memberships: Memberships, day: dt.date) -> int | None:
    """The role of that time: as the row says, else of the membership under which they worked."""
    if row.get("role"):
        return row.values["role"].pk
    membership = memberships.at(user, touch.customer_id, day)
    return membership.role_id if membership else None


def _contacts(rows: list[Row]) -> dict[tuple[int, str], int]:
    """Contacts of the rows' customers, by customer and external id or name."""
    naming = {row.values["customer"].pk for row in rows if row.get("contact")}
    known: dict[tuple[int, str], int] = {}
    if naming:
        for contact in Contact.objects.filter(customer__in=naming):
            for word in (fold(contact.name), contact.external_id):
                if word:
                    known[(contact.customer_id, word)] = contact.pk
    return known


def _contact(row: Row, contacts: dict[tuple[int, str], int]) -> int | None:
    """The contact met, found by external id or name at the row's customer; an unknown one rejects the row."""
    text = row.get("contact")
    if not text:
        return None
    customer = row.values["customer"].pk
    found = contacts.get((customer, text)) or contacts.get((customer, fold(text)))
    if found is None:
        row.reject(_("this customer has no contact with this external id / name"), "contact")
    return found


def _close_planned(new: list[tuple[Row, Touch]], store: Store) -> None:
    """A touch does what was planned by its day: of its type at its customer, the person's own before others', first due first."""
    if not new:
        return
    zone = clock.company_zone()
    waiting: dict[tuple[int, int], list[PlannedTouch]] = defaultdict(list)
    for planned in PlannedTouch.objects.open().filter(customer__in={touch.customer_id for _row, touch in new}):
        waiting[(planned.customer_id, planned.type_id)].append(planned)
    for row, touch in sorted(new, key=lambda one: one[1].at):
        person = pk_of(row.get("person"))
        end = clock.end_of_day(clock.day_of(touch.at, zone), zone)
        able = [planned for planned in waiting.get((touch.customer_id, touch.type_id), ()) if planned.planned_at < end]
        done = min(able, key=lambda one: (one.assignee_id != person, one.due_on, one.pk), default=None)
        if done is not None:
            waiting[(touch.customer_id, touch.type_id)].remove(done)
            store.change(done, {"closed_at": touch.logged_at, "closed_by_touch_id": touch.pk})


class InternalWorks(Kind):
    """By external id; without one, a row that says the same is the same work."""

    name = "internal_work"
    area = Area.TOUCHES
    needs = (("person",), ("spent_on",), ("minutes",))
    fields = (
        field_of(InternalWork, "external_id"),
        Reference("person", target="person", required=True),
        field_of(InternalWork, "kind"),
        field_of(InternalWork, "spent_on", required=True),
        Length("minutes", required=True),
        Reference("customer", target="customer"),
        Reference("order", target="order"),
        Reference("team", target="team"),
        Reference("role", target="role"),
        field_of(InternalWork, "note"),
    )

    def key(self, row: Row) -> Any:
        return row.get("external_id") or self._uuid(row)

    def _uuid(self, row: Row) -> uuid.UUID:
        whom = (pk_of(row.get(name)) for name in ("person", "customer", "order", "team"))
        what = (row.get(name) for name in ("kind", "spent_on", "minutes", "note"))
        return uuid_of("internal work", *whom, *what)

    def reached(self, run: Run) -> QuerySet[InternalWork]:
        return run.references.reach.internal_work()

    def customers_of(self, rows: list[Row], run: Run) -> set[int]:
        stored = {work.customer_id for work in _existing(self.reached(run), rows, self._uuid).values()} - {None}
        customers = {row.values["customer"].pk for row in rows if row.get("customer")}
        return customers | {row.values["order"].extra[0] for row in rows if row.get("order")} | stored

    def store(self, rows: list[Row], run: Run) -> None:
        store = run.store()
        existing = _existing(self.reached(run), rows, self._uuid)
        memberships = Memberships(run, {row.values["customer"].pk for row in rows if row.get("customer")})
        for row in rows:
            work = existing.get(self.key(row))
            if row.values["spent_on"] > run.on:
                row.reject(_("is still to come"), "spent_on")
            if row.values["minutes"] > A_DAY:
                row.reject(_("is longer than a day"), "minutes")
            if not _belongs(row) or refuse_new_id(row, work, run):
                continue
            before = {work.customer_id} if work else set()
            values = self._values(row, work, memberships)
            if row.outcome:
                continue
            work = put(store, row, work, values, lambda values, row=row: self._new(row, values, run))
            if row.outcome != "unchanged":
                concerned = {pk for pk in before | {work.customer_id} if pk}
                run.touched.customers |= concerned
                run.touched.lifecycle |= concerned  # the earliest may be the earliest fact of a customer
        store.flush(InternalWork)

    def _values(self, row: Row, work: InternalWork | None, memberships: Memberships) -> dict[str, Any]:
        """What the row says; for nobody named: for the team in which the person was. The role is that of the time."""
        values = given(row, "external_id", "kind", "spent_on", "note")
        values |= {"user_id": row.values["person"].pk, "duration_seconds": row.values["minutes"]}
        order, customer = row.get("order"), row.get("customer")
        customer_id = customer.pk if customer else order.extra[0] if order else None
        values |= {"customer_id": customer_id, "order_id": pk_of(order)}
        membership = memberships.at(values["user_id"], customer_id, values["spent_on"])
        if row.get("team"):
            values["team_id"] = row.values["team"].pk
        elif customer_id is None and (work is None or work.team_id is None):
            if membership is None:
                row.reject(_("say for which customer, order or team: this person was in no team on that day"), "team")
            else:
                values["team_id"] = membership.team_id
        if row.get("role"):
            values["role_id"] = row.values["role"].pk
        elif work is None:
            values["role_id"] = membership.role_id if membership else None
        return values

    def _new(self, row: Row, values: dict[str, Any], run: Run) -> InternalWork:
        known_by = uuid.uuid4() if row.get("external_id") else self._uuid(row)
        return InternalWork(uuid=known_by, logged_by=run.actor, logged_at=run.now, **values)
