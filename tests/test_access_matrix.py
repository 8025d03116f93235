"""Every address x everyone x every method, against docs/access-matrix.md: the one table, read by people and by this test.

`WRITE_ACCESS_MATRIX=1 ./test tests/test_access_matrix.py -n 0` writes the table anew: read the difference before you commit it.
A denied request (sign-in, 403, 404, 405) must not write to a table of the business either.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import UserSession
from customers.models import OrderStep, Receipt
from planning.models import BudgetShare
from territory import clock
from territory.jobs.models import JobRun
from territory.mail.models import Mail
from tests import factories
from tests.accounts.proofs import turn_on_passkey
from tests.accounts.signing_in import client_of
from tests.conftest import Cast
from tests.factories.receipts import PDF

TABLE = Path(__file__).parent.parent / "docs" / "access-matrix.md"
WRITES = bool(os.environ.get("WRITE_ACCESS_MATRIX"))
PEOPLE = [
    "signed out",
    "salesperson",
    "team-mate",
    "coordinator",
    "technical support",
    "manager",
    "other team's manager",
    "administrator",
    "deactivated",
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
SIGN_IN = "sign in"
# Addresses are asked in so many tests: each makes the cast and what the addresses are about but once.
PARTS = 8

# Tables that any request may write to: the session, the framework's own, what was denied.
NOT_BUSINESS = (
    "django_session",
    "accounts_usersession",
    "django_content_type",
    "django_migrations",
    "company_cache",
    "audit_denial",
)

HEAD = """# Who may do what, address by address

The cast: the salesperson owns the customer that every address is about, in the Exeter team of the South West. The team-mate and the
coordinator are in the same team, the technical support supports that customer, the manager is above the team. The other team's
manager is above another region. The deactivated person was in the team.

Cells hold the answer's status: 200 shown, 302 done, 422 permitted but what was sent (nothing) is not valid, 400 not understood, 403
seen but not permitted, 404 does not exist for them, 405 no such act; “sign in”: sent to the sign-in page first. PUT, PATCH and
DELETE are asked too and never do anything. `tests/test_access_matrix.py` holds every address to this table.
"""


def named_patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    """Every address of the resolver."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from named_patterns(entry)
        else:
            yield entry


def names() -> list[str]:
    return sorted({str(pattern.name) for pattern in named_patterns()})


