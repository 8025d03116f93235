"""Activity goals: what counts, whose they are, who sets them, and where they show."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import StagePeriod, TouchPerson
from planning.models import ActivityGoal
from planning.queries.today_page import today_page
from territory import clock
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 10, 9, 0, tzinfo=dt.UTC)  # a Wednesday
MONDAY = dt.date(2026, 6, 8)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def prospect(customer, since="2026-01-01", until=None, then="customer"):
    """A prospect from an instant on, something else from another."""
    end = at(until) if until else None
    StagePeriod.objects.create(customer=customer, stage="prospect", began_at=at(since), ended_at=end)
    if end:
        StagePeriod.objects.create(customer=customer, stage=then, began_at=end)
    return customer


@pytest.fixture
def calls(cast):
    """Salespeople are to make five voice calls a week; the rep's customer is a prospect."""
    prospect(cast.own)
    return factories.activity_goal(cast.rep_membership.role)


def told(user):
    """What Today says of the person's goals: type, period, done, asked."""
    return [
        (line.touch_type, line.progress.asked.period, line.progress.done, line.progress.asked.asked)
        for line in today_page(user, 40).goals
    ]


def call(cast, when="2026-06-09T10:00", **fields):
    return factories.touch(fields.pop("customer", cast.own), fields.pop("person", cast.rep), at(when), **fields)


def test_what_counts_on_today(cast, calls):
    call(cast, "2026-06-08T08:00", outcome="no_answer")  # effort
    together = call(cast, "2026-06-09T08:00")
    TouchPerson.objects.create(touch=together, user=cast.mate)
    call(cast, "2026-06-07T22:00")  # Sunday
    call(cast, "2026-06-11T08:00")  # tomorrow
    call(cast, archived_at=NOW)
    call(cast, type=factories.touch_types()["field"])
    call(cast, person=None)
    call(cast, customer=factories.customer("Never a prospect"))
    call(cast, customer=prospect(factories.customer("Archived", archived_at=NOW)))
    assert told(cast.rep) == [("Voice call", "week", 2, 5)]
    assert told(cast.mate) == [("Voice call", "week", 1, 5)]
    assert told(cast.coordinator) == []


def test_what_is_dated_later_today_is_not_made_yet(cast, calls):
    call(cast, "2026-06-10T09:00")  # now
    call(cast, "2026-06-10T16:00")

    assert told(cast.rep) == [("Voice call", "week", 1, 5)]
    assert report(cast)[0][3] == 1


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-06-08T09:59", 0),  # not known yet
        ("2026-06-08T10:00", 1),  # a prospect from here
        ("2026-06-09T11:59", 1),
        ("2026-06-09T12:00", 0),  # won in this instant
    ],
)
def test_the_stage_is_that_of_the_touch_s_own_time(cast, when, expected):
    factories.activity_goal(cast.rep)
    customer = prospect(factories.customer(owner=cast.rep_membership), "2026-06-08T10:00", "2026-06-09T12:00")
    call(cast, when, customer=customer)
    assert told(cast.rep)[0][2] == expected


@pytest.mark.parametrize("stage", ["customer", "lapsed", "lost"])
def test_only_prospects_count(cast, stage):
    factories.activity_goal(cast.rep)
    call(cast, customer=prospect(factories.customer(), until="2026-06-01", then=stage))
    assert told(cast.rep) == [("Voice call", "week", 0, 5)]


def test_a_list_of_today_has_the_week_of_its_reader(cast, calls, time_machine):
    """Monday 00:30 in Auckland is Sunday afternoon in London: there a new week, and a new month's day, has begun."""
    cast.rep.time_zone = "Pacific/Auckland"
    cast.rep.save()
    factories.activity_goal(cast.rep, 2, "day")
    call(cast, "2026-06-14T11:59")  # Sunday 23:59 there
    call(cast, "2026-06-14T12:10")  # Monday 00:10 there
    call(cast, "2026-06-14T12:31")  # not yet
    time_machine.move_to("2026-06-14T12:30:00Z", tick=False)
    day, week = told(cast.rep)
    assert (day, week) == (("Voice call", "day", 1, 2), ("Voice call", "week", 1, 5))
    client = client_of(cast.admin)
    rows = client.get(reverse("report", args=["goals"])).json()["rows"]
    mine = {row["period"]: (row["starts"], row["done"], row["asked"]) for row in rows if row["person"] == "Rep"}
    assert mine == {"day": ("2026-06-14", 2, 0), "week": ("2026-06-08", 2, 5)}


