"""One outreach to many: whom it reaches, logged once, undone as one as far as one may, told to nobody else."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions.outreach import log_outreach
from customers.actions.touches import Participant, TouchEntry, restore_touch, undo_touch
from customers.models import Customer, PlannedTouch, Touch, TouchPerson
from planning.models import FactsMark
from territory import clock
from tests import factories

URL = "/touches/outreach/"
NOW = dt.datetime(2026, 6, 9, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def tuesday(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def types(db):
    return factories.touch_types()


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def sent(cast, types):
    """What the rep's form sends."""

    def data(*customers, **more):
        return {
            "uuid": str(uuid.UUID(int=7)),
            "customers": " ".join(str(customer.pk) for customer in customers),
            "ids": "",
            "type": types["marketing"].pk,
            "at": "2026-06-09 09:30",
            "minutes": "30",
            "people": [cast.rep.pk],
            "note": "Spring letter",
            **more,
        }

    return data


def several(owner, count) -> list[Customer]:
    return [factories.customer(f"Many {n:04}", owner=owner, external_id=f"M{n}") for n in range(count)]


def write(actor, customers, types, number=7, now=NOW):
    people = (Participant(user=actor, duration_seconds=60 * len(customers)),)
    entry = TouchEntry(customer=customers[0], type=types["marketing"], participants=people, note="Letter")
    return log_outreach(actor=actor, now=now, uuid=uuid.UUID(int=number), entry=entry, customers=customers)


def said(response) -> str:
    return str(list(response.wsgi_request._messages)[-1])


# --- Whom it reaches ---


def test_a_filtered_list_is_shown_before_anything_is_logged(as_, cast, types):
    several(cast.rep_membership, 3)
    response = as_(cast.rep).get(f"{URL}?list=1&q=many")
    assert [row.name for row in response.context["form"].chosen] == ["Many 0000", "Many 0001", "Many 0002"]
    assert "Log for 3 customers" in response.content.decode()
    assert not Touch.objects.exists()


def test_the_list_of_customers_leads_there_with_its_filters(as_, cast, types):
    assert "?q=own&amp;list=1" in as_(cast.rep).get("/customers/?q=own").content.decode()


def test_marketing_comes_first(as_, cast, types):
    assert as_(cast.rep).get(URL).context["form"].fields["type"].queryset[0] == types["marketing"]


def test_pasted_ids_unknown_and_hidden_alike_are_handed_back(as_, cast, sent):
    for customer, number in ((cast.own, "OWN-1"), (cast.foreign, "HID-1")):
        customer.external_id = number
        customer.save()
    response = as_(cast.rep).post(URL, sent(ids="OWN-1\r\n HID-1 \r\n\r\nNONE-1\r\nOWN-1", look="1"))
    form = response.context["form"]
    assert [row.name for row in form.chosen] == ["Own customer"]
    assert form.not_found == "2 ids were not found: HID-1, NONE-1."
    assert (form["ids"].value(), form["note"].value()) == ("HID-1\nNONE-1", "Spring letter")
    assert "Foreign" not in response.content.decode()


def test_nothing_is_logged_while_ids_are_not_found(as_, cast, sent):
    response = as_(cast.rep).post(URL, sent(cast.own, ids="NONE-1"))
    assert response.status_code == 422
    assert "1 id was not found: NONE-1." in response.content.decode()
    assert not Touch.objects.exists()


def test_keys_of_hidden_customers_and_of_none_are_answered_alike(as_, cast, sent):
    pages = []
    for key in (cast.foreign.pk, 98_765_432):
        response = as_(cast.rep).post(URL, {**sent(cast.own), "customers": f"{cast.own.pk} {key}"})
        pages.append((response.status_code, response.context["form"].keys, response.context["form"].errors.as_text()))
    assert pages[0] == pages[1]
    assert pages[0][:2] == (422, str(cast.own.pk))
    assert not Touch.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"customers": ""}, "Choose at least one customer."),
        ({"at": "2026-06-11 09:30"}, "still to come"),
        ({"people": []}, "Say who took part."),
        ({"minutes": ""}, "Say how many minutes it took."),
    ],
)
def test_what_is_wrong_is_said_and_kept(as_, cast, sent, wrong, words):
    response = as_(cast.rep).post(URL, {**sent(cast.own), **wrong})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert "Spring letter" in response.content.decode()
    assert not Touch.objects.exists()


# --- Logged once ---


def test_one_touch_a_customer_with_minutes_split(as_, cast, sent):
    customers = several(cast.rep_membership, 7)
    response = as_(cast.rep).post(URL, sent(*customers))
    assert said(response) == "Marketing outreach to 7 customers logged"
    touches = Touch.objects.filter(outreach=uuid.UUID(int=7))
    assert sorted(touches.values_list("duration_seconds", flat=True)) == [257] * 6 + [258]
    assert set(TouchPerson.objects.values_list("at", flat=True)) == set(Touch.objects.values_list("at", flat=True))
    assert sum(TouchPerson.objects.values_list("duration_seconds", flat=True)) == 1800
    assert {row.role for row in TouchPerson.objects.all()} == {cast.rep_membership.role}


def test_sent_twice_is_once_and_something_else_is_refused(as_, cast, sent):
    client = as_(cast.rep)
    for _n in range(2):
        assert client.post(URL, sent(cast.own)).status_code == 302
    assert Touch.objects.count() == 1
    response = client.post(URL, sent(cast.own, note="Another"))
    assert response.status_code == 422
    assert "saved before, saying something else" in response.content.decode()
    assert Touch.objects.count() == 1


