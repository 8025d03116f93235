"""Logging touches: who may, once however often it is sent, what is said when it is wrong, edit, undo, history, mending."""

import datetime as dt
import uuid
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import PlannedTouch, Touch, TouchPerson
from planning.models import ContactRule
from territory import clock
from tests import factories
from tests.factories.history import rewritten

pytestmark = pytest.mark.django_db


@pytest.fixture
def types(cast):
    return factories.touch_types()


@pytest.fixture
def as_user(client):
    def sign_in(user) -> Client:
        client.force_login(user)
        return client

    return sign_in


def body(customer, type_, user, /, **changes):
    """What the form sends for a call of 15 minutes a minute ago by oneself."""
    moment = clock.now().astimezone(clock.zone_of(user)) - dt.timedelta(minutes=1)
    values = {
        "uuid": str(uuid.uuid4()),
        "customer": customer.pk,
        "type": type_.pk,
        "at": moment.strftime("%Y-%m-%dT%H:%M"),
        "minutes": "15",
        "outcome": "neutral",
        "people": [user.pk],
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def log(client, user, customer, type_, /, **changes):
    return client.post(reverse("log_touch"), body(customer, type_, user, **changes))


class TestLog:
    def test_a_touch_is_logged_with_the_person_and_the_minutes(self, as_user, cast, types):
        response = log(as_user(cast.rep), cast.rep, cast.own, types["voice"], note="Wants a quote")
        touch = Touch.objects.get()
        assert (touch.customer, touch.type, touch.note) == (cast.own, types["voice"], "Wants a quote")
        assert [(p.user, p.duration_seconds, p.role.name) for p in touch.people.all()] == [
            (cast.rep, 900, "Salesperson")
        ]
        assert response["Location"] == reverse("customer_detail", args=[cast.own.pk])

    def test_it_goes_back_to_the_page_it_was_asked_from(self, as_user, cast, types):
        response = log(as_user(cast.rep), cast.rep, cast.own, types["voice"], back="/customers/?view=overdue")
        assert response["Location"] == "/customers/?view=overdue"

    @pytest.mark.parametrize(
        "back", ["https://evil.example/", "//evil.example", "/touches/log/", "/nowhere/", "/\\evil"]
    )
    def test_it_goes_nowhere_else(self, as_user, cast, types, back):
        response = log(as_user(cast.rep), cast.rep, cast.own, types["voice"], back=back)
        assert response["Location"] == reverse("customer_detail", args=[cast.own.pk])

    def test_the_toast_offers_undo_and_lets_the_draft_go(self, as_user, cast, types):
        client = as_user(cast.rep)
        log(client, cast.rep, cast.own, types["voice"])
        page = client.get(reverse("customer_detail", args=[cast.own.pk])).content.decode()
        assert "Voice call with Own customer logged" in page
        assert f'action="{reverse("touch_undo", args=[Touch.objects.get().pk])}"' in page
        assert 'data-draft-saved="touch"' in page

    def test_minutes_and_travel_of_several_people_are_their_own(self, as_user, cast, types):
        people = {"people": [cast.rep.pk, cast.technician.pk], f"minutes_{cast.technician.pk}": "45"}
        travel = {"travel": "30", f"travel_{cast.technician.pk}": "0"}
        log(as_user(cast.rep), cast.rep, cast.own, types["field"], minutes="60", **people, **travel)
        rows = TouchPerson.objects.order_by("duration_seconds").values_list(
            "user", "duration_seconds", "travel_seconds"
        )
        assert list(rows) == [(cast.technician.pk, 2700, 0), (cast.rep.pk, 3600, 1800)]

    def test_contacts_and_order_are_kept(self, as_user, cast, types):
        buyer, order = factories.contact(cast.own), factories.order(cast.own)
        log(as_user(cast.rep), cast.rep, cast.own, types["voice"], contacts=[buyer.pk], order=order.pk)
        touch = Touch.objects.get()
        assert list(touch.contacts.all()) == [buyer]
        assert touch.order == order

    def test_no_answer_plans_a_retry_and_says_so(self, as_user, cast, types):
        client = as_user(cast.rep)
        log(client, cast.rep, cast.own, types["voice"], outcome="no_answer")
        retry = PlannedTouch.objects.get()
        assert (retry.source, retry.assignee) == ("retry", cast.rep)
        assert "logged, next on" in client.get(reverse("customer_detail", args=[cast.own.pk])).content.decode()

    def test_a_next_step_is_planned(self, as_user, cast, types):
        day = clock.company_today() + dt.timedelta(days=7)
        step = {"next_type": types["field"].pk, "next_on": day.isoformat(), "next_reason": "Show the samples"}
        log(as_user(cast.rep), cast.rep, cast.own, types["voice"], **step)
        planned = PlannedTouch.objects.get()
        assert (planned.type, planned.due_on, planned.reason) == (types["field"], day, "Show the samples")

    def test_a_planned_touch_comes_filled_in_and_is_closed_by_save(self, as_user, cast, types):
        planned = factories.planned_touch(cast.own, cast.rep, type=types["field"], duration_seconds=5400)
        client = as_user(cast.rep)
        address = f"{reverse('log_touch')}?planned={planned.pk}"
        form = client.get(address).context["form"]
        sent = {
            name: form[name].value() for name in ("uuid", "planned", "customer", "type", "minutes", "outcome", "people")
        }
        sent["at"] = form["at"].value().strftime("%Y-%m-%dT%H:%M")
        sent["minutes"] = "90"
        assert form["minutes"].value() == "90"
        assert client.post(address, sent).status_code == 302
        planned.refresh_from_db()
        assert planned.closed_by_touch == Touch.objects.get()

    def test_a_planned_touch_that_was_done_only_fills_in_customer_and_type(self, as_user, cast, types):
        planned = factories.planned_touch(cast.own, cast.rep, type=types["field"], closed_at=clock.now())
        form = as_user(cast.rep).get(reverse("log_touch"), {"planned": planned.pk}).context["form"]
        assert (form["planned"].value(), form["customer"].value()) == (None, cast.own.pk)

    def test_a_due_row_fills_in_customer_type_and_usual_minutes(self, as_user, cast, types):
        asked = {"customer": cast.own.pk, "type": types["online"].pk}
        form = as_user(cast.rep).get(reverse("log_touch"), asked).context["form"]
        assert (form["customer"].value(), form.type_chosen.row, form["minutes"].value()) == (
            cast.own.pk,
            types["online"],
            "30",
        )

    def test_now_stands_in_the_persons_own_zone(self, as_user, cast, types, time_machine):
        time_machine.move_to(dt.datetime(2026, 7, 1, 10, 20, 30, tzinfo=dt.UTC), tick=False)
        cast.rep.time_zone = "Asia/Tokyo"
        cast.rep.save()
        page = as_user(cast.rep).get(reverse("log_touch")).content.decode()
        assert 'value="2026-07-01T19:20"' in page
        assert "Now, 19:20" in page

    def test_the_hour_that_comes_twice_is_the_one_that_has_been(self, as_user, cast, types, time_machine):
        time_machine.move_to(dt.datetime(2026, 10, 25, 0, 40, tzinfo=dt.UTC), tick=False)
        log(as_user(cast.rep), cast.rep, cast.own, types["voice"], at="2026-10-25T01:35")
        assert Touch.objects.get().at == dt.datetime(2026, 10, 25, 0, 35, tzinfo=dt.UTC)


class TestSentTwice:
    def test_the_same_again_is_answered_as_saved(self, as_user, cast, types):
        client, sent = as_user(cast.rep), body(cast.own, types["voice"], cast.rep)
        first, second = (client.post(reverse("log_touch"), sent) for _ in range(2))
        assert (first.status_code, second.status_code, Touch.objects.count()) == (302, 302, 1)

    def test_a_planned_touch_sent_twice_is_answered_as_saved(self, as_user, cast, types):
        planned = factories.planned_touch(cast.own, cast.rep)
        client, sent = as_user(cast.rep), body(cast.own, types["voice"], cast.rep, planned=planned.pk)
        assert [client.post(reverse("log_touch"), sent).status_code for _ in range(2)] == [302, 302]
        assert Touch.objects.count() == 1

    def test_another_body_under_the_same_number_is_refused_and_nothing_lost(self, as_user, cast, types):
        client, sent = as_user(cast.rep), body(cast.own, types["voice"], cast.rep)
        client.post(reverse("log_touch"), sent)
        response = client.post(reverse("log_touch"), sent | {"note": "Something else"})
        assert (response.status_code, Touch.objects.count()) == (422, 1)
        page = response.content.decode()
        assert "This was saved before, saying something else." in page
        assert "Something else" in page
        assert reverse("touch_detail", args=[Touch.objects.get().pk]) in page
        assert response.context["form"]["uuid"].value() != sent["uuid"]

    def test_another_persons_number_tells_nothing_of_their_touch(self, as_user, cast, types):
        theirs = factories.touch(cast.foreign, cast.other_rep)
        response = log(as_user(cast.rep), cast.rep, cast.own, types["voice"], uuid=str(theirs.uuid))
        assert response.status_code == 422
        assert "Foreign customer" not in response.content.decode()
        assert reverse("touch_detail", args=[theirs.pk]) not in response.content.decode()


class TestWrong:
    @pytest.mark.parametrize(
        ("changes", "field", "message"),
        [
            ({"customer": ""}, "customer", "Choose the customer."),
            ({"type": None}, "type", "Choose what you did."),
            ({"type": "999999"}, "type", "Select a valid choice"),
            ({"minutes": ""}, "minutes", "Say how many minutes it took."),
            ({"minutes": "0"}, "minutes", "Minutes must be 1 or more."),
            ({"minutes": "-20"}, "minutes", "greater than or equal to 0"),
            ({"minutes": "many"}, "minutes", "Enter a number."),
            ({"minutes": "1e9"}, "minutes", "less than or equal to"),
            ({"minutes": "nan"}, "minutes", "Enter a number."),
            ({"at": "yesterday"}, "at", "Give a day and a time"),
            ({"at": "2026-13-45T99:99"}, "at", "Give a day and a time"),
            ({"at": ""}, "at", "Say when it was."),
            ({"at": "2150-01-01T10:00"}, "at", "This time is still to come"),
            ({"outcome": "splendid"}, "outcome", "Select a valid choice"),
            ({"travel": "20"}, "travel", "This type needs no travel."),
            ({"people": []}, "people", "Say who took part."),
            ({"contacts": ["999999"]}, "contacts", "Select a valid choice"),
            ({"order": "999999"}, "order", "Select a valid choice"),
            ({"next_on": "2150-01-01"}, "next_type", "Choose what is to be done."),
            ({"uuid": "1"}, "uuid", "Enter a valid UUID."),
        ],
    )
    def test_it_is_said_at_its_field_and_nothing_typed_is_lost(self, as_user, cast, types, changes, field, message):
        response = log(as_user(cast.rep), cast.rep, cast.own, types["voice"], note="Wants a quote", **changes)
        assert response.status_code == 422
        assert not Touch.objects.exists()
        assert message in str(response.context["form"].errors[field])
        assert "Wants a quote" in response.content.decode()

    def test_own_minutes_come_back_and_everyones_can_be_typed(self, as_user, cast, types):
        people = {"people": [cast.rep.pk, cast.technician.pk], f"minutes_{cast.technician.pk}": "45"}
        response = log(as_user(cast.rep), cast.rep, cast.own, types["voice"], minutes="", **people)
        shown = {
            row.pk: (minutes.value(), travel.value())
            for row, _, minutes, travel in response.context["form"].people_choices
        }
        assert (response.status_code, shown[cast.technician.pk], shown[cast.rep.pk]) == (
            422,
            ("45", None),
            (None, None),
        )
        assert f'name="travel_{cast.rep.pk}"' in response.content.decode()

    def test_own_minutes_that_are_none_are_said_at_their_field(self, as_user, cast, types):
        response = log(as_user(cast.rep), cast.rep, cast.own, types["voice"], **{f"minutes_{cast.rep.pk}": "x"})
        assert (response.status_code, Touch.objects.count()) == (422, 0)
        assert response.context["form"].errors[f"minutes_{cast.rep.pk}"]

    def test_every_error_stands_on_the_page(self, as_user, cast, types):
        wrong = {"minutes": "", "at": "", "people": [], "type": None, "customer": "", "next_reason": "x"}
        response = log(as_user(cast.rep), cast.rep, cast.own, types["voice"], **wrong)
        page = response.content.decode()
        for errors in response.context["form"].errors.values():
            assert errors[0] in page

    def test_a_next_step_in_the_past_is_said_at_its_day(self, as_user, cast, types):
        step = {"next_type": types["voice"].pk, "next_on": "2020-01-01"}
        response = log(as_user(cast.rep), cast.rep, cast.own, types["voice"], **step)
        assert response.context["form"].errors["next_on"] == ["This day is over."]

    def test_an_outreach_may_take_no_minutes(self, as_user, cast, types):
        log(as_user(cast.rep), cast.rep, cast.own, types["marketing"], minutes="0")
        assert Touch.objects.get().duration_seconds == 0

    def test_over_eight_hours_is_kept_marked_and_said(self, as_user, cast, types):
        client = as_user(cast.rep)
        log(client, cast.rep, cast.own, types["voice"], minutes="481")
        assert Touch.objects.get().is_implausible
        page = client.get(reverse("customer_detail", args=[cast.own.pk])).content.decode()
        assert "its minutes are left out until they are mended" in page


class TestWhoMayLog:
    @pytest.mark.parametrize("name", ["rep", "technician", "coordinator", "manager", "admin"])
    def test_who_reaches_the_customer_logs_on_it(self, as_user, cast, types, name):
        user = getattr(cast, name)
        assert log(as_user(user), user, cast.own, types["voice"]).status_code == 302
        assert Touch.objects.get().logged_by == user

    @pytest.mark.parametrize("name", ["mate", "other_rep", "other_manager"])
    def test_for_others_the_customer_is_as_one_that_does_not_exist(self, as_user, cast, types, name):
        user, client = getattr(cast, name), as_user(getattr(cast, name))
        hidden = log(client, user, cast.own, types["voice"])
        missing = client.post(reverse("log_touch"), body(cast.own, types["voice"], user, customer=999999))
        assert hidden.context["form"].errors == missing.context["form"].errors
        assert "Own customer" not in hidden.content.decode()
        assert not Touch.objects.exists()

    @pytest.mark.parametrize("name", ["mate", "other_rep", "other_manager"])
    def test_an_address_with_a_hidden_customer_or_plan_is_not_there(self, as_user, cast, types, name):
        planned = factories.planned_touch(cast.own, cast.rep)
        client = as_user(getattr(cast, name))
        for asked in ({"customer": cast.own.pk}, {"planned": planned.pk}, {"customer": 999999}, {"planned": "x"}):
            assert client.get(reverse("log_touch"), asked).status_code == 404

    def test_contacts_orders_people_and_plans_of_others_are_as_missing_ones(self, as_user, cast, types):
        swapped = {
            "contacts": [factories.contact(cast.foreign).pk],
            "order": factories.order(cast.foreign).pk,
            "planned": factories.planned_touch(cast.foreign, cast.other_rep).pk,
            "people": [cast.rep.pk, cast.other_rep.pk],
        }
        client = as_user(cast.rep)
        for name, value in swapped.items():
            form = log(client, cast.rep, cast.own, types["voice"], **{name: value}).context["form"]
            assert "Select a valid choice" in str(form.errors[name])
        assert not Touch.objects.exists()

    def test_who_may_only_see_is_refused(self, as_user, cast, types):
        role = cast.technician_membership.role
        role.access["touches"]["change"] = "none"
        role.save()
        client = as_user(cast.technician)
        assert client.get(reverse("log_touch")).status_code == 403
        assert log(client, cast.technician, cast.own, types["voice"]).status_code == 403

    def test_a_visible_customer_out_of_reach_for_touches_is_refused(self, as_user, cast, types):
        role = cast.rep_membership.role
        role.access["customers"]["see"] = "team"
        role.save()
        response = as_user(cast.rep).get(reverse("log_touch"), {"customer": cast.team_mates.pk})
        assert response.status_code == 403

    def test_signed_out_and_deactivated_are_sent_to_sign_in(self, client, cast, types):
        response = log(client, cast.rep, cast.own, types["voice"])
        assert urlsplit(response["Location"]).path == reverse("account_login")
        client.force_login(cast.leaver)
        assert log(client, cast.leaver, cast.own, types["voice"]).status_code in (302, 403)
        assert not Touch.objects.exists()

    def test_without_the_forms_token_nothing_is_saved(self, cast, types):
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.rep)
        assert log(client, cast.rep, cast.own, types["voice"]).status_code == 403
        assert not Touch.objects.exists()


