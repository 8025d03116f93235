"""The map of customers: who sees which points, what they say, filters, cards, and what it costs."""

import datetime as dt
import gzip
import json
from itertools import accumulate

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.permissions import Area
from customers.models import Customer
from planning.queries import customer_map as queries
from tests import factories
from tests.accounts.signing_in import client_of

NOW = "2026-06-09T09:00:00Z"
TODAY = dt.date(2026, 6, 9)

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(cast, time_machine):
    """The three customers of the cast at places of their own."""
    time_machine.move_to(NOW, tick=False)
    for number, row in enumerate((cast.own, cast.team_mates, cast.foreign)):
        row.latitude, row.longitude = 50.5 + number, -3.25 - number
        row.save(update_fields=["latitude", "longitude"])
    return cast


def points(user, **asked) -> dict:
    answer = client_of(user).get(reverse("map_points"), asked)
    assert answer.status_code == 200
    found = answer.json()
    return found | {name: list(accumulate(found[name])) for name in ("pk", "lat", "lng")}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("rep", {"own"}),
        ("technician", {"own"}),
        ("mate", {"team_mates"}),
        ("coordinator", {"own", "team_mates"}),
        ("manager", {"own", "team_mates"}),
        ("other_manager", {"foreign"}),
        ("admin", {"own", "team_mates", "foreign"}),
    ],
)
def test_each_sees_the_customers_within_reach(placed, who, expected):
    assert points(getattr(placed, who))["pk"] == sorted(getattr(placed, name).pk for name in expected)


def test_points_say_where_whose_and_which_tier(placed):
    tiers = factories.tiers()
    placed.team_mates.tier = tiers["B"]
    placed.team_mates.save(update_fields=["tier"])
    lost = factories.customer("Of nobody", team=placed.exeter, latitude=-33.86881, longitude=151.2093)
    found = points(placed.manager)
    assert found["pk"] == [placed.own.pk, placed.team_mates.pk, lost.pk]
    assert found["lat"] == [505000, 515000, -338688]
    assert found["lng"] == [-32500, -42500, 1512093]
    assert found["tier"] == [-1, 1, -1]
    assert [found["people"][who] if who >= 0 else None for who in found["who"]] == ["Rep", "Mate", None]
    assert found["more"] is False


def test_customers_without_a_place_are_counted_and_not_drawn(placed):
    factories.customer("Nowhere", owner=placed.rep_membership)
    page = client_of(placed.rep).get(reverse("map"))
    assert (page.context["extent"].placed, page.context["extent"].lost) == (1, 1)
    assert "1 without a place" in page.content.decode()
    assert len(points(placed.rep)["pk"]) == 1


@pytest.mark.parametrize(
    ("days", "said"),
    [(-1, queries.OVERDUE), (0, queries.DUE_SOON), (7, queries.DUE_SOON), (8, queries.LATER), (None, queries.UNKNOWN)],
)
def test_points_say_how_late_the_next_touch_is(placed, days, said):
    due = None if days is None else TODAY + dt.timedelta(days=days)
    factories.figures(placed.own, next_due_on=due)
    assert points(placed.rep)["due"] == [said]


def test_what_is_due_is_unknown_to_who_has_no_reach_over_budgets(placed):
    factories.figures(placed.own, next_due_on=TODAY - dt.timedelta(days=3), next_due_type=factories.touch_type())
    role = placed.rep_membership.role
    role.access = {**role.access, Area.BUDGETS: {}}
    role.save(update_fields=["access"])
    card = client_of(placed.rep).get(reverse("map_card"), {"id": placed.own.pk}).content.decode()
    assert points(placed.rep)["due"] == [queries.UNKNOWN]
    assert "overdue" not in card


def test_the_map_takes_the_filters_of_the_list(placed):
    assert points(placed.admin, q="mate")["pk"] == [placed.team_mates.pk]
    assert points(placed.admin, person=placed.rep.pk)["pk"] == [placed.own.pk]
    assert points(placed.admin, team=placed.leeds.pk)["pk"] == [placed.foreign.pk]
    assert points(placed.admin, view="lost")["pk"] == []
    factories.figures(placed.own, next_due_on=TODAY - dt.timedelta(days=1))
    assert points(placed.admin, view="overdue")["pk"] == [placed.own.pk]
    page = client_of(placed.admin).get(reverse("map"), {"q": "mate"})
    assert page.context["extent"].count == 1
    assert f'data-customer-map="{reverse("map_points")}?q=mate"' in page.content.decode()
    assert f'href="{reverse("customer_list")}?q=mate"' in page.content.decode()


def test_the_list_leads_to_the_same_customers_on_the_map(placed):
    page = client_of(placed.admin).get(reverse("customer_list"), {"q": "mate", "sort": "name", "page": 1})
    assert f'href="{reverse("map")}?q=mate"' in page.content.decode()


