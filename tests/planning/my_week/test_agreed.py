"""What was agreed stands, whatever is planned round it; a late day goes on from where one is; a week leaves to others what is theirs."""

import datetime as dt
import itertools

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from customers.models import Customer, PlannedTouch
from planning.actions.visit_moves import StaleError, accept_plan, move_stop, run_late
from planning.actions.visit_plans import ask_plan, plan_of
from planning.engine.travel import great_circle_km
from planning.models import BusyTime
from tests import factories
from tests.accounts.signing_in import client_of
from tests.planning.my_week.weeks import (
    EVENING,
    MONDAY,
    NEXT,
    NOON,
    NOW,
    PLACES,
    agreed,
    on_days,
    planned,
    shown,
)


def test_what_was_agreed_for_today_stands_on_today_after_work_too_and_is_in_no_other_plan(
    cast, book, visit, time_machine
):
    for name, hour in (("Honiton", 9), ("Exmouth", 12)):
        agreed(cast, book[name], visit, NOW.replace(hour=hour))
    time_machine.move_to(EVENING, tick=False)
    plan = planned(cast.rep, EVENING)
    assert on_days(plan)[MONDAY] == ["Honiton", "Exmouth"]
    client = client_of(cast.rep)
    page = shown(client).content.decode()
    assert "agreed for 10:00 today: did it take place?" in page
    assert "Log a touch with Honiton" in page
    assert "2 visits" in shown(client).context["week"].chosen.sum
    other = planned(cast.rep, EVENING, NEXT)
    left = other.stops.get(customer=book["Honiton"])
    assert (left.day, left.why) == (None, "stands")
    assert {"Honiton", "Exmouth"} <= set(on_days(other)[None])
    assert "agreed for Mon 8 Jun, 10:00: did it take place?" in shown(client, NEXT).content.decode()
    accept_plan(actor=cast.rep, plan=other, now=EVENING)
    rows = PlannedTouch.objects.open().filter(customer__in=[book["Honiton"], book["Exmouth"]])
    assert {row.due_at for row in rows} == {NOW.replace(hour=9), NOW.replace(hour=12)}


def test_what_was_agreed_and_has_begun_keeps_its_time_whatever_is_moved(cast, book, visit, time_machine):
    begun, coming = (
        agreed(cast, book[name], visit, NOW.replace(hour=hour)) for name, hour in (("Honiton", 8), ("Exmouth", 13))
    )
    time_machine.move_to(NOON, tick=False)
    plan = planned(cast.rep, NOON)
    assert plan.stops.get(customer=book["Exmouth"]).starts_at == coming.due_at
    move_stop(plan=plan, stop=plan.stops.get(customer=book["Tiverton"]).pk, day=MONDAY, place=1, now=NOON)
    first, second = plan.stops.filter(day=MONDAY).order_by("place").select_related("customer")[:2]
    assert (first.customer.name, first.place, first.starts_at) == ("Honiton", 0, begun.due_at)
    assert (second.customer.name, second.place) == ("Tiverton", 1)
    run_late(plan=plan, now=NOON)
    first.refresh_from_db()
    assert (first.day, first.place, first.starts_at) == (MONDAY, 0, begun.due_at)
    accept_plan(actor=cast.rep, plan=plan, now=NOON)
    row = PlannedTouch.objects.get(pk=begun.pk)
    assert (row.due_at, row.version) == (begun.due_at, begun.version)


def way(one, other):
    return 1300 * great_circle_km(PLACES[one], PLACES[other])


@pytest.mark.parametrize("minutes", [0, 15, 30])
def test_the_rest_of_a_late_day_begins_when_the_visit_under_way_is_over(cast, book, visit, time_machine, minutes):
    begun = agreed(cast, book["Honiton"], visit, NOW.replace(hour=9, minute=30))
    ends = NOW.replace(hour=10, minute=30)
    plan = planned(cast.rep)
    for stop in plan.stops.exclude(customer=book["Honiton"]):
        move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=None, now=NOW)
    time_machine.move_to(NOON, tick=False)
    run_late(plan=plan, now=NOON, minutes=minutes)
    first, *rest = plan.stops.filter(day=MONDAY).order_by("place")
    assert first.starts_at == begun.due_at
    assert rest
    for before, after in itertools.pairwise((first, *rest)):
        assert after.starts_at >= before.ends_at + dt.timedelta(seconds=after.drive_seconds)
    assert rest[0].starts_at >= ends
    assert rest[0].drive_metres == pytest.approx(way("Honiton", rest[0].customer.name), rel=0.01)