def test_each_row_has_its_history_and_every_customer_its_mark(cast, types):
    customers = several(cast.rep_membership, 3)
    touches = write(cast.rep, customers, types)
    for touch in touches:
        (entry,) = touch.history.all()
        assert (entry.history_type, entry.history_user, entry.history_date) == ("+", cast.rep, NOW)
    assert FactsMark.objects.filter(customer__in=customers).count() == 3


def test_it_closes_the_planned_touch_of_its_type_that_is_due_first(cast, types):
    def planned(**more):
        return factories.planned_touch(cast.own, planned_at=NOW - dt.timedelta(days=9), **more)

    theirs = planned(assignee=cast.mate, type=types["marketing"], due_on=dt.date(2026, 6, 1))
    ours = planned(assignee=cast.rep, type=types["marketing"], due_on=dt.date(2026, 6, 10))
    call = planned(assignee=cast.rep, type=types["voice"])
    (touch,) = write(cast.rep, [cast.own], types)
    ours.refresh_from_db()
    assert (ours.closed_by_touch, ours.closed_at, ours.version) == (touch, NOW, 2)
    assert ours.history.first().history_user == cast.rep
    assert set(PlannedTouch.objects.open()) == {theirs, call}


def test_a_thousand_are_written_and_undone_in_batches(cast, types, django_assert_max_num_queries):
    many = Customer.objects.bulk_create(
        Customer(name=f"Bulk {number}", team=cast.exeter, since=dt.date(2026, 1, 1), stage="prospect")
        for number in range(1000)
    )
    with django_assert_max_num_queries(80):
        touches = write(cast.rep, many, types)
    with django_assert_max_num_queries(80):
        assert len(undo_touch(actor=cast.rep, now=NOW, touch=touches[5])) == 1000
    assert Touch.history.filter(history_type="~").count() == 1000


# --- Undone as one, as far as one may ---


def test_undone_and_restored_as_one_with_what_it_closed(as_, cast, types, sent):
    customers = several(cast.rep_membership, 3)
    planned = factories.planned_touch(
        customers[1], cast.rep, type=types["marketing"], planned_at=NOW - dt.timedelta(days=1)
    )
    client = as_(cast.rep)
    client.post(URL, sent(*customers))
    first = Touch.objects.order_by("pk").first()
    response = client.post(reverse("touch_undo", args=[first.pk]))
    assert said(response) == "Marketing outreach to 3 customers taken back"
    planned.refresh_from_db()
    assert (Touch.objects.live().count(), planned.closed_at) == (0, None)
    assert first.history.count() == 2
    client.post(reverse("touch_restore", args=[first.pk]))
    planned.refresh_from_db()
    assert (Touch.objects.live().count(), planned.closed_at) == (3, NOW)


def test_who_sees_a_part_takes_back_that_part_and_hears_of_no_more(as_, cast, types):
    write(cast.admin, [cast.own, cast.team_mates, cast.foreign], types)
    own = Touch.objects.get(customer=cast.own)
    response = as_(cast.manager).post(reverse("touch_undo", args=[own.pk]))
    assert said(response) == "Marketing outreach to 2 customers taken back"
    assert [touch.customer for touch in Touch.objects.live()] == [cast.foreign]
    response = as_(cast.manager).post(reverse("touch_restore", args=[own.pk]))
    assert said(response) == "Marketing outreach to 2 customers is back"


def test_restore_leaves_hidden_ones_where_they_are(cast, types):
    write(cast.admin, [cast.own, cast.foreign], types)
    own = Touch.objects.get(customer=cast.own)
    undo_touch(actor=cast.admin, now=NOW, touch=own)
    assert len(restore_touch(actor=cast.manager, now=NOW, touch=own)) == 1
    assert [touch.customer for touch in Touch.objects.live()] == [cast.own]


def test_only_the_author_is_told_how_many_it_reached(as_, cast, types):
    write(cast.admin, [cast.own, cast.team_mates, cast.foreign], types)
    page = reverse("customer_detail", args=[cast.own.pk])
    assert "outreach to 3 customers" in as_(cast.admin).get(page).content.decode()
    theirs = as_(cast.manager).get(page).content.decode()
    assert "outreach to many" in theirs
    assert "3 customers" not in theirs


@pytest.mark.parametrize("who", ["mate", "other_manager"])
def test_a_stranger_takes_nothing_back(as_, cast, types, who):
    (touch,) = write(cast.rep, [cast.own], types)
    for name in ("touch_undo", "touch_restore"):
        assert as_(getattr(cast, who)).post(reverse(name, args=[touch.pk])).status_code == 404
    assert Touch.objects.live().count() == 1


# --- What it costs ---


def test_as_many_questions_for_300_customers_as_for_one(as_, cast, types):
    client = as_(cast.rep)

    def questions() -> int:
        client.get(f"{URL}?list=1")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{URL}?list=1")
        return len(queries)

    several(cast.rep_membership, 1)
    few = questions()
    for customer in Customer.objects.bulk_create(
        Customer(name=f"Bulk {number}", team=cast.exeter, since=clock.company_today(), stage="prospect")
        for number in range(300)
    ):
        factories.assign(customer, cast.rep_membership)
    assert questions() == few
    assert few <= 12
    assert len(client.get(f"{URL}?list=1").content) <= 60_000