def test_more_customers_than_a_browser_moves_are_cut(placed, monkeypatch):
    monkeypatch.setattr(queries, "MOST_POINTS", 2)
    found = points(placed.admin)
    assert (len(found["pk"]), found["more"]) == (2, True)
    assert "Only the first 2 are drawn" in client_of(placed.admin).get(reverse("map")).content.decode()


class TestMany:
    """More than a few come coarsely at first, and exactly for what is looked at."""

    @pytest.fixture(autouse=True)
    def _few(self, monkeypatch):
        monkeypatch.setattr(queries, "FEW", 1)

    def test_all_come_to_a_kilometre_without_keys_by_place(self, placed):
        placed.own.latitude = 55.55555
        placed.own.save(update_fields=["latitude"])
        found = points(placed.manager)
        assert (found["steps"], found["pk"], found["more"]) == (100, [], False)
        assert (found["lat"], found["lng"]) == ([5150, 5556], [-425, -325])

    @pytest.mark.parametrize(("by", "column"), [("tier", "tier"), ("person", "who"), ("due", "due"), ("x", "tier")])
    def test_only_the_column_of_the_marks_comes_along(self, placed, by, column):
        found = points(placed.manager, by=by)
        assert {"tier", "who", "due"} & set(found) == {column}
        assert len(found[column]) == 2

    def test_of_a_frame_all_is_told(self, placed):
        found = points(placed.admin, frame="50,-5,52,0")
        assert (found["steps"], found["pk"]) == (10_000, [placed.own.pk, placed.team_mates.pk])
        assert len(found["tier"]) == len(found["who"]) == len(found["due"]) == 2

    def test_a_frame_shows_only_what_is_within_reach(self, placed):
        assert points(placed.rep, frame="-90,-180,90,180")["pk"] == [placed.own.pk]

    @pytest.mark.parametrize("frame", ["1,2,3", "a,b,c,d", "52,0,50,1", "nan,0,50,1", "0,0,inf,1", "50,9,52,1"])
    def test_a_frame_of_nonsense_is_not_found(self, placed, frame):
        assert client_of(placed.admin).get(reverse("map_points"), {"frame": frame}).status_code == 404


def test_points_come_compressed(placed):
    answer = client_of(placed.admin).get(reverse("map_points"), headers={"Accept-Encoding": "gzip"})
    if answer.headers.get("Content-Encoding") == "gzip":  # short answers are left as they are
        assert json.loads(gzip.decompress(answer.content))["people"]
    for number in range(40):
        factories.customer(f"C{number}", owner=placed.rep_membership, latitude=50 + number / 7, longitude=number / 3)
    answer = client_of(placed.admin).get(reverse("map_points"), headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(answer.content))["pk"]) == 43


class TestCard:
    def test_it_says_what_is_due_and_lets_one_log(self, placed):
        call = factories.touch_type("Voice call")
        factories.figures(placed.own, next_due_on=TODAY - dt.timedelta(days=4), next_due_type=call)
        html = client_of(placed.rep).get(reverse("map_card"), {"id": placed.own.pk}).content.decode()
        assert reverse("customer_detail", args=[placed.own.pk]) in html
        assert "Voice call overdue 4 days" in html
        assert f"{reverse('log_touch')}?customer={placed.own.pk}" in html

    def test_it_names_only_those_within_reach(self, placed):
        ids = {"id": [placed.own.pk, placed.foreign.pk]}
        html = client_of(placed.rep).get(reverse("map_card"), ids).content.decode()
        assert "Own customer" in html
        assert "Foreign" not in html

    @pytest.mark.parametrize("ids", [[], ["x"], ["9" * 30], ["-1"]])
    def test_nonsense_is_not_found(self, placed, ids):
        assert client_of(placed.rep).get(reverse("map_card"), {"id": ids}).status_code == 404

    def test_a_hidden_customer_is_not_found(self, placed):
        assert client_of(placed.rep).get(reverse("map_card"), {"id": placed.foreign.pk}).status_code == 404


@pytest.mark.parametrize("name", ["map", "map_points", "map_card"])
def test_queries_do_not_grow_with_customers(placed, name):
    call = factories.touch_type()

    def asked() -> int:
        ids = {"id": list(Customer.objects.values_list("pk", flat=True))}
        client = client_of(placed.admin)
        client.get(reverse(name), ids)
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse(name), ids).status_code == 200
        return len(found)

    factories.figures(placed.own, next_due_on=TODAY, next_due_type=call)
    before = asked()
    for number in range(4):
        more = factories.customer(f"C{number}", owner=placed.rep_membership, latitude=50 + number, longitude=number)
        factories.figures(more, next_due_on=TODAY, next_due_type=call)
    assert asked() == before <= 12