def test_who_says_when_they_are_free_again_is_not_free_before(cast, book, visit, time_machine):
    agreed(cast, book["Honiton"], visit, NOW.replace(hour=9, minute=30))
    plan = planned(cast.rep)
    for stop in plan.stops.exclude(customer=book["Honiton"]):
        move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=None, now=NOW)
    time_machine.move_to(NOON, tick=False)
    run_late(plan=plan, now=NOON, minutes=60)
    second = plan.stops.filter(day=MONDAY).order_by("place")[1]
    assert second.starts_at - dt.timedelta(seconds=second.drive_seconds) >= NOON + dt.timedelta(minutes=60)


def test_nothing_of_today_is_planned_into_the_visit_under_way(cast, book, visit, time_machine):
    agreed(cast, book["Honiton"], visit, NOW.replace(hour=9, minute=30))
    factories.planned_touch(book["Exmouth"], cast.rep, MONDAY, type=visit, duration_seconds=3600)
    time_machine.move_to(NOON, tick=False)
    plan = planned(cast.rep, NOON)
    stop = plan.stops.get(customer=book["Tiverton"])
    move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=1, now=NOON)
    first, *rest = plan.stops.filter(day=MONDAY).order_by("place")
    assert first.customer == book["Honiton"]
    assert {stop.customer.name for stop in rest} >= {"Exmouth", "Tiverton"}
    for before, after in itertools.pairwise((first, *rest)):
        assert after.starts_at >= before.ends_at + dt.timedelta(seconds=after.drive_seconds)


def test_nothing_is_planned_into_a_visit_agreed_for_before_work(cast, book, visit, time_machine):
    early = NOW.replace(hour=6, minute=30)  # half past seven where she is, half an hour before work
    agreed(cast, book["Honiton"], visit, early)
    for name in ("Sidmouth", "Exmouth", "Tiverton"):
        factories.planned_touch(book[name], cast.rep, MONDAY, type=visit, duration_seconds=3600)
    before = NOW.replace(hour=5, minute=45)
    time_machine.move_to(before, tick=False)
    plan = planned(cast.rep, before)
    ends = early + dt.timedelta(hours=1)
    rest = plan.stops.filter(day=MONDAY).exclude(customer=book["Honiton"]).order_by("place")
    assert rest
    assert all(stop.starts_at - dt.timedelta(seconds=stop.drive_seconds) >= ends for stop in rest)


@pytest.mark.parametrize("change", ["move", "late"])
def test_a_visit_agreed_for_before_work_stays_when_others_are_moved(cast, book, visit, time_machine, change):
    early = NOW.replace(hour=6, minute=30)
    row = agreed(cast, book["Honiton"], visit, early)
    factories.planned_touch(book["Exmouth"], cast.rep, MONDAY, type=visit, duration_seconds=3600)
    before = NOW.replace(hour=5, minute=45)
    time_machine.move_to(before, tick=False)
    plan = planned(cast.rep, before)
    if change == "move":
        move_stop(plan=plan, stop=plan.stops.get(customer=book["Tiverton"]).pk, day=MONDAY, place=1, now=before)
    else:
        run_late(plan=plan, now=before)
    first, *rest = plan.stops.filter(day=MONDAY).order_by("place")
    assert (first.customer, first.starts_at) == (book["Honiton"], early)
    assert rest
    assert all(stop.starts_at - dt.timedelta(seconds=stop.drive_seconds) >= first.ends_at for stop in rest)
    accept_plan(actor=cast.rep, plan=plan_of(cast.rep, MONDAY), now=before)
    row.refresh_from_db()
    assert row.due_at == early