class TestWithoutJavaScript:
    def test_the_second_step_shows_contacts_and_orders_and_saves_nothing(self, as_user, cast, types):
        buyer = factories.contact(cast.own, "Martin Kell")
        sent = body(cast.own, types["voice"], cast.rep, note="Typed", minutes="") | {"show": "1"}
        response = as_user(cast.rep).post(reverse("log_touch"), sent)
        page = response.content.decode()
        assert response.status_code == 200
        assert not Touch.objects.exists()
        assert f'name="contacts" value="{buyer.pk}"' in page
        assert "Typed" in page
        assert "is-invalid" not in page

    def test_the_server_gives_the_form_a_number(self, as_user, cast, types):
        form = as_user(cast.rep).get(reverse("log_touch")).context["form"]
        assert uuid.UUID(str(form["uuid"].value())).version == 4

    def test_recent_customers_can_be_chosen_from_a_plain_list(self, as_user, cast, types):
        page = as_user(cast.rep).get(reverse("log_touch")).content.decode()
        assert f'<option value="{cast.own.pk}">Own customer</option>' in page
        assert "Mate&#x27;s customer" not in page


class TestFields:
    def test_they_go_with_the_customer_and_keep_what_is_ticked(self, as_user, cast, types):
        buyer = factories.contact(cast.own, "Martin Kell")
        asked = {"customer": cast.own.pk, "contacts": [buyer.pk], "people": [cast.technician.pk]}
        page = as_user(cast.rep).get(reverse("log_touch_fields"), asked).content.decode()
        assert f'value="{buyer.pk}" data-label="Martin Kell" checked' in page
        assert f'name="people" value="{cast.technician.pk}" checked' in page
        assert "<html" not in page

    def test_of_a_hidden_customer_they_say_nothing(self, as_user, cast, types):
        factories.contact(cast.foreign, "Martin Kell")
        client = as_user(cast.rep)
        hidden = client.get(reverse("log_touch_fields"), {"customer": cast.foreign.pk})
        missing = client.get(reverse("log_touch_fields"), {"customer": 999999})
        assert hidden.content == missing.content

    def test_contacts_who_left_are_not_offered(self, as_user, cast, types):
        factories.contact(cast.own, "Gone Away", left_on=dt.date(2026, 1, 1))
        page = as_user(cast.rep).get(reverse("log_touch_fields"), {"customer": cast.own.pk}).content.decode()
        assert "Gone Away" not in page


