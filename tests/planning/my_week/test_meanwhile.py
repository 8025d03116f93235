"""What happens to a planned week while it is lived: visits made and missed, agreed anew, cancelled; weeks that are over."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from customers.actions.planned import cancel_planned, change_planned
from customers.models import PlannedTouch
from planning.actions import visit_plans
from planning.actions.visit_moves import accept_plan, lock_stop, move_stop, run_late
from planning.actions.visit_plans import ask_plan, compute, plan_of, stale_reasons
from planning.loaders.visits import load_person_week, load_wanted
from planning.models import DueTouch, VisitPlan
from tests import factories
from tests.accounts.signing_in import client_of
from tests.planning.my_week.weeks import MONDAY, NEXT, NOON, NOW, agreed, on_days, planned, shown

TUESDAY, THURSDAY = MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=3)
TUESDAY_MORNING = NOW + dt.timedelta(days=1)


def put_on(plan, row, day, now=NOW, place=None):
    move_stop(plan=plan, stop=plan.stops.get(customer=row).pk, day=day, place=place, now=now)


def reasons(plan, now):
    ground = load_person_week(plan.person, plan.week, now)
    stops = list(plan.stops.select_related("planned"))
    return stale_reasons(plan, stops, ground, load_wanted(plan.person, plan.week, now))


def agree_anew(cast, row, at, now=NOW):
    change_planned(
        actor=cast.rep, now=now, planned=row, version=row.version, touch_type=row.type, due_on=at.date(), due_at=at,
        assignee=cast.rep, duration_seconds=row.duration_seconds, reason="",
    )  # fmt: skip


def test_what_was_missed_is_planned_again_in_the_same_week(cast, book, time_machine):
    put_on(planned(cast.rep), book["Honiton"], MONDAY)
    time_machine.move_to(TUESDAY_MORNING, tick=False)
    plan = planned(cast.rep, TUESDAY_MORNING)
    assert sum("Honiton" in names for day, names in on_days(plan).items() if day and day >= TUESDAY) == 1
    assert plan.stops.filter(customer=book["Honiton"]).count() == 1


def test_what_was_made_stays_and_is_not_planned_again(cast, book, visit, time_machine):
    put_on(planned(cast.rep), book["Honiton"], MONDAY)
    factories.touch(book["Honiton"], cast.rep, NOW.replace(hour=9), type=visit)
    DueTouch.objects.filter(customer=book["Honiton"]).update(due_on=NEXT)
    time_machine.move_to(TUESDAY_MORNING, tick=False)
    plan = planned(cast.rep, TUESDAY_MORNING)
    assert [day for day, names in on_days(plan).items() if "Honiton" in names] == [MONDAY]
    assert {row["day"] for row in plan.days if row["day"] >= TUESDAY.isoformat()}


def test_after_a_visit_the_next_that_is_agreed_this_week_is_told_of_and_shown(cast, book, visit, time_machine):
    put_on(planned(cast.rep), book["Honiton"], MONDAY)
    factories.touch(book["Honiton"], cast.rep, NOW.replace(hour=9), type=visit)
    at = NOW.replace(hour=13) + dt.timedelta(days=3)
    agreed(cast, book["Honiton"], visit, at)
    time_machine.move_to(TUESDAY_MORNING, tick=False)
    assert reasons(plan_of(cast.rep, MONDAY), TUESDAY_MORNING) == ["visits"]
    stop = planned(cast.rep, TUESDAY_MORNING).stops.get(customer=book["Honiton"])
    assert (stop.day, stop.starts_at) == (THURSDAY, at)


def test_visits_made_today_stay_where_they_are_when_others_are_moved(cast, book, visit, time_machine):
    plan = planned(cast.rep)
    for place, name in enumerate(("Honiton", "Sidmouth")):
        put_on(plan, book[name], MONDAY, place=place)
    put_on(plan, book["Tiverton"], THURSDAY)
    made = plan.stops.get(customer=book["Honiton"])
    time_machine.move_to(NOON, tick=False)
    factories.touch(book["Honiton"], cast.rep, NOON, type=visit)
    put_on(plan, book["Tiverton"], MONDAY + dt.timedelta(days=4), now=NOON)
    after = plan.stops.get(customer=book["Honiton"])
    assert (after.day, after.starts_at, after.place) == (MONDAY, made.starts_at, made.place)
    assert plan.stops.get(customer=book["Sidmouth"]).place == 1
    with pytest.raises(ValidationError, match="This visit was made"):
        put_on(plan, book["Honiton"], THURSDAY, now=NOON)

    accept_plan(actor=cast.rep, plan=plan, now=NOON, is_known_stale=True)
    assert not PlannedTouch.objects.filter(customer=book["Honiton"]).exists()
    again = planned(cast.rep, NOON)
    assert again.stops.get(customer=book["Honiton"]).starts_at == made.starts_at
    assert len(set(again.stops.filter(day=MONDAY).values_list("place"))) == again.stops.filter(day=MONDAY).count()


def test_what_was_agreed_anew_by_hand_is_moved_by_no_plan(cast, book):
    plan = planned(cast.rep)
    put_on(plan, book["Honiton"], THURSDAY)
    accept_plan(actor=cast.rep, plan=plan, now=NOW)
    at = NOW.replace(hour=13) + dt.timedelta(days=3)
    row = PlannedTouch.objects.get(customer=book["Honiton"])
    agree_anew(cast, row, at)
    plan = plan_of(cast.rep, MONDAY)
    assert reasons(plan, NOW) == ["visits"]
    done = accept_plan(actor=cast.rep, plan=plan, now=NOW, is_known_stale=True)
    row.refresh_from_db()
    assert (row.due_at, done.left) == (at, 1)
    assert planned(cast.rep).stops.get(customer=book["Honiton"]).starts_at == at


def test_accepting_although_something_changed_plans_nothing_twice_and_revives_nothing(cast, book, visit):
    wednesday = NOW.replace(hour=9) + dt.timedelta(days=2)
    cancelled = agreed(cast, book["Sidmouth"], visit, wednesday)
    planned(cast.rep)
    by_hand = agreed(cast, book["Honiton"], visit, wednesday + dt.timedelta(days=1))
    cancel_planned(actor=cast.rep, now=NOW, planned=cancelled)
    client = client_of(cast.rep)
    page = client.post(reverse("my_week_accept"), {"week": MONDAY.isoformat(), "anyway": "1"}, follow=True)
    assert "2 visits planned, 2 left alone, changed meanwhile" in page.content.decode()
    open_rows = PlannedTouch.objects.open()
    assert open_rows.get(customer=book["Honiton"]).due_at == by_hand.due_at
    assert not open_rows.filter(customer=book["Sidmouth"]).exists()
    assert open_rows.count() == 3


@pytest.mark.parametrize("change", ["lock", "accept"])
def test_what_is_locked_or_accepted_while_a_week_is_computed_counts(cast, book, monkeypatch, change):
    plan = planned(cast.rep)
    put_on(plan, book["Tiverton"], THURSDAY)
    stop = plan.stops.get(customer=book["Tiverton"])
    solve, turns = visit_plans.solved, []

    def solved(*args, **more):
        if not turns:
            if change == "lock":
                lock_stop(plan=plan, stop=stop.pk, is_locked=True, now=NOW)
            else:
                accept_plan(actor=cast.rep, plan=plan, now=NOW)
        turns.append(1)
        return solve(*args, **more)

    monkeypatch.setattr(visit_plans, "solved", solved)
    asked = ask_plan(cast.rep, MONDAY, now=NOW)
    compute(VisitPlan.objects.select_related("person").get(pk=asked.pk), asked.asked, now=NOW, iterations=200)
    assert len(turns) == 2
    after = plan.stops.get(customer=book["Tiverton"])
    if change == "lock":
        assert (after.day, after.starts_at, after.is_locked) == (THURSDAY, stop.starts_at, True)
    else:
        assert after.planned == PlannedTouch.objects.get(customer=book["Tiverton"])


def test_a_move_tells_what_it_changed_and_nothing_of_days_that_are_over(cast, book, time_machine):
    plan = planned(cast.rep)
    put_on(plan, book["Honiton"], MONDAY)
    put_on(plan, book["Tiverton"], THURSDAY)
    time_machine.move_to(TUESDAY_MORNING, tick=False)
    stop = plan.stops.get(customer=book["Tiverton"])
    change = move_stop(plan=plan, stop=stop.pk, day=THURSDAY, place=stop.place, now=TUESDAY_MORNING)
    assert (change.seconds, change.metres, change.value) == (0, 0, 0)


def test_an_agreed_visit_for_which_it_is_too_late_is_told_of_as_not_fitting(cast, book, visit, time_machine):
    agreed(cast, book["Honiton"], visit, NOW.replace(hour=13, minute=30))
    plan = planned(cast.rep)
    time_machine.move_to(NOON, tick=False)
    change = run_late(plan=plan, now=NOON, minutes=285)
    assert "Honiton" in change.left_out
    assert plan.stops.get(customer=book["Honiton"]).why == "no time"
    assert "1 planned visit does not fit." in shown(client_of(cast.rep)).content.decode()


def test_a_week_that_is_over_is_looked_at_and_offers_nothing(cast, book, time_machine):
    plan = planned(cast.rep)
    later = NOW + dt.timedelta(days=7)
    time_machine.move_to(later, tick=False)
    planned(cast.rep, later, NEXT)
    client = client_of(cast.rep)
    page = shown(client).content.decode()
    for words in ("Accept plan", "Accept as it is", "Plan anew", "Changed since"):
        assert words not in page
    before = list(plan.stops.values())
    answer = client.post(reverse("my_week_plan"), {"week": MONDAY.isoformat()}, follow=True)
    assert "This week is over." in answer.content.decode()
    assert (list(plan.stops.values()), plan_of(cast.rep, MONDAY).is_asked) == (before, False)