def subjects(cast: Cast) -> dict[str, Any]:
    """What addresses are about, by the start of their names (the longest that fits)."""
    factories.tiers()
    factories.sale_types()
    order = factories.order(cast.own, 290_000, salesperson=cast.rep)
    closed = factories.order(cast.own, 500, "won", salesperson=cast.rep)
    touch = factories.touch(cast.own, cast.rep)
    undone = factories.touch(cast.own, cast.rep)
    work = factories.internal_work(cast.rep, cast.own)
    absence = factories.absence(cast.rep, touch.at.date(), touch.at.date())
    turn_on_passkey(cast.rep)
    BudgetShare.objects.create(
        customer=cast.own, role=cast.rep_membership.role, team=cast.exeter, share=1, touch_minutes=100
    )
    spent = factories.expense(cast.rep, customer=cast.own, receipt_type="application/pdf")
    Receipt.objects.create(expense=spent, content=PDF)
    return {
        "absence": absence.pk,
        "absence_create": cast.rep.pk,
        "assignment": cast.own.assignments.order_by("pk").first().pk,
        "assignment_create": cast.own.pk,
        "circumstance": factories.circumstance(cast.own).pk,
        "circumstance_create": cast.own.pk,
        "contact": factories.contact(cast.own, role=factories.contact_role()).pk,
        "contact_create": cast.own.pk,
        "cover": factories.cover(cast.rep, cast.mate_membership, dt.date(2026, 9, 1), dt.date(2026, 9, 4)).pk,
        "cover_create": cast.rep.pk,
        "customer": cast.own.pk,
        "call_plan": factories.call_plan(cast.exeter, cast.admin).pk,
        "draft": factories.rule_draft(cast.admin).pk,
        "data_file": factories.data_file(cast.admin).pk,
        "directory": cast.own.pk,
        "goal": factories.activity_goal(cast.rep).pk,
        "expense": spent.pk,
        "expense_decide": factories.expense(cast.rep, status="submitted", customer=cast.own).pk,
        "expense_take_back": factories.expense(cast.rep, status="submitted", customer=cast.own).pk,
        "holiday": _holiday().pk,
        "import": factories.import_of(cast.coordinator).pk,
        "import_mapping_remove": factories.kept_mapping(cast.coordinator).pk,
        "market": factories.market().pk,
        "market_potential": factories.market_potential(factories.market(), factories.product_line()).pk,
        "job": JobRun.objects.create(name="sweep", state="failed", queued_at="2026-06-09T08:00:00Z").pk,
        "mail": Mail.objects.create(
            recipient=cast.rep, kind="large_order", key="x", state="sent", created_at=touch.at, due_at=touch.at
        ).pk,
        "mfa": cast.rep.authenticator_set.get().pk,
        "membership": cast.rep_membership.pk,
        "membership_create": cast.rep.pk,
        "cost_of_sale_order": order.pk,
        "order": order.pk,
        "order_reopen": closed.pk,
        "own_rule": factories.own_rule(cast.own, dt.date(2026, 9, 1)).pk,
        "own_rule_create": cast.own.pk,
        "people": cast.rep.pk,
        "person": cast.rep.pk,
        "planned": factories.planned_touch(cast.own, cast.rep).pk,
        "product_line": factories.product_line().pk,
        "role": cast.rep_membership.role_id,
        "session": _session(cast.rep).pk,
        "rebalancing": factories.rebalancing(cast.own, cast.rep_membership, cast.mate_membership).pk,
        "rule": OrderStep.objects.create(name="Quotation").pk,
        "situation": factories.situation(order).pk,
        "team": cast.exeter.pk,
        "territory": factories.alignment(cast.exeter, cast.manager, (cast.own, cast.mate_membership)).pk,
        "my_week_stop": _week(cast).stops.get(day__isnull=False).pk,
        "busy_time": factories.busy_time(cast.rep, clock.now()).pk,
        "touch": touch.pk,
        "touch_restore": undone.pk,
        "work": work.pk,
        "work_value_person": cast.rep.pk,
        "workload_person": cast.rep.pk,
        "workload_unstaffed": cast.exeter.pk,
    }


def _session(user):
    session = Session.objects.create(session_key="another", session_data="", expire_date="2027-01-01T00:00:00Z")
    return UserSession.objects.create(session=session, user=user, begun_at=clock.now(), last_used_at=clock.now())


def _week(cast: Cast):
    """The rep's week, in which their customer stands."""
    monday = dt.date(2026, 6, 8)
    return factories.visit_plan(cast.rep, monday, (cast.own, monday + dt.timedelta(days=2)))


def _holiday():
    from territory.company.models import Holiday

    return Holiday.objects.create(on="2026-12-25", name="Christmas Day")


# Arguments of addresses that are no primary key.
OTHER_ARGUMENTS: dict[str, Callable[[], Any]] = {
    "week": lambda: "2026-06-08",
    "job": lambda: "sweep",
    "key": lambda: "order-steps",
    "name": lambda: "workload",
    "kind": lambda: "customers",
    "ending": lambda: "csv",
    "uidb36": lambda: "1",
    "token": lambda: "nobodys",
}


def address(name: str, about: dict[str, Any]) -> str:
    """The address of this name, about the cast's own rows."""
    pattern = next(pattern for pattern in named_patterns() if pattern.name == name)
    arguments = {}
    for argument in pattern.pattern.regex.groupindex:
        if argument == "key" and name.startswith("account_"):
            arguments[argument] = "set-password"
        elif argument in OTHER_ARGUMENTS:
            arguments[argument] = OTHER_ARGUMENTS[argument]()
        else:
            start = max((start for start in about if name.startswith(start)), key=len, default=None)
            assert start is not None, f"say in subjects() what {name} is about"
            arguments[argument] = about[start]
    question = f"?{name.removesuffix('_put_off')}={about['planned']}" if name == "planned_put_off" else ""
    if name == "map_card":
        question = f"?id={about['customer']}"
    return reverse(name, kwargs=arguments) + question


