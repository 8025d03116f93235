"""Who works on which customer, as what, from when to when."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import JobProfile, Membership
from customers.actions.assignments import AUTHORISES
from customers.imports.fields import Reference, field_of
from customers.imports.kinds.base import Kind, given, pk_of
from customers.imports.kinds.customers import put
from customers.imports.kinds.work_of_people import in_force
from customers.imports.runs import Run
from customers.imports.sources import Row
from customers.models import OWNER_KINDS, Assignment, AssignmentKind


class Assignments(Kind):
    """The same person on the same customer from the same day is the same assignment."""

    name = "assignments"
    needs = (("customer",), ("person",))
    fields = (
        Reference("customer", target="customer", required=True),
        Reference("person", target="person", required=True),
        Reference("team", target="team"),
        Reference("role", target="role"),
        field_of(Assignment, "kind"),
        field_of(Assignment, "share"),
        field_of(Assignment, "starts_on"),
        field_of(Assignment, "ends_on"),
    )

    def key(self, row: Row) -> Any:
        place = (pk_of(row.get("team")), pk_of(row.get("role")))
        return (row.values["customer"].pk, row.values["person"].pk, *place, row.get("starts_on"))

    def store(self, rows: list[Row], run: Run) -> None:
        store = run.store()
        at = _by_customer(row.values["customer"].pk for row in rows)
        for row in rows:
            customer = row.values["customer"].pk
            existing = _same(row, at[customer])
            membership = existing.membership if existing else _membership(row, run)
            if membership is None:
                row.reject(_("has no such membership at that time"), "person")
                continue
            values = {"kind": AssignmentKind.LEAD} if existing is None else {}
            values |= given(row, "kind", "share", "starts_on", "ends_on")
            wanted = _as_it_would_be(existing, values)
            if not _is_sound(row, wanted, membership, [other for other in at[customer] if other is not existing]):
                continue
            kept = put(
                store,
                row,
                existing,
                values,
                lambda values, m=membership, c=customer: Assignment(customer_id=c, membership=m, **values),
            )
            if existing is None:
                at[customer].append(kept)
            if row.outcome != "unchanged":
                run.touched.customers.add(customer)
        store.flush(Assignment)
        run.touched.lifecycle |= run.touched.customers


def _by_customer(customers: Iterable[int]) -> dict[int, list[Assignment]]:
    found: dict[int, list[Assignment]] = defaultdict(list)
    rows = Assignment.objects.filter(customer__in=set(customers)).select_related("membership").order_by("pk")
    for row in rows:
        found[row.customer_id].append(row)
    return found


def _fits(row: Row, membership: Membership) -> bool:
    """Whether a membership is of the team and role that the row names, where it names them."""
    team, role = pk_of(row.get("team")), pk_of(row.get("role"))
    return team in (None, membership.team_id) and role in (None, membership.role_id)


def _same(row: Row, assignments: list[Assignment]) -> Assignment | None:
    for assignment in assignments:
        membership = assignment.membership
        same_person = membership.user_id == row.values["person"].pk
        if same_person and assignment.starts_on == row.get("starts_on") and _fits(row, membership):
            return assignment
    return None


def _membership(row: Row, run: Run) -> Membership | None:
    """The person's membership that the row names: in force when the assignment starts, else (since always) today."""
    day = row.get("starts_on") or row.get("ends_on") or run.on
    known = run.references
    fitting = [one for one in known.memberships(row.values["person"].pk) if _fits(row, one) and known.within_teams(one)]
    return next((one for one in fitting if in_force(one, day)), None)


def _as_it_would_be(existing: Assignment | None, values: dict[str, Any]) -> dict[str, Any]:
    before = {name: getattr(existing, name) for name in ("kind", "share", "starts_on", "ends_on")} if existing else {}
    return {"share": None, "starts_on": None, "ends_on": None} | before | values


def _is_sound(row: Row, wanted: dict[str, Any], membership: Membership, others: list[Assignment]) -> bool:
    """What the job profile authorises, dates in order, one owner at a time, shares of a role of 1 at most."""
    first, last = wanted["starts_on"], wanted["ends_on"]
    if first and last and last < first:
        row.reject(_("the last day is before the first"), "ends_on")
    elif wanted["kind"] not in AUTHORISES[JobProfile(membership.profile)]:
        row.reject(
            _("the job profile of this person does not authorise them to be %(kind)s") % {"kind": wanted["kind"]},
            "kind",
        )
    elif wanted["kind"] in OWNER_KINDS and any(
        one.kind in OWNER_KINDS and _overlap(one, first, last) for one in others
    ):
        row.reject(_("the customer has another owner at that time"), "person")
    elif _shares_above_one(wanted, membership, others):
        row.reject(_("the shares of this role add up to more than 1"), "share")
    return not row.outcome


def _overlap(other: Assignment, first: dt.date | None, last: dt.date | None) -> bool:
    begins = other.starts_on is None or last is None or other.starts_on <= last
    ends = other.ends_on is None or first is None or first <= other.ends_on
    return begins and ends


def _shares_above_one(wanted: dict[str, Any], membership: Membership, others: list[Assignment]) -> bool:
    share = wanted["share"]
    if share is None:
        return False
    same_role = [
        one
        for one in others
        if one.share is not None
        and one.membership.role_id == membership.role_id
        and _overlap(one, wanted["starts_on"], wanted["ends_on"])
    ]
    # Sums change only where one begins: look at those days within the wanted one's own.
    days = [wanted["starts_on"] or dt.date.min, *(one.starts_on for one in same_role if one.starts_on)]
    days = [day for day in days if wanted["starts_on"] is None or day >= wanted["starts_on"]]
    sums = (sum((one.share or Decimal(0) for one in same_role if in_force(one, day)), share) for day in days)
    return any(total > 1 for total in sums)
