"""A touch's event says who took part, with their minutes, and who was met: from what to what, in one event with the rest."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions.outreach import log_outreach
from customers.actions.touches import Participant, TouchEntry, edit_touch, log_touch, undo_touch
from customers.imports.runs import run_import
from customers.models import Touch
from territory import clock
from territory.audit import registry
from territory.audit.events import Asked, piece
from tests import factories
from tests.accounts.signing_in import client_of
from tests.territory.audit.watching import Watch


@pytest.fixture
def now(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    return clock.now()


@pytest.fixture
def entry(cast, now):
    call = factories.touch_types()["voice"]

    def make(*people, contacts=(), customer=cast.own):
        parts = tuple(
            Participant(user=user, duration_seconds=60 * long, travel_seconds=60 * travel)
            for user, long, travel in people
        )
        return TouchEntry(customer=customer, type=call, at=now, participants=parts, contacts=contacts)  # fmt: skip

    return make


def told(touch, sees=lambda _area: True):
    kind = registry.get("customers.touch")
    names = ("took_part", "met", "duration_seconds")
    return [
        (event.act, {change.name: (change.before, change.after) for change in event.changes if change.name in names})
        for event in piece(Asked(kind=kind, row=touch.pk), sees).events
    ]


def test_who_took_part_and_who_was_met_is_told_with_the_touch(cast, entry, now):
    ann, bob = factories.contact(cast.own, "Ann"), factories.contact(cast.own, "Bob")
    touch = log_touch(actor=cast.rep, now=now, uuid=uuid.uuid4(), entry=entry((cast.rep, 20, 0), contacts=(ann,))).touch
    watch = Watch()
    second = entry((cast.rep, 20, 0), (cast.technician, 5, 40), contacts=(bob, ann))
    edit_touch(actor=cast.rep, now=now, touch=Touch.objects.get(), version=1, entry=second)
    assert watch.faults(cast.rep.pk) == (1, [])
    undo_touch(actor=cast.rep, now=now, touch=Touch.objects.get())
    assert told(touch) == [
        ("~", {}),
        (
            "~",
            {
                "took_part": ("Rep 20 min", "Rep 20 min, Technician 5 min and 40 min travel"),
                "met": ("Ann", "Ann, Bob"),
                "duration_seconds": ("20 min", "25 min"),
            },
        ),
        ("+", {"took_part": (None, "Rep 20 min"), "met": (None, "Ann"), "duration_seconds": (None, "20 min")}),
    ]


def test_minutes_that_move_from_one_to_another_are_told_though_the_touch_s_own_are_the_same(cast, entry, now):
    touch = log_touch(
        actor=cast.rep, now=now, uuid=uuid.uuid4(), entry=entry((cast.rep, 20, 0), (cast.mate, 10, 0))
    ).touch
    edit_touch(actor=cast.rep, now=now, touch=touch, version=1, entry=entry((cast.rep, 10, 0), (cast.mate, 20, 0)))
    assert told(touch)[0] == ("~", {"took_part": ("Rep 20 min, Mate 10 min", "Rep 10 min, Mate 20 min")})
    page = client_of(cast.rep).get(reverse("touch_history", args=[touch.pk])).content.decode()
    assert "Rep 10 min, Mate 20 min" in page


def test_nobody_left_is_told_too(cast, entry, now):
    touch = log_touch(actor=cast.rep, now=now, uuid=uuid.uuid4(), entry=entry((cast.rep, 20, 0))).touch
    edit_touch(actor=cast.rep, now=now, touch=touch, version=1, entry=entry())
    assert told(touch)[0][1]["took_part"] == ("Rep 20 min", "–")


def test_an_outreach_and_its_undoing_tell_each_touch_once(cast, entry, now):
    customers = [cast.own, *(factories.customer(f"Bakery {number}", cast.exeter) for number in range(3))]
    for customer in customers[1:]:
        factories.assign(customer, cast.rep_membership)
    watch = Watch()
    done = log_outreach(
        actor=cast.rep, now=now, uuid=uuid.uuid4(), entry=entry((cast.rep, 10, 0), (cast.mate, 5, 4)), customers=customers
    )  # fmt: skip
    rows, faults = watch.faults(cast.rep.pk)
    assert not faults, "\n".join(faults)
    assert rows >= 4
    watch = Watch()
    with CaptureQueriesContext(connection) as queries:
        undo_touch(actor=cast.rep, now=now, touch=done[0])
    assert len([query for query in queries if "touchperson" in query["sql"] or "touch_contacts" in query["sql"]]) == 2
    rows, faults = watch.faults(cast.rep.pk)
    assert not faults, "\n".join(faults)
    assert rows == 4


def test_an_import_that_changes_only_person_or_contact_is_a_change_of_the_touch(cast, now):
    factories.touch_types()
    cast.own.external_id = "C1"
    cast.own.save()
    for user, key in ((cast.rep, "P1"), (cast.mate, "P2")):
        user.external_id = key
        user.save()
    factories.contact(cast.own, "Ann")
    fields = {
        "external_id": "id",
        "customer": "c",
        "type": "t",
        "at": "at",
        "minutes": "m",
        "person": "p",
        "contact": "met",
    }
    mapping = {"kind": "touches", "fields": fields}
    head = "id,c,t,at,m,p,met\n"
    seen = []
    for row in ("T1,C1,Voice call,2026-06-08T08:00,10,P1,", "T1,C1,Voice call,2026-06-08T08:00,10,P2,Ann", "T1,C1,Voice call,2026-06-08T08:00,10,P2,Ann"):  # fmt: skip
        watch = Watch()
        report = run_import(kind="touches", data=(head + row).encode(), mapping=mapping, actor=cast.admin, now=now)
        assert not report.rejected_rows
        assert watch.faults(cast.admin.pk, "Import of")[1] == []
        seen.append((report.created, report.changed, report.unchanged))
    assert seen == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    touch = Touch.objects.get()
    assert told(touch)[0] == ("~", {"took_part": ("Rep 10 min", "Mate 10 min"), "met": ("–", "Ann")})
    assert touch.version == 2


def test_who_does_not_see_customers_is_not_told_whom_they_met(cast, entry, now):
    ann = factories.contact(cast.own, "Ann")
    touch = log_touch(actor=cast.rep, now=now, uuid=uuid.uuid4(), entry=entry((cast.rep, 20, 0), contacts=(ann,))).touch
    edit_touch(actor=cast.rep, now=now, touch=touch, version=1, entry=entry((cast.rep, 20, 0)))
    assert told(touch, lambda area: area != "customers")[0] == ("~", {})
    event = piece(Asked(kind=registry.get("customers.touch"), row=touch.pk), lambda area: area != "customers").events[0]
    assert event.is_hidden


def test_a_version_from_before_people_were_kept_says_nothing_of_them(cast, entry, now):
    touch = factories.touch(cast.own, cast.rep)
    Touch.history.create(
        id=touch.pk, uuid=touch.uuid, customer=cast.own, type=touch.type, at=touch.at, logged_at=touch.at,
        duration_seconds=touch.duration_seconds, history_date=now, history_type="~", took_part=None, met=None,
    )  # fmt: skip
    edit_touch(actor=cast.rep, now=now + dt.timedelta(hours=1), touch=touch, version=1, entry=entry((cast.rep, 15, 0)))
    assert told(touch)[0] == ("~", {})
