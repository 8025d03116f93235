"""My week: planned by a job, moved by hand, accepted into Today; only what its person sees."""

import datetime as dt
import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer, PlannedTouch, TouchChannel
from planning.actions.visit_moves import StaleError, accept_plan, lock_stop, move_stop, run_late
from planning.actions.visit_plans import ask_plan, compute, plan_of, run_visit_plan
from planning.engine.travel import great_circle_km
from planning.loaders.visits import load_person_week
from planning.models import BusyTime, PlanningSettings, SpeedBand, VisitPlan
from territory import clock
from tests import factories
from tests.accounts.signing_in import client_of
from tests.racing import race

NOW = dt.datetime(2026, 6, 8, 5, 0, tzinfo=dt.UTC)  # a Monday, before work
MONDAY = NOW.date()
EXETER = (50.7184, -3.5339)
PLACES = {
    "Honiton": (50.799, -3.189),
    "Sidmouth": (50.679, -3.239),
    "Exmouth": (50.62, -3.414),
    "Tiverton": (50.903, -3.488),
}


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def visit():
    return factories.touch_type("Field sales call", channel=TouchChannel.FIELD, travels=True, default_seconds=3600)


@pytest.fixture
def book(cast, visit):
    """The rep's customers: four towns round Exeter, all due, and a mate's that is due for the mate."""
    cast.rep.base_latitude, cast.rep.base_longitude = EXETER
    cast.rep.save()
    found = {}
    for number, (name, (latitude, longitude)) in enumerate(PLACES.items()):
        row = factories.customer(name, owner=cast.rep_membership, town=name, latitude=latitude, longitude=longitude)
        rule = factories.contact_rule(touch_type=visit, tier=factories.tier(f"T{number}", number + 1, number + 9))
        factories.due_touch(row, cast.rep, MONDAY - dt.timedelta(days=number), rule, value=90 + number, minutes=60)
        found[name] = row
    return found


def planned(person, now=NOW, week=MONDAY) -> VisitPlan:
    plan = ask_plan(person, week, now=now)
    compute(plan, plan.asked, now=now, iterations=200)
    return plan_of(person, week)


def on_days(plan) -> dict:
    found: dict = {}
    for stop in plan.stops.select_related("customer").order_by("day", "place"):
        found.setdefault(stop.day, []).append(stop.customer.name)
    return found


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


@pytest.fixture
def call():
    return factories.touch_type("Voice call", channel=TouchChannel.VOICE, default_seconds=900)


def shown(client, week=MONDAY, day=None):
    asked = {"week": week.isoformat()} | ({"day": day.isoformat()} if day else {})
    return client.get(reverse("my_week"), asked)


def calls_of(page) -> dict:
    return {column.date: [row.number for row in column.calls] for column in page.context["week"].days if column.calls}


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


def agreed(cast, row, visit, at):
    return factories.planned_touch(row, cast.rep, at.date(), type=visit, due_at=at, duration_seconds=3600)


EVENING = NOW.replace(hour=16, minute=57)  # after work
NOON = NOW.replace(hour=10)  # 11:00 where she is
NEXT = MONDAY + dt.timedelta(days=7)


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
    for stop in plan.stops.all():
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