def test_a_week_planned_anew_goes_on_from_the_last_visit(cast, book, visit, time_machine):
    time_machine.move_to(NOON, tick=False)
    factories.touch(book["Honiton"], cast.rep, type=visit)
    plan = planned(cast.rep, NOON)
    for stop in plan.stops.exclude(customer=book["Honiton"]):
        move_stop(plan=plan, stop=stop.pk, day=None, place=None, now=NOON)
    stop = plan.stops.get(customer=book["Sidmouth"])
    move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=0, now=NOON)
    stop.refresh_from_db()
    assert stop.drive_metres == pytest.approx(way("Honiton", "Sidmouth"), rel=0.01)


def test_moving_an_agreed_visit_away_says_from_which_day_before_it_is_accepted(cast, book, visit, time_machine):
    row = agreed(cast, book["Honiton"], visit, NOW.replace(hour=9))
    time_machine.move_to(EVENING, tick=False)
    plan = planned(cast.rep, EVENING)
    stop = plan.stops.get(customer=book["Honiton"])
    client, friday = client_of(cast.rep), MONDAY + dt.timedelta(days=4)
    told = "Accepting moves 1 visit away from its day."
    assert told not in shown(client).content.decode()
    assert "agreed for Mon 8 Jun, 10:00" in client.get(reverse("my_week_stop_move", args=[stop.pk])).content.decode()
    move_stop(plan=plan, stop=stop.pk, day=friday, place=None, now=EVENING)
    other = plan.stops.exclude(pk=stop.pk).filter(day__isnull=False).first()
    move_stop(plan=plan, stop=other.pk, day=friday, place=None, now=EVENING)
    page = shown(client, day=friday).content.decode()
    assert told in page
    assert "agreed for Mon 8 Jun, 10:00" in page
    plan = plan_of(cast.rep, MONDAY)
    accept_plan(actor=cast.rep, plan=plan, now=EVENING)
    row.refresh_from_db()
    assert row.due_on == friday
    assert told not in shown(client).content.decode()


def test_an_agreed_visit_that_is_over_may_be_moved_but_not_left_out(cast, book, visit, time_machine):
    agreed(cast, book["Honiton"], visit, NOW.replace(hour=9))
    time_machine.move_to(EVENING, tick=False)
    plan = planned(cast.rep, EVENING)
    stop = plan.stops.get(customer=book["Honiton"])
    with pytest.raises(ValidationError):
        move_stop(plan=plan, stop=stop.pk, day=None, place=None, now=EVENING)


def test_the_next_week_takes_nothing_from_what_was_accepted_for_this_one(cast, book):
    accept_plan(actor=cast.rep, plan=planned(cast.rep), now=NOW)
    other = planned(cast.rep, week=NEXT)
    assert not other.stops.exists()
    assert accept_plan(actor=cast.rep, plan=other, now=NOW).cancelled == 0
    assert PlannedTouch.objects.open().filter(due_on__lt=NEXT).count() == 4


def test_a_visit_accepted_in_another_week_meanwhile_is_taken_by_neither(cast, book):
    this, other = planned(cast.rep), planned(cast.rep, week=NEXT)
    assert other.stops.filter(day__isnull=False).count() == 4
    accept_plan(actor=cast.rep, plan=this, now=NOW)
    before = set(PlannedTouch.objects.open().values_list("pk", "due_at"))
    with pytest.raises(StaleError) as error:
        accept_plan(actor=cast.rep, plan=other, now=NOW)
    assert error.value.reasons == ["visits"]
    assert shown(client_of(cast.rep), NEXT).context["stale"]
    done = accept_plan(actor=cast.rep, plan=other, now=NOW, is_known_stale=True)
    assert (done.made, done.cancelled) == (0, 0)
    assert set(PlannedTouch.objects.open().values_list("pk", "due_at")) == before


def test_a_week_takes_nothing_from_what_was_accepted_for_a_later_one(cast, book):
    this = planned(cast.rep)
    accept_plan(actor=cast.rep, plan=planned(cast.rep, week=NEXT), now=NOW)
    before = set(PlannedTouch.objects.open().values_list("pk", "due_at"))
    assert len(before) == 4
    assert shown(client_of(cast.rep)).context["week"].stale == ["visits"]
    assert accept_plan(actor=cast.rep, plan=this, now=NOW, is_known_stale=True).made == 0
    anew = planned(cast.rep)
    assert not anew.stops.exists()
    accept_plan(actor=cast.rep, plan=anew, now=NOW)
    assert set(PlannedTouch.objects.open().values_list("pk", "due_at")) == before