class Writes:
    """Remembers statements that write to tables of the business."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, execute, sql, params, many, context):
        start = sql.lstrip()[:6].upper()
        if start in ("INSERT", "UPDATE", "DELETE") and not any(table in sql for table in NOT_BUSINESS):
            self.seen.append(sql[:200])
        return execute(sql, params, many, context)


def answer(client: Client, method: str, url: str) -> str:
    """The answer in the words of the table; whatever was written is rolled back."""
    writes = Writes()
    with transaction.atomic(), connection.execute_wrapper(writes):
        response = client.generic(method, url)
        transaction.set_rollback(True)
    status = str(response.status_code)
    if status == "302" and response.url.startswith(reverse("account_login")):
        status = SIGN_IN
    assert response.status_code < 500, f"{method} {url}"
    if status in (SIGN_IN, "401", "403", "404", "405"):
        assert not writes.seen, f"{method} {url} was denied ({status}) and wrote: {writes.seen}"
    return status


class Callers:
    """A client of each of PEOPLE, as fresh for every address as after signing in: what a request writes is rolled back."""

    def __init__(self, cast: Cast) -> None:
        users = cast.everyone()
        self.clients = {person: client_of(users[person]) if person in users else Client() for person in PEOPLE}
        self._cookies = {person: deepcopy(client.cookies) for person, client in self.clients.items()}

    def answers(self, url: str) -> dict[str, list[str]]:
        """Method -> the answer for each of PEOPLE."""
        cache.clear()  # who asks too often is stopped otherwise
        found: dict[str, list[str]] = {method: [] for method in METHODS}
        for person, client in self.clients.items():
            for method in METHODS:
                client.cookies = deepcopy(self._cookies[person])
                found[method].append(answer(client, method, url))
        return found


def checked_in() -> dict[tuple[str, str], list[str]]:
    """The table: (name, method) -> answers."""
    rows = {}
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 2 + len(PEOPLE) and cells[1] in METHODS:
            rows[(cells[0].strip("`"), cells[1])] = cells[2:]
    return rows


@pytest.mark.parametrize("part", range(PARTS))
def test_every_address_answers_as_the_table_says(part, cast, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    about, callers, table, wrong = subjects(cast), Callers(cast), checked_in(), []
    for name in names()[part::PARTS]:
        found = callers.answers(address(name, about))
        for method in ("PUT", "PATCH", "DELETE"):
            assert not {status for status in found[method] if status[0] in "23"}, f"{method} {name} does something"
        if WRITES:
            _remember(name, found)
            continue
        for method in ("GET", "POST"):
            assert (name, method) in table, f"{name} has no row for {method} in {TABLE.name}"
            wrong += [
                f"{method} {name} for {person}: {now}, in the table {before}"
                for person, now, before in zip(PEOPLE, found[method], table[name, method], strict=True)
                if now != before
            ]
    assert not wrong, "\n".join(wrong)


def test_the_table_names_no_address_that_is_gone():
    assert {name for name, _method in checked_in()} == set(names())


def test_every_address_has_a_name():
    assert all(pattern.name for pattern in named_patterns())


def _remember(name: str, found: dict[str, list[str]]) -> None:
    rows = {key: value for key, value in (checked_in() if TABLE.exists() else {}).items() if key[0] in names()}
    rows |= {(name, method): found[method] for method in ("GET", "POST")}
    lines = [HEAD, f"| address | method | {' | '.join(PEOPLE)} |", "| --- " * (2 + len(PEOPLE)) + "|"]
    lines += [f"| `{key[0]}` | {key[1]} | {' | '.join(cells)} |" for key, cells in sorted(rows.items())]
    TABLE.write_text("\n".join(lines) + "\n")
