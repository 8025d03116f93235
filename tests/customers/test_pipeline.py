"""The board of orders: columns, sums over what one may see, moving and taking back."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions.order_moves import day_in_month
from customers.models import Order, OrderStep
from territory import clock
from tests import factories

BOARD = "/orders/pipeline/"
TODAY = dt.date(2026, 6, 9)


@pytest.fixture(autouse=True)
def tuesday(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)


@pytest.fixture
def steps(db):
    rows = [("Enquiry", "0.2", 1), ("Quotation", "0.5", 2)]
    return [OrderStep.objects.create(name=name, probability=share, position=n) for name, share, n in rows]


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def columns(response) -> dict[str, tuple[int, str]]:
    pipeline = response.context["pipeline"]
    return {column.label: (column.count, column.amount_shown) for column in [*pipeline.board, *pipeline.ended]}


def move(client, order, **data):
    return client.post(reverse("order_move", args=[order.pk]), {"version": order.version, **data})


def said(response) -> str:
    return " ".join(str(message) for message in response.wsgi_request._messages)


# --- Columns and sums ---


def test_pending_orders_by_expected_close(as_, cast):
    for amount, day in ((1, "2026-06-08"), (2, "2026-06-09"), (3, "2026-07-31"), (4, "2026-08-01"), (5, None)):
        factories.order(cast.own, amount, expected_on=day)
    factories.order(cast.own, 6, "won")
    factories.order(cast.own, 7, "won", closed_at=dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC))
    assert columns(as_(cast.rep).get(BOARD)) == {
        "Overdue": (1, "£1"),
        "Closes in June": (1, "£2"),
        "Closes in July": (1, "£3"),
        "Later": (1, "£4"),
        "No date": (1, "£5"),
        "Won in June": (1, "£6"),
        "Lost in June": (0, ""),
    }


def test_pending_orders_by_step_and_those_of_a_retired_one(as_, cast, steps):
    gone = OrderStep.objects.create(name="Fax", retired_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), position=3)
    OrderStep.objects.create(name="Telex", retired_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), position=4)
    factories.order(cast.own, 100, step=steps[1])
    factories.order(cast.own, 30, step=gone)
    found = columns(as_(cast.rep).get(f"{BOARD}?by=step"))
    assert list(found) == ["Enquiry", "Quotation", "Fax (retired)", "Won in June", "Lost in June"]
    assert (found["Quotation"], found["Fax (retired)"]) == ((1, "£100"), (1, "£30"))


def test_sums_are_weighted_by_the_orders_probability_else_by_that_of_its_step(as_, cast, steps):
    factories.order(cast.own, 1000, step=steps[1], expected_on=TODAY)
    factories.order(cast.own, 1000, step=steps[1], probability="0.9", expected_on=TODAY)
    pipeline = as_(cast.rep).get(BOARD).context["pipeline"]
    assert (pipeline.board[0].weighted_shown, pipeline.pending_weighted_shown) == ("£1,400", "£1,400")


def test_cards_are_25_at_most_and_sums_hold_all(as_, cast):
    for _n in range(27):
        factories.order(cast.own, 10, expected_on=TODAY)
    response = as_(cast.rep).get(BOARD)
    column = response.context["pipeline"].board[0]
    assert (len(column.cards), column.count, column.amount_shown) == (25, 27, "£270")
    assert "2 more" in response.content.decode()
    assert as_(cast.rep).get("/orders/?close=this").context["page"].paginator.count == 27


def test_sums_hold_only_amounts_within_reach(as_, cast):
    factories.order(cast.own, 100, expected_on=TODAY)
    factories.order(cast.team_mates, 1000, expected_on=TODAY)
    assert columns(as_(cast.rep).get(BOARD))["Closes in June"] == (1, "£100")
    assert columns(as_(cast.manager).get(BOARD))["Closes in June"] == (2, "£1,100")
    technician = as_(cast.technician).get(BOARD)
    assert columns(technician)["Closes in June"] == (1, "")
    assert "£" not in technician.content.decode()


def test_filters_of_the_list_hold_on_the_board(as_, cast):
    market, line = factories.market(), factories.product_line()
    cast.own.market = market
    cast.own.tier = factories.tier("A")
    cast.own.save()
    factories.order(cast.own, 100, expected_on=TODAY, product_line=line, salesperson=cast.rep, team=cast.exeter)
    factories.order(cast.foreign, 1000, expected_on=TODAY)
    client = as_(cast.admin)
    for query in (
        f"market={market.pk}",
        f"tier={cast.own.tier.pk}",
        f"line={line.pk}",
        f"person={cast.rep.pk}",
        f"team={cast.south_west.pk}",
        "q=own",
    ):
        assert columns(client.get(f"{BOARD}?{query}"))["Closes in June"] == (1, "£100"), query


def test_totals_without_the_order_that_is_half_of_them(as_, cast):
    factories.order(cast.own, 500, expected_on=TODAY, title="Large", probability="0.5")
    factories.order(cast.own, 400, expected_on=TODAY, probability="1")
    factories.order(cast.own, 100, expected_on=TODAY)
    content = as_(cast.rep).get(BOARD).content.decode()
    assert "without Large: £500" in content
    assert "without Large: £400" in content
    assert "50\N{NO-BREAK SPACE}% is one order" in content


def test_uplift_for_who_may_see_the_teams_amounts(as_, cast):
    factories.order(cast.own, 1000, "won")
    factories.order(cast.own, 20, expected_on=TODAY)
    assert "+0.5\N{NO-BREAK SPACE}% for Exeter" in as_(cast.manager).get(BOARD).content.decode()
    assert "for Exeter" not in as_(cast.rep).get(BOARD).content.decode()


def test_a_large_order_is_marked_without_a_figure_for_who_sees_no_amounts(as_, cast):
    order = factories.order(cast.own, 900, expected_on=TODAY)
    factories.order(cast.own, 1000, "won")
    factories.situation(order, cast.exeter)
    card = as_(cast.technician).get(BOARD).context["pipeline"].board[0].cards[0]
    assert card.is_marked
    assert "large order" in card.notes[0]


# --- Moving ---


@pytest.mark.parametrize(
    ("month", "present", "expected"),
    [
        ("2026-07-01", "2026-06-30", "2026-07-30"),
        ("2027-02-01", "2026-06-30", "2027-02-28"),
        ("2026-06-01", "2026-07-03", "2026-06-30"),
        ("2026-07-01", None, "2026-07-31"),
    ],
)
def test_the_day_in_another_month(month, present, expected):
    day = dt.date.fromisoformat
    assert day_in_month(day(month), present and day(present), TODAY) == day(expected)


def test_moved_to_a_month_is_one_entry_of_history(as_, cast):
    order = factories.order(cast.own, expected_on=TODAY)
    before = order.history.count()
    response = move(as_(cast.rep), order, to="2026-07")
    order.refresh_from_db()
    assert response.status_code == 302
    assert response.url == f"{BOARD}?moved={order.pk}"
    assert (order.expected_on, order.version) == (dt.date(2026, 7, 9), 2)
    assert order.history.count() == before + 1


def test_moved_to_a_step_a_day_and_no_date(as_, cast, steps):
    order = factories.order(cast.own, expected_on=TODAY)
    client = as_(cast.rep)
    for data in ({"to": f"step-{steps[0].pk}"}, {"on": "2026-11-05"}):
        assert move(client, order, **data).status_code == 302
        order.refresh_from_db()
    assert (order.step, order.expected_on) == (steps[0], dt.date(2026, 11, 5))
    move(client, order, to="none")
    order.refresh_from_db()
    move(client, order, to="step-none")
    order.refresh_from_db()
    assert (order.step, order.expected_on) == (None, None)


def test_moved_to_where_it_stands_changes_nothing(as_, cast):
    order = factories.order(cast.own, expected_on=TODAY)
    assert move(as_(cast.rep), order, to="2026-06").status_code == 302
    order.refresh_from_db()
    assert order.version == 1


def test_taken_back_unless_changed_since(as_, cast):
    order = factories.order(cast.own, expected_on=TODAY)
    client = as_(cast.rep)
    move(client, order, to="none")
    undo = reverse("order_move_undo", args=[order.pk])
    assert "back where it was" in said(client.post(f"{undo}?version=2"))
    order.refresh_from_db()
    assert (order.expected_on, order.version) == (TODAY, 3)
    assert "changed since" in said(client.post(f"{undo}?version=2"))


def test_moved_by_two_at_once_shows_both(as_, cast):
    order = factories.order(cast.own, expected_on=TODAY)
    move(as_(cast.coordinator), order, to="none")
    response = move(as_(cast.rep), order, to="2026-07")
    assert response.status_code == 409
    (field,) = response.context["conflict"]["fields"]
    assert (field["mine"], field["theirs"]) == ("Closes in July", "No date")
    order.refresh_from_db()
    assert order.expected_on is None


@pytest.mark.parametrize("to", ["overdue", "", "2026-05", "step-0", "step-x"])
def test_a_column_that_is_not_there_is_refused_in_words(as_, cast, to):
    order = factories.order(cast.own, expected_on=TODAY)
    assert move(as_(cast.rep), order, to=to).status_code == 422
    order.refresh_from_db()
    assert order.expected_on == TODAY


def test_an_ended_or_archived_order_does_not_move(as_, cast):
    for order in (factories.order(cast.own, 1, "won"), factories.order(cast.own, archived_at=clock.now())):
        assert move(as_(cast.rep), order, to="2026-07").status_code == 422
        order.refresh_from_db()
        assert order.version == 1


def test_the_way_back_keeps_the_filters(as_, cast):
    order = factories.order(cast.own, expected_on=TODAY)
    response = as_(cast.rep).post(f"{reverse('order_move', args=[order.pk])}?by=step", {"to": "none", "version": 1})
    assert response.url == f"{BOARD}?by=step&moved={order.pk}"


@pytest.mark.parametrize(("who", "status"), [("technician", 403), ("mate", 404), ("other_manager", 404)])
def test_who_may_not_change_an_order_moves_nothing(as_, cast, who, status):
    order = factories.order(cast.own, expected_on=TODAY)
    client = as_(getattr(cast, who))
    assert move(client, order, to="none").status_code == status
    assert client.post(reverse("order_move_undo", args=[order.pk]) + "?version=1").status_code == status
    assert Order.objects.get(pk=order.pk).version == 1


def test_who_may_only_see_is_offered_no_move(as_, cast):
    factories.order(cast.own, expected_on=TODAY)
    assert "data-move=" not in as_(cast.technician).get(BOARD).content.decode()


@pytest.mark.parametrize("name", ["order_win", "order_lose"])
def test_an_ended_order_is_not_offered_to_end_again(as_, cast, name):
    order = factories.order(cast.own, 1, "won")
    response = as_(cast.rep).get(reverse(name, args=[order.pk]))
    assert (response.status_code, response.url) == (302, reverse("order_detail", args=[order.pk]))
    assert "won already" in said(response)


# --- What it costs ---


@pytest.mark.parametrize("by", ["close", "step"])
def test_as_many_questions_for_sixty_orders_as_for_one(as_, cast, steps, by):
    factories.order(cast.own, 5000, "won")
    client = as_(cast.manager)

    def questions() -> int:
        client.get(f"{BOARD}?by={by}")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{BOARD}?by={by}")
        return len(queries)

    def add(number):
        customer = factories.customer(f"Brackwell Dairy Holdings {number}", owner=cast.rep_membership)
        day = [None, TODAY, "2026-06-01", "2026-07-09", "2026-09-09"][number % 5]
        factories.order(
            customer, 1000 + number, title="Filling and sealing line, extension", salesperson=factories.person(),
            expected_on=day, step=steps[number % 2], product_line=factories.product_line(),
        )  # fmt: skip

    for number in range(5):
        add(number)
    few = questions()
    for number in range(5, 100):
        add(number)
    for _number in range(8):
        factories.order(cast.own, 1, "won")
        factories.order(cast.own, 1, "lost")
    assert questions() == few
    assert few <= 12
    assert len(client.get(f"{BOARD}?by={by}").content) <= 60_000