@pytest.fixture
def own_touch(cast, types):
    return factories.touch(cast.own, cast.rep, type=types["voice"], note="As it was")


def change(touch, user, /, **changes):
    at = touch.at.astimezone(clock.zone_of(user)).strftime("%Y-%m-%dT%H:%M")
    return {
        "version": touch.version,
        "type": touch.type_id,
        "at": at,
        "minutes": "15",
        "outcome": touch.outcome,
        "people": [person.user_id for person in touch.people.all()],
        "note": touch.note,
        **changes,
    }


class TestEdit:
    def test_it_is_corrected_and_the_history_says_who_and_what(self, as_user, cast, own_touch):
        client = as_user(cast.manager)
        response = client.post(reverse("touch_edit", args=[own_touch.pk]), change(own_touch, cast.rep, minutes="25"))
        own_touch.refresh_from_db()
        assert response.status_code == 302
        assert (own_touch.duration_seconds, own_touch.version) == (1500, 2)
        page = client.get(reverse("touch_history", args=[own_touch.pk])).content.decode()
        assert "15 min" in page
        assert "25 min" in page
        assert "Manager" in page

    def test_without_a_first_version_the_touch_itself_says_who_logged_it(self, as_user, cast, own_touch):
        with rewritten(own_touch) as history:
            history.delete()
        client = as_user(cast.rep)
        client.post(reverse("touch_edit", args=[own_touch.pk]), change(own_touch, cast.rep, minutes="25"))
        page = client.get(reverse("touch_history", args=[own_touch.pk])).content.decode()
        assert (page.count("<b>Changed</b>"), page.count("<b>Logged</b>")) == (1, 1)

    def test_what_was_not_changed_keeps_its_seconds(self, as_user, cast, types):
        at = clock.now().replace(microsecond=0) - dt.timedelta(hours=3)
        touch = factories.touch(cast.own, cast.rep, at=at.replace(second=37), type=types["voice"])
        TouchPerson.objects.update(duration_seconds=757)
        sent = change(touch, cast.rep, minutes="12.62", note="More")
        as_user(cast.rep).post(reverse("touch_edit", args=[touch.pk]), sent)
        touch.refresh_from_db()
        assert (touch.note, touch.at.second, touch.duration_seconds) == ("More", 37, 757)

    def test_the_form_shows_minutes_to_the_second(self, as_user, cast, own_touch):
        TouchPerson.objects.update(duration_seconds=757)
        form = as_user(cast.rep).get(reverse("touch_edit", args=[own_touch.pk])).context["form"]
        assert form["minutes"].value() == "12.62"

    def test_another_was_quicker_shows_both_values(self, as_user, cast, own_touch):
        sent = change(own_touch, cast.rep, note="Mine")
        Touch.objects.update(version=2, note="Theirs")
        response = as_user(cast.rep).post(reverse("touch_edit", args=[own_touch.pk]), sent)
        assert response.status_code == 409
        assert response.context["conflict"]["fields"] == [{"label": "Note", "mine": "Mine", "theirs": "Theirs"}]
        own_touch.refresh_from_db()
        assert own_touch.note == "Theirs"

    def test_a_touch_by_a_person_unknown_stays_so(self, as_user, cast, types):
        touch = factories.touch(cast.own, None, type=types["voice"], minutes=15)
        sent = change(touch, cast.admin, note="Known now")
        as_user(cast.admin).post(reverse("touch_edit", args=[touch.pk]), sent)
        touch.refresh_from_db()
        assert (touch.note, touch.people.count(), touch.duration_seconds) == ("Known now", 0, 900)

    def test_a_rep_changes_their_own_for_seven_days(self, as_user, cast, own_touch, time_machine):
        client, address = as_user(cast.rep), reverse("touch_edit", args=[own_touch.pk])
        assert client.get(address).status_code == 200
        Touch.objects.update(logged_at=clock.now() - dt.timedelta(days=7, seconds=1))
        assert client.get(address).status_code == 403
        assert client.post(address, change(own_touch, cast.rep, note="Late")).status_code == 403
        own_touch.refresh_from_db()
        assert own_touch.note == "As it was"

    def test_an_implausible_one_at_any_time(self, as_user, cast, own_touch):
        Touch.objects.update(logged_at=clock.now() - dt.timedelta(days=70), is_implausible=True)
        assert as_user(cast.rep).get(reverse("touch_edit", args=[own_touch.pk])).status_code == 200

    def test_on_an_own_customer_a_rep_does_not_change_what_another_logged(self, as_user, cast, types):
        touch = factories.touch(cast.own, cast.technician, type=types["voice"])
        client = as_user(cast.rep)
        assert client.get(reverse("touch_detail", args=[touch.pk])).status_code == 200
        assert client.get(reverse("touch_edit", args=[touch.pk])).status_code == 403

    @pytest.mark.parametrize(
        ("name", "status"),
        [
            ("mate", 404),
            ("other_rep", 404),
            ("other_manager", 404),
            ("coordinator", 200),
            ("manager", 200),
            ("admin", 200),
        ],
    )
    def test_everyone_elses_reach(self, as_user, cast, own_touch, name, status):
        assert as_user(getattr(cast, name)).get(reverse("touch_edit", args=[own_touch.pk])).status_code == status


