"""The audit's two pages: what was changed, what was denied; nothing that the reader's role does not see."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from customers.actions.customers import change_customer
from customers.models import Touch
from territory import clock
from territory.audit.events import Asked, piece
from tests import factories
from tests.accounts.signing_in import client_of

URL = "/audit/"


@pytest.fixture
def now(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    return clock.now()


def rename(cast, name, now):
    cast.own.refresh_from_db()
    change_customer(
        actor=cast.rep,
        now=now,
        customer=cast.own,
        version=cast.own.version,
        values={"name": name},
    )


def events(client, **asked):
    return client.get(URL, asked).context["piece"].events


def test_a_change_is_told_with_who_when_and_from_what_to_what(now, cast):
    rename(cast, "Bakers & Sons", now)
    event = events(client_of(cast.admin), kind="customers.customer", row=cast.own.pk)[0]
    assert (event.act, event.by, event.at, event.name) == ("~", cast.rep, now, "Bakers & Sons")
    assert [(row.label, row.before, row.after) for row in event.changes] == [("Name", "Own customer", "Bakers & Sons")]
    page = client_of(cast.admin).get(URL).content.decode()
    assert "Bakers &amp; Sons" in page
    assert reverse("customer_detail", args=[cast.own.pk]) in page


def test_it_is_narrowed_by_kind_person_row_and_days(now, cast):
    rename(cast, "First", now - dt.timedelta(days=3))
    rename(cast, "Second", now)
    client = client_of(cast.admin)
    assert {event.by for event in events(client, person=cast.rep.pk)} == {cast.rep}
    assert [event.name for event in events(client, person=cast.rep.pk)] == ["Second", "First"]
    assert [event.name for event in events(client, person=cast.rep.pk, since="2026-06-09")] == ["Second"]
    assert [event.name for event in events(client, person=cast.rep.pk, until="2026-06-06")] == ["First"]
    assert {event.kind.key for event in events(client, kind="accounts.team")} == {"accounts.team"}
    assert all(event.by is None for event in events(client, by_nobody="on"))


@pytest.mark.parametrize(
    "asked",
    [{"kind": "customers.nothing"}, {"row": "x"}, {"person": "98765432"}, {"since": "2026-13-01"}, {"after": "x"}],
)
def test_a_wrong_filter_is_named_and_nothing_breaks(cast, asked):
    assert client_of(cast.admin).get(URL, asked).status_code == 200


def test_days_the_wrong_way_round_are_said(cast):
    page = client_of(cast.admin).get(URL, {"since": "2026-06-09", "until": "2026-06-01"}).content.decode()
    assert "The last day is before the first." in page


def test_older_events_follow_each_once(now, cast):
    for number in range(30):
        rename(cast, f"Name {number}", now)  # all in one instant
    client, address, seen = client_of(cast.admin), f"{URL}?kind=customers.customer", []
    answer = client.get(address)
    while True:
        piece = answer.context["piece"]
        seen += [(event.kind.key, event.row, event.name) for event in piece.events]
        if piece.next is None:
            break
        answer = client.get(address, {"after": str(piece.next), "kind": "customers.customer"})
    assert [name for _kind, _row, name in seen if name.startswith("Name")] == [f"Name {n}" for n in range(29, -1, -1)]


def test_many_events_take_as_many_questions_as_few(now, cast):
    client = client_of(cast.admin)
    counts = []
    for number in (1, 30):
        for _each in range(number):
            rename(cast, f"Name {_each} of {number}", now)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(URL)
        counts.append(len(queries))
        assert len(answer.content) < 60_000
    assert counts[0] == counts[1] <= 12


@pytest.mark.skipif(connection.vendor != "postgresql", reason="its planner reads a whole table where SQLite's does not")
def test_no_history_is_read_as_a_whole(now, cast):
    """Of half a million touches twenty are told, and of each the one version before."""
    touch = factories.touch(cast.own, cast.rep)
    model = Touch.history.model
    known = {field.attname: getattr(touch, field.attname) for field in model.tracked_fields}
    versions = (
        model(**known | {"id": number // 2}, history_date=now + dt.timedelta(seconds=number), history_type="~")
        for number in range(4000)
    )
    model.objects.bulk_create(versions, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {model._meta.db_table}")
    with CaptureQueriesContext(connection) as queries:
        assert len(piece(Asked(), lambda _area: True).events) == 20
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            assert "Seq Scan on customers_historicaltouch" not in "\n".join(row[0] for row in cursor.fetchall())


def test_a_role_with_the_audit_alone_learns_who_and_when_and_no_more(now, cast):
    """Names, amounts and cost rates have areas of their own."""
    factories.order(cast.own, Decimal("7654321.09"), title="Secret order")
    Role.objects.filter(name="Technical support").update(access={"audit": {"see": "all"}, "orders": {"see": "own"}})
    technician = client_of(cast.technician)
    page = technician.get(URL).content.decode()
    assert "Order" in page
    for secret in ("7,654,321", "7654321", "Secret order", "Own customer"):
        assert secret not in page
    assert all(not event.changes and not event.name and not event.url for event in events(technician))


def test_amounts_are_left_out_where_only_orders_are_seen(now, cast):
    order = factories.order(cast.own, Decimal("7654321.09"), title="Seen order")
    everything = {area: {"see": "all"} for area in ("audit", "orders", "customers", "touches")}
    Role.objects.filter(name="Technical support").update(access=everything)
    order.amount = Decimal("8765432.10")
    order.save()
    event = events(client_of(cast.technician), kind="customers.order", row=order.pk)[0]
    assert (event.name, event.changes, event.is_hidden) == ("Seen order, Own customer", (), True)
    assert [row.label for row in events(client_of(cast.admin), kind="customers.order", row=order.pk)[0].changes] == [
        "Amount"
    ]


def test_signing_in_is_no_change_of_the_person(client, cast):
    cast.rep.set_password("a right one, this time")
    cast.rep.save()
    known = cast.rep.history.count()
    client.post(reverse("account_login"), {"login": cast.rep.email, "password": "a right one, this time"})
    cast.rep.refresh_from_db()
    assert cast.rep.last_login is not None
    assert cast.rep.history.count() == known


def test_who_may_not_see_the_audit_is_told_so(cast):
    for url in (URL, reverse("audit_denied")):
        assert client_of(cast.manager).get(url).status_code == 403
