"""Product lines, customers and contacts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.permissions import Area
from customers.imports.fields import Currency, Reference, field_of
from customers.imports.kinds.base import Kind, given, pk_of, refuse_hidden_amount, refuse_new_id
from customers.imports.references import Found
from customers.imports.runs import Run
from customers.imports.sources import Row
from customers.imports.storing import Store
from customers.models import Contact, Customer, CustomerTeam, Market, Potential, ProductLine
from territory.company.models import Company
from territory.folding import fold


def company_currency() -> str:
    """The one currency of the company."""
    company = Company.current()
    return company.currency if company else ""


class ProductLines(Kind):
    """What is sold: by external id, else by name."""

    name = "product_lines"
    area = Area.RULES
    whole_company = True
    needs = (("name",),)
    fields = (
        field_of(ProductLine, "external_id"),
        field_of(ProductLine, "name", required=True),
        field_of(ProductLine, "list_price"),
        field_of(ProductLine, "launched_on"),
        Currency("currency", currency=company_currency),
    )

    def key(self, row: Row) -> Any:
        return row.get("external_id") or fold(row.get("name"))

    def store(self, rows: list[Row], run: Run) -> None:
        store = run.store()
        lines = list(ProductLine.objects.all())
        by_id = {line.external_id: line for line in lines if line.external_id}
        by_name = {fold(line.name): line for line in lines}
        for row in rows:
            line = by_id.get(row.get("external_id")) or by_name.get(fold(row.get("name")))
            values = given(row, "external_id", "name", "list_price", "launched_on")
            put(store, row, line, values, lambda values: ProductLine(**values))
        store.flush(ProductLine)
        run.references.forget("product_line")


CUSTOMER = (
    "external_id", "name", "since", "address", "postcode", "town", "country",
    "latitude", "longitude", "phone", "web", "note", "visiting_hours",
)  # fmt: skip


class Customers(Kind):
    """Customers with market, team and yearly potential: by external id, else by a name that is theirs alone."""

    name = "customers"
    needs = (("name",),)
    fields = (
        *(field_of(Customer, name, required=name == "name") for name in CUSTOMER),
        Reference("market", target="market"),
        Reference("team", target="team"),
        field_of(CustomerTeam, "starts_on", field_name="team_from"),
        field_of(Potential, "amount", field_name="potential", default=None),
        field_of(Potential, "source", field_name="potential_source"),
        field_of(Potential, "noted_on", field_name="potential_noted_on"),
        Currency("currency", currency=company_currency),
    )

    def key(self, row: Row) -> Any:
        return row.get("external_id") or fold(row.get("name"))

    def customers_of(self, rows: list[Row], run: Run) -> set[int]:
        return _Existing(rows, run).keys()

    def store(self, rows: list[Row], run: Run) -> None:
        store = run.store()
        existing = _Existing(rows, run)
        markets = _markets(rows, run)
        kept: list[tuple[Row, Customer]] = []
        seen = run.references.reach.sees_amounts(existing.keys()) if run.mapping.has("potential") else set()
        for row in rows:
            try:
                customer = existing.of(row)
            except ValueError as error:
                row.reject(str(error), "name")
                continue
            if refuse_new_id(row, customer, run) or not _is_sound(row, customer, run.on):
                continue
            if customer is not None and refuse_hidden_amount(row, "potential", customer.pk, seen):
                continue
            kept.append((row, put(store, row, customer, self._values(row, markets), lambda values: Customer(**values))))
        store.flush(Customer)
        _keep_teams(kept, store, run)
        _keep_potentials(kept, store, run)
        store.flush(CustomerTeam, Potential)
        moved = {customer.pk for row, customer in kept if row.outcome in ("created", "changed")}
        run.touched.customers |= moved
        run.touched.lifecycle |= moved
        run.references.forget("customer")

    def _values(self, row: Row, markets: dict[str, int]) -> dict[str, Any]:
        values = given(row, *CUSTOMER)
        if "market" in row.values:
            market = row.values["market"]
            values["market_id"] = None if market is None else market.pk or markets[fold(market.name)]
        if row.get("team") is not None:
            values["team_id"] = row.values["team"].pk
        return values


class _Existing:
    """Customers that the rows may be about, within reach."""

    def __init__(self, rows: list[Row], run: Run) -> None:
        reached = run.references.reach.customers()
        ids = {row.get("external_id") for row in rows if row.get("external_id")}
        self.by_id = {customer.external_id: customer for customer in reached.filter(external_id__in=ids)}
        self._found = {
            row.values["name"]: run.references.named("customer", row.values["name"])
            for row in rows
            if not row.get("external_id")
        }
        self._named = reached.in_bulk([found[0].pk for found in self._found.values() if len(found) == 1])

    def keys(self) -> set[int]:
        """Primary keys of them all."""
        return {customer.pk for customer in (*self.by_id.values(), *self._named.values())}

    def of(self, row: Row) -> Customer | None:
        """The customer that a row is about; ValueError where its name fits several."""
        if row.get("external_id"):
            return self.by_id.get(row.get("external_id"))
        found = self._found[row.values["name"]]
        if len(found) > 1:
            raise ValueError(_("several customers are called so; give their external ids"))
        return self._named.get(found[0].pk) if found else None


def _is_sound(row: Row, customer: Customer | None, today: dt.date) -> bool:
    """A new customer has a team; a place is whole or absent; nothing begins in the future."""
    if customer is None and row.get("team") is None:
        row.reject(_("a new customer needs a team"), "team")
    elif (row.get("latitude") is None) != (row.get("longitude") is None):
        row.reject(
            _("give both latitude and longitude, or neither"),
            "latitude" if row.get("latitude") is None else "longitude",
        )
    for name in ("since", "potential_noted_on", "team_from"):
        if not row.outcome and row.get(name) and row.values[name] > today:
            row.reject(_("is still to come"), name)
    return not row.outcome


def _markets(rows: list[Row], run: Run) -> dict[str, int]:
    """Primary keys of the markets that rows name for the first time, created where they are not there yet."""
    new: dict[str, str] = {}
    for row in rows:
        market: Found | None = row.get("market")
        if market is not None and market.pk is None:
            new.setdefault(fold(market.name), market.name)
    if not new:
        return {}
    known = {fold(name): pk for pk, name in Market.objects.filter(parent__isnull=True).values_list("pk", "name")}
    store = run.store()
    created = [Market(name=name) for key, name in new.items() if key not in known]
    for market in created:
        store.add(market)
    store.flush(Market)
    run.references.forget("market")
    return known | {fold(market.name): market.pk for market in created}


def _keep_teams(kept: list[tuple[Row, Customer]], store: Store, run: Run) -> None:
    """The dated history of teams: since always for a new customer, else from the day given, else from today."""
    latest: dict[int, CustomerTeam] = {}
    same_day: dict[tuple, CustomerTeam] = {}
    for change in CustomerTeam.objects.filter(customer__in=[customer.pk for _row, customer in kept]):
        same_day[(change.customer_id, change.starts_on)] = change
        last = latest.get(change.customer_id)
        if last is None or last.starts_on is None or (change.starts_on and change.starts_on >= last.starts_on):
            latest[change.customer_id] = change
    for row, customer in kept:
        last = latest.get(customer.pk)
        if last is not None and last.team_id == customer.team_id:
            continue
        day = None if last is None else row.get("team_from") or run.on
        if (customer.pk, day) in same_day:
            store.change(same_day[(customer.pk, day)], {"team_id": customer.team_id})
        else:
            store.add(CustomerTeam(customer=customer, team_id=customer.team_id, starts_on=day))
        if row.outcome == "unchanged":
            row.outcome = "changed"


def _keep_potentials(kept: list[tuple[Row, Customer]], store: Store, run: Run) -> None:
    """One row of potential a customer and day; a blank one says nothing."""
    noted = [(row, customer) for row, customer in kept if row.get("potential") is not None]
    known = {
        (potential.customer_id, potential.noted_on): potential
        for potential in Potential.objects.filter(customer__in=[customer.pk for _row, customer in noted])
    }
    for row, customer in noted:
        day = row.get("potential_noted_on")
        values = {"amount": row.values["potential"]}
        if "potential_source" in row.values:
            values["source"] = row.values["potential_source"]
        potential = known.get((customer.pk, day))
        if potential is None:
            store.add(Potential(customer=customer, noted_on=day, noted_by=run.actor, **values))
        elif not store.change(potential, values):
            continue
        if row.outcome == "unchanged":
            row.outcome = "changed"


def put(store: Store, row: Row, existing: Any, values: dict[str, Any], make: Any) -> Any:
    """Add a new row or change what differs on the existing one; sets the outcome and returns the row."""
    if existing is None:
        existing = make(values)
        store.add(existing)
        row.outcome = "created"
    else:
        row.outcome = "changed" if store.change(existing, values) else "unchanged"
    return existing


CONTACT = ("external_id", "name", "title", "email", "phone", "decides", "since", "left_on", "note")


class Contacts(Kind):
    """The people at a customer: by external id, else by name at their customer."""

    name = "contacts"
    needs = (("customer",), ("name",))
    fields = (
        Reference("customer", target="customer", required=True),
        *(field_of(Contact, name, required=name == "name") for name in CONTACT),
        Reference("role", target="contact_role"),
    )

    def key(self, row: Row) -> Any:
        return row.get("external_id") or (row.values["customer"].pk, fold(row.get("name")))

    def reached(self, run: Run) -> QuerySet[Contact]:
        return run.references.reach.contacts()

    def store(self, rows: list[Row], run: Run) -> None:
        store = run.store()
        ids = {row.get("external_id") for row in rows if row.get("external_id")}
        by_id = {row.external_id: row for row in self.reached(run).filter(external_id__in=ids)}
        at = Contact.objects.filter(customer__in={row.values["customer"].pk for row in rows})
        by_name = {(contact.customer_id, fold(contact.name)): contact for contact in at}
        for row in rows:
            customer = row.values["customer"].pk
            contact = by_id.get(row.get("external_id"))
            if contact is None:
                same = by_name.get((customer, fold(row.values["name"])))
                contact = same if same and not (same.external_id and row.get("external_id")) else None
            if refuse_new_id(row, contact, run):
                continue
            if row.get("since") and row.get("left_on") and row.values["left_on"] < row.values["since"]:
                row.reject(_("the contact left before they were known"), "left_on")
                continue
            values = given(row, *CONTACT) | {"customer_id": customer}
            if "role" in row.values:
                values["role_id"] = pk_of(row.values["role"])
            before = contact.customer_id if contact else customer
            put(store, row, contact, values, lambda values: Contact(**values))
            if row.outcome != "unchanged":
                run.touched.customers |= {customer, before}
        store.flush(Contact)
        run.touched.lifecycle |= run.touched.customers
        run.references.forget("contact")
