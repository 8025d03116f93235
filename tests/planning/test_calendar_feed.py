"""The calendar's private address: what it gives, to whom, and that it gives nothing once renewed or its person gone."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions.people import deactivate_person, reactivate_person
from accounts.models import User
from planning.actions.calendar_feeds import hashed, renew_feed, revoke_feed
from planning.models import CalendarFeed
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
AT = dt.datetime(2026, 6, 11, 8, 45, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def read(token: str):
    return Client().get(reverse("calendar_feed", args=[token]))


def test_the_feed_holds_the_planned_touches_with_a_time(cast):
    cast.own.address, cast.own.town = "1 High St; Mill", "Exeter"
    cast.own.latitude, cast.own.longitude = 50.7, -3.5
    cast.own.save()
    factories.planned_touch(cast.own, cast.rep, AT.date(), due_at=AT, duration_seconds=4500, reason="Ovens,\nagain")
    factories.planned_touch(cast.own, cast.rep, AT.date(), reason="Any time")
    factories.planned_touch(cast.foreign, cast.rep, AT.date(), due_at=AT)
    answer = read(renew_feed(person=cast.rep, now=NOW))
    text = answer.content.decode().replace("\r\n ", "")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    assert text.count("BEGIN:VEVENT") == 1
    assert f"SUMMARY:{cast.own.name}" in text
    assert "DTSTART:20260611T084500Z" in text
    assert "DTEND:20260611T100000Z" in text
    assert "LOCATION:1 High St\\; Mill\\, Exeter" in text
    assert "DESCRIPTION:Ovens\\,\\nagain" in text
    assert "GEO:50.7;-3.5" in text


def test_a_renewed_address_makes_the_old_one_worthless(cast):
    old = renew_feed(person=cast.rep, now=NOW)
    new = renew_feed(person=cast.rep, now=NOW)
    assert read(new).status_code == 200
    assert read(old).status_code == 404
    assert read(old).content == read("nobodys").content
    assert CalendarFeed.objects.get().token_hash == hashed(new) != new


def test_it_is_gone_when_taken_back_or_its_person_gone(cast):
    token = renew_feed(person=cast.rep, now=NOW)
    assert read(token).status_code == 200
    revoke_feed(person=cast.rep, now=NOW)
    assert read(token).status_code == 404
    token = renew_feed(person=cast.rep, now=NOW)
    User.objects.filter(pk=cast.rep.pk).update(is_active=False)
    assert read(token).status_code == 404


def test_it_does_not_come_back_to_life_when_its_person_does(cast):
    token, other = (renew_feed(person=person, now=NOW) for person in (cast.rep, cast.mate))
    deactivate_person(actor=cast.admin, now=NOW, on=NOW.date(), person=cast.rep)
    reactivate_person(actor=cast.admin, now=NOW, person=cast.rep)
    assert read(token).status_code == 404
    assert read(other).status_code == 200


def test_whoever_sees_no_touches_any_more_reads_none(cast):
    factories.planned_touch(cast.own, cast.rep, AT.date(), due_at=AT)
    token = renew_feed(person=cast.rep, now=NOW)
    assert b"BEGIN:VEVENT" in read(token).content
    role = cast.rep_membership.role
    role.access = {area: acts for area, acts in role.access.items() if area != "touches"}
    role.save()
    assert b"BEGIN:VEVENT" not in read(token).content


def test_the_address_is_shown_once(cast):
    client = client_of(cast.rep)
    page = client.post(reverse("my_week_feed_renew"), follow=True)
    address = page.content.decode().split('value="http', 1)[1].split('"', 1)[0]
    token = address.rsplit("/", 1)[1].removesuffix(".ics")
    assert read(token).status_code == 200
    assert token not in client.get(reverse("my_week_feed")).content.decode()


def test_questions_do_not_grow_with_events(cast):
    token = renew_feed(person=cast.rep, now=NOW)
    found = []
    for _round in range(2):
        factories.planned_touch(cast.own, cast.rep, AT.date(), due_at=AT)
        with CaptureQueriesContext(connection) as queries:
            read(token)
        found.append(len(queries))
    assert found[0] == found[1]


def test_who_stands_in_has_the_visits_meanwhile(cast):
    factories.planned_touch(cast.own, cast.rep, AT.date(), due_at=AT)
    factories.cover(cast.rep, cast.mate_membership, NOW.date(), AT.date())
    events = {
        person.name: read(renew_feed(person=person, now=NOW)).content.count(b"BEGIN:VEVENT")
        for person in (cast.rep, cast.mate)
    }
    assert events == {"Rep": 0, "Mate": 1}
