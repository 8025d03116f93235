"""My week: planned by a job, moved by hand, accepted into Today; only what its person sees."""

import datetime as dt
import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer, PlannedTouch
from planning.actions.visit_moves import StaleError, accept_plan, lock_stop, move_stop, run_late
from planning.actions.visit_plans import ask_plan, plan_of, run_visit_plan
from planning.loaders.visits import load_person_week
from planning.models import BusyTime, PlanningSettings, SpeedBand, VisitPlan
from territory import clock
from tests import factories
from tests.accounts.signing_in import client_of
from tests.planning.my_week.weeks import (
    MONDAY,
    NOW,
    PLACES,
    calls_of,
    on_days,
    planned,
    shown,
)
from tests.racing import race


def test_due_visits_become_a_plan(cast, book):
    plan = planned(cast.rep)
    assert plan.answered == plan.asked
    assert plan.refused == ""
    assert {name for names in on_days(plan).values() for name in names} == set(PLACES)
    assert None not in on_days(plan)
    assert plan.figures["metres"] < plan.figures["alone_metres"]
    assert all(not day["broken"] for day in plan.days)


def test_the_same_data_gives_the_same_plan(cast, book):
    first = on_days(planned(cast.rep))
    VisitPlan.objects.all().delete()
    assert on_days(planned(cast.rep)) == first


def test_without_a_base_nothing_is_planned(cast, book):
    cast.rep.base_latitude = cast.rep.base_longitude = None
    cast.rep.save()
    assert planned(cast.rep).refused == "no base"
    page = client_of(cast.rep).get(reverse("my_week"))
    assert "Where do you start from?" in page.content.decode()


def test_an_agreed_time_is_kept_and_a_day_too(cast, book, visit):
    at = dt.datetime(2026, 6, 10, 9, 30, tzinfo=dt.UTC)
    factories.planned_touch(book["Honiton"], cast.rep, at.date(), type=visit, due_at=at, duration_seconds=3600)
    factories.planned_touch(book["Exmouth"], cast.rep, dt.date(2026, 6, 12), type=visit, duration_seconds=3600)
    plan = planned(cast.rep)
    agreed, by_day = (plan.stops.get(customer=book[name]) for name in ("Honiton", "Exmouth"))
    assert (agreed.starts_at, agreed.is_agreed) == (at, True)
    assert by_day.day == dt.date(2026, 6, 12)


def test_absences_busy_times_and_visiting_hours_are_respected(cast, book):
    factories.absence(cast.rep, MONDAY, MONDAY + dt.timedelta(days=2))
    morning = dt.datetime(2026, 6, 11, 5, tzinfo=dt.UTC)
    BusyTime.objects.create(person=cast.rep, starts_at=morning, ends_at=morning + dt.timedelta(hours=7), what="Fair")
    row = book["Honiton"]
    row.visiting_hours = "Fr 09:00-12:00"
    row.save()
    plan = planned(cast.rep)
    assert set(on_days(plan)) <= {dt.date(2026, 6, 11), dt.date(2026, 6, 12), None}
    assert plan.stops.get(customer=row).day == dt.date(2026, 6, 12)
    assert all(
        stop.starts_at >= morning + dt.timedelta(hours=7) for stop in plan.stops.filter(day=dt.date(2026, 6, 11))
    )


def test_a_move_is_worked_out_at_once_and_told(cast, book):
    planned(cast.rep)
    stop = plan_of(cast.rep, MONDAY).stops.get(customer=book["Tiverton"])
    day = MONDAY + dt.timedelta(days=4)
    client = client_of(cast.rep)
    answer = client.post(reverse("my_week_stop_move", args=[stop.pk]), {"day": day.isoformat()}, follow=True)
    stop.refresh_from_db()
    assert stop.day == day
    assert "Tiverton: " in answer.content.decode()
    plan = plan_of(cast.rep, MONDAY)
    assert {row["day"] for row in plan.days} == {(MONDAY + dt.timedelta(days=n)).isoformat() for n in range(5)}
    assert plan.figures["metres"] == sum(row.drive_metres for row in plan.stops.all()) + sum(
        row["back_metres"] for row in plan.days
    )


