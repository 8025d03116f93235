"""Touches and internal work from files."""

import datetime as dt

from customers.imports import runs
from customers.locks import held
from customers.models import InternalWork, PlannedTouch, Touch, TouchPerson
from tests import factories
from tests.customers.imports.results import counts, reasons

FIELDS = {
    "external_id": "id",
    "customer": "customer",
    "type": "type",
    "at": "start",
    "minutes": {"from": "start", "to": "end"},
    "person": "agent",
}
HEAD = "id,customer,type,start,end,agent\n"
MAPPING = {"time_zone": "Europe/Amsterdam", "fields": FIELDS}


def test_minutes_from_a_start_and_an_end_to_the_second(load, acme):
    text = HEAD + "T1,C1,Voice call,2026-03-02T08:00:10Z,2026-03-02T08:10:31Z,P1\n"
    assert counts(load("touches", text, mapping=MAPPING)) == (1, 0, 0, 0)
    touch = Touch.objects.get()
    assert (touch.duration_seconds, touch.at) == (621, dt.datetime(2026, 3, 2, 8, 0, 10, tzinfo=dt.UTC))
    person = touch.people.get()
    assert (person.user.name, person.role.name, person.duration_seconds) == ("Ann", "Salesperson", 621)
    assert touch.history.get().history_change_reason == "Import of touches"


def test_times_without_an_offset_are_of_the_mappings_zone(load, acme):
    text = HEAD + "T1,C1,Voice call,2026-07-02 08:00,2026-07-02 09:00,P1\n"
    load("touches", text, mapping=MAPPING)
    assert Touch.objects.get().at == dt.datetime(2026, 7, 2, 6, 0, tzinfo=dt.UTC)


def test_a_night_on_which_the_clocks_change_is_as_long_as_it_was(load, acme):
    text = HEAD + "T1,C1,Voice call,2026-10-25 02:00,2026-10-25 04:00,P1\n"
    load("touches", text, mapping=MAPPING)
    assert Touch.objects.get().duration_seconds == 3 * 3600


def test_a_time_that_clocks_skip_is_named_as_that(load, acme):
    text = HEAD + "T1,C1,Voice call,2026-03-29 02:30,2026-03-29 03:15,P1\n"
    report = load("touches", text, mapping=MAPPING)
    assert [row.reason for row in report.rejected_rows] == ["has a time that the change of clocks skips"]


def test_the_same_file_again_writes_nothing(load, acme, heard):
    text = HEAD + "T1,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T08:10:00Z,P1\n"
    load("touches", text, mapping=MAPPING)
    assert heard == [[acme.pk]]
    assert counts(load("touches", text, mapping=MAPPING)) == (0, 0, 1, 0)
    assert heard == [[acme.pk]]
    assert (Touch.objects.count(), TouchPerson.objects.count(), Touch.history.count()) == (1, 1, 1)
    assert Touch.objects.get().version == 1


def test_another_person_alone_changes_the_customers_figures_and_the_touch(load, acme, heard):
    text = HEAD + "T1,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T08:10:00Z,P1\n"
    load("touches", text, mapping=MAPPING)
    assert counts(load("touches", text.replace("P1", "P2"), mapping=MAPPING)) == (0, 1, 0, 0)
    assert heard == [[acme.pk], [acme.pk]]
    assert (Touch.objects.get().version, Touch.history.count()) == (2, 2)


def test_a_corrected_time_is_everybody_s_who_took_part(load, acme):
    text = HEAD + "T1,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T08:10:00Z,P1\n"
    load("touches", text, mapping=MAPPING)
    later = text.replace("03-02", "03-09")
    assert counts(load("touches", later, mapping=MAPPING)) == (0, 1, 0, 0)
    touch = Touch.objects.get()
    assert touch.people.get().at == touch.at == dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)
    TouchPerson.objects.create(touch=touch, user=factories.person("One more"))
    assert counts(load("touches", text.replace("P1", ""), mapping=MAPPING)) == (0, 1, 0, 0)
    assert set(touch.people.values_list("at", flat=True)) == {dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)}


def test_where_a_row_takes_a_touch_away_from_a_customer_both_are_held(load, acme, monkeypatch):
    """Who edits the touch meanwhile holds the customer at which it stands: the import waits for them."""
    text, other = HEAD + "T1,C1,Voice call,2026-03-02T08:00Z,2026-03-02T08:10Z,\n", factories.customer(external_id="C2")
    load("touches", text, mapping=MAPPING)
    asked = []
    monkeypatch.setattr(runs, "held", lambda keys: asked.append(set(keys)) or held(keys))

    load("touches", text.replace("C1", "C2"), mapping=MAPPING)

    assert Touch.objects.get().customer == other
    assert asked == [{acme.pk, other.pk}]


