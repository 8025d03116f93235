"""The list of customers: who sees which rows, search, filters, sort, columns, file, and what it costs."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from territory import clock
from tests import factories

LIST = "/customers/"


@pytest.fixture
def get(client):
    """Fetches an address as somebody."""

    def fetch(user, path, **headers):
        client.force_login(user)
        return client.get(path, headers=headers)

    return fetch


def names(response) -> list[str]:
    return [row.subject.name for row in response.context["page"].object_list]


def text(response) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode()


def worth(customer, amount: int):
    customer.yearly_value = Decimal(amount)
    customer.save(update_fields=["yearly_value"])
    return customer


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("rep", ["Own customer"]),
        ("mate", ["Mate's customer"]),
        ("technician", ["Own customer"]),
        ("coordinator", ["Mate's customer", "Own customer"]),
        ("manager", ["Mate's customer", "Own customer"]),
        ("other_rep", ["Foreign customer"]),
        ("admin", ["Foreign customer", "Mate's customer", "Own customer"]),
    ],
)
def test_each_sees_the_customers_within_reach(get, cast, who, expected):
    assert names(get(getattr(cast, who), LIST)) == expected


def test_a_person_without_any_role_is_refused(get, cast):
    assert get(factories.person(), LIST).status_code == 403


def test_nobody_signed_out_sees_the_list(client, cast):
    assert client.get(LIST).status_code == 302


def test_an_archived_customer_is_left_out_until_asked_for(get, cast):
    cast.own.archived_at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    cast.own.save(update_fields=["archived_at"])
    assert names(get(cast.rep, LIST)) == []
    assert names(get(cast.rep, f"{LIST}?archived=on")) == ["Own customer"]


@pytest.mark.parametrize("words", ["muller", "MÜLLER", "Müller köln", "koln mull", "strasse"])
def test_search_knows_neither_case_nor_accents(get, cast, words):
    factories.customer("Müller Straße", owner=cast.rep_membership, town="Köln")
    assert names(get(cast.rep, f"{LIST}?q={words}")) == ["Müller Straße"]


def test_search_finds_nothing_hidden(get, cast):
    assert names(get(cast.rep, f"{LIST}?q=foreign")) == []


def test_filters_by_tier_stage_market_team_and_person(get, cast):
    tiers = factories.tiers()
    region = factories.market("Region")
    town = factories.market("Town", parent=region)
    found = factories.customer("Found", owner=cast.mate_membership, stage="lapsed", tier=tiers["B"], market=town)
    for query in (
        f"tier={tiers['B'].pk}",
        "stage=lapsed",
        f"market={region.pk}",
        f"stage=lapsed&team={cast.south_west.pk}",
        f"tier={tiers['B'].pk}&person={cast.mate.pk}",
    ):
        assert names(get(cast.manager, f"{LIST}?{query}")) == [found.name], query


def test_filters_by_a_circumstance_that_holds_today_as_far_as_one_sees_customers(get, cast):
    today, day = clock.company_today(), dt.timedelta(days=1)
    kind = factories.circumstance(cast.own, ends_on=today).kind
    factories.circumstance(cast.foreign)
    for number, span in enumerate(({"ends_on": today - day}, {"starts_on": today + day}, {"archived_at": clock.now()})):
        factories.circumstance(factories.customer(f"Not now {number}", owner=cast.rep_membership), **span)
    factories.circumstance(factories.customer("Merging", owner=cast.rep_membership), "Merger")
    response = get(cast.rep, f"{LIST}?circumstance={kind.pk}")
    assert names(response) == ["Own customer"]
    assert "Circumstance now" in text(response)
    assert "Budget freeze" in text(get(cast.rep, reverse("customer_filters")))


def test_a_filter_that_names_nothing_is_left_out_and_said(get, cast):
    response = get(cast.rep, f"{LIST}?tier=99999")
    assert names(response) == ["Own customer"]
    assert "It was left out" in text(response)


def test_tabs_count_stages_among_what_the_reader_sees(get, cast):
    factories.customer("Lapsed one", owner=cast.rep_membership, stage="lapsed")
    response = get(cast.rep, LIST)
    counts = {str(tab.label): tab.value for tab in response.context["tabs"]}
    assert (counts["All"], counts["Prospects"], counts["Lapsed"], counts["Lost"]) == (2, 1, 1, 0)
    assert names(get(cast.rep, f"{LIST}?view=lapsed")) == ["Lapsed one"]


def test_sorts_by_name_town_tier_and_since(get, cast):
    tiers = factories.tiers()
    a = factories.customer("alpha", cast.leeds, town="Ålesund", tier=tiers["C"], since=dt.date(2024, 1, 1))
    b = factories.customer("Beta", cast.leeds, town="bristol", tier=tiers["A"], since=dt.date(2025, 1, 1))
    query = "q=a&team=" + str(cast.leeds.pk)
    cast.foreign.delete()
    assert names(get(cast.admin, f"{LIST}?{query}&sort=name")) == [a.name, b.name]
    assert names(get(cast.admin, f"{LIST}?{query}&sort=-name")) == [b.name, a.name]
    assert names(get(cast.admin, f"{LIST}?{query}&sort=tier")) == [b.name, a.name]
    assert names(get(cast.admin, f"{LIST}?{query}&sort=-since")) == [b.name, a.name]


def test_unknown_values_come_last_whichever_way_it_is_sorted(get, cast):
    factories.customer("Somewhere", owner=cast.rep_membership, town="York")
    assert names(get(cast.rep, f"{LIST}?sort=town"))[-1] == "Own customer"
    assert names(get(cast.rep, f"{LIST}?sort=-town"))[-1] == "Own customer"


def test_an_unknown_sort_is_the_usual_one(get, cast):
    assert get(cast.rep, f"{LIST}?sort=search_text").context["sort"] == "name"


# --- Amounts ---


def test_technical_support_sees_no_amount_on_the_page(get, cast):
    worth(cast.own, 123456)
    assert "123,456" in text(get(cast.rep, LIST))
    page = text(get(cast.technician, f"{LIST}?columns=business&sort=business"))
    assert "123,456" not in page
    assert "Yearly business" not in page


def test_technical_support_cannot_sort_by_amounts(get, cast):
    low = factories.customer("Aaa low", owner=cast.rep_membership)
    factories.assign(low, cast.technician_membership, kind="support")
    worth(low, 1)
    worth(cast.own, 100)
    by_amount = names(get(cast.technician, f"{LIST}?sort=-business"))
    assert by_amount == names(get(cast.technician, f"{LIST}?sort=name")) == ["Aaa low", "Own customer"]


def test_who_sees_some_amounts_sorts_by_those_alone(get, cast):
    """A salesperson who also supports elsewhere as a technician sees that customer, and none of its amounts."""
    factories.membership(cast.rep, cast.leeds, "Technical support", profile="support")
    support = cast.rep.memberships.latest("pk")
    factories.assign(cast.foreign, support, kind="support")
    worth(cast.own, 10)
    worth(cast.foreign, 999999)
    response = get(cast.rep, f"{LIST}?sort=-business")
    assert names(response) == ["Own customer", "Foreign customer"]
    assert "999,999" not in text(response)


# --- Columns ---


def test_chosen_columns_are_kept_for_the_session(get, cast, client):
    get(cast.rep, f"{LIST}?choose_columns=1&columns=&columns=team")
    response = get(cast.rep, LIST)
    assert [column.key for column in response.context["listing"].columns] == ["team"]


def test_columns_of_the_address_hold_for_this_page_only(get, cast):
    shown = get(cast.rep, f"{LIST}?columns=market").context["listing"].columns
    assert [column.key for column in shown] == ["market"]
    assert len(get(cast.rep, LIST).context["listing"].columns) > 1


# --- File ---


def test_the_file_holds_the_rows_of_the_list(get, cast):
    cast.own.external_id = "C-1"
    cast.own.save(update_fields=["external_id"])
    lines = text(get(cast.rep, reverse("customer_export") + "?columns=town&columns=business")).splitlines()
    assert lines == ["\ufeffExternal id,Name,Tier,Stage,Town,Yearly business", "C-1,Own customer,,prospect,,0.00"]


def test_the_file_neutralises_formulas(get, cast):
    cast.own.name = "=HYPERLINK(1)"
    cast.own.save(update_fields=["name"])
    assert "'=HYPERLINK(1)" in text(get(cast.rep, reverse("customer_export")))


def test_the_file_needs_reach_over_exports(get, cast):
    assert get(cast.technician, reverse("customer_export")).status_code == 403


def test_the_file_holds_only_what_the_reach_over_exports_covers(get, cast):
    role = factories.role("Sales manager")
    role.access["export"] = {"see": "own"}
    role.save(update_fields=["access"])
    assert "Own customer" not in text(get(cast.manager, reverse("customer_export")))


def test_the_file_has_no_amounts_for_who_may_not_see_them(get, cast):
    role = factories.role("Technical support")
    role.access["export"] = {"see": "own"}
    role.save(update_fields=["access"])
    worth(cast.own, 123456)
    content = text(get(cast.technician, reverse("customer_export") + "?columns=business"))
    assert "Own customer" in content
    assert "123456" not in content


# --- What it costs ---


def count(client, user, path) -> int:
    client.force_login(user)
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_as_many_questions_for_ten_customers_as_for_one(client, cast):
    every = "&".join(
        f"columns={key}" for key in ("town", "owner", "stage", "business", "last_touch", "since", "market", "team")
    )
    path = f"{LIST}?{every}&columns=budget&columns=due&columns=overdue&columns=situation"
    one = count(client, cast.rep, path)
    for number in range(9):
        row = factories.customer(f"More {number}", owner=cast.rep_membership, market=factories.market(), since=None)
        factories.touch(row, cast.rep)
    assert count(client, cast.rep, path) <= one + 1  # the first day of customers without one is asked for once


def test_the_usual_list_asks_at_most_twelve_times(client, cast):
    for number in range(10):
        factories.customer(f"More {number}", owner=cast.rep_membership)
    assert count(client, cast.rep, LIST) <= 12


def test_a_full_page_stays_small(get, cast):
    tier = factories.tiers()["B"]
    for number in range(60):
        factories.customer(f"A company of some name {number}", owner=cast.rep_membership, town="Weston", tier=tier)
    response = get(cast.rep, LIST)
    assert len(names(response)) == 36
    assert len(response.content) <= 60_000


def test_a_page_beyond_the_last_shows_the_last(get, cast):
    assert names(get(cast.rep, f"{LIST}?page=999")) == ["Own customer"]


def test_htmx_gets_the_rows_alone(get, cast):
    page = text(get(cast.rep, LIST, **{"HX-Request": "true", "HX-Target": "results"}))
    assert "Own customer" in page
    assert "<html" not in page


def test_the_filters_come_when_they_are_opened(get, cast):
    page = text(get(cast.rep, reverse("customer_filters"), **{"HX-Request": "true"}))
    assert "Tier" in page
    assert "<html" not in page
    assert "<html" in text(get(cast.rep, reverse("customer_filters")))