def test_a_visit_is_left_out_and_comes_back(cast, book):
    plan = planned(cast.rep)
    stop = plan.stops.get(customer=book["Exmouth"])
    assert move_stop(plan=plan, stop=stop.pk, day=None, place=None, now=NOW).left_out == ("Exmouth",)
    stop.refresh_from_db()
    assert (stop.day, stop.why) == (None, "by hand")
    move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=0, now=NOW)
    stop.refresh_from_db()
    assert (stop.day, stop.place, stop.why) == (MONDAY, 0, "")


def test_a_move_that_breaks_a_wish_says_which(cast, book):
    row = book["Honiton"]
    row.visiting_hours = "Mo 08:00-10:00"
    row.save()
    plan = planned(cast.rep)
    stop = plan.stops.get(customer=row)
    change = move_stop(plan=plan, stop=stop.pk, day=MONDAY + dt.timedelta(days=1), place=0, now=NOW)
    assert [(each.wish, each.customer) for each in change.broken] == [("hours", "Honiton")]
    page = client_of(cast.rep).get(reverse("my_week"), {"week": MONDAY.isoformat(), "day": "2026-06-09"})
    assert "they receive nobody on this day" in page.content.decode()


def test_a_locked_stop_stays_when_planned_anew(cast, book):
    plan = planned(cast.rep)
    stop = plan.stops.get(customer=book["Sidmouth"])
    friday = MONDAY + dt.timedelta(days=4)
    move_stop(plan=plan, stop=stop.pk, day=friday, place=0, now=NOW)
    row = lock_stop(plan=plan, stop=stop.pk, is_locked=True, now=NOW)
    again = planned(cast.rep)
    kept = again.stops.get(customer=book["Sidmouth"])
    assert (kept.day, kept.starts_at, kept.is_locked) == (friday, row.starts_at, True)


def test_accepting_makes_planned_touches_once(cast, book):
    plan = planned(cast.rep)
    first = accept_plan(actor=cast.rep, plan=plan, now=NOW)
    assert (first.made, first.cancelled) == (4, 0)
    again = accept_plan(actor=cast.rep, plan=plan, now=NOW)
    assert (again.made, again.same) == (0, 4)
    rows = PlannedTouch.objects.open().filter(assignee=cast.rep)
    assert rows.count() == 4
    page = shown(client_of(cast.rep)).content.decode()
    assert ("Accept plan" in page, "Accepted" in page) == (False, True)
    for stop in plan.stops.all():
        row = stop.planned
        assert (row.due_on, row.due_at, row.travel_seconds) == (stop.day, stop.starts_at, stop.drive_seconds)
        assert row.source == "visit_plan"


@pytest.mark.django_db(transaction=True)
def test_accepting_in_two_tabs_at_once_is_accepting_once(cast, book):
    plan = planned(cast.rep)
    done = race(*[lambda: accept_plan(actor=cast.rep, plan=plan, now=NOW)] * 2)
    assert sorted((row.made, row.same) for row in done) == [(0, 4), (4, 0)]
    assert PlannedTouch.objects.open().filter(assignee=cast.rep).count() == 4


def test_a_day_is_accepted_by_itself_and_found_in_today_in_driving_order(cast, book):
    planned(cast.rep)
    client = client_of(cast.rep)
    client.post(reverse("my_week_accept"), {"week": MONDAY.isoformat(), "day": MONDAY.isoformat()})
    stops = list(plan_of(cast.rep, MONDAY).stops.filter(day=MONDAY).select_related("customer").order_by("place"))
    assert PlannedTouch.objects.open().count() == len(stops) > 0
    page = client.get(reverse("today")).content.decode()
    card = page[page.index('id="visits"') :]
    places = [card.index(stop.customer.name) for stop in stops]
    assert places == sorted(places)


def test_a_plan_on_changed_data_says_so(cast, book):
    plan = planned(cast.rep)
    factories.absence(cast.rep, MONDAY + dt.timedelta(days=3), MONDAY + dt.timedelta(days=3))
    with pytest.raises(StaleError):
        accept_plan(actor=cast.rep, plan=plan, now=NOW)
    assert not PlannedTouch.objects.exists()
    client = client_of(cast.rep)
    asked = {"week": MONDAY.isoformat()}
    client.post(reverse("my_week_accept"), asked)
    assert not PlannedTouch.objects.exists()
    page = client.get(reverse("my_week"), asked).content.decode()
    assert "Changed since it was planned: your hours, absences or base." in page
    client.post(reverse("my_week_accept"), asked | {"anyway": "1"})
    assert PlannedTouch.objects.count() == 4