def test_a_blank_agent_is_a_person_unknown(load, acme):
    load("touches", HEAD + "T1,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T08:10:00Z,\n", mapping=MAPPING)
    assert not Touch.objects.get().people.exists()


def test_longer_than_eight_hours_is_kept_and_marked(load, acme):
    text = HEAD + (
        "T1,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,P1\n"
        "T2,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T16:00:01Z,P1\n"
    )
    load("touches", text, mapping=MAPPING)
    assert list(Touch.objects.order_by("external_id").values_list("is_implausible", flat=True)) == [False, True]


def test_rows_that_cannot_go_in_say_why(load, acme):
    text = HEAD + (
        "T1,C9,Voice call,2026-03-02T08:00:00Z,2026-03-02T08:10:00Z,P1\n"
        "T2,C1,Séance,2026-03-02T08:00:00Z,2026-03-02T08:10:00Z,P1\n"
        "T3,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T07:10:00Z,P1\n"
        "T4,C1,Voice call,,2026-03-02T08:10:00Z,P1\n"
        "T5,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T08:10:00Z,P9\n"
        "T6,C1,Voice call,2027-03-02T08:00:00Z,2027-03-02T08:10:00Z,P1\n"
        "T7,C1,Voice call,2020-03-02T08:00:00Z,2026-03-02T08:10:00Z,P1\n"
    )
    report = load("touches", text, mapping=MAPPING)
    assert [(row.row, row.field, row.column, row.reason) for row in report.rejected_rows] == [
        (2, "customer", "customer", "no customer with this external id / name"),
        (3, "type", "type", "no touch type with this name"),
        (4, "minutes", "start – end", "ends before it starts"),
        (5, "at", "start", "is blank"),
        (6, "person", "agent", "no person with this external id / name / email"),
        (7, "at", "start", "is still to come"),
        (8, "minutes", "start – end", "is longer than a year"),
    ]
    assert not Touch.objects.exists()


def test_without_external_ids_the_same_row_is_the_same_touch(load, acme):
    fields = {"customer": "customer", "type": "type", "at": "at", "minutes": "min", "person": "who"}
    text = "customer,type,at,min,who\nC1,Voice call,2026-03-02T08:00,10,P1\nC1,Voice call,2026-03-02T08:00,10,P2\n"
    assert counts(load("touches", text, fields)) == (2, 0, 0, 0)
    assert counts(load("touches", text, fields)) == (0, 0, 2, 0)
    assert counts(load("touches", text.replace(",10,P1", ",12,P1"), fields)) == (0, 1, 1, 0)
    assert sorted(Touch.objects.values_list("duration_seconds", flat=True)) == [600, 720]
    assert sorted(TouchPerson.objects.values_list("duration_seconds", flat=True)) == [600, 720]


def test_units_travel_outcome_order_and_contact(load, acme):
    factories.order(acme, external_id="O1")
    factories.contact(acme, "Eva")
    fields = {
        "external_id": "id",
        "customer": {"constant": "C1"},
        "type": {"constant": "Field sales call"},
        "at": "at",
        "minutes": {"column": "hours", "unit": "hours"},
        "travel_minutes": "travel",
        "outcome": {"column": "result", "values": {"+": "advanced", "0": "no_answer"}},
        "order": "order",
        "contact": "met",
    }
    text = "id,at,hours,travel,result,order,met\nT1,2026-03-02T08:00,1.5,20,+,O1,eva\nT2,2026-03-02T08:00,,,0,O1,Jo\n"
    report = load("touches", text, fields)
    touch = Touch.objects.get()
    assert (touch.duration_seconds, touch.travel_seconds, touch.outcome) == (5400, 1200, "advanced")
    assert (touch.order.external_id, touch.contacts.get().name) == ("O1", "Eva")
    assert reasons(report) == [(3, "contact", "met", "Jo", "this customer has no contact with this external id / name")]
    assert counts(load("touches", text, fields)) == (0, 0, 1, 1)


def test_an_order_of_another_customer_is_refused(load, acme, ground):
    factories.order(factories.customer("Beta", ground["north"]), external_id="O2")
    fields = FIELDS | {"order": "order"}
    text = "id,customer,type,start,end,agent,order\nT1,C1,Voice call,2026-03-02T08:00Z,2026-03-02T08:10Z,P1,O2\n"
    assert reasons(load("touches", text, fields)) == [(2, "order", "order", "O2", "the order is another customer's")]


def test_no_minutes_are_the_types_usual_ones(load, acme):
    fields = {"customer": "c", "type": "t", "at": "at"}
    load("touches", "c,t,at\nC1,Online meeting,2026-03-02T08:00\n", fields)
    assert Touch.objects.get().duration_seconds == 1800


