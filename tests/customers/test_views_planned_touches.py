"""Planned touches: plan once, change, put off with a reason, cancel; who may."""

import datetime as dt
import re
import uuid

import pytest
from django.urls import reverse

from customers.models import PlannedTouch
from territory import clock
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def types(cast):
    return factories.touch_types()


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def in_days(days: int) -> dt.date:
    return clock.company_today() + dt.timedelta(days=days)


def plan(customer, type_, user, /, **changes):
    return {
        "uuid": str(uuid.uuid4()),
        "customer": customer.pk,
        "touch_type": type_.pk,
        "due_on": in_days(3).isoformat(),
        "assignee": user.pk,
        "reason": "Agreed by phone",
        **changes,
    }


class TestPlan:
    def test_it_is_planned_with_the_usual_minutes(self, as_user, cast, types):
        as_user(cast.rep).post(reverse("planned_create"), plan(cast.own, types["field"], cast.rep))
        row = PlannedTouch.objects.get()
        assert (row.customer, row.type, row.due_on, row.assignee) == (cast.own, types["field"], in_days(3), cast.rep)
        assert (row.duration_seconds, row.reason, row.source, row.due_at) == (3600, "Agreed by phone", "by_hand", None)

    def test_a_time_is_that_of_the_persons_zone(self, as_user, cast, types):
        cast.rep.time_zone = "Asia/Tokyo"
        cast.rep.save()
        sent = plan(cast.own, types["voice"], cast.rep, due_on="2150-01-05", due_time="09:30")
        as_user(cast.rep).post(reverse("planned_create"), sent)
        assert PlannedTouch.objects.get().due_at == dt.datetime(2150, 1, 5, 0, 30, tzinfo=dt.UTC)

    def test_sent_twice_it_is_planned_once(self, as_user, cast, types):
        client, sent = as_user(cast.rep), plan(cast.own, types["voice"], cast.rep)
        assert [client.post(reverse("planned_create"), sent).status_code for _ in range(2)] == [302, 302]
        assert PlannedTouch.objects.count() == 1

    def test_a_number_of_somebody_else_is_refused(self, as_user, cast, types):
        theirs = factories.planned_touch(cast.foreign, cast.other_rep)
        sent = plan(cast.own, types["voice"], cast.rep, uuid=str(theirs.uuid))
        response = as_user(cast.rep).post(reverse("planned_create"), sent)
        assert (response.status_code, PlannedTouch.objects.count()) == (422, 1)

    @pytest.mark.parametrize(
        ("changes", "field", "message"),
        [
            ({"customer": ""}, "customer", "Choose the customer."),
            ({"touch_type": ""}, "touch_type", "Choose what is to be done."),
            ({"due_on": ""}, "due_on", "Say on which day."),
            ({"due_on": "2020-01-01"}, "due_on", "This day is over."),
            ({"due_time": "25:00"}, "due_time", "Enter a valid time."),
            ({"minutes": "-1"}, "minutes", "greater than or equal to 0"),
            ({"assignee": "999999"}, "assignee", "Select a valid choice"),
            ({"reason": "x" * 301}, "reason", "at most 300 characters"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, as_user, cast, types, changes, field, message):
        response = as_user(cast.rep).post(
            reverse("planned_create"), plan(cast.own, types["voice"], cast.rep, **changes)
        )
        assert response.status_code == 422
        assert message in str(response.context["form"].errors[field])
        assert message.encode() in response.content
        assert not PlannedTouch.objects.exists()

    def test_a_hidden_customer_is_as_a_missing_one(self, as_user, cast, types):
        client = as_user(cast.rep)
        hidden = client.post(reverse("planned_create"), plan(cast.foreign, types["voice"], cast.rep))
        missing = client.post(reverse("planned_create"), plan(cast.own, types["voice"], cast.rep, customer=999999))
        assert hidden.context["form"].errors == missing.context["form"].errors
        assert client.get(reverse("planned_create"), {"customer": cast.foreign.pk}).status_code == 404
        assert not PlannedTouch.objects.exists()

    def test_it_starts_on_the_next_working_day_with_oneself(self, as_user, cast, types, time_machine):
        time_machine.move_to(dt.datetime(2026, 6, 5, 9, tzinfo=dt.UTC), tick=False)  # a Friday
        form = as_user(cast.rep).get(reverse("planned_create"), {"customer": cast.own.pk}).context["form"]
        assert (form["due_on"].value(), form["assignee"].value()) == (dt.date(2026, 6, 8), cast.rep.pk)


@pytest.fixture
def planned(cast, types):
    return factories.planned_touch(cast.own, cast.rep, due_on=in_days(1), type=types["voice"], planned_by=cast.rep)


@pytest.mark.parametrize("name", ["planned_edit", "planned_put_off", "planned_cancel"])
def test_what_is_typed_is_kept_until_it_is_saved(as_user, cast, types, planned, name):
    client = as_user(cast.rep)
    url = f"{reverse(name)}?planned={planned.pk}" if name == "planned_put_off" else reverse(name, args=[planned.pk])
    page = client.get(url)
    [kept] = re.findall(r'data-draft="([^"]+)"', page.content.decode())
    typed = {field.name: field.value() or "" for field in page.context["form"]}
    saved = client.post(url, typed | {"until": in_days(9).isoformat(), "reason": "On holiday"}, follow=True)
    assert re.findall(r'data-draft-saved="([^"]+)"', saved.content.decode()) == [kept]


def edit(planned, **changes):
    return {
        "version": planned.version,
        "touch_type": planned.type_id,
        "due_on": planned.due_on.isoformat(),
        "assignee": planned.assignee_id,
        "minutes": "15",
        "reason": planned.reason,
        **changes,
    }


class TestChange:
    def test_day_and_person_change(self, as_user, cast, planned):
        sent = edit(planned, due_on=in_days(5).isoformat(), assignee=cast.technician.pk)
        as_user(cast.rep).post(reverse("planned_edit", args=[planned.pk]), sent)
        planned.refresh_from_db()
        assert (planned.due_on, planned.assignee, planned.version) == (in_days(5), cast.technician, 2)

    def test_another_was_quicker_shows_both_values(self, as_user, cast, planned):
        PlannedTouch.objects.update(version=2, reason="Theirs")
        response = as_user(cast.rep).post(reverse("planned_edit", args=[planned.pk]), edit(planned, reason="Mine"))
        assert response.status_code == 409
        assert response.context["conflict"]["fields"] == [{"label": "What for", "mine": "Mine", "theirs": "Theirs"}]

    def test_what_was_done_is_said(self, as_user, cast, planned):
        PlannedTouch.objects.update(closed_at=clock.now())
        response = as_user(cast.rep).get(reverse("planned_edit", args=[planned.pk]))
        assert b"This was cancelled" in response.content

    def test_what_was_done_while_one_typed_is_said_and_what_was_typed_is_there(self, as_user, cast, planned):
        PlannedTouch.objects.update(closed_at=clock.now())
        response = as_user(cast.rep).post(
            reverse("planned_edit", args=[planned.pk]), edit(planned, reason="Ask for Jo")
        )
        assert response.status_code == 409
        assert b"This was cancelled" in response.content
        assert b"Ask for Jo" in response.content
        planned.refresh_from_db()
        assert planned.reason != "Ask for Jo"

    @pytest.mark.parametrize("page", ["planned_edit", "planned_cancel"])
    @pytest.mark.parametrize(
        ("name", "status"),
        [("mate", 404), ("other_rep", 404), ("technician", 403), ("coordinator", 200), ("manager", 200)],
    )
    def test_everyone_elses_reach(self, as_user, cast, planned, page, name, status):
        assert as_user(getattr(cast, name)).get(reverse(page, args=[planned.pk])).status_code == status


class TestPutOff:
    def address(self, **asked):
        return f"{reverse('planned_put_off')}?" + "&".join(f"{name}={value}" for name, value in asked.items())

    def test_a_due_row_becomes_a_plan_of_that_day(self, as_user, cast, types):
        address = self.address(customer=cast.own.pk, type=types["voice"].pk)
        response = as_user(cast.rep).post(address, {"until": in_days(4).isoformat(), "reason": "On holiday"})
        row = PlannedTouch.objects.get()
        assert response.status_code == 302
        assert (row.customer, row.due_on, row.source, row.reason) == (cast.own, in_days(4), "put_off", "On holiday")
        assert row.assignee == cast.rep

    def test_a_manager_puts_it_off_for_the_owner(self, as_user, cast, types):
        address = self.address(customer=cast.own.pk, type=types["voice"].pk)
        as_user(cast.manager).post(address, {"until": in_days(4).isoformat(), "reason": "On holiday"})
        assert PlannedTouch.objects.get().assignee == cast.rep

    def test_a_planned_touch_moves(self, as_user, cast, planned):
        address = self.address(planned=planned.pk)
        as_user(cast.rep).post(address, {"until": in_days(9).isoformat(), "reason": "They are away"})
        planned.refresh_from_db()
        assert (planned.due_on, planned.reason, PlannedTouch.objects.count()) == (in_days(9), "They are away", 1)

    def test_what_was_done_meanwhile_is_said_and_nothing_else_moves(self, as_user, cast, planned):
        """Another appointment of the same type is not what somebody meant, nor is a new plan."""
        other = factories.planned_touch(cast.own, cast.rep, due_on=in_days(3), type=planned.type)
        PlannedTouch.objects.filter(pk=planned.pk).update(closed_at=clock.now())
        address = self.address(customer=cast.own.pk, type=planned.type_id, planned=planned.pk)
        client = as_user(cast.rep)
        response = client.post(address, {"until": in_days(9).isoformat(), "reason": "They are away"})
        assert response.status_code == 409
        assert b"This was cancelled" in response.content
        assert b"They are away" in response.content
        other.refresh_from_db()
        assert (other.due_on, PlannedTouch.objects.count()) == (in_days(3), 2)
        assert client.get(address).status_code == 200

    @pytest.mark.parametrize(
        ("sent", "field", "message"),
        [
            ({"until": "", "reason": "x"}, "until", "Say until which day."),
            ({"until": "2020-01-01", "reason": "x"}, "until", "Put it off to a later day than today."),
            ({"until": "2150-01-01", "reason": " "}, "reason", "Say why it is put off."),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, as_user, cast, types, sent, field, message):
        response = as_user(cast.rep).post(self.address(customer=cast.own.pk, type=types["voice"].pk), sent)
        assert response.status_code == 422
        assert response.context["form"].errors[field] == [message]
        assert not PlannedTouch.objects.exists()

    def test_hidden_and_missing_are_the_same(self, as_user, cast, types):
        theirs = factories.planned_touch(cast.foreign, cast.other_rep)
        client = as_user(cast.rep)
        for asked in (
            {"customer": cast.foreign.pk, "type": types["voice"].pk},
            {"customer": 999999, "type": types["voice"].pk},
            {"customer": cast.own.pk, "type": 999999},
            {"planned": theirs.pk},
            {"planned": 999999},
            {},
        ):
            assert client.get(self.address(**asked)).status_code == 404
            assert client.post(self.address(**asked), {"until": "2150-01-01", "reason": "x"}).status_code == 404
        theirs.refresh_from_db()
        assert theirs.source == "by_hand"


class TestCancel:
    def test_it_is_cancelled_with_the_reason_and_can_be_planned_again(self, as_user, cast, planned):
        client = as_user(cast.rep)
        client.post(reverse("planned_cancel", args=[planned.pk]), {"reason": "They closed"})
        planned.refresh_from_db()
        assert planned.closed_at is not None
        assert planned.history.first().history_change_reason == "They closed"
        client.post(reverse("planned_restore", args=[planned.pk]))
        planned.refresh_from_db()
        assert planned.closed_at is None

    def test_what_was_done_meanwhile_is_said_and_not_cancelled(self, as_user, cast, planned):
        touch = factories.touch(cast.own, cast.rep)
        PlannedTouch.objects.update(closed_at=clock.now(), closed_by_touch=touch)
        response = as_user(cast.rep).post(reverse("planned_cancel", args=[planned.pk]), {"reason": "They closed"})
        assert response.status_code == 409
        assert b"This was done" in response.content
        assert b"They closed" in response.content
        planned.refresh_from_db()
        assert planned.closed_by_touch == touch

    def test_what_was_done_is_not_planned_again(self, as_user, cast, planned):
        touch = factories.touch(cast.own, cast.rep)
        PlannedTouch.objects.update(closed_at=clock.now(), closed_by_touch=touch)
        client = as_user(cast.rep)
        client.post(reverse("planned_restore", args=[planned.pk]))
        planned.refresh_from_db()
        assert planned.closed_at is not None

    def test_others_change_nothing(self, as_user, cast, planned):
        for name, status in (("mate", 404), ("other_manager", 404), ("technician", 403)):
            assert as_user(getattr(cast, name)).post(reverse("planned_cancel", args=[planned.pk])).status_code == status
        planned.refresh_from_db()
        assert planned.closed_at is None