def test_a_plan_on_other_roads_says_so(cast, book):
    plan = planned(cast.rep)
    SpeedBand.objects.create(from_km=10, kmh=90)
    with pytest.raises(StaleError, match="roads"):
        accept_plan(actor=cast.rep, plan=plan, now=NOW)
    page = client_of(cast.rep).get(reverse("my_week"), {"week": MONDAY.isoformat()}).content.decode()
    assert "Changed since it was planned: how long journeys take." in page
    assert accept_plan(actor=cast.rep, plan=planned(cast.rep), now=NOW).made == 4


def test_a_plan_under_another_share_of_value_says_so(cast, book):
    PlanningSettings.objects.get_or_create(pk=1)
    plan = planned(cast.rep)
    PlanningSettings.objects.update_or_create(pk=1, defaults={"visit_share": "0.9"})
    with pytest.raises(StaleError, match="share"):
        accept_plan(actor=cast.rep, plan=plan, now=NOW)
    page = client_of(cast.rep).get(reverse("my_week"), {"week": MONDAY.isoformat()}).content.decode()
    assert "Changed since it was planned: what an hour on the road has to bring." in page
    plan = planned(cast.rep)
    accept_plan(actor=cast.rep, plan=plan, now=NOW)


def test_accepting_does_not_make_a_plan_stale_nor_does_a_visit_made(cast, book, visit, time_machine):
    plan = planned(cast.rep)
    accept_plan(actor=cast.rep, plan=plan, now=NOW)
    asked = {"week": MONDAY.isoformat()}
    client = client_of(cast.rep)
    assert "Changed since" not in client.get(reverse("my_week"), asked).content.decode()
    stop = plan.stops.filter(day__isnull=False).order_by("day", "place").first()
    time_machine.move_to(stop.ends_at, tick=False)
    row = PlannedTouch.objects.get(pk=stop.planned_id)
    factories.touch(stop.customer, cast.rep, type=visit)
    row.closed_at, row.closed_by_touch = clock.now(), stop.customer.touches.get()
    row.save()
    assert "Changed since" not in client.get(reverse("my_week"), asked).content.decode()


def test_the_log_takes_the_way_of_the_plan_along(cast, book):
    plan = planned(cast.rep)
    accept_plan(actor=cast.rep, plan=plan, now=NOW)
    row = plan.stops.first().planned
    page = client_of(cast.rep).get(reverse("log_touch"), {"planned": row.pk}).content.decode()
    field = page[page.index('name="travel"') - 100 : page.index('name="travel"') + 200]
    minutes = f"{row.travel_seconds / 60:.0f}"
    assert f'value="{minutes}"' in field


def test_running_late_plans_the_rest_of_the_day(cast, book, time_machine):
    plan = planned(cast.rep)
    for stop in plan.stops.all():
        move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=None, now=NOW)
    late = dt.datetime(2026, 6, 8, 13, 0, tzinfo=dt.UTC)
    time_machine.move_to(late, tick=False)
    run_late(plan=plan, now=late, minutes=10)
    stops = list(plan.stops.filter(day=MONDAY).order_by("place"))
    assert 0 < len(stops) < 4
    assert all(stop.starts_at > late + dt.timedelta(minutes=10) for stop in stops)
    assert all(stop.ends_at.hour < 16 for stop in stops)


def test_a_plan_is_its_persons_alone(cast, book):
    plan = planned(cast.rep)
    stop = plan.stops.first()
    other = client_of(cast.mate)
    assert other.post(reverse("my_week_stop_move", args=[stop.pk]), {"day": "out"}).status_code == 404
    assert other.post(reverse("my_week_stop_lock", args=[stop.pk]), {"locked": "1"}).status_code == 404
    page = other.get(reverse("my_week")).content.decode()
    assert not any(name in page for name in PLACES)


def test_a_customer_out_of_reach_is_gone_from_the_plan(cast, book):
    planned(cast.rep)
    row = book["Honiton"]
    row.assignments.update(membership=cast.mate_membership)
    page = client_of(cast.rep).get(reverse("my_week"), {"week": MONDAY.isoformat()}).content.decode()
    assert "Honiton" not in page
    assert "Sidmouth" in page