def test_the_role_is_that_of_the_membership_on_the_customer_at_that_time(load, acme, ground):
    support = factories.membership(
        ground["north"].memberships.get().user, ground["south"], "Technical support", profile="support"
    )
    factories.assign(acme, support, kind="support", starts_on=dt.date(2026, 2, 1))
    text = HEAD + (
        "T1,C1,Voice call,2026-01-31T12:00Z,2026-01-31T12:10Z,P2\nT2,C1,Voice call,2026-02-01T12:00Z,2026-02-01T12:10Z,P2\n"
    )
    load("touches", text, mapping=MAPPING)
    roles = TouchPerson.objects.order_by("touch__external_id").values_list("role__name", flat=True)
    assert list(roles) == ["Salesperson", "Technical support"]


def test_a_touch_does_what_was_planned_by_its_day(load, acme, ground):
    ann = ground["south"].memberships.get().user
    planned = factories.planned_touch(
        acme, ann, dt.date(2026, 3, 1), planned_at=dt.datetime(2026, 2, 20, tzinfo=dt.UTC), planned_by=ann
    )
    later = factories.planned_touch(
        acme, ann, dt.date(2026, 3, 9), planned_at=dt.datetime(2026, 3, 3, tzinfo=dt.UTC), planned_by=ann
    )
    load("touches", HEAD + "T1,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T08:10:00Z,P1\n", mapping=MAPPING)
    assert PlannedTouch.objects.get(pk=planned.pk).closed_by_touch.external_id == "T1"
    assert PlannedTouch.objects.get(pk=later.pk).closed_at is None


def test_lengths_shared_out_by_hand_among_several_people_are_left_alone(load, acme, ground):
    text = HEAD + "T1,C1,Voice call,2026-03-02T08:00:00Z,2026-03-02T08:10:00Z,P1\n"
    load("touches", text, mapping=MAPPING)
    touch = Touch.objects.get()
    TouchPerson.objects.create(touch=touch, user=ground["north"].memberships.get().user, duration_seconds=300)
    Touch.objects.update(duration_seconds=900)
    assert counts(load("touches", text, mapping=MAPPING)) == (0, 0, 1, 0)


def test_a_customer_without_a_since_begins_with_its_earliest_touch(load, ground):
    customer = factories.customer("New", ground["south"], external_id="C5", since=None)
    load("touches", HEAD + "T1,C5,Voice call,2026-03-02T12:00:00Z,2026-03-02T12:10:00Z,P1\n", mapping=MAPPING)
    customer.refresh_from_db()
    assert customer.stage_began_at == dt.datetime(2026, 3, 2, 0, 0, tzinfo=dt.UTC)


def test_a_customer_without_a_since_begins_with_its_earliest_work(load, ground):
    customer = factories.customer("New", ground["south"], external_id="C5", since=None)
    fields = {name: WORK[name] for name in ("person", "kind", "spent_on", "minutes", "customer")}
    load("internal_work", "who,kind,day,min,customer\nP1,meeting,2026-03-02,30,C5\n", fields)
    customer.refresh_from_db()
    assert customer.stage_began_at == dt.datetime(2026, 3, 2, 0, 0, tzinfo=dt.UTC)


WORK = {
    "person": "who",
    "kind": "kind",
    "spent_on": "day",
    "minutes": "min",
    "customer": "customer",
    "order": "order",
    "team": "team",
}


def test_internal_work_for_customer_order_or_team(load, acme, ground):
    factories.order(acme, external_id="O1")
    text = (
        "who,kind,day,min,customer,order,team\n"
        "P1,meeting,2026-03-02,30,C1,,\n"
        "P1,order_handling,2026-03-02,12.5,,O1,\n"
        "P1,one-to-one,2026-03-02,60,,,\n"
        "P1,nap,2026-03-02,60,,,\n"
        "P1,meeting,2027-03-02,60,,,\n"
    )
    report = load("internal_work", text, WORK)
    assert counts(report) == (3, 0, 0, 2)
    rows = InternalWork.objects.order_by("pk").values_list(
        "kind", "duration_seconds", "customer__name", "order__external_id", "team__name", "role__name"
    )
    assert list(rows) == [
        ("meeting", 1800, "Acme", None, None, "Salesperson"),
        ("order_handling", 750, "Acme", "O1", None, "Salesperson"),
        ("one_to_one", 3600, None, None, "South", "Salesperson"),
    ]
    assert [problem.field for problem in report.rejected_rows] == ["kind", "spent_on"]
    assert counts(load("internal_work", text, WORK)) == (0, 0, 3, 2)


def test_internal_work_is_no_longer_than_a_day(load, acme):
    text = "who,kind,day,min\nP1,meeting,2026-03-02,1440\nP1,meeting,2026-03-03,1441\n"
    report = load("internal_work", text, {name: WORK[name] for name in ("person", "kind", "spent_on", "minutes")})
    assert [(row.row, row.field, row.reason) for row in report.rejected_rows] == [
        (3, "minutes", "is longer than a day")
    ]
