"""Special situations on screen: who sees which figures, who may acknowledge, two who do it at once."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from planning.models import Situation, SituationHours
from tests import factories
from tests.two_teams import body

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def situation(cast):
    # Named without a number: the tests look for figures.
    order = factories.order(cast.own, 290_000, salesperson=cast.rep, title="Pending order")
    return factories.situation(order)


def acknowledge(client, situation, **data):
    values = {"note": "Calling their board on Friday.", "version": situation.version, **data}
    return client.post(reverse("situation_acknowledge", args=[situation.pk]), values)


def test_a_manager_sees_evidence_in_figures(client, cast, situation):
    client.force_login(cast.manager)
    page = client.get(reverse("situation_detail", args=[situation.pk])).content.decode()
    assert "£290,000" in page
    assert "29.0" in page


def test_who_has_no_reach_over_the_teams_amounts_sees_no_figure(client, cast, situation):
    for user in (cast.rep, cast.technician):
        client.force_login(user)
        for page in (reverse("situation_detail", args=[situation.pk]), reverse("situation_list")):
            content = body(client.get(page))
            assert "arge pending order" in content
            assert "290,000" not in content
            # In words: addresses hold keys, which may be any number.
            assert "29" not in strip_tags(content.split("</h1>")[1].split("Checked")[0])


def test_another_teams_manager_does_not_find_it(client, cast, situation):
    client.force_login(cast.other_manager)
    assert client.get(reverse("situation_detail", args=[situation.pk])).status_code == 404
    assert acknowledge(client, situation).status_code == 404


def test_a_manager_acknowledges_with_a_note(client, cast, situation):
    client.force_login(cast.manager)
    assert acknowledge(client, situation).status_code == 302
    situation.refresh_from_db()
    assert (situation.acknowledged_by, situation.note) == (cast.manager, "Calling their board on Friday.")


def test_a_note_is_needed(client, cast, situation):
    client.force_login(cast.manager)
    assert acknowledge(client, situation, note="").status_code == 422
    situation.refresh_from_db()
    assert situation.acknowledged_at is None


def test_a_salesperson_sees_it_but_may_not_acknowledge(client, cast, situation):
    client.force_login(cast.rep)
    assert acknowledge(client, situation).status_code == 403
    situation.refresh_from_db()
    assert situation.acknowledged_at is None


def test_of_two_who_acknowledge_at_once_the_second_reads_the_first(client, cast, situation):
    client.force_login(cast.manager)
    acknowledge(client, situation)
    client.force_login(cast.admin)
    answer = acknowledge(client, situation, note="I take it.")
    assert answer.status_code == 409
    assert "Calling their board on Friday." in answer.content.decode()
    assert "I take it." in answer.content.decode()


def test_hours_are_set_aside_and_ended(client, cast, situation):
    client.force_login(cast.manager)
    url = reverse("situation_hours", args=[situation.pk])
    client.post(url, {"user": cast.rep.pk, "hours_per_week": "3"})
    assert list(SituationHours.objects.values_list("user", "hours_per_week")) == [(cast.rep.pk, 3)]
    client.post(url, {"user": cast.rep.pk, "hours_per_week": "0"})
    assert not SituationHours.objects.exists()


def test_hours_of_somebody_out_of_reach_are_refused_like_those_of_nobody(client, cast, situation):
    client.force_login(cast.manager)
    url = reverse("situation_hours", args=[situation.pk])
    answers = [client.post(url, {"user": pk, "hours_per_week": "3"}) for pk in (cast.other_rep.pk, 999_999)]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert not SituationHours.objects.exists()


def test_queries_of_the_list_do_not_grow(client, cast, situation):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("situation_list"))
        return len(queries)

    client.force_login(cast.manager)
    count()  # the first request after signing in notes the session
    first = count()
    for number in range(4):
        factories.situation(factories.order(factories.customer(owner=cast.rep_membership), 1000 + number))
    assert count() == first


@pytest.fixture
def in_two_teams(cast, situation):
    """The same order is large for the team above, too, if less so."""
    return factories.situation(situation.order, team=cast.south_west, share=0.22)


def shell_count(page) -> int:
    groups = page.context["shell"].groups
    return next(e["count"] for g in groups for e in g["entries"] if e["name"] == "situation_list")


def test_an_order_that_is_large_for_two_teams_counts_once(client, cast, situation, in_two_teams):
    client.force_login(cast.manager)
    page = client.get(reverse("situation_list"), {"kind": "large_order"})
    assert shell_count(page) == 1
    assert len(page.context["lines"]) == 2
    assert "It is one order, large for several teams." in page.content.decode()


def test_it_counts_until_nobody_has_to_acknowledge_it_any_more(client, cast, situation, in_two_teams):
    client.force_login(cast.manager)
    acknowledge(client, situation)
    assert shell_count(client.get(reverse("situation_list"))) == 1
    acknowledge(client, in_two_teams)
    assert shell_count(client.get(reverse("situation_list"))) == 0
    assert client.get(reverse("workload")).context["situation_count"] == 0
    assert "0 of these 2 count in the navigation" in body(client.get(reverse("situation_list")))


@pytest.mark.parametrize("larger", ["below", "above", "first sales"])
def test_banners_show_it_once_for_the_team_for_which_it_is_largest(client, cast, situation, in_two_teams, larger):
    if larger != "below":
        Situation.objects.filter(pk=in_two_teams.pk).update(share=0.5 if larger == "above" else None)
    shown = situation if larger == "below" else in_two_teams
    client.force_login(cast.manager)

    board = client.get(reverse("workload"))
    assert board.context["situation_count"] == 1
    assert [row.pk for row in board.context["situations"]] == [shown.pk]
    customer = body(client.get(reverse("customer_detail", args=[cast.own.pk])))
    assert customer.count("Large pending order.") == 1
    assert reverse("situation_detail", args=[shown.pk]) in customer
    client.force_login(cast.rep)
    assert [row.pk for row in client.get(reverse("today")).context["situations"]] == [shown.pk]


def test_two_orders_are_two_the_largest_first(client, cast, situation, in_two_teams):
    more = factories.situation(factories.order(cast.own, 400_000, salesperson=cast.rep), share=0.4)
    client.force_login(cast.manager)
    page = client.get(reverse("workload"))
    assert shell_count(page) == page.context["situation_count"] == 2
    assert [row.pk for row in page.context["situations"]] == [more.pk, situation.pk]