class TestUndo:
    def test_it_is_taken_back_and_brought_back(self, as_user, cast, own_touch):
        client = as_user(cast.rep)
        client.post(reverse("touch_undo", args=[own_touch.pk]))
        own_touch.refresh_from_db()
        assert own_touch.archived_at is not None
        assert "Taken back" in client.get(reverse("touch_detail", args=[own_touch.pk])).content.decode()
        client.post(reverse("touch_restore", args=[own_touch.pk]))
        own_touch.refresh_from_db()
        assert own_touch.archived_at is None

    @pytest.mark.parametrize("name", ["touch_undo", "touch_restore"])
    def test_only_posts_do_it(self, as_user, cast, own_touch, name):
        assert as_user(cast.rep).get(reverse(name, args=[own_touch.pk])).status_code == 405

    @pytest.mark.parametrize(("name", "status"), [("mate", 404), ("other_rep", 404), ("technician", 403)])
    def test_others_change_nothing(self, as_user, cast, own_touch, name, status):
        response = as_user(getattr(cast, name)).post(reverse("touch_undo", args=[own_touch.pk]))
        own_touch.refresh_from_db()
        assert (response.status_code, own_touch.archived_at) == (status, None)

    def test_it_goes_back_to_the_page_it_was_asked_from(self, as_user, cast, own_touch):
        page = reverse("customer_list")
        response = as_user(cast.rep).post(
            reverse("touch_undo", args=[own_touch.pk]), headers={"referer": f"http://testserver{page}"}
        )
        assert response["Location"] == page


