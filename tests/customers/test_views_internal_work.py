"""Internal work: log once, for a customer, an order or a team; edit, undo; who may."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import InternalWork
from territory import clock
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def work(user, /, **changes):
    return {
        "uuid": str(uuid.uuid4()),
        "kind": "preparation",
        "minutes": "45",
        "spent_on": clock.today(user).isoformat(),
        **changes,
    }


class TestLog:
    def test_for_a_customer(self, as_user, cast):
        response = as_user(cast.rep).post(reverse("work_log"), work(cast.rep, customer=cast.own.pk, note="Drawings"))
        row = InternalWork.objects.get()
        assert response.status_code == 302
        assert (row.user, row.customer, row.kind, row.duration_seconds) == (cast.rep, cast.own, "preparation", 2700)
        assert (row.role.name, row.note) == ("Salesperson", "Drawings")

    def test_for_an_order_of_the_customer(self, as_user, cast):
        order = factories.order(cast.own)
        as_user(cast.rep).post(reverse("work_log"), work(cast.rep, customer=cast.own.pk, order=order.pk))
        assert InternalWork.objects.get().order == order

    def test_for_a_team_of_ones_own(self, as_user, cast):
        as_user(cast.rep).post(reverse("work_log"), work(cast.rep, team=cast.exeter.pk, kind="meeting"))
        assert InternalWork.objects.get().team == cast.exeter

    def test_a_manager_notes_it_for_their_people(self, as_user, cast):
        sent = work(cast.manager, team=cast.exeter.pk, user=cast.rep.pk)
        as_user(cast.manager).post(reverse("work_log"), sent)
        row = InternalWork.objects.get()
        assert (row.user, row.logged_by) == (cast.rep, cast.manager)

    def test_a_rep_only_for_themselves(self, as_user, cast):
        as_user(cast.rep).post(reverse("work_log"), work(cast.rep, customer=cast.own.pk, user=cast.mate.pk))
        assert InternalWork.objects.get().user == cast.rep

    def test_sent_twice_it_is_one_and_with_another_body_refused(self, as_user, cast):
        client, sent = as_user(cast.rep), work(cast.rep, customer=cast.own.pk)
        assert [client.post(reverse("work_log"), sent).status_code for _ in range(2)] == [302, 302]
        response = client.post(reverse("work_log"), sent | {"minutes": "60"})
        assert (response.status_code, InternalWork.objects.count()) == (422, 1)
        assert b"This was saved before, saying something else." in response.content

    @pytest.mark.parametrize(
        ("changes", "field", "message"),
        [
            ({}, "customer", "Say which customer, order or team the work was for."),
            ({"minutes": "0"}, "minutes", "Minutes must be 1 or more."),
            ({"minutes": "1441"}, "minutes", "less than or equal to 1440"),
            ({"minutes": ""}, "minutes", "Say how many minutes it took."),
            ({"spent_on": ""}, "spent_on", "Say on which day."),
            ({"spent_on": "2150-01-01", "team": "own"}, "spent_on", "This day is still to come."),
            ({"kind": "sleep"}, "kind", "Select a valid choice"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, as_user, cast, changes, field, message):
        changes = {name: cast.exeter.pk if value == "own" else value for name, value in changes.items()}
        response = as_user(cast.rep).post(reverse("work_log"), work(cast.rep, **changes))
        assert response.status_code == 422
        assert message in str(response.context["form"].errors[field])
        assert message.encode() in response.content
        assert not InternalWork.objects.exists()

    def test_others_customers_orders_and_teams_are_as_missing_ones(self, as_user, cast):
        client = as_user(cast.rep)
        swapped = {"customer": cast.foreign.pk, "order": factories.order(cast.foreign).pk, "team": cast.leeds.pk}
        for name, value in swapped.items():
            hidden = client.post(reverse("work_log"), work(cast.rep, **{name: value}))
            missing = client.post(reverse("work_log"), work(cast.rep, **{name: 999999}))
            assert hidden.context["form"].errors == missing.context["form"].errors
            assert hidden.status_code == 422
        assert client.get(reverse("work_log"), {"customer": cast.foreign.pk}).status_code == 404
        assert not InternalWork.objects.exists()

    def test_without_javascript_the_second_step_shows_the_orders(self, as_user, cast):
        factories.order(cast.own, title="Winter order")
        sent = work(cast.rep, customer=cast.own.pk, minutes="", note="Typed") | {"show": "1"}
        page = as_user(cast.rep).post(reverse("work_log"), sent).content.decode()
        assert "Winter order" in page
        assert "Typed" in page
        assert "is-invalid" not in page


@pytest.fixture
def own_work(cast):
    return factories.internal_work(cast.rep, cast.own, kind="meeting", note="As it was")


def edit(row, /, **changes):
    return {
        "version": row.version,
        "kind": row.kind,
        "minutes": "30",
        "spent_on": row.spent_on.isoformat(),
        "customer": row.customer_id or "",
        "user": row.user_id,
        "note": row.note,
        **changes,
    }


class TestEdit:
    def test_it_is_corrected_and_the_history_stands_below(self, as_user, cast, own_work):
        client, address = as_user(cast.rep), reverse("work_edit", args=[own_work.pk])
        client.post(address, edit(own_work, minutes="50"))
        own_work.refresh_from_db()
        assert own_work.duration_seconds == 3000
        page = client.get(address).content.decode()
        assert "30 min" in page
        assert "50 min" in page

    def test_another_was_quicker_shows_both_values(self, as_user, cast, own_work):
        InternalWork.objects.update(version=2, note="Theirs")
        response = as_user(cast.rep).post(reverse("work_edit", args=[own_work.pk]), edit(own_work, note="Mine"))
        assert response.status_code == 409
        assert response.context["conflict"]["fields"] == [{"label": "Note", "mine": "Mine", "theirs": "Theirs"}]

    def test_a_rep_changes_their_own_for_seven_days(self, as_user, cast, own_work):
        InternalWork.objects.update(logged_at=clock.now() - dt.timedelta(days=7, seconds=1))
        client, address = as_user(cast.rep), reverse("work_edit", args=[own_work.pk])
        assert client.get(address).status_code == 403
        assert client.post(address, edit(own_work, note="Late")).status_code == 403
        own_work.refresh_from_db()
        assert own_work.note == "As it was"

    @pytest.mark.parametrize(
        ("name", "status"),
        [("mate", 404), ("other_rep", 404), ("technician", 403), ("coordinator", 200), ("manager", 200)],
    )
    def test_everyone_elses_reach(self, as_user, cast, own_work, name, status):
        assert as_user(getattr(cast, name)).get(reverse("work_edit", args=[own_work.pk])).status_code == status

    def test_notes_stay_text(self, as_user, cast):
        row = factories.internal_work(cast.rep, cast.own, note="</textarea><script>alert(1)</script>")
        page = as_user(cast.rep).get(reverse("work_edit", args=[row.pk])).content.decode()
        assert "<script>alert" not in page


class TestUndo:
    def test_it_is_taken_back_and_brought_back(self, as_user, cast, own_work):
        client = as_user(cast.rep)
        client.post(reverse("work_undo", args=[own_work.pk]))
        own_work.refresh_from_db()
        assert own_work.archived_at is not None
        client.post(reverse("work_restore", args=[own_work.pk]))
        own_work.refresh_from_db()
        assert own_work.archived_at is None

    def test_others_change_nothing(self, as_user, cast, own_work):
        for name, status in (("mate", 404), ("other_rep", 404), ("technician", 403)):
            assert as_user(getattr(cast, name)).post(reverse("work_undo", args=[own_work.pk])).status_code == status
        own_work.refresh_from_db()
        assert own_work.archived_at is None


def test_the_page_asks_as_often_for_many_as_for_one(as_user, cast):
    client = as_user(cast.rep)

    def asked() -> int:
        client.get(reverse("work_log"))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("work_log"), {"customer": cast.own.pk}).status_code == 200
        return len(queries)

    factories.internal_work(cast.rep, cast.own, order=factories.order(cast.own))
    few = asked()
    for _number in range(3):
        factories.internal_work(cast.rep, cast.own, order=factories.order(cast.own))
        factories.internal_work(cast.rep, None, team=cast.exeter)
    assert asked() == few
