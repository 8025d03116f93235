"""The heat map: who is on it, its cells explained, its sums, and what it costs the database."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from planning.engine.workload import band
from planning.models import Budget, BudgetShare, PlanningSettings, TeamLoad
from planning.queries import service, workload
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
MONDAY = dt.date(2026, 6, 8)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def share(customer, membership, touch=0.0, travel=0.0, other=0.0, prospecting=False):
    return BudgetShare.objects.create(
        customer=customer,
        role=factories.role("Salesperson"),
        membership=membership,
        team=customer.team if membership is None else membership.team,
        share=1,
        is_prospecting=prospecting,
        touch_minutes=touch,
        travel_minutes=travel,
        other_minutes=other,
    )


def test_a_manager_sees_the_people_below_and_nobody_else(cast):
    names = {row.person.name for row in workload.board(cast.manager).rows}
    assert {"Rep", "Mate", "Coordinator", "Technician", "Manager"} <= names
    assert "Other rep" not in names


def test_a_salesperson_sees_only_themselves(cast):
    assert [row.person.name for row in workload.board(cast.rep).rows] == ["Rep"]


def test_a_persons_load(cast):
    share(cast.own, cast.rep_membership, touch=3478.4, other=434.8)
    row = next(row for row in workload.board(cast.manager).rows if row.person.pk == cast.rep.pk)
    assert row.cells[0].workload == pytest.approx(900)
    assert row.cells[0].capacity == 1200
    assert row.load == pytest.approx(0.75)


def test_own_week_is_the_same_as_on_the_heat_map(cast):
    share(cast.own, cast.rep_membership, touch=1000, travel=200, other=50)
    factories.absence(cast.rep, MONDAY, MONDAY)
    factories.planned_touch(cast.own, cast.rep, MONDAY + dt.timedelta(days=2), duration_seconds=400 * 60)
    row = next(row for row in workload.board(cast.manager).rows if row.person.pk == cast.rep.pk)
    own = workload.own_week(cast.rep)
    assert (own.workload, own.capacity, own.by_plan) == (row.cells[0].workload, row.cells[0].capacity, True)


def test_bands_follow_the_administrators_thresholds(cast):
    settings = PlanningSettings(room_below="0.5", good_up_to="0.6", full_up_to="0.7", over_up_to="0.8")
    shown = [band(load, workload.band_ends(settings)) for load in (0.49, 0.5, 0.6, 0.7, 0.8, 0.81, None)]
    assert shown == ["room", "good", "good", "full", "over", "far", "away"]


def test_the_unstaffed_row_belongs_to_the_team(client, cast):
    share(cast.own, None, touch=4348)
    client.force_login(cast.manager)
    page = client.get(reverse("workload")).content.decode()
    assert "Unstaffed" in page
    cell = client.get(reverse("workload_unstaffed", args=[cast.exeter.pk, MONDAY.isoformat()]))
    assert "16.7 h" in cell.content.decode()


def test_a_cell_says_what_it_is_made_of(client, cast):
    share(cast.own, cast.rep_membership, touch=434.8, travel=217.4, other=43.48, prospecting=True)
    client.force_login(cast.manager)
    cell = client.get(reverse("workload_person", args=[cast.rep.pk, MONDAY.isoformat()])).content.decode()
    assert "Prospecting" in cell
    assert "1.8 h" in cell  # (434.8 + 43.48) / 4.348 = 110 min
    assert "0.8 h" in cell  # 50 min of travel


def test_what_a_manager_reads_is_what_the_whole_company_reads(cast):
    """Only who concerns the reader is loaded: covers from and for other teams, leavers, people away and moved are among them."""
    everyone = [cast.rep_membership, cast.mate_membership, cast.other_rep_membership, cast.technician_membership]
    for number, membership in enumerate(everyone):
        customer = factories.customer(owner=membership)
        share(customer, membership, touch=900 + number, travel=50, other=40)
        share(customer, None, touch=30 + number, prospecting=True)
        factories.planned_touch(customer, membership.user, MONDAY + dt.timedelta(days=3), duration_seconds=9000)
    TeamLoad.objects.create(role=cast.rep_membership.role)
    factories.cover(cast.rep, cast.other_rep_membership, MONDAY, MONDAY + dt.timedelta(days=1))
    factories.absence(cast.mate, MONDAY, MONDAY + dt.timedelta(days=13))
    factories.cover(factories.membership(team=cast.leeds).user, cast.technician_membership, MONDAY, MONDAY)
    moved = factories.membership(team=cast.exeter, ends_on=MONDAY - dt.timedelta(days=1))
    factories.membership(moved.user, cast.leeds, starts_on=MONDAY)
    share(factories.customer(owner=moved), moved, touch=70)
    leaver = cast.leaver.memberships.get()
    share(factories.customer(owner=leaver), leaver, touch=400)
    whole = workload.board(cast.admin)
    cells = {row.person: row.cells for row in whole.rows}
    unstaffed = {rows.team: rows.unstaffed for rows in whole.teams}
    for reader in (cast.manager, cast.other_manager, cast.coordinator, cast.rep):
        board = workload.board(reader)
        assert board.rows
        for row in board.rows:
            assert [plain(cell) for cell in row.cells] == [plain(cell) for cell in cells[row.person]]
        for rows in board.teams:
            if rows.shows_totals:
                assert [plain(cell) for cell in rows.unstaffed] == [plain(cell) for cell in unstaffed[rows.team]]


def plain(cell):
    """A cell's figures, as far as a screen could show them."""
    figures = cell and (cell.prospecting, cell.keeping, cell.travel, cell.team_load, cell.set_aside, cell.capacity)
    return figures and [round(figure, 6) for figure in figures]