def test_a_visit_agreed_for_a_later_week_is_in_no_earlier_plan(cast, book, visit):
    agreed(cast, book["Honiton"], visit, NOW.replace(hour=9) + dt.timedelta(days=8))
    plan = planned(cast.rep)
    assert not plan.stops.filter(customer=book["Honiton"]).exists()
    assert shown(client_of(cast.rep)).context["week"].stale == []
    assert "Honiton" in on_days(planned(cast.rep, week=NEXT))[NEXT + dt.timedelta(days=1)]


def test_of_two_planned_visits_each_week_shows_its_own(cast, book, visit):
    wednesday, later = MONDAY + dt.timedelta(days=2), MONDAY + dt.timedelta(days=9)
    for day in (wednesday, later):
        factories.planned_touch(book["Honiton"], cast.rep, day, type=visit, duration_seconds=3600)
    assert "Honiton" in on_days(planned(cast.rep))[wednesday]
    assert "Honiton" in on_days(planned(cast.rep, week=NEXT))[later]


def test_what_is_put_off_to_an_earlier_week_to_come_stays_there(cast, book, visit):
    day = MONDAY + dt.timedelta(days=9)
    row = factories.planned_touch(book["Honiton"], cast.rep, day, type=visit, duration_seconds=3600)
    third = planned(cast.rep, week=NEXT + dt.timedelta(days=7))
    accept_plan(actor=cast.rep, plan=third, now=NOW)
    row.refresh_from_db()
    assert (row.due_on, row.due_at) == (day, None)


def test_visits_planned_for_a_day_are_told_of_where_they_do_not_fit(cast, book, visit):
    wednesday = MONDAY + dt.timedelta(days=2)
    for name in PLACES:
        factories.planned_touch(book[name], cast.rep, wednesday, type=visit, duration_seconds=4 * 3600)
    plan = planned(cast.rep)
    kept = plan.stops.filter(day=wednesday).count()
    page = shown(client_of(cast.rep))
    assert 0 < kept < 4
    assert len(page.context["week"].unkept) == 4 - kept
    assert "</a>: planned for Wed 10 Jun" in page.content.decode()


def test_a_visit_planned_for_a_day_off_is_told_of_and_from_which_day_it_is_moved(cast, book, visit):
    sunday = MONDAY + dt.timedelta(days=6)
    factories.planned_touch(book["Honiton"], cast.rep, sunday, type=visit, duration_seconds=3600)
    plan = planned(cast.rep)
    client = client_of(cast.rep)
    assert [row.stop.customer.name for row in shown(client).context["week"].unkept] == ["Honiton"]
    assert "planned for Sun 14 Jun" in shown(client).content.decode()
    stop = plan.stops.get(customer=book["Honiton"])
    move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=None, now=NOW)
    week = shown(client, day=MONDAY).context["week"]
    assert ([row.customer.name for row in week.moved], week.unkept) == (["Honiton"], [])


def test_a_week_that_no_worker_takes_up_says_so(cast, book, time_machine):
    ask_plan(cast.rep, MONDAY, now=NOW)
    client = client_of(cast.rep)
    assert "This takes a few seconds." in shown(client).content.decode()
    time_machine.move_to(NOW + dt.timedelta(seconds=30), tick=False)
    assert "Waiting for a worker." in shown(client).content.decode()


def test_two_visits_agreed_for_the_same_time_are_told_of_before_the_days(cast, book, visit):
    at = dt.datetime(2026, 6, 10, 9, 30, tzinfo=dt.UTC)
    for name in ("Honiton", "Tiverton"):
        agreed(cast, book[name], visit, at)
    planned(cast.rep)
    page = shown(client_of(cast.rep))
    [row] = page.context["week"].unkept
    assert row.stop.customer.name in ("Honiton", "Tiverton")
    assert "1 planned visit does not fit." in page.content.decode()
    assert f"{row.stop.customer.name}</a>: agreed for Wed 10 Jun, 10:30" in page.content.decode()


