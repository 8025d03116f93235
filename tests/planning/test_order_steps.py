"""Order steps as an administrator sets them, with orders on them: what the board shows then, and where orders go."""

import pytest
from django.urls import reverse

from customers.models import OrderStep
from tests import factories
from tests.accounts.signing_in import client_of

ENDED = ["Won in June", "Lost in June"]


@pytest.fixture(autouse=True)
def _tuesday(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)


@pytest.fixture
def steps(cast):
    """Two steps with an order each."""
    rows = [("Enquiry", "0.2", 1), ("Quotation", "0.5", 2)]
    steps = [OrderStep.objects.create(name=name, probability=share, position=place) for name, share, place in rows]
    for step in steps:
        factories.order(cast.own, 100, step=step, salesperson=cast.rep)
    return steps


def sends(cast, name, data, *args):
    answer = client_of(cast.admin).post(reverse(name, args=["order-steps", *args]), data)
    assert answer.status_code == 302, answer.context["form"].errors


def board(cast):
    """The columns by step, each with how many orders stand in it, without those that ended."""
    pipeline = client_of(cast.rep).get("/orders/pipeline/?by=step").context["pipeline"]
    assert [column.label for column in pipeline.ended] == ENDED
    return [(column.label, column.count) for column in pipeline.board]


def moved(cast, order, step):
    answer = client_of(cast.rep).post(
        reverse("order_move", args=[order.pk]), {"to": f"step-{step.pk}", "version": order.version}
    )
    order.refresh_from_db()
    return answer.status_code


def test_a_step_that_is_added_stands_in_its_place_and_takes_orders(cast, steps):
    sends(cast, "rule_create", {"name": "Visit", "probability": "35", "position": "1"})
    added = OrderStep.objects.get(name="Visit")
    assert board(cast) == [("Enquiry", 1), ("Visit", 0), ("Quotation", 1)]
    order = steps[0].orders.get()
    assert moved(cast, order, added) == 302
    assert board(cast) == [("Enquiry", 0), ("Visit", 1), ("Quotation", 1)]
    assert client_of(cast.rep).get("/orders/pipeline/?by=step").context["pipeline"].pending_weighted_shown == "£85"


def test_a_step_that_is_renamed_and_moved_keeps_its_orders(cast, steps):
    enquiry = steps[0]
    changed = {"name": "Lead", "probability": "20", "position": "3", "version": enquiry.version}
    sends(cast, "rule_edit", changed, enquiry.pk)
    assert board(cast) == [("Quotation", 1), ("Lead", 1)]
    assert enquiry.orders.get().history.count() == 1
    stale = client_of(cast.admin).post(reverse("rule_edit", args=["order-steps", enquiry.pk]), changed)
    assert stale.status_code == 409


def test_orders_of_a_retired_step_stay_in_a_column_that_takes_no_more_until_the_last_has_gone(cast, steps):
    enquiry, quotation = steps
    sends(cast, "rule_remove", {}, enquiry.pk)
    assert board(cast) == [("Enquiry (retired)", 1), ("Quotation", 1)]
    assert moved(cast, quotation.orders.get(), enquiry) == 422
    order = enquiry.orders.get()
    edit = client_of(cast.rep).get(reverse("order_edit", args=[order.pk])).context["form"]
    assert edit.fields["step"].queryset.filter(pk=enquiry.pk).exists()
    assert moved(cast, order, quotation) == 302
    assert board(cast) == [("Quotation", 2)]
    sends(cast, "rule_restore", {}, enquiry.pk)
    assert board(cast) == [("Enquiry", 0), ("Quotation", 2)]


def test_a_second_step_of_a_name_is_refused_at_its_field(cast, steps):
    again = {"name": "Quotation", "probability": "10", "position": "5"}
    answer = client_of(cast.admin).post(reverse("rule_create", args=["order-steps"]), again)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["name"])