class TestDetail:
    @pytest.mark.parametrize("page", ["touch_detail", "touch_history", "touch_edit"])
    def test_notes_stay_text(self, as_user, cast, types, page):
        touch = factories.touch(cast.own, cast.rep, type=types["voice"], note="<script>alert(1)</script>")
        touch.note = '"><img src=x onerror=alert(1)>'
        touch.save()
        content = as_user(cast.rep).get(reverse(page, args=[touch.pk])).content.decode()
        assert "<script>alert" not in content
        assert "<img src=x" not in content

    def test_its_author_sees_it_after_leaving_the_customer_without_a_way_to_it(self, as_user, cast, own_touch):
        cast.own.assignments.all().delete()
        page = as_user(cast.rep).get(reverse("touch_detail", args=[own_touch.pk])).content.decode()
        assert "As it was" in page
        assert reverse("customer_detail", args=[cast.own.pk]) not in page

    def test_a_hidden_and_a_missing_touch_are_the_same(self, as_user, cast, types):
        theirs = factories.touch(cast.foreign, cast.other_rep)
        client = as_user(cast.rep)
        for page in ("touch_detail", "touch_history", "touch_edit"):
            assert client.get(reverse(page, args=[theirs.pk])).status_code == 404
            assert client.get(reverse(page, args=[999999])).status_code == 404


