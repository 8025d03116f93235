"""Touches planned for weeks, as the database sums them: the engine's own minutes and ways."""

import datetime as dt

import pytest

from customers.models import PlannedTouch
from planning.engine import workload as engine
from planning.engine.travel import great_circle_km as kilometres
from planning.engine.travel import one_trip
from planning.loaders import load, load_ground, load_workload, weeks_from
from planning.loaders.distance import great_circle_km
from planning.loaders.ground import weeks_ground, weeks_questions
from planning.models import PlanningSettings
from planning.queries import workload
from planning.reports import workload as report
from planning.reports.definition import Asked
from territory.together import together
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
MONDAY, SUNDAY = dt.date(2026, 6, 8), dt.date(2026, 6, 14)
DAY = dt.timedelta(days=1)

HOME, NEAR, FAR = (50.7, -3.5), (50.75, -3.4), (-50.7, 176.5)  # FAR: the other end of the world


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def field(cast):
    """The rep's base is known, the mate's is not; field calls travel."""
    cast.rep.base_latitude, cast.rep.base_longitude = HOME
    cast.rep.save()
    return factories.touch_types()["field"]


def customer_at(cast, place, stage="prospect"):
    latitude, longitude = place or (None, None)
    return factories.customer(owner=cast.rep_membership, stage=stage, latitude=latitude, longitude=longitude)


def planned(on=None, **how):
    """What is planned, by person and week, from stored stages or those of figures."""
    ground = load_ground(on) if on else weeks_ground(*together(*weeks_questions()))
    figures = load(None, ground, from_log=True).figures() if on else None
    rows = load_workload(ground, weeks_from(MONDAY), figures, **how).planned
    found = {}
    for row in rows:
        key = (row.person, row.week)
        found[key] = found[key].with_more(row) if key in found else row
    return {key: tuple(round(part, 6) for part in row[2:]) for key, row in found.items()}


@pytest.mark.parametrize("on", [None, NOW.date()])
def test_minutes_and_ways_are_summed_by_person_week_and_stage(cast, field, on):
    near, far, nowhere = customer_at(cast, NEAR), customer_at(cast, FAR), customer_at(cast, None)
    for customer, due_on in ((near, MONDAY), (far, SUNDAY), (nowhere, MONDAY), (near, SUNDAY + DAY)):
        factories.planned_touch(customer, cast.rep, due_on, type=field, duration_seconds=1800)
    factories.planned_touch(near, cast.rep, MONDAY, duration_seconds=600)  # a call
    factories.planned_touch(near, cast.mate, MONDAY, type=field, duration_seconds=900)
    ways = [one_trip(HOME, place).minutes for place in (NEAR, FAR)]
    assert planned(on) == {
        (cast.rep.pk, MONDAY): (100, 0, round(sum(ways), 6)),
        (cast.rep.pk, SUNDAY + DAY): (30, 0, round(ways[0], 6)),
        (cast.mate.pk, MONDAY): (15, 0, 0),
    }


def test_customers_stand_beside_prospects(cast, field):
    for stage, seconds in (("prospect", 600), ("customer", 1200), ("lapsed", 60)):
        factories.planned_touch(customer_at(cast, None, stage), cast.rep, MONDAY, duration_seconds=seconds)
    assert planned() == {(cast.rep.pk, MONDAY): (10, 21, 0)}


def test_detour_and_speed_are_the_administrators(cast, field):
    factories.planned_touch(customer_at(cast, NEAR), cast.rep, MONDAY, type=field, duration_seconds=0)
    PlanningSettings.objects.update_or_create(pk=1, defaults={"detour_factor": 2, "travel_speed_kmh": 80})
    assert planned() == {(cast.rep.pk, MONDAY): (0, 0, round(one_trip(HOME, NEAR, 2, 80).minutes, 6))}


def test_closed_ones_other_weeks_archived_customers_and_other_people_are_left_out(cast, field):
    near = customer_at(cast, NEAR)
    factories.planned_touch(near, cast.rep, MONDAY, closed_at=NOW)
    factories.planned_touch(near, cast.rep, MONDAY - DAY)
    factories.planned_touch(near, cast.rep, MONDAY + dt.timedelta(weeks=8))
    factories.planned_touch(near, None, MONDAY)
    factories.planned_touch(customer_at(cast, None), cast.mate, MONDAY, duration_seconds=60)
    archived = customer_at(cast, None)
    factories.planned_touch(archived, cast.rep, MONDAY)
    archived.archived_at = NOW
    archived.save()
    assert planned(people=frozenset({cast.rep.pk})) == {}
    assert list(planned()) == [(cast.mate.pk, MONDAY)]


@pytest.mark.parametrize("place", [HOME, NEAR, FAR, (90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (50.7, 176.5)])
def test_the_databases_great_circle_is_the_engines(cast, field, place):
    factories.planned_touch(customer_at(cast, place), cast.rep, MONDAY)
    [found] = PlannedTouch.objects.values_list(great_circle_km("assignee__base_", "customer__"))
    assert found[0] == pytest.approx(kilometres(HOME, place), abs=1e-6)


def test_the_map_the_report_and_the_engine_say_the_same(cast, field):
    """With an absence and a plan in two of the weeks."""
    near = customer_at(cast, NEAR)
    for week in (0, 3):
        due_on = MONDAY + dt.timedelta(weeks=week)
        factories.planned_touch(near, cast.rep, due_on, type=field, duration_seconds=90_000)
    factories.absence(cast.rep, MONDAY + DAY, MONDAY + dt.timedelta(days=8))
    weeks = weeks_from(MONDAY)
    cells = engine.workload(load_workload(load_ground(NOW.date()), weeks), weeks)
    said = [row["workload_minutes"] for row in report.answer(Asked(today=NOW.date(), now=NOW)).rows]
    assert said == [cell.workload for cell in cells]
    rows = {row.person.pk: row.cells for row in workload.board(cast.admin).rows}
    assert rows[cast.rep.pk] == [cell for cell in cells if cell.person == cast.rep.pk]
    assert [cell.by_plan for cell in rows[cast.rep.pk]] == [True, False, False, True, False, False, False, False]
