"""Search over everything, and choices for a customer by a few letters: only what the reader may see."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer
from territory import clock
from tests import factories


@pytest.fixture
def get(client):
    """Fetches an address as somebody."""

    def fetch(user, path):
        client.force_login(user)
        return client.get(path)

    return fetch


def found(get, user, words):
    groups = get(user, f"/search/?q={words}").context["found"]
    return {
        kind: [str(row) for row in getattr(groups, kind)]
        for kind in ("customers", "contacts", "orders", "people")
        if getattr(groups, kind)
    }


def test_finds_each_kind_whatever_case_and_accents(get, cast):
    factories.customer("Ågård Æble", owner=cast.rep_membership)
    factories.contact(cast.own, "Agnès Agard")
    factories.order(cast.own, title="AGARD line")
    factories.person("Per Ågård")
    assert found(get, cast.rep, "agard") == {
        "customers": ["Ågård Æble"],
        "contacts": ["Agnès Agard"],
        "orders": ["AGARD line"],
        "people": ["Per Ågård"],
    }


def test_hidden_rows_are_not_found(get, cast):
    factories.contact(cast.foreign, "Zelda Contact")
    factories.order(cast.foreign, title="Zelda order")
    assert found(get, cast.rep, "zelda") == {}
    assert found(get, cast.rep, "foreign") == {}
    assert set(found(get, cast.admin, "zelda")) == {"contacts", "orders"}


def test_people_are_found_by_name_never_by_their_address(get, cast):
    factories.person("Someone", email="quaint.secret@example.com")
    assert found(get, cast.rep, "quaint") == {}


def test_archived_customers_and_what_hangs_on_them_are_left_out(get, cast):
    factories.contact(cast.own, "Zelda Contact")
    cast.own.archived_at = clock.now()
    cast.own.save(update_fields=["archived_at"])
    assert found(get, cast.rep, "zelda") == {}
    assert found(get, cast.rep, "own") == {}


def test_recent_customers_come_first(get, cast):
    last = factories.customer("Zz own", owner=cast.rep_membership)
    factories.touch(last, cast.rep, at=clock.now() - dt.timedelta(hours=1))
    assert found(get, cast.rep, "own")["customers"] == ["Zz own", "Own customer"]
    assert found(get, cast.rep, "")["customers"] == ["Zz own", "Own customer"]


def test_signs_of_a_query_language_are_letters(get, cast):
    for words in ("%25", "_", "' OR 1=1 --", "\\"):
        assert found(get, cast.rep, words) == {}, words


def test_the_suggestions_are_rows_alone(get, cast):
    content = get(cast.rep, reverse("search_suggest") + "?q=own").content.decode()
    assert "Own customer" in content
    assert "<html" not in content


# --- A customer by a few letters ---


def options(get, user, words="") -> list[str]:
    content = get(user, reverse("customer_options") + f"?q={words}").content.decode()
    return [part.split('"')[0] for part in content.split('data-text="')[1:]]


def test_options_begin_with_the_recent_ones(get, cast):
    recent = factories.customer("Zz recent", owner=cast.rep_membership)
    factories.touch(recent, cast.rep)
    assert options(get, cast.rep) == ["Zz recent", "Own customer"]


def test_options_go_on_with_others_where_a_recent_one_is_archived(get, cast):
    recent = [factories.customer(f"Zz {number}", owner=cast.rep_membership) for number in range(8)]
    for each in recent:
        factories.touch(each, cast.rep)
    Customer.objects.filter(pk=recent[0].pk).update(archived_at=clock.now())
    assert sorted(options(get, cast.rep)) == ["Own customer", *(f"Zz {number}" for number in range(1, 8))]


def test_options_that_begin_so_come_before_those_that_hold_it(get, cast):
    factories.customer("An owner", owner=cast.rep_membership)
    assert options(get, cast.rep, "own") == ["Own customer", "An owner"]


def test_options_hold_no_hidden_customer(get, cast):
    assert options(get, cast.rep, "foreign") == []
    assert options(get, cast.rep, "mate") == []


def test_options_are_escaped(get, cast):
    factories.customer('"><script>', owner=cast.rep_membership)
    content = get(cast.rep, reverse("customer_options") + "?q=script").content.decode()
    assert "<script>" not in content


def test_as_many_questions_for_many_as_for_one(client, cast):
    client.force_login(cast.rep)

    def questions(path) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        return len(queries)

    def add():
        row = factories.customer("Own more", owner=cast.rep_membership)
        factories.touch(row, cast.rep)
        factories.contact(row, "Own contact")
        factories.order(row, title="Own order")
        factories.person("Own person")

    add()
    few = questions("/search/?q=own"), questions("/search/"), questions("/customers/options/")
    for _ in range(9):
        add()
    many = questions("/search/?q=own"), questions("/search/"), questions("/customers/options/")
    assert (many[0], many[1] <= few[1], many[2] <= few[2]) == (few[0], True, True)


HOSTILE = [
    "%00",
    "a%00b",
    "%F0%9F%92%A9",
    "99999999999999999999999",
    "-1",
    "%C2%B2",
    "' OR 1=1 --",
    "0000-01",
    "9999-12",
    "[]",
    "a" * 300,
]
NAMES = [
    "q",
    "view",
    "tier",
    "stage",
    "market",
    "team",
    "person",
    "sort",
    "columns",
    "page",
    "month",
    "status",
    "customer",
    "after",
    "tab",
    "role",
    "line",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_whatever_stands_in_an_address_is_answered(client, cast, value):
    client.force_login(cast.rep)
    query = "&".join(f"{name}={value}" for name in NAMES)
    pk = cast.own.pk
    for path in (
        "/customers/",
        "/customers/filters/",
        "/customers/options/",
        "/customers/export.csv",
        f"/customers/{pk}/",
        f"/customers/{pk}/timeline/",
        f"/customers/{pk}/contacts/new/",
        "/orders/",
        "/orders/filters/",
        "/orders/export.csv",
        "/orders/new/",
        "/search/",
        "/search/suggest/",
        "/markets/",
    ):
        response = client.get(f"{path}?{query}")
        assert response.status_code == 200, path
        if response.streaming:
            b"".join(response.streaming_content)
    assert client.get("/customers/99999999999999999999999/").status_code == 404