# Mondays at both ends of all time: the week around them ends nowhere.
@pytest.mark.parametrize("week", ["2026-06-09", "never", "2026-13-01", "0001-01-01", "9999-12-27"])
def test_a_week_that_is_none_is_not_found(client, cast, week):
    client.force_login(cast.manager)
    assert client.get(reverse("workload_person", args=[cast.rep.pk, week])).status_code == 404


def test_a_present_person_without_hours_for_customers_is_not_called_away(client, cast):
    cast.rep_membership.selling_share = 0
    cast.rep_membership.save(update_fields=["selling_share"])
    client.force_login(cast.manager)
    cell = client.get(reverse("workload_person", args=[cast.rep.pk, MONDAY.isoformat()])).content.decode()
    assert ("No hours for customers this week." in cell, "Away all week" in cell) == (True, False)


def test_people_and_teams_out_of_reach_are_not_found(client, cast):
    client.force_login(cast.other_manager)
    assert client.get(reverse("workload_person", args=[cast.rep.pk, MONDAY.isoformat()])).status_code == 404
    assert client.get(reverse("workload_unstaffed", args=[cast.exeter.pk, MONDAY.isoformat()])).status_code == 404
    assert client.get(reverse("workload"), {"team": cast.exeter.pk}).status_code == 404


def test_budget_against_actual_and_most_under_served_within_reach(client, cast):
    factories.figures(cast.own, budget=200, actual=60, status="under")
    factories.figures(cast.foreign, budget=200, actual=20, status="under")
    client.force_login(cast.manager)
    page = client.get(reverse("workload")).content.decode()
    assert "60 of 200 min" in page
    assert "20 of 200 min" not in page


def queries_of(client) -> int:
    client.get(reverse("workload"))  # the first request after signing in notes the session
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse("workload")).status_code == 200
    return len(queries)


@pytest.mark.parametrize("reader", ["manager", "admin"])
def test_queries_do_not_grow_with_people_customers_or_teams(client, cast, reader):
    def one_more(number: int):
        team = factories.team(f"Team {number}", cast.south_west)
        membership = factories.membership(factories.person(), team)
        customer = factories.customer(owner=membership, tier=factories.tier())
        share(customer, membership, touch=500)
        share(customer, None, touch=500)
        factories.figures(customer)
        factories.absence(membership.user, MONDAY, MONDAY)
        factories.situation(factories.order(customer, 500))
        factories.planned_touch(customer, membership.user, type=factories.touch_types()["field"])

    client.force_login(getattr(cast, reader))
    one_more(1)
    first = queries_of(client)
    for number in range(2, 5):
        one_more(number)
    assert queries_of(client) == first <= 12


def test_budget_against_actual_leaves_out_what_is_too_early(cast):
    role = factories.role("Salesperson")
    for customer, actual in [(cast.own, 40.0), (cast.team_mates, None)]:
        Budget.objects.create(customer=customer, role=role, touch_minutes=100, actual_minutes=actual)
    assert service.service_table(cast.manager).total.whole == (40.0, 100.0)


def test_what_a_deactivated_person_still_has_is_unstaffed(cast):
    share(cast.own, cast.rep_membership, touch=4348)
    cast.rep.is_active, cast.rep.deactivated_at = False, NOW
    cast.rep.save(update_fields=["is_active", "deactivated_at"])
    (exeter,) = [rows for rows in workload.board(cast.manager).teams if rows.team == cast.exeter]
    assert "Rep" not in [row.person.name for row in exeter.people]
    assert exeter.unstaffed[0].workload == pytest.approx(1000)