def test_one_s_own_goal_stands_in_the_place_of_the_role_s(cast, calls):
    factories.activity_goal(cast.rep, 9)
    factories.activity_goal(cast.rep, 3, ends_on=MONDAY - dt.timedelta(days=1), starts_on=dt.date(2026, 1, 1))
    assert (told(cast.rep)[0][3], told(cast.mate)[0][3]) == (9, 5)


def test_what_is_archived_or_not_in_use_asks_nothing(cast, calls):
    calls.archived_at = NOW
    calls.save()
    retired = factories.touch_type("Telex", retired_at=NOW)
    factories.activity_goal(cast.rep, touch_type=retired)
    factories.activity_goal(cast.technician_membership.role)
    type(cast.technician_membership.role).objects.filter(name="Technical support").update(retired_at=NOW)
    assert [told(user) for user in (cast.rep, cast.technician)] == [[], []]


def test_who_is_away_all_week_is_shown_no_goal(cast, calls):
    factories.absence(cast.rep, MONDAY, MONDAY + dt.timedelta(days=3))
    assert told(cast.rep) == [("Voice call", "week", 0, 1)]
    factories.absence(cast.rep, MONDAY + dt.timedelta(days=4), MONDAY + dt.timedelta(days=9))
    assert told(cast.rep) == []


def test_today_says_it_in_words(client, cast, calls):
    call(cast)
    client.force_login(cast.rep)
    page = client.get(reverse("today")).content.decode()
    assert "<b>Voice call</b> this week" in page
    assert "<b>1</b> of 5" in page
    assert "1 behind" in page  # by Wednesday two days have passed
    calls.delete()
    assert "Activity goals" not in client.get(reverse("today")).content.decode()


def test_the_team_s_page_sums_the_people_listed(client, cast, calls):
    for person in (cast.rep, cast.rep, cast.mate):
        call(cast, person=person)
    call(cast, customer=prospect(cast.foreign), person=cast.other_rep)
    client.force_login(cast.manager)
    response = client.get(reverse("workload"))
    shown = response.context["goals"]
    found = {name: [(cell.done, cell.asked.asked) for cell in cells] for name, cells in shown.lines}
    assert found == {"Mate": [(1, 5)], "Rep": [(2, 5)]}
    assert shown.sums == [(3, 10)]
    assert "Voice call this week" in response.content.decode()
    assert client.get(reverse("workload"), {"team": cast.south_west.pk}).context["goals"].lines


def test_the_last_eight_weeks(client, cast, calls):
    factories.activity_goal(cast.mate, 4, "month", factories.touch_types()["field"])
    for when in ("2026-06-09", "2026-06-01", "2026-06-03", "2026-04-20", "2026-04-19"):
        call(cast, f"{when}T10:00")
    client.force_login(cast.manager)
    found = client.get(reverse("goal_history")).context["history"]
    assert [first.isoformat() for first, _last in found.periods][::7] == ["2026-04-20", "2026-06-08"]
    lines = {person.name: [cell.done for cell in cells] for person, cells in found.lines}
    assert lines == {"Mate": [0] * 8, "Rep": [1, 0, 0, 0, 0, 0, 2, 1]}
    assert found.sums[-2:] == [(2, 10), (1, 10)]
    page = client.get(reverse("goal_history"), {"of": found.kinds[1].key, "team": cast.exeter.pk})
    assert [person.name for person, _cells in page.context["history"].lines] == ["Mate"]
    assert "Field sales call per month" in page.content.decode()


def test_a_salesperson_sees_only_their_own_history(client, cast, calls):
    client.force_login(cast.rep)
    page = client.get(reverse("goal_history"))
    assert [person.name for person, _ in page.context["history"].lines] == ["Rep"]
    assert "All listed" not in page.content.decode()  # it would say the same once more