class TestImplausible:
    @pytest.fixture
    def too_long(self, cast, types):
        return factories.touch(cast.own, cast.rep, type=types["voice"], minutes=600)

    def test_they_stand_there_with_the_usual_minutes_and_are_mended_by_one_click(self, as_user, cast, too_long):
        client, address = as_user(cast.rep), reverse("implausible_touches")
        assert client.get(address).context["page"].object_list[0].usual_minutes == "15"
        response = client.post(address, {"touch": too_long.pk, "version": too_long.version, "minutes": "15"})
        too_long.refresh_from_db()
        assert (response.status_code, too_long.duration_seconds, too_long.is_implausible) == (302, 900, False)
        assert list(too_long.people.values_list("duration_seconds", flat=True)) == [900]

    def test_what_is_still_too_long_is_said_beside_it(self, as_user, cast, too_long):
        sent = {"touch": too_long.pk, "version": too_long.version, "minutes": "500"}
        response = as_user(cast.rep).post(reverse("implausible_touches"), sent)
        assert response.status_code == 422
        assert 'value="500"' in response.content.decode()

    def test_another_was_quicker_is_said(self, as_user, cast, too_long):
        sent = {"touch": too_long.pk, "version": 7, "minutes": "15"}
        response = as_user(cast.rep).post(reverse("implausible_touches"), sent)
        assert "Somebody else changed this touch meanwhile." in response.content.decode()

    def test_only_what_one_may_mend_is_listed(self, as_user, cast, too_long):
        assert not as_user(cast.technician).get(reverse("implausible_touches")).context["page"].object_list
        sent = {"touch": too_long.pk, "version": 1, "minutes": "15"}
        assert as_user(cast.technician).post(reverse("implausible_touches"), sent).status_code == 403
        assert as_user(cast.mate).post(reverse("implausible_touches"), sent).status_code == 404
        assert as_user(cast.mate).post(reverse("implausible_touches"), {"touch": "x"}).status_code == 404


