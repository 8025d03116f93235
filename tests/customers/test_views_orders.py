"""Orders: the list with its sums, the file, an order's page, and opening, changing, winning, losing."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions.orders import change_order, open_order
from customers.models import Order, Stage
from territory import clock
from tests import factories
from tests.accounts.signing_in import client_of

LIST = "/orders/"
NEW = "/orders/new/"


@pytest.fixture
def get(client):
    """Fetches an address as somebody."""

    def fetch(user, path):
        client.force_login(user)
        return client.get(path)

    return fetch


@pytest.fixture
def post(client):
    """Sends a form as somebody."""

    def send(user, path, data):
        client.force_login(user)
        return client.post(path, data)

    return send


def address(name, row) -> str:
    return reverse(name, args=[row.pk])


def titles(response) -> list[str]:
    return [row.subject.title for row in response.context["page"].object_list]


def text(response) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode()


def test_pending_orders_by_expected_close_come_first(get, cast):
    factories.order(cast.own, title="Later", expected_on=dt.date(2026, 9, 1))
    factories.order(cast.own, title="Sooner", expected_on=dt.date(2026, 8, 1))
    factories.order(cast.own, title="Won", status="won")
    assert titles(get(cast.rep, LIST)) == ["Sooner", "Later"]
    assert titles(get(cast.rep, f"{LIST}?status=won")) == ["Won"]
    assert len(titles(get(cast.rep, f"{LIST}?status=all"))) == 3


@pytest.mark.parametrize(
    ("who", "expected"),
    [("rep", ["Own"]), ("technician", ["Own"]), ("mate", []), ("other_rep", []), ("admin", ["Own"])],
)
def test_each_sees_the_orders_within_reach(get, cast, who, expected):
    factories.order(cast.own, title="Own")
    assert titles(get(getattr(cast, who), LIST)) == expected


def test_filters_by_team_person_month_and_line(get, cast):
    line = factories.product_line()
    factories.order(
        cast.own,
        title="This",
        salesperson=cast.rep,
        expected_on=dt.date(2026, 7, 31),
        product_line=line,
        team=cast.exeter,
    )
    factories.order(cast.foreign, title="Other", expected_on=dt.date(2026, 8, 1), team=cast.leeds)
    for query in (
        f"team={cast.south_west.pk}",
        f"person={cast.rep.pk}",
        "month=2026-07",
        f"line={line.pk}",
        "q=own+customer",
    ):
        assert titles(get(cast.admin, f"{LIST}?{query}")) == ["This"], query


def test_a_month_that_is_none_is_said(get, cast):
    assert "A month reads like 2026-07." in text(get(cast.rep, f"{LIST}?month=July"))


def test_sums_are_over_the_filtered_orders(get, cast):
    factories.order(cast.own, 1000, probability="0.5")
    factories.order(cast.own, 3000, step=None)
    factories.order(cast.own, 500, status="won")
    totals = {total.status: (total.count, total.amount) for total in get(cast.rep, LIST).context["listing"].totals}
    assert totals == {"pending": (2, Decimal(4000)), "won": (1, Decimal(500)), "lost": (0, None)}
    assert "£500 weighted" in text(get(cast.rep, LIST))


def test_technical_support_sees_no_amount_in_list_page_or_sort(get, cast):
    factories.order(cast.own, 77123, title="Small")
    order = factories.order(cast.own, 88123, title="Big", note="n")
    for path in (LIST, f"{LIST}?sort=amount", address("order_detail", order), address("customer_detail", cast.own)):
        content = text(get(cast.technician, path))
        assert "88,123" not in content
        assert "165,246" not in content
    assert titles(get(cast.technician, f"{LIST}?sort=amount")) == titles(get(cast.technician, f"{LIST}?sort=-amount"))
    assert "88,123" in text(get(cast.rep, LIST))


def test_sums_leave_out_amounts_that_the_reader_may_not_see(get, cast):
    factories.membership(cast.rep, cast.leeds, "Technical support", profile="support")
    factories.assign(cast.foreign, cast.rep.memberships.latest("pk"), kind="support")
    factories.order(cast.own, 1000)
    factories.order(cast.foreign, 999000)
    pending = get(cast.rep, LIST).context["listing"].totals[0]
    assert (pending.count, pending.amount) == (2, Decimal(1000))


def test_the_file_of_orders(get, cast):
    factories.order(cast.own, 1234, title="=1+1", external_id="O-1")
    content = text(get(cast.rep, reverse("order_export")))
    assert "O-1,Own customer,'=1+1" in content
    assert "1234.00" in content


def test_the_file_holds_no_amounts_for_who_may_not_see_them(get, cast):
    role = factories.role("Technical support")
    role.access["export"] = {"see": "own"}
    role.save(update_fields=["access"])
    factories.order(cast.own, 88123, title="Big")
    content = text(get(cast.technician, reverse("order_export")))
    assert "Big" in content
    assert "88123" not in content


def test_the_file_needs_reach_over_exports(get, cast):
    assert get(cast.technician, reverse("order_export")).status_code == 403


# --- Open, change ---


def test_an_order_is_opened_now_by_its_opener(post, cast):
    before = clock.now()
    response = post(cast.rep, NEW, {"customer": cast.own.pk, "amount": "1200.50", "salesperson": cast.rep.pk})
    order = Order.objects.get()
    assert response.url == address("order_detail", order)
    assert (order.amount, order.salesperson, order.team) == (Decimal("1200.50"), cast.rep, cast.exeter)
    assert order.opened_at >= before


def test_a_hidden_customer_is_no_valid_choice(post, cast):
    def errors(pk):
        return post(cast.rep, NEW, {"customer": pk, "amount": 1}).context["form"].errors["customer"].get_json_data()

    assert errors(cast.foreign.pk) == errors(999999)
    assert not Order.objects.exists()


def test_the_customer_of_the_address_is_filled_in_where_visible(get, cast):
    content = text(get(cast.rep, f"{NEW}?customer={cast.own.pk}"))
    assert f'<option value="{cast.own.pk}" selected>' in content
    assert "Foreign customer" not in text(get(cast.rep, f"{NEW}?customer={cast.foreign.pk}"))


def test_technical_support_opens_no_order(post, cast):
    assert post(cast.technician, NEW, {"customer": cast.own.pk, "amount": 1}).status_code == 403


def test_only_reach_over_all_sets_an_external_id(post, cast):
    post(cast.rep, NEW, {"customer": cast.own.pk, "amount": 1, "external_id": "E-1"})
    assert Order.objects.get().external_id is None


def test_a_change_keeps_what_it_does_not_ask_for(post, cast):
    order = factories.order(cast.own, 1000, external_id="O-1", salesperson=cast.rep, probability="0.5")
    data = {"amount": "1000", "title": "Line", "probability": "60", "salesperson": cast.rep.pk, "version": 1}
    assert post(cast.rep, address("order_edit", order), data).status_code == 302
    order.refresh_from_db()
    assert (order.title, order.probability, order.external_id) == ("Line", Decimal("0.6"), "O-1")


def test_a_second_edit_of_the_same_version_shows_both_values(post, cast):
    order = factories.order(cast.own, 1000)
    post(cast.rep, address("order_edit", order), {"amount": "1100", "version": 1})
    response = post(cast.rep, address("order_edit", order), {"amount": "1200", "version": 1})
    assert response.status_code == 409
    field = response.context["conflict"]["fields"][0]
    assert (field["mine"], field["theirs"]) == ("1200", "1100.00")


@pytest.mark.parametrize(("who", "status"), [("technician", 403), ("mate", 404), ("other_manager", 404)])
@pytest.mark.parametrize("name", ["order_edit", "order_win", "order_lose", "order_reopen", "order_archive"])
def test_who_may_not_change_an_order_writes_nothing(post, cast, who, status, name):
    order = factories.order(cast.own, 1000)
    data = {"amount": "1", "reason": "x", "version": 1}
    assert post(getattr(cast, who), address(name, order), data).status_code == status
    order.refresh_from_db()
    assert (order.status, order.amount, order.version, order.archived_at) == ("pending", Decimal(1000), 1, None)


# --- Won, lost, again ---


def test_a_won_order_makes_its_customer_one(post, cast):
    order = factories.order(cast.own, 1000, salesperson=cast.rep)
    post(cast.rep, address("order_win", order), {"amount": "900", "version": 1})
    order.refresh_from_db()
    cast.own.refresh_from_db()
    assert (order.status, order.amount, cast.own.stage) == ("won", Decimal(900), Stage.CUSTOMER)


def test_lost_needs_a_reason(post, cast):
    order = factories.order(cast.own, 1000)
    assert post(cast.rep, address("order_lose", order), {"reason": "", "version": 1}).status_code == 422
    post(cast.rep, address("order_lose", order), {"reason": "Price", "version": 1})
    order.refresh_from_db()
    assert (order.status, order.lost_reason) == ("lost", "Price")


def test_a_won_order_is_not_won_twice(post, cast):
    order = factories.order(cast.own, 1000)
    post(cast.rep, address("order_win", order), {"amount": "1000", "version": 1})
    response = post(cast.rep, address("order_win", order), {"amount": "5", "version": 2})
    assert response.status_code == 422
    assert Order.objects.get().amount == 1000


def test_an_order_is_opened_again(post, get, cast):
    order = factories.order(cast.own, 1000, status="won")
    assert "stage and tier of its customer follow" in text(get(cast.rep, address("order_reopen", order)))
    post(cast.rep, address("order_reopen", order), {"version": 1})
    order.refresh_from_db()
    assert (order.status, order.closed_at) == ("pending", None)


def test_what_is_settled_at_closing_is_no_longer_asked_for(get, cast):
    order = factories.order(cast.own, 1000, status="won")
    fields = get(cast.rep, address("order_edit", order)).context["form"].fields
    assert not {"salesperson", "step", "probability", "expected_on"} & set(fields)


def test_archive_and_bring_back(post, get, cast):
    order = factories.order(cast.own, 1000)
    post(cast.rep, address("order_archive", order), {})
    assert titles(get(cast.rep, LIST)) == []
    post(cast.rep, address("order_archive", order), {"restore": "1"})
    assert len(titles(get(cast.rep, LIST))) == 1


def test_the_page_tells_what_happened(get, cast):
    order = open_order(actor=cast.rep, now=clock.now(), customer=cast.own, values={"amount": 285000, "title": "Line"})
    change_order(actor=cast.rep, now=clock.now(), order=order, version=1, values={"amount": 318000})
    factories.touch(cast.own, cast.rep, order=order, note="Talked it through")
    content = text(get(cast.rep, address("order_detail", order)))
    assert "Amount £285,000 to £318,000" in content
    assert "Talked it through" in content


# --- What it costs ---


def test_as_many_questions_for_ten_orders_as_for_one(client, cast):
    client.force_login(cast.rep)

    def questions(path) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        return len(queries)

    def add(number):
        line, step = factories.product_line(), None
        factories.order(cast.own, title=f"{number}", product_line=line, step=step, salesperson=factories.person())

    add(0)
    few = questions(f"{LIST}?status=all"), questions(reverse("order_export") + "?status=all")
    for number in range(9):
        add(number)
    assert (questions(f"{LIST}?status=all"), questions(reverse("order_export") + "?status=all")) == few


@pytest.mark.parametrize("sign", ["", "-"])
def test_every_head_that_sorts_does(cast, sign):
    factories.order(cast.own, 100, salesperson=cast.rep)
    client = client_of(cast.admin)
    for name in ("order_list", "customer_list"):
        listing = client.get(reverse(name)).context["listing"]
        assert len(listing.sorts) > 5
        for key in listing.sorts:
            assert client.get(reverse(name), {"sort": f"{sign}{key}", "status": "all"}).status_code == 200, key


def test_on_a_phone_the_amount_stays_beside_the_name(get, cast):
    factories.order(cast.own, 700)
    page = get(cast.rep, "/orders/").content.decode()
    assert '<table class="list list-lead">' in page
    assert '<td class="num stays">£700</td>' in page