def test_questions_do_not_grow_with_people_and_goals(cast, calls):
    def asked():
        client = client_of(cast.manager)
        found = []
        for name in ("today", "workload", "goal_history", "goal_list"):
            client.get(reverse(name))
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(name)).status_code == 200
            found.append(len(queries))
        return found

    few = asked()
    for number in range(3):
        person = factories.membership(team=cast.exeter).user
        factories.activity_goal(person, number + 1)
        factories.activity_goal(person, number + 1, "month")
        call(cast, person=person)
    assert asked() == few
    assert max(few) <= 12


# Setting them


def typed(goal=None, **fields):
    """What a person types: the goal as it is, with these fields."""
    values = {"touch_type": factories.touch_type().pk, "count": 25, "period": "week", "starts_on": "", "ends_on": ""}
    if goal is not None:
        values |= {"count": goal.count, "version": goal.version}
    return values | fields


def test_an_administrator_sets_a_role_s_goal(client, cast):
    client.force_login(cast.admin)
    role = cast.rep_membership.role
    # Unless somebody says otherwise it judges no day that is past.
    assert client.get(reverse("goal_create")).context["form"]["starts_on"].value() == clock.company_today()
    assert client.post(reverse("goal_create"), typed(who=f"role-{role.pk}")).status_code == 302
    goal = ActivityGoal.objects.get()
    assert (goal.role, goal.user, goal.count, goal.period) == (role, None, 25, "week")
    assert goal.history.get().history_user == cast.admin
    again = client.post(reverse("goal_create"), typed(who=f"role-{role.pk}", count=9))
    assert again.status_code == 422
    assert "There is a goal for this type and period from this day on already." in again.content.decode()
    later = client.post(reverse("goal_create"), typed(who=f"role-{role.pk}", count=9, starts_on="2026-07-01"))
    assert later.status_code == 302


def test_a_manager_sets_goals_of_people_below_and_of_nobody_else(client, cast):
    client.force_login(cast.manager)
    assert client.post(reverse("goal_create"), typed(who=f"user-{cast.rep.pk}")).status_code == 302
    for other in (f"user-{cast.other_rep.pk}", f"role-{cast.rep_membership.role_id}", "user-98765", "rep", ""):
        assert client.post(reverse("goal_create"), typed(who=other)).status_code == 422
    assert ActivityGoal.objects.get().user == cast.rep


@pytest.mark.parametrize("who", ["rep", "coordinator", "technician"])
def test_others_set_none(client, cast, who):
    goal = factories.activity_goal(getattr(cast, who))
    client.force_login(getattr(cast, who))
    assert client.post(reverse("goal_create"), typed(who=f"user-{cast.rep.pk}")).status_code == 403
    for name in ("goal_edit", "goal_end", "goal_archive", "goal_restore"):
        assert client.post(reverse(name, args=[goal.pk]), typed(goal)).status_code == 403


def test_a_person_s_goal_out_of_reach_does_not_exist(client, cast):
    goal = factories.activity_goal(cast.other_rep)
    client.force_login(cast.manager)
    assert client.post(reverse("goal_edit", args=[goal.pk]), typed(goal)).status_code == 404
    assert "Other rep" not in client.get(reverse("goal_list")).content.decode()


def test_a_manager_sees_but_does_not_change_a_role_s_goal(client, cast, calls):
    client.force_login(cast.manager)
    assert reverse("goal_edit", args=[calls.pk]) not in client.get(reverse("goal_list")).content.decode()
    assert client.post(reverse("goal_edit", args=[calls.pk]), typed(calls)).status_code == 403


def test_of_two_who_change_it_the_second_is_shown_both_values(client, cast):
    goal = factories.activity_goal(cast.rep)
    client.force_login(cast.manager)
    first = typed(goal, count=7)
    assert client.post(reverse("goal_edit", args=[goal.pk]), first).status_code == 302
    second = client.post(reverse("goal_edit", args=[goal.pk]), first | {"count": 8})
    assert second.status_code == 409
    assert ">7</td>" in second.content.decode()
    goal.refresh_from_db()
    assert (goal.count, goal.version) == (7, 2)