def asked(client, address) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


class TestCost:
    def test_the_form_asks_as_often_for_many_contacts_orders_and_people(self, as_user, cast, types):
        client, address = as_user(cast.rep), f"{reverse('log_touch')}?customer={cast.own.pk}"
        factories.contact(cast.own, role=factories.contact_role())
        factories.order(cast.own)
        few = asked(client, address)
        for number in range(4):
            factories.contact(cast.own, role=factories.contact_role(f"Role {number}"))
            factories.order(cast.own)
            factories.membership(team=cast.exeter)
        assert asked(client, address) == few

    def test_logging_asks_as_often_for_many_people_contacts_and_plans(self, as_user, cast, types):
        client = as_user(cast.rep)

        def sent() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert log(client, cast.rep, cast.own, types["voice"]).status_code == 302
            return len(queries)

        sent()
        few = sent()
        for _ in range(4):
            factories.contact(cast.own, role=factories.contact_role())
            factories.order(cast.own)
            factories.membership(team=cast.exeter)
            factories.planned_touch(cast.own, cast.rep, type=types["field"])
        assert sent() <= few

    def test_the_list_of_implausible_ones_asks_as_often_for_many(self, as_user, cast, types):
        client, address = as_user(cast.admin), reverse("implausible_touches")
        factories.touch(cast.own, cast.rep, type=types["voice"], minutes=600)
        few = asked(client, address)
        for customer, person in (
            (cast.own, cast.technician),
            (cast.foreign, cast.other_rep),
            (cast.team_mates, cast.mate),
        ):
            factories.touch(customer, person, type=types["field"], minutes=600)
        assert asked(client, address) == few