def test_calls_that_are_due_stand_between_the_visits(cast, book, call):
    rule = factories.contact_rule(touch_type=call, tier=factories.tier("A", 99, 99))
    for days, row in ((-9, book["Honiton"]), (0, book["Sidmouth"]), (2, book["Exmouth"]), (9, book["Tiverton"])):
        factories.due_touch(row, cast.rep, MONDAY + dt.timedelta(days=days), rule, value=20, minutes=15)
    planned(cast.rep)
    page = shown(client_of(cast.rep))
    assert sum(map(sum, calls_of(page).values())) == 3
    assert calls_of(page)[MONDAY + dt.timedelta(days=2)] == [1]
    assert "Calls, 1 due" in page.content.decode()
    week = page.context["week"]
    assert week.work_seconds > week.planned_seconds > sum(each.stop.seconds for day in week.days for each in day.stops)
    for column in week.days:
        spans = sorted(
            (block.row, block.row + block.rows) for block in column.blocks if block.kind in ("visit", "calls", "lunch")
        )
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


def test_a_planned_call_stands_for_that_of_a_rule_and_one_with_a_time_is_an_appointment(cast, book, call):
    rule = factories.contact_rule(touch_type=call, tier=factories.tier("A", 99, 99))
    tuesday, at = MONDAY + dt.timedelta(days=1), dt.datetime(2026, 6, 10, 9, 30, tzinfo=dt.UTC)
    for name in ("Honiton", "Sidmouth"):
        factories.due_touch(book[name], cast.rep, MONDAY, rule, value=20, minutes=15)
    factories.planned_touch(book["Honiton"], cast.rep, tuesday, type=call, duration_seconds=900)
    factories.planned_touch(book["Sidmouth"], cast.rep, at.date(), type=call, due_at=at, duration_seconds=900)
    page = shown(client_of(cast.rep))
    assert calls_of(page) == {tuesday: [1]}


def test_overdue_calls_stand_in_the_week_to_come_first_and_others_calls_in_none(cast, book, call):
    rule = factories.contact_rule(touch_type=call, tier=factories.tier("A", 99, 99))
    factories.due_touch(book["Honiton"], cast.rep, MONDAY - dt.timedelta(days=3), rule, value=20, minutes=15)
    factories.due_touch(book["Sidmouth"], cast.mate, MONDAY, rule, value=20, minutes=15)
    client = client_of(cast.rep)
    assert calls_of(shown(client)) == {MONDAY: [1]}
    assert calls_of(shown(client, MONDAY + dt.timedelta(days=7))) == {}


def test_queries_do_not_grow_with_stops_and_calls(cast, book, call):
    planned(cast.rep)
    client = client_of(cast.rep)
    asked = {"week": MONDAY.isoformat()}
    client.get(reverse("my_week"), asked)
    with CaptureQueriesContext(connection) as four:
        client.get(reverse("my_week"), asked)
    plan_of(cast.rep, MONDAY).stops.exclude(customer=book["Honiton"]).delete()
    rule = factories.contact_rule(touch_type=call, tier=factories.tier("A", 99, 99))
    for row in book.values():
        factories.due_touch(row, cast.rep, MONDAY, rule, value=20, minutes=15)
    with CaptureQueriesContext(connection) as one:
        page = client.get(reverse("my_week"), asked)
    assert sum(calls_of(page)[MONDAY]) == 4
    assert len(one) == len(four) <= 12


def test_what_was_made_stays_at_the_head_of_a_late_day(cast, book, visit, time_machine):
    plan = planned(cast.rep)
    for stop in plan.stops.all():
        move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=None, now=NOW)
    first = plan.stops.order_by("place").first()
    noon = dt.datetime(2026, 6, 8, 10, 0, tzinfo=dt.UTC)
    time_machine.move_to(noon, tick=False)
    factories.touch(first.customer, cast.rep, type=visit)
    run_late(plan=plan, now=noon)
    rest = list(plan.stops.filter(day=MONDAY).exclude(pk=first.pk).order_by("place"))
    first.refresh_from_db()
    assert (first.day, first.place) == (MONDAY, 0)
    assert rest[0].place == 1
    assert all(stop.starts_at >= noon for stop in rest)
    assert rest[0].drive_metres < 60_000  # from there, not from base