def test_what_was_agreed_anew_left_out_by_hand_or_has_no_place_is_not_told_of_as_not_fitting(cast, book, visit):
    at = dt.datetime(2026, 6, 10, 9, 30, tzinfo=dt.UTC)
    rows = {name: agreed(cast, book[name], visit, at) for name in ("Honiton", "Tiverton")}
    Customer.objects.filter(pk=book["Sidmouth"].pk).update(latitude=None, longitude=None)
    agreed(cast, book["Sidmouth"], visit, at)
    plan = planned(cast.rep)
    client = client_of(cast.rep)
    [row] = shown(client).context["week"].unkept
    kept = plan.stops.get(customer__name={"Honiton", "Tiverton"}.difference({row.stop.customer.name}).pop())
    row = rows[row.stop.customer.name]
    PlannedTouch.objects.filter(pk=row.pk).update(due_at=at + dt.timedelta(days=7))
    assert shown(client).context["week"].unkept == []
    PlannedTouch.objects.filter(pk=row.pk).update(due_at=at, assignee=cast.mate)
    assert shown(client).context["week"].unkept == []
    move_stop(plan=plan, stop=kept.pk, day=None, place=None, now=NOW)
    assert shown(client).context["week"].unkept == []


def test_an_agreed_visit_on_a_day_off_is_told_of_where_no_other_day_has_room(cast, book, visit):
    agreed(cast, book["Honiton"], visit, dt.datetime(2026, 6, 10, 9, 30, tzinfo=dt.UTC))
    factories.absence(cast.rep, MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=4))
    BusyTime.objects.create(person=cast.rep, starts_at=NOW, ends_at=NOW + dt.timedelta(hours=15), what="Fair")
    planned(cast.rep)
    page = shown(client_of(cast.rep))
    [row] = page.context["week"].unkept
    assert (row.stop.customer.name, row.stop.why) == ("Honiton", "no time")
    assert "Honiton</a>: agreed for Wed 10 Jun, 10:30" in page.content.decode()


def test_visits_agreed_by_whom_one_stands_in_for_are_told_of_too(cast, book, visit):
    at = dt.datetime(2026, 6, 10, 9, 30, tzinfo=dt.UTC)
    factories.cover(cast.mate, cast.rep_membership, MONDAY, MONDAY + dt.timedelta(days=4))
    for name, place in {"Seaton": (50.706, -3.068), "Axminster": (50.782, -2.998)}.items():
        customer = factories.customer(name, owner=cast.mate_membership, latitude=place[0], longitude=place[1])
        factories.planned_touch(customer, cast.mate, at.date(), type=visit, due_at=at, duration_seconds=3600)
    planned(cast.rep)
    [row] = shown(client_of(cast.rep)).context["week"].unkept
    assert row.stop.planned.assignee == cast.mate


def test_what_was_agreed_for_another_time_meanwhile_is_not_said_not_to_fit(cast, book, visit):
    at = dt.datetime(2026, 6, 10, 9, 30, tzinfo=dt.UTC)
    for name in ("Honiton", "Tiverton"):
        agreed(cast, book[name], visit, at)
    planned(cast.rep)
    client = client_of(cast.rep)
    [row] = shown(client).context["week"].unkept
    PlannedTouch.objects.filter(pk=row.stop.planned_id).update(due_at=at + dt.timedelta(hours=4))
    week = shown(client).context["week"]
    assert (week.unkept, week.stale) == ([], ["visits"])


def test_an_agreed_visit_without_a_place_stands_on_its_day(cast, book, visit, time_machine):
    Customer.objects.filter(pk=book["Honiton"].pk).update(latitude=None, longitude=None)
    agreed(cast, book["Honiton"], visit, NOW.replace(hour=9))
    time_machine.move_to(EVENING, tick=False)
    assert on_days(planned(cast.rep, EVENING))[MONDAY] == ["Honiton"]
    page = shown(client_of(cast.rep))
    assert page.context["week"].chosen.next_stop is None
    assert "agreed for 10:00 today" in page.content.decode()