class TestUsualMinutes:
    @pytest.fixture
    def rule(self, cast, types):
        cast.own.tier = factories.tier("A")
        cast.own.save()
        return ContactRule.objects.create(
            tier=cast.own.tier,
            stage=cast.own.stage,
            role=cast.rep_membership.role,
            touch_type=types["voice"],
            duration_seconds=1200,
        )

    def test_the_rule_of_ones_role_on_the_customers_tier_says_them(self, as_user, cast, types, rule):
        asked = {"customer": cast.own.pk, "type": types["voice"].pk}
        response = as_user(cast.rep).get(reverse("log_touch"), asked)
        assert response.context["form"]["minutes"].value() == "20"
        assert "20 is usual for tier A" in response.content.decode()

    def test_where_there_is_none_the_type_says_them(self, as_user, cast, types, rule):
        asked = {"customer": cast.own.pk, "type": types["voice"].pk}
        response = as_user(cast.technician).get(reverse("log_touch"), asked)
        assert response.context["form"]["minutes"].value() == "15"
        assert "15 is usual<" in response.content.decode()

    def test_what_was_planned_goes_before(self, as_user, cast, types, rule):
        planned = factories.planned_touch(cast.own, cast.rep, type=types["voice"], duration_seconds=2700)
        form = as_user(cast.rep).get(reverse("log_touch"), {"planned": planned.pk}).context["form"]
        assert form["minutes"].value() == "45"

    def test_they_come_with_the_customer(self, as_user, cast, types, rule):
        page = as_user(cast.rep).get(reverse("log_touch_fields"), {"customer": cast.own.pk}).content.decode()
        assert f'data-length="{types["voice"].pk}" data-minutes="20"' in page
        assert f'data-length="{types["field"].pk}" data-minutes="60"' in page


def test_who_comes_back_to_the_form_is_told_what_they_logged(client, cast):
    touch = factories.touch(cast.own, cast.rep)
    client.force_login(cast.rep)
    url = f"{reverse('log_touch')}?customer={cast.own.pk}&type="
    assert "already" in client.get(f"{url}{touch.type_id}").content.decode()
    assert "already" not in client.get(f"{url}{factories.touch_types()['online'].pk}").content.decode()