def test_a_goal_ends_is_archived_and_comes_back(client, cast):
    goal = factories.activity_goal(cast.rep)
    client.force_login(cast.manager)

    def done(name):
        assert client.post(reverse(name, args=[goal.pk])).status_code == 302
        goal.refresh_from_db()
        return goal.ends_on, goal.archived_at

    assert done("goal_end") == (NOW.date(), None)
    assert done("goal_end") == (NOW.date(), None)
    assert done("goal_archive") == (NOW.date(), NOW)
    assert "Rep" in client.get(reverse("goal_list"), {"archived": 1}).content.decode()
    assert done("goal_restore") == (NOW.date(), None)
    assert [row.history_type for row in goal.history.all()] == ["~", "~", "~", "+"]


def test_what_had_not_begun_is_archived_when_it_is_ended(client, cast):
    goal = factories.activity_goal(cast.rep, starts_on=dt.date(2026, 7, 1))
    client.force_login(cast.manager)
    client.post(reverse("goal_end", args=[goal.pk]))
    goal.refresh_from_db()
    assert (goal.ends_on, goal.archived_at) == (None, NOW)


def test_an_archived_goal_does_not_come_back_beside_another(client, cast):
    gone = factories.activity_goal(cast.rep, archived_at=NOW)
    factories.activity_goal(cast.rep, 7)
    client.force_login(cast.manager)
    client.post(reverse("goal_restore", args=[gone.pk]))
    gone.refresh_from_db()
    assert gone.archived_at == NOW


@pytest.mark.parametrize("fields", [{}, {"role": True, "user": True}, {"user": True, "count": 0}])
def test_the_database_refuses_what_is_no_goal(cast, fields):
    rows = {"role": cast.rep_membership.role, "user": cast.rep}
    values = {name: rows[name] if value is True else value for name, value in fields.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        ActivityGoal.objects.create(touch_type=factories.touch_type(), **values)


@pytest.mark.parametrize("start", [None, MONDAY])
def test_the_database_refuses_a_second_goal_from_the_same_day(cast, start):
    factories.activity_goal(cast.rep, starts_on=start)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.activity_goal(cast.rep, 9, starts_on=start)


# The report


def report(cast, query=""):
    answer = client_of(cast.admin).get(f"{reverse('report', args=['goals'])}?{query}")
    keys = ("person", "period", "goal", "done", "asked", "starts", "ends", "role", "team")
    return [tuple(row[key] for key in keys) for row in answer.json()["rows"] if row["person"] == "Rep"]


def test_the_report_as_of_a_day(cast, calls):
    for when in ("2026-06-01", "2026-06-02", "2026-06-04", "2026-06-09"):
        call(cast, f"{when}T10:00")
    week = ("2026-06-01", "2026-06-07", "Salesperson", "Exeter")
    assert report(cast, "as_of=2026-06-02") == [("Rep", "week", 5, 2, 5, *week)]
    assert report(cast, "as_of=2026-06-07") == [("Rep", "week", 5, 3, 5, *week)]
    now = ("Rep", "week", 5, 1, 5, "2026-06-08", "2026-06-14", "Salesperson", "Exeter")
    assert report(cast) == [now]
    assert report(cast, "from=2026-06-07") == [("Rep", "week", 5, 3, 5, *week), now]
    assert report(cast, "from=1990-01-01")[0][5] == "2026-06-01"  # no earlier than the log


def test_the_report_names_one_s_own_goal_and_leaves_out_who_had_left(cast, calls):
    factories.activity_goal(cast.rep, 8, ends_on=MONDAY)
    assert report(cast) == [("Rep", "week", 5, 0, 6, "2026-06-08", "2026-06-14", "Salesperson", "Exeter")]
    assert report(cast, "as_of=2026-06-01")[0][2:5] == (8, 0, 8)
    cast.rep.is_active, cast.rep.deactivated_at = False, NOW
    cast.rep.save()
    assert report(cast) == []
    assert report(cast, "as_of=2026-06-09") != []