def test_a_plan_that_changed_meanwhile_is_not_moved_in(cast, book):
    plan = planned(cast.rep)
    stop = plan.stops.first()
    client = client_of(cast.rep)
    lock_stop(plan=plan, stop=stop.pk, is_locked=True, now=NOW)
    answer = client.post(
        reverse("my_week_stop_move", args=[stop.pk]), {"day": "out", "version": plan.version}, follow=True
    )
    assert "The plan has changed meanwhile" in answer.content.decode()
    stop.refresh_from_db()
    assert stop.day is not None


def test_what_was_planned_and_is_another_s_meanwhile_is_left_alone(cast, book):
    plan = planned(cast.rep)
    accept_plan(actor=cast.rep, plan=plan, now=NOW)
    stop = plan.stops.filter(day__isnull=False).order_by("day", "place").first()
    PlannedTouch.objects.filter(pk=stop.planned_id).update(assignee=cast.mate)
    due_at = stop.planned.due_at
    for day in (MONDAY + dt.timedelta(days=4), None):
        move_stop(plan=plan, stop=stop.pk, day=day, place=None, now=NOW)
        accept_plan(actor=cast.rep, plan=plan, now=NOW, is_known_stale=True)
        row = PlannedTouch.objects.get(pk=stop.planned_id)
        assert (row.due_at, row.closed_at, row.version) == (due_at, None, 1)


def test_a_plan_that_changed_meanwhile_is_not_accepted_unseen(cast, book):
    shown = planned(cast.rep)
    move_stop(plan=shown, stop=shown.stops.first().pk, day=None, place=None, now=NOW)
    client, asked = client_of(cast.rep), {"week": MONDAY.isoformat()}
    answer = client.post(reverse("my_week_accept"), asked | {"version": shown.version}, follow=True)
    assert "Not accepted. The plan has changed meanwhile" in answer.content.decode()
    assert not PlannedTouch.objects.exists()
    page = client.get(reverse("my_week"), asked).content.decode()
    plan = plan_of(cast.rep, MONDAY)
    form = page[page.index(f'action="{reverse("my_week_accept")}"') :]
    assert f'name="version" value="{plan.version}"' in form[: form.index("</form>")]
    for _time in range(2):
        client.post(reverse("my_week_accept"), asked | {"version": plan.version})
    assert PlannedTouch.objects.count() == 3


def test_a_day_lasts_as_long_as_where_its_person_is(cast, book, time_machine):
    cast.rep.time_zone = "America/Los_Angeles"
    cast.rep.save()
    morning, evening = NOW + dt.timedelta(hours=10), NOW + dt.timedelta(hours=18, minutes=30)
    time_machine.move_to(morning, tick=False)
    plan = planned(cast.rep, morning)
    for stop in plan.stops.all():
        move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=None, now=morning)
    time_machine.move_to(evening, tick=False)  # of the same day in Los Angeles, past midnight in London
    assert accept_plan(actor=cast.rep, plan=plan, now=evening, is_known_stale=True).made == 4


def test_a_busy_time_sent_twice_is_one(cast):
    data = {"what": "Dentist", "starts_at": "2026-06-09T10:00", "ends_at": "2026-06-09T11:00"}
    client = client_of(cast.rep)
    for _time in range(2):
        assert client.post(reverse("busy_time_create"), data).status_code == 302
    client.post(reverse("busy_time_create"), {**data, "ends_at": "2026-06-09T12:00"})
    assert BusyTime.objects.count() == 2


def test_a_busy_time_in_a_year_is_saved_and_leads_to_a_week_there_is(cast):
    data = {"what": "Fair", "starts_at": "2027-06-09T09:00", "ends_at": "2027-06-09T17:00"}
    answer = client_of(cast.rep).post(reverse("busy_time_create"), data, follow=True)
    assert (answer.status_code, BusyTime.objects.count()) == (200, 1)


