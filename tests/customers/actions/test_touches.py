"""Logging touches: once, with who took part, what it closes and what it plans; editing, undoing, restoring."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.actions.outreach import log_outreach
from customers.actions.planned import cancel_planned
from customers.actions.touches import (
    ConflictError,
    NextStep,
    Participant,
    TouchEntry,
    edit_touch,
    log_touch,
    restore_touch,
    undo_touch,
)
from customers.models import PlannedTouch, Touch
from territory.company.models import Holiday
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def types(company):
    return factories.touch_types()


@pytest.fixture
def entry(cast, types):
    """A call of 10 minutes by the rep, with anything else."""

    def make(**fields):
        values = {
            "customer": cast.own,
            "type": types["voice"],
            "at": NOW,
            "participants": (Participant(user=cast.rep, duration_seconds=600),),
            **fields,
        }
        return TouchEntry(**values)

    return make


def log(cast, entry, number=1, now=NOW, actor=None):
    return log_touch(actor=actor or cast.rep, now=now, uuid=uuid.UUID(int=number), entry=entry)


def people(touch):
    return [(str(row.user), str(row.role), row.duration_seconds, row.travel_seconds) for row in touch.people.all()]


def test_a_touch_is_logged_with_all_that_was_said(cast, entry, types, heard):
    ann = factories.contact(cast.own, "Ann")
    order = factories.order(cast.own)
    said = entry(contacts=(ann,), order=order, outcome="advanced", note="<b>wants</b> an offer")
    logged = log(cast, said)
    touch = Touch.objects.get()
    assert (logged.touch, logged.is_new, logged.planned, logged.closed) == (touch, True, [], [])
    assert (touch.uuid, touch.at, touch.type, touch.outcome) == (uuid.UUID(int=1), NOW, types["voice"], "advanced")
    assert (touch.order, touch.note, touch.logged_by, touch.logged_at) == (order, said.note, cast.rep, NOW)
    assert (touch.duration_seconds, touch.travel_seconds, touch.is_implausible) == (600, 0, False)
    assert (list(touch.contacts.all()), people(touch)) == ([ann], [("Rep", "Salesperson", 600, 0)])
    assert touch.history.get().history_user == cast.rep
    assert heard == [[cast.own.pk]]


def test_minutes_and_travel_of_all_who_took_part_add_up(cast, entry):
    both = (
        Participant(user=cast.rep, duration_seconds=3600, travel_seconds=1800),
        Participant(user=cast.technician, duration_seconds=1800, travel_seconds=600),
    )
    touch = log(cast, entry(participants=both)).touch
    assert (touch.duration_seconds, touch.travel_seconds) == (5400, 2400)
    assert people(touch) == [("Rep", "Salesperson", 3600, 1800), ("Technician", "Technical support", 1800, 600)]


def test_without_participants_the_person_is_unknown(cast, entry):
    touch = log(cast, entry(participants=(), duration_seconds=900, travel_seconds=60)).touch
    assert (touch.duration_seconds, touch.travel_seconds, people(touch)) == (900, 60, [])


def test_the_role_is_that_of_the_assignment_on_the_customer_on_that_day(cast, entry):
    coordinating = factories.membership(cast.mate, cast.exeter, "Sales coordinator", profile="support")
    factories.assign(cast.own, coordinating, kind="support", starts_on=TODAY)
    mate = (Participant(user=cast.mate, duration_seconds=60),)
    assert people(log(cast, entry(participants=mate)).touch)[0][1] == "Sales coordinator"
    assert people(log(cast, entry(participants=mate, at=NOW - DAY), 2).touch)[0][1] == "Salesperson"


def test_who_had_no_role_then_takes_part_without_one(cast, entry):
    nobody = (Participant(user=factories.person("Guest"), duration_seconds=60),)
    assert people(log(cast, entry(participants=nobody)).touch) == [("Guest", "None", 60, 0)]


@pytest.mark.parametrize(("hours", "marked"), [(8, False), (8.01, True), (200, True)])
def test_over_eight_hours_is_kept_and_marked_implausible(cast, entry, hours, marked):
    long = (Participant(user=cast.rep, duration_seconds=int(hours * 3600), travel_seconds=7200),)
    assert log(cast, entry(participants=long)).touch.is_implausible is marked


def test_several_people_of_a_long_day_are_not_implausible(cast, entry):
    three = tuple(Participant(user=user, duration_seconds=4 * 3600) for user in (cast.rep, cast.mate, cast.technician))
    assert log(cast, entry(participants=three)).touch.is_implausible is False


def test_an_implausible_touch_of_a_person_unknown_is_marked_and_mended(cast, entry):
    touch = log(cast, entry(participants=(), duration_seconds=9 * 3600)).touch
    assert touch.is_implausible
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=1, entry=entry(participants=(), duration_seconds=60))
    touch.refresh_from_db()
    assert (touch.is_implausible, touch.duration_seconds) == (False, 60)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"at": NOW + dt.timedelta(minutes=16)}, ["at"]),
        ({"outcome": "splendid"}, ["outcome"]),
        ({"participants": (), "duration_seconds": -1}, ["duration_seconds"]),
        ({"participants": (), "travel_seconds": 10**9}, ["travel_seconds"]),
    ],
)
def test_what_cannot_be_is_refused_by_field(cast, entry, refused, fields, named):
    with refused(*named):
        log(cast, entry(**fields))
    assert not Touch.objects.exists()


def test_what_belongs_to_another_customer_is_refused(cast, entry, refused):
    with refused("contacts", "order"):
        log(cast, entry(contacts=(factories.contact(cast.foreign),), order=factories.order(cast.foreign)))


def test_a_person_takes_part_once_and_a_type_is_in_use(cast, entry, types, refused):
    with refused("participants"):
        log(cast, entry(participants=(Participant(user=cast.rep, duration_seconds=1),) * 2))
    types["voice"].retired_at = NOW
    with refused("type"):
        log(cast, entry())
    cast.own.archived_at = NOW
    cast.own.save()
    with refused("customer"):
        log(cast, entry())


def test_a_phone_s_clock_may_run_a_little_ahead(cast, entry):
    assert log(cast, entry(at=NOW + dt.timedelta(minutes=15))).is_new


def test_the_same_request_again_is_the_same_touch(cast, entry, heard):
    first = log(cast, entry(at=None, outcome="no_answer"))
    again = log(cast, entry(at=None, outcome="no_answer"), now=NOW + DAY)
    assert (again.touch, again.is_new) == (first.touch, False)
    assert (Touch.objects.count(), PlannedTouch.objects.count(), len(heard)) == (1, 1, 1)
    assert first.touch.at == NOW


def test_a_replay_is_known_also_after_an_edit_and_an_undo(cast, entry):
    touch = log(cast, entry()).touch
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=1, entry=entry(note="more"))
    undo_touch(actor=cast.rep, now=NOW, touch=touch)
    again = log(cast, entry()).touch
    assert (again, again.archived_at, Touch.objects.count()) == (touch, NOW, 1)


def test_the_same_uuid_with_other_content_is_refused(cast, entry, types):
    log(cast, entry())
    step = NextStep(type=types["field"], due_on=TODAY)
    for other in (entry(note="other"), entry(customer=cast.team_mates), entry(at=None), entry(next_step=step)):
        with pytest.raises(ConflictError):
            log(cast, other)
    with pytest.raises(ConflictError):
        log(cast, entry(), actor=cast.mate)
    assert Touch.objects.count() == 1


def test_a_touch_closes_the_planned_one_of_its_type_that_is_due_first(cast, entry, types):
    planned_at = NOW - DAY
    late = factories.planned_touch(cast.own, cast.rep, TODAY + 2 * DAY, planned_at=planned_at)
    early = factories.planned_touch(cast.own, cast.rep, TODAY + DAY, planned_at=planned_at)
    factories.planned_touch(cast.own, cast.rep, TODAY, planned_at=planned_at, type=types["field"])
    factories.planned_touch(cast.team_mates, cast.rep, TODAY, planned_at=planned_at)
    logged = log(cast, entry())
    early.refresh_from_db()
    assert logged.closed == [early]
    assert (early.closed_at, early.closed_by_touch) == (NOW, logged.touch)
    assert PlannedTouch.objects.open().count() == 3
    assert log(cast, entry(), 2).closed == [late]


def test_a_participant_s_planned_touch_goes_before_another_s(cast, entry):
    factories.planned_touch(cast.own, cast.technician, TODAY, planned_at=NOW - DAY)
    own = factories.planned_touch(cast.own, cast.rep, TODAY + 5 * DAY, planned_at=NOW - DAY)
    assert log(cast, entry()).closed == [own]


def test_the_planned_touch_that_was_named_is_closed_whatever_its_type(cast, entry, types):
    factories.planned_touch(cast.own, cast.rep, TODAY, planned_at=NOW - DAY)
    visit = factories.planned_touch(cast.own, cast.rep, TODAY, planned_at=NOW - DAY, type=types["field"])
    assert log(cast, entry(planned=visit)).closed == [visit]


def test_another_customer_s_planned_touch_is_not_closed_by_naming_it(cast, entry):
    foreign = factories.planned_touch(cast.foreign, cast.other_rep, TODAY, planned_at=NOW - DAY)
    assert log(cast, entry(planned=foreign)).closed == []
    assert PlannedTouch.objects.open().count() == 1


def test_what_was_planned_after_the_day_of_the_touch_stays_planned(cast, entry):
    factories.planned_touch(cast.own, cast.rep, TODAY + DAY, planned_at=NOW)
    assert log(cast, entry(at=NOW - DAY)).closed == []


def test_no_answer_plans_a_retry_on_the_second_working_day(cast, entry):
    # Wednesday; Thursday is a holiday, so Friday and Monday.
    Holiday.objects.create(on=TODAY + DAY, name="A holiday")
    [retry] = log(cast, entry(outcome="no_answer")).planned
    assert (retry.due_on, retry.source, retry.assignee) == (dt.date(2026, 11, 30), "retry", cast.rep)
    assert (retry.type.name, retry.duration_seconds, retry.from_touch.uuid) == ("Voice call", 900, uuid.UUID(int=1))


def test_a_retry_is_of_who_tried(cast, entry):
    [retry] = log(cast, entry(outcome="no_answer"), actor=cast.manager).planned
    assert retry.assignee == cast.rep
    [retry] = log(cast, entry(outcome="no_answer", participants=(), duration_seconds=60), 2).planned
    assert retry.assignee == cast.rep


def test_no_answer_to_a_retry_closes_it_and_plans_the_next(cast, entry):
    [first] = log(cast, entry(outcome="no_answer")).planned
    second = log(cast, entry(outcome="no_answer", at=NOW + DAY), 2, now=NOW + DAY)
    assert second.closed == [first]
    assert [row.due_on for row in PlannedTouch.objects.open()] == [dt.date(2026, 11, 30)]


def test_a_next_step_is_planned(cast, entry, types):
    step = NextStep(type=types["field"], due_on=TODAY + 7 * DAY, due_at=NOW + 7 * DAY, reason="show the pump")
    [planned] = log(cast, entry(next_step=step)).planned
    assert (planned.type, planned.due_on, planned.due_at) == (types["field"], step.due_on, step.due_at)
    assert (planned.source, planned.reason, planned.duration_seconds) == ("next_step", "show the pump", 3600)
    assert (planned.assignee, planned.planned_by, planned.planned_at) == (cast.rep, cast.rep, NOW)


def test_a_next_step_of_the_same_type_stands_for_the_retry(cast, entry, types):
    same = NextStep(type=types["voice"], due_on=TODAY + 7 * DAY, assignee=cast.mate, duration_seconds=300)
    [planned] = log(cast, entry(outcome="no_answer", next_step=same)).planned
    assert (planned.source, planned.assignee, planned.duration_seconds) == ("next_step", cast.mate, 300)
    other = NextStep(type=types["field"], due_on=TODAY + 7 * DAY)
    assert len(log(cast, entry(outcome="no_answer", next_step=other), 2).planned) == 2


def test_a_next_step_in_the_past_writes_nothing(cast, entry, types, refused):
    with refused("next_step"):
        log(cast, entry(next_step=NextStep(type=types["field"], due_on=TODAY - DAY)))
    assert not Touch.objects.exists()


def test_an_edit_changes_what_was_said_and_leaves_one_history_entry(cast, entry, types, heard):
    ann, bob = factories.contact(cast.own, "Ann"), factories.contact(cast.own, "Bob")
    touch = log(cast, entry(contacts=(ann,))).touch
    new = entry(
        type=types["online"],
        at=NOW - DAY,
        participants=(Participant(user=cast.mate, duration_seconds=1200, travel_seconds=60),),
        contacts=(bob,),
        outcome="set_back",
        note="not now",
    )
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=1, entry=new)
    touch = Touch.objects.get()
    assert (touch.type, touch.at, touch.outcome, touch.note) == (types["online"], NOW - DAY, "set_back", "not now")
    assert (touch.duration_seconds, touch.travel_seconds, touch.version) == (1200, 60, 2)
    assert (list(touch.contacts.all()), people(touch)) == ([bob], [("Mate", "Salesperson", 1200, 60)])
    assert touch.history.count() == 2
    assert heard == [[cast.own.pk], [cast.own.pk]]


def test_who_took_part_has_the_moment_of_the_touch_also_after_an_edit(cast, entry):
    both = (Participant(user=cast.rep, duration_seconds=600), Participant(user=cast.mate, duration_seconds=600))
    touch = log(cast, entry(at=NOW - 2 * DAY, participants=both)).touch
    assert list(touch.people.values_list("at", flat=True)) == [NOW - 2 * DAY] * 2
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=1, entry=entry(at=NOW - DAY, participants=both))
    assert list(touch.people.values_list("at", flat=True)) == [NOW - DAY] * 2


def test_an_edit_of_the_same_day_keeps_the_role_of_that_time(cast, entry):
    touch = log(cast, entry()).touch
    cast.rep_membership.role = factories.role("Sales coordinator")
    cast.rep_membership.save()
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=1, entry=entry(note="x"))
    assert people(touch)[0][1] == "Salesperson"


def test_an_edit_from_an_old_version_is_a_conflict_and_of_the_customer_refused(cast, entry, refused):
    touch = log(cast, entry()).touch
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=1, entry=entry(note="one"))
    with pytest.raises(Conflict):
        edit_touch(actor=cast.rep, now=NOW, touch=touch, version=1, entry=entry(note="two"))
    with refused("customer"):
        edit_touch(actor=cast.rep, now=NOW, touch=touch, version=2, entry=entry(customer=cast.team_mates))


def test_a_retry_follows_an_edited_outcome(cast, entry):
    touch = log(cast, entry(outcome="no_answer")).touch
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=1, entry=entry(outcome="neutral"))
    assert not PlannedTouch.objects.open().exists()
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=2, entry=entry(outcome="no_answer"))
    assert [row.source for row in PlannedTouch.objects.open()] == ["retry"]
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=3, entry=entry(outcome="no_answer", note="again"))
    assert PlannedTouch.objects.open().count() == 1


def test_what_a_touch_closed_follows_its_type(cast, entry, types):
    call = factories.planned_touch(cast.own, cast.rep, TODAY, planned_at=NOW - DAY)
    visit = factories.planned_touch(cast.own, cast.rep, TODAY, planned_at=NOW - DAY, type=types["field"])
    touch = log(cast, entry()).touch
    edit_touch(actor=cast.rep, now=NOW, touch=touch, version=1, entry=entry(type=types["field"]))
    assert list(PlannedTouch.objects.open()) == [call]
    visit.refresh_from_db()
    assert visit.closed_by_touch == touch


def test_undo_takes_back_what_the_touch_planned_and_closed_and_restore_puts_it_back(cast, entry, heard):
    closed = factories.planned_touch(cast.own, cast.rep, TODAY, planned_at=NOW - DAY)
    logged = log(cast, entry(outcome="no_answer"))
    undone = undo_touch(actor=cast.rep, now=NOW + DAY, touch=logged.touch)
    assert undone == [logged.touch]
    assert not Touch.objects.live().exists()
    assert list(PlannedTouch.objects.open()) == [closed]
    assert undo_touch(actor=cast.rep, now=NOW + DAY, touch=logged.touch) == []
    restore_touch(actor=cast.rep, now=NOW + 2 * DAY, touch=logged.touch)
    assert Touch.objects.live().exists()
    assert list(PlannedTouch.objects.open()) == logged.planned
    assert restore_touch(actor=cast.rep, now=NOW + 2 * DAY, touch=logged.touch) == []
    assert heard == [[cast.own.pk]] * 3


def test_restore_leaves_alone_what_a_person_did_meanwhile(cast, entry):
    planned = factories.planned_touch(cast.own, cast.rep, TODAY, planned_at=NOW - DAY)
    logged = log(cast, entry(outcome="no_answer"))
    cancel_planned(actor=cast.rep, now=NOW + DAY, planned=logged.planned[0])
    undo_touch(actor=cast.rep, now=NOW + 2 * DAY, touch=logged.touch)
    other = log(cast, entry(), 2, now=NOW + 2 * DAY).touch
    restore_touch(actor=cast.rep, now=NOW + 3 * DAY, touch=logged.touch)
    planned.refresh_from_db()
    assert planned.closed_by_touch == other
    assert not PlannedTouch.objects.open().exists()


def test_one_outreach_is_one_touch_a_customer_with_its_minutes_split(cast, entry, types):
    customers = [cast.own, cast.team_mates, cast.foreign]
    said = entry(
        type=types["marketing"],
        participants=(Participant(user=cast.rep, duration_seconds=1000),),
        duration_seconds=0,
        note="spring letter",
    )
    values = {"actor": cast.rep, "now": NOW, "uuid": uuid.UUID(int=9), "entry": said, "customers": customers}
    touches = log_outreach(**values)
    assert [touch.customer for touch in touches] == customers
    assert [touch.duration_seconds for touch in touches] == [334, 333, 333]
    assert log_outreach(**values) == touches
    assert len(undo_touch(actor=cast.rep, now=NOW, touch=touches[1])) == 3
    assert not Touch.objects.live().exists()
    assert len(restore_touch(actor=cast.rep, now=NOW, touch=touches[2])) == 3


def test_an_outreach_reaches_somebody(cast, entry, refused):
    with refused("customers"):
        log_outreach(actor=cast.rep, now=NOW, uuid=uuid.UUID(int=9), entry=entry(), customers=[])


def test_a_touch_earlier_than_all_moves_a_since_that_was_not_given(cast, entry):
    customer = factories.customer(since=None)
    log(cast, entry(customer=customer, at=dt.datetime(2025, 1, 15, 9, tzinfo=dt.UTC)))
    customer.refresh_from_db()
    assert customer.stage_began_at == dt.datetime(2025, 1, 15, tzinfo=dt.UTC)


def test_the_number_of_queries_is_the_same_for_one_and_for_many_people_and_contacts(cast, entry):
    def queries(count, number):
        users = [factories.membership(team=cast.exeter).user for _ in range(count)]
        contacts = tuple(factories.contact(cast.own) for _ in range(count))
        said = entry(participants=tuple(Participant(user=u, duration_seconds=60) for u in users), contacts=contacts)
        with CaptureQueriesContext(connection) as asked:
            log(cast, said, number)
        return len(asked)

    queries(1, 1)
    assert queries(1, 2) == queries(5, 3)