def test_a_week_that_is_over_stays_as_it_was(cast, book, time_machine):
    plan = planned(cast.rep)
    stop = plan.stops.first()
    move_stop(plan=plan, stop=stop.pk, day=None, place=None, now=NOW)
    before = plan_of(cast.rep, MONDAY)
    time_machine.move_to(NOW + dt.timedelta(days=10), tick=False)
    with pytest.raises(ValidationError):
        move_stop(plan=plan, stop=stop.pk, day=None, place=None, now=clock.now())
    assert plan_of(cast.rep, MONDAY).days == before.days != []


def test_what_is_planned_with_an_archived_customer_takes_no_time(cast, book):
    at = NOW + dt.timedelta(hours=4)
    factories.planned_touch(cast.own, cast.rep, MONDAY, due_at=at, duration_seconds=9 * 3600)
    assert load_person_week(cast.rep, MONDAY, NOW).taken
    Customer.objects.filter(pk=cast.own.pk).update(archived_at=NOW)
    assert not load_person_week(cast.rep, MONDAY, NOW).taken


def test_a_plan_that_failed_for_good_says_so_and_is_asked_for_once_more(cast, book, monkeypatch):
    plan = ask_plan(cast.rep, MONDAY, now=NOW)
    client, asked = client_of(cast.rep), {"week": MONDAY.isoformat()}
    assert "Your week is being planned" in client.get(reverse("my_week"), asked).content.decode()
    monkeypatch.setattr("planning.actions.visit_plans.best_plan", lambda *_week, **_more: 1 / 0)
    for _attempt in range(6):
        run_visit_plan(plan.pk, plan.asked, now=NOW)
    for part in ({}, {"part": "state"}):
        page = client.get(reverse("my_week"), asked | part).content.decode()
        assert "Your week could not be planned." in page
        assert "part=state" not in page
    monkeypatch.undo()
    client.post(reverse("my_week_plan"), asked)
    plan = plan_of(cast.rep, MONDAY)
    run_visit_plan(plan.pk, plan.asked, now=NOW)
    assert not plan_of(cast.rep, MONDAY).is_asked
    assert plan.stops.count() == 4


def test_head_and_foot_follow_from_the_visits_that_are_shown(cast, book):
    planned(cast.rep)
    client = client_of(cast.rep)
    before = shown(client).context["week"]
    assert before.saved
    book["Honiton"].assignments.update(membership=cast.mate_membership)
    week = shown(client).context["week"]
    stops = [row.stop for day in week.days for row in day.stops]
    assert len(stops) == 3
    assert week.value == f"£{round(sum(stop.value for stop in stops)):,}"
    assert week.value != before.value
    assert week.spent != before.spent
    assert week.saved == ""


def test_as_many_places_are_offered_as_the_fullest_day_will_have(cast, book):
    plan = planned(cast.rep)
    for stop in plan.stops.all():
        move_stop(plan=plan, stop=stop.pk, day=MONDAY, place=None, now=NOW)
    stop = plan.stops.get(customer=book["Honiton"])
    client, address = client_of(cast.rep), reverse("my_week_stop_move", args=[stop.pk])
    form = client.get(address).context["form"]
    assert [value for value, _words in form.fields["place"].choices] == ["", 0, 1, 2, 3]
    assert form.places == {(MONDAY + dt.timedelta(days=n)).isoformat(): 1 if n else 4 for n in range(5)}
    tuesday = MONDAY + dt.timedelta(days=1)
    client.post(address, {"day": tuesday.isoformat(), "place": "11"})
    stop.refresh_from_db()
    assert (stop.day, stop.place) == (tuesday, 0)


def test_a_week_that_is_none_is_this_week_to_look_at_and_nothing_to_change(cast, book):
    client = client_of(cast.rep)
    assert client.get(reverse("my_week"), {"week": "garbage"}).context["week"].monday == MONDAY
    assert client.get(reverse("my_week"), {"day": "garbage"}).context["week"].chosen.date == MONDAY
    for far, nearest in (("1999-01-01", -26), ("9999-12-31", 26)):
        page = client.get(reverse("my_week"), {"week": far})
        assert page.context["week"].monday == MONDAY + nearest * dt.timedelta(days=7)
    assert client.post(reverse("my_week_plan"), {"week": "1999-01-01"}).status_code == 404
    assert client.post(reverse("my_week_accept"), {"day": "garbage"}).status_code == 404
    assert client.post(reverse("my_week_plan"), {"week": "garbage"}).status_code == 404
